"""Writes events into the hierarchy store, in blocks: short transactions, bounded memory, no object for a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.checks.across import TOO_MANY_EVENTS
from gateway.epcis.events import (
    AggregationEvent,
    Event,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.hierarchy import CBV_MDA
from gateway.epcis.time import OrderKey, order_key
from gateway.epcis.vocabulary import Field, word
from gateway.errors import InputError
from gateway.exchange.ledger.database import Database
from gateway.exchange.serials.keys import NUMBER_BITS, PART, event_id, keys_of, pack_list
from gateway.exchange.serials.sql import Bulk
from gateway.exchange.serials.tables import Kind, MessageState, SerialMessage, SerialStem
from gateway.findings import Finding
from gateway.secret import SECRET_ATTRIBUTES

#: Identifiers, and events, that are written at once.
BLOCK: Final = 100_000
_BLOCK_EVENTS: Final = 10_000
_MOST_EVENTS: Final = (1 << NUMBER_BITS) - 1
_BEGINNING: Final = OrderKey(-(1 << 62), "")
_ENDINGS: Final = frozenset({"decommissioning", "destroying"})
_AGGREGATION: Final = {"ADD": Kind.PACKED, "OBSERVE": Kind.SEEN_INSIDE, "DELETE": Kind.UNPACKED}
_EVENT_COLUMNS: Final = (
    "id", "message", "seconds", "fraction", "kind", "size", "step", "disposition", "event_id", "parent", "parent_epc",
    "ilmd",
)  # fmt: skip

_Told = tuple[Kind, Sequence[str], str | None]


class Recorder:
    """Takes the events of one message.

    Args:
        database: where they go.
        message: the message's row in the store.
        stems: ids of stems that are known already; shared by all recorders of a store.
        waits: it counts only when its check is passed.
    """

    def __init__(self, database: Database, message: int, stems: dict[str, int], *, waits: bool = False) -> None:
        self._database = database
        self._waits = waits
        self.message = message
        self._stems = stems
        self._number = 0
        self._count = 0
        self._last = _BEGINNING
        self._events: list[tuple[Any, ...]] = []
        self._lists: list[tuple[int, int, bytes]] = []
        self._epcs: list[str] = []
        self._spans: list[tuple[int, int]] = []
        self._withdrawn: set[str] = set()
        self.epcs = 0

    @property
    def events(self) -> int:
        """How many events were taken."""
        return self._count

    def add(self, events: Iterable[Event]) -> None:
        """Take some events.

        Raises:
            InputError: SERIAL-90.
        """
        for event in events:
            self._count += 1
            # As its document counts, where events were left out of that.
            self._number = max(self._number + 1, event.where.event)
            if self._number > _MOST_EVENTS:
                message = f"the message has more than {_MOST_EVENTS:,} events"
                raise InputError(Finding.of(TOO_MANY_EVENTS, message))
            if event.error_declaration is not None:
                if event.event_id:
                    self._withdrawn.add(event.event_id)
                continue
            # A time that cannot be read counts as that of the event before it: the order of the message decides.
            self._last = order_key(event.event_time, event.event_time_zone_offset) or self._last
            for which, told in enumerate(_told(event)):
                self._take(event, which, *told)
            if len(self._epcs) >= BLOCK or len(self._events) >= _BLOCK_EVENTS:
                self.flush()

    def finish(self) -> None:
        """Write what is left, and make the message count, unless it waits for its check."""
        self.flush()
        with self._database.write() as session:
            self._withdraw(session)
            done = sa.update(SerialMessage).where(SerialMessage.id == self.message)
            state = MessageState.READY if self._waits else MessageState.COMPLETE
            session.connection().execute(done.values(state=state))

    def close(self) -> None:
        """Write what is left. The message counts when another recorder of it has finished."""
        self.flush()
        with self._database.write() as session:
            self._withdraw(session)

    def _withdraw(self, session: Session) -> None:
        rows = [(self.message, event_id) for event_id in sorted(self._withdrawn)]
        Bulk(session.connection()).insert("serial_withdrawals", ("message", "event_id"), rows)
        self._withdrawn.clear()

    def flush(self) -> None:
        """Write what was taken so far."""
        if not self._events:
            return
        with self._database.write() as session:
            connection = session.connection()
            bulk = Bulk(connection)
            ids = _StemIds(connection, self._stems)
            keys = keys_of(self._epcs, ids)
            facts: list[tuple[int, int]] = []
            start = 0
            for event, end in self._spans:
                facts += zip(set(keys[start:end]), repeat(event), strict=False)
                start = end
            facts.sort()  # the index grows at neighbouring places: a third less work
            events = self._with_parents(ids)  # asks for stems: not while rows are being copied
            bulk.insert("serial_events", _EVENT_COLUMNS, events)
            bulk.insert("serial_lists", ("event", "part", "epcs"), self._lists)
            bulk.insert("serial_facts", ("epc", "event"), facts)
        self._stems.update(ids.new)
        self.epcs += len(self._epcs)
        self._events, self._lists, self._epcs, self._spans = [], [], [], []

    def _with_parents(self, ids: _StemIds) -> list[tuple[Any, ...]]:
        parents = [event[-2] for event in self._events if event[-2]]
        keys = iter(keys_of(parents, ids))
        return [(*event[:-3], next(keys) if event[-2] else None, *event[-2:]) for event in self._events]

    def _take(self, event: Event, which: int, kind: Kind, epcs: Sequence[str], parent: str | None) -> None:
        id_ = event_id(self.message, self._number, which)
        step = word(Field.BIZ_STEP, event.biz_step or "") or event.biz_step or ""
        disposition = word(Field.DISPOSITION, event.disposition or "") or event.disposition or ""
        ilmd = _ilmd(event) if kind is Kind.BORN else ""
        when = (id_, self.message, self._last.seconds, self._last.fraction)
        what = (int(kind), len(epcs), step, disposition, event.event_id or "", None, parent or "", ilmd)
        self._events.append((*when, *what))
        for part, start in enumerate(range(0, len(epcs), PART)):
            self._lists.append((id_, part, pack_list(epcs[start : start + PART])))
        if epcs:
            self._epcs += epcs
            self._spans.append((id_, len(self._epcs)))


class _StemIds:
    """Gives ids to stems inside one transaction; what is new is remembered by the store once that is through."""

    def __init__(self, connection: sa.Connection, known: dict[str, int]) -> None:
        self._connection = connection
        self._known = known
        self.new: dict[str, int] = {}

    def __call__(self, stems: Sequence[str]) -> dict[str, int]:
        missing = [stem for stem in stems if stem not in self._known and stem not in self.new]
        if missing:
            self.new.update(stem_ids(self._connection, missing))
            for stem in sorted(set(missing) - self.new.keys()):
                # Another process may put the same stem at the same moment; then its id counts.
                text = "INSERT INTO serial_stems (stem) VALUES (:stem) ON CONFLICT (stem) DO NOTHING"
                self._connection.execute(sa.text(text), {"stem": stem})
            self.new.update(stem_ids(self._connection, missing))
        return self._known | self.new if self.new else self._known


def stem_ids(connection: sa.Connection, stems: Sequence[str]) -> dict[str, int]:
    """The ids of those stems that have one."""
    found: dict[str, int] = {}
    for start in range(0, len(stems), 500):
        query = sa.select(SerialStem.stem, SerialStem.id).where(SerialStem.stem.in_(stems[start : start + 500]))
        found.update((stem, id_) for stem, id_ in connection.execute(query))
    return found


def _told(event: Event) -> Iterator[_Told]:
    """What an event says about which identifiers. Amounts without serial numbers are no matter of this store."""
    match event:
        case AggregationEvent():
            yield _AGGREGATION.get(event.action, Kind.OBSERVED), event.child_epcs or [], event.parent_id
        case ObjectEvent():
            yield _object_kind(event), event.epc_list or [], None
        case TransactionEvent():
            yield Kind.OBSERVED, event.epc_list or [], None
        case TransformationEvent():
            yield Kind.ENDED, event.input_epc_list or [], None
            yield Kind.BORN, event.output_epc_list or [], None
        case _:
            return


def _object_kind(event: ObjectEvent) -> Kind:
    if event.action == "DELETE" or word(Field.BIZ_STEP, event.biz_step or "") in _ENDINGS:
        return Kind.ENDED
    return Kind.BORN if event.action == "ADD" else Kind.OBSERVED


def _ilmd(event: Event) -> str:
    ilmd = event.ilmd if isinstance(event, (ObjectEvent, TransformationEvent)) else None
    # CBV attributes win over a vendor's element of the same local name.
    ordered = sorted(
        (each for each in ilmd or () if each.local not in SECRET_ATTRIBUTES),
        key=lambda element: element.namespace == CBV_MDA,
    )
    return orjson.dumps({element.local: element.text for element in ordered}).decode() if ordered else ""
