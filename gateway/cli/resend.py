"""``gateway resend``: the same bytes once more."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.workspace import workspace_option


@click.command(epilog="Example: gateway resend 42 --target wholesaler --why 'they lost it' -C exchange")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option("--target", "targets", multiple=True, metavar="ID", help="Only to this target (repeatable).")
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(id_: str, root: Path, targets: tuple[str, ...], why: str) -> None:
    """Deliver what was delivered of message ID once more: the same bytes under the same names.

    A receiver that still has the file gets nothing: it stands there already. For other bytes use `gateway replay`.
    """
    from gateway.exchange.operations.actions import resend
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        message = resend(workspace, id_, targets)
        running = workspace.running()
    click.echo(f"message {message.id} sends {message.replay_of} again, to {', '.join(message.only_targets or [])}")
    click.echo("the running gateway takes it up" if running else f"next: gateway once -C {root}")
