"""``gateway alerts``: what is wrong now, and whether somebody would hear of it."""

from __future__ import annotations

import json
from pathlib import Path

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
    from gateway.exchange.alerts import Alerting
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        found = Alerting(workspace).troubles(workspace.clock())
        known = {row.key: row for row in workspace.queries.alerts()}
    if as_json:
        for one in found:
            told = known[one.key].told if one.key in known else {}
            facts = {"kind": one.kind, "about": one.about, "text": one.text, "count": one.count, "told": told}
            click.echo(json.dumps(facts, ensure_ascii=False))
        return
    table(
        ("kind", "since", "told by", "what"),
        [
            (
                one.kind,
                short_time(known[one.key].first_at) if one.key in known else "now",
                ", ".join(known[one.key].told) if one.key in known else "",
                one.text,
            )
            for one in found
        ],
    )


@command.command("test", epilog="Example: gateway alerts test -C exchange")
@workspace_option
def test(root: Path) -> None:
    """Tell a trial alert by every way that is set. Ends with 5 if one of them does not work."""
    from gateway.exchange.alerts import Alerting
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        outcome = Alerting(workspace).test()
    for way, error in outcome.items():
        click.echo(f"{way}: " + (click.style(error, fg="red") if error else click.style("told", fg="green")))
    if any(outcome.values()):
        message = "an alert could not be told"
        raise TransportError(message)
