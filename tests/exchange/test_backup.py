"""A workspace is copied while it works, lost, and put back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.exchange.operations import backup
from tests.exchange.site import AGREEMENT, SETTINGS, Site, document
from tests.exchange.test_commands import gateway


def built(tmp_path: Path) -> Site:
    return Site(tmp_path / "ws", tmp_path / "peers").build(AGREEMENT.replace("path: data/", f"path: {tmp_path}/peers/"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two messages that are done and one that a crash left planned, and a backup of it."""
    tmp_path = tmp_path_factory.mktemp("backup")
    site = built(tmp_path)
    for number in (1, 2):
        site.drop(f"{number}.xml", document(number))
    site.once()
    site.drop("3.xml", document(3))
    process, _ = site.start("deliver.planned")
    process.join(40)
    assert process.exitcode == -9
    gateway("backup", "make", str(tmp_path / "first"), "-C", str(site.root))
    return tmp_path


@pytest.fixture
def there(kept: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to do harm to."""
    return shutil.copytree(kept / "first", tmp_path / "first")


def test_a_lost_workspace_comes_back_and_goes_on(kept: Path, tmp_path: Path) -> None:
    site = Site(kept / "ws", kept / "peers")
    made = json.loads((kept / "first" / "backup.json").read_text())
    assert (made["messages"], made["contents"], made["keys"]) == (3, 9, False)
    for command in (("audit", "verify"), ("archive", "verify")):
        assert gateway(*command, "-C", str(kept / "first")).endswith("whole\n")
    shutil.move(site.root, tmp_path / "lost")
    try:
        text = gateway("backup", "restore", str(kept / "first"), str(site.root))
        assert "3 messages, 9 contents" in text
        assert "keys/ was not in the backup" in text
        assert not list(site.root.rglob("engine.sqlite"))
        before = site.delivered()
        assert before == {"one": ["1.jsonld", "2.jsonld"], "two": ["1.xml", "2.xml"]}
        site.once()
        assert [m.state for m in site.messages()] == ["done"] * 3
        assert site.delivered() == {name: [*files, files[0].replace("1", "3")] for name, files in before.items()}
        assert gateway("audit", "verify", "--expect", made["head"], "-C", str(site.root)).endswith("whole\n")
        assert site.root.stat().st_mode & 0o077 == 0
    finally:
        shutil.rmtree(site.root, ignore_errors=True)
        shutil.move(tmp_path / "lost", site.root)


def test_a_later_backup_shares_contents_with_an_earlier_one(kept: Path, there: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    text = gateway("backup", "make", str(second), "--previous", str(there), "-C", str(kept / "ws"))
    assert "9 of the contents are shared" in text
    one = next(path for path in (second / "data" / "archive").rglob("*") if path.is_file())
    assert one.samefile(there / one.relative_to(second))
    shutil.rmtree(there)  # what is shared stays when one of them goes
    assert gateway("archive", "verify", "-C", str(second)).endswith("whole\n")


def test_a_rotten_or_otherwise_encrypted_content_of_an_earlier_backup_is_not_shared(
    kept: Path, there: Path, tmp_path: Path
) -> None:
    """Of the same name and size, but not the same bytes."""
    files = sorted(path for path in (there / "data" / "archive").rglob("*") if path.is_file())
    for path in files[:2]:
        path.chmod(0o640)
        path.write_bytes(bytes(path.stat().st_size))
    second = tmp_path / "second"
    text = gateway("backup", "make", str(second), "--previous", str(there), "-C", str(kept / "ws"))
    assert "7 of the contents are shared" in text
    assert gateway("archive", "verify", "-C", str(second)).endswith("whole\n")
    one = tmp_path / "one.gcm"
    two = tmp_path / "two.gcm"
    one.write_bytes(b"abc")
    two.write_bytes(b"abd")
    assert not backup._link(one, two, tmp_path / "copy.gcm", "0" * 64)
    assert (tmp_path / "copy.gcm").read_bytes() == b"abd"
    assert backup._link(two, two, tmp_path / "link.gcm", "0" * 64)


def test_keys_only_when_asked_for_and_never_over_something(kept: Path, tmp_path: Path) -> None:
    (kept / "ws" / "keys").mkdir(exist_ok=True)
    (kept / "ws" / "keys" / "x").write_text("secret")
    target = tmp_path / "with"
    gateway("backup", "make", str(target), "--with-keys", "-C", str(kept / "ws"))
    assert (target / "keys" / "x").read_text() == "secret"
    assert "is there already" in gateway("backup", "make", str(target), "-C", str(kept / "ws"), expect=2)
    assert "is not empty" in gateway("backup", "restore", str(target), str(kept / "ws"), expect=2)
    assert "is no backup" in gateway("backup", "restore", str(kept / "ws"), str(tmp_path / "x"), expect=2)


def content(there: Path) -> Path:
    return next(path for path in (there / "data" / "archive").rglob("*") if path.is_file())


def damaged(there: Path) -> str:
    path = content(there)
    path.chmod(0o640)
    path.write_bytes(b"x")
    return "lacks 1 contents or has them damaged"


def missing(there: Path) -> str:
    content(there).unlink()
    return "lacks 1 contents"


def changed(there: Path) -> str:
    with sqlite3.connect(there / "data" / "ledger.sqlite") as connection:
        connection.execute("UPDATE messages SET state = 'failed' WHERE number = 1")
    connection.close()
    return "audit trail of the backup is not whole: message"


def cut(there: Path) -> str:
    path = there / "data" / "ledger.sqlite"
    path.write_bytes(path.read_bytes()[:50_000])
    return "ledger of the backup is damaged"


@pytest.mark.parametrize("harm", [damaged, missing, changed, cut])
def test_a_backup_that_is_not_whole_is_not_put_back(there: Path, tmp_path: Path, harm) -> None:
    words = harm(there)
    assert words in gateway("backup", "restore", str(there), str(tmp_path / "new"), expect=4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first"]


def test_an_encrypted_archive_without_its_key_need_only_be_there(kept: Path, tmp_path: Path) -> None:
    root = shutil.copytree(kept / "ws", tmp_path / "ws")
    (root / "keys").mkdir(exist_ok=True)
    (root / "keys" / "archive").write_text("11" * 32)
    (root / "gateway.toml").write_text(SETTINGS + '[archive]\nkey = "file:keys/archive"\n')
    assert "9 contents encrypted" in gateway("archive", "encrypt", "-C", str(root))
    gateway("backup", "make", str(tmp_path / "b"), "-C", str(root))
    assert "9 contents" in gateway("backup", "restore", str(tmp_path / "b"), str(tmp_path / "new"))
    content(tmp_path / "b").unlink()
    assert "lacks 1" in gateway("backup", "restore", str(tmp_path / "b"), str(tmp_path / "other"), expect=4)


def test_a_ledger_elsewhere_is_not_pretended_to_be_copied(tmp_path: Path) -> None:
    site = built(tmp_path)
    (site.root / "gateway.toml").write_text(SETTINGS + f'[database]\nurl = "sqlite:///{tmp_path}/elsewhere.sqlite"\n')
    text = gateway("backup", "make", str(tmp_path / "b"), "-C", str(site.root), expect=2)
    assert "is not inside the workspace" in text
    assert not (tmp_path / "b").exists()
