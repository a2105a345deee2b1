"""A partner's HTTPS server: uvicorn over TLS, which keeps what it gets and answers as it is told, well or badly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from tests.peers.pki import Identity


@dataclass
class Got:
    """A request that the server read to its end."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Say:
    """An answer.

    Attributes:
        drip: seconds between two bytes of the body.
        repeat: how often the body is sent, one after another.
        early: answer before the body was read.
        stall: seconds before anything is said.
    """

    status: int = 200
    body: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    repeat: int = 1
    early: bool = False
    stall: float = 0


@dataclass
class WebPeer:
    """A running server.

    Attributes:
        port: where it listens on 127.0.0.1.
        got: requests, in order.
        says: the answers to come; the last one stays. With ``by_path`` an answer for a path.
        remembers: whether it knows idempotency keys: a repeated one gets the first answer.
        grant: answers what is asked at ``/token``; without it every client gets ``t-1``, ``t-2`` and so on.
    """

    port: int = 0
    got: list[Got] = field(default_factory=list)
    says: list[Say] = field(default_factory=lambda: [Say()])
    by_path: dict[str, list[Say]] = field(default_factory=dict)
    remembers: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: int = 0
    grant: Callable[[dict[str, str], dict[str, str]], Say] | None = None

    def forget(self) -> None:
        """Begin anew."""
        self.got, self.says, self.by_path, self.remembers, self.files, self.tokens = [], [Say()], {}, False, {}, 0
        self.grant = None

    def url(self, path: str = "/in", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return None
        path = scope["path"]
        queue = self.by_path.get(path, self.says)
        say = queue.pop(0) if len(queue) > 1 else queue[0]
        if say.early:
            return await _answer(send, say)
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.append(Got(scope["method"], path, headers, body))
        if path == "/token":
            self.tokens += 1
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            right = form.get("grant_type") == "client_credentials"
            if self.grant is not None:
                say = self.grant(form, headers)
            else:
                say = Say(200 if right else 400, b'{"access_token":"t-%d","token_type":"Bearer"}' % self.tokens)
        key = headers.get("idempotency-key", "")
        if self.remembers and say.status < 300 and key:
            self.files.setdefault(key, body)
        await asyncio.sleep(say.stall)
        return await _answer(send, say)


async def _answer(send: Any, say: Say) -> None:
    headers = [(name.encode(), value.encode()) for name, value in say.headers.items()]
    await send({"type": "http.response.start", "status": say.status, "headers": headers})
    for _ in range(say.repeat):
        pieces = [say.body[i : i + 1] for i in range(len(say.body))] if say.drip else [say.body]
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if say.drip:
                await asyncio.sleep(say.drip)
    await send({"type": "http.response.body", "body": b""})


@contextlib.contextmanager
def serve(identity: Identity, *, clients: Any = None, **behaviour: Any) -> Iterator[WebPeer]:
    """Start a server on a free loopback port, in a thread.

    Args:
        identity: its certificate.
        clients: PEM file of the authority that clients must have a certificate of; None for no client certificates.
    """
    peer = WebPeer(**behaviour)
    config = uvicorn.Config(
        peer,
        host="127.0.0.1",
        port=0,
        log_config=None,
        log_level="critical",
        lifespan="off",
        ssl_certfile=str(identity.certificate),
        ssl_keyfile=str(identity.key),
        ssl_ca_certs=str(clients) if clients else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if clients else ssl.CERT_NONE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < end, "the server did not start"
        time.sleep(0.01)
    peer.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
