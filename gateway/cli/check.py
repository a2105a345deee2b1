"""``gateway check``: find what is wrong before a file comes."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import click

from gateway import settings as settings_
from gateway.cli.workspace import workspace_option
from gateway.errors import ConfigurationError, GatewayError, TransportError

#: Rights of everybody but the owner.
OTHERS = 0o077

#: Files that are named when others can change them.
SHOWN = 5


@click.command(epilog="Example: gateway check -C exchange --online")
@workspace_option
@click.option("--online", is_flag=True, help="Also reach every peer: host key, login, folders.")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Certificates must be good for so many days.",
)
def command(root: Path, *, online: bool, days: int) -> None:
    """Check a workspace: settings, agreements, mappings, secrets and certificates.

    Everything that is wrong is printed as FILE:LINE: KEY: what is wrong. With --online each peer is reached too; no
    file is fetched or delivered. Ends with 4 when the configuration is wrong, with 5 when a peer is. Run it from cron
    to hear of certificates in time.
    """
    from gateway.exchange.operations.alert_ways import ways
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        agreements = _agreements(workspace)
        channels = list(agreements.channels())
        targets = [target for agreement in agreements.all for target in agreement.targets]
        parts = [("channel", c.id, c.transport, c.settings) for _, c in channels]
        parts += [("target", t.id, t.transport, t.settings) for t in targets]
        ways(workspace.settings.alerts, str)
        _warn_of_rights(workspace.settings)
        wrong = _references(workspace, parts, days) or _doors(workspace, parts) or _as2(workspace, days)
        if wrong:
            raise ConfigurationError("\n".join(wrong))
        counts = ((agreements.all, "agreement"), (channels, "channel"), (targets, "target"))
        found = ", ".join(f"{len(some)} {word}{'' if len(some) == 1 else 's'}" for some, word in counts)
        click.echo(f"{found}: right")
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


def _references(workspace: Any, parts: list[tuple[str, str, str, object]], days: int) -> list[str]:
    """Complaints about references that cannot be resolved, and certificates that are not good for long enough."""
    from gateway.agreements import certificates
    from gateway.transports.secrets import secrets

    root = workspace.settings.root
    resolve = secrets(root)
    owners: list[tuple[str, Any]] = [(f"{kind} {id_}", settings) for kind, id_, _, settings in parts]
    owners += [(f"partner {a.partner.id}", a.partner) for a in workspace.agreements.all]
    owners.append(("gateway.toml: archive", {"key": list(workspace.settings.archive_keys)}))
    owners.append(("gateway.toml: codes", {"key": workspace.settings.codes_key}))
    web = workspace.settings.web
    owners.append(("gateway.toml: web", {"key": web.key, "metrics-key": web.metrics_key}))
    owners.append(("gateway.toml: as2", {"key": workspace.settings.as2.key}))
    alerts = workspace.settings.alerts
    secret = {"webhook-key": alerts.webhook_key, "mail-password": alerts.mail_password, "webhook": alerts.webhook}
    owners.append(("gateway.toml: alerts", secret))
    complaints = []
    for owner, settings in owners:
        for key, reference in certificates.references(settings):
            try:
                text = resolve(reference)
                found = certificates.read(text)
            except ConfigurationError as error:
                complaints.append(f"{owner}: {key}: {error}")
                continue
            said = filter(None, (one.complaint(workspace.clock(), days) for one in found))
            complaints += [f"{owner}: {key}: {text}" for text in said]
            if not found or "PRIVATE KEY" in text:
                _warn_of_readers(root, owner, key, reference)
    owners += [("gateway.toml: web", web), ("gateway.toml: as2", workspace.settings.as2)]
    for owner, settings in owners:
        for key, path in certificates.files(settings):
            complaints += [f"{owner}: {key}: {text}" for text in _file(path, workspace, days)]
    return list(dict.fromkeys(complaints))


def _file(path: Path, workspace: Any, days: int) -> list[str]:
    """Complaints about a file with certificates."""
    from gateway.agreements import certificates

    try:
        found = certificates.read(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return [f"{path} cannot be read: {error.strerror or error}"]
    except ConfigurationError as error:
        return [str(error)]
    if not found:
        return [f"{path} holds no certificate in PEM"]
    return [text for one in found if (text := one.complaint(workspace.clock(), days))]


def _warn_of_readers(root: Path, owner: str, key: str, reference: str) -> None:
    """A file with a secret is nobody's business but its owner's."""
    scheme, _, path = reference.partition(":")
    if scheme == "file" and (root / path).stat().st_mode & OTHERS:
        _warn(f"{owner}: {key}: others can read {path}: chmod 600 {path}")


def _warn_of_rights(settings: Any) -> None:
    """Whoever may change an agreement says where files go; whoever may read `data` reads everything."""
    from gateway import private

    configuration = (settings.root / settings_.FILE, settings.agreements, settings.mappings)
    writable = [path for part in configuration for path in private.open_to_all(part, stat.S_IWOTH)]
    if settings.root.stat().st_mode & stat.S_IWOTH and not settings.root.stat().st_mode & stat.S_ISVTX:
        writable.insert(0, settings.root)
    for path in writable[:SHOWN]:
        _warn(f"everybody on this machine can change {path}: chmod o-w {path}")
    if len(writable) > SHOWN:
        _warn(f"and {len(writable) - SHOWN:,} more files and folders")
    for path in (settings.root / settings_.KEYS, settings.data):
        if path.is_dir() and path.stat().st_mode & stat.S_IRWXO:
            _warn(f"everybody on this machine can look into {path}: chmod 700 {path}")


def _warn(text: str) -> None:
    click.echo(click.style(text, fg="yellow"), err=True)


def _doors(workspace: Any, parts: list[tuple[str, str, str, object]]) -> list[str]:
    """What is wrong with the server that partners push files into, if there is one."""
    from gateway.transports.secrets import secrets

    pushed = [id_ for _, id_, _, settings in parts if getattr(settings, "receive", None) is not None]
    if not (pushed or workspace.settings.web.listen):
        return []
    try:
        from gateway.web.server import examine
    except ImportError as error:
        return [f"channel {id_}: the server needs {error.name}: pip install 'epcis-gateway[web]'" for id_ in pushed]
    try:
        examine(workspace.settings.web, workspace.agreements, secrets(workspace.settings.root))
    except ConfigurationError as error:
        return [str(error)]
    if pushed and not workspace.settings.web.listen:
        click.echo(f"{', '.join(pushed)}: only `gateway serve` takes files, `listen` under [web] is not set")
    return []


def _as2(workspace: Any, days: int) -> list[str]:
    """What is wrong with AS2 partners; what is only worth knowing is printed."""
    from gateway.exchange.operations.as2_parties import parties
    from gateway.transports.as2_http.readiness import endings, remarks, told
    from gateway.transports.as2_http.session import partner_of
    from gateway.transports.secrets import secrets

    now, tls = workspace.clock(), workspace.settings.as2.certificate is not None
    complaints = []
    for party in parties(workspace.agreements):
        for where, settings in party.all:
            try:
                partner = partner_of(settings, secrets(workspace.settings.root))
            except ConfigurationError as error:
                complaints.append(f"{where}: {error}")
                continue
            channel = where.startswith("channel")
            found = remarks(settings, partner, now, sends=bool(settings.url), receives=channel, tls=tls)
            complaints += [f"{where}: {one.text} ({one.fix})" for one in found if one.wrong]
            for whose, ending in endings(partner, now):
                text = told(whose, party.them, ending)
                if ending.stage == 0 or ending.days < days:
                    complaints.append(text)
                else:
                    _warn(text)
    return list(dict.fromkeys(complaints))


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
