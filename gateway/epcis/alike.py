"""Events that are alike: the same in all but their times, their ids and the objects that they name.

The events of a batch repeat each other: place, step, lot and parties are those of the event before. What somebody has
found out about these parts, that they are right or how they are written, holds for every event that is alike. Readers
help by giving alike events the same parts and one mark; therefore nobody changes a part in place, whoever needs another
one replaces it and takes the mark off.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from gateway.epcis.events import AggregationEvent, Event, Kin, ObjectEvent

T = TypeVar("T")

#: What alike events may differ in. Whether these are there at all is the same in all of them.
OWN: Final = ("event_time", "record_time", "event_id", "parent_id", "epc_list", "child_epcs", "where", "kin")

_MOST: Final = 1024
_TRIED: Final = 200  # after so many events of one kind it is clear whether they repeat each other
_RARE: Final = 4  # less than one in so many is known: not worth the asking


def _parts(cls: type[Event]) -> attrgetter[tuple[Any, ...]]:
    return attrgetter(*(name for name in cls.__struct_fields__ if name not in OWN))


#: Everyday events. Others are few, and are looked at one by one.
_PARTS: Final[dict[type[Event], attrgetter[tuple[Any, ...]]]] = {
    cls: _parts(cls) for cls in (ObjectEvent, AggregationEvent)
}


#: Where these have their objects, and their parent.
_OBJECTS: Final[dict[type[Event], tuple[attrgetter[list[str]], attrgetter[str] | None]]] = {
    ObjectEvent: (attrgetter("epc_list"), None),
    AggregationEvent: (attrgetter("child_epcs"), attrgetter("parent_id")),
}


class Entry(Generic[T]):
    """What is known about events that are alike.

    Attributes:
        parts: all that is the same in them.
        value: what is known, None as long as nobody has said it.
        seen: how many of them somebody has counted.
    """

    __slots__ = ("parts", "seen", "value")

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts
        self.value: T | None = None
        self.seen = 0


def remember(kins: set[Kin], kin: Kin) -> None:
    """Remember a mark about whose events something was found out. Of many, all are forgotten: it is found out again."""
    if len(kins) >= _MOST:
        kins.clear()
    kins.add(kin)


class _Tries:
    """How often events of one kind (type and business step) were alike to one before them.

    Attributes:
        new: how many were not.
        known: how many were.
    """

    __slots__ = ("known", "new")

    def __init__(self) -> None:
        self.new = 0
        self.known = 0


class Group:
    """Some events that are alike, in their order: what they may differ in, all at once.

    Attributes:
        events: at least one.
        first: the first of them; what alike events have in common is the same in all.
        lists: the identifiers of objects in each of them.
        objects: all of these.
        parents: the parents of those that have one.
    """

    __slots__ = ("events", "first", "lists", "objects", "parents")

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.first: Any = events[0]
        get, parent = _OBJECTS[type(self.first)]
        self.lists: list[list[str]] = list(map(get, events))
        self.objects = list(chain.from_iterable(self.lists))
        self.parents: list[str] = [] if parent is None or parent(self.first) is None else list(map(parent, events))


class Alike(Generic[T]):
    """Remembers one thing for each kind of alike events."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Any, ...], Entry[T]] = {}
        self._marked: dict[Kin | None, Entry[T]] = {}
        self._tries: dict[tuple[type[Event], str | None], _Tries] = {}

    def entry(self, event: Event) -> Entry[T] | None:
        """The entry of an event, new if there was none alike; None for events that are not looked at so.

        Those are events of rare types, and events without identifiers.
        """
        entry = self._marked.get(event.kin)
        if entry is not None:
            return entry
        get_parts = _PARTS.get(type(event))
        if get_parts is None:
            return None
        kind = type(event), event.biz_step
        tries = self._tries.get(kind)
        if tries is None:
            if len(self._tries) >= _MOST:
                self._tries.clear()
            tries = self._tries[kind] = _Tries()
        elif tries.new > _TRIED and tries.known * _RARE < tries.new:
            return None
        aggregation = type(event) is AggregationEvent
        if not (event.child_epcs if aggregation else event.epc_list):  # type: ignore[attr-defined]
            return None
        parts = get_parts(event)
        # Only a hint, quick to make: what counts is that all parts are equal.
        key = (
            event.parent_id is None if aggregation else id(event.ilmd),  # type: ignore[attr-defined]
            event.record_time is None,
            event.event_id is None,
            event.biz_step,
            event.disposition,
            id(event.read_point),
            id(event.biz_location),
            id(event.biz_transaction_list),
        )
        entry = self._entries.get(key)
        if entry is None or entry.parts != parts:
            tries.new += 1
            entry = self._new(key, parts)
        else:
            tries.known += 1
        if event.kin is not None:
            self._mark(event.kin, entry)
        return entry

    def groups(self, batch: Sequence[Event]) -> tuple[dict[Entry[T], list[int]], list[int]]:
        """Which events of a batch are alike: their positions by entry, and those of events without an entry."""
        groups: dict[Entry[T], list[int]] = {}
        others: list[int] = []
        kin, group = None, others
        for index, event in enumerate(batch):
            if event.kin is None or event.kin is not kin:
                kin = event.kin
                entry = self.entry(event)
                group = others if entry is None else groups.setdefault(entry, [])
            group.append(index)
        return groups, others

    def _mark(self, kin: Kin, entry: Entry[T]) -> None:
        if len(self._marked) >= _MOST:
            self._marked.clear()
        self._marked[kin] = entry

    def _new(self, key: tuple[Any, ...], parts: tuple[Any, ...]) -> Entry[T]:
        if len(self._entries) >= _MOST:
            self._entries.clear()
        entry: Entry[T] = Entry(parts)
        self._entries[key] = entry
        return entry
