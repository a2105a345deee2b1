"""A workspace opened: settings, agreements, ledger and archive together.

Any number of processes may read a workspace. On SQLite one at a time may exchange, and a lock on
``data/exchange.lock`` sees to that, because the engine takes every piece of unfinished work of its own name for its
own. On a database server one process for each worker's name may, each with a lock of its own.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gateway import private
from gateway import settings as settings_
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange.archive.store import Archive
from gateway.exchange.clock import Clock, system
from gateway.exchange.ledger.audit import Actor
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Ledger
from gateway.exchange.workers import Seen, seen
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.agreements.load import Agreements
    from gateway.transports.secrets import Referred

LOCK = "exchange.lock"
SECOND_LOOK = 0.2  # seconds


def operator(why: str = "") -> Actor:
    """The person who runs this process, by the name that the system knows."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run a number that has no name
        name = f"user {os.getuid()}"
    return Actor(f"operator {name}", why)


@dataclass
class Workspace:
    """An open workspace.

    Attributes:
        settings: what ``gateway.toml`` says.
        clock: the time.
        actor: in whose name the audit trail is written; by default the person who runs the command.
    """

    settings: Settings
    clock: Clock = system
    actor: Actor = field(default_factory=operator)

    @cached_property
    def agreements(self) -> Agreements:
        """The agreements, read and checked when first asked for.

        Raises:
            ConfigurationError: one of them is wrong.
        """
        from gateway.agreements.load import load  # noqa: PLC0415 - it needs all formats; `gateway show` needs none

        return load(self.settings)

    @cached_property
    def database(self) -> Database:
        """The ledger's database, migrated.

        Raises:
            ConfigurationError: it cannot be opened.
        """
        self._make_data()
        password: str | Referred = ""
        if self.settings.password:
            from gateway.transports.secrets import Referred  # noqa: PLC0415 - a workspace on SQLite needs none

            password = Referred(self.settings.root, self.settings.password)
        database = Database(self.settings.database, self.actor, password)
        database.migrate()
        return database

    @property
    def password(self) -> str:
        """The password of the database server, empty where none is needed.

        Raises:
            ConfigurationError: its reference leads nowhere.
        """
        from gateway.transports.secrets import secrets  # noqa: PLC0415 - a workspace on SQLite needs none

        return secrets(self.settings.root)(self.settings.password) if self.settings.password else ""

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, for writing."""
        return Ledger(self.database, self.clock)

    @cached_property
    def queries(self) -> Queries:
        """The ledger, for reading."""
        return Queries(self.database)

    @cached_property
    def archive(self) -> Archive:
        """The archive. Workers beside each other have quarantines of their own, which each may empty.

        Raises:
            ConfigurationError: its key cannot be resolved.
        """
        own = self.settings.engine.worker if self.settings.shared else ""
        references = self.settings.archive_keys
        if not references:
            return Archive(self.settings.data, self.settings.free_bytes, worker=own)
        from gateway.exchange.archive.sealed import Keys  # noqa: PLC0415 - cryptography is not needed without a key
        from gateway.transports.secrets import secrets  # noqa: PLC0415

        resolve = secrets(self.settings.root)
        return Archive(self.settings.data, self.settings.free_bytes, Keys(map(resolve, references)), own)

    def act_as(self, actor: Actor) -> None:
        """From here on the audit trail is written in the name of `actor`."""
        self.actor = actor
        if "database" in self.__dict__:
            self.database.actor = actor

    def close(self) -> None:
        """Close what was opened."""
        if "database" in self.__dict__:
            self.database.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the one process that exchanges, or the one of this worker's name.

        Raises:
            UsageError: another one does.
            ConfigurationError: the lock cannot be written.
        """
        with self._lock_file() as stream:
            if not _lock_soon(stream.fileno()):
                stream.seek(0)
                raise self._runs_already(stream.read().strip())
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
            yield

    def _runs_already(self, process: str) -> UsageError:
        worker = self.settings.engine.worker
        if self.settings.shared:
            message = f"the worker {worker!r} of {self.settings.root} runs already, as process {process}"
            return UsageError(message, hint="give each worker a name of its own: gateway run --worker NAME")
        message = f"the exchange of {self.settings.root} runs already, as process {process}"
        hint = "stop it first, or let it do the work; several workers need PostgreSQL: docs/operations.md"
        return UsageError(message, hint=hint)

    def running(self) -> int:
        """Process id of a process that exchanges now, 0 when none does."""
        if self.settings.shared:
            alive = [worker for worker in self.workers() if worker.silent < self.settings.engine.silence]
            return max(alive, key=lambda worker: worker.leads).process if alive else 0
        path = self.settings.data / LOCK
        if not path.exists():
            return 0
        with path.open("r") as stream:
            # Shared, so that two that look at the same time do not take each other for the one that exchanges.
            return 0 if _lock(stream.fileno(), fcntl.LOCK_SH) else int(stream.read().strip() or 0)

    def workers(self) -> Sequence[Seen]:
        """The workers that have not left; on SQLite the one that may be there is not among them."""
        return seen(self.database) if self.settings.shared else ()

    def _make_data(self) -> None:
        try:
            private.folder(self.settings.data)
        except OSError as error:
            message = f"{self.settings.data} cannot be made: {error.strerror or error}"
            raise ConfigurationError(message, hint="it must be a folder that the gateway may write into") from error

    def _lock_file(self) -> TextIO:
        self._make_data()
        path = self.settings.data / (f"worker-{self.settings.engine.worker}.lock" if self.settings.shared else LOCK)
        try:
            return private.appended(path)
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror or error}"
            raise ConfigurationError(message, hint="is it another user's workspace?") from error


def _lock_soon(descriptor: int) -> bool:
    """`Workspace.running` holds the lock for an instant, therefore a second look."""
    if _lock(descriptor):
        return True
    time.sleep(SECOND_LOOK)
    return _lock(descriptor)


def _lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def opened(root: Path, clock: Clock = system, worker: str = "") -> Iterator[Workspace]:
    """Open the workspace at `root`, as the worker of a name or the one that its settings name.

    Raises:
        ConfigurationError: there is none, or its settings are wrong.
    """
    workspace = Workspace(settings_.load(root, worker), clock)
    try:
        yield workspace
    finally:
        workspace.close()
