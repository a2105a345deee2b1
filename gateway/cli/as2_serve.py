"""``gateway as2 serve``: the server that AS2 partners send to."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import PluginError


@click.command(epilog="Example: gateway as2 serve -C /srv/exchange --listen 0.0.0.0:8088")
@workspace_option
@click.option("--listen", metavar="HOST:PORT", default="", help="Where to listen, in place of `listen` under [as2].")
def command(root: Path, *, listen: str) -> None:
    """Take AS2 messages and receipts, until stopped.

    For all channels and targets whose agreements say `transport: as2`, at one URL. A message is durable, with its
    signed receipt, before it is answered; `gateway run` or `gateway once` then collects it. With `certificate` and
    `key` under [as2] in gateway.toml the server speaks TLS, and partners whose agreement says `must-tls` have to show
    their certificate; without, it speaks plain HTTP. `most-connections` and `header-seconds` under [web] hold here too.
    Agreements are read at the start; start it again when they change.
    """
    from gateway import logs
    from gateway.exchange.operations.as2_parties import stated
    from gateway.exchange.workspace import opened
    from gateway.transports.secrets import secrets

    try:
        from gateway.transports.as2_http.server import Limits, application
        from gateway.transports.as2_http.serving import serving
        from gateway.transports.as2_http.site import server_tls, site
        from gateway.transports.https.serving import address
        from gateway.web.protocol import protocol
    except ImportError as error:
        message = f"the server needs the extra `as2`: {error.name} is not installed"
        raise PluginError(message, hint="pip install 'epcis-gateway[as2]'") from error
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened(root) as workspace:
        settings, web = workspace.settings.as2, workspace.settings.web
        logs.setup(workspace.settings.logs.level, workspace.settings.logs.format)
        host, port = address(listen or settings.listen)
        resolve = secrets(workspace.settings.root)
        made = site(stated(workspace.agreements), resolve, Limits(bytes=settings.most_bytes))
        speaks = protocol(web.most_connections, web.header_seconds)
        try:
            context = server_tls(settings.certificate, settings.key, resolve, made.partners)
            with serving(application(made, settings.path), host, port, speaks, context, web.header_seconds) as url:
                click.echo(f"serving {url}{settings.path}", err=True)
                stopping.wait()
        finally:
            made.close()
