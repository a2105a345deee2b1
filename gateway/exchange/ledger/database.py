"""Opening the ledger's database: SQLite set up for durability, or PostgreSQL; migrations brought up to date.

On SQLite every write transaction begins IMMEDIATE. A deferred one that reads first and writes later would fail with
"database is locked" instead of waiting its turn. On PostgreSQL writers work side by side; what two of them may change
is locked row by row (`gateway.exchange.ledger.rows`), or by name with `Database.alone`.

A server that is restarted is waited for, and what was at work when it went away is raised as `StoreError`: all steps
may run again, so the engine tries them again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from gateway import logs, private
from gateway.errors import ConfigurationError
from gateway.exchange.archive.store import StorageError
from gateway.exchange.ledger import audit
from gateway.settings import is_server

MIGRATIONS = Path(__file__).parents[1] / "migrations"
BUSY_MILLISECONDS = 30_000

#: Bytes above which SQLite uses pages of its caches again instead of taking more; it holds for all databases of the
#: process. Each connection would otherwise keep 2 MiB as its database grows.
SQLITE_HEAP = 12 << 20

NOBODY = audit.Actor("unknown")

#: Connection parameters of a server: a peer that vanished is noticed within a minute, not after two hours.
SERVER: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "gateway",
}

#: A worker that fell asleep in the middle of a transaction loses it, and its locks, after so many seconds.
IDLE = 15

#: Seconds of rest after which a connection is asked, before it is used again, whether its server is still there. To
#: ask each time (`pool_pre_ping`) takes as long as a small transaction.
RESTED = 5.0

#: Seconds for which a server that does not answer is waited for before a step fails.
PATIENCE = 60.0

#: A disk with less free bytes than this is full.
ROOM = 1 << 20

S = TypeVar("S", bound="sa.Select[Any]")
log = logs.get(__name__)


class StoreError(StorageError):
    """The database went away, or was locked for too long. What was at work is tried again."""


def address(url: str, password: str = "") -> sa.URL:
    """The address of a database as SQLAlchemy takes it, with psycopg 3 for PostgreSQL and the password put in.

    Raises:
        ConfigurationError: it is no database URL.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        message = f"the database URL cannot be used: {error}"
        raise ConfigurationError(message, hint="see `database` in gateway.toml") from error
    if is_server(url):
        parsed = parsed.set(drivername="postgresql+psycopg")
        if password:
            parsed = parsed.set(password=password)
    return parsed


class Database:
    """The ledger's database.

    Args:
        url: SQLAlchemy URL.
        actor: in whose name the audit trail is written.
        password: password of the server, or what gives it; empty where none is needed.
        patience: seconds for which a server that does not answer is waited for.

    Raises:
        ConfigurationError: the database cannot be opened.
    """

    def __init__(
        self,
        url: str,
        actor: audit.Actor = NOBODY,
        password: str | Callable[[], str] = "",
        patience: float = PATIENCE,
    ) -> None:
        target = address(url, password if isinstance(password, str) else password())
        self.place = Place(url, password)
        self.actor = actor
        self._patience = patience
        try:
            # Values of a statement that failed may be serial numbers, and errors are logged.
            self.engine = sa.create_engine(target, hide_parameters=True, **_options(url))
        except (sa.exc.ArgumentError, ImportError) as error:
            message = f"the database URL cannot be used: {error}"
            missing = isinstance(error, ImportError)
            hint = "install the extra `postgres`" if missing else "see `database` in gateway.toml"
            raise ConfigurationError(message, hint=hint) from error
        self.server = self.engine.dialect.name == "postgresql"
        readers = self.engine
        if self.server:
            sa.event.listen(self.engine, "connect", _prepare_server)
            sa.event.listen(self.engine, "checkin", _note_rest)
            sa.event.listen(self.engine, "checkout", _ask_rested)
            readers = self.engine.execution_options(isolation_level="REPEATABLE READ")
        else:
            _private(target)
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._writers = sessionmaker(self.engine.execution_options(gateway_write=True), expire_on_commit=False)
        sa.event.listen(self._writers, "before_flush", audit.collect)
        self._readers = sessionmaker(readers, expire_on_commit=False)
        self._writing = threading.RLock()

    def migrate(self) -> None:
        """Bring the tables up to date. Harmless when they are.

        Raises:
            ConfigurationError: the database cannot be reached or was made by a newer gateway.
        """
        if self._version() == _head():
            return  # alembic takes a third of a second to import
        from alembic import command  # noqa: PLC0415 - only needed once a process
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        try:
            with self._alone_at_tables():
                if self._version() != _head():
                    command.upgrade(config, "head")
        except (sa.exc.SQLAlchemyError, CommandError, OSError) as error:
            message = f"the ledger cannot be opened: {getattr(error, 'orig', None) or error}"
            hint = self._no_room() or "see `database` in gateway.toml; was it made by a newer gateway?"
            raise ConfigurationError(message, hint=hint) from error

    @contextmanager
    def _alone_at_tables(self) -> Iterator[None]:
        """One process at a time changes the tables of a SQLite file. On PostgreSQL the migrations see to that."""
        path = self.engine.url.database
        if self.server or not path or path == ":memory:":
            yield
            return
        with private.appended(Path(f"{path}.lock")) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _version(self) -> str:
        """The migration that the tables are at, empty when there are none or they cannot be read."""
        try:
            with self.engine.connect() as connection:
                return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))
        except sa.exc.SQLAlchemyError:
            return ""

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that writes: committed at the end, rolled back on an exception.

        What it changed in the state of messages, and what was noted, goes into the audit trail with it.

        Raises:
            StoreError: the database went away or stays locked. Whether the transaction was committed is not known.
        """
        with self._turn(), self._explained(), self._writers() as session:
            self._connected(session)
            yield session
            audit.seal(session, self.actor)
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view for reading. What it gives stays usable afterwards.

        Raises:
            StoreError: the database went away.
        """
        with self._explained(), self._readers() as session:
            self._connected(session)
            yield session

    def alone(self, session: Session, name: str) -> None:
        """Keep every other writer that asks for the same name waiting until this transaction ends.

        On SQLite there is one writer at a time anyway.
        """
        if self.server:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("key", key, sa.BigInteger))))

    def seconds(self, session: Session) -> float:
        """The database's own clock, in seconds since 1970: the same for all workers, whatever their clocks say."""
        text = (
            "SELECT extract(epoch FROM clock_timestamp())"
            if self.server
            else "SELECT (julianday('now') - 2440587.5) * 86400.0"
        )
        return float(session.execute(sa.text(text)).scalar_one())

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _connected(self, session: Session) -> None:
        """Begin the transaction. A server that does not answer is waited for: nothing has been done yet."""
        if not self.server:
            return
        end = time.monotonic() + self._patience
        while True:
            try:
                session.connection()
            except sa.exc.OperationalError:
                if time.monotonic() > end:
                    raise
                log.warning("the database does not answer; waiting for it")
                session.rollback()
                time.sleep(1)
            else:
                return

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the writers of this process take turns on SQLite.

        SQLite's own way to wait is to look again after a pause that grows to a tenth of a second: with twenty threads
        the file is idle most of the time, and who has waited longest looks least often.
        """
        if self.server:
            yield
            return
        if not self._writing.acquire(timeout=BUSY_MILLISECONDS / 1000):
            message = "the database does not work: another thread keeps it locked"
            raise StoreError(message)
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
            message = f"the database does not work: {error.orig or error}"
            hint = self._no_room() or "see `database` in gateway.toml, and its server's log"
            raise StoreError(message, hint=hint) from error

    def _no_room(self) -> str:
        """What to do when the disk of a SQLite file is full: SQLite says that in several ways."""
        path = self.engine.url.database
        if self.server or not path or path == ":memory:":
            return ""
        with contextlib.suppress(OSError):
            if shutil.disk_usage(Path(path).parent).free < ROOM:
                return f"the disk is full: make room on the disk of {Path(path).parent}"
        return ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is, for another process that opens it for itself.

    Attributes:
        url: as `Database` takes it.
        password: what gives the password, or the password itself. What gives it is a reference to the secret, so that
            the secret is not sent along.
    """

    url: str
    password: str | Callable[[], str] = field(default="", repr=False)

    def open(self) -> Database:
        """The database, which is migrated already."""
        return Database(self.url, password=self.password)


def use_wal(url: str) -> None:
    """Put an SQLite file into WAL mode; the mode stays in the file."""
    parsed = address(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        _private(parsed)
        with contextlib.closing(sqlite3.connect(parsed.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


def _private(url: sa.URL) -> None:
    """Make the file of a new SQLite database, which else would get the rights that the umask leaves."""
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        with contextlib.suppress(OSError):  # whoever opens it says what is wrong
            private.touch(Path(url.database))


def locking(statement: S) -> S:
    """The same question, whose rows nobody else may change until the transaction ends.

    The weaker form of the lock: rows that refer to it may still be added by others. SQLite ignores it.
    """
    return statement.with_for_update(key_share=True)


def _options(url: str) -> dict[str, Any]:
    if not is_server(url):
        return {}
    return {"pool_size": 5, "max_overflow": 15, "connect_args": SERVER}


def _head() -> str:
    """The newest migration; files begin with their number."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _prepare_server(connection: Any, _record: Any) -> None:
    from gateway.exchange.ledger.postgres import NulShown  # noqa: PLC0415 - psycopg is an extra

    connection.adapters.register_dumper(str, NulShown)
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE}s'")
    connection.commit()  # the pool rolls back, which would undo it


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rested"] = time.monotonic()


def _ask_rested(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that rested whether it works; the pool replaces it when it does not."""
    if time.monotonic() - record.info.get("rested", time.monotonic()) < RESTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise sa.exc.DisconnectionError from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see `_begin_sqlite`
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk before a peer is told
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA soft_heap_limit={SQLITE_HEAP}")


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("gateway_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
