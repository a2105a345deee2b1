"""An HTTPS peer that breaks, stalls, drips or floods: what is retried, and that a file is not sent for ever."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
import warnings

import pytest

from gateway.errors import TransportError
from tests.peers import proxy
from tests.peers.web import Say

DATA = bytes(range(256)) * 4096  # 1 MiB
SOON = {"connect": 3, "stall": 1, "answer": 1, "transfer": 5}


def deliver(session, data=DATA):
    return session.deliver("a.xml", io.BytesIO(data), len(data))


def failed(session) -> TransportError:
    with session as open_session, pytest.raises(TransportError) as caught:
        deliver(open_session)
    return caught.value


def wire_bytes(session, peer, direction: str) -> int:
    """How many bytes a whole delivery takes in one direction."""
    with proxy.serve(peer.port) as counted, session(peer, port=counted.port) as open_session:
        deliver(open_session)
    return counted.bytes[direction]


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_connection_that_is_cut(session, peer, direction, percent):
    peer.remembers = True
    limit = wire_bytes(session, peer, direction) * percent // 100
    peer.forget()
    peer.remembers = True
    with proxy.serve(peer.port, direction=direction, limit=limit) as cut, session(peer, port=cut.port) as open_session:
        if (direction, percent) == ("down", 99):  # the status came through, the rest of the answer did not
            assert deliver(open_session).detail.startswith("200 OK")
        else:
            with pytest.raises(TransportError, match=r"a\.xml") as caught:
                deliver(open_session)
            assert caught.value.retryable
    with session(peer) as open_session:
        deliver(open_session)
    assert list(peer.files.values()) == [DATA]  # one file, however often it was sent


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize("percent", [0, 50, 99])
def test_a_connection_that_stalls_while_sending(session, peer, percent):
    limit = len(DATA) * percent // 100
    with proxy.serve(peer.port, limit=limit, then="stall") as stalled:
        began = time.monotonic()
        error = failed(session(peer, port=stalled.port, timeouts=SOON))
    assert error.retryable
    assert "in time" in str(error)
    assert time.monotonic() - began < 15


@pytest.mark.fault("stalled peer")
def test_a_peer_that_says_nothing(session, peer):
    peer.says = [Say(stall=4)]
    error = failed(session(peer, timeouts=SOON))
    assert "did not answer in time" in str(error)
    assert error.retryable


@pytest.mark.fault("stalled peer")
def test_a_peer_that_drips_its_status_line(session, peer, identity):
    """Every byte comes within the timeout of a read; the deadline of the whole ends it."""
    with dripping(identity) as port:
        began = time.monotonic()
        error = failed(session(peer, port=port, timeouts={**SOON, "transfer": 2}))
    assert "in time" in str(error)
    assert error.retryable
    assert time.monotonic() - began < 10


@pytest.mark.fault("slow answers")
@pytest.mark.parametrize("say", [Say(202, b"x" * 100, drip=0.2), Say(200, b"y" * 65536, repeat=2000)])
def test_a_file_that_arrived_counts_however_the_answer_goes_on(session, peer, say):
    """A dripping and a huge answer: the status says that the file is there, so it must not be sent again."""
    peer.says = [say]
    began = time.monotonic()
    with session(peer, timeouts={**SOON, "transfer": 2}) as open_session:
        receipt = deliver(open_session)
    assert time.monotonic() - began < 10
    assert receipt.detail.startswith(f"{say.status} ")
    assert len(receipt.detail) < 2200


@pytest.mark.fault("slow answers")
def test_a_huge_refusal(session, peer):
    peer.says = [Say(400, b"z" * 65536, repeat=2000)]
    error = failed(session(peer))
    assert not error.retryable
    assert len(error.detail) < 2100


def test_an_answer_before_the_file_was_read(session, peer):
    peer.says = [Say(413, b"too large", {"Connection": "close"}, early=True)]
    error = failed(session(peer))
    assert "413" in str(error)
    assert not error.retryable


@pytest.mark.fault("errors of a server")
def test_an_answer_that_is_no_http(session, peer, identity):
    with raw(identity, b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as port:
        assert "no HTTP" in str(failed(session(peer, port=port, timeouts=SOON)))


@pytest.mark.fault("errors of a server")
def test_headers_without_end(session, peer, identity):
    with raw(identity, b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 1_000_000) as port:
        error = failed(session(peer, port=port, timeouts=SOON))
    assert "no HTTP" in str(error)


@pytest.mark.fault("errors of a server")
def test_plain_http_on_the_port(session, peer):
    with plain(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "no TLS connection" in str(failed(session(peer, port=port, timeouts=SOON)))


@pytest.mark.fault("errors of a server")
def test_nobody_there(session, peer):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = failed(session(peer, port=port))
    assert "no connection" in str(error)
    assert error.retryable


@pytest.mark.fault("errors of a server")
def test_an_unknown_host(session, peer):
    error = failed(session(peer, url="https://nowhere.invalid/in"))
    assert "is not known" in str(error)
    assert error.retryable


@pytest.mark.fault("wrong certificate")
def test_old_tls_is_refused(session, peer, identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # that they are outdated is the point
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with serving(context, lambda _: None) as port:
        error = failed(session(peer, port=port, timeouts=SOON))
    assert "no TLS connection" in str(error)


def dripping(identity):
    def talk(connection):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
            connection.send(bytes([byte]))
            time.sleep(0.3)

    return serving(_context(identity), talk)


def raw(identity, data: bytes):
    return serving(_context(identity), lambda connection: connection.sendall(data))


def plain(data: bytes):
    return serving(None, lambda connection: connection.sendall(data))


def _context(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    return context


class serving:  # noqa: N801 - a context manager
    """A server that reads what comes and says what `talk` says."""

    def __init__(self, context, talk):
        self.context, self.talk = context, talk

    def __enter__(self) -> int:
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self.listener.getsockname()[1]

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def _serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            threading.Thread(target=self._swallow, args=(connection,), daemon=True).start()
            self.talk(connection)
            time.sleep(0.5)
            connection.close()
        except OSError:
            connection.close()

    def _swallow(self, connection):
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
