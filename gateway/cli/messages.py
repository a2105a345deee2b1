"""``gateway messages``: what came in."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli.workspace import short_time, since, table, workspace_option

#: The words of `gateway.exchange.tables.State`, here so that help needs no database; a test compares them.
STATES = ("received", "converting", "delivering", "done", "refused", "failed", "duplicate")
FIELDS = ("id", "partner", "channel", "name", "size", "sha256", "received_at", "closed_at", "state", "reason")
MORE = ("format", "mapping", "events", "epcs", "duplicate_of", "replay_of", "configuration")


@click.command(epilog="Example: gateway messages -C exchange --state refused --since 7d")
@workspace_option
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states (repeatable).")
@click.option("--partner", default="", metavar="ID", help="Only this partner.")
@click.option("--since", "since_", default="", metavar="WHEN", help="Not older than 2h, 3d, 2026-11-22, …")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="At most so many; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(root: Path, states: tuple[str, ...], partner: str, since_: str, limit: int, *, as_json: bool) -> None:
    """List messages, newest first."""
    from gateway.exchange.clock import stamp
    from gateway.exchange.tables import State
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        start = stamp(since(since_, workspace.clock())) if since_ else ""
        found = workspace.queries.messages(
            states=[State(state) for state in states], partner=partner, since=start, limit=limit
        )
    if as_json:
        for m in found:
            click.echo(json.dumps({name: getattr(m, name) for name in FIELDS + MORE}, ensure_ascii=False))
        return
    table(
        ("message", "received", "partner", "file", "bytes", "state", "why"),
        [(m.id, short_time(m.received_at), m.partner, m.name, f"{m.size:,}", m.state, m.reason) for m in found],
    )
