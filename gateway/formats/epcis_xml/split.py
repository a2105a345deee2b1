"""Cuts a large XML document into small whole ones: its head, some of its events, its tail.

The cuts are made in bytes, without a parser, so they are guesses. They are safe because a wrong one cannot pass: what
is cut inside of an event, of vendor content or of a wrapper is not well-formed, and where comments or sections could
hide markup nothing is cut at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.formats.base import Limits, Unsplittable
from gateway.sources import Source

_HEAD: Final = 4 << 20
_TAIL: Final = 1 << 16
_DECLARATION: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\?>")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LIKE_ASCII: Final = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-", b"windows-125")
_LIST: Final = re.compile(rb"<EventList\s*>")
_LIST_END: Final = b"</EventList>"
_EVENT_END: Final = re.compile(rb"</[A-Za-z]+Event>\s*\Z")
_END_TAG: Final = b"Event>"
_LONGEST_TAG: Final = 64


def split(source: Source, limits: Limits, size: int) -> Iterator[bytes]:
    """The documents, each with about `size` bytes of events.

    Raises:
        Unsplittable: it cannot be cut safely, or is no such document; also raised behind the first ones.
    """
    with source.open() as stream:
        start = stream.read(_HEAD)
        opened = _LIST.search(start)
        if opened is None:
            raise Unsplittable
        head = start[: opened.end()]
        declaration = _DECLARATION.match(head)
        encoding = _ENCODING.search(declaration[0]) if declaration is not None else None
        if encoding is not None and not encoding[1].lower().startswith(_LIKE_ASCII):
            raise Unsplittable
        _refuse_hidden(head[declaration.end() if declaration is not None else 0 :])
        end = stream.seek(0, 2)
        stream.seek(max(opened.end(), end - _TAIL))
        last = stream.read()
        closed = last.rfind(_LIST_END)
        if closed < 0:
            raise Unsplittable
        tail = last[closed:]
        _refuse_hidden(tail)
        left = end - len(tail) - opened.end()
        stream.seek(opened.end())
        pending = b""
        while left:
            block = stream.read(min(size, left))
            if not block:
                raise Unsplittable
            left -= len(block)
            pending += block
            cut = _last_event_end(pending) if left else len(pending)
            if not cut:
                if len(pending) > limits.event_bytes:
                    raise Unsplittable
                continue
            _refuse_hidden(pending[:cut])
            yield b"".join((head, memoryview(pending)[:cut], tail))
            pending = pending[cut:]


def _refuse_hidden(data: bytes) -> None:
    """Comments, sections, instructions and declarations may hide tags."""
    # First the rare characters alone, which are found ten times as quickly as those behind a bracket.
    for rare in (b"!", b"?"):
        if rare in data and b"<" + rare in data:
            raise Unsplittable
    if b"\0" in data:
        raise Unsplittable


def _last_event_end(data: bytes) -> int:
    """Where the last whole event ends, 0 when none does."""
    position = len(data)
    while position > 0:
        position = data.rfind(_END_TAG, 0, position)
        if position < 0:
            return 0
        end = position + len(_END_TAG)
        if _EVENT_END.search(data, max(0, position - _LONGEST_TAG), end):
            return end
    return 0
