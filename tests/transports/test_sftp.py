"""SFTP against a real OpenSSH server, directly and through a proxy that cuts and stalls."""

from __future__ import annotations

import io
import logging
import os
import threading
import time

import pytest

from gateway.errors import ConfigurationError, TransportError
from gateway.transports.base import Session
from gateway.transports.sftp import SFTP
from gateway.transports.sftp.watchdog import Watchdog
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


def test_a_wrong_host_key_is_refused_with_both_fingerprints(peer, openssh):
    wrong = "SHA256:" + "A" * 43
    with pytest.raises(TransportError) as caught, peer.connect(**{"host-key-fingerprints": [wrong]}):
        pass
    assert not caught.value.retryable
    assert wrong in caught.value.message
    assert openssh.fingerprints["ed25519"] in caught.value.message
    assert "Accepted" not in openssh.log.read_text()


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


def test_an_encrypted_key(peer, openssh, tmp_path, monkeypatch):
    import subprocess

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


@pytest.mark.parametrize("percent", [0, 1, 50, 99])
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


@pytest.mark.parametrize("percent", [0, 1, 50, 99])
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


def test_a_transfer_that_drips_is_given_up():
    aborted = threading.Event()
    with Watchdog(aborted.set, stall=10, total=0.2) as watchdog, watchdog.watching():
        end = time.monotonic() + 5
        while not aborted.wait(0.01) and time.monotonic() < end:
            watchdog.progress()
    assert watchdog.verdict == "the operation took more than 0.2 seconds"


def test_a_server_that_says_nothing(peer):
    import socket

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


def test_three_thousand_files(peer):
    for number in range(3000):
        (peer.folder / f"lot{number}.csv").touch()
        os.utime(peer.folder / f"lot{number}.csv", (1e9, 1e9))
    with peer.connect() as session:
        assert [offer.name for offer in session.offers()] == [f"lot{number}.csv" for number in range(3000)]
