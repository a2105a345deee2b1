"""``gateway once``: everything that waits, then an end. For cron, for tests, and to try an agreement."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.cli.run import leave, never_hanging
from gateway.cli.workspace import cell_text, short_time, table, worker_option, workspace_option
from gateway.errors import TransportError


@click.command(epilog="Example: gateway once -C exchange --wait 60")
@workspace_option
@worker_option
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="How long failed deliveries are tried again; later tries are left to the next run.  [default: 0]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(root: Path, worker: str, *, wait: float, quiet: bool) -> None:
    """Collect from every channel once, finish the work, and stop.

    Ends with 0 when everything was done or refused with its reasons on record, and with 5 when a peer failed: it
    could not be reached, or has not taken a file yet.
    """
    from gateway import logs
    from gateway.exchange.service import once
    from gateway.exchange.workspace import opened

    with opened(root, worker=worker) as workspace, never_hanging():
        logs.setup("error" if quiet else "warning", workspace.settings.logs.format)
        outcome = once(workspace, wait)
    if not quiet:
        _print(outcome.messages)
    for channel, error in outcome.failed_channels.items():
        click.echo(click.style(cell_text(f"channel {channel}: {error}"), fg="red"), err=True)
    for delivery in outcome.waiting:
        again = f"next try after {short_time(delivery.next_try_at)}" if delivery.next_try_at else "waits its turn"
        text = f"delivery {delivery.id} to {delivery.address}: {delivery.error or 'not tried yet'}; {again}"
        click.echo(cell_text(text), err=True)
    leave(TransportError.exit_code if outcome.peer_failed else 0)


def _print(messages: list) -> None:  # type: ignore[type-arg] # the type is imported lazily
    if not messages:
        click.echo("nothing new")
        return
    table(
        ("message", "partner", "file", "state", "why"),
        [(m.id, m.partner, m.name, m.state, m.reason) for m in messages],
    )
    if sys.stdout.isatty():
        click.echo("look further: gateway show ID")
