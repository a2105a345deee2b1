"""The kinds of files that a table is written into."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import ConfigurationError
from gateway.findings import Findings
from gateway.formats.base import BLOCK_BYTES, Context
from gateway.formats.table import rules_out
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.guard import guarded
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.spec import AUTO
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.frame import Frame
from gateway.formats.table.write.rows import Sheet

ROWS_IN_SHEET = 1_048_576
_BLOCK_ROWS = 512


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that tables are written into.

    Attributes:
        key: name in ``table`` of a mapping and in the setting ``carrier``.
        suffix: of its files.
        typed: whether its cells can be dates.
        write: writes the tables of a mapping.
    """

    key: str
    suffix: str
    typed: bool
    write: Callable[[Mapping, Columns, Iterator[Sheet], Context], Iterator[bytes]]


def _csv(mapping: Mapping, columns: Columns, sheets: Iterator[Sheet], context: Context) -> Iterator[bytes]:
    dialect: Any = mapping.spec.table.csv
    delimiter, encoding = text_encoding(dialect)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quotechar=dialect.quote, lineterminator="\r\n")
    width = max(len(columns.headers), 2 if columns.labels else 1)
    headers = [guarded(header) if dialect.formulas == "guarded" else header for header in columns.headers]
    encoder = codecs.getincrementalencoder(encoding)()
    for sheet in only(sheets, context):
        writer.writerows([*row, *[""] * (width - len(row))] for row in sheet.above)
        writer.writerow(headers)
        for count, row in enumerate(sheet.rows, 1):
            writer.writerow(row)
            if count % _BLOCK_ROWS == 0 and text.tell() > BLOCK_BYTES:
                yield _encoded(text, encoder, context.findings)
        yield _encoded(text, encoder, context.findings)


def text_encoding(dialect: Any) -> tuple[str, str]:
    """Separator and encoding to write with; where a reader finds them out by itself, comma and UTF-8."""
    delimiter = "," if dialect.delimiter == AUTO else dialect.delimiter
    return delimiter, codecs.lookup("utf-8" if dialect.encoding == AUTO else dialect.encoding).name


def _encoded(text: io.StringIO, encoder: codecs.IncrementalEncoder, findings: Findings) -> bytes:
    block = text.getvalue()
    text.seek(0)
    text.truncate()
    try:
        return encoder.encode(block)
    except UnicodeEncodeError as error:
        wrong = error.object[error.start : error.end]
        line = error.object[: error.start].rpartition("\n")[2] + error.object[error.start :].partition("\r")[0]
        message = f"the encoding {error.encoding} has no {wrong!r}, which stands in the row {line!r}"
        findings.report(rules_out.OUT_WRONG, message, value=wrong, expected=f"characters of {error.encoding}")
        return b""


def only(sheets: Iterator[Sheet], context: Context) -> Iterator[Sheet]:
    """The one table of a file that holds one; more of them are an error."""
    for count, sheet in enumerate(sheets):
        if count:
            said = "; ".join(" ".join(map(shown, row)) for row in sheet.above if len(row) > 1)
            message = f"a file of this kind holds one table, and the document needs one more, with {said}"
            context.findings.report(rules_out.OUT_TWO_VALUES, message, value=said)
            for _ in sheet.rows:
                pass  # the next table comes only behind the rows of this one
            continue
        yield sheet


def _xlsx(mapping: Mapping, columns: Columns, sheets: Iterator[Sheet], context: Context) -> Iterator[bytes]:
    import xlsxwriter  # noqa: PLC0415 - only when a workbook is written

    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        book.set_properties({"created": created(context)})
        names = mapping.spec.table.xlsx.sheet if mapping.spec.table.xlsx is not None else []
        text = book.add_format({"num_format": "@"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        many = _takes_many(names)
        for count, sheet in enumerate(sheets if many else only(sheets, context)):
            out = book.add_worksheet(_sheet_name(names, count))
            out.set_column(0, max(len(columns.headers) - 1, 0), 22, text)
            header: list[Cell] = [*columns.headers]
            for number, row in enumerate([*sheet.above, header]):
                _put(out, number, row, text, day)
            number = len(sheet.above)
            for row in sheet.rows:
                number += 1
                if number < ROWS_IN_SHEET and not _put(out, number, row, text, day):
                    message = f"a cell of row {number + 1} is longer than the 32,767 characters that a workbook allows"
                    context.findings.report(rules_out.OUT_TOO_LONG, message)
            if number >= ROWS_IN_SHEET:
                message = f"the table has {number + 1} rows"
                context.findings.report(rules_out.OUT_TOO_LONG, message, value=number + 1, expected=str(ROWS_IN_SHEET))
        if not book.worksheets():
            book.add_worksheet(_sheet_name(names, 0))
        book.close()
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            yield block


def created(context: Context) -> dt.datetime:
    """The time that a workbook says it was made at; a fixed one where the conversion has no clock reading."""
    try:
        return dt.datetime.fromisoformat(context.now).replace(tzinfo=None)
    except ValueError:
        return dt.datetime(2000, 1, 1)  # noqa: DTZ001 - workbooks have no zone


def _takes_many(names: Sequence[str]) -> bool:
    return "*" in names


def _sheet_name(names: Sequence[str], count: int) -> str:
    plain = [name for name in names if name != "*"]
    return plain[count] if count < len(plain) else f"Sheet{count + 1}"


def _put(sheet: Any, number: int, row: Iterable[Cell], text: Any, day: Any) -> bool:
    """Write a row; texts always as texts, whatever they look like. Whether all of it has room."""
    whole = True
    for column, cell in enumerate(row):
        if isinstance(cell, dt.date):
            sheet.write_datetime(number, column, dt.datetime.combine(cell, dt.time()), day)
        elif cell != "":
            whole &= sheet.write_string(number, column, shown(cell), text) == 0
    return whole


def _fixed(mapping: Mapping, columns: Columns, sheets: Iterator[Sheet], context: Context) -> Iterator[bytes]:
    layout: Any = mapping.spec.table.fixed
    if layout.kind is not None or layout.lines or columns.labels:
        message = f"the mapping {mapping.name} has lines of several kinds; such files are read and not written"
        raise ConfigurationError(message, hint="choose another kind of file with --set carrier=")
    frame = Frame(mapping.spec)
    spans = [_span(mapping, header, frame.fields[header], layout.columns) for header in columns.headers]
    encoder = codecs.getincrementalencoder("utf-8" if layout.encoding == AUTO else layout.encoding)()
    width = max(span.start - 1 + span.width for span in layout.columns.values())
    for sheet in only(sheets, context):
        text = io.StringIO()
        for row in sheet.rows:
            text.write(_line(row, spans, width, context.findings) + "\r\n")
            if text.tell() > BLOCK_BYTES:
                yield _encoded(text, encoder, context.findings)
        yield _encoded(text, encoder, context.findings)


def _span(mapping: Mapping, header: str, fields: Sequence[str], places: Any) -> tuple[int, int]:
    """Where a column begins in the line, and how long it is."""
    spellings = [header, *(text for name in fields for text in mapping.spec.fields[name].column)]
    found = next((places[text] for text in spellings if text in places), None)
    if found is None:
        message = f"the mapping {mapping.name} names no place for the column {header!r} (table.fixed.columns)"
        raise ConfigurationError(message)
    return found.start - 1, found.width


def _line(row: Sequence[Cell], spans: Sequence[tuple[int, int]], width: int, findings: Findings) -> str:
    line = [" "] * width
    for cell, (start, length) in zip(row, spans, strict=True):
        value = shown(cell)
        if len(value) > length:
            message = f"{value!r} has {len(value)} characters, its place in the line has {length}"
            findings.report(rules_out.OUT_WRONG, message, value=value, expected=f"at most {length} characters")
        line[start : start + length] = value[:length].ljust(length)
    return "".join(line)


#: What a mapping can be written as, the kind that is chosen first before the others.
KINDS = {
    kind.key: kind
    for kind in (
        FileKind("xlsx", ".xlsx", True, _xlsx),
        FileKind("csv", ".csv", False, _csv),
        FileKind("fixed", ".txt", False, _fixed),
    )
}
