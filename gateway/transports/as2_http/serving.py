"""Running the application, in a thread beside what else a process does."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.transports.https.serving import MOST_HEADER_BYTES, Server, listen, running

GRACE = 10
HANDSHAKE_SECONDS = 20.0


@contextlib.contextmanager
def serving(
    application: Starlette,
    host: str = "127.0.0.1",
    port: int = 0,
    speaks: type[asyncio.Protocol] | None = None,
    context: ssl.SSLContext | None = None,
    handshake_seconds: float = HANDSHAKE_SECONDS,
) -> Iterator[str]:
    """Serve while the body lasts; gives the URL without a path.

    Args:
        application: what is served.
        host: address to listen at; this machine only, unless stated.
        port: 0 for a free one.
        speaks: speaks HTTP on a connection; uvicorn's own waits for ever for a request's headers and does not say
            which certificate a client has shown.
        context: TLS of the server; None for plain HTTP, since AS2 signs and encrypts by itself.
        handshake_seconds: for the TLS handshake.

    Raises:
        ConfigurationError: the address is taken.
    """
    config = uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        ssl_context_factory=(lambda _config, _default: context) if context is not None else None,
    )
    server = Server(config, speaks or H11Protocol, handshake_seconds)
    at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with contextlib.closing(listen(at, "as2")) as listener, running(server, listener, "as2", GRACE + 5) as url:
        yield url
