"""The hierarchy store: commissioning, packing, status and attributes over all messages of a client.

A dispatch that names only pallets is expanded through it; a new message is compared with what earlier ones told. A
message that is voided counts no more, as if it had never come. Questions may be asked as of a time: that of the
events, not that of their arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.epcis.events import Event
from gateway.epcis.time import order_key
from gateway.exchange.clock import Clock, stamp, system
from gateway.exchange.ledger.database import Database, locking
from gateway.exchange.serials.keys import canonical
from gateway.exchange.serials.look import NOBODY, AsOf, EventRow, Look, Run
from gateway.exchange.serials.record import Recorder
from gateway.exchange.serials.runs import WHOLE, come_back
from gateway.exchange.serials.tables import Kind, MessageState, SerialMessage

#: What is in a container: as it is spelt, and the canonical texts.
_Inside = tuple[list[str], list[str]]
_NOTHING: Final[_Inside] = ([], [])
#: Objects that are asked about together with one of them: those that were told together.
_TOGETHER: Final = 50_000


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of one object.

    Attributes:
        known: whether any message speaks of it.
        commissioned: whether a message commissioned it.
        ended: whether it was decommissioned or destroyed.
        step: last business step, as a bare word where it is a standard one.
        disposition: last disposition that an event gave it.
        parent: the container it is in.
        attributes: ILMD by local name.
        messages: ids of the messages that speak of it, in the order of their events.
    """

    known: bool = False
    commissioned: bool = False
    ended: bool = False
    step: str = ""
    disposition: str = ""
    parent: str | None = None
    attributes: dict[str, str] | None = None
    messages: tuple[str, ...] = ()


class SerialStore:
    """The store of one workspace.

    Args:
        database: the ledger's, or another one of the same form.
        clock: tells when something was recorded.
    """

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self.database = database
        self._clock = clock
        self._stems: dict[str, int] = {}

    @contextmanager
    def recording(self, client: str, message: str, *, waits: bool = False) -> Iterator[Recorder | None]:
        """Take the events of a message with the recorder that this gives; None when they are in the store already.

        At the end they count, all at once; with `waits` when the message has taken the place of another run of the same
        file (`gateway.exchange.serials.runs`). After an exception, or a crash, none of them ever does, and the message
        can be recorded again.
        """
        with self.database.write() as session:
            if session.scalar(_row(client, message, MessageState.COMPLETE, MessageState.READY)) is not None:
                row = None
            else:
                row = SerialMessage(
                    client=client, message=message, state=MessageState.RECORDING, recorded_at=stamp(self._clock())
                )
                session.add(row)
                session.flush()
            number = row.id if row is not None else 0
        if not number:
            yield None
            return
        recorder = self.recorder(number, waits=waits)
        yield recorder
        recorder.finish()

    def recorder(self, number: int, *, waits: bool = False) -> Recorder:
        """What takes events of a message by the number of its row. They do not count before `recording` ends."""
        return Recorder(self.database, number, self._stems, waits=waits)

    def record(self, client: str, message: str, events: Iterable[Event]) -> int:
        """Take all events of a message; how many identifiers there were, 0 when they are in the store already."""
        with self.recording(client, message) as recorder:
            if recorder is not None:
                recorder.add(events)
        return recorder.epcs if recorder is not None else 0

    def void(self, client: str, message: str) -> bool:
        """Undo a message; whether there was one. It can be recorded again.

        Where it had taken the place of an earlier run of the same file, that one counts again.
        """
        with self.database.write() as session:
            return _void(session, _of(client, message), stamp(self._clock()))

    def recorded(self, client: str, messages: Iterable[str]) -> bool:
        """Whether one of these messages counts."""
        counts = sa.select(SerialMessage.id).where(
            SerialMessage.client == client,
            SerialMessage.message.in_(list(messages)),
            SerialMessage.state == MessageState.COMPLETE,
        )
        with self.database.read() as session:
            return session.scalar(counts.limit(1)) is not None

    def hierarchy(self, client: str, run: Run = NOBODY) -> StoredHierarchy:
        """Who is in what, of all messages of a client, as of now: what comes later is not seen by it.

        Args:
            client: whose messages.
            run: which run of a file asks; what other runs of it said does not count.
        """
        return StoredHierarchy(self.database, client, run)


class StoredHierarchy:
    """A `gateway.markets.base.Hierarchy` of the store.

    Objects that were told together are asked about together, because that is what composing a message does: one
    question for a pallet, then one for each of its packs.
    """

    def __init__(self, database: Database, client: str, run: Run = NOBODY) -> None:
        self._database = database
        self._client = client
        self._run = run
        self._inside: dict[tuple[str, str], _Inside] = {}
        self._parents: dict[tuple[str, str], str | None] = {}
        self._attributes: dict[str, dict[str, str]] = {}
        self._told: dict[str, Sequence[str]] = {}

    def parent(self, epc: str, as_of: str = "") -> str | None:
        """The container an EPC is in."""
        text = _one(epc)
        if (text, as_of) not in self._parents:
            group = self._group(text)
            with self._look() as look:
                found = _parents(look, group, _moment(as_of))
            self._parents.update({(each, as_of): found[each].parent_epc if each in found else None for each in group})
        return self._parents[text, as_of]

    def children(self, epc: str, as_of: str = "") -> list[str]:
        """What is directly in a container, in the order in which it was packed."""
        text = _one(epc)
        if (text, as_of) not in self._inside:
            with self._look() as look:
                self._load(look, self._group(text), as_of)
        return list(self._inside[text, as_of][0])

    def contents(self, epc: str, as_of: str = "") -> list[str]:
        """All instances at the bottom of a container, in packing order; empty for what holds nothing."""
        top = _one(epc)
        level, seen = [top], {top}
        with self._look() as look:
            while level:
                self._load(look, [text for text in level if (text, as_of) not in self._inside], as_of)
                below = dict.fromkeys(child for text in level for child in self._inside[text, as_of][1])
                level = [text for text in below if text not in seen]
                seen.update(level)
        found: list[str] = []
        pending = [iter(zip(*self._inside[top, as_of], strict=True))]
        passed = {top}
        while pending:
            for child, text in pending[-1]:
                inside = self._inside[text, as_of]
                if not inside[0]:
                    found.append(child)
                elif text not in passed:  # whatever holds itself ends here
                    passed.add(text)
                    pending.append(iter(zip(*inside, strict=True)))
                    break
            else:
                pending.pop()
        return found

    def attributes(self, epc: str, as_of: str = "") -> dict[str, str]:  # noqa: ARG002 - ILMD is for life
        """ILMD of an EPC by local name. It belongs to the object for its life, so `as_of` makes no difference."""
        text = _one(epc)
        if text not in self._attributes:
            group = self._group(text)
            with self._look() as look:
                histories = look.histories(group)
            self._attributes.update({each: _attributes(histories[each]) for each in group})
        return self._attributes[text]

    def together(self, epcs: Sequence[str]) -> None:
        """Say that all of these will be asked for: they are looked up together, in blocks."""
        texts = canonical(epcs)
        for start in range(0, len(texts), _TOGETHER):
            block = texts[start : start + _TOGETHER]
            self._told.update(dict.fromkeys(block, block))

    def status(self, epc: str, as_of: str = "") -> Status:
        """What is known of an object as of a time."""
        text = _one(epc)
        moment = _moment(as_of)
        with self._look() as look:
            history = look.histories([text], moment)[text]
            messages = dict.fromkeys(look.messages[row.message] for row in history)
        if not history:
            return Status()
        inside = _fold(history)
        return Status(
            known=True,
            commissioned=any(row.kind == Kind.BORN for row in history),
            ended=any(row.kind == Kind.ENDED for row in history),
            step=next((row.step for row in reversed(history) if row.step), ""),
            disposition=next((row.disposition for row in reversed(history) if row.disposition), ""),
            parent=inside.parent_epc if inside is not None else None,
            attributes=_attributes(history),
            messages=tuple(messages),
        )

    def _load(self, look: Look, containers: Sequence[str], as_of: str) -> None:
        """Find out what is in some containers."""
        for text, inside in _contents(look, containers, _moment(as_of)).items():
            self._inside[text, as_of] = inside
            self._told.update(dict.fromkeys(inside[1], inside[1]))

    def _group(self, text: str) -> Sequence[str]:
        group = self._told.get(text, ())
        return group if len(group) <= _TOGETHER and group else [text]

    @contextmanager
    def _look(self) -> Iterator[Look]:
        with self._database.read() as session:
            yield Look(session.connection(), self._client, self._run)


def _contents(look: Look, containers: Sequence[str], as_of: AsOf) -> dict[str, _Inside]:
    """What is directly in each of the containers."""
    packings = look.packings_of(containers, as_of)
    parents = dict(zip((row.id for row in packings), look.parents_of(packings), strict=True))
    lists = look.lists_of([row.id for row in packings])
    spelt = {text: child for row in packings for child, text in zip(*lists[row.id], strict=True)}
    now = _parents(look, list(spelt), as_of)
    found: dict[str, _Inside] = dict.fromkeys(containers, _NOTHING)
    for row in packings:  # in the order of time, and inside an event in that of its list
        parent = parents[row.id]
        there = [text for text in lists[row.id][1] if text in now and now[text].id == row.id and text != parent]
        before = found[parent]
        found[parent] = ([*before[0], *(spelt[text] for text in there)], [*before[1], *there])
    return found


def _parents(look: Look, objects: Sequence[str], as_of: AsOf) -> dict[str, EventRow]:
    """The packing that put each object where it is; those that are nowhere are left out."""
    found = {}
    for text, history in look.histories(objects, as_of).items():
        inside = _fold(history)
        if inside is not None:
            found[text] = inside
    return found


def _fold(history: Iterable[EventRow]) -> EventRow | None:
    """Where an object is after some events, as the event that put it there."""
    inside: EventRow | None = None
    for row in history:
        if row.kind == Kind.PACKED:
            if row.parent is not None and (inside is None or not inside.same_parent(row)):
                inside = row
        elif row.kind == Kind.SEEN_INSIDE:
            inside = inside or (row if row.parent is not None else None)
        elif row.kind == Kind.UNPACKED and inside is not None and (row.parent is None or inside.same_parent(row)):
            inside = None
    return inside


def _attributes(history: Iterable[EventRow]) -> dict[str, str]:
    """The ILMD of the message that came last."""
    births = [row for row in history if row.kind == Kind.BORN and row.ilmd]
    return dict(orjson.loads(max(births, key=lambda row: row.id).ilmd)) if births else {}


def _moment(as_of: str) -> AsOf:
    return order_key(as_of) if as_of else None


def forget(session: Session, message: str, at: str) -> bool:
    """Undo a message in the stores of all clients, in a transaction of the caller; whether it counted."""
    return _void(session, (SerialMessage.message == message,), at)


def _void(session: Session, which: Iterable[sa.ColumnElement[bool]], at: str) -> bool:
    rows = session.scalars(locking(sa.select(SerialMessage).where(*which, SerialMessage.state.in_(WHOLE)))).all()
    for row in rows:
        counted = row.state == MessageState.COMPLETE
        row.state, row.voided_at = MessageState.VOID, at
        session.flush()
        if counted:
            come_back(session, row.message)
    return bool(rows)


def _one(epc: str) -> str:
    return canonical([epc])[0]


def _of(client: str, message: str) -> tuple[sa.ColumnElement[bool], ...]:
    return SerialMessage.client == client, SerialMessage.message == message


def _row(client: str, message: str, *states: MessageState) -> sa.Select[Any]:
    return sa.select(SerialMessage.id).where(*_of(client, message), SerialMessage.state.in_(states))
