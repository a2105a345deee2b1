"""``gateway config``: versions of the configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, table, workspace_option
from gateway.errors import UsageError


@click.group(epilog="Example: gateway config history -C exchange")
def command() -> None:
    """Show which configuration was in force when, and what changed.

    A version is all of gateway.toml, the agreements and the workspace's mappings. The ledger keeps each one in full.
    """


@command.command("history", epilog="Example: gateway config history -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def history(root: Path, *, as_json: bool) -> None:
    """List the versions that came into force, newest first, with who and what changed."""
    from gateway.exchange.ledger import configurations
    from gateway.exchange.workspace import opened

    with opened(root) as workspace, workspace.database.read() as session:
        versions = configurations.history(session)
        forces = workspace.queries.in_force()
    if as_json:
        for v in versions:
            facts = {"sha256": v.sha256, "at": v.at, "who": v.who, "why": v.why, "changed": v.changed}
            click.echo(json.dumps(facts, ensure_ascii=False))
        return
    table(
        ("version", "since", "by", "changed"),
        [
            (v.sha256[:12], short_time(v.at), v.who, ", ".join(f"{p} {w}" for p, w in v.changed.items()))
            for v in versions
        ],
    )
    for row in forces:
        if row.error:
            click.echo(f"{row.worker} goes by {row.sha256[:12]}; what the files say now is refused:")
            click.echo(click.style(row.error, fg="red"))


@command.command("show", epilog="Example: gateway config show 3f09ab -C exchange --file agreements/acme.yaml")
@click.argument("version", default="")
@workspace_option
@click.option("--file", "file_", default="", metavar="PATH", help="Print this file as it was.")
def show(version: str, root: Path, file_: str) -> None:
    """Show the files of VERSION (the beginning of its hash; without it the newest)."""
    found = _versions(root, version)[0]
    if not file_:
        click.echo(f"{found.sha256}  {short_time(found.seen_at)}")
        for path, text in found.files.items():
            click.echo(f"  {path}, {len(text.encode()):,} bytes")
        return
    if file_ not in found.files:
        message = f"the version has no file {file_!r}"
        raise UsageError(message, hint=f"it has {', '.join(found.files)}")
    click.echo(found.files[file_], nl=False)


@command.command("diff", epilog="Example: gateway config diff 3f09ab 77c1e0 -C exchange")
@click.argument("old")
@click.argument("new", default="")
@workspace_option
def diff(old: str, new: str, root: Path) -> None:
    """Show what changed from version OLD to version NEW (without it the newest)."""
    from gateway.exchange.ledger import configurations

    for line in configurations.diff(*_versions(root, old, new)):
        click.echo(line)


def _versions(root: Path, *ids: str) -> list[Any]:
    from gateway.exchange.ledger import configurations
    from gateway.exchange.workspace import opened

    with opened(root) as workspace, workspace.database.read() as session:
        return [configurations.version(session, id_) for id_ in ids]
