"""``gateway alerts``: what is wrong now, and whether somebody would hear of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, table, workspace_option
from gateway.errors import TransportError


@click.group(epilog="Example: gateway alerts list -C exchange")
def command() -> None:
    """Show what is wrong now, or try out the ways in which it is told.

    A running gateway looks every minute, `gateway once` at its end; docs/alerts.md says what is told, when, and how.
    """


@command.command("list", epilog="Example: gateway alerts list -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(root: Path, *, as_json: bool) -> None:
    """List what is wrong at this moment, whether it was told or not."""
    from gateway.exchange.operations.alerts import troubles_now
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        found = troubles_now(workspace, workspace.clock())
        known = {row.key: row for row in workspace.queries.alerts()}
    if as_json:
        for one in found:
            told = known[one.key].told if one.key in known else {}
            facts = {"key": one.key, "kind": one.kind, "about": one.about, "text": one.text, "count": one.count}
            facts |= {"told": told, "seen": _seen(known.get(one.key))}
            click.echo(json.dumps(facts, ensure_ascii=False))
        return
    table(
        ("key", "since", "told by", "seen by", "what"),
        [
            (
                one.key,
                short_time(known[one.key].first_at) if one.key in known else "now",
                ", ".join(known[one.key].told) if one.key in known else "",
                " ".join(_seen(known.get(one.key)).values()),
                one.text,
            )
            for one in found
        ],
    )


@command.command("seen", epilog="Example: gateway alerts seen failed:acme --why 'the CMO sends it again' -C exchange")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@workspace_option
@click.option("--why", default="", help="The reason, for the audit trail.")
def seen(keys: tuple[str, ...], root: Path, why: str) -> None:
    """Say that you see to a trouble. KEY is what `gateway alerts list` prints first.

    It is not told again while it lasts, unless it gets worse (of more messages than now), or ends and comes anew. Who
    saw to it, when and why stands in the audit trail.
    """
    from gateway.exchange.operations.alerts import Alerting
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        for key in keys:
            row = Alerting(workspace).seen(key)
            click.echo(f"{row.key}: seen by {row.seen_by}; told again when it gets worse or comes anew")


def _seen(row: Any) -> dict[str, str]:
    """Who has seen a trouble, when, and what they said."""
    if row is None or not row.seen_at:
        return {}
    return {"by": row.seen_by, "at": short_time(row.seen_at), "why": row.seen_why}


@command.command("test", epilog="Example: gateway alerts test -C exchange")
@workspace_option
def test(root: Path) -> None:
    """Tell a trial alert by every way that is set. Ends with 5 if one of them does not work."""
    from gateway.exchange.operations.alerts import Alerting
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        outcome = Alerting(workspace).test()
    for way, error in outcome.items():
        click.echo(f"{way}: " + (click.style(error, fg="red") if error else click.style("told", fg="green")))
    if any(outcome.values()):
        message = "an alert could not be told"
        raise TransportError(message)
