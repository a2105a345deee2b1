"""``gateway replay``: run a message again after the cause of its trouble is repaired."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.workspace import workspace_option

#: As in `gateway.exchange.operations.replay.STEPS`, here so that help needs no database; a test compares them.
STEPS = ("detect", "convert", "check", "deliver")


@click.command(epilog="Example: gateway replay 42 --from convert")
@click.argument("id_", metavar="ID")
@workspace_option
@click.option(
    "--from",
    "start",
    type=click.Choice(STEPS),
    default="detect",
    show_default=True,
    help="Step to begin with; `check` and `deliver` take the archived outputs as they are.",
)
@click.option("--again", is_flag=True, help="Deliver also to targets that have the files already.")
@click.option(
    "--mappings",
    type=click.Choice(("now", "then")),
    default="now",
    show_default=True,
    help="The workspace's mappings of now, or as they were when the message came.",
)
@click.option("--why", default="", help="The reason, for the audit trail.")
def command(id_: str, root: Path, start: str, *, again: bool, mappings: str, why: str) -> None:
    """Run message ID again from its archived original, with the agreements of now.

    A new message is made, linked to the old one. Targets that have their files already get nothing, unless --again
    is given. The running gateway takes it up by itself; otherwise the next `gateway once` or `gateway run` does.
    """
    from gateway.exchange.operations.replay import replay
    from gateway.exchange.workspace import opened, operator

    with opened(root) as workspace:
        workspace.act_as(operator(why))
        message = replay(workspace, id_, start, again=again, then=mappings == "then")
        running = workspace.running()
    click.echo(
        f"message {message.id} replays {message.replay_of}, from {start}, for {', '.join(message.only_targets or [])}"
    )
    click.echo("the running gateway takes it up" if running else f"next: gateway once -C {root}")
