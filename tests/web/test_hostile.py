"""Clients that drip, stall, flood, lie or vanish. The `served` fixture checks that the server is well after each."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from tests.exchange.site import until
from tests.web.served import ACME, ServedSite
from tests.web.test_inbox import messages, push, some

HEAD = f"POST /inbox/acme-push HTTP/1.1\r\nHost: x\r\nX-API-Key: {ACME}\r\n"


def connect(served: ServedSite) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), 10)


def closed(connection: socket.socket, seconds: float) -> bytes:
    """Read until the server closes the connection, which has to be soon."""
    connection.settimeout(seconds)
    answer = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def drip(connection: socket.socket, data: bytes, every: float, seconds: float) -> float:
    """Send a byte now and then; returns for how long that went."""
    began = time.monotonic()
    with contextlib.suppress(OSError):
        for position in range(len(data)):
            connection.send(data[position : position + 1])
            time.sleep(every)
            if time.monotonic() - began > seconds:
                break
    return time.monotonic() - began


@pytest.mark.fault("stalled peer")
def test_a_connection_that_says_nothing(served):
    with connect(served) as connection:
        assert closed(connection, 15) == b""


@pytest.mark.fault("stalled peer")
@pytest.mark.parametrize("first", [b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_headers_that_drip(served, first):
    """Also those of a second request on a connection."""
    with connect(served) as connection:
        if first:
            connection.sendall(first)
            connection.recv(65536)
        assert drip(connection, b"GET / HTTP/1.1\r\n" + b"X-A: a\r\n" * 200, 0.05, 12) < 10


@pytest.mark.fault("stalled peer")
def test_a_body_that_stalls(served):
    data = some()
    with connect(served) as connection:
        connection.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode() + data)
        answer = closed(connection, 15)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert messages(served, data) == []


@pytest.mark.fault("stalled peer")
def test_a_body_that_drips(served):
    """Each byte in time, the whole not."""
    with connect(served) as connection:
        connection.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n".encode())
        drip(connection, b"x" * 1000, 0.2, 4)
        assert closed(connection, 15).startswith(b"HTTP/1.1 408 ")


@pytest.mark.fault("network cut")
def test_a_client_that_vanishes_in_the_middle(served):
    data = some()
    with connect(served) as connection:
        connection.sendall(f"{HEAD}Content-Length: 100000\r\n\r\n".encode() + data * 100)
        until(lambda: len(served.quarantined()) == 1, 10)
    until(lambda: served.quarantined() == [], 10)
    assert messages(served, data) == []


@pytest.mark.fault("network cut")
def test_a_body_that_ends_early(served):
    answer = served.raw(f"{HEAD}Content-Length: 1000\r\n\r\nabc".encode(), half=True)
    assert b" 202 " not in answer


@pytest.mark.fault("network cut")
@pytest.mark.parametrize("percent", [0, 1, 25, 50, 99])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_cut(served, percent, chunked):
    """Nothing of it is taken; sent again with the same key, it is one message."""
    data = some() * 200
    key = f"Idempotency-Key: cut-{percent}-{chunked}-{data[:12].hex()}\r\n"
    kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(data)}"
    wire = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces(data)) + b"0\r\n\r\n" if chunked else data
    head = f"{HEAD}{key}{kind}\r\n\r\n".encode()
    answer = served.raw(head + wire[: len(wire) * percent // 100], half=True)
    assert b" 202 " not in answer
    until(lambda: served.quarantined() == [], 10)
    assert messages(served, data) == []
    for _ in range(2):
        with connect(served) as connection:
            connection.sendall(head + wire)
            assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    assert len(messages(served, data)) == 1


def pieces(data: bytes, size: int = 1000) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_a_client_that_asks_before_it_sends(served):
    """``Expect: 100-continue``: told to go on, or refused before a byte of the file."""
    data = some()
    with connect(served) as connection:
        connection.sendall(f"{HEAD}Expect: 100-continue\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(data)
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    with connect(served) as connection:
        head = HEAD.replace(ACME, "x" * 30)
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: aaaa\r\n" * 4_000, 431),
        (HEAD.encode() + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400),
        # Refused for its key; what follows is nonsense, and must not make more of it than an end.
        (b"POST /capture HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 401),
    ],
)
def test_what_cannot_be_read_is_told_by_the_right_status(served, data, status):
    answer = served.raw(data, 3)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) or (status == 401 and answer.startswith(b"HTTP/1.1 400 "))
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_refused_client_that_goes_on_sending_gets_its_answer_and_an_end(served):
    head = b"POST /inbox/acme-push HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
    with connect(served) as connection:
        connection.sendall(head)
        began = time.monotonic()
        sent = 0
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 20:
                sent += connection.send(b"z" * 65536)
        assert sent < 50_000_000
        assert time.monotonic() - began < 18
    with connect(served) as connection:
        connection.sendall(head + b"z" * 100_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_more_connections_than_there_may_be(tmp_path):
    site = ServedSite(tmp_path / "ws").make(web="most-connections = 30\nheader-seconds = 60\n")
    with site.serving():
        crowd = [connect(site) for _ in range(60)]
        gone: set[int] = set()

        def count() -> int:
            for number, connection in enumerate(crowd):
                connection.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    try:
                        left = connection.recv(1) == b""
                    except ConnectionError:
                        left = True
                    gone.update({number} if left else ())
            return len(gone)

        try:
            until(lambda: count() >= 30, 20)
            assert len(gone) <= 32  # whoever just looked whether the server is there may count, too
        finally:
            for connection in crowd:
                connection.close()
        until(lambda: _lives(site), 5)


def _lives(served) -> bool:
    with contextlib.suppress(Exception), served.client() as client:
        return client.get("/health/live").status_code == 200
    return False


def test_one_upload_at_a_time(served):
    with connect(served) as connection:
        head = HEAD.replace("acme-push", "acme-csv")
        connection.sendall(f"{head}Content-Type: text/csv\r\nContent-Length: 10\r\n\r\nab".encode())
        until(lambda: len(served.quarantined()) == 1, 10)
        answer = push(served, some(), "acme-csv")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "10"
        connection.sendall(b"cdefghij")
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    assert push(served, some(), "acme-csv").status_code == 202


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,  # TLS on the plain port
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n",
        HEAD.encode() + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n",
        HEAD.encode() + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD.encode() + b"Content-Length: -5\r\n\r\n",
        HEAD.encode() + b"Content-Length: 5e3\r\n\r\n",
        HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        HEAD.encode() + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n",
    ],
)
def test_what_is_no_request_of_ours(served, data):
    before = len(served.messages())
    answer = served.raw(data, 1)
    assert b"application/problem+json" in answer or b" 200 OK" in answer or not answer
    assert b" 202 " not in answer
    assert b"Traceback" not in answer
    assert b".py" not in answer
    assert len(served.messages()) == before
