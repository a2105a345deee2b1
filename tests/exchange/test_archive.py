from __future__ import annotations

import hashlib
import resource
import signal
import stat
from pathlib import Path

import pytest

from gateway.exchange.archive.store import Archive, StorageError, Stored


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def keep(archive: Archive, data: bytes) -> Stored:
    with archive.temporary() as stream:
        stream.write(data)
        return archive.keep(stream)


def files(archive: Archive) -> list[Path]:
    return [path for path in archive.root.rglob("*") if path.is_file()]


def test_bytes_lie_under_their_hash_once(archive: Archive) -> None:
    stored = keep(archive, b"abc")
    assert stored == Stored(hashlib.sha256(b"abc").hexdigest(), 3)
    assert keep(archive, b"abc") == stored
    path = archive.root / stored.sha256[:2] / stored.sha256[2:4] / stored.sha256
    assert files(archive) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    with archive.open(stored.sha256) as stream:
        assert stream.read() == b"abc"
    assert list(archive.quarantine.iterdir()) == []


def test_put_copies_and_leaves_the_source(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "out.xml"
    source.write_bytes(b"x" * 3_000_000)
    stored = archive.put(source)
    assert (stored.size, archive.verify(stored.sha256), source.exists()) == (3_000_000, True, True)


def test_verify_finds_damage_and_keep_repairs_a_cut_file(archive: Archive) -> None:
    stored = keep(archive, b"abcdef")
    path = archive.path(stored.sha256)
    path.chmod(0o640)
    path.write_bytes(b"abcdeX")
    assert not archive.verify(stored.sha256)
    path.write_bytes(b"abc")
    keep(archive, b"abcdef")
    assert archive.verify(stored.sha256)
    assert not archive.verify("0" * 64)
    with pytest.raises(StorageError, match="the archive lacks 000"):
        archive.open("0" * 64)


def test_a_full_disk_leaves_nothing(archive: Archive, tmp_path: Path) -> None:
    source = tmp_path / "big"
    source.write_bytes(b"x" * 200_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StorageError, match="cannot be written: File too large") as error:
            archive.put(source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert error.value.exit_code == 4
    assert files(archive) == []
    assert list(archive.quarantine.iterdir()) == []


def test_an_interrupted_write_leaves_nothing(archive: Archive) -> None:
    def interrupted() -> None:
        with archive.temporary() as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert files(archive) == []
    assert list(archive.quarantine.iterdir()) == []


def test_space_is_asked_for_beforehand(tmp_path: Path) -> None:
    Archive(tmp_path, free_bytes=0).require_space(1)
    with pytest.raises(StorageError, match="no room for 1 bytes"):
        Archive(tmp_path, free_bytes=1 << 62).require_space(1)


def test_quarantine_is_cleared(archive: Archive) -> None:
    (archive.quarantine / "left").write_bytes(b"x")
    (archive.quarantine / "folder").mkdir()
    (archive.quarantine / "folder" / "left").write_bytes(b"x")
    assert archive.clear_quarantine() == 2
    assert list(archive.quarantine.iterdir()) == []


def test_order_of_durability(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are on the disk before the name is, and the name before `keep` returns."""
    import os

    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        done.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    keep(archive, b"abc")
    assert done == ["sync file", "sync folder", "sync folder", "rename", "sync folder"]
