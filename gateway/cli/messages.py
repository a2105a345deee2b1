"""``gateway messages``: what came in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, since, table, workspace_option
from gateway.errors import UsageError

#: The words of `gateway.exchange.ledger.tables.State`, here so that help needs no database; a test compares them.
STATES = ("received", "converting", "delivering", "awaiting", "done", "refused", "failed", "duplicate", "cancelled")
FIELDS = ("id", "partner", "channel", "name", "size", "sha256", "received_at", "closed_at", "state", "reason")
MORE = (
    *("format", "mapping", "events", "epcs", "error_behaviour", "left_out"),
    *("duplicate_of", "replay_of", "configuration", "pruned_at"),
)


@click.command(
    epilog="Examples: gateway messages --state refused --since 7d · gateway messages --gtin 10614141073464 --lot L1"
)
@workspace_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES, case_sensitive=False),
    help="Only these states (repeatable).",
)
@click.option("--uncertain", is_flag=True, help="Only those that a receiver may have: `gateway settle` ends that.")
@click.option("--partner", default="", metavar="ID", help="Only this partner.")
@click.option("--since", "since_", default="", metavar="WHEN", help="Not older than 2h, 3d, 2026-11-22, …")
@click.option("--serial", default="", metavar="SERIAL", help="Only those that name it: a serial number, or any EPC.")
@click.option("--gtin", default="", metavar="GTIN", help="Only those that name this GTIN (8, 12, 13 or 14 digits).")
@click.option("--lot", default="", metavar="LOT", help="Only those that name this lot.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="At most so many; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(
    root: Path,
    states: tuple[str, ...],
    partner: str,
    since_: str,
    serial: str,
    gtin: str,
    lot: str,
    limit: int,
    *,
    uncertain: bool,
    as_json: bool,
) -> None:
    """List messages, newest first.

    A serial number is looked for under --gtin, or under every GTIN that a message named; a whole EPC, in any spelling,
    as it is.
    """
    from gateway.exchange.clock import stamp
    from gateway.exchange.ledger.tables import State
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        start = stamp(since(since_, workspace.clock())) if since_ else ""
        gtin = _gtin(gtin)
        found = workspace.queries.messages(
            states=[State(state) for state in states],
            partner=partner,
            since=start,
            gtin=gtin,
            lot=lot,
            uncertain=uncertain,
            limit=0 if serial else limit,
        )
        said: dict[str, list[str]] = {}
        if serial:
            links = _links(workspace, serial, gtin)
            named = _naming(workspace, links)
            found = [message for message in found if message.number in named][: limit or None]
            said = _said(workspace, links)
    if as_json:
        for m in found:
            row = {name: getattr(m, name) for name in FIELDS + MORE}
            click.echo(json.dumps({**row, "answers": said.get(m.id, [])} if serial else row, ensure_ascii=False))
        return
    columns = ["message", "received", "partner", "file", "bytes", "state", "why"]
    rows = [[m.id, short_time(m.received_at), m.partner, m.name, f"{m.size:,}", m.state, m.reason] for m in found]
    if serial:
        columns.append("answers")
        rows = [[*row, "; ".join(said.get(m.id, ()))] for row, m in zip(rows, found, strict=True)]
    table(columns, rows)


def _gtin(text: str) -> str:
    from gateway.gs1 import Gs1Error, normalise_gtin

    try:
        return normalise_gtin(text) if text else ""
    except Gs1Error as error:
        raise UsageError(str(error)) from error


def _links(workspace: Any, serial: str, gtin: str) -> list[str]:
    """The identifiers that a serial number, or an EPC, may mean."""
    from gateway.exchange.ledger.epcs import asked
    from gateway.gs1 import Gs1Error, Sgtin

    try:
        return [asked(serial)]
    except UsageError:
        try:
            return [Sgtin(one, serial).as_digital_link() for one in ([gtin] if gtin else workspace.queries.gtins())]
        except Gs1Error as error:
            raise UsageError(str(error)) from error


def _naming(workspace: Any, links: list[str]) -> set[int]:
    """Numbers of the messages that name one of them; each was read to be sure."""
    from gateway.exchange.operations import trace

    return {named.message.number for named in trace.trace(workspace, links)}


def _said(workspace: Any, links: list[str]) -> dict[str, list[str]]:
    """What answers say of them, by message."""
    from gateway.cli.show import verdict_of
    from gateway.exchange.ledger.epc_keys import keys_of
    from gateway.exchange.ledger.queries_answers import AnswerQueries

    queries = AnswerQueries(workspace.database)
    said: dict[str, list[str]] = {}
    for key in keys_of(links):
        for answer, result in queries.of_identifier(key):
            if answer.delivery:
                delivery = workspace.queries.delivery(answer.delivery)
                said.setdefault(delivery.message, []).append(f"{delivery.target}: {verdict_of(result)}")
    return said
