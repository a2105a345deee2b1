"""Questions to the ledger about answers. None of them changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from gateway.answers import Verdict
from gateway.errors import UsageError
from gateway.exchange.ledger.answers import GIVEN_UP, OVERDUE, WAITING
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.tables import Delivery
from gateway.exchange.ledger.tables_answers import AnswerRow, Asking, Expected, ResultRow

_SOME = 500
GOOD = (Verdict.ACCEPTED, Verdict.WARNING)


class AnswerQueries:
    """Answers that came, and those that did not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answers(
        self, *, message: str = "", standings: Sequence[str] = (), since: str = "", limit: int = 0
    ) -> Sequence[AnswerRow]:
        """Answers, newest first.

        Args:
            message: to deliveries of this message.
            standings: with one of these standings; empty for all.
            since: that came at this time or later.
            limit: at most so many; 0 for all.
        """
        query = sa.select(AnswerRow).order_by(AnswerRow.id.desc())
        if message:
            query = query.join(Delivery, Delivery.id == AnswerRow.delivery).where(Delivery.message == message)
        if standings:
            query = query.where(AnswerRow.standing.in_(standings))
        if since:
            query = query.where(AnswerRow.at >= since)
        with self._database.read() as session:
            return session.scalars(query.limit(limit) if limit else query).all()

    def brought(self, carrier: str) -> Sequence[AnswerRow]:
        """The answers that a message brought."""
        with self._database.read() as session:
            query = sa.select(AnswerRow).where(AnswerRow.carrier == carrier).order_by(AnswerRow.id)
            return session.scalars(query).all()

    def owed(self, *, message: str = "", limit: int = 0) -> Sequence[Expected]:
        """Answers that have not come, the one due first on top."""
        query = sa.select(Expected).where(Expected.state.in_((WAITING, OVERDUE, GIVEN_UP)))
        if message:
            query = query.where(Expected.message == message)
        query = query.order_by(Expected.due_at, Expected.delivery)
        with self._database.read() as session:
            return session.scalars(query.limit(limit) if limit else query).all()

    def asking(self, deliveries: Sequence[str]) -> Mapping[str, Asking]:
        """How regulators are asked for their answers, by delivery."""
        found: dict[str, Asking] = {}
        with self._database.read() as session:
            for at in range(0, len(deliveries), _SOME):
                some = deliveries[at : at + _SOME]
                found |= {
                    row.delivery: row for row in session.scalars(sa.select(Asking).where(Asking.delivery.in_(some)))
                }
        return found

    def results(self, answer: int, *, limit: int = 0) -> Sequence[ResultRow]:
        """What an answer says of each identifier, in its order.

        Raises:
            UsageError: there is no such answer.
        """
        query = sa.select(ResultRow).where(ResultRow.answer == answer).order_by(ResultRow.position)
        with self._database.read() as session:
            if session.get(AnswerRow, answer) is None:
                message = f"there is no answer {answer}"
                raise UsageError(message, hint="`gateway answers` lists them")
            return session.scalars(query.limit(limit) if limit else query).all()

    def refused(self, answer: int, *, limit: int) -> Sequence[ResultRow]:
        """The first identifiers that an answer does not accept."""
        query = sa.select(ResultRow).where(ResultRow.answer == answer, ResultRow.verdict.not_in(GOOD))
        with self._database.read() as session:
            return session.scalars(query.order_by(ResultRow.position).limit(limit)).all()

    def of_identifier(self, key: int) -> Sequence[tuple[AnswerRow, ResultRow]]:
        """What answers say of an identifier, by the hash of its canonical spelling, in the order in which they came."""
        query = sa.select(AnswerRow, ResultRow).join(ResultRow, ResultRow.answer == AnswerRow.id)
        query = query.where(ResultRow.key == key & (1 << 63) - 1).order_by(AnswerRow.id)
        with self._database.read() as session:
            return [(answer, result) for answer, result in session.execute(query)]
