"""Drop folders in which something goes wrong: full disks, missing rights, links that a partner put there."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import time

import pytest

from gateway.errors import LimitExceeded, TransportError
from gateway.transports import folder as module
from gateway.transports.folder import FOLDER
from tests.transports.common import FolderPeer, deliver, fetched


@pytest.fixture
def peer(tmp_path) -> FolderPeer:
    folder = tmp_path / "drop"
    folder.mkdir()
    return FolderPeer(FOLDER, folder, {"path": "drop"}, tmp_path)


@pytest.mark.fault("disk full")
def test_a_full_disk(small_disk, tmp_path):
    """Refused before the first byte where the disk tells its room, and with nothing left behind where it does not."""
    peer = FolderPeer(FOLDER, small_disk, {"path": str(small_disk)}, tmp_path)
    data = os.urandom(6_000_000)
    with peer.connect() as session, pytest.raises(TransportError, match="No space left") as caught:
        deliver(session, "a.xml", data)
    assert caught.value.retryable
    assert "free some space" in str(caught.value)
    assert peer.files() == {}
    with peer.connect() as session:
        deliver(session, "a.xml", data[:4_000_000])
    assert peer.files() == {"a.xml": data[:4_000_000]}


@pytest.mark.fault("disk full")
def test_a_disk_that_fills_up_while_a_file_is_written(small_disk, tmp_path, monkeypatch):
    peer = FolderPeer(FOLDER, small_disk, {"path": str(small_disk)}, tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1 << 40}))
    with peer.connect() as session, pytest.raises(TransportError, match="No space left") as caught:
        deliver(session, "a.xml", os.urandom(6_000_000))
    assert caught.value.retryable
    assert peer.files() == {}


@pytest.mark.fault("disk full")
def test_a_limit_on_file_sizes(peer, tmp_path):
    """The system's limit (RLIMIT_FSIZE) ends a write in the middle; its signal is ignored as Python does."""
    code = """
import io, resource, sys
from pathlib import Path
from gateway.errors import TransportError
from gateway.transports.folder import FOLDER
from gateway.transports.secrets import secrets
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
root = Path(sys.argv[1])
with FOLDER.connect(FOLDER.settings.model_validate({"path": str(root / "drop")}), secrets(root)) as session:
    try:
        session.deliver("a.xml", io.BytesIO(bytes(200_000)), 200_000)
    except TransportError as error:
        print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert "File too large" in done.stdout
    assert peer.files() == {}


@pytest.mark.fault("permission errors")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
@pytest.mark.parametrize("mode", [0o555, 0o333, 0o000])
def test_a_folder_without_rights(peer, tmp_path, mode):
    """Said at once, with what to do; nothing is tried again until somebody acts."""
    peer.put("a.csv", b"abc")
    code = """
import os, sys
from pathlib import Path
from gateway.errors import TransportError
from gateway.transports.folder import FOLDER
from gateway.transports.secrets import secrets
import io
os.setgid(65534); os.setuid(65534)
root = Path(sys.argv[1])
settings = FOLDER.settings.model_validate({"path": str(root), "settle": {"looks": 1, "min-age": 0}})
def say(do):
    try:
        print("done", do())
    except TransportError as error:
        print(error.retryable, error)
with FOLDER.connect(settings, secrets(root)) as session:
    found = []
    say(lambda: found.extend(session.offers()))
    for offer in found:
        say(lambda: session.fetch(offer, io.BytesIO()))
        say(lambda: session.acknowledge(offer))
    say(lambda: session.deliver("b.xml", io.BytesIO(b"abc"), 3))
"""
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(above.stat().st_mode | 0o055)
    peer.folder.chmod(mode)
    done = subprocess.run([sys.executable, "-c", code, str(peer.folder)], check=True, capture_output=True, text=True)
    peer.folder.chmod(0o755)
    lines = done.stdout.splitlines()
    refused = [line for line in lines if line.startswith("False ")]
    assert len(refused) == {0o555: 2, 0o333: 1, 0o000: 2}[mode], lines
    assert all("Permission denied" in line and "give the user" in line for line in refused)
    assert peer.files()["a.csv"] == b"abc"
    assert not [name for name in peer.files() if name.endswith(".part")]


@pytest.mark.fault("path traversal and odd names")
@pytest.mark.parametrize("where", ["archive", "day"])
def test_an_archive_that_is_a_link_is_not_followed(peer, tmp_path, where):
    """A partner with the right to write there could have the gateway write anywhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    link = peer.folder / "archive"
    if where == "day":
        link.mkdir()
        link = link / time.strftime("%Y-%m-%d", time.gmtime())
    link.symlink_to(outside)
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        with pytest.raises(TransportError, match="link") as caught:
            session.acknowledge(offer)
    assert not caught.value.retryable
    assert list(outside.iterdir()) == []
    assert peer.files() == {"a.csv": b"abc"}


@pytest.mark.fault("path traversal and odd names")
@pytest.mark.parametrize("planted", [".out.xml.part", "out.xml.done", "out.xml"])
def test_links_and_pipes_at_our_names_are_not_written_through(peer, tmp_path, planted):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (peer.folder / planted).symlink_to(victim)
    with peer.connect(marker="{name}.done") as session, pytest.raises(TransportError):
        deliver(session, "out.xml", b"abc")
    (peer.folder / planted).unlink()
    os.mkfifo(peer.folder / planted)
    with peer.connect(marker="{name}.done") as session, pytest.raises(TransportError):
        deliver(session, "out.xml", b"abc")
    assert victim.read_bytes() == b"precious"


@pytest.mark.fault("path traversal and odd names")
def test_a_checksum_file_that_is_a_link_is_not_read(peer, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    peer.put("a.csv", b"abc")
    with peer.connect(settle={"checksum": "{name}.sha256"}) as session:
        peer.put("a.csv.sha256", b"x")
        (offer,) = session.offers()
        (peer.folder / "a.csv.sha256").unlink()
        (peer.folder / "a.csv.sha256").symlink_to(secret)
        with pytest.raises(TransportError, match="link"):
            session.fetch(offer, io.BytesIO())


@pytest.mark.fault("growing file")
def test_a_version_that_comes_while_the_old_one_is_put_away_goes_back(peer, monkeypatch):
    """Between our last look and the move its sender replaced the file: nobody has read the new one."""
    peer.put("a.csv", b"abc")
    real = os.rename

    def late(*arguments, **named):
        if not named.get("src_dir_fd"):
            peer.put("a.csv", b"a newer file")
        real(*arguments, **named)

    with peer.connect() as session:
        (offer,) = session.offers()
        fetched(session, offer)
        monkeypatch.setattr(os, "rename", late)
        session.acknowledge(offer)
        monkeypatch.undo()
    assert peer.files() == {"a.csv": b"a newer file"}
    assert peer.archived() == []


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.ETIMEDOUT])
def test_a_share_that_goes_away(peer, monkeypatch, number):
    """In the middle of reading, and in the middle of writing: tried again later, nothing half."""
    peer.put("a.csv", os.urandom(1_000_000))

    def gone(*_):
        raise OSError(number, os.strerror(number))

    with peer.connect() as session:
        (offer,) = session.offers()
        monkeypatch.setattr(module.FolderSession, "_read", lambda self, _source, size, one: self._gone(size, one))
        monkeypatch.setattr(module.FolderSession, "_gone", lambda self, *_: _with_trouble(self, gone), raising=False)
        with pytest.raises(TransportError) as caught:
            session.fetch(offer, io.BytesIO())
        assert caught.value.retryable
        monkeypatch.setattr("gateway.transports.folder.os.fsync", gone)
        with pytest.raises(TransportError) as caught:
            deliver(session, "b.xml", b"abc")
        assert caught.value.retryable
    assert set(peer.files()) == {"a.csv"}


def _with_trouble(session, act):
    with session._trouble("read"):
        act()


@pytest.mark.fault("permission errors")
def test_another_disk_for_temporary_names_is_refused(small_disk, peer):
    with (
        peer.connect(temporary=f"{small_disk}/{{name}}.part") as session,
        pytest.raises(TransportError, match="one disk") as caught,
    ):
        deliver(session, "a.xml", b"abc")
    assert not caught.value.retryable
    assert peer.files() == {}
    assert list(small_disk.iterdir()) == []


def test_temporary_names_in_another_folder(peer, tmp_path):
    (tmp_path / "staging").mkdir()
    seen = []
    real = os.fsync

    def look(handle: int) -> None:
        seen.append((peer.files(), [path.name for path in (tmp_path / "staging").iterdir()]))
        real(handle)

    with pytest.MonkeyPatch.context() as patch, peer.connect(temporary="../staging/{name}.up") as session:
        patch.setattr("gateway.transports.folder.os.fsync", look)
        deliver(session, "a.xml", b"abc")
    assert seen[0] == ({}, ["a.xml.up"])
    assert peer.files() == {"a.xml": b"abc"}
    assert list((tmp_path / "staging").iterdir()) == []


@pytest.mark.fault("oversized")
def test_one_byte_over_the_limit(peer):
    for size in (999, 1000, 1001):
        peer.put("a.csv", b"x" * size)
        with peer.connect(**{"max-size": 1000}) as session:
            (offer,) = session.offers()
            if size > 1000:
                with pytest.raises(LimitExceeded):
                    session.fetch(offer, io.BytesIO())
            else:
                assert len(fetched(session, offer)) == size


@pytest.mark.fault("clock skew")
@pytest.mark.parametrize("hours", [-48, 48])
def test_times_of_another_clock_never_decide_alone(peer, hours):
    done = threading.Event()
    peer.put("whole.csv", b"abc", age=-hours * 3600)

    def grow() -> None:
        with (peer.folder / "slow.csv").open("wb") as stream:
            while not done.is_set():
                stream.write(b"x" * 100)
                stream.flush()
                then = time.time() + hours * 3600
                os.utime(peer.folder / "slow.csv", (then, then))
                done.wait(0.01)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with peer.connect(settle={"looks": 3, "interval": 0.1, "min-age": 0.2}) as session:
            assert [offer.name for offer in session.offers()] == ["whole.csv"]
    finally:
        done.set()
        writer.join()
