"""The tables of the ledger, our system of record.

Times are text (`gateway.exchange.clock.stamp`), hashes are SHA-256 in hex and point into the archive. Every row that
a step writes has a natural key, so a step that a crash interrupted writes the same row again instead of a second one.
"""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
TIME = String(27)
HASH = String(64)
#: Bytes of a file. PostgreSQL's INTEGER ends at 2 GiB.
SIZE = BigInteger().with_variant(Integer, "sqlite")

#: Of few messages some events were left out; an index has these alone.
SOME_LEFT_OUT = text("left_out > 0")
#: Characters of a lot; GS1 allows 20.
LONGEST_LOT = 64


class State(enum.StrEnum):
    """Where a message is on its way."""

    RECEIVED = "received"  # durable here, no step has begun
    CONVERTING = "converting"  # between detect and check
    DELIVERING = "delivering"  # converted for all targets; not all of them have it yet
    AWAITING = "awaiting"  # every target has it; not all answers are there that they owe us
    DONE = "done"  # every target has it
    REFUSED = "refused"  # the input has error findings; nobody got anything
    FAILED = "failed"  # it stopped and an operator has to act
    DUPLICATE = "duplicate"  # the same bytes came before on this channel
    CANCELLED = "cancelled"  # an operator ended it


#: Nothing happens to a message in one of these states by itself.
FINAL = frozenset({State.DONE, State.REFUSED, State.FAILED, State.DUPLICATE, State.CANCELLED})


class DeliveryState(enum.StrEnum):
    """Where a delivery is on its way."""

    PLANNED = "planned"
    WAITING = "waiting"  # an attempt failed; another one follows at `next_try_at`
    HELD = "held"  # its receiver is held by an operator
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"  # the receiver may have it, and cannot be asked: an operator has to find out


#: Nothing happens to a delivery in one of these states by itself.
ENDED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.UNCERTAIN})


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)


class Configuration(Base):
    """A version of the configuration: settings, agreements and the workspace's mappings, by hash."""

    __tablename__ = "configurations"
    sha256: Mapped[str] = mapped_column(HASH, primary_key=True)
    seen_at: Mapped[str] = mapped_column(TIME)
    files: Mapped[dict[str, str]] = mapped_column(JSON)


class Message(Base):
    """A file that came in, or a replay of one.

    `number` counts up in the order of arrival; `id` holds the time and the number in a fixed width, so that ids sort
    as the messages came, also where a database keeps seconds only. `indexed` says whether its identifiers are in the
    index (`gateway.exchange.ledger.epc_index`): ``yes``, ``unread`` (it could not be read), or empty.
    `error_behaviour` is ``proceed`` where its sender wants wrong events left out, else empty; `left_out` counts the
    events that were (`gateway.exchange.ledger.left_out`), `events` does not count these.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_indexed", "indexed", "number"),
        Index("ix_messages_left_out", "closed_at", sqlite_where=SOME_LEFT_OUT, postgresql_where=SOME_LEFT_OUT),
        {"sqlite_autoincrement": True},
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    partner: Mapped[str] = mapped_column(String(64), index=True)
    channel: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(SIZE)
    sha256: Mapped[str] = mapped_column(HASH, index=True)
    received_at: Mapped[str] = mapped_column(TIME, index=True)
    closed_at: Mapped[str] = mapped_column(TIME, default="", index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    format: Mapped[str] = mapped_column(String(64), default="")
    mapping: Mapped[str] = mapped_column(Text, default="")
    events: Mapped[int] = mapped_column(default=0)
    epcs: Mapped[int] = mapped_column(default=0)
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    replay_of: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    start: Mapped[str] = mapped_column(String(16), default="detect")
    only_targets: Mapped[list[str] | None] = mapped_column(JSON)
    configuration: Mapped[str] = mapped_column(ForeignKey("configurations.sha256"))
    pruned_at: Mapped[str] = mapped_column(TIME, default="", server_default="")
    indexed: Mapped[str] = mapped_column(String(8), default="", server_default="")
    error_behaviour: Mapped[str] = mapped_column(String(16), default="", server_default="")
    left_out: Mapped[int] = mapped_column(default=0, server_default="0")


class History(Base):
    """Each state that a message was in, and since when."""

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    at: Mapped[str] = mapped_column(TIME)
    state: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column(Text, default="")


class Stage(Base):
    """A step that a message went through, for one target or (``target`` empty) for all."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("message", "step", "target"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    step: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16))
    input_sha256: Mapped[str] = mapped_column(HASH, default="")
    output_sha256: Mapped[str] = mapped_column(HASH, default="")
    started_at: Mapped[str] = mapped_column(TIME)
    finished_at: Mapped[str] = mapped_column(TIME, default="")
    detail: Mapped[str] = mapped_column(Text, default="")


class OutputFile(Base):
    """A file that was made of a message for a target. A target may get several, numbered from 1.

    `kind` is which of a market message's documents or operations it is, where it has several.
    """

    __tablename__ = "outputs"
    __table_args__ = (UniqueConstraint("message", "target", "position"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    target: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(SIZE)
    sha256: Mapped[str] = mapped_column(HASH, index=True)


class Delivery(Base):
    """One file on its way to one receiver.

    `said` is what the receiver answered when it took the file, `again` how often an operator had it sent again.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("message", "target", "position"),
        Index("ix_deliveries_partner_state", "partner", "state"),
    )
    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    target: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    partner: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(SIZE)
    sha256: Mapped[str] = mapped_column(HASH)
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    next_try_at: Mapped[str] = mapped_column(TIME, default="")
    delivered_at: Mapped[str] = mapped_column(TIME, default="")
    said: Mapped[str] = mapped_column(Text, default="", server_default="")
    again: Mapped[int] = mapped_column(default=0, server_default="0")


class FindingRow(Base):
    """A finding of one conversion, ``target`` empty: before any; `event_id` is that of an event it leaves out."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("message", "target", "position"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    target: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(32), index=True)
    severity: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    where: Mapped[dict[str, Any]] = mapped_column(JSON)
    value: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text, default="", server_default="")


class LossRow(Base):
    """All values of one kind in one field that a target could not hold."""

    __tablename__ = "losses"
    __table_args__ = (UniqueConstraint("message", "target", "position"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"), index=True)
    target: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(16))
    field: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    examples: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)


class OfferSeen(Base):
    """A version of a file at a peer whose bytes are durable here.

    ``acknowledged_at`` is empty between the commit of the message and the word of the peer: when the process dies in
    between, the file is offered again and recognised here.
    """

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("channel", "identity"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    channel: Mapped[str] = mapped_column(String(64))
    identity: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(HASH)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    seen_at: Mapped[str] = mapped_column(TIME)
    acknowledged_at: Mapped[str] = mapped_column(TIME, default="")


class ScheduleRow(Base):
    """How far a channel's schedule has come: everything up to ``last_slot`` was fired or skipped on purpose."""

    __tablename__ = "schedules"
    channel: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_slot: Mapped[str] = mapped_column(TIME)
    last_fired: Mapped[str] = mapped_column(TIME, default="")


class Collection(Base):
    """The last look at a channel, and what came of it."""

    __tablename__ = "collections"
    channel: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[str] = mapped_column(TIME)
    taken: Mapped[int]
    error: Mapped[str] = mapped_column(Text, default="")


class AuditRow(Base):
    """A line of the audit trail (`gateway.exchange.ledger.audit`). The database refuses to change or delete it.

    Attributes:
        what: the facts, JSON with sorted keys, exactly as they were hashed.
        previous: hash of the row before.
        sha256: hash over all of this row but its number.
    """

    __tablename__ = "audit"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(TIME, index=True)
    who: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    why: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(HASH)
    sha256: Mapped[str] = mapped_column(HASH)


class InForce(Base):
    """The configuration that a worker goes by, and what is wrong with the files if it could not take them.

    Attributes:
        error: why the files as they are now are not in force; empty when they are.
        error_at: since when.
    """

    __tablename__ = "in_force"
    worker: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(HASH)
    since: Mapped[str] = mapped_column(TIME)
    error: Mapped[str] = mapped_column(Text, default="")
    error_at: Mapped[str] = mapped_column(TIME, default="")


class EpcRow(Base):
    """An identifier that a message names: the hash of its canonical spelling (`gateway.exchange.ledger.epc_index`)."""

    __tablename__ = "epc_rows"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own convention
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    message: Mapped[int] = mapped_column(ForeignKey("messages.number"), primary_key=True)


class EpcBlock(Base):
    """Many identifiers that a message names: the sorted 32-bit hashes of those in one bucket of 256."""

    __tablename__ = "epc_blocks"
    __table_args__ = (Index("ix_epc_blocks_bucket", "bucket"), Index("ix_epc_blocks_message", "message"))
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger)
    message: Mapped[int] = mapped_column(ForeignKey("messages.number"))
    part: Mapped[int]
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class Traded(Base):
    """A GTIN that a message names, with a lot of it; ``lot`` is empty where the message tells none.

    Of a lot that is longer than any lot may be, the first `LONGEST_LOT` characters stand here.
    """

    __tablename__ = "traded"
    message: Mapped[int] = mapped_column(ForeignKey("messages.number"), primary_key=True)
    gtin: Mapped[str] = mapped_column(String(14), primary_key=True, index=True)
    lot: Mapped[str] = mapped_column(String(LONGEST_LOT), primary_key=True, index=True)


class LegalHold(Base):
    """What must not be deleted, whatever its retention says.

    Attributes:
        kind: ``message``, ``partner``, ``lot`` or ``all``.
        key: id of the message or partner, or the lot; empty for all.
        released_at: when it ended; empty while it holds.
    """

    __tablename__ = "legal_holds"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(TIME)
    who: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    released_at: Mapped[str] = mapped_column(TIME, default="")


class AlertRow(Base):
    """Something that is wrong, or was: so that each trouble is told once, not at every look.

    Attributes:
        key: the same for the same trouble.
        count: how many messages, answers or the like it is about.
        ended_at: since when it is over; empty while it lasts.
        told: for each way, when it was told last, of how many, and whether the end was told.
        seen_at: when an operator said that it is seen to; empty when nobody did.
        seen_by: who that was.
        seen_why: what they said.
        seen_count: of how many it was then; when it rises over that, the trouble is told again.
    """

    __tablename__ = "alerts"
    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    first_at: Mapped[str] = mapped_column(TIME)
    ended_at: Mapped[str] = mapped_column(TIME, default="")
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    seen_at: Mapped[str] = mapped_column(TIME, default="", server_default="")
    seen_by: Mapped[str] = mapped_column(Text, default="", server_default="")
    seen_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    seen_count: Mapped[int] = mapped_column(default=0, server_default="0")
