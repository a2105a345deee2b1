"""The cells of a sample, as a mapping's reader would see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.table import csv_rows, rules, rules_infer, xlsx_rows
from gateway.formats.table.carriers import kinds
from gateway.formats.table.cells import Block, Cell, blank
from gateway.formats.table.infer import dialect
from gateway.formats.table.spec import Csv, Xlsx
from gateway.sources import Source

#: So many rows are looked at. A column's nature shows long before.
ROWS = 20_000
#: So many bytes decide about the encoding: names with foreign letters may come late.
_HEAD = 1 << 22


@dataclass(frozen=True, slots=True)
class Grid:
    """One table of a file.

    Attributes:
        sheet: name of the sheet, empty for text.
        rows: its rows from the top.
        complete: whether these are all.
    """

    sheet: str
    rows: list[list[Cell]]
    complete: bool


@dataclass(frozen=True, slots=True)
class Book:
    """A file.

    Attributes:
        grids: its tables that hold anything.
        guess: the dialect of a text, None for a workbook.
        first: name of the first sheet.
    """

    grids: list[Grid]
    guess: dialect.Guess | None
    first: str = ""

    @property
    def csv(self) -> Csv | None:
        """The dialect of a text."""
        return self.guess.csv if self.guess is not None else None


def load(source: Source, context: Context) -> Book:
    """Read a sample.

    Raises:
        InputError: it is empty, no table, or a workbook that cannot be opened.
        LimitExceeded: it is over a limit.
    """
    head = source.head(_HEAD)
    where = Where(file=source.name)
    if not head.strip():
        raise InputError(Finding.of(rules.EMPTY, "the file is empty", where=where))
    if kinds.is_workbook(head, source.name):
        found = xlsx_rows.sheets(source, Xlsx(sheet=["*"]), context, fill=False)
        sheets = [_grid(sheet.place.sheet, sheet.blocks) for sheet in found]
        grids = [grid for grid in sheets if not all(blank(row) for row in grid.rows)]
        if not grids:
            raise InputError(Finding.of(rules.EMPTY, "the workbook has no cells", where=where))
        return Book(grids, None, sheets[0].sheet)
    guess = dialect.guess(head)
    if guess is None or head.lstrip()[:1] in {b"{", b"[", b"<"}:
        message = "the file is neither a workbook nor text with separated cells"
        raise InputError(Finding.of(rules_infer.NO_TABLE, message, where=where, value=head[:40]))
    return Book([_grid("", csv_rows.blocks(source, guess.csv, context))], guess)


def _grid(name: str, blocks: Iterator[Block]) -> Grid:
    rows: list[list[Cell]] = []
    for block in blocks:
        rows += [list(row) for row in block.rows]
        if len(rows) > ROWS:
            return Grid(name, rows[:ROWS], complete=False)
    return Grid(name, rows, complete=True)
