"""Opens workbooks: XLSX, XLS and ODS, each once it has been found harmless, with what it says beside its values."""

from __future__ import annotations

import datetime as dt
import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import python_calamine as calamine

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.base import Limits
from gateway.formats.table import rules, zip_guard
from gateway.formats.table.carriers.kinds import OLE2, ZIP
from gateway.formats.table.dates import DAY_0, DAY_0_1904
from gateway.formats.table.sheet_marks import Marks
from gateway.sources import Source

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PIECE = 1 << 20
_SPACE = 0x20
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False}
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
#: The part by which a kind of workbook is known.
_PARTS = {"xlsx": "xl/workbook.xml", "xlsb": "xl/workbook.bin", "ods": "content.xml"}
_SUFFIXES = {"xlsx": {".xlsx", ".xlsm"}, "xls": {".xls"}, "ods": {".ods"}}
_ANY_SUFFIX = {".xlsx", ".xlsm", ".xlsb", ".xlam", ".xls", ".xla", ".ods"}
#: The list of sheets is short; a longer one is none.
_LIST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Workbook:
    """An open workbook.

    Attributes:
        book: as the library has it.
        marks: hidden rows, errors and merged cells of each sheet, by its name.
        day_0: day 0 of its dates.
    """

    book: calamine.CalamineWorkbook
    marks: Mapping[str, Marks]
    day_0: dt.date

    @property
    def names(self) -> list[str]:
        """Names of the sheets."""
        return self.book.sheet_names

    @property
    def hidden(self) -> set[str]:
        """Names of the sheets that nobody sees."""
        visible = calamine.SheetVisibleEnum.Visible
        return {one.name for one in self.book.sheets_metadata if one.visible != visible}

    def marks_of(self, name: str, sheet: calamine.CalamineSheet) -> Marks:
        """The marks of a sheet, its merged cells included."""
        marks = self.marks.get(name) or Marks()
        for (first, column), (last, _) in sheet.merged_cell_ranges or ():
            if last > first:
                marks.merged.append((first + 1, last + 1, column))
        return marks


def open_workbook(source: Source, limits: Limits) -> Workbook:
    """Open a workbook.

    Raises:
        InputError: no workbook, protected, damaged or truncated.
        LimitExceeded: a zip bomb, or cells that lie too far apart.
    """
    start = source.head(256)
    if start.startswith(OLE2):
        return _old(source, limits)
    if not start.startswith(ZIP):
        raise InputError(_no_workbook(source, start))
    by_part = zip_guard.check(source, limits)
    if _kind(source) == "ods":
        from gateway.formats.table import ods_guard  # noqa: PLC0415 - few files are ODS

        found = ods_guard.check(source)
        return Workbook(_load(source, "ods"), found.marks, DAY_0_1904 if found.is_1904 else DAY_0)
    book = _load(source, "xlsx")
    parts, is_1904 = _parts(source)
    marks = {name: by_part[part.lower()] for name, part in parts.items() if part.lower() in by_part}
    return Workbook(book, marks, DAY_0_1904 if is_1904 else DAY_0)


def _old(source: Source, limits: Limits) -> Workbook:
    where = Where(file=source.name)
    if _encrypted(source):
        raise InputError(Finding.of(rules.XLSX_PASSWORD, "the workbook is protected by a password", where=where))
    from gateway.formats.table import xls_guard  # noqa: PLC0415 - few files are old workbooks

    found = xls_guard.check(source, limits)
    book = _load(source, "xls")
    marks = dict(zip(book.sheet_names, found.marks, strict=False))
    return Workbook(book, marks, DAY_0_1904 if found.is_1904 else DAY_0)


def _kind(source: Source) -> str:
    """What a zip file holds. One that could be read in two ways would be measured as one and read as the other."""
    with source.open() as stream, zipfile.ZipFile(stream) as archive:
        parts = {name.lower().replace("\\", "/") for name in archive.namelist()}
    found = [kind for kind, part in _PARTS.items() if part in parts]
    if found in (["xlsx"], ["ods"]):
        return found[0]
    where = Where(file=source.name)
    if "xlsb" in found:
        message, hint = "the file is a binary workbook (.xlsb)", "Save the workbook as .xlsx."
        raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where, hint=hint))
    message = "the zip file holds two workbooks in one" if found else "the file is a zip file, but no workbook"
    raise InputError(Finding.of(rules.XLSX_BROKEN, message, where=where))


def _load(source: Source, kind: str) -> calamine.CalamineWorkbook:
    with readable(source):
        # A path is opened by its suffix, whatever the file is; one that misleads is not given.
        suffix = source.path.suffix.lower() if source.path is not None else ""
        if source.path is not None and (suffix in _SUFFIXES[kind] or suffix not in _ANY_SUFFIX):
            return calamine.CalamineWorkbook.from_path(source.path)
        return calamine.CalamineWorkbook.from_filelike(source.open())


@contextmanager
def readable(source: Source) -> Iterator[None]:
    """Turn an error of calamine into a finding: sheets are read only when they are asked for."""
    try:
        yield
    except (calamine.CalamineError, OSError) as error:
        raise _broken(source, error) from error
    except BaseException as error:
        # The library is written in Rust; where a damaged file surprises it, it panics, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken(source, error) from error


def _broken(source: Source, error: BaseException) -> InputError:
    message = f"the workbook cannot be read: {error}"
    return InputError(Finding.of(rules.XLSX_BROKEN, message, where=Where(file=source.name)))


def _parts(source: Source) -> tuple[dict[str, str], bool]:
    """The part of each sheet of an XLSX workbook by the sheet's name, and whether its dates count from 1904."""
    from lxml import etree  # noqa: PLC0415 - formats without XML need none

    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            book, links = (
                etree.fromstring(_member(archive, name), etree.XMLParser(**_SAFE))
                for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
            )
    except (KeyError, etree.XMLSyntaxError, zipfile.BadZipFile):
        return {}, False  # calamine has read it another way, or says what is wrong
    targets = {link.get("Id"): str(link.get("Target")) for link in links}
    parts = {}
    for sheet in book.iter(f"{_MAIN}sheet", f"{_STRICT}sheet"):
        link = next((value for key, value in sheet.attrib.items() if str(key).endswith("}id")), "")
        if link in targets:
            parts[str(sheet.get("name"))] = posixpath.normpath(posixpath.join("/xl", targets[link])).lstrip("/")
    properties = next(book.iter(f"{_MAIN}workbookPr", f"{_STRICT}workbookPr"), None)
    return parts, properties is not None and properties.get("date1904") in {"1", "true", "on"}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_LIST_BYTES)


def _no_workbook(source: Source, start: bytes) -> Finding:
    hint = ""
    message = "the file is not a workbook, whatever its name says"
    if start and all(byte >= _SPACE or byte in b"\t\r\n" for byte in start[:8]):
        message = "the file is text, not a workbook, whatever its name says"
        hint = "Save the table as .xlsx; if it is CSV, name it .csv."
    return Finding.of(rules.XLSX_BROKEN, message, where=Where(file=source.name), hint=hint)


def _encrypted(source: Source) -> bool:
    """Whether a compound file holds a package that Office has encrypted (MS-OFFCRYPTO, section 2.3)."""
    tail = b""
    with source.open() as stream:
        while piece := stream.read(_PIECE):
            if _ENCRYPTED in tail + piece:
                return True
            tail = piece[-len(_ENCRYPTED) :]
    return False
