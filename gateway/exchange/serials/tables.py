"""The tables of the hierarchy store: what happened to which serial number, over all messages of a client.

An event is one row, its identifiers are one or a few packed lists beside it, and each identifier points to its events
by a number (`gateway.exchange.serials.keys`). The number is short, not unique: whoever follows it reads the list and
compares. Ids of events are made of the message's id and the event's place in it, so nothing has to be asked for.
"""

from __future__ import annotations

import enum
from typing import Final

import sqlalchemy as sa
from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.exchange.ledger.tables import TIME, Base


class MessageState(enum.StrEnum):
    """What became of a message in the store. Questions are answered from complete ones only."""

    RECORDING = "recording"  # some of its events are here; after a crash it stays so and is recorded anew
    READY = "ready"  # all of it is here; an earlier run of the same file counts until this one has passed its check
    COMPLETE = "complete"
    REPLACED = "replaced"  # a later run of the same file counts in its place
    VOID = "void"  # undone: as if it had never come


class Kind(enum.IntEnum):
    """What an event says about the identifiers in its list."""

    BORN = 1  # commissioned, or output of a transformation
    PACKED = 2  # aggregation, ADD
    SEEN_INSIDE = 3  # aggregation, OBSERVE
    UNPACKED = 4  # aggregation, DELETE
    OBSERVED = 5  # any other step
    ENDED = 6  # decommissioned, destroyed, or input of a transformation


#: The kinds that say who is in what.
PACKING: Final = (Kind.PACKED, Kind.SEEN_INSIDE, Kind.UNPACKED)


class SerialMessage(Base):
    """A message whose events are in the store."""

    __tablename__ = "serial_messages"
    __table_args__ = (Index("ix_serial_messages_client_message", "client", "message"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    client: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    recorded_at: Mapped[str] = mapped_column(TIME)
    voided_at: Mapped[str] = mapped_column(TIME, default="")


class SerialEvent(Base):
    """An event, once for each list of identifiers in it.

    ``seconds`` and ``fraction`` order times of any zone; ``size`` is the length of its list; ``parent`` the number of
    ``parent_epc``; ``ilmd`` the attributes by local name, as JSON, for births only.
    """

    __tablename__ = "serial_events"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    message: Mapped[int] = mapped_column(ForeignKey("serial_messages.id"), index=True)
    seconds: Mapped[int] = mapped_column(BigInteger)
    fraction: Mapped[str] = mapped_column(Text)
    kind: Mapped[int] = mapped_column(SmallInteger)
    size: Mapped[int]
    step: Mapped[str] = mapped_column(Text)
    disposition: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(Text)
    parent: Mapped[int | None] = mapped_column(BigInteger, index=True)
    parent_epc: Mapped[str] = mapped_column(Text)
    ilmd: Mapped[str] = mapped_column(Text)


class SerialList(Base):
    """Identifiers of an event, packed by `gateway.exchange.serials.keys.pack_list`; long lists are in several parts."""

    __tablename__ = "serial_lists"
    event: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    epcs: Mapped[bytes] = mapped_column(LargeBinary)


class SerialStem(Base):
    """What many identifiers begin with: everything before the serial number."""

    __tablename__ = "serial_stems"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    stem: Mapped[str] = mapped_column(Text, unique=True)


class SerialWithdrawal(Base):
    """An error declaration: the event of this id does not count, in any message of the client."""

    __tablename__ = "serial_withdrawals"
    message: Mapped[int] = mapped_column(ForeignKey("serial_messages.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    __table_args__ = (Index("ix_serial_withdrawals_event_id", "event_id"),)


#: Which events an identifier is in. A table of numbers only, kept in the order of its key, written in bulk.
FACTS: Final = sa.Table(
    "serial_facts",
    Base.metadata,
    sa.Column("epc", BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
