"""The bytes of messages go when their time is over; what tells a repetition stays."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from gateway.exchange.operations.as2_retention import prune_as2
from gateway.exchange.workspace import opened
from gateway.transports.as2_http.reception import PRUNED
from gateway.transports.as2_http.store import Store
from tests.transports.as2.desk import Desk, run

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=31)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(made: Desk, tmp_path: Path) -> Desk:
    """A copy for each test: legal holds stay in the ledger."""
    shutil.copytree(made.acme.parent, tmp_path / "desk")
    desk = copy.copy(made)
    desk.acme, desk.brand = tmp_path / "desk" / "acme", tmp_path / "desk" / "brand"
    return desk


def limit(root: Path, days: int = 30) -> None:
    path = root / "agreements" / "partner.yaml"
    path.write_text(re.sub(r"retention:.*\n", "", path.read_text()) + f"retention: {{days: {days}}}\n")


def send(desk: Desk, data: bytes, name: str = "a.xml"):
    (desk.acme.parent / name).write_bytes(data)
    return run("as2", "send", "brand", desk.acme.parent / name, "-C", desk.acme)


def prune(root: Path, at: dt.datetime = LATER, *, really: bool = True) -> tuple[int, int]:
    with opened(root, clock=lambda: at) as workspace:
        found = prune_as2(workspace, at, really=really)
    return found.messages, found.size


def finish(desk: Desk) -> Path:
    """Collected, as the exchange does it."""
    store = Store(desk.brand / "data/as2/in")
    (entry,) = store.entries()
    store.finish(entry)
    return store.root / "done" / entry.path.name


def test_what_tells_a_repetition_stays(desk: Desk):
    data = b"<a>" + b"x" * 50_000 + b"</a>"
    with desk.serving():
        for root in (desk.acme, desk.brand):
            limit(root)
        assert send(desk, data).code == 0
        sent = next((desk.acme / "data/as2/out/done").iterdir())
        wire, fields = (sent / "wire").read_bytes(), dict(json.loads((sent / "fields").read_bytes()))
        url = re.search(r"url: (\S+)", (desk.acme / "agreements" / "partner.yaml").read_text())[1]
        first = httpx.post(url, headers=fields, content=wire).content
        assert prune(desk.brand) == (0, 0)  # it was not collected
        taken = finish(desk)
        assert prune(desk.brand, dt.datetime.now(dt.UTC)) == (0, 0)
        counted = prune(desk.brand, really=False)
        assert counted[0] == 1
        assert (taken / "wire").exists()
        assert prune(desk.brand) == counted
        assert prune(desk.brand) == (0, 0)
        assert not [path.name for path in taken.iterdir() if path.name.startswith(("wire", "base", "payload"))]
        # The same receipt to the byte; by another hash function the stored hashes are compared.
        assert httpx.post(url, headers=fields, content=wire).content == first
        spelled = fields["Disposition-Notification-Options"].replace("sha-256", "sha-512")
        again = httpx.post(url, headers=fields | {"Disposition-Notification-Options": spelled}, content=wire)
        assert again.content == first
        assert prune(desk.acme)[0] == 1
        done = send(desk, data)
        assert (done.code, "nothing was sent" in done.out) == (0, True)
        assert list(Store(desk.brand / "data/as2/in").entries()) == []
        verified = run("as2", "verify", taken.name, "-C", desk.brand)
        assert (verified.code, "as the retention says" in verified.out) == (1, True)
        assert run("as2", "verify", sent.name, "-C", desk.acme).code == 1


def test_other_content_under_a_pruned_id_is_refused(desk: Desk, tmp_path: Path):
    with desk.serving() as url:
        limit(desk.brand)
        assert send(desk, b"<a/>").code == 0
        taken = finish(desk)
        assert prune(desk.brand)[0] == 1
        hashes = json.loads((taken / PRUNED).read_bytes())
        hashes["sha256"]["payload-0001"] = "0" * 64
        (taken / PRUNED).write_text(json.dumps(hashes))
        sent = next((desk.acme / "data/as2/out/done").iterdir())
        fields = dict(json.loads((sent / "fields").read_bytes()))
        options = fields["Disposition-Notification-Options"].replace("sha-256", "sha-512")
        other = httpx.post(
            url,
            headers=fields | {"Disposition-Notification-Options": options},
            content=(sent / "wire").read_bytes(),
        )
        assert b"processed/error" in other.content


def test_a_crash_in_between_is_made_good(desk: Desk):
    with desk.serving():
        limit(desk.brand)
        assert send(desk, b"<a/>").code == 0
    taken = finish(desk)
    (taken / PRUNED).write_text('{"time": "2026-01-01T00:00:00+00:00", "sha256": {"payload-0001": "00"}}')
    assert prune(desk.brand)[0] == 1
    assert not (taken / "wire").exists()
    assert json.loads((taken / PRUNED).read_bytes())["sha256"] == {"payload-0001": "00"}


@pytest.mark.parametrize("hold", ["--all", "--partner acme", "--lot L1", "none", "no retention"])
def test_holds_and_agreements_keep_it(desk: Desk, hold: str):
    with desk.serving():
        if hold != "no retention":
            limit(desk.brand)
        assert send(desk, b"<a/>").code == 0
    finish(desk)
    if hold.startswith("--"):
        assert run("archive", "hold", *hold.split(), "--why", "x", "-C", desk.brand).code == 0
    assert prune(desk.brand)[0] == (1 if hold == "none" else 0)
    assert "AS2" not in run("archive", "prune", "-C", desk.brand).out  # by the clock of now nothing is over
