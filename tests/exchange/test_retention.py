"""What is kept, for how long, and what an inspector gets."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.exchange.archive.store import Archive
from gateway.exchange.clock import system
from gateway.exchange.operations import retention
from gateway.exchange.workspace import Workspace
from tests.exchange.site import AGREEMENT, SETTINGS, Site, document
from tests.exchange.test_commands import gateway

KEPT = AGREEMENT.replace("partner: {id: acme}", "partner: {id: acme}\nretention: {days: 30}")
LATER = timedelta(days=31)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two messages that are done, in an archive whose files are old."""
    site = Site(tmp_path_factory.mktemp("retention") / "ws").build(KEPT)
    for number in (1, 2):
        site.drop(f"{number}.xml", document(number))
    site.once()
    for path in (site.root / "data" / "archive").rglob("*"):
        os.utime(path, (0, 0))
    return site.root


@pytest.fixture
def site(done: Path, tmp_path: Path) -> Site:
    return Site(shutil.copytree(done, tmp_path / "ws"))


@pytest.fixture
def workspace(site: Site):
    workspace = site.workspace()
    yield workspace
    workspace.close()


def prune(workspace: Workspace, after: timedelta = LATER, **kind: bool) -> retention.Pruned:
    return retention.prune(workspace.database, workspace.archive, workspace.agreements, system() + after, **kind)


def left(site: Site) -> int:
    return sum(path.is_file() for path in (site.root / "data" / "archive").rglob("*"))


def test_bytes_go_when_their_time_is_over_and_the_ledger_stays(site: Site, workspace: Workspace) -> None:
    assert (prune(workspace, timedelta(days=29)).messages, left(site)) == ([], 6)
    counted = prune(workspace, really=False)
    assert (len(counted.messages), counted.contents, left(site)) == (2, 6, 6)
    done = prune(workspace)
    assert (len(done.messages), done.contents, done.size, left(site)) == (2, 6, counted.size, 0)
    assert prune(workspace).messages == []
    root = str(site.root)
    assert "done" in gateway("show", "1", "-C", root)
    assert "pruned" in gateway("audit", "list", "-C", root, "--subject", "1")
    assert gateway("audit", "verify", "-C", root).endswith("whole\n")
    assert gateway("archive", "verify", "-C", root).endswith("whole\n")
    assert "no message names" in gateway("trace", "(01)10614141073464(21)1", "-C", root)
    assert "were deleted at" in gateway("show", "1", "--open", "events", "-C", root, expect=4)


@pytest.mark.parametrize(
    ("what", "kept"), [(["--message", "1"], 3), (["--partner", "acme"], 6), (["--all"], 6), (["--lot", "L1"], 0)]
)
def test_a_legal_hold_keeps_them_until_it_is_released(
    site: Site, workspace: Workspace, what: list[str], kept: int
) -> None:
    root = str(site.root)
    assert "legal hold 1" in gateway("archive", "hold", *what, "--why", "complaint 17", "-C", root)
    assert prune(workspace).held == kept // 3
    assert left(site) == kept
    assert "complaint 17" in gateway("archive", "holds", "-C", root)
    gateway("archive", "release", "1", "--why", "closed", "-C", root)
    assert "has ended already" in gateway("archive", "release", "1", "--why", "x", "-C", root, expect=2)
    prune(workspace)
    assert left(site) == 0
    told = gateway("audit", "list", "-C", root, "--action", "legal", "--json").splitlines()
    assert [(json.loads(line)["action"], json.loads(line)["why"]) for line in told] == [
        ("legal hold released", "closed"),
        ("legal hold", "complaint 17"),
    ]


def test_one_hold_at_a_time(site: Site) -> None:
    assert "say what to hold" in gateway("archive", "hold", "--why", "x", "-C", str(site.root), expect=2)


def test_a_lot_is_held_by_what_messages_name(site: Site, workspace: Workspace) -> None:
    with workspace.database.write() as session:
        from gateway.exchange.ledger.tables import Traded

        session.add(Traded(message=1, gtin="1" * 14, lot="L7"))
    gateway("archive", "hold", "--lot", "L7", "--why", "recall", "-C", str(site.root))
    assert (prune(workspace).held, left(site)) == (1, 3)


def test_bytes_that_a_young_message_names_stay_and_so_do_those_without_retention(
    site: Site, workspace: Workspace
) -> None:
    site.drop("again.xml", document(1))  # a duplicate names the same bytes
    site.once()
    with workspace.database.write() as session:
        from gateway.exchange.ledger.tables import Message

        session.get(Message, 3).closed_at = "2099"
    for path in (site.root / "data" / "archive").rglob("*"):
        os.utime(path, (0, 0))
    prune(workspace)
    assert left(site) == 1
    site.agree(AGREEMENT)
    fresh = site.workspace()
    assert prune(fresh).messages == []
    fresh.close()


def test_what_nobody_names_goes_only_when_it_is_old(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with archive.temporary() as stream:
        stream.write(b"x")
        sha256 = archive.keep(stream).sha256
    path = archive.path(sha256)
    os.utime(path, (1000, 1000))
    assert not archive.drop(sha256, 999)
    with archive.temporary() as stream:  # the same bytes come at this moment: they are new again
        stream.write(b"x")
        archive.keep(stream)
    assert not archive.drop(sha256, 2000)
    os.utime(path, (1000, 1000))
    assert archive.drop(sha256, 2000)
    assert not path.exists()


def test_verify_names_what_is_missing_or_damaged(site: Site) -> None:
    root = str(site.root)
    (sha256,) = site.rows("SELECT sha256 FROM messages WHERE number = 1")[0]
    path = next((site.root / "data" / "archive").rglob(sha256))
    path.chmod(0o640)
    path.write_bytes(b"other")
    text = gateway("archive", "verify", "-C", root, expect=4)
    assert f"damaged {sha256}: " in text
    assert " raw" in text
    path.unlink()
    (path.parent / ("0" * 64)).write_bytes(b"left")
    found = gateway("archive", "verify", "-C", root, "--json", expect=4)
    report = json.loads(found[: found.rindex("}") + 1])
    assert (report["contents"], report["unknown"]) == (6, 1)
    assert [fault["fault"] for fault in report["faults"]] == ["missing"]


def test_an_export_holds_everything_with_hashes(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "one.zip"
    root = str(site.root)
    assert "one.zip: " in gateway("archive", "export", "1", "-o", str(target), "--why", "inspection", "-C", root)
    assert "is there already" in gateway("archive", "export", "1", "-o", str(target), "-C", root, expect=2)
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as package:
        manifest = json.loads(package.read("manifest.json"))
        names = {member["name"] for member in manifest["members"]}
        assert names | {"manifest.json"} == set(package.namelist())
        for member in manifest["members"]:
            data = package.read(member["name"])
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (member["sha256"], member["size"])
        ledger = json.loads(package.read("ledger.json"))
        trail = json.loads(package.read("audit.json"))
        assert package.read("raw/1.xml") == document(1)
        assert package.read("configuration/agreements/acme.yaml").decode() == KEPT
    assert {"outputs/one/1-1.jsonld", "outputs/two/1-1.xml"} <= names
    assert ledger["deliveries"][0]["state"] == "delivered"
    assert trail[0]["action"] == "message received"
    last = json.loads(gateway("audit", "list", "-C", root, "--limit", "1", "--json"))
    assert (last["action"], last["why"]) == ("exported", "inspection")


def test_a_whole_exchange_with_an_encrypted_archive_leaves_nothing_plain(tmp_path: Path) -> None:
    site = Site(tmp_path / "ws", tmp_path / "peers").build(AGREEMENT.replace("path: data/", f"path: {tmp_path}/peers/"))
    (site.root / "keys").mkdir()
    (site.root / "keys" / "archive").write_text("11" * 32)
    (site.root / "gateway.toml").write_text(SETTINGS + '[archive]\nkey = "file:keys/archive"\n')
    site.drop("a.xml", document(1))
    site.once()
    assert [m.state for m in site.messages()] == ["done"]
    assert site.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}
    root = site.root / "data"
    files = [path for part in ("archive", "quarantine") for path in (root / part).rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(b"sgtin" in path.read_bytes() or b"EPCIS" in path.read_bytes() for path in files)
    where = str(site.root)
    assert gateway("show", "1", "--open", "raw", "-C", where).encode() == document(1)
    assert "1.xml" not in gateway("trace", "(01)10614141073464(21)1", "-C", where)
    assert "a.xml from acme: done" in gateway("trace", "(01)10614141073464(21)1", "-C", where)
    assert gateway("archive", "verify", "-C", where).endswith("whole\n")
    assert "0 contents encrypted" in gateway("archive", "encrypt", "-C", where)
    (site.root / "keys" / "archive").write_text("no key")
    assert "must be 32 bytes" in gateway("archive", "verify", "-C", where, expect=4)


def test_a_held_replay_keeps_what_it_replays_also_while_it_is_young(site: Site, workspace: Workspace) -> None:
    with workspace.database.write() as session:
        first = session.execute(sa.text("SELECT id FROM messages WHERE number = 1")).scalar_one()
        young = sa.text("UPDATE messages SET replay_of = :first, closed_at = '2999' WHERE number = 2")
        session.execute(young, {"first": first})
    gateway("archive", "hold", "--message", "2", "--why", "x", "-C", str(site.root))
    pruned = prune(workspace)
    assert (pruned.messages, pruned.held, left(site)) == ([], 1, 6)
