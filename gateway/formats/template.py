"""How alike events are written: once by the writer, then by filling what differs into what it wrote.

A template is not trusted but proved. The writer writes an event whose own values are marks; the marks say where the
values stand. It is kept only when, filled with the values of a real event, it gives what the writer gives for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from gateway.epcis.alike import Alike, Entry, Group
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

#: Writes an event, with its number in the output.
Write = Callable[[Event, int], str]
Fits = Callable[[Group], bool]


class _Template:
    """Text with holes: times, ids and objects of an event go into them in this order."""

    def __init__(self, pieces: list[str], fields: list[str], separator: str, fits: Fits) -> None:
        self._text = "%s".join(piece.replace("%", "%%") for piece in pieces)
        self._own = [attrgetter(name) for name in fields if name not in _OBJECTS]
        self._objects = next(index for index, name in enumerate(fields) if name in _OBJECTS)
        self._separator = separator
        self._fits = fits

    def fill(self, group: Group) -> list[str] | None:
        """The texts of events that are alike; None when there is a value that the writer has to look at."""
        if not all(group.lists):
            return None
        own: list[list[str]] = [list(map(get, group.events)) for get in self._own]
        text = "".join(chain(group.objects, *own))
        if not text.isascii() or text.encode().translate(None, _PLAIN) or not self._fits(group):
            return None
        own.insert(self._objects, list(map(self._separator.join, group.lists)))
        return list(map(self._text.__mod__, zip(*own, strict=True)))


class Templates:
    """Writes events by templates where that gives the same.

    Args:
        context: of the conversion; a template is kept only where writing reports nothing.
        write: writes one event; its number is that in the output.
        fits: whether `write` would take the times and objects of events as they are.
    """

    def __init__(self, context: Context, write: Write, fits: Fits) -> None:
        self._context = context
        self._fits = fits
        self._write = write
        self._alike: Alike[_Template] = Alike()
        self._number = 0

    def write(self, batch: Sequence[Event]) -> list[str]:
        """The texts of some events, in their order."""
        texts: list[str | None] = [None] * len(batch)
        groups, others = self._alike.groups(batch)
        alike: dict[int, tuple[Entry[_Template], list[int]]] = {}
        for entry, indexes in groups.items():
            if not _fill(entry, batch, indexes, texts):
                others += indexes
                alike.update(dict.fromkeys(indexes, (entry, indexes)))
        for index in sorted(others):
            if texts[index] is None:
                number = self._number + index + 1
                if index in alike:
                    self._learn(batch, index, number, *alike[index], texts)
                else:
                    texts[index] = self._write(batch[index], number)
        self._number += len(batch)
        return [text or "" for text in texts]

    def _learn(
        self,
        batch: Sequence[Event],
        index: int,
        number: int,
        entry: Entry[_Template],
        indexes: list[int],
        texts: list[str | None],
    ) -> None:
        """Write an event of a group that could not be filled in as a whole."""
        if entry.value is not None:
            if not _fill(entry, batch, [index], texts):
                texts[index] = self._write(batch[index], number)
            return
        event = batch[index]
        entry.seen += 1
        if entry.seen != 2:  # noqa: PLR2004 - not sooner, so that events without any alike cost nothing more
            texts[index] = self._write(event, number)
            return
        said = self._said()
        text = texts[index] = self._write(event, number)
        if self._said() == said:
            template = self._template(event, number)
            if template is not None and template.fill(Group([event])) == [text]:
                entry.value = template
                _fill(entry, batch, [other for other in indexes if other > index], texts)

    def _said(self) -> tuple[int, int]:
        return len(self._context.findings), self._context.losses.count

    def _template(self, event: Event, number: int) -> _Template | None:
        marked: Any = copy(event)
        objects = "child_epcs" if type(event) is AggregationEvent else "epc_list"
        marks = {name: mark for name, mark in _MARKS.items() if getattr(event, name, None) is not None}
        for name, mark in marks.items():
            setattr(marked, name, mark)
        setattr(marked, objects, [_FIRST, _SECOND])
        text = self._write(marked, number)
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


def _fill(entry: Entry[_Template], batch: Sequence[Event], indexes: list[int], texts: list[str | None]) -> bool:
    """Write events that are alike by their template, if there is one and it will do."""
    filled = entry.value.fill(Group([batch[index] for index in indexes])) if entry.value and indexes else None
    for index, text in zip(indexes, filled or (), strict=False):
        texts[index] = text
    return filled is not None
