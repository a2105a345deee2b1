"""``gateway as2 ping``: try a connection with a partner, both ways of trust, before files depend on it."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import click

from gateway.cli.as2_sending import WAIT, line, send, sending, tell
from gateway.cli.workspace import workspace_option
from gateway.errors import TransportError


@click.command(epilog="Example: gateway as2 ping acme -C exchange")
@click.argument("name", metavar="PARTNER")
@workspace_option
@click.option("--wait", type=click.FloatRange(0), default=WAIT, show_default=True, help="Seconds for a late receipt.")
def command(name: str, root: Path, wait: float) -> None:
    """Send PARTNER a small test message, and show what its receipt says and what to do.

    It is signed, encrypted and asked a receipt for as the agreement says, so that ids, address and certificates of both
    sides are tried. This gateway recognises such a message and keeps it from the exchange; on other systems a small
    text file as2-ping.txt arrives, so tell the partner before. `gateway check --online` only connects.
    """
    from gateway import logs
    from gateway.exchange.operations.as2_parties import party
    from gateway.exchange.workspace import opened
    from gateway.transports.as2_http import ping
    from gateway.transports.as2_http.session import OUTBOX
    from gateway.transports.as2_http.store import Store

    with opened(root) as workspace:
        logs.setup("error", workspace.settings.logs.format)
        one = party(workspace.agreements, name)
        settings = sending(one)
        line("ping", f"{one.them} at {settings.url}, as {one.us}")
        data = ping.content(uuid.uuid4().hex)
        sent = send(workspace, settings, ping.NAME, io.BytesIO(data), len(data), wait)
        tell(sent, settings)
    if sent.error is not None:
        error = TransportError(sent.error.message, hint=sent.hint(), retryable=sent.error.retryable)
        if sent.entry is not None and not sent.entry.has("receipt") and not sent.notes:
            Store(settings.data / OUTBOX).remove(sent.entry)  # it proves nothing, and is not sent again
        raise error
    if settings.receipt.mode == "none":
        line("result", "it was taken; without a receipt nothing proves more", "yellow")
        return
    line("result", "address, ids and certificates of both sides fit together", "green")
