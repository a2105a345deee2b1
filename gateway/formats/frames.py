"""The fastest way to read: an event whose text differs from an earlier one's only in its times, ids and objects.

What is left of an event's text without these values is its frame. When an event has been read in a way that proves
its text, the frame is remembered together with the event; a text with the same frame is the same event with other
values. That holds because a frame has every character outside of the values, and because the values are looked at:
they have nothing in them that could end or escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any, NamedTuple

from gateway.epcis.events import AggregationEvent, Event, ObjectEvent

#: Frames that are tried, the last used first. A batch has a handful: packs, cases and pallets, made and packed.
_MOST = 8
_TRIED = 1000  # after so many events it is clear whether frames come again
_RARE = 2  # less than one in so many: not worth the trying


class Span(NamedTuple):
    """Where a value stands in a text.

    Attributes:
        start: its first character.
        end: behind its last one.
        stop: what always stands behind it, and never in it.
        field: the event's field that it is.
    """

    start: int
    end: int
    stop: str
    field: str


class _Frame:
    """A frame and the event that was read with it."""

    __slots__ = ("_event", "_holes", "_last")

    def __init__(self, text: str, position: int, end: int, spans: Sequence[Span], event: Event) -> None:
        self._event: Any = copy(event)
        self._holes = []
        for span in spans:
            self._holes.append((text[position : span.start], span.stop, span.field))
            position = span.end
        self._last = text[position:end]

    def values(self, text: str, position: int) -> tuple[dict[str, str], int] | None:
        """The texts of the values by field, and the position behind the event; None for another frame."""
        values = {}
        for piece, stop, field in self._holes:
            if not text.startswith(piece, position):
                return None
            position += len(piece)
            end = text.find(stop, position)
            if end < 0:
                return None
            values[field] = text[position:end]
            position = end
        return (values, position + len(self._last)) if text.startswith(self._last, position) else None

    def event(self) -> Any:
        """A new event with the parts of the one that was read."""
        return self._event.__copy__()


class Frames:
    """Reads events of one document that are alike.

    Args:
        epcs: most identifiers that one event may have.
        spans: where the values stand in a text that was read, in their order, objects included.
        objects: the identifiers in the text of a list, None when it needs a closer look.
        plain: whether nothing in these values needs a closer look.
    """

    def __init__(
        self,
        epcs: int,
        spans: Callable[[str, int, int], Iterable[Span]],
        objects: Callable[[str], list[str] | None],
        plain: Callable[[Sequence[str]], bool],
    ) -> None:
        self._epcs = epcs
        self._spans = spans
        self._objects = objects
        self._plain = plain
        self._frames: list[_Frame] = []
        self._new = 0
        self._again = 0

    def read(self, text: str, position: int) -> tuple[Event, int] | None:
        """The event at a position, its `where` still that of another one, and the position behind it.

        None when its frame is not known.
        """
        for index, frame in enumerate(self._frames):
            found = frame.values(text, position)
            if found is None:
                continue
            values, end = found
            objects = "child_epcs" if "child_epcs" in values else "epc_list"
            epcs = self._objects(values.pop(objects))
            if epcs is None or len(epcs) > self._epcs or not self._plain([*values.values(), *epcs]):
                return None
            if index:
                self._frames.insert(0, self._frames.pop(index))
            self._again += 1
            event = frame.event()
            for field, value in values.items():
                setattr(event, field, value)
            setattr(event, objects, epcs)
            return event, end
        return None

    def learn(self, text: str, position: int, end: int, event: Event) -> None:
        """Remember the frame of an event that was read, in a way that proves it, of this part of a text."""
        self._new += 1
        if self._new > _TRIED and self._again < self._new * _RARE:
            self._frames.clear()
            return
        if not isinstance(event, ObjectEvent | AggregationEvent):
            return
        spans = list(self._spans(text, position, end))
        fields = [span.field for span in spans]
        lists = [field for field in fields if field in ("epc_list", "child_epcs")]
        if len(lists) != 1 or len(set(fields)) != len(fields):
            return
        for span in spans:
            value: object = text[span.start : span.end]
            if span.field in lists:
                value = self._objects(text[span.start : span.end])
            if value is None or getattr(event, span.field, None) != value:
                return
        self._frames.insert(0, _Frame(text, position, end, spans, event))
        del self._frames[_MOST:]
