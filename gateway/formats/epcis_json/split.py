"""Cuts a large JSON document into small whole ones: what stands around its events, and some of these."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits, Unsplittable
from gateway.formats.epcis_json.blocks import BLOCK, Events, open_events
from gateway.formats.epcis_json.unicode import encoding_of, open_utf8
from gateway.sources import Source


def split(source: Source, limits: Limits, size: int) -> Iterator[Source]:
    """The documents, each with about `size` bytes of events, all but the first with the first event once more.

    Raises:
        Unsplittable: it has no list of events, or is broken; also raised behind the first ones.
    """
    if encoding_of(source.head(4)) != ("utf-8", 0):  # there is something to say about the file
        raise Unsplittable
    try:
        around = _around(source, limits)
        yield from _documents(source, limits, size, around)
    except (InputError, LimitExceeded) as error:
        raise Unsplittable from error


def _around(source: Source, limits: Limits) -> tuple[bytes, bytes]:
    """What stands in front of the events and behind them."""
    with open_utf8(source, Context(limits=limits), report=False) as stream:
        found = open_events(stream, limits, BLOCK)
        if isinstance(found, bytes):
            raise Unsplittable
        found.skip = True
        for _ in found.blocks():
            pass
        if found.truncated:
            raise Unsplittable
        return found.head, b"]" + found.tail


def _documents(source: Source, limits: Limits, size: int, around: tuple[bytes, bytes]) -> Iterator[Source]:
    head, tail = around
    with open_utf8(source, Context(limits=limits), report=False) as stream:
        found = open_events(stream, limits, min(size, BLOCK))
        if not isinstance(found, Events):  # pragma: no cover - the first pass found a list
            raise Unsplittable
        pending: list[bytes] = []
        first: list[bytes] = []
        pieces = 0
        for block in found.blocks():
            pending += map(bytes, block)
            pieces += sum(map(len, block))
            if pieces >= size:
                yield Source.memory(head + b",".join(first + pending) + tail, source.name)
                first = first or pending[:1]
                pending, pieces = [], 0
        if pending:
            yield Source.memory(head + b",".join(first + pending) + tail, source.name)
