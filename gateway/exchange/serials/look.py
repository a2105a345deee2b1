"""Reads the hierarchy store: what is known of many identifiers at once, event by event in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from gateway.exchange.serials.keys import canonical, keys_of, unpack_list
from gateway.exchange.serials.record import stem_ids
from gateway.exchange.serials.sql import Bulk
from gateway.exchange.serials.tables import Kind, MessageState
from gateway.markets.kit.split import by_weight

#: Most identifiers of unpacked lists that are kept for the next question.
_KEPT: Final = 50_000
#: Most events that are kept for the next question.
_KEPT_EVENTS: Final = 10_000
_NO_STEM: Final = 0  # ids begin with 1: a stem that nobody recorded finds nothing


class EventRow(NamedTuple):
    """One event as it is kept; its order in time is that of the first three fields."""

    seconds: int
    fraction: str
    id: int
    message: int
    kind: int
    size: int
    step: str
    disposition: str
    event_id: str
    parent: int | None
    parent_epc: str
    ilmd: str

    def same_parent(self, other: EventRow) -> bool:
        """Whether both name the same container, in whatever spelling, or both none."""
        if self.parent_epc == other.parent_epc:
            return True
        return self.parent == other.parent and canonical([self.parent_epc]) == canonical([other.parent_epc])


class Run(NamedTuple):
    """One of the runs of a file, for which the others do not count, and it does itself.

    Attributes:
        mine: id of its message.
        others: ids of the messages of the others.
    """

    mine: str = ""
    others: frozenset[str] = frozenset()

    def sees(self, message: str, state: str) -> bool:
        """Whether a message counts for it."""
        if message == self.mine:
            return state in (MessageState.READY, MessageState.COMPLETE)
        return state == MessageState.COMPLETE and message not in self.others


NOBODY: Final = Run()

#: Up to when events count: seconds and fraction of an `OrderKey`; None for all.
AsOf = tuple[int, str] | None
_COLUMNS: Final = ", ".join(EventRow._fields)
History = dict[str, list[EventRow]]


class Look:
    """Questions about one client's messages in one transaction.

    Args:
        connection: of that transaction.
        client: whose messages count.
        run: which run of a file asks, if one does.
    """

    def __init__(self, connection: sa.Connection, client: str, run: Run = NOBODY) -> None:
        self._connection = connection
        self._run = run
        self._bulk = Bulk(connection)
        self._client = client
        #: The messages that were met and count, and their ids.
        self.messages: dict[int, str] = {}
        self._met: set[int] = set()
        self._withdrawn: dict[str, bool] = {}
        self._stems: dict[str, int] = {}
        self._events: dict[int, EventRow | None] = {}
        self._lists: dict[int, tuple[list[str], list[str]]] = {}
        self._kept = 0

    def list_of(self, event: int) -> tuple[list[str], list[str]]:
        """The identifiers in an event as they are spelt, and their canonical texts."""
        return self.lists_of([event])[event]

    def lists_of(self, events: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
        """The same for many events."""
        missing = [event for event in events if event not in self._lists]
        if self._kept > _KEPT:
            known = {event: self._lists[event] for event in events if event in self._lists}
            self._lists, self._kept = known, sum(len(spelt) for spelt, _ in known.values())
        parts = sorted(tuple(row) for row in self._bulk.select("event, part, epcs", "serial_lists", "event", missing))
        spelt: dict[int, list[str]] = {event: [] for event in missing}
        for event, _, epcs in parts:
            spelt[event] += unpack_list(epcs)
        for event, texts in spelt.items():
            self._lists[event] = (texts, canonical(texts))
            self._kept += len(texts)
        return {event: self._lists[event] for event in events}

    def packings_of(self, containers: Sequence[str], as_of: AsOf) -> list[EventRow]:
        """The events that tell what is in one of the containers (canonical texts), in the order of time."""
        rows = self._about_parents(self._keys(containers), as_of)
        wanted = set(containers)
        rows = [row for row in rows if row.kind in (Kind.PACKED, Kind.SEEN_INSIDE) and row.size]
        return [row for row, parent in zip(rows, self.parents_of(rows), strict=True) if parent in wanted]

    @staticmethod
    def parents_of(rows: Sequence[EventRow]) -> list[str]:
        """The canonical text of each event's container."""
        return canonical([row.parent_epc for row in rows])

    def histories(self, objects: Sequence[str], as_of: AsOf = None) -> History:
        """All events about each object (canonical texts), in the order of time, also those that empty its container."""
        found: History = {text: [] for text in objects}
        pointed = self._bulk.select("DISTINCT event", "serial_facts", "epc", self._keys(objects))
        rows = self._visible(dict.fromkeys(row[0] for row in pointed), as_of)
        for part in by_weight(rows, _KEPT, lambda row: row.size):
            lists = self.lists_of([row.id for row in part])
            for row in part:
                # A number may belong to several identifiers: who is really in the event, its list says.
                for text in lists[row.id][1]:
                    if text in found:
                        found[text].append(row)
        self._add_emptyings(found, rows, as_of)
        for history in found.values():
            if len(history) > 1:
                history.sort()
        return found

    def _add_emptyings(self, found: History, rows: Iterable[EventRow], as_of: AsOf) -> None:
        """Add the unpackings that name a container and no children: they concern whatever is in it."""
        containers = {row.parent for row in rows if row.parent is not None}
        emptyings = [
            row for row in self._about_parents(containers, as_of) if row.kind == Kind.UNPACKED and not row.size
        ]
        if not emptyings:
            return
        by_parent: dict[int, list[EventRow]] = {}
        for row in emptyings:
            by_parent.setdefault(row.parent or 0, []).append(row)
        for history in found.values():
            for parent in {row.parent for row in history if row.parent is not None}:
                history.extend(by_parent.get(parent, ()))

    def _about_parents(self, parents: Iterable[int], as_of: AsOf) -> list[EventRow]:
        rows = self._bulk.select("id", "serial_events", "parent", parents)
        return sorted(self._visible([row[0] for row in rows], as_of))

    def _visible(self, events: Iterable[int], as_of: AsOf) -> list[EventRow]:
        """Those of the events that count: of a complete message of the client, not withdrawn, not too late."""
        wanted = list(events)
        if len(self._events) > _KEPT_EVENTS:
            self._events, self._withdrawn = {}, {}
        missing = [event for event in wanted if event not in self._events]
        found = [EventRow._make(row) for row in self._bulk.select(_COLUMNS, "serial_events", "id", missing)]
        self._meet({event.message for event in found})
        self._look_for_withdrawals({event.event_id for event in found if event.event_id})
        for event in found:
            counts = event.message in self.messages and not self._withdrawn.get(event.event_id, False)
            self._events[event.id] = event if counts else None
        rows = [row for row in (self._events.get(event) for event in wanted) if row is not None]
        return [row for row in rows if as_of is None or row[:2] <= as_of]

    def _meet(self, messages: Iterable[int]) -> None:
        """Find out which messages count. Those that no question leads to are never asked for."""
        new = set(messages) - self._met
        self._met |= new
        for row in self._bulk.select("id, message, client, state", "serial_messages", "id", new):
            if row.client == self._client and self._run.sees(row.message, row.state):
                self.messages[row.id] = row.message

    def _look_for_withdrawals(self, event_ids: Iterable[str]) -> None:
        """Find out which events a message that counts withdraws."""
        new = set(event_ids) - self._withdrawn.keys()
        self._withdrawn.update(dict.fromkeys(new, False))
        rows = list(self._bulk.select("event_id, message", "serial_withdrawals", "event_id", new))
        self._meet({row.message for row in rows})
        self._withdrawn.update((row.event_id, True) for row in rows if row.message in self.messages)

    def _keys(self, objects: Sequence[str]) -> list[int]:
        return keys_of(objects, self._stem_ids)

    def _stem_ids(self, stems: Sequence[str]) -> dict[str, int]:
        missing = [stem for stem in stems if stem not in self._stems]
        if missing:
            self._stems.update(dict.fromkeys(missing, _NO_STEM) | stem_ids(self._connection, missing))
        return self._stems
