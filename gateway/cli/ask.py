"""``gateway ask``: questions to a regulator's system that are no submissions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli import inputs
from gateway.cli.lazy import loading
from gateway.cli.workspace import table

EPILOG = """\b
Examples:
  gateway ask tr-its --agreement agreements/regulator.yaml
  gateway ask tr-its status gtin=08699999000018 serial=ABC123 --agreement agreements/regulator.yaml"""


@click.command(epilog=EPILOG)
@click.argument("market")
@click.argument("question", required=False, default="")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--agreement",
    "file",
    required=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Agreement with a target of `transport: market`.",
)
@click.option("--target", "target", default="", metavar="ID", help="Which target, if the agreement has several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(market: str, question: str, values: tuple[str, ...], file: Path, target: str, *, as_json: bool) -> None:
    """Ask the system of MARKET something; without QUESTION list what can be asked."""
    with loading():
        from gateway.agreements.account import read
        from gateway.submit import connect
        from gateway.submit.session import question as checked
        from gateway.transports.secrets import secrets

    account = read(file, market, target)
    if not question:
        rows = [
            {"question": each.key, "asks": each.title, "wants": " ".join(f"{one.key}=…" for one in each.arguments)}
            for each in account.settings.client.questions
        ]
    else:
        given = inputs.pairs(values)
        checked(account.settings, question, given)
        with connect(account.settings, secrets(account.root)) as session:
            rows = session.question(question, given)
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif rows:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        table(columns, [[row.get(column, "") for column in columns] for row in rows])
    else:
        click.echo("nothing", err=True)
