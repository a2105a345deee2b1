"""Compares a message with everything that the store knows: the batch story across files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
import sqlalchemy as sa

from gateway.checks.across import Fact, contradictions
from gateway.exchange.database import Database
from gateway.exchange.serials_keys import number_of
from gateway.exchange.serials_look import EventRow, Look, Run
from gateway.exchange.serials_tables import Kind, MessageState, SerialEvent, SerialMessage
from gateway.findings import Findings, Where

#: Identifiers that are looked at together.
_BLOCK: Final = 20_000
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

    Nothing is changed: an operator decides which message is wrong, and voids it.
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
        ids = connection.scalars(
            sa.select(SerialEvent.id).where(SerialEvent.message == mine, SerialEvent.size > 0).order_by(SerialEvent.id)
        ).all()
        seen: set[str] = set()
        pending: list[str] = []
        for event in ids:
            new = [text for text in look.list_of(event)[1] if text not in seen]
            seen.update(new)
            pending += new
            while len(pending) >= _BLOCK:
                _check(look, mine, pending[:_BLOCK], findings)
                pending = pending[_BLOCK:]
        _check(look, mine, pending, findings)


def _check(look: Look, mine: int, objects: Sequence[str], findings: Findings) -> None:
    known: dict[int, Fact] = {}
    for epc, history in look.histories(objects).items():
        facts = []
        for row in history:
            if row.id not in known:
                known[row.id] = _fact(look, row, mine)
            facts.append(known[row.id])
        for found in contradictions(epc, facts):
            other = found.other.place if found.other is not None else ""
            where = Where(event=found.at.number)
            findings.report(found.rule, found.text, where=where, value=epc, expected=other)


def _fact(look: Look, row: EventRow, mine: int) -> Fact:
    number = number_of(row.id)
    here = row.message == mine
    place = f"event {number}" if here else f"event {number} of {look.messages[row.message]}"
    attributes = tuple(sorted(orjson.loads(row.ilmd).items())) if row.ilmd else ()
    parent = look.parents_of([row])[0] if row.parent_epc else ""
    return Fact(_NAMES[Kind(row.kind)], row.step, place, here, parent, attributes, number)
