"""``gateway list``: what there is, for a person or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gateway.findings import Rule

EPILOG = """\b
Examples:
  gateway list formats
  gateway list markets tr
  gateway list rules --json
  gateway list rules GS1-GTIN-02"""

Row = dict[str, Any]


def _formats() -> list[Row]:
    from gateway.formats import FORMATS

    return [
        {"key": f.key, "reads": f.read is not None, "writes": f.write is not None, "title": f.title} for f in FORMATS
    ]


def _markets() -> list[Row]:
    from gateway.markets import MARKETS

    return [
        {
            "key": market.key,
            "name": market.name,
            "status": market.status,
            "messages": [message.key for message in market.messages],
            "grade": market.grades,
            "authority": market.authority,
            "legal": market.legal,
            "titles": [f"{message.key}: {message.title}" for message in market.messages],
        }
        for market in MARKETS
    ]


def _mappings(folder: str | None = None) -> list[Row]:
    from gateway.formats.table.mappings import all_mappings

    mappings = all_mappings([Path(folder)] if folder else [])
    return [{"key": mapping.name, "title": mapping.title} for mapping in mappings]


def _transports() -> list[Row]:
    from gateway.transports import TRANSPORTS

    return [
        {
            "key": transport.key,
            "title": transport.title,
            "settings": ", ".join(
                f"{field.alias or name}{' (required)' if field.is_required() else ''}"
                for name, field in transport.settings.model_fields.items()
            ),
        }
        for transport in TRANSPORTS
    ]


def _rules() -> list[Row]:
    from gateway.rulebook import all_rules

    return [
        {
            "key": code,
            "severity": rule.severity.value if isinstance(rule, Rule) else "loss",
            "title": rule.title,
            "explain": rule.explain,
            "hint": rule.hint if isinstance(rule, Rule) else "",
        }
        for code, rule in all_rules().items()
    ]


KINDS: dict[str, Callable[[], list[Row]]] = {
    "formats": _formats,
    "markets": _markets,
    "mappings": _mappings,
    "transports": _transports,
    "rules": _rules,
}
NOT_IN_TABLE = {"explain", "hint", "authority", "legal", "titles", "settings"}


@click.command(name="list", epilog=EPILOG)
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your mappings.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(kind: str, keys: tuple[str, ...], folder: str | None, as_json: bool) -> None:
    """List formats, markets, mappings, transports or rules; with KEYs only those, in full."""
    rows = _mappings(folder) if kind == "mappings" else KINDS[kind]()
    if keys:
        known = {row["key"] for row in rows}
        for key in keys:
            if key not in known:
                from gateway.errors import UsageError

                message = f"there is no {kind.removesuffix('s')} {key!r}"
                raise UsageError(message, hint=f"`gateway list {kind}` lists them all")
        rows = [row for row in rows if row["key"] in keys]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if keys:
        for row in rows:
            for name, value in row.items():
                if value != "":
                    click.echo(f"{name:10}{_word(value)}")
            click.echo()
        return
    columns = [name for name in (rows[0] if rows else {}) if name not in NOT_IN_TABLE]
    widths = {name: max(len(name), *(len(_word(row[name])) for row in rows)) for name in columns}
    for row in ({name: name for name in columns}, *rows):
        click.echo("  ".join(_word(row[name]).ljust(widths[name]) for name in columns).rstrip())


def _word(value: object) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
