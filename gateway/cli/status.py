"""``gateway status``: is everything all right?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, table, workspace_option
from gateway.errors import ConfigurationError


@click.command(epilog="Example: gateway status -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(root: Path, *, as_json: bool) -> None:
    """Show channels with their schedules, messages by state, and what is in work.

    When the files of the configuration are wrong, that is said too, and the command ends with 4.
    """
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        status, wrong = _status(workspace)
    if as_json:
        click.echo(json.dumps(status, ensure_ascii=False, indent=2))
    else:
        _print(status)
    if wrong is not None:
        raise wrong


def _print(status: dict[str, Any]) -> None:
    process = status["process"]
    click.echo(f"running as process {process}" if process else "not running")
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
                c["error"],
            )
            for c in status["channels"]
        ],
    )
    click.echo("messages: " + (", ".join(f"{n} {state}" for state, n in status["messages"].items()) or "none"))
    if status["in_work"]:
        table(
            ("in work", "partner", "file", "state", "since", "waits for"),
            [
                (m["id"], m["partner"], m["name"], m["state"], short_time(m["received_at"]), m["waits_for"])
                for m in status["in_work"]
            ],
        )


def _status(workspace: Any) -> tuple[dict[str, Any], ConfigurationError | None]:
    """What is to be shown, and what is wrong with the files of the configuration."""
    from gateway.exchange.clock import stamp
    from gateway.exchange.holds import Holds
    from gateway.exchange.tables import State

    now = workspace.clock()
    queries = workspace.queries
    refused = {row.worker: row.error for row in queries.in_force() if row.error}
    schedules, collections = queries.schedules(), queries.collections()
    waits: dict[str, list[str]] = {}
    for delivery in queries.open_deliveries():
        when = f" at {short_time(delivery.next_try_at)}: {delivery.error}" if delivery.next_try_at else ""
        held = f": {delivery.error}" if delivery.error and not when else ""
        waits.setdefault(delivery.message, []).append(f"{delivery.target}{when}{held}")
    channels = []
    wrong = None
    try:
        agreed = list(workspace.agreements.channels())
    except ConfigurationError as error:
        agreed, wrong = [], error
    for agreement, channel in agreed:
        timing = channel.timing
        upcoming = timing.next(now) if timing else None
        row, look = schedules.get(channel.id), collections.get(channel.id)
        channels.append(
            {
                "channel": channel.id,
                "partner": agreement.partner.id,
                "schedule": f"{timing.text} {channel.time_zone}" if timing else "",
                "next_slot": stamp(upcoming) if upcoming else "",
                "next_local": f"{upcoming.astimezone(timing.zone):%Y-%m-%d %H:%M:%S %Z}" if timing and upcoming else "",
                "catch_up": channel.catch_up.value,
                "last_slot": row.last_fired if row else "",
                "last_look": look.at if look else "",
                "taken": look.taken if look else 0,
                "error": look.error if look else "",
            }
        )
    status = {
        "process": workspace.running(),
        "refused_configuration": refused,
        "workers": [
            {"worker": w.name, "host": w.host, "process": w.process, "silent": w.silent, "leads": w.leads}
            for w in workspace.workers()
        ],
        "holds": [
            {"kind": hold.kind, "id": hold.key, "at": hold.at, "who": hold.who, "reason": hold.reason}
            for hold in Holds(workspace.database).all()
        ],
        "channels": channels,
        "messages": queries.counts(),
        "in_work": [
            {
                "id": m.id,
                "partner": m.partner,
                "name": m.name,
                "state": m.state,
                "received_at": m.received_at,
                "waits_for": "; ".join(waits.get(m.id, [])) or m.reason,
            }
            for m in [*queries.open_messages(), *queries.messages(states=[State.AWAITING])[::-1]]
        ],
    }
    return status, wrong
