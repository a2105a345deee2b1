"""Workers beside each other: heartbeat, the leader's lease, and what a silent worker loses.

Every worker has a name that stays and an instance that is new at each start. On a database server it beats: it
renews its row every few seconds. One that was silent for `silence` seconds loses its work to the others
(`Engine.take_over`); should it come back to life, it finds that its row is not its own any more and ends itself
before it does anything outside this machine (`Crew.sure`).

One worker leads: it fires schedules and looks after silent workers. The lead is a lease with an end, not a lock of a
database session: a leader that is stopped or cut off keeps its session, and with it the lock, for as long as the
server does not notice. A lease ends by itself. All times are the database's.

On SQLite there is one worker. It leads, does not beat, and only leaves a row that tells a crash from a stop.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway import logs
from gateway.errors import TransportError, UsageError
from gateway.exchange.ledger.database import Database, StoreError
from gateway.exchange.ledger.tables_work import Lease, Worker

LEADER = "leader"

#: What stands in place of the instance of a worker whose work is taken over: it was silent, or it has left.
LOST, LEFT = "lost", "left"
GONE = (LOST, LEFT)

#: In a time of silence a worker beats so often; the lead is lent for half of that time.
BEATS = 6

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker as the others see it: name, machine, process, seconds since its last beat, and whether it leads."""

    name: str
    host: str
    process: int
    silent: float
    leads: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A worker whose work is to be taken over: its name, and whether it died rather than left."""

    name: str
    died: bool


def seen(database: Database) -> Sequence[Seen]:
    """All workers that have not left."""
    with database.read() as session:
        now = database.seconds(session)
        lease = session.get(Lease, LEADER)
        leader = lease.instance if lease is not None and lease.until >= now else None
        return [
            Seen(row.name, row.host, row.process, max(0.0, now - row.beat), row.instance == leader)
            for row in session.scalars(sa.select(Worker).where(Worker.instance != LEFT).order_by(Worker.name))
        ]


def end_process() -> None:
    """What a worker does whose work was taken over: it ends at once, so that nothing happens twice."""
    os._exit(TransportError.exit_code)


class Crew:
    """This worker among the others.

    Args:
        database: the ledger's database.
        name: this worker's name.
        version: version of the engine's work.
        silence: seconds after which a silent worker loses its work.
        lost: called when this worker's own work was taken over.
    """

    def __init__(
        self, database: Database, name: str, version: str, silence: float, lost: Callable[[], None] = end_process
    ) -> None:
        self._database = database
        self._name = name
        self._version = version
        self._silence = silence
        self._lost = lost
        self.instance = uuid.uuid4().hex
        self._beaten = 0.0
        self._leads_until = 0.0
        self._next_look = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self) -> bool:
        """Begin to work; True when the last instance of this name did not stop but died.

        Raises:
            UsageError: a worker of this name is alive on another machine. (On this one a lock tells.)
        """
        with self._database.write() as session:
            self._alone(session, self._name)
            now = self._database.seconds(session)
            row = session.get(Worker, self._name)
            died = row is not None and row.instance != LEFT
            if row is None:
                row = Worker(name=self._name)
                session.add(row)
            elif row.host != socket.gethostname() and row.instance not in GONE and abs(now - row.beat) < self._silence:
                message = f"the worker {self._name!r} runs already, on {row.host}"
                raise UsageError(message, hint="give each worker a name of its own: gateway run --worker NAME")
            row.instance, row.host, row.process = self.instance, socket.gethostname(), os.getpid()
            row.version, row.started, row.beat = self._version, now, now
        self._beaten = time.monotonic()
        if self._database.server:
            self._thread = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)
            self._thread.start()
        return died

    def leave(self) -> None:
        """Stop in an orderly way: the lead is free at once, and what was left unfinished may be taken over."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._database.write() as session:
            self._alone(session, self._name)
            row = session.get(Worker, self._name)
            if row is not None and row.instance == self.instance:
                row.instance = LEFT
            session.execute(sa.delete(Lease).where(Lease.instance == self.instance))

    def beat(self) -> bool:
        """Say that this worker lives; False when its work was taken over."""
        at = time.monotonic()
        with self._database.write() as session:
            row = session.get(Worker, self._name, with_for_update={"key_share": True})
            if row is None or row.instance != self.instance:
                return False
            row.beat = self._database.seconds(session)
        self._beaten = at
        return True

    def sure(self) -> None:
        """Make sure, before anything happens outside, that this worker still owns its work; else it ends itself.

        Costs nothing while the beats come. After a pause, as of a machine that slept, it asks.
        """
        if not self._database.server or time.monotonic() - self._beaten < self._silence / 2:
            return
        if not self.beat():
            self._give_up()

    def leads(self) -> bool:
        """Whether this worker leads. Asks for the lead when nobody has it, and renews it."""
        if not self._database.server:
            return True
        now = time.monotonic()
        lent = self._silence / 2
        if now < self._next_look:
            return now < self._leads_until
        self._next_look = now + self._silence / BEATS
        with self._database.write() as session:
            self._alone(session, LEADER)
            clock = self._database.seconds(session)
            row = session.get(Lease, LEADER)
            # One that ends later than any is lent was lent while the clock was wrong.
            if row is not None and row.instance != self.instance and clock <= row.until <= clock + self._silence:
                return False
            if row is None:
                row = Lease(task=LEADER)
                session.add(row)
            if row.instance != self.instance:
                log.info("leads now", worker=self._name)
            row.instance, row.worker, row.until = self.instance, self._name, clock + lent
        self._leads_until = now + lent
        return True

    @property
    def shared(self) -> bool:
        """Whether there may be other workers."""
        return self._database.server

    @contextmanager
    def silent(self) -> Iterator[Gone | None]:
        """One worker that lost its work, None when there is none; the caller takes it over meanwhile.

        While the body runs a worker of that name cannot join. It is forgotten when the body ends well.
        """
        gone = self._first_silent()
        if gone is None:
            yield None
            return
        with self._database.write() as session:
            self._alone(session, gone.name)
            row = session.get(Worker, gone.name)
            if row is None or row.instance not in GONE:
                yield None  # it has joined again meanwhile
                return
            yield gone
            session.delete(row)

    def _first_silent(self) -> Gone | None:
        """Take the oldest silent worker's row from it. From here on it cannot come back without noticing."""
        with self._database.write() as session:
            now = self._database.seconds(session)
            limit = now - self._silence
            # A beat that lies ahead was made while the clock was wrong: from here on it counts as one of now.
            session.execute(sa.update(Worker).where(Worker.beat > now + self._silence).values(beat=now))
            query = sa.select(Worker).where(sa.or_(Worker.beat < limit, Worker.instance.in_(GONE)))
            query = query.where(Worker.name != self._name).order_by(Worker.beat).limit(1)
            row = session.scalar(query.with_for_update())
            if row is None:
                return None
            if row.instance not in GONE:
                log.warning("a worker is silent; its work is taken over", worker=row.name, host=row.host)
                row.instance = LOST
            return Gone(row.name, died=row.instance == LOST)

    def _keep_beating(self) -> None:
        while not self._stopping.wait(self._silence / BEATS):
            try:
                if not self.beat():
                    self._give_up()
                    return
            except StoreError as error:
                log.warning("no heartbeat", worker=self._name, error=str(error))

    def _give_up(self) -> None:
        log.error("this worker was silent for too long and lost its work; it ends", worker=self._name)
        self._lost()

    def _alone(self, session: Session, name: str) -> None:
        self._database.alone(session, f"worker {name}")
