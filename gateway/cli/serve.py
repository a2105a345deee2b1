"""``gateway serve``: the server that partners push files into, as a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import secrets as random
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import ConfigurationError, PluginError

if TYPE_CHECKING:
    from gateway.exchange.workspace import Workspace

KEY_BYTES = 32
EXTRA = "web"


@click.command(epilog="Example: gateway serve -C /srv/exchange --listen 127.0.0.1:8080")
@workspace_option
@click.option("--listen", metavar="HOST:PORT", default="", help="Where to listen, in place of `listen` under [web].")
@click.option("--new-key", is_flag=True, help="Print a new API key and its SHA-256 for an agreement, and stop.")
def command(root: Path, *, listen: str, new_key: bool) -> None:
    """Let partners push files over HTTPS, until stopped.

    Takes files into the channels whose agreements say `transport: https` with `receive`: POST /inbox/CHANNEL for any
    file, POST /capture for EPCIS 2.0. A file is durable before its sender gets an answer; `gateway run` processes it.
    `gateway run` serves by itself when gateway.toml has `listen` under [web].
    """
    if new_key:
        key = random.token_urlsafe(KEY_BYTES)
        click.echo(f"key     {key}")
        click.echo(f"sha256  {hashlib.sha256(key.encode()).hexdigest()}")
        return
    from gateway import logs
    from gateway.exchange.ledger.audit import Actor
    from gateway.exchange.workspace import opened

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened(root) as workspace:
        logs.setup(workspace.settings.logs.level, workspace.settings.logs.format)
        workspace.act_as(Actor("gateway serve"))
        if not (listen or workspace.settings.web.listen):
            message = "nobody said where to listen"
            raise ConfigurationError(message, hint="set `listen` under [web] in gateway.toml, or give --listen")
        with beside(workspace, listen) as url:
            click.echo(f"serving {url}", err=True)
            _wait(workspace, stopping)


@contextlib.contextmanager
def beside(workspace: Workspace, listen: str = "") -> Iterator[str]:
    """Serve while the body lasts, where the settings say so; gives the URL, empty for none.

    Args:
        workspace: the workspace.
        listen: where to listen instead.

    Raises:
        ConfigurationError: the server cannot be started as the settings say.
        PluginError: the extra ``web`` is not installed.
    """
    if not (listen or workspace.settings.web.listen):
        yield ""
        return
    try:
        from gateway.web.server import serving
    except ImportError as error:
        message = f"the server needs the extra `{EXTRA}`: {error.name} is not installed"
        raise PluginError(message, hint=f"pip install 'epcis-gateway[{EXTRA}]'") from error
    web = workspace.settings.web
    with serving(workspace, replace(web, listen=listen or web.listen)) as url:
        yield url


def _wait(workspace: Workspace, stopping: threading.Event) -> None:
    """Wait for the end, and take up changed agreements meanwhile."""
    from gateway.exchange.reload import LOOK, Reloader

    class Silent(Reloader):
        """What is in force is told by the process that exchanges."""

        def _tell(self, error: str) -> None:
            pass

    configuration = workspace.ledger.configuration(workspace.agreements.files)
    reloader = Silent(workspace, configuration, lambda _agreements, _configuration: None)
    while not stopping.wait(LOOK):
        reloader.look()
