"""A server around a market's simulator, on this machine only: for rehearsals, the demo and tests.

The simulator replies as its regulator would. The server adds what any system may do: be slow, cut the line, lose a
reply, answer with a page of HTML, with 503, or with nonsense.
"""

from __future__ import annotations

import contextlib
import http
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from gateway.errors import ConfigurationError, UsageError
from gateway.markets.client import Call, Reply
from gateway.markets.simulation import Fault, Rehearsal, Simulation, Simulator, without_query

HOST: Final = "127.0.0.1"
MOST_BYTES: Final = 256 << 20
#: Seconds that a slow reply takes.
SLOW: Final = 2.0
_STALL: Final = 30.0  # seconds without a byte of a request

SLOWLY, CUT, LOST, HTML, BUSY, NONSENSE = "slow", "cut", "lost-reply", "html-401", "unavailable", "nonsense"

#: What any system may do, and for how many calls it does so unless somebody says.
FAULTS: Final = {
    SLOWLY: (Fault(SLOWLY, f"each reply takes {SLOW:g} seconds"), 0),
    CUT: (Fault(CUT, "does the work, and the connection breaks in the middle of the reply"), 1),
    LOST: (Fault(LOST, "does the work, and the connection breaks before the reply"), 1),
    HTML: (Fault(HTML, "a page of HTML with status 401 instead of a reply"), 0),
    BUSY: (Fault(BUSY, "503 with Retry-After, and nothing is done"), 3),
    NONSENSE: (Fault(NONSENSE, "does the work, and replies with something that nobody understands"), 1),
}
_PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>401 Unauthorized</title></head><body><h1>Sign in</h1></body></html>\n"
)


@dataclass(slots=True)
class Trouble:
    """A fault of the server at work.

    Attributes:
        name: one of `FAULTS`.
        left: how many more calls; 0 for all.
        path: only calls whose path holds this.
        spent: whether it is over.
    """

    name: str
    left: int = 0
    path: str = ""
    spent: bool = False

    def hits(self, path: str) -> bool:
        """Whether a call meets it; counts it then."""
        if self.spent or self.path not in path:
            return False
        if self.left:
            self.left -= 1
            self.spent = not self.left
        return True


def trouble(text: str, own: Iterable[Fault] = ()) -> Trouble | str:
    """A fault as a person writes it: ``NAME``, ``NAME:CALLS``, ``NAME@PATH`` or ``NAME:CALLS@PATH``.

    Args:
        text: what the person writes.
        own: the market's own faults, which are given back by name.

    Raises:
        UsageError: there is no such fault.
    """
    rest, _, path = text.partition("@")
    name, _, calls = rest.partition(":")
    if name in FAULTS and (not calls or (calls.isascii() and calls.isdecimal() and int(calls))):
        return Trouble(name, int(calls) if calls else FAULTS[name][1], path)
    if text in {fault.name for fault in own}:
        return text
    known = [*FAULTS, *(fault.name for fault in own)]
    message = f"there is no fault {text!r}"
    raise UsageError(
        message, hint=f"known: {', '.join(known)}; for some calls only: cut:2, lost-reply@/part/of/the/path"
    )


@dataclass
class Simulated:
    """A simulator at work.

    Attributes:
        url: its address.
        simulator: what replies.
        calls: method and path of all calls, in order.
        troubles: the faults of the server that are on; may be changed at any time.
        seen: is told of each call: method, path as it is shown to people, status (0 for no reply).
        shown: how a path is shown to people.
    """

    url: str
    simulator: Simulator
    calls: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    seen: Callable[[str, str, int], None] = lambda _method, _path, _status: None
    shown: Callable[[str], str] = without_query
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, *texts: str) -> None:
        """Turn on faults of the server.

        Raises:
            UsageError: there is no such fault.
        """
        self.troubles += [one for text in texts if isinstance(one := trouble(text), Trouble)]


@contextlib.contextmanager
def simulating(
    simulation: Simulation,
    rehearsal: Rehearsal | None = None,
    faults: Iterable[str] = (),
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Simulated]:
    """Simulate a regulator's system while the body lasts.

    Args:
        simulation: the market's.
        rehearsal: how it is to behave.
        faults: of the server or the market, as in `trouble`.
        port: where it listens; 0 for a free one.
        tls: the server's certificate and key; None for plain HTTP.

    Raises:
        UsageError: there is no such fault.
        ConfigurationError: the port is taken.
    """
    found = [trouble(text, simulation.faults) for text in faults]
    rehearsal = rehearsal or Rehearsal()
    own = rehearsal.faults | {one for one in found if isinstance(one, str)}
    rehearsal = Rehearsal(rehearsal.user, rehearsal.password, rehearsal.refuse, own, rehearsal.ids)
    troubles = [one for one in found if isinstance(one, Trouble)]
    simulated = Simulated("", simulation.start(rehearsal), troubles=troubles, shown=simulation.shown)
    try:
        server = _Server((HOST, port), type("Handler", (_Handler,), {"simulated": simulated}))
    except OSError as error:
        message = f"cannot listen at {HOST}:{port}: {error.strerror or error}"
        raise ConfigurationError(message, hint="choose another port") from error
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    simulated.url = f"{'http' if tls is None else 'https'}://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="simulator", daemon=True)
    thread.start()
    try:
        yield simulated
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no matter here."""


class _Handler(BaseHTTPRequestHandler):
    simulated: Simulated
    protocol_version = "HTTP/1.1"
    timeout = _STALL

    def do_GET(self) -> None:
        self._take()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library's names

    def _take(self) -> None:
        body = self._body()
        if body is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, body)
        with self.simulated.lock:
            self.simulated.calls.append((call.method, call.path))
            hit = next((one.name for one in self.simulated.troubles if one.hits(call.path)), "")
            reply = _instead(hit) or self.simulated.simulator.reply(call)
        self.simulated.seen(call.method, self.simulated.shown(call.path), 0 if hit in (CUT, LOST) else reply.status)
        if hit == SLOWLY:
            time.sleep(SLOW)
        if hit == NONSENSE:
            reply = Reply(200, {"content-type": "text/plain"}, b"\x00\xff la la la")
        self._send(reply, hit)

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        if "chunked" in self.headers.get("transfer-encoding", ""):
            self._send(Reply(http.HTTPStatus.LENGTH_REQUIRED, {}, b""), "")
            return None
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self._send(Reply(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b""), "")
            return None
        return self.rfile.read(int(length))

    def _send(self, reply: Reply, hit: str) -> None:
        self.close_connection = True
        if hit == LOST:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        body = reply.body
        self.send_header("Content-Length", str(len(body) + (1 if hit == CUT and not body else 0)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if hit == CUT else body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: `Simulated.seen` is told."""


def _instead(hit: str) -> Reply | None:
    """What the server says by itself, without asking the simulator."""
    if hit == HTML:
        return Reply(401, {"content-type": "text/html; charset=utf-8"}, _PAGE)
    if hit == BUSY:
        return Reply(503, {"content-type": "text/plain", "retry-after": "1"}, b"try again later\n")
    return None
