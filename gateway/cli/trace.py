"""``gateway trace``: where one pack, box or lot was named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import cell_text, short_time, workspace_option


@click.command(
    epilog="Examples: gateway trace urn:epc:id:sgtin:0614141.107346.2017 · gateway trace '(01)10614141073464(21)2017'"
)
@click.argument("epc", metavar="EPC")
@workspace_option
@click.option("--fast", is_flag=True, help="Believe the index and do not read the messages; no events are shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(epc: str, root: Path, *, fast: bool, as_json: bool) -> None:
    """List every message that names EPC, in the order in which they came, and what its events say.

    EPC may be an EPC URN, a GS1 Digital Link, an element string or the 18 digits of an SSCC; messages are found
    whatever spelling they use. Each is read again from the archive, which takes as long as converting it. A refused
    message is found by what could be read of it. Ends with 0, also when nothing names it.
    """
    from gateway.exchange.ledger.epcs import asked
    from gateway.exchange.operations import backfill, trace
    from gateway.exchange.workspace import opened

    link = asked(epc)
    count = 0
    with opened(root) as workspace:
        for named in trace.trace(workspace, [link], read=not fast):
            count += 1
            to = workspace.queries.receivers(named.message.id)
            if as_json:
                click.echo(json.dumps(_as_dict(named, to), ensure_ascii=False))
            else:
                _print(named, to)
        missing = backfill.lacking(workspace)
    if missing:
        click.echo(f"{missing:,} messages are not in the index of identifiers: gateway archive index", err=True)
    if not count and not as_json:
        click.echo(f"no message names {link}", err=True)


def _as_dict(named: Any, to: list[str]) -> dict[str, Any]:
    m = named.message
    fields = ("id", "partner", "channel", "name", "received_at", "state", "replay_of", "sha256")
    out: dict[str, Any] = {name: getattr(m, name) for name in fields}
    out |= {"delivered_to": to, "unread": named.unread}
    out["events"] = [
        {"number": x.number, "spelt": x.spelt, **({"left_out": True} if x.left_out else {}), **_facts(x.event)}
        for x in named.mentions
    ]
    return out


def _facts(event: Any) -> dict[str, str]:
    facts = {
        "type": event.type,
        "action": getattr(event, "action", ""),
        "event_time": event.event_time,
        "offset": event.event_time_zone_offset,
        "biz_step": event.biz_step,
        "disposition": event.disposition,
        "read_point": event.read_point.id if event.read_point else "",
        "parent": getattr(event, "parent_id", ""),
    }
    return {name: value for name, value in facts.items() if value}


def _print(named: Any, to: list[str]) -> None:
    m = named.message
    replay = f", replay of {m.replay_of}" if m.replay_of else ""
    click.echo(f"{short_time(m.received_at)}  {m.id}  {cell_text(m.name)} from {m.partner}: {m.state}{replay}")
    for x in named.mentions:
        facts = _facts(x.event)
        words = [facts.get(name, "").rpartition(":")[2].rpartition("/")[2] for name in ("biz_step", "disposition")]
        parent = facts.get("parent")
        inside = f" in {parent}" if parent and parent != x.spelt else ""
        what = " ".join(word for word in (facts["type"], facts.get("action", ""), *words) if word)
        gone = ", LEFT OUT because it was wrong" if x.left_out else ""
        click.echo(cell_text(f"    event {x.number}, {facts['event_time']}: {what}{inside}, as {x.spelt}{gone}"))
    if named.unread:
        click.echo(
            click.style(f"    by the index alone, the message cannot be read again: {named.unread}", fg="yellow")
        )
    if to:
        click.echo(f"    delivered to {', '.join(to)}")
