"""Runs of one file in the hierarchy store: the message that came, and its replays. One of them counts.

The newest run counts that passed its check, because it is what an operator wants to have been said. Until then the one
before does, so that a replay that is refused changes nothing; when a replay that counts is voided or cancelled, the one
before counts again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.ledger.database import locking
from gateway.exchange.ledger.tables import Message, OutputFile
from gateway.exchange.serials.keys import number_of, unpack_list
from gateway.exchange.serials.tables import MessageState, SerialEvent, SerialList, SerialMessage, SerialWithdrawal

#: States of messages all of whose events are in the store.
WHOLE: Final = (MessageState.READY, MessageState.COMPLETE, MessageState.REPLACED)
_SAID: Final = ("seconds", "fraction", "kind", "size", "step", "disposition", "event_id", "parent_epc", "ilmd")
_PAGE: Final = 500


def others(session: Session, message: Message) -> list[str]:
    """Ids of the other runs of a file, oldest first."""
    root = message.replay_of or message.id
    runs = sa.select(Message.id).where(sa.or_(Message.id == root, Message.replay_of == root), Message.id != message.id)
    return list(session.scalars(runs.order_by(Message.number)))


def counting(session: Session, messages: Collection[str]) -> SerialMessage | None:
    """The record of the one among some messages that counts."""
    query = sa.select(SerialMessage).where(SerialMessage.message.in_(messages))
    return session.scalars(query.where(SerialMessage.state == MessageState.COMPLETE).limit(1)).first()


def take_place(session: Session, message: Message) -> None:
    """A run counts from here on, and no other one of the same file; nothing happens where nothing of it is kept."""
    rows = _records(session, [message.id, *others(session, message)])
    mine = [row for row in rows if row.message == message.id and row.state in WHOLE]
    if not mine:
        return
    for row in rows:
        if row in mine:
            row.state = MessageState.COMPLETE
        elif row.state == MessageState.COMPLETE:
            row.state = MessageState.REPLACED


def come_back(session: Session, message: str) -> None:
    """A run counts no more: the newest one counts again whose place was taken."""
    found = session.scalars(sa.select(Message).where(Message.id == message)).first()
    if found is None:
        return
    rows = _records(session, others(session, found))
    replaced = [row for row in rows if row.state == MessageState.REPLACED]
    if replaced and not any(row.state == MessageState.COMPLETE for row in rows):
        newest = max(replaced, key=lambda row: row.message)
        newest.state = MessageState.COMPLETE


def adopt(session: Session, client: str, message: Message) -> None:
    """A replay that takes over the outputs of a run takes over what that run said, where it counted no more."""
    runs = others(session, message)
    rows = [row for row in _records(session, [message.id, *runs]) if row.client == client]
    if any(row.state in (MessageState.COMPLETE, MessageState.READY) for row in rows):
        return
    made = _outputs(session, message.id)
    fitting = [row for row in rows if row.state == MessageState.VOID and made <= _outputs(session, row.message)]
    if fitting:
        row = max(fitting, key=lambda row: row.message)
        row.message, row.state, row.voided_at = message.id, MessageState.READY, ""


def first_difference(session: Session, one: int, other: int) -> int | None:
    """Number of the first event in which two records say different things, from 1; 0 for what they withdraw."""
    for mine, theirs in zip_longest(_events(session, one), _events(session, other)):
        if mine is None or theirs is None or mine[1:] != theirs[1:]:
            return int((mine or theirs)[0])
    query = sa.select(SerialWithdrawal.event_id).order_by(SerialWithdrawal.event_id)
    withdrawn = [session.scalars(query.where(SerialWithdrawal.message == row)).all() for row in (one, other)]
    return 0 if withdrawn[0] != withdrawn[1] else None


def _records(session: Session, messages: Sequence[str]) -> Sequence[SerialMessage]:
    query = sa.select(SerialMessage).where(SerialMessage.message.in_(messages)).order_by(SerialMessage.id)
    return session.scalars(locking(query)).all()


def _outputs(session: Session, message: str) -> set[tuple[str, str]]:
    query = sa.select(OutputFile.target, OutputFile.sha256).where(OutputFile.message == message)
    return {(target, sha256) for target, sha256 in session.execute(query)}


def _events(session: Session, record: int) -> Iterator[Any]:
    """Number of each event of a record, what it says, and its identifiers; some at a time."""
    columns = [getattr(SerialEvent, name) for name in _SAID]
    last = -1
    while True:
        query = sa.select(SerialEvent.id, *columns).where(SerialEvent.message == record, SerialEvent.id > last)
        page = session.execute(query.order_by(SerialEvent.id).limit(_PAGE)).all()
        if not page:
            return
        last = page[-1].id
        for id_, *said in page:
            parts = sa.select(SerialList.epcs).where(SerialList.event == id_).order_by(SerialList.part)
            epcs = [epc for part in session.scalars(parts) for epc in unpack_list(part)]
            yield number_of(id_), said, epcs
