"""How alike events are written: once by the writer, then by filling what differs into what it wrote.

A template is not trusted but proved. The writer writes an event whose own values are marks; the marks say where the
values stand. It is kept only when, filled with the values of a real event, it gives what the writer gives for that.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from operator import attrgetter
from typing import Any, Final

from gateway.epcis.alike import Alike, Entry
from gateway.epcis.events import AggregationEvent, Event
from gateway.formats.base import Context

#: Characters that neither XML nor JSON escapes.
_PLAIN: Final = bytes(set(range(0x20, 0x7F)) - set(b'&<>"\\'))

_MARKS: Final = {
    "event_time": "9990-01-02T03:04:05.000000001Z",
    "record_time": "9990-01-02T03:04:05.000000002Z",
    "event_id": "mark:event:9990000000003",
    "parent_id": "mark:parent:9990000000004",
}
_FIRST: Final = "mark:object:9990000000005"
_SECOND: Final = "mark:object:9990000000006"

_OBJECTS: Final = ("epc_list", "child_epcs")

Write = Callable[[Event], str]
Fits = Callable[[Event, list[str]], bool]


class _Template:
    """Text with holes: times, ids and objects of an event go into them in this order."""

    def __init__(self, pieces: list[str], fields: list[str], separator: str, fits: Fits) -> None:
        self._text = "%s".join(piece.replace("%", "%%") for piece in pieces)
        self._values = attrgetter(*fields)
        self._objects = next(index for index, name in enumerate(fields) if name in _OBJECTS)
        self._separator = separator
        self._fits = fits

    def fill(self, event: Event) -> str | None:
        """The text of an event; None when it has a value that the writer has to look at."""
        values = self._values(event)
        at = self._objects
        before, epcs, after = values[:at], values[at], values[at + 1 :]
        own = "".join([*before, *epcs, *after])
        if not own.isascii() or own.encode().translate(None, _PLAIN) or not self._fits(event, epcs):
            return None
        return self._text % (*before, self._separator.join(epcs), *after)


class Templates:
    """Writes events by templates where that gives the same.

    Args:
        context: of the conversion; a template is kept only where writing reports nothing.
        write: writes one event.
        fits: whether `write` would take the times and objects of an event as they are.
    """

    def __init__(self, context: Context, write: Write, fits: Fits) -> None:
        self._context = context
        self._fits = fits
        self._write = write
        self._alike: Alike[_Template] = Alike()

    def write(self, event: Event) -> str:
        """The text of an event."""
        entry = self._alike.entry(event)
        if entry is None:
            return self._write(event)
        if entry.value is not None:
            return entry.value.fill(event) or self._write(event)
        if entry.seen == 2:  # noqa: PLR2004 - not sooner, so that events without any alike cost nothing more
            return self._learn(event, entry)
        return self._write(event)

    def _learn(self, event: Event, entry: Entry[_Template]) -> str:
        said = self._said()
        text = self._write(event)
        if self._said() == said:
            template = self._template(event)
            if template is not None and template.fill(event) == text:
                entry.value = template
        return text

    def _said(self) -> tuple[int, int]:
        return len(self._context.findings), self._context.losses.count

    def _template(self, event: Event) -> _Template | None:
        marked: Any = copy(event)
        objects = "child_epcs" if type(event) is AggregationEvent else "epc_list"
        marks = {name: mark for name, mark in _MARKS.items() if getattr(event, name, None) is not None}
        for name, mark in marks.items():
            setattr(marked, name, mark)
        setattr(marked, objects, [_FIRST, _SECOND])
        text = self._write(marked)
        if any(text.count(mark) != 1 for mark in (*marks.values(), _FIRST, _SECOND)):
            return None
        start, end = text.index(_FIRST), text.index(_SECOND)
        separator = text[start + len(_FIRST) : end]
        places = [(text.index(mark), len(mark), name) for name, mark in marks.items()]
        places.append((start, end + len(_SECOND) - start, objects))
        pieces, fields, position = [], [], 0
        for place, length, name in sorted(places):
            pieces.append(text[position:place])
            fields.append(name)
            position = place + length
        return _Template([*pieces, text[position:]], fields, separator, self._fits)
