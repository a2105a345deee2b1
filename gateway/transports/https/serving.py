"""Serving: uvicorn on a socket that is open already, in a thread beside what else a process does, with TLS or without.

The servers of the gateway are all run by this: the one that partners push files into and the one for AS2.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gateway.errors import ConfigurationError
from gateway.transports.https.tls import show

#: Key in the ASGI scope's state: SHA-256 of the client's certificate, which TLS has verified; empty for none.
CERTIFICATE = "certificate"

MOST_HEADER_BYTES = 32 << 10


class Server(uvicorn.Server):
    """uvicorn that leaves signals to the command that runs it, and does not wait for ever for a client's TLS.

    Args:
        config: uvicorn's configuration.
        speaks: speaks HTTP on each connection.
        handshake_seconds: for the TLS handshake.
    """

    def __init__(self, config: uvicorn.Config, speaks: type[asyncio.Protocol], handshake_seconds: float) -> None:
        super().__init__(config)
        self._speaks = speaks
        self._handshake_seconds = handshake_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen at sockets that are open already."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        make = functools.partial(
            self._speaks,
            config=self.config,  # type: ignore[call-arg]  # uvicorn's protocols take these
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        wait = self._handshake_seconds if self.config.ssl else None
        self.servers = [
            await loop.create_server(make, sock=each, ssl=self.config.ssl, ssl_handshake_timeout=wait)
            for each in sockets or []
        ]
        self.started = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are not ours."""
        yield


@contextlib.contextmanager
def running(server: Server, listener: socket.socket, name: str, grace: float) -> Iterator[str]:
    """Serve in a thread while the body lasts; gives the URL without a path.

    Args:
        server: the server.
        listener: where it listens.
        name: of the thread.
        grace: seconds for requests that are under way when it stops.

    Raises:
        ConfigurationError: it does not start.
    """
    host, port = listener.getsockname()[:2]
    thread = threading.Thread(target=server.run, args=([listener],), name=name, daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        scheme = "http" if server.config.ssl_context_factory is None else "https"
        yield f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        thread.join(grace)


def _await_start(server: Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            message = "the server did not start; the log says why"
            raise ConfigurationError(message)


def listen(at: str, section: str) -> socket.socket:
    """Open the socket to listen at.

    Args:
        at: ``HOST:PORT`` or ``[ADDRESS]:PORT``.
        section: table of gateway.toml that says so.

    Raises:
        ConfigurationError: the address is taken, or none of this machine.
    """
    host, port = address(at)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        message = f"cannot listen at {at}: {error.strerror or error}"
        hint = f"does another process listen there? see `listen` under [{section}]"
        raise ConfigurationError(message, hint=hint) from error


def address(at: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[ADDRESS]:PORT``.

    Raises:
        ConfigurationError: it is no such thing.
    """
    host, _, port = at.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the highest port
        message = f"{at!r} is no address to listen at"
        raise ConfigurationError(message, hint="write HOST:PORT, e.g. 127.0.0.1:8080")
    return host, int(port)


def server_context(certificate: Path, key: str, section: str) -> ssl.SSLContext:
    """What a server shows: TLS 1.2 or newer, its certificate and key.

    Args:
        certificate: PEM file with the certificate and its chain.
        key: the private key itself, PEM.
        section: table of gateway.toml that says so.

    Raises:
        ConfigurationError: they cannot be read, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        show(context, str(certificate), key)
    except (OSError, ssl.SSLError) as error:
        raise unusable(section, error) from None
    return context


def unusable(section: str, error: OSError) -> ConfigurationError:
    """What is said when certificate, key or authorities of a server cannot be used."""
    message = f"the certificate, key or client-ca under [{section}] cannot be used: {error.strerror or error}"
    return ConfigurationError(message, hint="all are PEM; certificate and key belong together")
