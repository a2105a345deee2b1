"""``gateway as2 list``: messages that came and went."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.workspace import short_time, table, workspace_option
from gateway.printable import printable


@click.command(epilog="Example: gateway as2 list -C exchange --partner acme")
@workspace_option
@click.option("--partner", default="", help="Only those of this partner: its id or AS2 id.")
@click.option("-n", "--limit", type=click.IntRange(1), default=50, show_default=True, help="The last so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(root: Path, *, partner: str, limit: int, as_json: bool) -> None:
    """List messages that came and went, the last ones last; their ids are those of `gateway as2 verify`."""
    from gateway.exchange.operations.as2_parties import folders, party
    from gateway.exchange.workspace import opened
    from gateway.transports.as2_http.archive import SHORT, kept

    with opened(root) as workspace:
        wanted = party(workspace.agreements, partner).them if partner else ""
        found = [one for data in folders(workspace.agreements) for one in kept(data)]
    found = [one for one in found if not wanted or one.partner == wanted]
    found = sorted(found, key=lambda one: str(one.record.get("time", "")))[-limit:]
    if as_json:
        for one in found:
            facts: dict[str, object] = {
                "id": one.entry.path.name,
                "direction": one.direction,
                "partner": one.partner,
                "state": one.state,
            }
            facts |= {"time": one.record.get("time", ""), "message_id": one.record["message-id"], "files": one.names}
            click.echo(json.dumps(facts, ensure_ascii=False))
        return
    table(
        ("id", "way", "when", "partner", "state", "files"),
        [
            (
                one.entry.path.name[:SHORT],
                one.direction,
                short_time(str(one.record.get("time", ""))),
                printable(one.partner),
                one.state,
                printable(", ".join(one.names)),
            )
            for one in found
        ],
    )
