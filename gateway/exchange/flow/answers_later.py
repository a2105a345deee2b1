"""Answers that came before the delivery that they mean was on record: what they mean is found out afterwards.

A receiver may answer while the process that delivered to it dies between the delivery and its record. The answer is
kept as ``unknown`` then. When the delivery is recorded at the next try, the answer is correlated again. Only deliveries
that were under way when the answer came count: an old answer says nothing about a later file with the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.exchange.clock import stamp
from gateway.exchange.ledger.answers import (
    NOTHING,
    UNKNOWN,
    AnswerBook,
    Incoming,
    Name,
    conclude,
    fitting,
    put_results,
    words,
)
from gateway.exchange.ledger.database import locking
from gateway.exchange.ledger.tables import Delivery, History, Message, State
from gateway.exchange.ledger.tables_answers import AnswerRow, Expected, Known, ResultRow, Spoken

#: An answer that has meant nothing for so long is not looked at again.
MEMORY = timedelta(days=30)

#: Answers that are looked at in one go.
MOST = 1000

FOUND = "its delivery was recorded after it had come"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An answer of events that meant nothing when it came, and may mean something now.

    Attributes:
        answer: its id.
        carrier: id of the message that brought it.
        at: when it came.
        newest: when the newest delivery was recorded that it may mean.
    """

    answer: int
    carrier: str
    at: str
    newest: str


class LateBook:
    """Correlates unknown answers again. Each method may be called as often as one likes.

    Args:
        book: where the answers are written.
    """

    def __init__(self, book: AnswerBook) -> None:
        self._database, self._clock = book.database, book.clock

    def by_name(self) -> list[AnswerRow]:
        """Give unknown answers to the deliveries that are known by their names now; returns those that were given."""
        spoken = sa.and_(Spoken.kind == Known.kind, Spoken.value == Known.value)
        query = sa.select(Spoken.answer).join(Known, spoken).join(AnswerRow, AnswerRow.id == Spoken.answer)
        query = query.where(AnswerRow.at >= stamp(self._clock() - MEMORY)).distinct()
        with self._database.read() as session:
            found = session.scalars(query.order_by(Spoken.answer).limit(MOST)).all()
        return [row for answer in found if (row := self._by_name(answer)) is not None]

    def _by_name(self, answer: int) -> AnswerRow | None:
        with self._database.write() as session:
            row = _still_unknown(session, answer)
            if row is None:
                return None
            names: list[Name] = [
                (one.kind, one.value) for one in session.scalars(sa.select(Spoken).where(Spoken.answer == answer))
            ]
            sender = session.scalar(sa.select(Message.partner).where(Message.id == row.carrier)) or ""
            meant = [one for one in fitting(session, names, sender) if _under_way(session, one, row.at)]
            if len(meant) != 1:
                return None
            self._give(session, row, meant[0])
            return row

    def of_events(self) -> list[Unknown]:
        """Unknown answers of events whose sender has been sent something that was recorded after they came."""
        planned = sa.select(History.id).where(
            History.message == Delivery.message, History.state == State.DELIVERING, History.at <= AnswerRow.at
        )
        query = sa.select(AnswerRow.id, AnswerRow.carrier, AnswerRow.at, sa.func.max(Delivery.delivered_at))
        query = query.join(Message, Message.id == AnswerRow.carrier).join(Delivery, Delivery.partner == Message.partner)
        query = query.join(Expected, sa.and_(Expected.delivery == Delivery.id, Expected.kind == AnswerRow.kind))
        query = query.where(
            AnswerRow.standing == UNKNOWN,
            AnswerRow.kind == "epcis",
            AnswerRow.at >= stamp(self._clock() - MEMORY),
            Delivery.delivered_at >= AnswerRow.at,
            planned.exists(),
        )
        query = query.group_by(AnswerRow.id, AnswerRow.carrier, AnswerRow.at).order_by(AnswerRow.id)
        with self._database.read() as session:
            rows = session.execute(query.limit(MOST)).all()
        return [Unknown(answer, carrier or "", at, newest) for answer, carrier, at, newest in rows]

    def says(self, answer: int, incoming: Incoming) -> AnswerRow | None:
        """Write what an unknown answer is found to say of a delivery; None when it does not mean that one."""
        with self._database.write() as session:
            row = _still_unknown(session, answer)
            delivery = session.get(Delivery, incoming.delivery)
            if row is None or delivery is None or not _under_way(session, delivery, row.at):
                return None
            row.verdict, row.retryable = incoming.answer.verdict, incoming.answer.retryable
            row.results, row.detail = len(incoming.answer.serials), words(incoming)
            session.execute(sa.delete(ResultRow).where(ResultRow.answer == answer))
            put_results(session, answer, incoming.answer.serials)
            self._give(session, row, delivery)
            return row

    def _give(self, session: Session, row: AnswerRow, delivery: Delivery) -> None:
        row.delivery = delivery.id
        said = [word for word in row.detail.split("; ") if word and word != NOTHING]
        row.detail = "; ".join([FOUND, *said])
        session.execute(sa.delete(Spoken).where(Spoken.answer == row.id))
        conclude(session, row, delivery, stamp(self._clock()))


def _still_unknown(session: Session, answer: int) -> AnswerRow | None:
    """The answer, locked, unless somebody else has found its delivery meanwhile."""
    query = locking(sa.select(AnswerRow).where(AnswerRow.id == answer))
    row = session.scalar(query.execution_options(populate_existing=True))
    return row if row is not None and row.standing == UNKNOWN and row.delivery is None else None


def _under_way(session: Session, delivery: Delivery, at: str) -> bool:
    query = sa.select(History.id).where(History.message == delivery.message, History.state == State.DELIVERING)
    return session.scalar(query.where(History.at <= at).limit(1)) is not None
