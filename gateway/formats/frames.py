"""The fastest way to read: an event whose text differs from an earlier one's only in its times, ids and objects.

What is left of an event's text without these values is its frame. When an event has been read in a way that proves
its text, the frame is remembered together with the event; a text with the same frame is the same event with other
values. That holds because a frame has every character outside of the values, and because the values are looked at:
they have nothing in them that could end or escape them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any, Final, NamedTuple, TypeAlias

from gateway.epcis.events import AggregationEvent, Event, Kin, ObjectEvent

#: The names of the values, in XML and JSON alike, and the fields that they are.
FIELDS: Final = {
    "eventTime": "event_time",
    "recordTime": "record_time",
    "eventID": "event_id",
    "parentID": "parent_id",
    "epcList": "epc_list",
    "childEPCs": "child_epcs",
}
_LISTS: Final = ("epc_list", "child_epcs")

#: Frames that are tried, the last used first. A batch has a handful: packs, cases and pallets, made and packed.
_MOST: Final = 8
_TRIED: Final = 1000  # after so many events it is clear whether frames come again
_RARE: Final = 2  # less than one in so many: not worth the trying
_STRANGERS: Final = 16  # so many frames of one kind of event that never came again: the next will not either


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


class Items(NamedTuple):
    """How a list of identifiers is written: what stands before, between and behind them."""

    before: str
    between: str
    behind: str


#: An event read by its frame, with the `where` of another one; the position behind it; the line ends before its first
#: character that is no white space; the line ends in all of it. No named tuple: there is one for each event.
Found: TypeAlias = tuple[Event, int, int, int]


class _Frame:
    """A frame and the event that was read with it."""

    __slots__ = (
        "_event",
        "_fields",
        "_holes",
        "_indent",
        "_items",
        "_last",
        "_lines",
        "_list",
        "_stops",
        "hits",
        "kind",
    )

    def __init__(self, text: str, position: int, end: int, spans: Sequence[Span], items: Items, event: Event) -> None:
        self._event: Any = copy(event)
        self._event.kin = Kin()
        whole = text[position:end]
        self._indent = whole[: len(whole) - len(whole.lstrip())].count("\n")
        self._holes = []
        self._fields = [span.field for span in spans]
        self._list = next(index for index, span in enumerate(spans) if span.field in _LISTS)
        for span in spans:
            self._holes.append((text[position : span.start], span.start - position, span.stop))
            position = span.end
        self._last = text[position:end]
        self._lines = sum(piece.count("\n") for piece, _, _ in self._holes) + self._last.count("\n")
        self._items = items
        self.kind = (type(event), event.biz_step)
        self.hits = 0

    def read(self, text: str, position: int, plain: Callable[[list[str]], bool], epcs: int) -> Found | None:
        """The event at a position; None for another frame, and for values that need a closer look."""
        values = []
        for piece, length, stop in self._holes:
            if not text.startswith(piece, position):
                return None
            position += length
            end = text.find(stop, position)  # none is -1, and no piece is so short that it stands there
            values.append(text[position:end])
            position = end
        if not text.startswith(self._last, position):
            return None
        listed = values[self._list]
        before, between, behind = self._items
        if not (listed.startswith(before) and listed.endswith(behind) and len(listed) > len(before) + len(behind)):
            return None
        objects = listed[len(before) : len(listed) - len(behind)].split(between)
        values[self._list] = ""
        if len(objects) > epcs or not plain([*values, *objects]) or not all(objects):
            return None
        event = self._event.__copy__()
        for field, value in zip(self._fields, values, strict=True):
            if value:
                setattr(event, field, value)
            elif field in _LISTS:
                setattr(event, field, objects)
            else:
                return None
        return event, position + len(self._last), self._indent, self._lines + listed.count("\n")


class Frames:
    """Reads events of one document that are alike.

    Args:
        epcs: most identifiers that one event may have.
        spans: where the values stand in a text that was read, in their order, objects included.
        items: how the list of identifiers with this text is written, None when it needs a closer look.
        plain: whether nothing in these values needs a closer look, and no separator of theirs is in them.
    """

    def __init__(
        self,
        epcs: int,
        spans: Callable[[str, int, int], Iterable[Span]],
        items: Callable[[str], Items | None],
        plain: Callable[[list[str]], bool],
    ) -> None:
        self._epcs = epcs
        self._spans = spans
        self._items = items
        self._plain = plain
        self._frames: list[_Frame] = []
        self._strangers: dict[tuple[type[Event], str | None], int] = {}
        self._new = 0
        self._again = 0

    def read(self, text: str, position: int) -> Found | None:
        """The event at a position; None when its frame is not known."""
        for index, frame in enumerate(self._frames):
            found = frame.read(text, position, self._plain, self._epcs)
            if found is not None:
                if index:
                    self._frames.insert(0, self._frames.pop(index))
                self._again += 1
                frame.hits += 1
                return found
        return None

    def learn(self, text: str, position: int, end: int, event: Event) -> None:
        """Remember the frame of an event that was read, in a way that proves it, of this part of a text."""
        self._new += 1
        if self._new > _TRIED and self._again < self._new * _RARE:
            self._frames.clear()
            return
        if not isinstance(event, ObjectEvent | AggregationEvent):
            return
        if self._strangers.get((type(event), event.biz_step), 0) >= _STRANGERS:
            return
        frame = self._frame(text, position, end, event)
        if frame is None:
            return
        # At the end: one that never comes again must not be tried before those that do.
        for other in self._frames[_MOST - 1 :]:
            self._strangers[other.kind] = 0 if other.hits else self._strangers.get(other.kind, 0) + 1
        del self._frames[_MOST - 1 :]
        self._frames.append(frame)

    def _frame(self, text: str, position: int, end: int, event: Event) -> _Frame | None:
        spans = list(self._spans(text, position, end))
        fields = [span.field for span in spans]
        lists = [span for span in spans if span.field in _LISTS]
        if len(lists) != 1 or len(set(fields)) != len(fields):
            return None
        items = self._items(text[lists[0].start : lists[0].end])
        if items is None:
            return None
        frame = _Frame(text, position, end, spans, items, event)
        again = frame.read(text, position, self._plain, self._epcs)
        return frame if again is not None and again[:2] == (event, end) else None
