"""Looks through an ODS workbook before it is loaded: its extent with repeats counted out, its marks, its epoch.

OpenDocument 1.3 part 3, section 9: rows and cells say how often they are repeated, so that a few bytes may stand for
thousand million cells. The workbook is loaded as a whole, each sheet as a rectangle.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.table import rules
from gateway.formats.table.cells import NO_RESULT, letter
from gateway.formats.table.sheet_extent import harmless
from gateway.formats.table.sheet_marks import KEPT, Marks
from gateway.sources import Source

_NS: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE: Final = f"{{{_NS}table:1.0}}"
_OFFICE: Final = f"{{{_NS}office:1.0}}"
_TEXT_P: Final = f"{{{_NS}text:1.0}}p"
#: LibreOffice says here that a cell holds an error; the standard has no word for it.
_KIND: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_MANIFEST: Final = "META-INF/manifest.xml"
_EPOCH_1904: Final = "1904-01-01"
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


@dataclass(slots=True)
class Opened:
    """What was found.

    Attributes:
        marks: of each sheet, by its name.
        is_1904: whether dates count from 1904.
    """

    marks: dict[str, Marks] = field(default_factory=dict)
    is_1904: bool = False


def check(source: Source) -> Opened:
    """Look through an ODS workbook whose parts have been unpacked and measured.

    Raises:
        InputError: it is damaged, protected by a password, or no workbook.
        LimitExceeded: it stands for too many cells.
    """
    from lxml import etree  # noqa: PLC0415 - few files are ODS

    where = Where(file=source.name)
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
                raise InputError(
                    Finding.of(rules.XLSX_PASSWORD, "the workbook is protected by a password", where=where)
                )
            content_name = next(name for name in names if name.lower() == "content.xml")
            with archive.open(content_name) as content:
                scan = _Scan(source)
                scan.read(etree.iterparse(content, events=("start", "end"), **_SAFE))
                return scan.found
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, etree.XMLSyntaxError) as error:
        message = f"the workbook cannot be read: {error}"
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where)) from error


class _Scan:
    def __init__(self, source: Source) -> None:
        self._where = Where(file=source.name)
        self.found = Opened()
        self._marks = Marks()
        self._row = 0
        self._pending = 0
        self._columns = 0
        self._last = 0
        self._declared = 0
        self._area = 0
        self._cells = 0

    def read(self, parser: Any) -> None:
        """Go through the document row by row."""
        depth = 0
        for event, node in parser:
            tag = node.tag
            if event == "start":
                if tag == f"{_TABLE}table":
                    depth += 1
                    if depth == 1:
                        self._begin(str(node.get(f"{_TABLE}name", "")))
                continue
            if depth == 1:
                self._part(node)
            if tag == f"{_TABLE}table":
                depth -= 1
                if not depth:
                    self._end()
            elif tag == f"{_TABLE}null-date":
                self.found.is_1904 = node.get(f"{_TABLE}date-value") == _EPOCH_1904

    def _part(self, node: Any) -> None:
        """A part of a sheet has ended."""
        if node.tag == f"{_TABLE}table-row":
            self._take(node)
            node.clear()
            while node.getprevious() is not None:
                del node.getparent()[0]
        elif node.tag == f"{_TABLE}table-column":
            self._column(node)

    def _begin(self, name: str) -> None:
        self._marks = self.found.marks[name] = Marks()
        self._row = self._columns = self._last = self._declared = 0

    def _column(self, node: Any) -> None:
        first = self._declared
        self._declared += _count(node, "number-columns-repeated")
        if node.get(f"{_TABLE}visibility", "visible") != "visible":
            self._marks.hide_columns(first, self._declared - 1)

    def _end(self) -> None:
        self._area += self._last * self._columns
        if not harmless(self._area, self._cells):
            last = f"{letter(self._columns)}{self._last}"
            message = f"a sheet of the workbook reaches to the cell {last}, but the sheets hold few cells"
            raise LimitExceeded(Finding.of(rules.XLSX_SPARSE, message, where=self._where))

    def _take(self, row: Any) -> None:
        times = _count(row, "number-rows-repeated")
        first = self._row + 1
        self._row += times
        column = 0
        filled = 0
        for cell in row:
            width = _count(cell, "number-columns-repeated")
            if cell.get(f"{_OFFICE}value-type") is not None or cell.get(f"{_TABLE}formula") is not None or len(cell):
                filled = column + width
                # A value that is written once and repeated counts once: repeats are what a bomb is made of.
                self._cells += 1
                self._look(cell, first, column)
            column += width
        if filled:
            self._columns = max(self._columns, filled)
            self._last = self._row
            if row.get(f"{_TABLE}visibility", "visible") != "visible":
                self._marks.hide(first, self._row)

    def _look(self, cell: Any, row: int, column: int) -> None:
        height = _count(cell, "number-rows-spanned")
        if height > 1 and len(self._marks.merged) < KEPT:
            self._marks.merged.append((row, row + height - 1, column))
        if cell.get(_KIND) == "error":
            shown = "".join("".join(part.itertext()) for part in cell.iter(_TEXT_P))
            self._marks.fault(row, column, shown if shown.startswith("#") else "#VALUE!")
        elif cell.get(f"{_TABLE}formula") is not None and cell.get(f"{_OFFICE}value-type") is None:
            self._marks.fault(row, column, NO_RESULT)


def _count(node: Any, name: str) -> int:
    """How often, or over how many cells; 1 where it is not said."""
    return max(int(node.get(f"{_TABLE}{name}", "1")), 1)
