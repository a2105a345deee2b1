"""CSV without quotes, column by column: a block of text is cut once, not row by row.

Batch sheets are long and plain: no quotes, the same number of cells in each row. Such text is cut at its delimiters
in one step, which takes a third of the time that the csv module needs. The cut is proved right, not assumed; at the
first text that is anything else the caller goes on with the csv module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from gateway.formats.table.cells import Block
from gateway.formats.table.csv_runs import Columns, long_run
from gateway.formats.table.guard import may_be_guarded
from gateway.formats.table.spec import Csv

#: Larger blocks leave the processor's cache and cost more time a row.
BLOCK_BYTES = 1 << 16


def plain_blocks(stream: BinaryIO, dialect: Csv, encoding: str) -> Iterator[Block]:
    """Blocks of rows from the stream's position on, as long as the text is plain.

    Leaves the stream where the text that it did not take begins: at its end when it took all.

    Args:
        stream: at the beginning of the file, and seekable.
        dialect: delimiter and quote.
        encoding: one in which the byte 0x0A is always a line end.

    Raises:
        UnicodeDecodeError: the bytes are not of this encoding.
    """
    first = 1
    start = stream.tell()
    while data := _whole_lines(stream):
        parts = _parts(data.decode(encoding), dialect)
        if parts is None:
            break
        for columns in parts:
            yield Block(first, columns=columns)
            first += len(columns[0])
        start += len(data)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding  # the mark stands only before the first line
    stream.seek(start)


def _whole_lines(stream: BinaryIO) -> bytes:
    """About `BLOCK_BYTES` up to a line end; the file's last bytes as they are; nothing when a line is too long."""
    data = stream.read(BLOCK_BYTES)
    cut = data.rfind(b"\n") + 1
    if len(data) < BLOCK_BYTES:
        return data
    stream.seek(cut - len(data), 1)
    return data[:cut]


def _parts(text: str, dialect: Csv) -> list[Columns] | None:
    """The rows of plain text, some at a time and column by column, None when it is not plain."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    text = text.removesuffix("\n")
    if dialect.quote in text or "\r" in text or "\0" in text or may_be_guarded(text):
        return None
    parts: list[Columns] = []
    position = 0
    while position <= len(text):
        run = long_run(text, position, dialect.delimiter)
        if run is None:
            columns = _columns(text[position:], dialect.delimiter)
            return None if columns is None else [*parts, columns]
        columns, position = run
        parts.append(columns)
    return parts


def _columns(text: str, delimiter: str) -> Columns | None:
    """The cells of plain text column by column, None when its rows are not of one width."""
    width = text.partition("\n")[0].count(delimiter) + 1
    if width == 1:
        return None
    # Each line end stays at the front of the next row's first cell. If all line ends are found in cells whose place
    # is a multiple of the width, every row has a multiple of `width` cells; as there are as many rows as line ends
    # and one, and `width` times as many cells, every row has exactly `width`.
    cells = text.replace("\n", delimiter + "\n").split(delimiter)
    first = "".join(cells[::width]).split("\n")
    if len(first) * width != len(cells) or len(first) != text.count("\n") + 1:
        return None
    return [first, *(cells[place::width] for place in range(1, width))]
