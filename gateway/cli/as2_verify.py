"""``gateway as2 verify``: prove a message again from what was kept, also years later."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from gateway.cli.as2_proofs import examined, told
from gateway.cli.workspace import workspace_option

NOT_PROVEN = 1


@click.command(epilog="Example: gateway as2 verify 3f9a01c4 -C exchange")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(id_: str, root: Path, *, as_json: bool) -> int:
    """Verify message ID again from the bytes that were kept, and say what that proves.

    ID is one of `gateway as2 list`, its beginning, or a Message-ID. Hashes are made anew; signatures are verified with
    the certificates that were pinned then; with our key, if an agreement still lists it, the bytes of the wire are
    decrypted again. Ends with 1 when nothing is proven, with 4 when something does not hold.
    """
    from gateway.exchange.archive.store import StorageError
    from gateway.exchange.workspace import opened
    from gateway.transports.as2 import Scratch

    with opened(root) as workspace, tempfile.TemporaryDirectory() as folder, Scratch(Path(folder)) as scratch:
        found, kept = examined(workspace, id_, scratch)
        lines = told(found, kept)
    if as_json:
        facts: dict[str, object] = {"id": kept.entry.path.name, "direction": found.direction, "partner": kept.partner}
        facts |= {"message_id": found.record.get("message-id", ""), "proven": found.proven and not found.failed}
        checks = [{"good": check.good, "text": check.text} for check in found.checks]
        click.echo(json.dumps(facts | {"checks": checks}, ensure_ascii=False, indent=2))
    else:
        for colour, line in lines:
            click.echo(click.style(line, fg=colour or None))
    if found.failed:
        message = "what is kept of this message does not hold"
        raise StorageError(message, hint="restore data/as2 from a backup, and verify again")
    return 0 if found.proven else NOT_PROVEN
