"""Files that old mail programs write into the text of a mail: uuencode."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]+)\r?$", re.MULTILINE)
_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)


def files(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in a text.

    Raises:
        ValueError: a file has begun and is damaged, or has no end.
    """
    position = 0
    while begin := _BEGIN.search(text, position):
        end = _END.search(text, begin.end())
        lines = text[begin.end() : end.start() if end else None].split(b"\n")[1:]
        if end is None:
            if lines and _decoded(lines[0]):
                message = "a file has no end"
                raise ValueError(message)
            position = begin.end()  # a sentence that begins with "begin 100 ..."
            continue
        yield begin[1].decode("utf-8", "replace").strip(), _all(lines)
        position = end.end()


def _all(lines: list[bytes]) -> bytes:
    pieces = []
    for line in lines:
        if line.strip(b"\r`") or line.startswith((b"`", b" ")):
            piece = _decoded(line)
            if piece is None:
                message = "a line is damaged"
                raise ValueError(message)
            pieces.append(piece)
    return b"".join(pieces)


def _decoded(line: bytes) -> bytes | None:
    """The bytes of a line, None if it is damaged. Blanks at its end, which stand for zeros, may have been cut."""
    line = line.rstrip(b"\r\n")
    if not line:
        return None
    needed = 1 + ((line[0] - 32) & 63) * 4 // 3 + 1
    try:
        return binascii.a2b_uu(line[:needed].ljust(needed))  # some encoders pad the last group
    except binascii.Error:
        return None
