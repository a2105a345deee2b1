"""What clients that push files may ask about: what became of a file."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.left_out import LIST
from gateway.exchange.ledger.tables import Delivery, FindingRow, History, Message, OutputFile, State


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

    def first(self, message: Message) -> Message:
        """The message whose bytes a duplicate brought again; any other one itself."""
        if message.state != State.DUPLICATE or message.duplicate_of is None:
            return message
        query = sa.select(Message).where(Message.id == message.duplicate_of)
        with self._database.read() as session:
            return session.scalars(query).one()

    def errors(self, message: str, limit: int) -> Sequence[FindingRow]:
        """The first errors that were found in a message; those that several targets have are told once."""
        query = sa.select(FindingRow).where(FindingRow.message == message, FindingRow.severity == "error")
        found: dict[tuple[str, str, str], FindingRow] = {}
        with self._database.read() as session:
            for row in session.scalars(query.order_by(FindingRow.id).execution_options(yield_per=limit)):
                found.setdefault((row.code, json.dumps(row.where, sort_keys=True), row.text), row)
                if len(found) == limit:
                    break
        return list(found.values())

    def lists(self, message: str) -> Sequence[OutputFile]:
        """The list of the events of a message that were left out, if there is one."""
        query = sa.select(OutputFile).where(OutputFile.message == message, OutputFile.target == LIST)
        with self._database.read() as session:
            return session.scalars(query).all()

    def passed(self, message: str) -> bool:
        """Whether a message was whole and valid for all of its receivers, so that deliveries were planned."""
        query = sa.select(Delivery.id).where(Delivery.message == message).limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None

    def captured_at(self, message: str) -> str:
        """When a message was found valid; empty if it was not."""
        query = sa.select(History.at).where(History.message == message, History.state == State.DELIVERING)
        with self._database.read() as session:
            return session.scalar(query.limit(1)) or ""
