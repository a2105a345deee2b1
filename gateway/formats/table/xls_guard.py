"""Looks through an old workbook (XLS, BIFF8) before anything else opens it: its extent, its marks, its epoch.

Record numbers and layouts are those of [MS-XLS] 2.3 and 2.4. A workbook of this kind is loaded as a whole, each sheet
as a rectangle; one stray cell in each of many sheets would fill the memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.table import rules
from gateway.formats.table.cells import letter
from gateway.formats.table.sheet_extent import harmless
from gateway.formats.table.sheet_marks import Marks
from gateway.sources import Source

_BOF, _EOF, _FILEPASS, _DATE1904, _BOUNDSHEET, _ROW = 0x0809, 0x000A, 0x002F, 0x0022, 0x0085, 0x0208
_COLINFO = 0x007D
_FORMULA, _BOOLERR, _MULRK, _MULBLANK = 0x0006, 0x0205, 0x00BD, 0x00BE
#: Records of one cell begin with its row and column: BLANK NUMBER LABEL RSTRING LABELSST RK and the two above.
_CELLS: Final = frozenset({0x0201, 0x0203, 0x0204, 0x00D6, 0x00FD, 0x027E, _FORMULA, _BOOLERR})
_ERRORS: Final = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_ROW_HIDDEN = 0x20
_ERROR_RESULT = 2
_NO_NUMBER = 0xFFFF
_BIFF8 = 0x0600
#: Old workbooks hold 65,536 rows a sheet; no real one is larger.
_MOST = 512 << 20


@dataclass(slots=True)
class Old:
    """What was found.

    Attributes:
        marks: of each sheet, in the order of the workbook.
        is_1904: whether dates count from 1904.
    """

    marks: list[Marks] = field(default_factory=list)
    is_1904: bool = False


def check(source: Source, limits: Limits) -> Old:
    """Look through an XLS workbook.

    Raises:
        InputError: it is damaged, protected by a password, or no workbook.
        LimitExceeded: it is too large, or its cells lie too far apart.
    """
    where = Where(file=source.name)
    most = min(limits.input_bytes, _MOST)
    if source.size > most:
        message = f"the file has {source.size:,} bytes, allowed are {most:,}"
        raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where))
    scan = _Scan(source)
    try:
        scan.read(_stream(source))
    except (struct.error, IndexError) as error:
        message = "the workbook is damaged: a record is cut off"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where)) from error
    return scan.found


def _stream(source: Source) -> bytes:
    """The stream with the workbook in it."""
    import olefile  # noqa: PLC0415 - few files are old workbooks

    where = Where(file=source.name)
    try:
        with source.open() as file, olefile.OleFileIO(file) as package:
            name = next((name for name in ("Workbook", "Book") if package.exists(name)), "")
            if name:
                return bytes(package.openstream(name).read())
    except Exception as error:
        # A compound file is a file system in a file; whatever is wrong in it, the file cannot be read.
        message = f"the workbook cannot be read: {error}"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where)) from error
    message = "the file is a compound file, but no workbook"
    raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where))


class _Scan:
    def __init__(self, source: Source) -> None:
        self._where = Where(file=source.name)
        self.found = Old()
        self._sheets: list[int] = []
        self._area = 0
        self._cells = 0

    def read(self, data: bytes) -> None:
        """Go through all records."""
        self._globals(data)
        scanned = 0
        for offset in self._sheets:
            scanned += self._sheet(data, offset) - offset
            if scanned > 2 * len(data):
                message = "sheets of the workbook lie in the same place"
                raise LimitExceeded(Finding.of(rules.XLSX_BOMB, message, where=self._where))

    def _globals(self, data: bytes) -> None:
        at = 0
        first = True
        while at + 4 <= len(data):
            kind, size = struct.unpack_from("<HH", data, at)
            at += 4
            if first and (kind != _BOF or struct.unpack_from("<H", data, at)[0] != _BIFF8):
                message = "the workbook is of a version before Excel 97"
                hint = "Save the workbook as .xlsx."
                raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=self._where, hint=hint))
            first = False
            if kind == _FILEPASS:
                message = "the workbook is protected by a password"
                raise InputError(Finding.of(rules.XLSX_PASSWORD, message, where=self._where))
            if kind == _DATE1904:
                self.found.is_1904 = struct.unpack_from("<H", data, at)[0] == 1
            elif kind == _BOUNDSHEET:
                self._sheets.append(struct.unpack_from("<I", data, at)[0])
            elif kind == _EOF:
                return
            at += size

    def _sheet(self, data: bytes, at: int) -> int:
        """Go through a sheet; the place where it ends."""
        marks = Marks()
        self.found.marks.append(marks)
        rows = columns = 0
        unpack, end = struct.Struct("<HH").unpack_from, len(data)
        depth = 0
        while at + 4 <= end:
            kind, size = unpack(data, at)
            at += 4
            if kind in _CELLS:
                row, column = unpack(data, at)
                rows, columns = max(rows, row + 1), max(columns, column + 1)
                self._cells += 1
                self._fault(data, at, kind, marks)
            elif kind in {_MULRK, _MULBLANK}:
                row, first = unpack(data, at)
                last = struct.unpack_from("<H", data, at + size - 2)[0]
                rows, columns = max(rows, row + 1), max(columns, last + 1)
                self._cells += max(last - first + 1, 1)
            elif kind in {_ROW, _COLINFO}:
                self._hidden(data, at, kind, marks)
            elif kind == _BOF:
                depth += 1  # a chart inside the sheet has records of its own
            elif kind == _EOF:
                depth -= 1
                if not depth:
                    break
            at += size
        self._area += rows * columns
        if not harmless(self._area, self._cells):
            message = f"a sheet reaches to the cell {letter(columns)}{rows}, but the sheets hold few cells"
            raise LimitExceeded(Finding.of(rules.XLSX_SPARSE, message, where=self._where))
        return at

    @staticmethod
    def _hidden(data: bytes, at: int, kind: int, marks: Marks) -> None:
        first, last = struct.unpack_from("<HH", data, at)
        if kind == _ROW and struct.unpack_from("<I", data, at + 12)[0] & _ROW_HIDDEN:
            marks.hide(first + 1, first + 1)
        elif kind == _COLINFO and data[at + 8] & 1:
            marks.hide_columns(first, last)

    @staticmethod
    def _fault(data: bytes, at: int, kind: int, marks: Marks) -> None:
        row, column = struct.unpack_from("<HH", data, at)
        if kind == _BOOLERR:
            value, is_error = struct.unpack_from("<BB", data, at + 6)
        elif kind == _FORMULA:
            result, _, value, _, _, _, number = struct.unpack_from("<BBBBBBH", data, at + 6)
            is_error = number == _NO_NUMBER and result == _ERROR_RESULT
        else:
            return
        if is_error:
            marks.fault(row + 1, column, _ERRORS.get(value, "#VALUE!"))
