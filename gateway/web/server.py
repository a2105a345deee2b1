"""Running the server: uvicorn, in this thread or in one beside the exchange."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
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
from gateway.transports.https.serving import (
    MOST_HEADER_BYTES,
    Renewal,
    Server,
    address,
    listen,
    running,
    server_context,
    unusable,
)
from gateway.transports.secrets import secrets
from gateway.web.app import Site, application
from gateway.web.doors import Doors
from gateway.web.protocol import protocol

QUARANTINE = "incoming"
SECTION = "web"  # of gateway.toml
OLD = 86400.0  # seconds; what is older in quarantine was left by a process that died
RENEWAL = 60  # seconds between two looks whether the certificate was renewed
GRACE = 20  # seconds for files that are under way when the server stops

log = logs.get(__name__)


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
    config = _config(workspace, resolve, context)
    if web.certificate is not None and context is not None:
        config.callback_notify = Renewal(context, web.certificate, lambda: resolve(web.key), SECTION)
        config.timeout_notify = RENEWAL
    server = Server(config, speaks, web.header_seconds)
    listener = _listen(web, tls=context is not None)
    with contextlib.closing(listener), running(server, listener, "web", GRACE + 5) as url:
        log.info("serving", url=url)
        yield url


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
    _safe(web, address(web.listen)[0], tls=tls)
    return listen(web.listen, SECTION)


def _safe(web: Web, host: str, *, tls: bool) -> None:
    if not (tls or web.behind_proxy or _is_here(host)):
        message = f"keys would go over the network in the clear: {web.listen} is not this machine alone"
        hint = "set certificate and key under [web], or behind-proxy = true if a proxy before the gateway speaks TLS"
        raise ConfigurationError(message, hint=hint)


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
    context = server_context(web.certificate, resolve(web.key), SECTION)
    if web.client_ca is not None:
        try:
            context.load_verify_locations(str(web.client_ca))
        except (OSError, ssl.SSLError) as error:
            raise unusable(SECTION, error) from None
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
