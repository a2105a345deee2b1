"""The sheets of a workbook as blocks of rows, with hidden rows, merged cells and errors told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import python_calamine as calamine

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context, Limits
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place, Sheet
from gateway.formats.table.cells import Block, Cell, letter
from gateway.formats.table.sheet_marks import Marks
from gateway.formats.table.spec import MappingSpec, Xlsx
from gateway.formats.table.workbook import Workbook, open_workbook, readable
from gateway.sources import Source

BLOCK_ROWS = 512
_SHOWN = 5
#: Stands for all sheets that have the header.
ALL = "*"


def sheets(source: Source, place: Xlsx, context: Context, *, fill: bool = True) -> Iterator[Sheet]:
    """Each sheet that a mapping reads. Other sheets with content are reported.

    Args:
        source: the workbook.
        place: which sheets are read.
        context: limits, and takes what is worth knowing.
        fill: whether merged cells hold their value in each of their rows.

    Raises:
        InputError: no workbook, protected, truncated, or without a sheet of this name.
        LimitExceeded: a zip bomb.
    """
    book = open_workbook(source, context.limits)
    names = book.names
    wanted = _wanted(book, place)
    for name in place.sheet:
        if name != ALL and not any(_same(name, known) for known in names):
            message = f"the workbook has no sheet {name!r}; it has {', '.join(map(repr, names))}"
            where = Where(file=source.name)
            there = ", ".join(names)
            raise InputError(Finding.of(rules.SHEET_MISSING, message, where=where, value=there, expected=name))
    with readable(source):
        for other in names:
            if other not in wanted and _content(book, other):
                _unread(source.name, other, context, hidden=other in book.hidden)
    for name in wanted:
        with readable(source):
            found = book.book.get_sheet_by_name(name)
        at = Place(source.name, name)
        if name in book.hidden and found.height:
            message = f"the sheet {name!r} is hidden; it is converted all the same"
            context.findings.report(rules.HIDDEN, message, where=at.at())
        rows = _Rows(source, found, book.marks_of(name, found), at)
        yield Sheet(at, rows.blocks(fill=fill, context=context), day_0=book.day_0)


def fills(spec: MappingSpec) -> bool:
    """Whether a merged cell stands for each of its rows: not if the mapping fills down, or if it may be a sum."""
    return not spec.table.fill_down and all(thing.quantity is None for thing in spec.objects.values())


def _unread(file: str, sheet: str, context: Context, *, hidden: bool) -> None:
    where = Where(file=file, sheet=sheet)
    message = f"the {'hidden ' if hidden else ''}sheet {sheet!r} is not converted"
    context.findings.report(rules.SHEET_UNREAD, message, where=where)


def _content(book: Workbook, name: str) -> bool:
    """Whether a sheet holds cells; charts are no sheets."""
    try:
        return bool(book.book.get_sheet_by_name(name).height)
    except calamine.WorksheetNotFound:
        return False


def _wanted(book: Workbook, place: Xlsx) -> list[str]:
    """The sheets that a mapping reads, in the order of the workbook; without names the first that people see."""
    names = book.names
    if not place.sheet:
        visible = [name for name in names if name not in book.hidden]
        return (visible or names)[:1]
    if ALL in place.sheet:
        return names
    return [known for known in names if any(_same(name, known) for name in place.sheet)]


def _same(one: str, other: str) -> bool:
    return one.casefold().strip() == other.casefold().strip()


def head(source: Source, spec: MappingSpec, rows: int, limits: Limits) -> list[Sequence[Cell]]:
    """The first rows of the sheet, or of each sheet if all may be read; none when there is no such sheet.

    Raises:
        InputError: no workbook, protected or truncated.
        LimitExceeded: a zip bomb.
    """
    place = spec.table.xlsx or Xlsx()
    book = open_workbook(source, limits)
    out: list[Sequence[Cell]] = []
    with readable(source):
        for name in _wanted(book, place):
            sheet = book.book.get_sheet_by_name(name)
            read = _Rows(source, sheet, book.marks_of(name, sheet), Place(source.name, name))
            first = next(read.blocks(fill=fills(spec), context=Context()), None)
            out += list(first.rows[:rows]) if first is not None else []
            if ALL not in place.sheet and out:
                break
    return out


def _columns(first: int, last: int) -> str:
    return letter(first + 1) if first == last else f"{letter(first + 1)} to {letter(last + 1)}"


class _Rows:
    """The rows of one sheet, with its marks laid over them.

    Args:
        source: the file.
        sheet: the sheet as the library has it.
        marks: its marks.
        place: where it is.
    """

    def __init__(self, source: Source, sheet: calamine.CalamineSheet, marks: Marks, place: Place) -> None:
        self._source = source
        self._sheet = sheet
        self._marks = marks
        self._place = place
        # The library leaves out empty columns in front, and errors count as empty.
        self._left = sheet.start[1] if sheet.start is not None else 0
        faults = [column for cells in marks.faults.values() for column, _ in cells]
        self._lead = max(self._left - min(faults, default=self._left), 0)
        #: Merged cells that reach below the current row: column: last row and value.
        self._open: dict[int, tuple[int, Cell]] = {}

    def blocks(self, *, fill: bool, context: Context) -> Iterator[Block]:
        """Blocks of rows.

        Args:
            fill: whether merged cells hold their value in each of their rows.
            context: takes what is worth knowing.
        """
        self._report(context, fill=fill)
        if self._sheet.start is None:
            return
        marked = bool(self._marks.faults or (fill and self._marks.merged))
        starts = self._starts() if fill else {}
        rows = self._sheet.iter_rows()
        first = 1
        while True:
            with readable(self._source):
                block: list[list[Cell]] = list(islice(rows, BLOCK_ROWS))  # type: ignore[arg-type]  # cells are cells
            if not block:
                break
            if marked:
                block = [self._marked(row, number, starts) for number, row in enumerate(block, first)]
            yield Block(first, block)
            first += len(block)
        rest = [number for number in sorted(self._marks.faults) if number >= first]
        if rest:
            width = self._lead + self._sheet.width
            yield Block(first, [self._marked([""] * width, number, starts) for number in range(first, rest[-1] + 1)])

    def _starts(self) -> dict[int, list[tuple[int, int]]]:
        """Merged ranges by their first row: last row and column."""
        starts: dict[int, list[tuple[int, int]]] = {}
        for first, last, column in self._marks.merged:
            starts.setdefault(first, []).append((last, column))
        return starts

    def _marked(self, row: list[Cell], number: int, starts: dict[int, list[tuple[int, int]]]) -> list[Cell]:
        row = [""] * self._lead + row
        left = self._left - self._lead
        for column, text in self._marks.faults.get(number, ()):
            index = column - left
            row += [""] * (index + 1 - len(row))
            row[index] = text
        for column, (last, value) in list(self._open.items()):
            if number > last:
                del self._open[column]
            elif 0 <= column - left < len(row) and row[column - left] == "":
                row[column - left] = value
        for last, column in starts.get(number, ()):
            if 0 <= column - left < len(row):
                self._open[column] = (last, row[column - left])
        return row

    def _report(self, context: Context, *, fill: bool) -> None:
        """Hidden rows and merged cells, each kind once."""
        marks, findings = self._marks, context.findings
        if marks.hidden:
            first, last = marks.hidden[0]
            count = sum(end - start + 1 for start, end in marks.hidden)
            message = f"{count} row{'s are' if count > 1 else ' is'} hidden; hidden rows are converted like all others"
            findings.report(rules.HIDDEN, message, where=self._place.at(first, last_row=last))
        used = self._sheet.end[1] if self._sheet.end is not None else -1
        columns = [(first, min(last, used)) for first, last in marks.columns if first <= used]
        if columns:
            names = ", ".join(_columns(first, last) for first, last in columns[:_SHOWN])
            more = " and others" if len(columns) > _SHOWN else ""
            message = f"the columns {names}{more} are hidden; hidden columns are converted like all others"
            findings.report(rules.HIDDEN, message, where=self._place.at(), value=names)
        if fill and marks.merged:
            first, last, _ = min(marks.merged)
            count = len(marks.merged)
            message = (
                f"{count} merged cell{'s' * (count > 1)} had the value of the first row in all rows that they span"
            )
            findings.report(rules.MERGED, message, where=self._place.at(first, last_row=last), value=count)
        if marks.lost:
            message = "the sheet holds too many errors and hidden ranges to be read"
            raise InputError(Finding.of(rules.CELL_ERROR, message, where=self._place.at(), value=marks.lost))
