"""``gateway cancel``: end a message that is at work."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.workspace import workspace_option


@click.command(epilog="Example: gateway cancel 42 --why 'sent by mistake' -C exchange")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(id_: str, root: Path, why: str) -> None:
    """Cancel message ID: what has not been delivered yet is not delivered any more.

    A delivery that is under way at this moment may still arrive; it is recorded then. The original stays in the
    archive, and `gateway replay` can run it again.
    """
    from gateway.exchange.operations.actions import cancel
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        made = cancel(workspace, id_, why)
        message = workspace.queries.message(id_)
    click.echo(f"message {message.id} is cancelled; {made} deliveries were made before")
