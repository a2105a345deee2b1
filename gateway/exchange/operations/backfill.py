"""Putting messages into the index of identifiers that came before there was one, or whose mapping was missing then.

Each message is read again from the archive and written in transactions of its own, so the gateway may run beside it and
it may be broken off at any time: what is done stays done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from gateway.errors import GatewayError
from gateway.exchange.ledger.epc_index import Indexer
from gateway.exchange.ledger.past import Past
from gateway.exchange.ledger.tables import FINAL, Message
from gateway.exchange.operations.trace import events_now_or_then
from gateway.exchange.workspace import Workspace

UNREAD = "unread"
_EVENTS, _PAGE = 1000, 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Indexed:
    """A message that was taken up.

    Attributes:
        message: the message.
        events: how many events could be read.
        unread: why it could not be read to its end; empty when it could.
    """

    message: Message
    events: int
    unread: str = ""


def lacking(workspace: Workspace) -> int:
    """How many messages are not in the index that should be."""
    with workspace.database.read() as session:
        return session.scalar(_lacking(sa.select(sa.func.count()), ("",))) or 0


def fill(workspace: Workspace, *, again: bool = False) -> Iterator[Indexed]:
    """Put into the index what is not in it, oldest first.

    Args:
        workspace: the workspace; others may use it meanwhile.
        again: try those again, too, that could not be read to their end at an earlier time.
    """
    past, last = Past(workspace.settings, workspace.database), 0
    while True:
        query = _lacking(sa.select(Message), ("", UNREAD) if again else ("",)).where(Message.number > last)
        with workspace.database.read() as session:
            page = session.scalars(query.order_by(Message.number).limit(_PAGE)).all()
        if not page:
            return
        last = page[-1].number
        for message in page:
            yield _index(workspace, past, message)


def _index(workspace: Workspace, past: Past, message: Message) -> Indexed:
    indexer, count, unread = Indexer(workspace.database, message.number), 0, ""
    try:
        events = iter(events_now_or_then(workspace, past, message))
        while some := list(islice(events, _EVENTS)):
            indexer(some)
            count += len(some)
    except GatewayError as error:
        unread = str(error)
    indexer.finish(UNREAD if unread else "yes")
    return Indexed(message, count, unread)


def _lacking(query: sa.Select[T], indexed: tuple[str, ...]) -> sa.Select[T]:
    """Messages that were read as events: no answers, no duplicates, no replays of what was converted before."""
    query = query.where(Message.indexed.in_(indexed), Message.pruned_at == "", Message.format != "")
    return query.where(Message.start.in_(("detect", "convert")), Message.state.in_(FINAL))
