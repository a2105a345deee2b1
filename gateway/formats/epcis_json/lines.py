"""The lines on which events begin. Readers of JSON go by blocks and do not count them; findings want them."""

from __future__ import annotations

from collections.abc import Collection

from gateway.errors import GatewayError
from gateway.formats.base import Context
from gateway.formats.epcis_json.blocks import open_events
from gateway.formats.epcis_json.unicode import open_utf8
from gateway.sources import Lines, Source


def event_lines(source: Source, numbers: Collection[int]) -> dict[int, int]:
    """The lines of some events, by number; those behind a place where the document cannot be cut are left out."""
    found: dict[int, int] = {}
    context = Context()
    try:
        with open_utf8(source, context, report=False) as text, open_utf8(source, context, report=False) as stream:
            cut = open_events(stream, context.limits)
            if isinstance(cut, bytes):
                return {1: 1 + cut[: len(cut) - len(cut.lstrip())].count(b"\n")}
            lines = Lines(text)
            lines.skip(len(cut.head))
            number, last = 0, max(numbers)
            for pieces in cut.blocks():
                for piece in pieces:
                    number += 1
                    line = lines.of(bytes(piece))
                    if number in numbers:
                        found[number] = line
                    if number == last:
                        return found
    except GatewayError:
        pass  # the reader has said what is wrong
    return found
