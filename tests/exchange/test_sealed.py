"""Encrypted files: what was written is read, anywhere; what was changed is refused."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationError
from gateway.exchange.archive import sealed
from gateway.exchange.archive.sealed import CHUNK, HEADER, TAG, Damaged, Keys, plain_size
from gateway.exchange.archive.store import Archive, StorageError

KEY, OTHER = "11" * 32, base64.b64encode(b"2" * 32).decode()


def seal(data: bytes, *keys: str) -> bytes:
    target = io.BytesIO()
    Keys(keys or [KEY]).seal(io.BytesIO(data), target)
    return target.getvalue()


def unseal(data: bytes, *keys: str) -> bytes:
    return Keys(keys or [KEY]).open(io.BytesIO(data)).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_every_size_comes_back_and_is_known_beforehand(size: int) -> None:
    data = bytes(i * 31 % 251 for i in range(size))
    written = seal(data)
    assert unseal(written) == data
    assert plain_size(len(written)) == size
    assert data[:40] not in written or size < 40
    assert seal(data) != written


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 70_000)), max_size=20))
@settings(max_examples=30)
def test_any_part_is_read_like_that_of_a_plain_file(steps: list[tuple[int, int]]) -> None:
    data = bytes(i * 31 % 251 for i in range(150_000))
    plain, secret = io.BytesIO(data), Keys([KEY]).open(io.BytesIO(seal(data)))
    for at, size in steps:
        assert secret.seek(at) == plain.seek(at)
        assert secret.read(size) == plain.read(size)
    assert secret.seek(-5, io.SEEK_END) == plain.seek(-5, io.SEEK_END)
    assert secret.read() == plain.read()


def test_every_change_is_refused() -> None:
    data = bytes(3 * CHUNK + 100)
    written = seal(data)
    chunk = CHUNK + TAG
    places = [0, 5, HEADER - 1, HEADER, HEADER + chunk - 1, HEADER + chunk, len(written) - 1]
    for place in places:
        changed = bytearray(written)
        changed[place] ^= 1
        with pytest.raises(ConfigurationError):
            unseal(bytes(changed))
    first, second = written[HEADER : HEADER + chunk], written[HEADER + chunk : HEADER + 2 * chunk]
    swapped = written[:HEADER] + second + first + written[HEADER + 2 * chunk :]
    other = seal(data)
    foreign = written[: HEADER + chunk] + other[HEADER + chunk :]
    for wrong in (
        swapped,
        foreign,
        written[: HEADER + 3 * chunk],
        written[:-1],
        written[: HEADER + 3],
        written[:10],
        b"x" * 99,
    ):
        with pytest.raises(Damaged):
            unseal(wrong)


def test_keys_are_checked_and_never_repeated() -> None:
    with pytest.raises(ConfigurationError, match="32 bytes") as caught:
        Keys(["secret"])
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="another key"):
        unseal(seal(b"x", OTHER), KEY)
    assert unseal(seal(b"x", OTHER), KEY, OTHER) == b"x"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path, keys=Keys([KEY]))


def keep(archive: Archive, data: bytes) -> str:
    with archive.temporary() as stream:
        stream.write(data)
        return archive.keep(stream).sha256


def test_an_archive_with_a_key_holds_nothing_plain(archive: Archive, tmp_path: Path) -> None:
    data = b"a secret serial number" * 5000
    sha256 = keep(archive, data)
    (tmp_path / "out.xml").write_bytes(data)
    assert archive.put(tmp_path / "out.xml").sha256 == sha256
    (path,) = [path for path in archive.root.rglob("*") if path.is_file()]
    assert path.name == f"{sha256}.gcm"
    assert b"serial" not in path.read_bytes()
    assert list(archive.quarantine.iterdir()) == []
    with archive.open(sha256) as stream:
        assert stream.read() == data
    source = archive.source(sha256, "x.xml")
    assert (source.size, source.head(8), source.name) == (len(data), data[:8], "x.xml")
    assert archive.verify(sha256)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1])
    assert not archive.verify(sha256)
    with pytest.raises(ConfigurationError, match="damaged"), archive.open(sha256) as stream:
        stream.read()
    keep(archive, data)
    assert archive.verify(sha256)


def test_plain_files_stay_readable_and_can_be_encrypted_later(tmp_path: Path) -> None:
    plain = Archive(tmp_path)
    first = keep(plain, b"first")
    old = Archive(tmp_path, keys=Keys([OTHER]))
    second = keep(old, b"second")
    assert keep(old, b"first") == first
    with pytest.raises(ConfigurationError, match="no key is set"):
        plain.open(second)
    new = Archive(tmp_path, keys=Keys([KEY, OTHER]))
    assert (new.verify(first), new.verify(second)) == (True, True)
    assert (new.seal_all(), new.seal_all()) == (2, 0)
    alone = Archive(tmp_path, keys=Keys([KEY]))
    assert (alone.verify(first), alone.verify(second)) == (True, True)
    assert {path.suffix for _, path in alone.contents()} == {".gcm"}
    assert list(alone.quarantine.iterdir()) == []
    with pytest.raises(StorageError, match="the archive lacks"):
        alone.source("0" * 64, "x")


def test_encrypting_beside_a_gateway_that_starts(tmp_path: Path) -> None:
    """A process that starts empties its quarantine; what another one is encrypting at that moment stays."""
    sha256 = keep(Archive(tmp_path), b"one")
    archive, starting = Archive(tmp_path, keys=Keys([KEY])), Archive(tmp_path, keys=Keys([KEY]))
    seal, cleared = Keys.seal, []

    def at_this_moment(self: Keys, source, target) -> None:
        cleared.append(starting.clear_quarantine())
        seal(self, source, target)

    with pytest.MonkeyPatch.context() as patch, archive.aside():
        patch.setattr(Keys, "seal", at_this_moment)
        assert archive.seal_all() == 1
    assert cleared == [0]
    assert archive.verify(sha256)
    assert list((tmp_path / "aside").iterdir()) == []


def test_a_content_that_is_encrypted_while_it_is_opened_is_found(tmp_path: Path, monkeypatch) -> None:
    sha256 = keep(Archive(tmp_path), b"one")
    archive = Archive(tmp_path, keys=Keys([KEY]))
    there = archive._there

    def late(key: str) -> Path:
        path = there(key)
        monkeypatch.setattr(archive, "_there", there)
        archive.seal_all()
        return path

    monkeypatch.setattr(archive, "_there", late)
    with archive.open(sha256) as stream:
        assert stream.read() == b"one"


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "big"
    with path.open("wb") as stream:
        stream.truncate(40 << 20)
    tracemalloc.start()
    with path.open("rb") as source, (tmp_path / "sealed").open("wb") as target:
        Keys([KEY]).seal(source, target)
    with Keys([KEY]).open((tmp_path / "sealed").open("rb")) as stream:
        while stream.read(1 << 16):
            pass
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert sealed.plain_size((tmp_path / "sealed").stat().st_size) == 40 << 20


def test_nothing_plain_is_left_of_a_content_that_is_dropped_where_encrypting_broke_off(tmp_path: Path) -> None:
    sha256 = keep(Archive(tmp_path), b"one")
    plain = Archive(tmp_path).path(sha256)
    before = plain.read_bytes()
    archive = Archive(tmp_path, keys=Keys([KEY]))
    archive.seal_all()
    plain.write_bytes(before)  # the process died between the two
    assert archive.drop(sha256, time.time() + 1)
    assert not [path for path in archive.root.rglob("*") if path.is_file()]
