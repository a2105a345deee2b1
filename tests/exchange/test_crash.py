"""kill -9 of `gateway run` at every failpoint, then a restart: each file is delivered once, the ledger is whole.

All points are passed against a real OpenSSH server, and against drop folders where there is none.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing.connection
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest

from gateway.exchange import failpoints
from gateway.exchange.ledger import audit
from tests.exchange.site import Site, document, until
from tests.peers import openssh

SETTLED = {"looks": 1, "interval": 0, "min-age": 0}
TARGETS = {"one": "jsonld", "two": "xml"}

#: Which points the suite passes on which store; `make crash-matrix` passes all of them everywhere.
EVERYWHERE = os.environ.get("GATEWAY_CRASH_MATRIX") == "all"
ALONE_ON_POSTGRES = failpoints.POINTS if EVERYWHERE else failpoints.POINTS[::4]
BESIDE_ANOTHER = failpoints.POINTS if EVERYWHERE else failpoints.POINTS[2::6]

#: The most files that are dropped until a worker beside another one has come to its point.
MOST = 40

MakeSite = Callable[..., Site]


@pytest.fixture
def site_at_peer(tmp_path: Path) -> Iterator[MakeSite]:
    """Makes sites whose folders lie at a real SFTP server, or on this machine where there is none."""
    if not openssh.available():
        assert os.environ.get("CI") != "true", "CI needs an OpenSSH server at /usr/sbin/sshd"
        yield lambda name, **store: _make(tmp_path / name, tmp_path / f"{name}-peers", "folder", {}, **store)
        return
    with openssh.serve(tmp_path / "openssh") as server:
        yield lambda name, **store: _make(tmp_path / name, server.root / name, "sftp", server.settings(), **store)


def _make(root: Path, peers: Path, transport: str, settings: dict[str, object], **store: object) -> Site:
    def part(id_: str, **more: object) -> dict[str, object]:
        path = f"{peers.name}/{id_}" if transport == "sftp" else str(peers / id_)
        return {"id": id_, "transport": transport, "settings": {**settings, "path": path, **more}}

    agreement = {
        "partner": {"id": "acme"},
        "channels": [part("in", settle=SETTLED) | {"schedule": {"interval": 1}}],
        "targets": [part("one") | {"to": "epcis-2.0-json"}, part("two") | {"to": "epcis-1.2-xml"}],
    }
    return Site(root, peers, **store).build(json.dumps(agreement))


class Recorder:
    """The receivers' side: notes every file that comes to stand under its final name, by its inode."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.arrivals: set[tuple[str, str, int]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(0.03):
            for folder in self._folders:
                for entry in os.scandir(folder):
                    if not entry.name.endswith(".part") and not entry.name.startswith("."):
                        self.arrivals.add((folder.name, entry.name, entry.inode()))

    def times(self) -> Counter[int]:
        """How many files came how often."""
        return Counter(Counter((folder, name) for folder, name, _ in self.arrivals).values())


def drop(site: Site, serial: int) -> None:
    site.drop(f"{serial:02}.xml", document(serial))


def alone(site: Site, point: str) -> str:
    """One worker is killed at a point and started again; what is wrong afterwards, empty when nothing is."""
    with Recorder(site.one, site.two) as recorder:
        for serial in range(2):
            drop(site, serial)
        process = site.run(point)
        process.join(60)
        if process.exitcode != -signal.SIGKILL:
            process.kill()
            return f"{point}: was not reached, exit code {process.exitcode}\n"
        with site.running(), contextlib.suppress(AssertionError):  # what is missing is told below
            until(lambda: finished(site, 2), 60)
    return wrong(site, point, 2, recorder)


def beside(site: Site, point: str) -> str:
    """The first of two workers that comes to a point is killed and stays away; files come until then."""
    killed = site.root / "killed"
    with Recorder(site.one, site.two) as recorder:
        workers = [site.run(f"{point}:1:{killed}", worker=name) for name in ("w-1", "w-2")]
        files = 0
        try:
            while all(worker.is_alive() for worker in workers) and files < MOST:
                for _ in range(2):
                    drop(site, files)
                    files += 1
                multiprocessing.connection.wait([worker.sentinel for worker in workers], 1)
            with contextlib.suppress(AssertionError):
                until(lambda: finished(site, files), 150)
            ends = sorted(str(worker.exitcode) for worker in workers)
            if ends != [str(-signal.SIGKILL), "None"]:
                return f"{point}: the workers ended with {ends}\n"
            alive = next(worker for worker in workers if worker.is_alive())
            alive.terminate()
            alive.join(20)
            if alive.exitcode:
                return f"{point}: the living worker ended with {alive.exitcode}\n"
        finally:
            for worker in workers:
                worker.kill()
    return wrong(site, point, files, recorder)


def wrong(site: Site, point: str, files: int, recorder: Recorder) -> str:
    """What is not as if nothing had happened."""
    workspace = site.workspace()
    with workspace.database.read() as session:
        faults = [str(fault) for fault in audit.verify(session)]
    found = {
        "delivered": site.delivered()
        == {target: [f"{n:02}.{suffix}" for n in range(files)] for target, suffix in TARGETS.items()},
        "seen by the receivers": recorder.times() == {1: 2 * files},
        "collected": [path.name for path in site.inbox.iterdir()] == ["archive"],
        "messages": Counter(m.state for m in site.messages()) == {"done": files},
        "deliveries": site.rows("select state, count(*) from deliveries group by 1") == [("delivered", 2 * files)],
        "attempts": site.rows("select distinct attempts from deliveries") == [(1,)],
        "stages": site.rows("select step, count(*) from stages group by 1 order by 1")
        == [("check", files), ("convert", 2 * files), ("detect", files)],
        "outputs": site.rows("select count(*) from outputs") == [(2 * files,)],
        "history": site.rows("select count(*) from history") == [(4 * files,)],
        "quarantine": [p for p in (site.root / "data" / "quarantine").rglob("*") if p.is_file()] == []
        or site.postgres is not None,  # a worker that stays away leaves its own
        "archive": all(workspace.archive.verify(sha) for (sha,) in site.rows("select sha256 from outputs")),
        "audit trail": faults == [],
        "order": in_order(site),
    }
    workspace.close()
    texts = [f"{point}: {name} is wrong" for name, right in found.items() if not right]
    if texts:
        states = Counter((m.state, m.reason) for m in site.messages())
        texts.append(f"{files} files, {states}, seen {recorder.times()}, {faults[:3]}")
    return "\n".join(texts)


def in_order(site: Site) -> bool:
    """Whether each receiver got its files in the order in which they came."""
    rows = site.rows("select target, message from deliveries order by delivered_at, id")
    return all((ids := [id_ for name, id_ in rows if name == target]) == sorted(ids) for target in TARGETS)


def finished(site: Site, files: int) -> bool:
    """Whether all messages are closed and nothing waits at the peer."""
    closed = "select count(*) from messages where state not in ('received', 'converting', 'delivering')"
    return site.rows(closed) == [(files,)] and [path.name for path in site.inbox.iterdir()] == ["archive"]


def passed(case: Callable[[Site, str], str], sites: list[tuple[Site, str]], at_once: int = 6) -> list[str]:
    """Pass all points; what went wrong."""
    with ThreadPoolExecutor(at_once) as pool:
        return [text for text in pool.map(lambda site: case(*site), sites) if text]


def test_kill_at_every_failpoint(site_at_peer: MakeSite) -> None:
    first = site_at_peer("template")
    assert not first.once()  # makes the databases, so that the many runs below begin at once
    sites = [(site_at_peer(point), point) for point in failpoints.POINTS]
    for site, _ in sites:
        for database in (first.root / "data").glob("*.sqlite"):
            shutil.copy(database, site.root / "data" / database.name)
    assert passed(alone, sites) == []
    assert len(failpoints.POINTS) >= 20


def test_kill_on_postgres(site_at_peer: MakeSite, postgres, blank: str) -> None:
    sites = [(site_at_peer(point, postgres=postgres, template=blank), point) for point in ALONE_ON_POSTGRES]
    assert passed(alone, sites) == []


def test_kill_beside_another_worker(site_at_peer: MakeSite, postgres, blank: str) -> None:
    sites = [(site_at_peer(point, postgres=postgres, template=blank), point) for point in BESIDE_ANOTHER]
    assert passed(beside, sites, 3) == []


def test_a_receiver_that_took_the_file_away_sees_the_same_one_again(site: Site) -> None:
    """The one case that no file drop can tell: sent, taken away, and the sender died before it could note that."""
    site.drop("a.xml", document())
    process, _ = site.start("deliver.sent")
    process.join(40)
    # The other delivery may have been killed while it was written: a receiver does not see its temporary name.
    whole = [path for folder in (site.one, site.two) for path in folder.iterdir() if not path.name.startswith(".")]
    sent = {(path.parent.name, path.name, path.read_bytes()) for path in whole}
    assert sent
    for folder, name, _ in sent:
        (site.root / "data" / folder / name).unlink()
    assert not site.once()
    again = {
        (folder.name, path.name, path.read_bytes()) for folder in (site.one, site.two) for path in folder.iterdir()
    }
    assert sent <= again
    assert len(again) == 2


def test_a_failpoint_in_the_middle_of_many_files(site: Site) -> None:
    for serial in range(5):
        site.drop(f"{serial}.xml", document(serial))
    process, _ = site.start("deliver.sent:4")
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    assert not site.once()
    assert site.delivered() == {"one": [f"{n}.jsonld" for n in range(5)], "two": [f"{n}.xml" for n in range(5)]}
    assert {m.state for m in site.messages()} == {"done"}


def test_the_engines_database_may_be_lost(site: Site) -> None:
    site.drop("a.xml", document())
    process, _ = site.start("check.passed")
    process.join(40)
    for path in (site.root / "data").glob("engine.sqlite*"):
        path.unlink()
    assert not site.once()
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
