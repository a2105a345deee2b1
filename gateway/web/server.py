"""Running the server: uvicorn, in this thread or in one beside the exchange."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gateway import logs
from gateway.agreements.load import Agreements
from gateway.errors import ConfigurationError
from gateway.exchange.workspace import Workspace
from gateway.settings import Web
from gateway.transports.base import Secrets
from gateway.transports.secrets import secrets
from gateway.web.app import Site, application
from gateway.web.doors import Doors
from gateway.web.protocol import Bounded, protocol

QUARANTINE = "incoming"
MOST_HEADER_BYTES = 32 << 10
OLD = 86400.0  # seconds; what is older in quarantine was left by a process that died
GRACE = 20  # seconds for files that are under way when the server stops

log = logs.get(__name__)


class Server(uvicorn.Server):
    """uvicorn that leaves signals to the command that runs it, and does not wait for ever for a client's TLS.

    Args:
        config: uvicorn's configuration.
        speaks: speaks HTTP on each connection.
        handshake_seconds: for the TLS handshake.
    """

    def __init__(self, config: uvicorn.Config, speaks: type[Bounded], handshake_seconds: float) -> None:
        super().__init__(config)
        self._speaks = speaks
        self._handshake_seconds = handshake_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen at sockets that are open already."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        make = functools.partial(
            self._speaks, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
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
def serving(workspace: Workspace, web: Web) -> Iterator[str]:
    """Serve in a thread while the body lasts; gives the URL.

    Args:
        workspace: the workspace.
        web: where and how.

    Raises:
        ConfigurationError: the address is taken or not safe, or a certificate or key cannot be used.
    """
    resolve = secrets(workspace.settings.root)
    context = tls(web, resolve)
    speaks = protocol(web.most_connections, web.header_seconds)
    server = Server(_config(workspace, resolve, context), speaks, web.header_seconds)
    with contextlib.closing(_listen(web, tls=context is not None)) as listener:
        host, port = listener.getsockname()[:2]
        thread = threading.Thread(target=server.run, args=([listener],), name="web", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            url = f"{'http' if context is None else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"
            log.info("serving", url=url)
            yield url
        finally:
            server.should_exit = True
            thread.join(GRACE + 5)


def _await_start(server: Server, thread: threading.Thread) -> None:
    while not server.started:
        thread.join(0.01)
        if not thread.is_alive():
            message = "the server did not start; the log says why"
            raise ConfigurationError(message)


def _config(workspace: Workspace, resolve: Secrets, context: ssl.SSLContext | None) -> uvicorn.Config:
    # Not the archive of the exchange itself, whose process empties its quarantine when it starts.
    archive = Workspace(workspace.settings).archive
    archive.quarantine = _quarantine(workspace.settings.data / QUARANTINE)
    return uvicorn.Config(
        application(Site(workspace, archive, resolve)),
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


def examine(web: Web, agreements: Agreements, resolve: Secrets) -> None:
    """Find out whether the server could start, without starting it.

    Raises:
        ConfigurationError: it could not.
    """
    Doors(agreements, resolve)
    context = tls(web, resolve)
    if web.listen:
        _safe(web, address(web.listen)[0], tls=context is not None)


def _quarantine(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()
    return folder


def _listen(web: Web, *, tls: bool) -> socket.socket:
    host, port = address(web.listen)
    _safe(web, host, tls=tls)
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        message = f"cannot listen at {web.listen}: {error.strerror or error}"
        raise ConfigurationError(message, hint="does another process listen there? see `listen` under [web]") from error


def _safe(web: Web, host: str, *, tls: bool) -> None:
    if not (tls or web.behind_proxy or _is_here(host)):
        message = f"keys would go over the network in the clear: {web.listen} is not this machine alone"
        hint = "set certificate and key under [web], or behind-proxy = true if a proxy before the gateway speaks TLS"
        raise ConfigurationError(message, hint=hint)


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[ADDRESS]:PORT``.

    Raises:
        ConfigurationError: it is no such thing.
    """
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the highest port
        message = f"{listen!r} is no address to listen at"
        raise ConfigurationError(message, hint="write HOST:PORT, e.g. 127.0.0.1:8080")
    return host, int(port)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls(web: Web, resolve: Secrets) -> ssl.SSLContext | None:
    """What the server shows, and which client certificates it takes; None without TLS.

    Raises:
        ConfigurationError: a certificate or key cannot be read, or they do not belong together.
    """
    if web.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            # OpenSSL reads keys from files only. This one is readable by nobody else and gone at the end of the block.
            file.write(resolve(web.key))
            file.flush()
            context.load_cert_chain(str(web.certificate), file.name, password=lambda: "")
        if web.client_ca is not None:
            context.load_verify_locations(str(web.client_ca))
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        message = f"the certificate, key or client-ca under [web] cannot be used: {error.strerror or error}"
        raise ConfigurationError(message, hint="all are PEM; certificate and key belong together") from None
    return context
