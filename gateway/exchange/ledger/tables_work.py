"""The tables behind the work itself: who works, who leads, what is held, what was interrupted.

Times of workers and rates are seconds of the database's own clock (`Database.seconds`), so that workers whose clocks
differ agree on who is silent and on how many deliveries a minute has seen.
"""

from __future__ import annotations

from sqlalchemy import Float, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.exchange.ledger.tables import TIME, Base


class Worker(Base):
    """A worker that exchanges, or did. Only kept where several may: on a database server.

    `instance` is another one at each start; a worker that finds another instance under its name ends itself.
    """

    __tablename__ = "workers"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    instance: Mapped[str] = mapped_column(String(32))
    host: Mapped[str] = mapped_column(Text)
    process: Mapped[int] = mapped_column(Integer)
    version: Mapped[str] = mapped_column(String(32))
    started: Mapped[float] = mapped_column(Float)
    beat: Mapped[float] = mapped_column(Float)


class Lease(Base):
    """A task that one worker at a time has: ``leader``. It ends by itself when it is not renewed."""

    __tablename__ = "leases"
    task: Mapped[str] = mapped_column(String(32), primary_key=True)
    instance: Mapped[str] = mapped_column(String(32))
    worker: Mapped[str] = mapped_column(String(64))
    until: Mapped[float] = mapped_column(Float)


class Interruption(Base):
    """How often a worker died over a piece of work. A piece that kills workers is taken out of their way."""

    __tablename__ = "interruptions"
    work: Mapped[str] = mapped_column(String(96), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    at: Mapped[str] = mapped_column(TIME)


class Hold(Base):
    """Something that an operator stopped: a partner, a channel or a target."""

    __tablename__ = "holds"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[str] = mapped_column(TIME)
    who: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class Wake(Base):
    """A piece of waiting work that is to look again at once. The leader tells it and removes the row."""

    __tablename__ = "wakes"
    work: Mapped[str] = mapped_column(String(96), primary_key=True)
    at: Mapped[str] = mapped_column(TIME)


class Passage(Base):
    """A try at a target whose rate is limited; kept as long as it counts."""

    __tablename__ = "passages"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    target: Mapped[str] = mapped_column(String(64), index=True)
    delivery: Mapped[str] = mapped_column(String(48))
    at: Mapped[float] = mapped_column(Float)


class ControlNumber(Base):
    """A number that the sender gave an interchange, and the message that brought it first."""

    __tablename__ = "control_numbers"
    __table_args__ = (UniqueConstraint("channel", "number"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    channel: Mapped[str] = mapped_column(String(64))
    number: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(String(32), index=True)
