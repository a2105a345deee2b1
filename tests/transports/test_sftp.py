"""SFTP against a real OpenSSH server, directly and through a proxy that cuts and stalls."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
import subprocess
import threading
import time

import pytest

from gateway.errors import ConfigurationError, LimitExceeded, TransportError
from gateway.transports.base import Session
from gateway.transports.sftp import SFTP, client
from gateway.transports.watchdog import Watchdog
from tests.peers import openssh as openssh_peer
from tests.peers import proxy
from tests.transports.common import FolderPeer, SettlingTests, TransportTests, deliver, fetched

pytestmark = pytest.mark.openssh


@pytest.fixture
def peer(openssh) -> FolderPeer:
    folder = openssh.root / "drop"
    folder.mkdir()
    return FolderPeer(SFTP, folder, openssh.settings(path="drop"), openssh.root)


class TestOpenSsh(TransportTests, SettlingTests):
    pass


def through(peer: FolderPeer, port: int, **timeouts: float):
    return peer.connect(port=port, timeouts={"operation": 2, "stall": 2, "banner": 3, "auth": 3, **timeouts})


@pytest.mark.fault("wrong host key")
def test_a_wrong_host_key_is_refused_with_both_fingerprints(peer, openssh):
    wrong = "SHA256:" + "A" * 43
    with pytest.raises(TransportError) as caught, peer.connect(**{"host-key-fingerprints": [wrong]}):
        pass
    assert not caught.value.retryable
    assert wrong in caught.value.message
    assert openssh.fingerprints["ed25519"] in caught.value.message
    assert "Accepted" not in openssh.log.read_text()


@pytest.mark.fault("wrong host key")
def test_a_list_of_fingerprints_rolls_over(peer, openssh):
    old = "SHA256:" + "A" * 43
    with peer.connect(**{"host-key-fingerprints": [old, openssh.fingerprints["ed25519"] + "="]}) as session:
        assert session.probe()[1] == f"host key {openssh.fingerprints['ed25519']} is one of those expected"


@pytest.mark.parametrize("prints", [[], None, ["ssh-ed25519 AAAA"], ["MD5:00:11"]])
def test_there_is_no_trust_on_first_use(peer, prints):
    with pytest.raises(ValueError):
        peer.connect(**{"host-key-fingerprints": prints})


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_any_of_the_servers_key_types_may_be_the_expected_one(tmp_path, openssh, kind):
    with openssh_peer.serve(tmp_path / "many", host_keys=("ed25519", "ecdsa", "rsa")) as server:
        settings = server.settings(**{"host-key-fingerprints": [server.fingerprints[kind]]})
        with FolderPeer(SFTP, server.root, settings, tmp_path).connect() as session:
            assert server.fingerprints[kind] in session.probe()[1]
        wrong = FolderPeer(
            SFTP, server.root, server.settings(**{"host-key-fingerprints": ["SHA256:" + "A" * 43]}), tmp_path
        )
        with pytest.raises(TransportError) as caught, wrong.connect():
            pass
        assert all(fingerprint in caught.value.message for fingerprint in server.fingerprints.values())


@pytest.mark.fault("wrong login")
def test_a_key_that_the_server_does_not_know(peer, tmp_path):
    openssh_peer._keygen(tmp_path / "stranger", "ed25519")
    with (
        pytest.raises(TransportError, match="refuses the login") as caught,
        peer.connect(key=f"file:{tmp_path}/stranger"),
    ):
        pass
    assert not caught.value.retryable


def test_keys_that_cannot_be_used(peer, tmp_path):
    (tmp_path / "nonsense").write_text("no key")
    with pytest.raises(ConfigurationError, match="cannot be read"), peer.connect(key=f"file:{tmp_path}/nonsense"):
        pass
    with pytest.raises(ConfigurationError, match="refers to"), peer.connect(key=f"file:{tmp_path}/missing"):
        pass


KEYS = {
    "ed25519": ["-t", "ed25519"],
    "ecdsa": ["-t", "ecdsa"],
    "ecdsa of 521 bits, PEM": ["-t", "ecdsa", "-b", "521", "-m", "PEM"],
    "rsa": ["-t", "rsa", "-b", "2048"],
    "rsa, PEM": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
    "rsa, PEM, with a passphrase": ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame"],
    "ecdsa, with a passphrase": ["-t", "ecdsa", "-N", "open sesame"],
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_all_kinds(peer, openssh, tmp_path, monkeypatch, kind):
    path = tmp_path / "new"
    monkeypatch.setenv("PASSPHRASE", "open sesame")
    command = ["ssh-keygen", "-q", "-N", "", "-f", str(path), *KEYS[kind]]
    subprocess.run(command, check=True)
    openssh.key.with_suffix(".pub").write_bytes(path.with_suffix(".pub").read_bytes())
    more = {"passphrase": "env:PASSPHRASE"} if "passphrase" in kind else {}
    with peer.connect(key=f"file:{path}", **more) as session:
        assert session.probe()


def test_an_encrypted_key(peer, openssh, tmp_path, monkeypatch):
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f", str(openssh.key)], check=True)
    monkeypatch.setenv("GOOD", "open sesame")
    monkeypatch.setenv("BAD", "open says me")
    with peer.connect(passphrase="env:GOOD") as session:
        assert session.probe()
    with pytest.raises(ConfigurationError, match="encrypted"), peer.connect():
        pass
    with pytest.raises(ConfigurationError, match="with this passphrase") as caught, peer.connect(passphrase="env:BAD"):
        pass
    assert "says me" not in str(caught.value)


def keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_certificate_of_the_partners_authority(tmp_path, kind):
    """The server knows no key of ours, only who signs them."""
    authority, key = tmp_path / "authority", tmp_path / "ours"
    keygen("-t", "ed25519", "-N", "", "-f", str(authority))
    keygen("-t", kind, "-N", "", "-f", str(key))

    def signed(name: str, *words: str) -> str:
        public = tmp_path / f"{name}.pub"
        public.write_text((tmp_path / "ours.pub").read_text())
        keygen("-s", str(authority), "-I", name, *words, str(public))
        return f"file:{tmp_path}/{name}-cert.pub"

    with openssh_peer.serve(tmp_path / "server", config=f"TrustedUserCAKeys {authority}.pub") as server:
        peer = FolderPeer(SFTP, server.root, server.settings(key=f"file:{key}"), server.root)
        good = signed("good", "-n", server.username, "-V", "-1d:+10d")
        with peer.connect(certificate=good) as session:
            assert deliver(session, "a.txt", b"1").name == "a.txt"
        for certificate in (None, signed("old", "-n", server.username, "-V", "-9d:-1d"), signed("other", "-n", "bob")):
            with pytest.raises(TransportError, match="refuses the login"), peer.connect(certificate=certificate):
                pass
        keygen("-t", "ed25519", "-N", "", "-f", str(tmp_path / "stranger"))
        for key_, certificate, words in (
            ("stranger", good, "belongs to another key"),
            ("ours", f"file:{key}.pub", "is a public key and no certificate"),
            ("ours", f"file:{key}", "cannot be read as an OpenSSH certificate"),
        ):
            wrong = {"key": f"file:{tmp_path}/{key_}", "certificate": certificate}
            with pytest.raises(ConfigurationError, match=words), peer.connect(**wrong):
                pass


def test_nobody_listens(peer):
    with pytest.raises(TransportError, match="refused") as caught, peer.connect(port=1):
        pass
    assert caught.value.retryable


def test_a_missing_folder(peer):
    with peer.connect(path="gone") as session:
        with pytest.raises(TransportError, match="no such file or folder") as caught:
            list(session.offers())
        assert not caught.value.retryable
        with pytest.raises(TransportError, match="no such file or folder"):
            deliver(session, "a.xml", b"abc")


SIZE = 2_000_000


def fetch_all(session: Session) -> None:
    for offer in session.offers():
        session.fetch(offer, io.BytesIO())


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
def test_a_cut_upload_shows_nothing_and_the_retry_delivers(peer, openssh, percent):
    data = os.urandom(SIZE)
    with (
        proxy.serve(openssh.port, direction="up", limit=SIZE * percent // 100) as cut,
        pytest.raises(TransportError) as caught,
        through(peer, cut.port) as session,
    ):
        deliver(session, "a.xml", data)
    assert caught.value.retryable, caught.value
    assert "a.xml" not in peer.files()
    with peer.connect() as session:
        assert not deliver(session, "a.xml", data).repeated
    assert peer.files() == {"a.xml": data}


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
def test_a_cut_download_is_noticed_and_the_original_stays(peer, openssh, percent):
    data = os.urandom(SIZE)
    peer.put("a.csv", data)
    with (
        proxy.serve(openssh.port, direction="down", limit=SIZE * percent // 100) as cut,
        pytest.raises(TransportError) as caught,
        through(peer, cut.port) as session,
    ):
        fetch_all(session)
    assert caught.value.retryable, caught.value
    assert peer.files() == {"a.csv": data}
    with peer.connect() as session:
        (offer,) = session.offers()
        assert fetched(session, offer) == data


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize("operation", [1, 60])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_stalled_connection_is_given_up(peer, openssh, direction, operation):
    """By the timeout of one answer, or by the watchdog."""
    data = os.urandom(8_000_000)
    peer.put("a.csv", data)
    start = time.monotonic()
    with (
        proxy.serve(openssh.port, direction=direction, limit=1_000_000, then="stall") as stalled,
        pytest.raises(TransportError, match="in time" if operation == 1 else "nothing moved for 2 seconds") as caught,
        through(peer, stalled.port, operation=operation) as session,
    ):
        deliver(session, "b.xml", data) if direction == "up" else fetch_all(session)
    assert caught.value.retryable
    assert time.monotonic() - start < 8
    assert "b.xml" not in peer.files()


@pytest.mark.fault("stalled peer")
def test_a_transfer_that_drips_is_given_up():
    aborted = threading.Event()
    with Watchdog(aborted.set, stall=10, total=0.2) as watchdog, watchdog.watching():
        end = time.monotonic() + 5
        while not aborted.wait(0.01) and time.monotonic() < end:
            watchdog.progress()
    assert watchdog.verdict == "the operation took more than 0.2 seconds"


@pytest.mark.fault("stalled peer")
def test_a_server_that_says_nothing(peer):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        start = time.monotonic()
        with (
            pytest.raises(TransportError) as caught,
            through(peer, mute.getsockname()[1], banner=0.5),
        ):
            pass
    assert caught.value.retryable
    assert time.monotonic() - start < 4


def test_nothing_is_logged_unless_asked_for(peer, openssh, caplog, capfd):
    caplog.set_level(logging.DEBUG, logger="paramiko")
    with (
        proxy.serve(openssh.port, direction="up", limit=500_000) as cut,
        pytest.raises(TransportError),
        through(peer, cut.port) as session,
    ):
        deliver(session, "a.xml", os.urandom(SIZE))
    assert "Traceback" not in capfd.readouterr().err
    assert [record for record in caplog.records if "paramiko" in record.name or "sftp" in record.name] == []


def test_a_large_file_is_asked_for_bit_by_bit(peer, monkeypatch):
    """What is asked for at once costs memory, and a file may have any size."""
    waiting, quiet = [], client._quiet_prefetch

    def watched(file) -> None:
        ask = file._prefetch_thread
        file._prefetch_thread = lambda *given: ask(counted(file, given[0]), *given[1:])
        quiet(file)

    def counted(file, chunks):
        for chunk in chunks:
            waiting.append(len(file._prefetch_extents))
            yield chunk

    monkeypatch.setattr(client, "_quiet_prefetch", watched)
    data = os.urandom(1 << 20) * 24
    peer.put("a.csv", data)
    target = io.BytesIO()
    with peer.connect() as session:
        (offer,) = session.offers()
        session.fetch(offer, target)
    assert target.getvalue() == data
    assert len(waiting) == len(data) // client.REQUEST
    assert max(waiting) <= client._ASKED


def test_three_thousand_files(peer):
    for number in range(3000):
        (peer.folder / f"lot{number}.csv").touch()
        os.utime(peer.folder / f"lot{number}.csv", (1e9, 1e9))
    with peer.connect() as session:
        assert [offer.name for offer in session.offers()] == [f"lot{number}.csv" for number in range(3000)]


def test_many_small_files_of_a_far_server(peer, openssh):
    """Over 20 ms one after another would take nine times as many ways there and back."""
    for number in range(60):
        peer.put(f"{number}.csv", b"%d" % number * 2000)
    with proxy.serve(openssh.port, delay=0.01) as far, peer.connect(port=far.port) as session:
        offers = session.offers()
        held = [next(offers)]
        start = time.monotonic()
        got = [fetched(session, held[0])]
        for offer in offers:
            got.append(fetched(session, offer))
            held.append(offer)
        assert session.acknowledge_all(held) == [None] * 60
        took = time.monotonic() - start
    assert got == [b"%d" % number * 2000 for number in range(60)]
    assert peer.files() == {}
    assert len(peer.archived()) == 60
    assert took < 60 * 0.02 * 2


@pytest.mark.parametrize("ahead", [0, 16])
def test_reading_ahead_changes_nothing(peer, ahead):
    """Files of all sizes, one that changes, one that goes, and none that is read twice as another."""
    sizes = [0, 1, 32767, 32768, 32769, 65536, 262144, 262145, 3, 400_000, 5]
    data = {f"{number:02}.csv": os.urandom(size) for number, size in enumerate(sizes)}
    for name, content in data.items():
        peer.put(name, content)
    got: dict[str, bytes] = {}
    errors: list[TransportError] = []
    start = time.monotonic()
    with peer.connect(**{"read-ahead": ahead}) as session:
        for number, offer in enumerate(session.offers()):
            if number == 3:
                peer.put("05.csv", b"changed", age=10)
                (peer.folder / "08.csv").unlink()
            try:
                got[offer.name] = fetched(session, offer)
                session.acknowledge(offer)
            except TransportError as error:
                errors.append(error)
    assert time.monotonic() - start < 10, "a file that shrank is not waited for"
    assert all(error.retryable for error in errors)
    # What was read before it changed is the version that was offered; the new one stays and is offered again.
    left = dict(peer.files())
    assert left == {"05.csv": b"changed"}
    for name in ("05.csv", "08.csv"):
        assert got.get(name, data[name]) == data[name]
    for name in data.keys() - {"05.csv", "08.csv"}:
        assert got[name] == data[name]


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
def test_a_cut_among_many_small_files_loses_none(peer, openssh, percent):
    """The session connects anew by itself; each file is taken once, whole."""
    data = {f"{number:03}.csv": os.urandom(3000) for number in range(100)}
    for name, content in data.items():
        peer.put(name, content)
    got: dict[str, bytes] = {}
    errors: list[TransportError] = []
    cut = proxy.serve(openssh.port, direction="down", limit=6000 + 3000 * percent, cuts=1)
    with cut as broken:
        for _ in range(3):
            try:
                with through(peer, broken.port) as session:
                    for offer in session.offers():
                        try:
                            content = fetched(session, offer)
                            # Taken twice only if the word that it was put away did not come through.
                            assert got.setdefault(offer.name, content) == content
                            session.acknowledge(offer)
                        except TransportError as error:
                            errors.append(error)
            except TransportError as error:
                errors.append(error)
    assert all(error.retryable for error in errors)
    assert got == data
    assert peer.files() == {}


@pytest.mark.fault("permission errors")
def test_a_server_on_which_nothing_may_be_changed(tmp_path, openssh):
    with openssh_peer.serve(tmp_path / "fixed", options="-R") as server:
        peer = FolderPeer(SFTP, server.root, server.settings(), server.root)
        peer.put("a.csv", b"abc")
        with peer.connect() as session:
            (offer,) = session.offers()
            assert not offer.stays
            with pytest.raises(TransportError) as caught:
                session.acknowledge(offer)
            assert not caught.value.retryable
            with pytest.raises(TransportError, match="permission denied"):
                deliver(session, "b.xml", b"abc")
        with peer.connect(after="keep") as session:
            (offer,) = session.offers()
            assert offer.stays
            assert fetched(session, offer) == b"abc"
            session.acknowledge(offer)
            assert [again.identity for again in session.offers()] == [offer.identity]
        assert peer.files() == {"a.csv": b"abc"}


@pytest.mark.fault("permission errors")
def test_requests_that_a_server_forbids(tmp_path, openssh):
    with openssh_peer.serve(tmp_path / "strict", options="-P rename,posix-rename,mkdir,lstat,stat,fstat") as server:
        peer = FolderPeer(SFTP, server.root, server.settings(), server.root)
        peer.put("a.csv", b"abc")
        with peer.connect() as session, pytest.raises(TransportError, match="permission denied") as caught:
            fetch_all(session)
        assert not caught.value.retryable
        with peer.connect(quirks=["no-stat", "no-rename"], after="delete") as session:
            (offer,) = session.offers()
            assert fetched(session, offer) == b"abc"
            session.acknowledge(offer)
            assert not deliver(session, "b.xml", b"abc").repeated
            assert deliver(session, "b.xml", b"abc").repeated
        assert peer.files() == {"b.xml": b"abc"}


@pytest.mark.fault("disk full")
def test_a_full_disk_at_the_peer(peer, openssh, small_disk):
    target = FolderPeer(SFTP, small_disk, openssh.settings(path=str(small_disk)), openssh.root)
    data = os.urandom(6_000_000)
    with target.connect() as session, pytest.raises(TransportError) as caught:
        deliver(session, "a.xml", data)
    assert caught.value.retryable
    assert target.files() == {}
    with target.connect() as session:
        deliver(session, "a.xml", data[:4_000_000])
    assert target.files() == {"a.xml": data[:4_000_000]}


@pytest.mark.fault("disk full")
def test_a_full_disk_here_while_a_file_is_fetched(peer, small_disk):
    """The original stays; what was written is thrown away by the caller."""
    peer.put("a.csv", os.urandom(6_000_000))
    with peer.connect() as session:
        (offer,) = session.offers()
        with (
            (small_disk / "quarantine").open("wb") as target,
            pytest.raises(TransportError, match="cannot be stored") as caught,
        ):
            session.fetch(offer, target)
        assert caught.value.retryable
    assert set(peer.files()) == {"a.csv"}


@pytest.mark.fault("oversized")
def test_a_file_over_the_limit_costs_no_transfer(peer, openssh):
    peer.put("a.csv", os.urandom(1_000_001))
    with (
        proxy.serve(openssh.port) as counted,
        peer.connect(port=counted.port, **{"max-size": 1_000_000}) as session,
    ):
        (offer,) = session.offers()
        with pytest.raises(LimitExceeded):
            session.fetch(offer, io.BytesIO())
        assert counted.bytes["down"] < 100_000


def test_an_idle_session_is_kept_alive(peer, openssh):
    with proxy.serve(openssh.port) as counted, peer.connect(port=counted.port, keepalive=1) as session:
        session.probe()
        before = counted.bytes["up"]
        time.sleep(1.6)
        assert counted.bytes["up"] > before


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize(
    "greeting", [b"", b"220 ftp.example ready\r\n" * 500, b"SSH-1.5-old\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 400]
)
def test_what_is_no_server_of_ssh(peer, greeting):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                client.sendall(greeting)
                time.sleep(3)

        threading.Thread(target=greet, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(TransportError), through(peer, listener.getsockname()[1], banner=0.5):
            pass
    assert time.monotonic() - start < 4


@pytest.mark.fault("path traversal and odd names")
def test_a_link_is_neither_followed_nor_moved(peer, openssh, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"abc")
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        (peer.folder / "a.csv").unlink()
        (peer.folder / "a.csv").symlink_to(secret)
        session.acknowledge(offer)
        with pytest.raises(TransportError):
            session.fetch(offer, io.BytesIO())
        with pytest.raises(TransportError, match="folder or link"):
            deliver(session, "a.csv", b"abc")
    assert (peer.folder / "a.csv").is_symlink()
