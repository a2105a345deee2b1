"""Cuts a large XML document into small whole ones: its head, some of its events, its tail.

The cuts are made in bytes, without a parser, so they are guesses. They are safe because a wrong one cannot pass: what
is cut inside of an event, of vendor content or of a wrapper is not well-formed, and where comments or sections could
hide markup nothing is cut at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.formats.base import Limits, Unsplittable
from gateway.sources import Cut, Source

_HEAD: Final = 4 << 20
_TAIL: Final = 1 << 16
_DECLARATION: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\?>")
_ENCODING: Final = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_LIKE_ASCII: Final = (b"utf-8", b"us-ascii", b"ascii", b"iso-8859-", b"windows-125")
_LIST: Final = re.compile(rb"<EventList\s*>")
_LIST_END: Final = b"</EventList>"
_EVENT_END: Final = re.compile(rb"</[A-Za-z]+Event>")
_BLOCK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Piece(Cut):
    """A part of the events. Whether something in it hides tags is looked at where it is opened, in its own process."""

    def __call__(self) -> BinaryIO:
        """A stream of it.

        Raises:
            Unsplittable: something in it could hide tags, so that the cut may be wrong.
        """
        stream = Cut.__call__(self)
        _refuse_hidden(stream.read()[len(self.before) : -len(self.behind)])
        stream.seek(0)
        return stream


def split(source: Source, limits: Limits, size: int) -> Iterator[Source]:
    """The documents, each with about `size` bytes of events, all but the first with the first event once more.

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
        tail, last = _tail(stream, opened.end())
        first = b""
        position = opened.end()
        while position < last:
            cut = _cut(stream, position + size, last, limits)
            yield _Piece(source, position, cut, head + first, tail).as_source()
            first = first or _first_event(stream, opened.end(), limits)
            position = cut


def _tail(stream: BinaryIO, start: int) -> tuple[bytes, int]:
    """What stands from the end tag of the list on, and where it begins."""
    end = stream.seek(0, 2)
    stream.seek(max(start, end - _TAIL))
    data = stream.read()
    closed = data.rfind(_LIST_END)
    if closed < 0:
        raise Unsplittable
    _refuse_hidden(data[closed:])
    return data[closed:], end - len(data) + closed


def _cut(stream: BinaryIO, position: int, last: int, limits: Limits) -> int:
    """Where the first event ends whose end tag ends behind a position; `last` when there is none."""
    if position >= last:
        return last
    stream.seek(position)
    found = _event_end(stream, limits)
    return position + found if found and position + found < last else last


def _first_event(stream: BinaryIO, start: int, limits: Limits) -> bytes:
    """The first event; where it ends too early, the documents that get it are not well-formed."""
    stream.seek(start)
    end = _event_end(stream, limits)
    stream.seek(start)
    return stream.read(end)


def _event_end(stream: BinaryIO, limits: Limits) -> int:
    """How many bytes there are to the end of the next end tag of an event, 0 when there is none.

    Raises:
        Unsplittable: it is farther than an event may be long.
    """
    data = b""
    while block := stream.read(_BLOCK):
        data += block
        tag = _EVENT_END.search(data)
        if tag is not None:
            return tag.end()
        if len(data) > limits.event_bytes:
            raise Unsplittable
    return 0


def _refuse_hidden(data: bytes) -> None:
    """Comments, sections, instructions and declarations may hide tags."""
    # First the rare characters alone, which are found ten times as quickly as those behind a bracket.
    for rare in (b"!", b"?"):
        if rare in data and b"<" + rare in data:
            raise Unsplittable
    if b"\0" in data:
        raise Unsplittable
