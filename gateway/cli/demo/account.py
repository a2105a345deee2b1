"""What the demo tells: what waited, what went out where, what was refused and why, and how to look further."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.demo import stage
from gateway.cli.demo.server import DemoServer
from gateway.exchange.ledger.queries import Lineage
from gateway.exchange.ledger.tables import State
from gateway.exchange.service import Outcome
from gateway.exchange.workspace import Workspace
from gateway.findings import Severity, Where

WIDTH = 78
MISSED = 70  # the demo itself did not come out as it must: our fault


def before(root: Path, server: DemoServer) -> None:
    """Say what waits before the exchange runs."""
    _title("The stage")
    click.echo(f"An SFTP server plays everybody on 127.0.0.1:{server.port}")
    click.echo(f"  host key {server.fingerprint}, pinned in the agreement")
    click.echo("Acme CMO has dropped:")
    for path in stage.left_with_sender(root):
        click.echo(f"  {path.stat().st_size:>9,} bytes  {path.name}")
    click.echo("Running the schedule once …")


def after(root: Path, workspace: Workspace, outcome: Outcome) -> int:
    """Tell what the exchange did, from its own ledger and from the receivers' folders. Returns an exit code."""
    for message in outcome.messages:
        _title(f"{message.name}: {message.state}")
        click.echo(f"  came in   {message.size:,} bytes, sha256 {message.sha256[:16]}…, kept in the archive")
        if message.mapping:
            click.echo(f"  read as   {message.format}, with the mapping {message.mapping}")
        _tell(workspace.queries.lineage(message.id))
    _title("What the receivers have")
    for receiver in ("brand-owner", "wholesaler"):
        for path in stage.inbox(root, receiver):
            click.echo(f"  {receiver:12} {path.stat().st_size:>9,} bytes  {path.name}")
    if left := stage.left_with_sender(root):
        click.echo(f"  still with the CMO: {', '.join(path.name for path in left)}")
    states = sorted(message.state for message in outcome.messages)
    received = sum(len(stage.inbox(root, receiver)) for receiver in ("brand-owner", "wholesaler"))
    if states != [State.DONE, State.REFUSED] or received != 3 or left:  # noqa: PLR2004 - three targets
        click.secho("This is not how the demo must end.", fg="red", err=True)
        return MISSED
    return 0


def _tell(lineage: Lineage) -> None:
    message = lineage.message
    if message.state == State.REFUSED:
        click.secho(f"  refused   {message.reason}", fg="red")
        for finding in {(f.code, str(f.where), f.text): f for f in lineage.findings}.values():
            if finding.severity == Severity.ERROR:
                click.echo(f"    {Where(**finding.where)}: {finding.text}")
                click.secho(f"      fix: {finding.hint}", dim=True)
        return
    click.echo(f"  holds     {message.events:,} events, {message.epcs:,} identifiers")
    for delivery in lineage.deliveries:
        click.secho(f"  delivered {delivery.name} -> {delivery.partner}, {delivery.address}", fg="green")


def further(workspace_folder: Path) -> None:
    """Print commands to look further."""
    _title("Look further")
    for command, what in (
        ("gateway messages", "all messages"),
        ("gateway show 1", "one message: its way, outputs, deliveries, findings"),
        ("gateway show 2 --open wholesaler-pts > pts.zip", "the bytes that the wholesaler got"),
        ("gateway status", "channels, next run, counts"),
    ):
        words = command.split(" ", 2)
        line = " ".join([words[0], words[1], f"-C {workspace_folder}", *words[2:]])
        click.echo(f"  {line}\n      {what}")


def _title(text: str) -> None:
    click.echo()
    click.secho(f"── {text} ".ljust(WIDTH, "─"), bold=True)
