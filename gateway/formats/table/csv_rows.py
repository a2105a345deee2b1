"""CSV as blocks of rows, in the dialect and encoding that a mapping declares or that the file shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from itertools import islice

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.table import rules
from gateway.formats.table.cells import Block, letter
from gateway.formats.table.csv_guess import DELIMITERS, expected_words, first_rows, reader, settled, whole_lines
from gateway.formats.table.csv_plain import plain_blocks
from gateway.formats.table.spec import AUTO, Csv, MappingSpec
from gateway.formats.table.text_encoding import (
    ColumnOf,
    given_encoding,
    has_plain_line_ends,
    of_head,
    settle,
    undecodable,
)
from gateway.sources import Source

#: Small enough for a block to stay in the processor's cache; larger ones cost twice the time.
BLOCK_ROWS = 512
MAX_LINE = 1 << 22


def settle_dialect(source: Source, spec: MappingSpec, context: Context) -> Csv:
    """The dialect of a file: what the mapping declares, and what the file shows where the mapping leaves it open.

    Raises:
        InputError: the file is no text in any encoding that is known.
        UsageError: the setting `encoding` names none.
    """
    dialect = spec.table.csv or Csv()
    if AUTO not in {dialect.delimiter, dialect.encoding}:
        return dialect
    declared = given_encoding(dialect.encoding, context)
    encoding = settle(source, declared, expected_words(spec), context.findings, _columns_of(dialect))
    return settled(_beginning(source, encoding), spec, encoding)


def blocks(source: Source, dialect: Csv, context: Context) -> Iterator[Block]:
    """The rows of a CSV file in a dialect that leaves nothing open.

    Raises:
        InputError: wrong encoding or dialect, with row and column.
        LimitExceeded: a line is longer than any real one.
    """
    column_of = _columns_of(dialect)
    encoding = settle(source, dialect.encoding, (), context.findings, column_of)
    _report_line_ends(source, dialect, context)
    first = 1
    with source.open() as stream:
        try:
            if has_plain_line_ends(encoding):
                for block in plain_blocks(stream, dialect, encoding):
                    yield block
                    first = block.first + len(block)
                    if context.progress is not None:
                        context.progress(stream.tell())
            before = first - 1
            rows = reader(_lines(io.TextIOWrapper(stream, encoding, newline=""), source, before), dialect)
            while block_rows := list(islice(rows, BLOCK_ROWS)):
                yield Block(first, block_rows)
                first += len(block_rows)
                if context.progress is not None:
                    context.progress(stream.tell())
        except UnicodeDecodeError as error:
            raise InputError(undecodable(source, encoding, error.reason, column_of)) from error
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


def head(data: bytes, spec: MappingSpec, rows: int) -> list[list[str]]:
    """The first rows of a file whose beginning is `data`; empty when they cannot be read."""
    dialect = spec.table.csv or Csv()
    encoding = of_head(data, dialect.encoding, expected_words(spec))
    if not encoding:
        return []
    try:
        text = whole_lines(data, encoding)
    except UnicodeDecodeError:
        return []
    return first_rows(text, settled(text, spec, encoding), rows)


def _columns_of(dialect: Csv) -> ColumnOf:
    delimiter = DELIMITERS[0] if dialect.delimiter == AUTO else dialect.delimiter
    return partial(_column, delimiter=delimiter, quote=dialect.quote)


def _beginning(source: Source, encoding: str) -> str:
    try:
        return whole_lines(source.head(), encoding)
    except UnicodeDecodeError:
        return ""  # reading will say where


def _report_line_ends(source: Source, dialect: Csv, context: Context) -> None:
    """Say when lines end in different ways: such a file was put together from several."""
    start = source.head()
    if not has_plain_line_ends(dialect.encoding) or dialect.quote.encode() in start:
        return  # inside quotes a line end may be a part of the cell
    both = start.count(b"\r\n")
    kinds = {"CR LF": both, "LF": start.count(b"\n") - both, "CR": start.removesuffix(b"\r").count(b"\r") - both}
    if sum(map(bool, kinds.values())) > 1:
        there = ", ".join(f"{count} x {name}" for name, count in kinds.items() if count)
        message = f"lines end in different ways ({there}); each was taken as a line end"
        context.findings.report(rules.LINE_ENDS, message, where=Where(file=source.name), value=there)


def _column(line: bytes, position: int, *, delimiter: str, quote: str) -> str:
    """Letter of the column in which the byte at `position` of a line stands."""
    before = line[:position].decode("latin-1")
    try:
        cells = next(csv.reader([before], delimiter=delimiter, quotechar=quote), [""])
    except csv.Error:  # neither text nor CSV
        return ""
    return letter(max(len(cells), 1))
