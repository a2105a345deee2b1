"""kill -9 at every failpoint, then a restart: each file is delivered exactly once and the ledger is whole."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.exchange import failpoints

from tests.exchange.site import Site, document

FILES = ("a.xml", "b.xml")
EVERYTHING = {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}


def crash_and_restart(template: Path, root: Path, point: str) -> str:
    """One case; returns what is wrong, empty when nothing is."""
    shutil.copytree(template, root)
    site = Site(root)
    for serial, name in enumerate(FILES, 1):
        site.drop(name, document(serial))
    process, _ = site.start(point)
    process.join(40)
    if process.exitcode != -signal.SIGKILL:
        return f"{point}: was not reached, exit code {process.exitcode}"
    if site.once():
        return f"{point}: a peer failed after the restart"
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
        "quarantine": list((root / "data" / "quarantine").iterdir()) == [],
        "whole": all(site.workspace().archive.verify(sha) for (sha,) in site.rows("select sha256 from outputs")),
    }
    return "".join(f"{point}: {name} is wrong\n" for name, right in found.items() if not right)


def test_kill_at_every_failpoint(site: Site, tmp_path: Path) -> None:
    site.once()  # makes the databases, so that the many runs below begin at once
    with ThreadPoolExecutor(4) as pool:
        wrong = pool.map(
            lambda point: crash_and_restart(site.root, tmp_path / point, point), failpoints.POINTS
        )
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
