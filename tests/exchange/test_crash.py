"""kill -9 of `gateway run` at every failpoint, then a restart: each file is delivered once, the ledger is whole.

All points are passed against a real OpenSSH server, and against drop folders where there is none.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.exchange import failpoints
from tests.exchange.site import Site, document, until
from tests.peers import openssh

FILES = ("a.xml", "b.xml")
EVERYTHING = {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}
SETTLED = {"looks": 1, "interval": 0, "min-age": 0}

MakeSite = Callable[[str], Site]


@pytest.fixture
def site_at_peer(tmp_path: Path) -> Iterator[MakeSite]:
    """Makes sites whose folders lie at a real SFTP server, or on this machine where there is none."""
    if not openssh.available():
        assert os.environ.get("CI") != "true", "CI needs an OpenSSH server at /usr/sbin/sshd"
        yield lambda name: _make(tmp_path / name, tmp_path / f"{name}-peers", "folder", {})
        return
    with openssh.serve(tmp_path / "openssh") as server:
        yield lambda name: _make(tmp_path / name, server.root / name, "sftp", server.settings())


def _make(root: Path, peers: Path, transport: str, settings: dict[str, object]) -> Site:
    def part(id_: str, **more: object) -> dict[str, object]:
        path = f"{peers.name}/{id_}" if transport == "sftp" else str(peers / id_)
        return {"id": id_, "transport": transport, "settings": {**settings, "path": path, **more}}

    agreement = {
        "partner": {"id": "acme"},
        "channels": [part("in", settle=SETTLED) | {"schedule": {"interval": 1}}],
        "targets": [part("one") | {"to": "epcis-2.0-json"}, part("two") | {"to": "epcis-1.2-xml"}],
    }
    return Site(root, peers).build(json.dumps(agreement))


def crash_and_restart(site: Site, template: Path, point: str) -> str:
    """One case; returns what is wrong, empty when nothing is."""
    for database in template.glob("*.sqlite"):
        shutil.copy(database, site.root / "data" / database.name)
    for serial, name in enumerate(FILES, 1):
        site.drop(name, document(serial))
    process = site.run(point)
    process.join(60)
    if process.exitcode != -signal.SIGKILL:
        process.kill()
        return f"{point}: was not reached, exit code {process.exitcode}"
    with site.running(), contextlib.suppress(AssertionError):  # what is missing is told below
        until(lambda: finished(site), 60)
    found = {
        "delivered": site.delivered() == EVERYTHING,
        "collected": [p.name for p in site.inbox.iterdir()] == ["archive"],
        "messages": Counter(m.state for m in site.messages()) == {"done": 2},
        "deliveries": site.rows("select state, count(*) from deliveries group by 1") == [("delivered", 4)],
        "attempts": site.rows("select distinct attempts from deliveries") == [(1,)],
        "stages": site.rows("select step, count(*) from stages group by 1 order by 1")
        == [("check", 2), ("convert", 4), ("detect", 2)],
        "outputs": site.rows("select count(*) from outputs") == [(4,)],
        "history": site.rows("select count(*) from history") == [(8,)],
        "quarantine": list((site.root / "data" / "quarantine").iterdir()) == [],
        "whole": all(site.workspace().archive.verify(sha) for (sha,) in site.rows("select sha256 from outputs")),
    }
    return "".join(f"{point}: {name} is wrong\n" for name, right in found.items() if not right)


def finished(site: Site) -> bool:
    """Whether both messages are closed and nothing waits at the peer."""
    closed = "select count(*) from messages where state not in ('received', 'converting', 'delivering')"
    return site.rows(closed) == [(2,)] and [path.name for path in site.inbox.iterdir()] == ["archive"]


def test_kill_at_every_failpoint(site_at_peer: MakeSite) -> None:
    first = site_at_peer("template")
    assert not first.once()  # makes the databases, so that the many runs below begin at once
    sites = [(site_at_peer(point), point) for point in failpoints.POINTS]
    with ThreadPoolExecutor(6) as pool:
        wrong = pool.map(lambda case: crash_and_restart(case[0], first.root / "data", case[1]), sites)
    assert [text for text in wrong if text] == []
    assert len(failpoints.POINTS) >= 20


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
    process, _ = site.start("check.recorded")
    process.join(40)
    for path in (site.root / "data").glob("engine.sqlite*"):
        path.unlink()
    assert not site.once()
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
