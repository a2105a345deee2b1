"""``gateway check``: find what is wrong before a file comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.workspace import workspace_option
from gateway.errors import ConfigurationError, GatewayError, TransportError


@click.command(epilog="Example: gateway check -C exchange --online")
@workspace_option
@click.option("--online", is_flag=True, help="Also reach every peer: host key, login, folders.")
def command(root: Path, *, online: bool) -> None:
    """Check a workspace: settings, agreements, mappings and secrets.

    Everything that is wrong is printed as FILE:LINE: KEY: what is wrong. With --online each peer is reached too; no
    file is fetched or delivered. Ends with 4 when the configuration is wrong, with 5 when a peer is.
    """
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        agreements = _agreements(workspace)
        channels = list(agreements.channels())
        targets = [target for agreement in agreements.all for target in agreement.targets]
        click.echo(f"{len(agreements.all)} agreements, {len(channels)} channels, {len(targets)} targets: right")
        parts = [("channel", c.id, c.transport, c.settings) for _, c in channels]
        parts += [("target", t.id, t.transport, t.settings) for t in targets]
        wrong = _secrets(root, parts)
        if wrong:
            raise ConfigurationError("\n".join(wrong))
        if online:
            failed = [_probe(root, *part) for part in parts].count(False)
            if failed:
                message = f"{failed} of {len(parts)} peers cannot be used"
                raise TransportError(message)


def _agreements(workspace: Any) -> Any:
    """The agreements. When they are wrong, say also that a running gateway goes on with what it has."""
    try:
        return workspace.agreements
    except ConfigurationError:
        if workspace.running():
            click.echo(
                "the running gateway goes on with the configuration that it has: gateway config history", err=True
            )
        raise


def _secrets(root: Path, parts: list[tuple[str, str, str, object]]) -> list[str]:
    """Complaints about references that cannot be resolved."""
    from gateway.transports.secrets import references, secrets

    resolve = secrets(root)
    complaints = []
    for kind, id_, _, settings in parts:
        for name, reference in references(settings):  # type: ignore[arg-type] # all settings are pydantic models
            try:
                resolve(reference)
            except ConfigurationError as error:
                complaints.append(f"{kind} {id_}: {name}: {error}")
    return complaints


def _probe(root: Path, kind: str, id_: str, transport_key: str, settings: object) -> bool:
    from gateway.transports import TRANSPORTS
    from gateway.transports.secrets import secrets

    transport = TRANSPORTS.get(transport_key)
    click.echo(f"{kind} {id_}: {transport.address(settings)}")
    try:
        with transport.connect(settings, secrets(root)) as session:
            for line in session.probe():
                click.echo(f"  {line}")
    except GatewayError as error:
        click.echo(click.style(f"  {error}", fg="red"), err=True)
        return False
    return True
