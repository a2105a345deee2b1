"""Things that go wrong on this machine or at a peer, and must not lose, double or hide anything."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway import logs
from gateway.errors import ConfigurationError
from gateway.exchange.archive.store import Archive, StorageError
from gateway.exchange.flow.collect import Collector
from gateway.exchange.ledger.tables import Message
from gateway.exchange.operations.replay import replay
from gateway.exchange.workspace import Workspace
from gateway.transports.secrets import secrets
from tests.exchange.site import AGREEMENT, SETTINGS, Site, document, until
from tests.exchange.test_commands import gateway, in_a_process


def test_a_file_that_its_peer_cannot_put_away_is_processed_all_the_same(site: Site) -> None:
    (site.inbox / "archive").write_bytes(b"")  # stands where the peer's archive folder should be made
    os.utime(site.inbox / "archive", (1e9, 1e9))
    site.agree(AGREEMENT.replace("path: data/in,", "path: data/in, patterns: ['*.xml'],"))
    site.drop("a.xml", document(1))
    site.drop("b.xml", document(2))
    for _ in range(2):
        assert site.once()  # the peer failed
    assert [m.state for m in site.messages()] == ["done", "done"]
    assert site.delivered() == {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}
    assert "cannot put away" in site.rows("select error from collections")[0][0]
    (site.inbox / "archive").unlink()
    assert not site.once()
    assert [path.name for path in site.inbox.iterdir()] == ["archive"]
    assert len(site.messages()) == 2


def test_a_file_that_is_put_back_is_taken_again(site: Site) -> None:
    site.agree(AGREEMENT.replace("to: epcis-1.2-xml", "to: tr-pts"))
    site.drop("a.xml", document())
    site.once()
    site.agree(AGREEMENT)  # repaired, and the operator puts the file back: same name, size, time and bytes
    for state in ("done", "duplicate"):
        (archived,) = site.inbox.glob("archive/*/*")
        archived.rename(site.inbox / "a.xml")
        site.once()
        assert [m.state for m in site.messages()][-1] == state
    assert [m.state for m in site.messages()] == ["refused", "done", "duplicate"]
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_a_replay_whose_target_is_gone_fails_and_says_so(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    replay(site.workspace(), "1", again=True)
    site.agree(AGREEMENT.replace("id: one", "id: three"))
    assert site.once()
    state, reason = site.rows("select state, reason from messages where number = 2")[0]
    assert state == "failed"
    assert "has no target one any more (restore it, or replay the message again" in reason
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_the_ledger_may_be_restored_from_before_the_engines_work(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    with contextlib.closing(sqlite3.connect(site.root / "data" / "engine.sqlite")) as connection, connection:
        connection.execute("update workflow_status set status = 'ERROR' where name in ('process', 'deliver')")
    for path in (site.root / "data").glob("ledger.sqlite*"):
        path.unlink()
    site.drop("b.xml", document(2))
    assert not site.once()
    assert [(m.name, m.state) for m in site.messages()] == [("b.xml", "done")]


def test_a_bug_while_collecting_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("error", "plain")  # to the standard error of now: what ran before may have left a closed one
    workspace = site.workspace()
    serial = "urn:epc:id:sgtin:0614141.107346.77"
    site.drop("a.xml", document())

    def submit(_: Message) -> None:
        raise KeyError(serial)

    collector = Collector(
        workspace.agreements,
        workspace.ledger.configuration({}),
        workspace.ledger,
        workspace.archive,
        secrets(site.root),
    )
    assert "a bug: KeyError" in collector.collect("acme-in", submit).error
    assert "a bug: KeyError" in site.rows("select error from collections")[0][0]
    printed = capsys.readouterr()
    assert "test_troubles.py" in printed.out + printed.err  # where it struck
    assert serial not in printed.out + printed.err
    assert not site.once()  # the file was not lost
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_a_disk_that_fills_up_while_outputs_are_written_is_waited_for(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(StorageError, match="make room"), archive.folder():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), archive.folder():
        raise FileNotFoundError
    assert list(archive.quarantine.iterdir()) == []
    archive.quarantine.rmdir()
    with pytest.raises(StorageError, match="cannot be written"), archive.temporary():
        pass


def test_a_database_that_cannot_be_opened_is_a_matter_of_configuration(site: Site) -> None:
    settings = site.root / "gateway.toml"
    settings.write_text(SETTINGS + "[engine]\nurl = 'sqlite:////nowhere/engine.sqlite'\n")
    assert "the engine's database cannot be opened" in in_a_process("once", "-C", str(site.root), expect=4)
    settings.write_text(SETTINGS)
    (site.root / "data" / "engine.sqlite").write_bytes(b"no database" * 1000)
    assert "the engine's database cannot be opened" in in_a_process("once", "-C", str(site.root), expect=4)


def test_a_data_folder_that_is_none_is_a_matter_of_configuration(tmp_path: Path) -> None:
    site = Site(tmp_path / "ws", tmp_path / "peers").build()
    for path in (site.root / "data").iterdir():
        path.unlink()
    (site.root / "data").rmdir()
    (site.root / "data").write_bytes(b"")
    assert "data cannot be made" in gateway("status", "-C", str(site.root), expect=4)
    with pytest.raises(ConfigurationError, match="data cannot be made"), site.workspace().exclusive():
        pass


def test_two_may_ask_at_once_who_exchanges(site: Site) -> None:
    workspace: Workspace = site.workspace()
    with workspace.exclusive():
        assert workspace.running() == os.getpid()
    with (site.root / "data" / "exchange.lock").open() as other:
        import fcntl

        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as another `gateway status` does
        assert workspace.running() == 0


def test_ctrl_c_does_not_wait_for_a_delivery_that_sleeps(site: Site) -> None:
    site.agree(AGREEMENT.replace("transport: folder, settings: {path: data/one}", f"transport: sftp, settings: {GONE}"))
    site.drop("a.xml", document())
    process = subprocess.Popen([sys.executable, "-m", "gateway", "once", "--wait", "300", "-C", str(site.root)])
    try:
        # The ledger may not be there yet.
        waiting = "select count(*) from deliveries where state = 'waiting'"
        until(lambda: _rows(site, waiting) == [(1,)])
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert time.monotonic() - start < 15
    finally:
        process.kill()
        process.wait()


GONE = json.dumps(
    {
        "host": "127.0.0.1",
        "port": 1,
        "username": "x",
        "password": "env:PATH",
        "host-key-fingerprints": ["SHA256:" + "A" * 43],
    }
)


def _rows(site: Site, sql: str) -> list[tuple]:
    try:
        return site.rows(sql)
    except sqlite3.OperationalError:
        return []
