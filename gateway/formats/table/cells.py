"""Cells: what a carrier hands over, and how it looks to the person who wrote it."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Sequence
from typing import TypeAlias


class Gap(enum.Enum):
    """A cell that a row of this kind does not have, e.g. the serial number in the row of a case."""

    HERE = ""


class Number(str):
    """A number of a document, as it is written there."""

    __slots__ = ()


#: Stands in a cell with a formula whose result was never saved.
NO_RESULT = "#NO-RESULT"
#: What spreadsheet programs show where a formula fails, and where a column is too narrow for a number.
# fmt: off
ERRORS = frozenset((
    "#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", NO_RESULT,
))
# fmt: on

Cell: TypeAlias = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | Gap

#: Blanks that people do not see, left out around a value: no-break spaces, zero-width characters, byte order mark.
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff"
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPACES = re.compile(r"\s+")


class Block:
    """Some rows of a table that follow each other, kept by row or, where the carrier can, by column.

    Args:
        first: number of the first row, as a spreadsheet program counts.
        rows: the cells row by row; None when `columns` are given.
        columns: the cells column by column; all rows have the same length.
        numbers: the rows' numbers where they do not follow each other.
    """

    __slots__ = ("_numbers", "_rows", "columns", "first")

    def __init__(
        self,
        first: int,
        rows: Sequence[Sequence[Cell]] | None = None,
        columns: Sequence[Sequence[Cell]] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.first = first
        self._numbers = numbers
        self.columns = columns
        self._rows = rows

    @property
    def rows(self) -> Sequence[Sequence[Cell]]:
        """The cells row by row."""
        if self._rows is None:
            self._rows = list(zip(*self.columns or (), strict=True))
        return self._rows

    @property
    def numbers(self) -> Sequence[int]:
        """The number of each row."""
        return range(self.first, self.first + len(self)) if self._numbers is None else self._numbers

    def moved(self, by: int) -> Block:
        """The same rows with higher numbers."""
        if not by:
            return self
        numbers = None if self._numbers is None else [number + by for number in self._numbers]
        return Block(self.first + by, self._rows, self.columns, numbers)

    def __len__(self) -> int:
        return len(self.columns[0]) if self._rows is None and self.columns else len(self.rows)

    def even_columns(self, width: int) -> Sequence[Sequence[Cell]] | None:
        """The cells column by column, None unless every row has `width` cells."""
        columns = self.columns
        if columns is None:
            try:
                columns = list(zip(*self.rows, strict=True))
            except ValueError:  # rows of different length
                return None
        return columns if len(columns) == width else None


def shown(cell: Cell) -> str:
    """The cell as text, as a spreadsheet program would show it without a number format."""
    if isinstance(cell, str):
        return cell.strip(BLANKS)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, Gap):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def blank(row: Sequence[Cell]) -> bool:
    """Whether no cell of the row holds anything."""
    return not any(cell != "" and shown(cell) for cell in row)


def has_control(text: str) -> bool:
    """Whether the text holds a control character."""
    return _CONTROL.search(text) is not None


def header_key(text: str) -> str:
    """A header without what people see as the same: case, kinds and number of blanks, what is not seen at all."""
    return _SPACES.sub(" ", text.translate(_UNSEEN).strip(BLANKS)).casefold()


def letter(number: int) -> str:
    """The letters of a column, as spreadsheet programs name it: 1 is A, 27 is AA."""
    out = ""
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(ord("A") + rest) + out
    return out
