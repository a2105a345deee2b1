"""Tables of answers: which are expected, which came, and what they say of each identifier."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.exchange.ledger.tables import HASH, TIME, Base


class Known(Base):
    """A name by which an answer may speak of a delivery: its file's name, its id, a control number in it."""

    __tablename__ = "known"
    __table_args__ = (Index("ix_known_value", "kind", "value"),)
    delivery: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)


class Expected(Base):
    """An answer that a receiver owes us, as the agreement said when the file was delivered.

    Attributes:
        state: ``waiting``, ``answered``, ``overdue`` (not in time, still waited for) or ``given up``.
        due_at: when it is, or was, due.
        resent: how often the file was sent again because no answer came.
    """

    __tablename__ = "expected"
    __table_args__ = (Index("ix_expected_state_due_at", "state", "due_at"),)
    delivery: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[str] = mapped_column(TIME, index=True)
    within: Mapped[int]
    then: Mapped[str] = mapped_column(String(8))
    resends: Mapped[int]
    resent: Mapped[int] = mapped_column(default=0)


class Asking(Base):
    """A regulator that is to be asked for an answer.

    Attributes:
        asked: how often it was asked.
        ask_at: when it is asked next.
        error: why it could not be asked the last time.
    """

    __tablename__ = "asking"
    delivery: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    asked: Mapped[int]
    ask_at: Mapped[str] = mapped_column(TIME, index=True)
    error: Mapped[str] = mapped_column(Text)


class AnswerRow(Base):
    """An answer that came, whether anybody waited for it or not.

    Attributes:
        key: natural key; the same answer taken again after a crash has the same.
        carrier: the message that brought it, None where it came with the connection.
        sha256: its bytes in the archive, empty when they are those of the carrier.
        standing: ``first``, ``late``, ``repeated``, ``contradicts``, ``unasked`` or ``unknown``.
        results: how many identifiers it speaks of.
    """

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[str] = mapped_column(TIME, index=True)
    carrier: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    sha256: Mapped[str] = mapped_column(HASH, default="")
    delivery: Mapped[str | None] = mapped_column(ForeignKey("deliveries.id"), index=True)
    standing: Mapped[str] = mapped_column(String(16), index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    retryable: Mapped[bool]
    reference: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    results: Mapped[int]


class Spoken(Base):
    """A name by which an answer spoke that meant nothing we knew: what it means may be recorded later."""

    __tablename__ = "spoken"
    __table_args__ = (Index("ix_spoken_value", "kind", "value"),)
    answer: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)


class ResultRow(Base):
    """What an answer says of one identifier, in the normal form; `key` is the hash of its canonical spelling."""

    __tablename__ = "results"
    answer: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    identifier: Mapped[str] = mapped_column(Text)
    key: Mapped[int] = mapped_column(BigInteger, index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    retryable: Mapped[bool]
    code: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
