"""Connections that are kept open between sessions, against a real OpenSSH server."""

from __future__ import annotations

import io
import signal
import subprocess
import threading
import time

import pytest

from gateway.errors import TransportError
from gateway.transports.secrets import secrets
from gateway.transports.sftp import SFTP
from gateway.transports.sftp import kept as module
from gateway.transports.sftp.kept import LONGEST, MOST_ALIKE, Kept
from tests.peers import openssh

pytestmark = pytest.mark.skipif(not openssh.available(), reason="needs an OpenSSH server")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with openssh.serve(tmp_path_factory.mktemp("ssh"), host_keys=("ed25519", "rsa")) as running:
        for name in ("a", "b"):
            (running.root / name).mkdir()
        yield running


@pytest.fixture
def kept():
    made = Kept()
    yield made
    made.close()


@pytest.fixture
def resolve(tmp_path):
    return secrets(tmp_path)


@pytest.fixture
def settings(server):
    def make(**more):
        return SFTP.settings.model_validate(server.settings(**{"path": "a", **more}))

    return make


def port(session) -> int:
    """Tells connections apart."""
    return session._remote.client.sock.get_transport().sock.getsockname()[1]


def use(kept, settings, resolve) -> int:
    with kept.connect(settings, resolve) as session:
        session.probe()
        return port(session)


def sessions(server) -> list[int]:
    """Processes of the server that serve connections."""
    command = ["ps", "-o", "pid=", "--ppid", str(server.process.pid)]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def none_left(server) -> bool:
    end = time.monotonic() + 10
    while sessions(server) and time.monotonic() < end:
        time.sleep(0.05)
    return not sessions(server)


def test_the_next_session_takes_the_connection_over(kept, settings, resolve, server):
    first = use(kept, settings(), resolve)
    assert use(kept, settings(path="b", after="delete"), resolve) == first
    with kept.connect(settings(path="b"), resolve) as session:
        session.deliver("x.txt", io.BytesIO(b"x"), 1)
    assert (server.root / "b" / "x.txt").read_bytes() == b"x"


def test_two_sessions_at_a_time_have_a_connection_each(kept, settings, resolve):
    with kept.connect(settings(), resolve) as one, kept.connect(settings(), resolve) as other:
        assert port(one) != port(other)


def test_other_settings_are_another_connection_and_its_host_key_is_checked(kept, settings, resolve, server):
    first = use(kept, settings(), resolve)
    assert use(kept, settings(keepalive=7), resolve) != first
    with pytest.raises(TransportError, match="not the server expected"):
        use(kept, settings(**{"host-key-fingerprints": ["SHA256:" + "A" * 43]}), resolve)
    rsa = settings(**{"host-key-fingerprints": [server.fingerprints["rsa"]]})
    assert use(kept, rsa, resolve) != first


def test_other_secrets_are_another_connection(kept, settings, resolve, tmp_path):
    first = use(kept, settings(), resolve)
    assert use(kept, settings(), secrets(tmp_path)) != first


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(kept, settings, resolve, server):
    first = use(kept, settings(), resolve)
    for pid in sessions(server):
        subprocess.run(["kill", "-9", str(pid)], check=False)
    assert use(kept, settings(), resolve) != first


def test_a_connection_that_fell_silent_meanwhile_is_made_anew(kept, settings, resolve, server, monkeypatch):
    monkeypatch.setattr("gateway.transports.sftp.kept.ANSWERS", 0.3)
    first = use(kept, settings(), resolve)
    stopped = sessions(server)
    for pid in stopped:
        subprocess.run(["kill", f"-{int(signal.SIGSTOP)}", str(pid)], check=True)
    try:
        started = time.monotonic()
        assert use(kept, settings(), resolve) != first
        assert time.monotonic() - started < 5
    finally:
        for pid in stopped:
            subprocess.run(["kill", f"-{int(signal.SIGCONT)}", str(pid)], check=False)


def test_a_session_that_failed_leaves_no_connection(kept, settings, resolve):
    seen = []

    def fail() -> None:
        with kept.connect(settings(), resolve) as session:
            seen.append(port(session))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert use(kept, settings(), resolve) not in seen


def test_what_waits_makes_room_when_the_server_takes_no_more(settings, resolve, monkeypatch):
    kept = Kept()
    use(kept, settings(), resolve)
    real, tries = module.Link, []

    def full_at_first(*arguments):
        tries.append(len(kept._waiting))
        if len(tries) == 1:
            message = "too many sessions"
            raise TransportError(message, retryable=True)
        return real(*arguments)

    monkeypatch.setattr(module, "Link", full_at_first)
    use(kept, settings(keepalive=7), resolve)
    assert tries == [1, 0]
    kept.drop()
    tries.clear()
    with pytest.raises(TransportError, match="too many"):
        use(kept, settings(), resolve)
    kept.close()


def test_nothing_is_kept_for_longer_than_it_may(settings, resolve):
    now = [0.0]
    kept = Kept(lambda: now[0])
    first = use(kept, settings(), resolve)
    now[0] = 14
    assert use(kept, settings(), resolve) == first
    now[0] = 30
    second = use(kept, settings(), resolve)
    assert second != first
    while now[0] < 30 + LONGEST - 10:
        now[0] += 10
        assert use(kept, settings(), resolve) == second
    now[0] += 11
    assert use(kept, settings(), resolve) != second
    kept.close()


def test_a_connection_that_nobody_wants_is_closed(kept, settings, resolve, server):
    kept.drop()
    use(kept, settings(**{"keep-open": 0.2}), resolve)
    assert none_left(server)


@pytest.mark.parametrize("end", ["drop", "close"])
def test_what_waits_is_closed_and_what_is_in_use_after_its_use(settings, resolve, server, end):
    kept = Kept()
    use(kept, settings(keepalive=7), resolve)
    with kept.connect(settings(), resolve) as session:
        getattr(kept, end)()
        session.probe()
    assert none_left(server)
    kept.close()


def test_no_connection_is_kept_where_the_settings_say_so(kept, settings, resolve, server):
    use(kept, settings(**{"keep-open": 0}), resolve)
    assert none_left(server)


def test_only_so_many_wait(kept, settings, resolve):
    barrier = threading.Barrier(MOST_ALIKE + 2)

    def one() -> None:
        with kept.connect(settings(), resolve):
            barrier.wait(20)

    threads = [threading.Thread(target=one) for _ in range(MOST_ALIKE + 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept._waiting) == MOST_ALIKE
