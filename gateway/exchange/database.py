"""Opening the ledger's database: SQLite set up for durability, migrations brought up to date.

On SQLite every write transaction begins IMMEDIATE. A deferred one that reads first and writes later would fail with
"database is locked" instead of waiting its turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from gateway.errors import ConfigurationError
from gateway.exchange import audit

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS = 30_000
NOBODY = audit.Actor("unknown")


class Database:
    """The ledger's database.

    Args:
        url: SQLAlchemy URL.
        actor: in whose name the audit trail is written.

    Raises:
        ConfigurationError: the database cannot be opened.
    """

    def __init__(self, url: str, actor: audit.Actor = NOBODY) -> None:
        self.actor = actor
        try:
            self.engine = sa.create_engine(url)
        except (sa.exc.ArgumentError, ImportError) as error:
            message = f"the database URL cannot be used: {error}"
            raise ConfigurationError(message, hint="see `database` in gateway.toml") from error
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._writers = sessionmaker(self.engine.execution_options(gateway_write=True), expire_on_commit=False)
        sa.event.listen(self._writers, "before_flush", audit.collect)
        self._readers = sessionmaker(self.engine, expire_on_commit=False)

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
            command.upgrade(config, "head")
        except (sa.exc.SQLAlchemyError, CommandError) as error:
            message = f"the ledger cannot be opened: {error}"
            raise ConfigurationError(
                message, hint="see `database` in gateway.toml; was it made by a newer gateway?"
            ) from error

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
        """
        with self._writers.begin() as session:
            yield session
            audit.seal(session, self.actor)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view for reading. What it gives stays usable afterwards."""
        with self._readers() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _head() -> str:
    """The newest migration; files begin with their number."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see `_begin_sqlite`
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit is on the disk before a peer is told
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("gateway_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
