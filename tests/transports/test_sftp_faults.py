"""SFTP against a server that misbehaves."""

from __future__ import annotations

import io
import os

import pytest

from gateway.errors import TransportError
from gateway.transports.sftp import SFTP
from tests.peers import faulty
from tests.transports.common import FolderPeer, deliver


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", faulty.PASSWORD)
    with faulty.serve(tmp_path / "served") as running:
        yield running


@pytest.fixture
def peer(server) -> FolderPeer:
    return FolderPeer(SFTP, server.root, server.settings(), server.root)


def test_a_password_logs_in(peer):
    with peer.connect() as session:
        assert any("logged in as cmo" in line for line in session.probe())


def test_a_wrong_password_is_refused_and_not_shown(peer, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", "hunter2")
    with pytest.raises(TransportError, match="refuses the login") as caught, peer.connect():
        pass
    assert not caught.value.retryable
    assert "hunter2" not in repr(caught.value) + str(caught.value)


def test_the_password_is_not_sent_to_a_stranger(peer, server):
    with pytest.raises(TransportError), peer.connect(**{"host-key-fingerprints": ["SHA256:" + "A" * 43]}):
        pass
    assert server.logins == []


def test_a_password_must_be_a_reference():
    with pytest.raises(ValueError) as caught:
        SFTP.settings.model_validate(
            {"host": "h", "username": "u", "password": "hunter2", "host-key-fingerprints": ["SHA256:" + "A" * 43]}
        )
    assert "by reference" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_renaming_forbidden(peer, server):
    server.deny |= {"rename", "posix_rename"}
    with peer.connect() as session, pytest.raises(TransportError, match="forbids renaming") as caught:
        deliver(session, "a.xml", b"abc")
    assert not caught.value.retryable
    assert peer.files() == {}
    with peer.connect(quirks=["no-rename"], marker="{name}.done") as session:
        assert not deliver(session, "a.xml", b"abc").repeated
        assert deliver(session, "a.xml", b"abc").repeated
    assert peer.files() == {"a.xml": b"abc", "a.xml.done": b""}


def test_replacing_without_the_extension(peer, server):
    server.deny.add("posix_rename")
    peer.put("a.xml", b"old")
    with peer.connect(exists="replace") as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


@pytest.mark.parametrize("limit", [0, 1_000_000, 1_999_999])
def test_a_full_disk(peer, server, limit):
    server.full_after = limit
    data = os.urandom(2_000_000)
    with peer.connect() as session, pytest.raises(TransportError, match="No space left") as caught:
        deliver(session, "a.xml", data)
    assert caught.value.retryable
    assert peer.files() == {}
    server.full_after = None
    with peer.connect() as session:
        deliver(session, "a.xml", data)
    assert peer.files() == {"a.xml": data}


@pytest.mark.parametrize("hole", [1, 30, 60, 61])
def test_a_write_that_fails_between_others_is_noticed(peer, server, hole):
    """The size is right afterwards, the bytes are not."""
    server.holes = {hole}
    with peer.connect() as session, pytest.raises(TransportError, match="No space left"):
        deliver(session, "a.xml", os.urandom(61 * 32768))
    assert peer.files() == {}


def test_permission_denied(peer, server):
    server.deny.add("open")
    peer.put("a.csv", b"abc")
    with peer.connect() as session:
        (offer,) = session.offers()
        for attempt in (lambda: session.fetch(offer, io.BytesIO()), lambda: deliver(session, "b.xml", b"abc")):
            with pytest.raises(TransportError, match="permission denied") as caught:
                attempt()
            assert not caught.value.retryable


def test_listing_denied(peer, server):
    server.deny.add("list")
    with peer.connect() as session, pytest.raises(TransportError, match="permission denied"):
        list(session.offers())


@pytest.mark.parametrize("lie", [1, -1, 100_000])
def test_a_file_shorter_or_longer_than_listed(peer, server, lie):
    peer.put("a.csv", b"x" * 50_000)
    server.lie = lie
    with peer.connect() as session:
        (offer,) = session.offers()
        if lie < 0:
            server.lie = 0
        with pytest.raises(TransportError) as caught:
            session.fetch(offer, io.BytesIO())
        assert caught.value.retryable
    assert set(peer.files()) == {"a.csv"}


def test_a_wrong_size_after_writing(peer, server):
    server.lie = -1
    with peer.connect() as session, pytest.raises(TransportError, match="2 bytes where 3 bytes were written"):
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {}
    with peer.connect(quirks=["no-confirm"]) as session:
        deliver(session, "a.xml", b"abc")
    assert peer.files() == {"a.xml": b"abc"}


def test_a_clock_that_is_ahead_only_delays(peer, server):
    peer.put("a.csv", b"abc", age=0)
    server.future = 3600
    with peer.connect(settle={"interval": 0.02, "min-age": 0.3}) as session:
        assert [offer.name for offer in session.offers()] == ["a.csv"]


def test_a_server_without_times(peer):
    peer.put("b.csv", b"abc", age=100)
    peer.put("a.csv", b"abc", age=0)
    with peer.connect(quirks=["no-mtime"], settle={"interval": 0.02, "min-age": 0.1}) as session:
        offers = list(session.offers())
        assert [(offer.name, offer.modified) for offer in offers] == [("a.csv", 0.0), ("b.csv", 0.0)]
        for offer in offers:
            session.acknowledge(offer)
    assert peer.files() == {}


def test_without_prefetch(peer):
    data = os.urandom(300_000)
    peer.put("a.csv", data)
    target = io.BytesIO()
    with peer.connect(quirks=["no-prefetch"]) as session:
        (offer,) = session.offers()
        session.fetch(offer, target)
    assert target.getvalue() == data
