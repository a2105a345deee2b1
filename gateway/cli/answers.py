"""``gateway answers``: who has answered, what, and who has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, since, table, workspace_option

#: The words of `gateway.exchange.ledger.answers.STANDINGS`, here so that help needs no database; a test compares them.
STANDINGS = ("first", "late", "repeated", "contradicts", "unasked", "unknown")


@click.command(
    epilog="Examples: gateway answers --owed · gateway answers --standing unknown · gateway answers --results 7"
)
@workspace_option
@click.option("--owed", is_flag=True, help="List answers that have not come, the one due first on top.")
@click.option("--message", "message", default="", metavar="ID", help="Only answers to this message.")
@click.option("--standing", multiple=True, type=click.Choice(STANDINGS), help="Only these (repeatable).")
@click.option("--since", "since_", default="", metavar="WHEN", help="Not older than 2h, 3d, 2026-11-22, …")
@click.option("--results", type=int, default=0, metavar="NUMBER", help="What answer NUMBER says of each identifier.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="At most so many; 0 for all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(
    root: Path,
    message: str,
    standing: tuple[str, ...],
    since_: str,
    results: int,
    limit: int,
    *,
    owed: bool,
    as_json: bool,
) -> None:
    """List answers to our deliveries, newest first.

    `standing` says how an answer was taken: `first` for the one that was waited for, `late`, `repeated`, `contradicts`
    (a second one that says something else; it changes nothing), `unasked` (nobody waited for one), and `unknown` (it
    answers nothing that was delivered from here).
    """
    from gateway.exchange.clock import stamp
    from gateway.exchange.ledger.queries_answers import AnswerQueries
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        queries = AnswerQueries(workspace.database)
        id_ = workspace.queries.message(message).id if message else ""
        start = stamp(since(since_, workspace.clock())) if since_ else ""
        asking: Any = {}
        if results:
            rows: Any = queries.results(results, limit=limit)
        elif owed:
            rows = queries.owed(message=id_, limit=limit)
            asking = queries.asking([row.delivery for row in rows])
        else:
            rows = queries.answers(message=id_, standings=standing, since=start, limit=limit)
    if as_json:
        for row in rows:
            asked = {"asking": as_dict(asking[row.delivery])} if owed and row.delivery in asking else {}
            click.echo(json.dumps(as_dict(row) | asked, ensure_ascii=False))
    elif results:
        table(
            ("identifier", "verdict", "may help to send again", "code", "text"),
            [(r.identifier, r.verdict, "yes" if r.retryable else "no", r.code, r.text) for r in rows],
        )
    elif owed:
        table(
            ("delivery", "kind", "due", "state", "then", "sent again", "asked", "trouble"),
            [
                (r.delivery, r.kind, short_time(r.due_at), r.state, r.then, str(r.resent), *_asked(asking, r.delivery))
                for r in rows
            ],
        )
    else:
        table(
            ("answer", "came", "kind", "to", "standing", "verdict", "identifiers", "what it says"),
            [
                (
                    str(r.id),
                    short_time(r.at),
                    r.kind,
                    r.delivery or r.reference,
                    r.standing,
                    r.verdict,
                    str(r.results or ""),
                    r.detail,
                )
                for r in rows
            ],
        )


def _asked(asking: Any, delivery: str) -> tuple[str, str]:
    """How often a regulator was asked, and why there was no answer the last time."""
    row = asking.get(delivery)
    return (str(row.asked), row.error) if row is not None else ("", "")


def as_dict(row: Any) -> dict[str, Any]:
    """A row as JSON has it."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "key"}
