"""CSV as blocks of rows, in the dialect and encoding that a mapping declares."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.table import rules
from gateway.formats.table.cells import Block, letter
from gateway.formats.table.csv_plain import plain_blocks
from gateway.formats.table.spec import Csv
from gateway.sources import Source

#: Small enough for a block to stay in the processor's cache; larger ones cost twice the time.
BLOCK_ROWS = 512
MAX_LINE = 1 << 22
#: Encodings in which the byte 0x0A is a line end and nothing else, so that bytes may be cut there.
_LINE_ENDS = re.compile(r"utf-8(-sig)?|ascii|iso8859-\d+|cp(125\d|437|85\d|86\d|874)|koi8-[rutk]|mac-\w+")
#: Text in UTF-16 has a NUL beside each Latin letter, other text has none: so much of a file is never NUL.
_NUL_SHARE = 3
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def blocks(source: Source, dialect: Csv, context: Context) -> Iterator[Block]:
    """The rows of a CSV file.

    Raises:
        InputError: wrong encoding or dialect, with row and column.
        LimitExceeded: a line is longer than any real one.
    """
    encoding = _encoding(source, dialect, context)
    first = 1
    with source.open() as stream:
        try:
            if _has_plain_line_ends(encoding):
                for block in plain_blocks(stream, dialect, encoding):
                    yield block
                    first = block.first + len(block)
                    if context.progress is not None:
                        context.progress(stream.tell())
            before = first - 1
            rows = _reader(_lines(io.TextIOWrapper(stream, encoding, newline=""), source, before), dialect)
            while block_rows := list(islice(rows, BLOCK_ROWS)):
                yield Block(first, block_rows)
                first += len(block_rows)
                if context.progress is not None:
                    context.progress(stream.tell())
        except UnicodeDecodeError as error:
            raise InputError(_undecodable(source, dialect, encoding, error.reason)) from error
        except csv.Error as error:
            where = Where(file=source.name, line=before + rows.line_num)
            raise InputError(Finding.of(rules.CSV_FORM, f"not CSV: {error}", where=where)) from error


def _lines(text: io.TextIOWrapper, source: Source, before: int) -> Iterator[str]:
    """The lines of a text with `before` lines above it; one without end must not fill the memory."""
    number = before
    while line := text.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.endswith("\n"):
            message = f"the line is longer than {MAX_LINE:,} characters"
            where = Where(file=source.name, line=number)
            hint = "Check that the file is a table and that its lines have ends."
            raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=where, hint=hint))
        yield line


def head(data: bytes, dialect: Csv, rows: int) -> list[list[str]]:
    """The first rows of a file whose beginning is `data`; empty when they cannot be read."""
    encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else dialect.encoding
    # The last line may be cut, and with it a character.
    text = data[: data.rfind(b"\n") + 1] or data
    try:
        return list(islice(_reader(io.StringIO(text.decode(encoding), newline=""), dialect), rows))
    except (UnicodeDecodeError, csv.Error):
        return []


def _reader(text: Iterable[str], dialect: Csv) -> csv._reader:  # type: ignore[name-defined]
    return csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def _encoding(source: Source, dialect: Csv, context: Context) -> str:
    """The encoding to read with: the declared one, unless a byte order mark or the text itself disproves it."""
    start = source.head()
    where = Where(file=source.name, row=1)
    if start.startswith(codecs.BOM_UTF8):
        if codecs.lookup(dialect.encoding).name not in {"utf-8", "utf-8-sig"}:
            context.findings.report(rules.MARK, f"read as UTF-8, declared is {dialect.encoding}", where=where)
        return "utf-8-sig"
    if start.startswith(_UTF_16) and not dialect.encoding.lower().startswith(("utf-16", "utf16")):
        message = f"the text is UTF-16, declared is {dialect.encoding}"
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=dialect.encoding))
    if _has_plain_line_ends(dialect.encoding) and start.count(0) * _NUL_SHARE > len(start):
        message = f"the file is not text in {dialect.encoding}: a third of its bytes or more are NUL"
        hint = "Export the table as CSV; it is either in UTF-16 or no text at all."
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=dialect.encoding, hint=hint))
    if codecs.lookup(dialect.encoding).name != "utf-8" and _is_utf_8(start):
        place = next((n for n, line in enumerate(start.split(b"\n"), 1) if not line.isascii()), 1)
        line = start.split(b"\n")[place - 1]
        column = _column(line, len(line) - len(line.lstrip(bytes(range(128)))), dialect)
        message = f"the text is UTF-8, declared is {dialect.encoding}"
        where = Where(file=source.name, row=place, column=column)
        raise InputError(Finding.of(rules.ENCODING, message, where=where, expected=dialect.encoding))
    return dialect.encoding


def _has_plain_line_ends(encoding: str) -> bool:
    return _LINE_ENDS.fullmatch(codecs.lookup(encoding).name) is not None


def _is_utf_8(data: bytes) -> bool:
    """Whether the text has letters outside ASCII and all of them are right UTF-8, which chance hardly makes."""
    if data.isascii():
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _undecodable(source: Source, dialect: Csv, encoding: str, reason: str) -> Finding:
    """Look for the line that cannot be decoded; the reader decodes ahead and cannot name it."""
    with source.open() as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                wrong = error.object[error.start : error.end]
                where = Where(file=source.name, row=number, column=_column(line, error.start, dialect))
                message = f"bytes {wrong.hex(' ')} are not {dialect.encoding}"
                return Finding.of(rules.ENCODING, message, where=where, value=wrong.hex(" "), expected=dialect.encoding)
    # A character that is spread over lines: only encodings with wide characters do that.
    return Finding.of(rules.ENCODING, f"not {dialect.encoding}: {reason}", where=Where(file=source.name))


def _column(line: bytes, position: int, dialect: Csv) -> str:
    """Letter of the column in which the byte at `position` of a line stands."""
    before = line[:position].decode("latin-1")
    try:
        cells = next(csv.reader([before], delimiter=dialect.delimiter, quotechar=dialect.quote), [""])
    except csv.Error:  # neither text nor CSV
        return ""
    return letter(max(len(cells), 1))
