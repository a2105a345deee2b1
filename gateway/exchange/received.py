"""What clients that push files may ask about: what became of a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from gateway.exchange.database import Database
from gateway.exchange.tables import Delivery, FindingRow, Message


class Received:
    """Questions to the ledger about what was pushed. None of them changes anything."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def message(self, id_: str, channels: Collection[str]) -> Message | None:
        """A message, if it came in on one of these channels."""
        query = sa.select(Message).where(Message.id == id_, Message.channel.in_(channels))
        with self._database.read() as session:
            return session.scalar(query)

    def page(self, channels: Collection[str], before: int, limit: int) -> Sequence[Message]:
        """At most `limit` messages of these channels with a number below `before` (0: any), newest first."""
        query = sa.select(Message).where(Message.channel.in_(channels), Message.replay_of.is_(None))
        if before:
            query = query.where(Message.number < before)
        with self._database.read() as session:
            return session.scalars(query.order_by(Message.number.desc()).limit(limit)).all()

    def errors(self, message: str, limit: int) -> Sequence[FindingRow]:
        """The first errors that were found in a message."""
        query = sa.select(FindingRow).where(FindingRow.message == message, FindingRow.severity == "error")
        with self._database.read() as session:
            return session.scalars(query.order_by(FindingRow.id).limit(limit)).all()

    def passed(self, message: str) -> bool:
        """Whether a message was whole and valid for all of its receivers, so that deliveries were planned."""
        query = sa.select(Delivery.id).where(Delivery.message == message).limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None
