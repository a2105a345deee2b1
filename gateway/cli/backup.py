"""``gateway backup``: copies of a whole workspace, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import short_time, workspace_option


@click.group(epilog="Example: gateway backup make /backup/2026-11-26 -C exchange")
def command() -> None:
    """Copy a workspace while the gateway runs, check such a copy, or put it back."""


@command.command("make", epilog="Example: gateway backup make /backup/tuesday --previous /backup/monday -C exchange")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@workspace_option
@click.option(
    "--previous",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An earlier backup on the same disk: contents that it has are linked, not copied.",
)
@click.option("--with-keys", is_flag=True, help="Copy keys/, too. Else keep a copy of it elsewhere.")
def make(folder: Path, root: Path, previous: Path | None, *, with_keys: bool) -> None:
    """Write a backup of the workspace into the new folder DIR.

    It is a workspace itself, without the engine's memory: `gateway audit verify -C DIR` and `gateway archive verify -C
    DIR` prove that it is whole. The gateway may run meanwhile.
    """
    from gateway.exchange.operations import backup
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        made = backup.make(workspace, folder, previous, keys=with_keys)
    _print(folder, made)
    click.echo(f"  {made.shared:,} of the contents are shared with {previous}" if previous else "", nl=bool(previous))


@command.command("restore", epilog="Example: gateway backup restore /backup/2026-11-26 exchange")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="BACKUP")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def restore(source: Path, folder: Path) -> None:
    """Put BACKUP back into the new or empty folder DIR, which then is the workspace.

    All of it is checked first: database, audit trail, every content. What was at work when the backup was made goes on
    at the next start. Deliveries that were made after it are made again, under the same names.
    """
    from gateway.exchange.operations import backup

    made = backup.restore(source, folder)
    _print(folder, made)
    if not made.keys:
        click.echo("  keys/ was not in the backup: put it there before the gateway starts")
    click.echo(f"next: gateway check -C {folder}")


def _print(folder: Path, made: Any) -> None:
    click.echo(f"{folder}: as of {short_time(made.at)}, {made.messages:,} messages, {made.contents:,} contents")
    click.echo(f"  head of the audit trail {made.head}")
