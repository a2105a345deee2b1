"""Running the application with uvicorn, in a thread beside what else a process does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

GRACE = 10


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the command that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are not ours."""
        yield


@contextlib.contextmanager
def serving(
    application: Starlette, host: str = "127.0.0.1", port: int = 0, speaks: type[asyncio.Protocol] | None = None
) -> Iterator[str]:
    """Serve while the body lasts; gives the URL without a path.

    Plain HTTP: AS2 signs and encrypts by itself. Put a proxy in front where TLS is wanted.

    Args:
        application: what is served.
        host: address to listen at; this machine only, unless stated.
        port: 0 for a free one.
        speaks: speaks HTTP on a connection; uvicorn's own waits for ever for a request's headers.

    Raises:
        OSError: the address is taken.
    """
    listener = socket.create_server((host, port))
    config = uvicorn.Config(
        application, http=speaks or "auto", lifespan="off", log_config=None, server_header=False, ws="none"
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="as2", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(GRACE)
        listener.close()
