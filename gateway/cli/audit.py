"""``gateway audit``: the audit trail, and the proof that nobody changed it."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, since, table, workspace_option
from gateway.errors import ConfigurationError, UsageError

SHOWN = 50
MOST = 10_000  # faults in JSON
HASH = re.compile("[0-9a-f]{64}")
HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


@click.group(epilog="Example: gateway audit verify -C exchange")
def command() -> None:
    """Show the audit trail, or prove that it is whole.

    Every change of a message's state, every delivery, every version of the configuration and everything that an
    operator does is a row, with who, when and why. Each row holds the hash of the one before.
    """


@command.command("verify", epilog="Example: gateway audit verify -C exchange --expect 1042:9f2c…")
@workspace_option
@click.option("--expect", default="", metavar="HEAD", help="A head that was printed earlier; the trail must hold it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(root: Path, expect: str, *, as_json: bool) -> None:
    """Find rows that were changed, taken out or put in.

    What it tells of is compared with it, too: messages with their steps, findings, losses and outputs, deliveries,
    answers, configurations, holds. Prints the head of the trail: note it somewhere else, and a trail that was written
    anew is found with --expect. Ends with 4 if anything is wrong.
    """
    from gateway.exchange.ledger import audit
    from gateway.exchange.workspace import opened

    expected = _head(expect) if expect else None
    with opened(root) as workspace, workspace.database.read() as session:
        head = audit.head(session)
        found = (f"row {f.number}: {f.text}" if f.number else f.text for f in audit.verify(session, expected))
        faults = list(islice(found, MOST if as_json else SHOWN))
        count = len(faults) + sum(1 for _ in found)  # a ledger that is wrong throughout may have millions
    if as_json:
        told = {"rows": head.number, "head": str(head), "count": count, "faults": faults}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo(f"{head.number:,} rows, head {head}")
        for fault in faults:
            click.echo(click.style(fault, fg="red"))
        if count > len(faults):
            click.echo(f"… and {count - len(faults):,} more")
    if count:
        message = f"the audit trail is not whole: {count:,} {'fault' if count == 1 else 'faults'}"
        raise ConfigurationError(message, hint="compare the ledger with a backup, and find out who could write to it")
    if not as_json:
        click.echo(click.style("whole", fg="green"))


@command.command("list", epilog="Example: gateway audit list -C exchange --since 7d --subject 42")
@workspace_option
@click.option("--since", "since_", default="", metavar="WHEN", help="Not older than 2h, 3d, 2026-11-22, …")
@click.option(
    "--subject", default="", metavar="ID", help="Only about this message, delivery or hash, or its beginning."
)
@click.option(
    "--who", default="", metavar="NAME", help="Only what this person or worker did; part of the name is enough."
)
@click.option(
    "--action", default="", metavar="WORD", help="Only actions that begin so, e.g. `message`, `configuration`."
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=SHOWN, show_default=True, help="At most so many; 0 for all."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(root: Path, since_: str, subject: str, who: str, action: str, limit: int, *, as_json: bool) -> None:
    """List the rows of the trail, newest first."""
    from gateway.exchange.clock import stamp
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        start = stamp(since(since_, workspace.clock())) if since_ else ""
        if subject.isdecimal():
            subject = workspace.queries.message(subject).id
        rows = workspace.queries.audit(since=start, subject=subject, who=who, action=action, limit=limit)
    if as_json:
        for row in rows:
            click.echo(json.dumps(_as_dict(row), ensure_ascii=False))
        return
    table(
        ("row", "when", "who", "action", "subject", "what", "why"),
        [(str(r.number), short_time(r.at), r.who, r.action, r.subject, _short(r.what), r.why) for r in rows],
    )


def _head(text: str) -> Any:
    from gateway.exchange.ledger.audit import Head

    found = HEAD.fullmatch(text)
    if found is None:
        message = f"{text!r} is no head"
        raise UsageError(message, hint="give what `gateway audit verify` printed behind `head`, NUMBER:HASH")
    return Head(int(found[1]), found[2])


def _as_dict(row: Any) -> dict[str, Any]:
    out = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return out | {"what": json.loads(row.what)}


def _short(what: str) -> str:
    """The facts without those that are empty or hashes."""
    facts = {key: _plain(value) for key, value in json.loads(what).items()}
    return ", ".join(f"{key}={value}" for key, value in facts.items() if value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        parts = [(key, _plain(one)) for key, one in value.items()]
        return "; ".join(f"{key}: {text}" for key, text in parts if text)
    if isinstance(value, list):
        return " ".join(filter(None, map(_plain, value)))
    return "" if not value or HASH.fullmatch(str(value)) else str(value)
