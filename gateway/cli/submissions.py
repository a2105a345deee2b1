"""``gateway submissions``: what is remembered of submissions that `gateway submit` has sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli.workspace import table
from gateway.errors import UsageError

if TYPE_CHECKING:
    from gateway.agreements.account import Account
    from gateway.submit.journal_prune import Kept

F = TypeVar("F", bound=Callable[..., Any])
DAY = 86400


@click.group(epilog="Example: gateway submissions list --market ru-oms-order --agreement ru.yaml")
def command() -> None:
    """Say what is remembered of submissions to a regulator, settle those whose fate is not known, and prune it.

    For `gateway submit` with an agreement of its own. What an exchange sent is settled by `gateway settle` and pruned
    by `gateway archive prune`.
    """


def _account(function: F) -> F:
    """The options that name an account, as `gateway submit` has them."""
    for option in (
        click.option("--target", default="", metavar="ID", help="Which target, if the agreement has several."),
        click.option(
            "--agreement",
            "file",
            required=True,
            type=click.Path(dir_okay=False, exists=True, path_type=Path),
            metavar="FILE",
            help="The agreement that was submitted with.",
        ),
        click.option("--market", required=True, metavar="KEY", help="Market, or one of its messages."),
    ):
        function = option(function)
    return function


@command.command("list", epilog="Example: gateway submissions list --market tr-its --agreement tr.yaml --open")
@_account
@click.option("--open", "only_open", is_flag=True, help="Only those with a question left.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(market: str, file: Path, target: str, *, only_open: bool, as_json: bool) -> None:
    """List submissions, the newest last: what the regulator said, and whether a question is left."""
    rows = [_row(one) for one in _kept(_read(market, file, target)) if one.entry.open or not only_open]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    table(
        ("submission", "last", "verdict", "reference", "open"),
        [(r["name"], r["at"], r["verdict"], r["reference"], r["open"]) for r in rows],
    )


@command.command(
    "settle", epilog="Example: gateway submissions settle order.json --market ru-oms-order --agreement ru.yaml --taken"
)
@click.argument("name")
@_account
@click.option("--taken/--not-taken", default=None, help="Whether the regulator has it.")
@click.option("--reference", default="", metavar="TEXT", help="What the regulator calls it.")
def settle(name: str, market: str, file: Path, target: str, taken: bool | None, reference: str) -> None:
    """Say what became of submission NAME, which the regulator may have taken, and which cannot be asked for.

    What was taken counts as accepted from then on, and `gateway submit` goes on with what follows. What was not taken
    is sent by the next `gateway submit`.
    """
    from gateway.answers import Answer, Verdict

    if taken is None:
        message = "say --taken or --not-taken"
        raise UsageError(message, hint="find out first: what is sent twice is reported twice")
    if reference and not taken:
        message = "what the regulator has not taken has no reference"
        raise UsageError(message)
    account = _read(market, file, target)
    found = [one for one in _kept(account) if one.name == name and one.entry.open]
    if len(found) != 1:
        message = f"{len(found)} submissions of this name have a question left"
        raise UsageError(message, hint="`gateway submissions list --open` names them")
    (one,) = found
    with account.settings.journal.entry(one.name, one.sha256) as entry:
        if taken:
            entry.settle(Answer(Verdict.ACCEPTED, reference=reference or entry.known.reference))
        else:
            entry.forget()
    click.echo(f"{name}: {'taken' if taken else 'not taken; the next `gateway submit` sends it'}")


@command.command(
    "prune", epilog="Example: gateway submissions prune --market tr-its --agreement tr.yaml --days 730 --dry-run"
)
@_account
@click.option("--days", required=True, type=click.IntRange(min=1), help="What was said last so many days ago or more.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def prune(market: str, file: Path, target: str, days: int, *, dry_run: bool) -> None:
    """Delete replies, and what they say of each pack.

    That a submission was taken is never forgotten, so that it is not sent again; nor is one with a question left.
    """
    from gateway.settings import FILE
    from gateway.submit.journal_prune import Pruned
    from gateway.submit.journal_prune import prune as prune_

    account = _read(market, file, target)
    if (account.root / FILE).is_file():
        message = f"{account.root} is a workspace, whose agreements and legal holds say how long bytes are kept"
        raise UsageError(message, hint=f"gateway archive prune -C {account.root}")
    before, result, settings = time.time() - days * DAY, Pruned(), account.settings
    prune_(settings.memory, [settings.account], lambda one: one.at <= before, result, really=not dry_run)
    would = "would be " if dry_run else ""
    click.echo(f"{result.submissions:,} submissions: {result.size:,} bytes of replies {would}deleted")
    click.echo(f"{result.open:,} stay whole because a question is open")


def _read(market: str, file: Path, target: str) -> Account:
    from gateway.agreements.account import read

    return read(file, market, target)


def _kept(account: Account) -> list[Kept]:
    from gateway.submit.journal_prune import kept

    settings = account.settings
    return sorted(kept(settings.memory, [settings.account]), key=lambda one: (one.at, one.name))


def _row(one: Kept) -> dict[str, str]:
    known, answer = one.entry.known, one.entry.heard
    left = "may have been taken" if known.uncertain else "no answer yet" if one.entry.open else ""
    verdict = answer.verdict.value if answer is not None else ""
    at = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(one.at))
    return {"name": one.name, "at": at, "verdict": verdict, "reference": known.reference, "open": left}
