"""``gateway status``: is everything all right, and if not, what is to be done?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import cell_text, short_time, table, workspace_option

#: Messages at work that are listed; the rest are counted.
SHOWN = 10
_GB = 1e9


@click.command(epilog="Example: gateway status -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(root: Path, *, as_json: bool) -> None:
    """Show what is wrong and what to do, what came and went in the last day, channels, and what is at work.

    When the files of the configuration are wrong, that is said too, and the command ends with 4.
    """
    from gateway.exchange.operations.overview import overview
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        status, wrong = overview(workspace)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False, indent=2))
    else:
        _print(status)
    if wrong is not None:
        raise wrong


def _print(status: dict[str, Any]) -> None:
    _print_state(status)
    _print_wrong(status["wrong"])
    for worker, refused in status["refused_configuration"].items():
        text = f"{worker} goes by an older configuration; what the files say now is refused:\n{refused}"
        click.echo(click.style(text, fg="red"))
    if status["workers"]:
        table(
            ("worker", "host", "process", "last sign of life", ""),
            [
                (w["worker"], w["host"], str(w["process"]), f"{w['silent']:.0f} s ago", "leads" if w["leads"] else "")
                for w in status["workers"]
            ],
        )
    if status["holds"]:
        table(
            ("held", "", "since", "by", "why"),
            [(h["kind"], h["id"], short_time(h["at"]), h["who"], h["reason"]) for h in status["holds"]],
        )
    told = {one["key"] for one in status["wrong"]}
    table(
        ("channel", "partner", "schedule", "next slot", "last slot", "last look", "taken", "error"),
        [
            (
                c["channel"],
                c["partner"],
                c["schedule"] or "only `once`",
                c["next_local"],
                short_time(c["last_slot"]),
                short_time(c["last_look"]),
                str(c["taken"]),
                "see above" if f"channel:{c['channel']}" in told else c["error"],
            )
            for c in status["channels"]
        ],
    )
    _print_work(status["in_work"])


def _print_state(status: dict[str, Any]) -> None:
    process = status["process"]
    runs = f"running as process {process}" if process else "not running"
    scheduled = any(channel["schedule"] for channel in status["channels"])
    click.echo(click.style(runs, fg="red") if scheduled and not process else runs)
    lately, disk = status["lately"], status["disk"]
    ended = ", ".join(f"{n:,} {state}" for state, n in lately["ended"].items()) or "none ended"
    click.echo(f"last {lately['hours']} hours: {lately['received']:,} received; {ended}")
    click.echo("messages: " + (", ".join(f"{n} {state}" for state, n in status["messages"].items()) or "none"))
    click.echo(f"disk: {disk['free'] / _GB:,.1f} GB free, {disk['must_stay_free'] / _GB:,.1f} GB must stay free")


def _print_wrong(wrong: list[dict[str, Any]]) -> None:
    if not wrong:
        click.echo(click.style("nothing is wrong", fg="green"))
        return
    things = "1 thing is wrong" if len(wrong) == 1 else f"{len(wrong):,} things are wrong"
    click.echo(click.style(f"{things}:", fg="red"))
    for one in wrong:
        since = f" (since {short_time(one['since'])})" if one["since"] else ""
        why = f": {one['seen_why']}" if one["seen_why"] else ""
        seen = f"; seen by {one['seen_by']}{why}" if one["seen_by"] else ""
        click.echo(f"  {cell_text(one['text'])}{since}{cell_text(seen)}")


def _print_work(work: list[dict[str, Any]]) -> None:
    if not work:
        return
    table(
        ("in work", "partner", "file", "state", "since", "waits for"),
        [
            (m["id"], m["partner"], m["name"], m["state"], short_time(m["received_at"]), m["waits_for"])
            for m in work[:SHOWN]
        ],
    )
    if len(work) > SHOWN:
        click.echo(f"… and {len(work) - SHOWN:,} more at work: gateway messages, or --json for all")
