"""``gateway settle``: say what became of a submission whose fate is not known."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.answers import SerialAnswer

#: What an operator may say of a whole submission and of single packs.
VERDICTS = ("accepted", "warning", "rejected", "pending")
OF_PACKS = ("accepted", "warning", "rejected")
COLUMNS = ("identifier", "verdict", "code", "text")
LARGEST = 64 << 20

EPILOG = """\b
Examples:
  gateway settle 42 --taken --reference 7c1e… --why 'seen in the cabinet of the station'
  gateway settle 42 --taken --reference 7c1e… --verdict pending --why 'taken; let it be asked for'
  gateway settle 42 --taken --results packs.csv --others accepted --why 'their mail of 12 May'
  gateway settle 42.2 --not-taken --why 'the help desk has nothing of it'

\b
The results are a CSV file with the columns identifier, verdict (accepted, warning or rejected), and, if you like,
code and text. Packs that are not in it: --others."""


@click.command(epilog=EPILOG)
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--taken/--not-taken", default=None, help="Whether the regulator has it. What it has not is sent again.")
@click.option("--reference", default="", metavar="TEXT", help="What the regulator calls it.")
@click.option(
    "--verdict",
    type=click.Choice(VERDICTS),
    default="accepted",
    show_default=True,
    help="What it says of the whole; `pending`: it has not answered yet, and is asked by the reference.",
)
@click.option(
    "--results",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="What it says of each pack; then the verdict follows from that.",
)
@click.option("--others", type=click.Choice(OF_PACKS), help="Packs that are not in --results. [default: not known]")
@click.option("--why", required=True, help="How you know, for the audit trail.")
def command(
    id_: str, root: Path, taken: bool | None, reference: str, verdict: str, results: Path | None, others: str, why: str
) -> None:
    """Say what became of a submission: ID is a delivery, or a message that has only one to be settled.

    A regulator may have taken a submission whose reply was lost, and cannot be asked. Such a delivery is `uncertain`:
    it is never sent again by itself. Find out, at the regulator's web site or help desk, and say it here; the message
    goes on then. The same for an answer that never came: the one that you have found counts.
    """
    from gateway.answers import Verdict
    from gateway.exchange.operations.settling import Word, find, settle
    from gateway.exchange.workspace import opened, operator

    if taken is None:
        message = "say --taken or --not-taken"
        raise UsageError(message, hint="find out first: what is sent twice is reported twice")
    if not taken and (reference or results or others or verdict != VERDICTS[0]):
        message = "what the regulator has not taken has no reference, verdict or results"
        raise UsageError(message, hint="--not-taken stands alone with --why")
    if not why.strip():
        message = "say how you know"
        raise UsageError(message, hint="--why TEXT; it stands in the audit trail")
    if results and verdict != VERDICTS[0]:
        message = "with --results the verdict follows from them"
        raise UsageError(message, hint="leave out --verdict")
    if others and not results:
        message = "--others are those that are not in --results"
        raise UsageError(message, hint="give --results, or --verdict for all")
    serials = read(results) if results else ()
    word = Word(taken, reference, Verdict(verdict), serials, Verdict(others) if others else Verdict.UNREADABLE)
    with opened(root) as workspace:
        workspace.act_as(operator(why))
        delivery = find(workspace, id_)
        state = settle(workspace, delivery, word)
    said = "taken" if taken else "not taken; it is sent again" if state == "delivering" else "not taken"
    click.echo(f"{delivery.id} to {delivery.target}: {said}; the message is {state}")


def read(path: Path) -> list[SerialAnswer]:
    """What a file says of each pack.

    Raises:
        UsageError: it is no such file; says the line.
    """
    from gateway.answers import Reason, SerialAnswer, Verdict

    if path.stat().st_size > LARGEST:
        message = f"{path} has more than {LARGEST:,} bytes"
        raise UsageError(message)
    found = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            if rows.fieldnames is None or not {*COLUMNS[:2]} <= {*rows.fieldnames} <= {*COLUMNS}:
                message = (
                    f"{path}: the first line must name the columns {', '.join(COLUMNS)}; the last two may be missing"
                )
                raise UsageError(message)
            for row in rows:
                verdict = (row["verdict"] or "").strip().lower()
                identifier = (row["identifier"] or "").strip()
                if verdict not in OF_PACKS or not identifier or None in row:
                    message = (
                        f"{path}, line {rows.line_num}: an identifier and one of {', '.join(OF_PACKS)} are expected"
                    )
                    raise UsageError(message)
                code, text = ((row.get(name) or "").strip() for name in COLUMNS[2:])
                said = Verdict(verdict)
                reasons = (Reason(code, text, said),) if code or text else ()
                found.append(SerialAnswer(identifier, said, reasons))
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        message = f"{path} is no CSV file in UTF-8: {error}"
        raise UsageError(message) from error
    if not found:
        message = f"{path} names no identifier"
        raise UsageError(message)
    return found
