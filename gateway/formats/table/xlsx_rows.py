"""A sheet of an XLSX workbook as blocks of rows, read by calamine once the file has been found harmless."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import python_calamine as calamine

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Context, Limits
from gateway.formats.table import rules, zip_guard
from gateway.formats.table.carriers.kinds import OLE2, ZIP
from gateway.formats.table.cells import Block, Cell
from gateway.formats.table.spec import Xlsx
from gateway.sources import Source

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PIECE = 1 << 20
_SPACE = 0x20
BLOCK_ROWS = 512
#: Stands for all sheets that have the header.
ALL = "*"


def sheets(source: Source, place: Xlsx, context: Context) -> Iterator[tuple[str, Iterator[Block]]]:
    """Name and rows of each sheet that a mapping reads. Other sheets with content are reported.

    Raises:
        InputError: no workbook, protected, truncated, or without a sheet of this name.
        LimitExceeded: a zip bomb.
    """
    book = _open(source, context.limits)
    names = book.sheet_names
    wanted = _wanted(names, place)
    for name in place.sheet:
        if name != ALL and not any(_same(name, known) for known in names):
            message = f"the workbook has no sheet {name!r}; it has {', '.join(map(repr, names))}"
            where = Where(file=source.name)
            there = ", ".join(names)
            raise InputError(Finding.of(rules.SHEET_MISSING, message, where=where, value=there, expected=name))
    with _readable(source):
        for other in names:
            if other not in wanted and book.get_sheet_by_name(other).height:
                unread(source.name, other, context)
    for name in wanted:
        with _readable(source):
            found = book.get_sheet_by_name(name)
        yield name, _blocks(source, found)


def unread(file: str, sheet: str, context: Context) -> None:
    """Report a sheet that is not converted."""
    where = Where(file=file, sheet=sheet)
    context.findings.report(rules.SHEET_UNREAD, f"the sheet {sheet!r} is not converted", where=where)


def _wanted(names: list[str], place: Xlsx) -> list[str]:
    """The sheets that a mapping reads, in the order of the workbook."""
    if not place.sheet:
        return names[:1]
    if ALL in place.sheet:
        return names
    return [known for known in names if any(_same(name, known) for name in place.sheet)]


def _same(one: str, other: str) -> bool:
    return one.casefold().strip() == other.casefold().strip()


def head(source: Source, place: Xlsx, rows: int, limits: Limits) -> list[list[Cell]]:
    """The first rows of the sheet, or of each sheet if all may be read; none when there is no such sheet.

    Raises:
        InputError: no workbook, protected or truncated.
        LimitExceeded: a zip bomb.
    """
    book = _open(source, limits)
    out: list[list[Cell]] = []
    with _readable(source):
        for name in _wanted(book.sheet_names, place):
            sheet = book.get_sheet_by_name(name)
            if sheet.start is not None:
                out += [list(row) for row in islice(sheet.iter_rows(), rows)]
            if ALL not in place.sheet and out:
                break
    return out


def _blocks(source: Source, sheet: calamine.CalamineSheet) -> Iterator[Block]:
    if sheet.start is None:
        return
    rows = sheet.iter_rows()
    first = 1
    while True:
        with _readable(source):
            block = list(islice(rows, BLOCK_ROWS))
        if not block:
            return
        yield Block(first, block)
        first += len(block)


@contextmanager
def _readable(source: Source) -> Iterator[None]:
    """Turn an error of calamine into a finding: sheets are read only when they are asked for."""
    try:
        yield
    except (calamine.CalamineError, OSError) as error:
        message = f"the workbook cannot be read: {error}"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=Where(file=source.name))) from error


def _open(source: Source, limits: Limits) -> calamine.CalamineWorkbook:
    where = Where(file=source.name)
    start = source.head(8)
    if start.startswith(OLE2):
        if _encrypted(source):
            raise InputError(Finding.of(rules.XLSX_PASSWORD, "the workbook is protected by a password", where=where))
        message = "the file is an old workbook (.xls)"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where, hint="Save the workbook as .xlsx."))
    if not start.startswith(ZIP):
        hint = ""
        message = "the file is not a workbook, whatever its name says"
        if _is_text(start):
            message = "the file is text, not a workbook, whatever its name says"
            hint = "Save the table as .xlsx; if it is CSV, name it .csv."
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where, hint=hint))
    zip_guard.check(source, limits)
    with _readable(source):
        if source.path is not None:
            return calamine.CalamineWorkbook.from_path(source.path)
        return calamine.CalamineWorkbook.from_filelike(source.open())


def _is_text(start: bytes) -> bool:
    return bool(start) and all(byte >= _SPACE or byte in b"\t\r\n" for byte in start)


def _encrypted(source: Source) -> bool:
    """Whether a compound file holds a package that Office has encrypted (MS-OFFCRYPTO, section 2.3)."""
    tail = b""
    with source.open() as stream:
        while piece := stream.read(_PIECE):
            if _ENCRYPTED in tail + piece:
                return True
            tail = piece[-len(_ENCRYPTED) :]
    return False
