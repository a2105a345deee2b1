"""A workspace between drop folders, and processes that exchange in it.

Nothing here runs the engine inside pytest's own process: each run is a process of its own, as in real life, forked
from a server that has the imports ready.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from gateway.exchange import failpoints
from gateway.exchange.clock import system
from gateway.exchange.flow import apart, holds
from gateway.exchange.ledger.tables import Message
from gateway.exchange.workspace import Workspace, opened
from gateway.settings import load
from tests.peers.postgres import Postgres

SETTINGS = '[logs]\nlevel = "error"\n'
WORKER = "gateway-1"
AGREEMENT = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: folder
    settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}
targets:
  - {id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}, retry: {attempts: 2, first: 60}}
  - {id: two, to: epcis-1.2-xml, transport: folder, settings: {path: data/two}}
"""
EVENT = """\
<ObjectEvent><eventTime>2026-01-02T09:00:00.000Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:0614141.107346.{serial}</epc></epcList><action>ADD</action>
<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
<disposition>urn:epcglobal:cbv:disp:active</disposition>
<readPoint><id>urn:epc:id:sgln:0614141.07346.1234</id></readPoint></ObjectEvent>
"""


def document(serial: int = 1) -> bytes:
    """A small EPCIS 1.2 document."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"'
        ' creationDate="2026-01-02T10:00:00Z"><EPCISBody><EventList>\n'
        f"{EVENT.format(serial=serial)}</EventList></EPCISBody></epcis:EPCISDocument>\n"
    ).encode()


def _once(root: Path, failpoint: str, wait: float, worker: str, shift: float, large: int, answer) -> None:
    from gateway import logs
    from gateway.exchange.flow import apart
    from gateway.exchange.service import once

    apart.LARGE = large

    os.environ[failpoints.VARIABLE] = failpoint
    with opened(root, lambda: system() + timedelta(seconds=shift), worker) as workspace:
        logs.setup("error", "plain")
        outcome = once(workspace, wait)
    answer.send(outcome.peer_failed)
    answer.close()
    os._exit(0)


def _run(root: Path, failpoint: str, shift: float, worker: str) -> None:
    """``gateway run``, in a world whose clock is `shift` seconds ahead."""
    from gateway.cli.main import cli
    from gateway.exchange import workspace

    os.environ[failpoints.VARIABLE] = failpoint
    if shift:
        workspace.opened = functools.partial(opened, clock=lambda: system() + timedelta(seconds=shift))
    cli.main(["run", "-C", str(root), "--worker", worker], standalone_mode=False)


class Site:
    """A workspace between drop folders.

    Args:
        root: its folder.
        peers: where the peers' folders are; by default in the workspace.
        postgres: PostgreSQL server with its store; by default SQLite.
        template: database to copy for the store.

    Attributes:
        large: contents from this size on are converted in a process of their own.
    """

    def __init__(
        self, root: Path, peers: Path | None = None, postgres: Postgres | None = None, template: str = "template1"
    ) -> None:
        self.root = root
        self.postgres = postgres
        self.database = postgres.create(template) if postgres else ""
        self.large = apart.LARGE
        self.inbox, self.one, self.two = ((peers or root / "data") / name for name in ("in", "one", "two"))

    def build(self, agreement: str = AGREEMENT) -> Site:
        """Make the folders and files."""
        own = (self.root / name for name in ("agreements", "mappings", "data"))
        for folder in (*own, self.inbox, self.one, self.two):
            folder.mkdir(parents=True, exist_ok=True)
        (self.root / "gateway.toml").write_text(SETTINGS + self._store())
        self.agree(agreement)
        return self

    def _store(self) -> str:
        if self.postgres is None:
            return "[engine]\npoll-interval = 0.1\n"
        (self.root / "keys").mkdir(exist_ok=True)
        (self.root / "keys" / "database").write_text(self.postgres.password + "\n")
        store = f'[database]\nurl = "{self.postgres.url(self.database)}"\npassword = "file:keys/database"\n'
        return f"[engine]\npoll-interval = 0.1\nsilence = 2\n{store}"

    def agree(self, agreement: str) -> None:
        """Write the agreement."""
        (self.root / "agreements" / "acme.yaml").write_text(agreement)

    def drop(self, name: str, data: bytes) -> None:
        """The partner drops a file."""
        (self.inbox / name).write_bytes(data)

    def start(self, failpoint: str = "", wait: float = 0, worker: str = WORKER, shift: float = 0):
        """Begin a run, by a clock that is `shift` seconds ahead; returns its process and where its answer comes."""
        context = multiprocessing.get_context("forkserver")
        receiver, sender = context.Pipe(duplex=False)
        arguments = (self.root, failpoint, wait, worker, shift, self.large, sender)
        process = context.Process(target=_once, args=arguments)
        process.start()
        sender.close()
        return process, receiver

    def once(self, failpoint: str = "", wait: float = 0, worker: str = WORKER, shift: float = 0) -> bool:
        """Run once to the end; returns whether a peer failed."""
        process, receiver = self.start(failpoint, wait, worker, shift)
        process.join(120)  # only a bound for what hangs; a busy machine is slow
        assert process.exitcode == 0, f"the run ended with {process.exitcode}"
        return receiver.recv()

    @contextlib.contextmanager
    def running(self, shift: float = 0, worker: str = WORKER):
        """``gateway run`` while the body lasts; it must stop by itself when it is told to."""
        process = self.run(shift=shift, worker=worker)
        try:
            yield process
            process.terminate()
            process.join(20)
            assert process.exitcode == 0, f"the run ended with {process.exitcode}"
        finally:
            process.kill()
            process.join()

    def run(self, failpoint: str = "", shift: float = 0, worker: str = WORKER):
        """Begin ``gateway run``; returns its process."""
        context = multiprocessing.get_context("forkserver")
        process = context.Process(target=_run, args=(self.root, failpoint, shift, worker))
        process.start()
        return process

    def workspace(self) -> Workspace:
        """The workspace, to read its ledger."""
        return Workspace(load(self.root))

    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        workspace = self.workspace()
        try:
            return list(workspace.queries.messages())[::-1]
        finally:
            workspace.close()

    def delivered(self) -> dict[str, list[str]]:
        """Names in the receivers' folders, without the message's id."""
        return {
            folder.name: sorted(re.sub(r"-\d{17}-\d{8}", "", path.name) for path in folder.iterdir())
            for folder in (self.one, self.two)
        }

    def wake(self, work: str) -> None:
        """Let waiting work look again, as if its time had come."""
        workspace = self.workspace()
        with workspace.database.write() as session:
            holds.wake(session, [work], workspace.ledger.now())
        workspace.close()

    def rows(self, sql: str) -> list[tuple]:
        """Rows of the ledger."""
        if self.postgres is not None:
            return self.postgres.execute(self.database, sql)
        with contextlib.closing(sqlite3.connect(self.root / "data" / "ledger.sqlite", timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    def engine_rows(self, sql: str) -> list[tuple]:
        """Rows of the engine's own tables."""
        if self.postgres is not None:
            return self.postgres.execute(self.database, sql.replace(" from ", " from dbos."))
        with contextlib.closing(sqlite3.connect(self.root / "data" / "engine.sqlite", timeout=30)) as connection:
            return connection.execute(sql).fetchall()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
