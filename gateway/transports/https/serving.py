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
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from gateway import logs
from gateway.errors import ConfigurationError
from gateway.transports.https.tls import show

#: Key in the ASGI scope's state: SHA-256 of the client's certificate, which TLS has verified; empty for none.
CERTIFICATE = "certificate"

MOST_HEADER_BYTES = 32 << 10

log = logs.get(__name__)


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


class Renewal:
    """Has a server show a certificate that was renewed while it runs, on connections that begin from then on.

    Called now and then in the server's own thread: no handshake goes on meanwhile. A certificate that does not fit its
    key, because only one of them is there yet, is tried again the next time, and the one of before is shown until then.

    Args:
        context: what the server shows.
        certificate: PEM file with the certificate and its chain.
        key: gives the private key, PEM.
        section: table of gateway.toml that says so.
    """

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Callable[[], str], section: str) -> None:
        self._context = context
        self._certificate = certificate
        self._key = key
        self._section = section
        self._shown = _content(certificate)
        self._told = self._shown

    async def __call__(self) -> None:
        """Look whether the certificate is another one."""
        found = _content(self._certificate)
        if found == self._shown:
            return
        try:
            key = self._key()
            server_context(self._certificate, key, self._section)  # whether they fit is found out aside
            show(self._context, str(self._certificate), key)
        except (ConfigurationError, OSError) as error:
            if found != self._told:
                log.error("the renewed certificate cannot be used, the one of before is shown", reason=str(error))  # noqa: TRY400 - no traceback
            self._told = found
            return
        self._shown = self._told = found
        log.info("a renewed certificate is shown", certificate=str(self._certificate))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def unusable(section: str, error: OSError) -> ConfigurationError:
    """What is said when certificate, key or authorities of a server cannot be used."""
    message = f"the certificate, key or client-ca under [{section}] cannot be used: {error.strerror or error}"
    return ConfigurationError(message, hint="all are PEM; certificate and key belong together")
