"""Parting multipart bodies where they lie.

The boundary comes from the header and is searched chunk by chunk; a part is a region of the same file, byte for byte
what its sender wrote: the line break before a boundary belongs to the boundary (RFC 2046, 5.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.transports.as2 import mime
from gateway.transports.as2.content import Region
from gateway.transports.as2.errors import ProcessingFailed

_BOUNDARY = 200
_LINE = 1000
_CANDIDATES = 10_000
_DELIMITER_TAIL = re.compile(rb"[ \t]*(?:\r?\n|\Z)")


def parts(body: Region, boundary: str, most: int, *, exact: bool = False) -> list[Region]:
    """The parts of a multipart body.

    Args:
        body: the body behind the headers.
        boundary: parameter of the content type.
        most: how many parts are read.
        exact: refuse anything but blank lines behind the last part, and anything but a few words before the first one.
            Needed where the body was decrypted without authentication: otherwise bytes there could be exchanged
            without being noticed, and their padding tried.

    Raises:
        ProcessingFailed: there is no such boundary, no end, or there are too many parts.
    """
    if not boundary or len(boundary) > _BOUNDARY:
        message = "a multipart without a proper boundary"
        raise ProcessingFailed(message)
    found: list[Region] = []
    begin = -1
    for at, after, closing in _delimiters(body, b"--" + boundary.encode("utf-8", "replace")):
        if begin >= 0:
            found.append(body.part(begin, max(at, begin)))
        elif exact and at > 0:
            mime.check_text(body.part(0, at))
        if len(found) > most:
            break
        if closing:
            if exact and (body.size - after > _LINE or body.slice(after, body.size).strip(b"\r\n\t ")):
                break
            return found
        begin = after
    message = "a multipart with too many parts" if len(found) > most else "a multipart whose parts do not end properly"
    raise ProcessingFailed(message)


def _delimiters(body: Region, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each delimiter line: where it begins with the line break before it, where it ends, whether it closes."""
    for count, place in enumerate(_places(body, mark)):
        if count > _CANDIDATES:
            return
        line = body.slice(max(0, place - 2), min(place + len(mark) + _LINE, body.size))
        lead = place - max(0, place - 2)
        before, rest = line[:lead], line[lead + len(mark) :]
        closing = rest.startswith(b"--")
        tail = _DELIMITER_TAIL.match(rest, 2 if closing else 0)
        if tail:
            start = place - (2 if before == b"\r\n" else min(1, lead))
            yield start, place + len(mark) + tail.end(), closing


def _places(body: Region, mark: bytes) -> Iterator[int]:
    """Where `mark` stands at the beginning of a line; one pass, in chunks that overlap."""
    if body.head(len(mark)) == mark:
        yield 0
    wanted = b"\n" + mark
    at, kept = 0, b""
    for chunk in body.chunks():
        window = kept + chunk
        place = window.find(wanted)
        while place >= 0:
            yield at + place + 1
            place = window.find(wanted, place + 1)
        drop = max(0, len(window) - len(wanted) + 1)
        at += drop
        kept = window[drop:]
