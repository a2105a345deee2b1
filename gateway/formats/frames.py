"""The fastest way to read: an event whose text differs from an earlier one's only in its times, ids and objects.

What is left of an event's text without these values is its frame. When an event has been read in a way that proves
its text, the frame is remembered together with the event; a text with the same frame is the same event with other
values. That holds because a frame has every character outside of the values, and because the values are looked at:
they have nothing in them that could end or escape them.
"""

from __future__ import annotations

import re
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
_KINDS: Final = 1024  # of so many kinds this is counted
_STRANGERS: Final = 16  # so many frames of one kind of event that never came again: the next will not either


class Span(NamedTuple):
    """Where a value stands in a text.

    Attributes:
        start: its first character.
        end: behind its last one.
        field: the event's field that it is.
        stop: for a list of identifiers what always stands behind it, and never in it.
    """

    start: int
    end: int
    field: str
    stop: str = ""


class Items(NamedTuple):
    """How a list of identifiers is written: what stands before, between and behind them."""

    before: str
    between: str
    behind: str


class Notation(NamedTuple):
    """How values are written in one format.

    Attributes:
        spans: where the values stand in a text that was read, in their order, objects included.
        items: how the list of identifiers with this text is written, None when it needs a closer look.
        value: pattern of a value that needs no closer look, up to what ends it.
        plain: whether nothing in these identifiers needs a closer look, and no separator of theirs is in them.
    """

    spans: Callable[[str], Iterable[Span]]
    items: Callable[[str], Items | None]
    value: str
    plain: Callable[[list[str]], bool]


#: An event read by its frame, with the `where` of another one; the position behind it; the line ends before its first
#: character that is no white space; the line ends in all of it. No named tuple: there is one for each event.
Found: TypeAlias = tuple[Event, int, int, int]


class _Frame:
    """What follows the identifiers of an event, and the event that was read with it.

    Args:
        text: from behind the last identifier to the end of the event.
        spans: the values in it.
        event: what is the same in all events with this frame.
        lines: line ends before the event, and in all of it but for those between identifiers.
        value: pattern of a value.
    """

    __slots__ = ("behind", "event", "fields", "hits", "indent", "lines", "rest")

    def __init__(self, text: str, spans: Sequence[Span], event: Event, lines: tuple[int, int], value: str) -> None:
        self.behind = text[: spans[0].start] if spans else text
        self.rest = re.compile(_pattern(text, spans, value)).match if spans else None
        self.fields = [span.field for span in spans]
        self.event: Any = copy(event)
        self.event.kin = Kin()
        self.indent, self.lines = lines
        self.hits = 0

    @property
    def kind(self) -> tuple[type[Event], str | None]:
        """Frames of one kind are those of events of one type and business step."""
        return type(self.event), self.event.biz_step


class _Head:
    """The text of an event up to its first identifier, and how its identifiers are written.

    Args:
        pattern: of the text, with a group for each value.
        fields: which values these are.
        listed: which field has the identifiers, and what always stands behind them.
        items: how these are written.
        plain: as in `Notation`.
    """

    __slots__ = ("_behind", "_between", "_fields", "_lines", "_listed", "_match", "_plain", "_stop", "frames", "key")

    def __init__(
        self, pattern: str, fields: list[str], listed: Span, items: Items, plain: Callable[[list[str]], bool]
    ) -> None:
        self.key = (pattern, items)
        self._match = re.compile(pattern).match
        self._fields = fields
        self._listed = listed.field
        self._stop = listed.stop
        self._behind = len(items.behind)
        self._between = items.between
        self._lines = items.between.count("\n")
        self._plain = plain
        self.frames: list[_Frame] = []  # the last used first

    # One loop without calls of our own: nearly every event of a document comes here.
    def run(self, text: str, position: int, gap: str, most: int, epcs: int) -> list[Found]:  # noqa: C901
        """The events from a position on, up to one with another head, or with values that need a closer look.

        Args:
            text: with all of the first event.
            position: where it begins.
            gap: what stands between two events and is no part of their frames.
            most: how many events at most.
            epcs: most identifiers of one event.
        """
        found: list[Found] = []
        match, fields, frames, plain, between = self._match, self._fields, self.frames, self._plain, self._between
        while len(found) < most:
            if found and gap:
                if not text.startswith(gap, position):
                    break
                position += len(gap)
            before = match(text, position)
            if before is None:
                break
            first = before.end()
            last = text.find(self._stop, first) - self._behind
            if last < first or not (text.startswith(frames[0].behind, last) or self._swap(text, last)):
                break
            frame = frames[0]
            objects = text[first:last].split(between)
            if len(objects) > epcs or not plain(objects) or not all(objects):
                break
            event = frame.event.__copy__()
            if frame.rest is None:
                position = last + len(frame.behind)
            else:
                rest = frame.rest(text, last)
                if rest is None:
                    break
                position = rest.end()
                for field, value in zip(frame.fields, rest.groups(), strict=True):
                    setattr(event, field, value)
            for field, value in zip(fields, before.groups(), strict=True):
                setattr(event, field, value)
            setattr(event, self._listed, objects)
            frame.hits += 1
            found.append((event, position, frame.indent, frame.lines + self._lines * (len(objects) - 1)))
        return found

    def _swap(self, text: str, position: int) -> bool:
        """Bring the frame to the front whose text stands at a position, if there is one."""
        for index, frame in enumerate(self.frames):
            if text.startswith(frame.behind, position):
                self.frames.insert(0, self.frames.pop(index))
                return True
        return False


def _pattern(text: str, spans: Sequence[Span], value: str) -> str:
    """The pattern of a text, with a group for each value in it."""
    pieces = []
    position = 0
    for span in spans:
        pieces.append(f"{re.escape(text[position : span.start])}({value})")
        position = span.end
    return "".join([*pieces, re.escape(text[position:])])


class Frames:
    """Reads events of one document that are alike.

    Args:
        epcs: most identifiers that one event may have.
        notation: of the document's format.
    """

    def __init__(self, epcs: int, notation: Notation) -> None:
        self._epcs = epcs
        self._notation = notation
        self._heads: dict[tuple[str, Items], _Head] = {}
        self._order: list[_Head] = []  # the last used first
        self._strangers: dict[tuple[type[Event], str | None], int] = {}
        self._new = 0
        self._again = 0

    def read(self, text: str, position: int) -> Found | None:
        """The event at a position; None when its frame is not known."""
        found = self.run(text, position, "", 1)
        return found[0] if found else None

    def run(self, text: str, position: int, gap: str, most: int) -> list[Found]:
        """The events from a position on, as long as they are much alike (`_Head.run`)."""
        for index, head in enumerate(self._order):
            found = head.run(text, position, gap, most, self._epcs)
            if found:
                if index:
                    self._order.insert(0, self._order.pop(index))
                self._again += len(found)
                return found
        return []

    def learn(self, text: str, position: int, end: int, event: Event) -> None:
        """Remember the frame of an event that was read, in a way that proves it, of this part of a text."""
        self._new += 1
        if self._new > _TRIED and self._again < self._new * _RARE:
            self._heads.clear()
            self._order.clear()
            return
        if not isinstance(event, ObjectEvent | AggregationEvent):
            return
        if self._strangers.get((type(event), event.biz_step), 0) >= _STRANGERS:
            return
        self._learn(text[position:end], event)

    def _learn(self, text: str, event: Event) -> None:
        spans = list(self._notation.spans(text))
        lists = [index for index, span in enumerate(spans) if span.field in _LISTS]
        if len(lists) != 1 or len({span.field for span in spans}) != len(spans):
            return
        listed = spans[lists[0]]
        items = self._notation.items(text[listed.start : listed.end])
        if items is None:
            return
        before, behind = spans[: lists[0]], spans[lists[0] + 1 :]
        first, last = listed.start + len(items.before), listed.end - len(items.behind)
        pattern = _pattern(text[:first], before, self._notation.value)
        head = self._heads.get((pattern, items))
        if head is None:
            head = _Head(pattern, [span.field for span in before], listed, items, self._notation.plain)
        indent = text[: len(text) - len(text.lstrip())].count("\n")
        lines = text.count("\n") - text.count("\n", first, last)
        moved = [Span(span.start - last, span.end - last, span.field) for span in behind]
        frame = _Frame(text[last:], moved, event, (indent, lines), self._notation.value)
        head.frames.insert(0, frame)
        again = head.run(text, 0, "", 1, self._epcs)
        if not again or again[0][:2] != (event, len(text)):
            head.frames.remove(frame)
            return
        frame.hits = 0
        self._keep(head)

    def _keep(self, head: _Head) -> None:
        """Keep a head and its new frame, and no more than a handful of each.

        New ones stand at the end: what never comes again must not be tried before what does.
        """
        new = head.frames.pop(0)
        for old in head.frames[_MOST - 1 :]:
            if old.hits:
                self._strangers.pop(old.kind, None)
            elif old.kind in self._strangers or len(self._strangers) < _KINDS:
                self._strangers[old.kind] = self._strangers.get(old.kind, 0) + 1
        head.frames[_MOST - 1 :] = [new]
        if head.key not in self._heads:
            for other in self._order[_MOST - 1 :]:
                del self._heads[other.key]
            self._order[_MOST - 1 :] = [head]
            self._heads[head.key] = head
