"""``gateway as2 partner``: who exchanges with us by AS2, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import as2_certs
from gateway.cli.workspace import table, workspace_option
from gateway.errors import ConfigurationError
from gateway.printable import printable

if TYPE_CHECKING:
    from gateway.exchange.operations.as2_parties import Party
    from gateway.exchange.workspace import Workspace
    from gateway.transports.as2_http.readiness import Remark
    from gateway.transports.as2_http.settings import As2Settings

MEMORY = timedelta(days=30)


@click.group(epilog="Example: gateway as2 partner show acme -C exchange")
def command() -> None:
    """Show who exchanges with us by AS2, by what terms, and what is missing."""


@command.command("list", epilog="Example: gateway as2 partner list -C exchange")
@workspace_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(root: Path, *, as_json: bool) -> None:
    """List the AS2 partners and whether files can go to and fro with them now."""
    from gateway.exchange.operations.as2_parties import parties
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        found = [(one, _remarks(workspace, one)) for one in parties(workspace.agreements)]
    if as_json:
        for one, said in found:
            click.echo(json.dumps(_facts(one) | {"missing": [r.text for r in said if r.wrong]}, ensure_ascii=False))
        return
    table(
        ("partner", "us", "them", "sends to us by", "gets from us by", "preset", "missing"),
        [
            (
                one.partner,
                printable(one.us),
                printable(one.them),
                ", ".join(one.channels),
                ", ".join(one.targets),
                one.settings.preset,
                "; ".join(remark.text for remark in said if remark.wrong) or "nothing",
            )
            for one, said in found
        ],
    )


@command.command("show", epilog="Example: gateway as2 partner show acme -C exchange")
@click.argument("name", metavar="PARTNER", default="")
@workspace_option
def show(name: str, root: Path) -> None:
    """Show one partner, or all: ids, terms, certificates for each use, what is missing, and what was refused of them.

    PARTNER is the id in the agreement, the partner's AS2 id, or the id of a channel or target.
    """
    from gateway.exchange.operations.as2_parties import parties, party
    from gateway.exchange.operations.as2_watch import incidents
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        chosen = [party(workspace.agreements, name)] if name else parties(workspace.agreements)
        refused = incidents(workspace, workspace.clock() - MEMORY)
        for number, one in enumerate(chosen):
            click.echo("\n" if number else "", nl=False)
            _show(workspace, one)
            for each in refused:
                if (each.sender, each.receiver) == (one.them, one.us):
                    said = f"{each.count:,} times {each.kind}, the last {each.last[:16]}"
                    click.echo(f"{click.style('refused       ', fg='red')} {said}")
                    click.echo(f"               {printable(each.message_id)}: {printable(each.text)}")
                    click.echo(f"               fix: {each.hint}")


def _show(workspace: Workspace, one: Party) -> None:
    click.secho(f"{printable(one.them)} ({one.partner}); we are {printable(one.us)}", bold=True)
    for where, settings in one.all:
        click.echo(f"{where:14} {'sends to ' + settings.url if settings.url else 'takes their messages'}")
    for key, value in _terms(one.settings if one.sending is None else one.sending, one.settings):
        click.echo(f"{key:14} {value}")
    try:
        found = list(as2_certs.rows(workspace, next(iter([*one.channels, *one.targets]))))
    except ConfigurationError:  # told below, as missing
        found = []
    for whose in ("ours", "theirs"):
        for use in ("sign", "encrypt", "tls"):
            rows = [row for row in found if row.whose == whose and use in row.uses]
            if not rows:
                click.echo(f"{f'{whose} {use}':14} none")
            for row in rows:
                until = f"{row.begins:%Y-%m-%d} to {row.ends:%Y-%m-%d}"
                said = f"{f'{whose} {use}':14} {printable(row.pin.subject)}, {until}, {row.note}"
                click.echo(f"{said}\n{'':14} SHA-256 {row.pin.fingerprint}")
    for remark in _remarks(workspace, one):
        word, colour = ("missing", "red") if remark.wrong else ("note", "yellow")
        click.echo(f"{click.style(f'{word:14}', fg=colour)} {remark.text}\n{'':14} fix: {remark.fix}")


def _terms(sending: As2Settings, receiving: As2Settings) -> Iterator[tuple[str, str]]:
    from gateway.transports.as2.settings import presets

    preset = presets()[receiving.preset]
    sets = ", ".join(f"{key}: {value}" for key, value in preset.values.items())
    yield "preset", f"{receiving.preset}: {preset.title}{f'; sets {sets}' if sets else ''}"
    signed = f"signed by {sending.sign.digest}" if sending.sign else "not signed"
    encrypted = f"encrypted by {sending.encrypt.cipher}" if sending.encrypt else "not encrypted"
    yield "we send", f"{signed}, {encrypted}, compressed: {sending.compress}"
    receipt = sending.receipt
    kind = "signed" if receipt.signed else "unsigned"
    later = f", later to {receipt.url}" if receipt.url else ""
    yield "receipts", "none asked for" if receipt.mode == "none" else f"{kind}, {receipt.mode}{later}"
    musts = [("signed", receiving.must_sign), ("encrypted", receiving.must_encrypt)]
    musts.append(("over TLS with their certificate", receiving.must_tls))
    yield "they must be", ", ".join(word for word, must in musts if must) or "nothing"
    if receiving.allow:
        yield "weak allowed", ", ".join(sorted(receiving.allow))


def _remarks(workspace: Workspace, one: Party) -> list[Remark]:
    from gateway.transports.as2_http.readiness import Remark, remarks
    from gateway.transports.as2_http.session import partner_of
    from gateway.transports.secrets import secrets

    resolve, tls = secrets(workspace.settings.root), workspace.settings.as2.certificate is not None
    found: list[Remark] = []
    for where, settings in one.all:
        channel = where.startswith("channel")
        try:
            partner = partner_of(settings, resolve)
        except ConfigurationError as error:
            found.append(Remark(True, error.message, error.hint))
            continue
        said = remarks(settings, partner, workspace.clock(), sends=bool(settings.url), receives=channel, tls=tls)
        # What one place does not do another one may.
        skip = {f"nothing is sent to {settings.them}"} if one.sending else set()
        skip |= {f"files of {settings.them} are not collected"} if one.channels else set()
        found += [remark for remark in said if remark.text not in skip]
    return list(dict.fromkeys(found))


def _facts(one: Party) -> dict[str, Any]:
    return {
        "partner": one.partner,
        "us": one.us,
        "them": one.them,
        "channels": list(one.channels),
        "targets": list(one.targets),
        "url": one.sending.url if one.sending else "",
        "preset": one.settings.preset,
    }
