"""``gateway as2``: the server that AS2 partners send to, and the certificates of a workspace."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import PluginError

if TYPE_CHECKING:
    from gateway.exchange.workspace import Workspace
    from gateway.transports.as2_http.settings import As2Settings

KEY = "as2"
PATH = "/as2"


@click.group(epilog="Example: gateway as2 serve -C /srv/exchange --listen 127.0.0.1:8088")
def command() -> None:
    """Take messages and receipts of AS2 partners; show certificates."""


@command.command(epilog="Example: gateway as2 serve -C /srv/exchange --listen 127.0.0.1:8088")
@workspace_option
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8088", show_default=True, help="Where to listen.")
def serve(root: Path, *, listen: str) -> None:
    """Take AS2 messages and receipts, until stopped.

    For all channels and targets whose agreements say `transport: as2`. A message is durable, with its signed receipt,
    before it is answered; `gateway run` or `gateway once` then collects it. The server speaks plain HTTP: put a proxy
    in front where TLS is wanted. `most-connections` and `header-seconds` under [web] hold here too. Agreements are read
    at the start; start it again when they change.
    """
    from gateway import logs
    from gateway.exchange.workspace import opened
    from gateway.transports.secrets import secrets

    try:
        from gateway.transports.as2_http.server import application
        from gateway.transports.as2_http.serving import serving
        from gateway.transports.as2_http.site import site
        from gateway.web.protocol import protocol
    except ImportError as error:
        message = f"the server needs the extra `as2`: {error.name} is not installed"
        raise PluginError(message, hint="pip install 'epcis-gateway[as2]'") from error
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter(listen, param_hint="--listen HOST:PORT")
    with opened(root) as workspace:
        logs.setup(workspace.settings.logs.level, workspace.settings.logs.format)
        made = site(_stated(workspace), secrets(workspace.settings.root))
        web = workspace.settings.web
        speaks = protocol(web.most_connections, web.header_seconds)
        try:
            with serving(application(made, PATH), host, int(port), speaks) as url:
                click.echo(f"serving {url}{PATH}", err=True)
                stopping.wait()
        finally:
            made.close()


@command.command(epilog="Example: gateway as2 certificates -C /srv/exchange")
@workspace_option
@click.option("--export", "export", is_flag=True, help="Print our certificates for the partners, in PEM.")
def certificates(root: Path, *, export: bool) -> None:
    """List the certificates of all AS2 partners, ours and theirs, and what ends soon."""
    import datetime as dt

    from gateway.exchange.workspace import opened
    from gateway.transports.as2 import validity
    from gateway.transports.as2_http.session import partner_of
    from gateway.transports.secrets import secrets

    now = dt.datetime.now(dt.UTC)
    with opened(root) as workspace:
        for settings in _stated(workspace):
            partner = partner_of(settings, secrets(workspace.settings.root))
            if export:
                click.echo(validity.public_set(partner.ours, now).decode(), nl=False)
                continue
            click.echo(f"{settings.us} - {settings.them}")
            for whose, listed in (("ours", partner.ours), ("theirs", partner.theirs)):
                soon = {ending.listed: ending for ending in validity.endings(listed, now)}
                for one in listed:
                    uses = ", ".join(sorted(one.uses))
                    until = f"{one.begins:%Y-%m-%d} to {one.ends:%Y-%m-%d}"
                    told = f"  {soon[one].days} days left, and nothing follows" if one in soon else ""
                    click.echo(f"  {whose:7} {uses:14} {until}  {one.pin.subject}{told}")
                    click.echo(f"          SHA-256 {one.pin.fingerprint}")


def _stated(workspace: Workspace) -> Iterator[As2Settings]:
    """Settings of channels first: they say what messages must be."""
    agreements = workspace.agreements.all
    for agreement in agreements:
        yield from (channel.settings for channel in agreement.channels if channel.transport == KEY)
    for agreement in agreements:
        yield from (target.settings for target in agreement.targets if target.transport == KEY)
