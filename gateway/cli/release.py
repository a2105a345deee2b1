"""``gateway release``: let what was held go on."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.hold import KINDS
from gateway.cli.workspace import workspace_option


@click.command(epilog="Example: gateway release target wholesaler -C exchange")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(kind: str, id_: str, root: Path, why: str) -> None:
    """Release a partner, a channel or a target that was held; what waited for it goes on in its order."""
    from gateway.exchange.operations.actions import release
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        release(workspace, kind, id_)
        running = workspace.running()
    click.echo(f"{kind} {id_} goes on" if running else f"{kind} {id_} is free; next: gateway once -C {root}")
