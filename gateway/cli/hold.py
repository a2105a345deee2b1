"""``gateway hold``: stop a partner, a channel or a target for a while."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.workspace import workspace_option

#: As in `gateway.exchange.flow.holds.KINDS`, here so that help needs no database; a test compares them.
KINDS = ("partner", "channel", "target")


@click.command(epilog="Example: gateway hold target wholesaler --why 'their server moves' -C exchange")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--why", default="", help="The reason, for the audit trail and `gateway status`.")
def command(kind: str, id_: str, root: Path, why: str) -> None:
    """Hold a partner, a channel or a target until `gateway release`.

    Files of a held channel are neither collected nor converted; those for a held target wait in their order, and that
    counts as no try. A partner's hold does both: for what it sends and for what it receives.
    """
    from gateway.exchange.operations.actions import hold
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        hold(workspace, kind, id_, why)
    click.echo(f"{kind} {id_} is held; let it go on with: gateway release {kind} {id_} -C {root}")
