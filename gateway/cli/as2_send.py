"""``gateway as2 send``: one file to a partner by hand, kept and proven like those of the exchange."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from gateway.cli.as2_sending import WAIT, line, send, sending, tell
from gateway.cli.workspace import workspace_option
from gateway.errors import TransportError


@click.command(epilog="Example: gateway as2 send acme notice.xml -C exchange --why 'asked for by mail'")
@click.argument("name", metavar="PARTNER")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@workspace_option
@click.option("--as", "as_", default="", metavar="NAME", help="Name that the partner sees.  [default: the file's]")
@click.option("--wait", type=click.FloatRange(0), default=WAIT, show_default=True, help="Seconds for a late receipt.")
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(name: str, file: Path, root: Path, as_: str, wait: float, why: str) -> None:
    """Send FILE to PARTNER as it is, without the exchange.

    The bytes are not converted or checked. The message is kept like those of the exchange, so that `gateway as2 verify`
    proves it later. The same name and bytes are sent once only: a repetition says so. If it fails, run it again: the
    partner gets the same message with the same id.
    """
    from gateway import logs
    from gateway.cli.as2_proofs import sha256
    from gateway.exchange.operations.as2_parties import party
    from gateway.exchange.workspace import opened, operator
    from gateway.transports.as2 import Region
    from gateway.transports.as2_http.archive import SHORT

    with opened(root) as workspace, file.open("rb") as source, tempfile.TemporaryFile() as copy:
        logs.setup("error", workspace.settings.logs.format)
        workspace.act_as(operator(why))
        one = party(workspace.agreements, name)
        settings = sending(one)
        while chunk := source.read(1 << 20):  # it may be written to meanwhile
            copy.write(chunk)
        size = copy.tell()
        shown = as_ or file.name
        line("send", f"{shown}, {size:,} bytes, to {one.them} at {settings.url}")
        sent = send(workspace, settings, shown, copy, size, wait)
        tell(sent, settings)
        id_ = sent.entry.path.name if sent.entry else ""
        facts = {"partner": one.them, "proven": sent.error is None, "message": id_}
        workspace.ledger.note("sent by hand", one.partner, sha256=sha256(Region.whole(file)), **facts)
    if sent.error is not None:
        raise TransportError(sent.error.message, hint=sent.hint(), retryable=sent.error.retryable)
    said = "they had it before; nothing was sent" if sent.repeated else "they have it"
    line("result", f"{said}: gateway as2 verify {id_[:SHORT]}", "green")
