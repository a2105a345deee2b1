"""Which separator does a CSV file have? The one with which its header is the header of the mapping."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice

from gateway.formats.table import header
from gateway.formats.table.spec import AUTO, Csv, MappingSpec

#: Separators that partners use; the first wins where nothing tells them apart.
DELIMITERS = (",", ";", "\t", "|")


def settled(text: str, spec: MappingSpec, encoding: str) -> Csv:
    """The dialect of a file with nothing left open.

    Args:
        text: its beginning, whole lines.
        spec: the mapping.
        encoding: encoding of the file.
    """
    dialect = spec.table.csv or Csv()
    if dialect.delimiter != AUTO:
        return dialect.model_copy(update={"encoding": encoding})
    made = [dialect.model_copy(update={"delimiter": one, "encoding": encoding}) for one in DELIMITERS]
    return max(made, key=lambda one: _fit(text, one, spec))


def _fit(text: str, dialect: Csv, spec: MappingSpec) -> tuple[bool, int, int]:
    """How well the rows fit: the header is there, how many of its columns are, and how many rows are as wide."""
    rows = first_rows(text, dialect, spec.table.header_within)
    columns = max((header.known_columns(spec, row) for row in rows), default=0)
    widths = [len(row) for row in rows if len(row) > 1]
    common = max((widths.count(width) for width in set(widths)), default=0)
    return header.find(spec, rows) is not None, columns, common


def first_rows(text: str, dialect: Csv, rows: int) -> list[list[str]]:
    """The first rows of a text; none when one of them is no CSV."""
    try:
        return list(islice(reader(io.StringIO(text, newline=""), dialect), rows))
    except csv.Error:
        return []


def reader(text: Iterable[str], dialect: Csv) -> csv._reader:  # type: ignore[name-defined]
    """Rows of a text in a dialect."""
    return csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def whole_lines(head: bytes, encoding: str) -> str:
    """The text of a file's beginning; its last line may be cut, and with it a character.

    Raises:
        UnicodeDecodeError: the bytes are not of this encoding.
    """
    if codecs.lookup(encoding).name.startswith("utf-16"):
        return head[: len(head) // 2 * 2].decode(encoding, "ignore").rpartition("\n")[0] or head.decode(
            encoding, "ignore"
        )
    return (head[: head.rfind(b"\n") + 1] or head).decode(encoding)


def expected_words(spec: MappingSpec) -> Sequence[str]:
    """The headers of a mapping: words that its files hold."""
    return [text for field in spec.fields.values() for text in (*field.headers, *field.preamble)]
