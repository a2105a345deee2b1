"""``gateway serials``: what the hierarchy store knows of a pack or a container."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import UsageError

EPILOG = """\b
Examples:
  gateway serials "(00)186999990000000018" --contents
  gateway serials urn:epc:id:sgtin:8699999.000001.A1 --as-of 2026-11-20T12:00:00+03:00
  gateway serials --void 42"""


@click.command(epilog=EPILOG)
@click.argument("epc", required=False, default="")
@workspace_option
@click.option("--client", default="main", show_default=True, help="Whose packs, as `serials:` in the agreements says.")
@click.option("--as-of", "as_of", default="", metavar="TIME", help="As of a time of the events, with its zone.")
@click.option("--contents", is_flag=True, help="Print the packs in it, one in a line.")
@click.option("--void", "void", default="", metavar="ID", help="Undo what message ID said, as if it had never come.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(epc: str, root: Path, client: str, as_of: str, void: str, *, contents: bool, as_json: bool) -> None:
    """Say what all messages together tell of EPC: status, container, lot and expiry, and the messages themselves.

    EPC may be an EPC URN, a Digital Link, (01)…(21)…, or the 18 digits of an SSCC.
    """
    from gateway.epcis.time import order_key
    from gateway.exchange.ledger.epcs import asked
    from gateway.exchange.serials.store import SerialStore
    from gateway.exchange.workspace import opened

    if bool(epc) == bool(void):
        message = "give an EPC, or --void with a message"
        raise UsageError(message, hint="for example: gateway serials (00)186999990000000018")
    if as_of and order_key(as_of) is None:
        message = f"{as_of!r} is no time with a zone"
        raise UsageError(message, hint="write 2026-11-20T12:00:00+03:00")
    with opened(root) as workspace:
        store = SerialStore(workspace.database, workspace.clock)
        if void:
            found = workspace.queries.message(void)
            if not store.void(client, found.id):
                message = f"nothing of {found.id} counts for {client}"
                raise UsageError(message)
            workspace.ledger.note("serials voided", found.id, client=client)
            click.echo(f"{found.id} counts no more")
            return
        tree = store.hierarchy(client)
        link = asked(epc)
        packs = tree.contents(link, as_of) if contents else []
        known = tree.status(link, as_of)
        if as_json:
            values = {name: getattr(known, name) for name in known.__slots__}
            click.echo(json.dumps(values | ({"contents": packs} if contents else {}), ensure_ascii=False))
            return
        if not known.known:
            click.echo(f"nothing is known of it for {client}")
            return
        words = [word for word, true in (("commissioned", known.commissioned), ("ended", known.ended)) if true]
        click.echo(f"status    {', '.join([*words, *filter(None, (known.step, known.disposition))])}")
        click.echo(f"in        {known.parent or 'nothing'}")
        for name, value in (known.attributes or {}).items():
            click.echo(f"{name:9} {value}")
        click.echo(f"messages  {', '.join(known.messages)}")
        for pack in packs:
            click.echo(pack)
