"""What a carrier is: it knows its files, and hands over their tables as blocks of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.table.cells import Block, Cell
from gateway.formats.table.dates import DAY_0
from gateway.sources import Source

if TYPE_CHECKING:
    from gateway.formats.table.spec import MappingSpec


@dataclass(frozen=True)
class Place:
    """Where rows come from. Carriers of records subclass it to say segments, XPaths or pages instead of rows.

    Attributes:
        file: name of the file.
        sheet: name of the sheet, where there are sheets.
    """

    file: str
    sheet: str = ""

    def at(self, row: int = 0, column: str = "", last_row: int = 0) -> Where:
        """The place of a row, a range of rows or a cell, as a person finds it.

        Args:
            row: number of the row as the carrier counted it; 0 for the table as a whole.
            column: header of the column.
            last_row: last row of a range that starts at `row`.
        """
        return Where(file=self.file, sheet=self.sheet, row=row, last_row=last_row, column=column)

    def named(self, row: int) -> str:
        """A row inside a sentence, e.g. ``row 7``."""
        return f"row {row}"


Totals: TypeAlias = dict[str, list[tuple[str, Where]]]
"""What a document of records says of itself: by column the values and their places."""


@dataclass
class Sheet:
    """One table as a carrier hands it over.

    Attributes:
        place: where it is.
        blocks: its rows. The first block has the header row or rows above it; carriers of records put the column
            names that they deliver into row 1, the records are rows 2 and on.
        day_0: day 0 of dates that stand in it as numbers.
        totals: what a document of records states once, by column, and where; complete when `blocks` is exhausted.
    """

    place: Place
    blocks: Iterator[Block]
    totals: Totals = field(default_factory=dict)
    day_0: dt.date = DAY_0


@runtime_checkable
class Carrier(Protocol):
    """A kind of file that holds rows or records."""

    @property
    def key(self) -> str:
        """Fixed name: csv, xlsx, fixed, json, xml, x12, edifact, scan."""

    @property
    def format(self) -> str:
        """Key of the format that a conversion of such a file is reported as: ``table``, ``x12-856`` ..."""

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether a file with these first bytes and this name is of this kind; by content first."""

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """The tables of a file.

        Raises:
            InputError: the file cannot be read any further.
            LimitExceeded: it is over a limit.
        """

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:
        """The first rows, to find out whose file it is. Foreign files give none.

        Args:
            head: first bytes of the file.
            source: the whole file, where it is at hand.
            spec: the mapping.
            rows: how many rows are wanted.
        """
