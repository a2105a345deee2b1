"""Files that cannot be had beside files that can: bad ones must not keep good ones back, however many there are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.agreements import load
from gateway.exchange.flow.collect import NAMED, Collected, Collector
from gateway.exchange.ledger.tables import Message
from gateway.transports.secrets import secrets
from tests.exchange.site import Site, document
from tests.peers import faulty

BAD = 12


@pytest.fixture(scope="module")
def process():
    with faulty.serve() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, process, monkeypatch) -> Site:
    monkeypatch.setenv("SFTP_PASSWORD", faulty.PASSWORD)
    served = tmp_path / "served"
    process.reset(served)
    settings = process.settings(settle={"looks": 1, "interval": 0, "min-age": 0})
    channel = {"id": "acme-in", "transport": "sftp", "settings": settings}
    target = {"id": "one", "to": "epcis-2.0-json", "transport": "folder", "settings": {"path": "data/one"}}
    site = Site(tmp_path / "ws").build(
        json.dumps({"partner": {"id": "acme"}, "channels": [channel], "targets": [target]})
    )
    site.inbox = served
    return site


def collect(site: Site) -> tuple[Collected, list[Message]]:
    workspace, taken = site.workspace(), list[Message]()
    try:
        agreements = load.load(workspace.settings)
        configuration = workspace.ledger.configuration(agreements.files)
        resolve = secrets(site.root)
        collector = Collector(agreements, configuration, workspace.ledger, workspace.archive, resolve)
        return collector.collect("acme-in", taken.append), taken
    finally:
        workspace.close()


@pytest.mark.parametrize("how", ["denied", "in use", "gone"])
def test_files_that_cannot_be_had_keep_no_newer_ones_back(site: Site, process, how: str) -> None:
    old = [f"old-{number:02}.xml" for number in range(BAD)]
    for name in old if how != "gone" else ():
        site.drop(name, b"x")
        os.utime(site.inbox / name, (1e9, 1e9))
    site.drop("new.xml", document())
    process.locked = dict.fromkeys(old, how) if how != "gone" else {}
    process.listed = [name.encode() for name in old] if how == "gone" else []
    with capture_logs() as lines:
        result, taken = collect(site)
    assert [message.name for message in taken] == ["new.xml"]
    assert result.bad == BAD
    assert f"(the last of {BAD} such files)" in result.error
    # A folder full of bad files does not fill the log.
    assert [line["event"] for line in lines].count("not collected") == NAMED + 1
    assert sorted(path.name for path in site.inbox.iterdir()) == ["archive", *(old if how != "gone" else [])]


def test_a_login_that_is_refused_meanwhile_is_not_tried_for_each_file(site: Site, process, tmp_path: Path) -> None:
    """Else a password that was changed in the middle would lock the account."""
    for number in range(BAD):
        site.drop(f"{number:02}.xml", document(number))
    process.leave_after = 12
    process.refuse_after = len(process.logins) + 1
    result, _ = collect(site)
    assert "refuses the login" in result.error
    assert len(process.logins) <= 1 + 3
