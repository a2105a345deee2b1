"""Compares a message with everything that the store knows: the batch story across files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
import sqlalchemy as sa

from gateway.checks.across import Fact, contradictions
from gateway.exchange.ledger.database import Database
from gateway.exchange.serials.keys import number_of
from gateway.exchange.serials.look import EventRow, Look, Run
from gateway.exchange.serials.tables import Kind, MessageState, SerialEvent, SerialMessage
from gateway.findings import Findings, Where

#: Identifiers that are looked at together.
_BLOCK: Final = 5_000
#: Events whose ids are asked for at once.
_EVENTS: Final = 1_000
#: Identifiers that are remembered as looked at; others may be looked up again, and are then passed over.
_SEEN: Final = 100_000
_NAMES: Final = {
    Kind.BORN: "born",
    Kind.PACKED: "packed",
    Kind.SEEN_INSIDE: "observed",
    Kind.UNPACKED: "unpacked",
    Kind.OBSERVED: "observed",
    Kind.ENDED: "ended",
}


def check_story(
    database: Database, client: str, message: str, findings: Findings, others: frozenset[str] = frozenset()
) -> None:
    """Report what a recorded message says that contradicts other messages of the client (rules ``SERIAL-…``).

    Messages in `others` are other runs of the same file, and contradict nothing.

    Nothing is changed: an operator decides which message is wrong, and voids it. Memory does not grow with the message.
    """
    with database.read() as session:
        connection = session.connection()
        look = Look(connection, client, Run(message, others))
        mine = connection.scalar(
            sa.select(SerialMessage.id).where(
                SerialMessage.client == client,
                SerialMessage.message == message,
                SerialMessage.state.in_((MessageState.READY, MessageState.COMPLETE)),
            )
        )
        if mine is None:
            return
        seen: set[str] = set()
        pending: list[str] = []
        first = 0
        for event in _events(connection, mine):
            first = first or event
            new = [text for text in dict.fromkeys(look.list_of(event)[1]) if text not in seen]
            seen.update(new)
            pending += new
            if len(pending) >= _BLOCK:
                _check(look, mine, first, pending, findings)
                pending, first = [], 0
                if len(seen) > _SEEN:
                    seen = set()
        _check(look, mine, first, pending, findings)


def _events(connection: sa.Connection, message: int) -> Iterator[int]:
    """Ids of the events of a message that name identifiers, rising."""
    last = 0
    query = sa.select(SerialEvent.id).where(SerialEvent.message == message, SerialEvent.size > 0)
    while some := connection.scalars(query.where(SerialEvent.id > last).order_by(SerialEvent.id).limit(_EVENTS)).all():
        yield from some
        last = some[-1]


def _check(look: Look, mine: int, first: int, objects: Sequence[str], findings: Findings) -> None:
    """Look at some objects, if no event of the message before `first` names them: those were looked at."""
    known: dict[int, Fact] = {}
    for epc, history in _histories(look, objects):
        if any(row.message == mine and row.size and row.id < first for row in history):
            continue
        facts = []
        for row in history:
            if row.id not in known:
                known[row.id] = _fact(look, row, mine)
            facts.append(known[row.id])
        for found in contradictions(epc, facts):
            other = found.other.place if found.other is not None else ""
            where = Where(event=found.at.number)
            findings.report(found.rule, found.text, where=where, value=epc, expected=other)


def _histories(look: Look, objects: Sequence[str]) -> Iterator[tuple[str, list[EventRow]]]:
    for start in range(0, len(objects), _BLOCK):
        yield from look.histories(objects[start : start + _BLOCK]).items()


def _fact(look: Look, row: EventRow, mine: int) -> Fact:
    number = number_of(row.id)
    here = row.message == mine
    place = f"event {number}" if here else f"event {number} of {look.messages[row.message]}"
    attributes = tuple(sorted(orjson.loads(row.ilmd).items())) if row.ilmd else ()
    parent = look.parents_of([row])[0] if row.parent_epc else ""
    return Fact(_NAMES[Kind(row.kind)], row.step, place, here, parent, attributes, number)
