"""``gateway as2 cert``: certificates of ours and of partners."""

from __future__ import annotations

import hmac
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import as2_certs
from gateway.cli.workspace import table, workspace_option
from gateway.errors import ConfigurationError, UsageError
from gateway.printable import printable

if TYPE_CHECKING:
    from gateway.transports.as2 import Identity, Pin

LEAST_DIGITS = 16
USES = click.Choice(["sign", "encrypt", "tls"])
EPILOG = """\b
Examples:
  gateway as2 cert new brand-2027 -C exchange
  gateway as2 cert import acme.cer --name acme-2027 -C exchange
  gateway as2 cert list -C exchange"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Make, import, list, show and hand out the certificates of AS2."""


@command.command("list", epilog="Example: gateway as2 cert list -C exchange --partner acme")
@workspace_option
@click.option("--partner", default="", help="Only those of this partner: its id or AS2 id.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(root: Path, *, partner: str, as_json: bool) -> None:
    """List the certificates of all partners, ours for each of them, and our server's; say which ones end soon."""
    from gateway.exchange.workspace import opened

    with opened(root) as workspace:
        found = list(as2_certs.rows(workspace, partner))
    if as_json:
        for one in found:
            facts = {"whose": one.whose, "partner": one.them, "subject": one.pin.subject, "uses": one.uses}
            facts |= {"from": one.begins.isoformat(), "to": one.ends.isoformat(), "note": one.note}
            click.echo(json.dumps(facts | {"sha256": one.pin.fingerprint}, ensure_ascii=False))
        return
    table(
        ("whose", "partner", "for", "from", "to", "subject", "SHA-256", "now"),
        [
            (
                one.whose,
                printable(one.them),
                ", ".join(one.uses),
                f"{one.begins:%Y-%m-%d}",
                f"{one.ends:%Y-%m-%d}",
                printable(one.pin.subject),
                one.pin.fingerprint[:16],
                one.note,
            )
            for one in found
        ],
    )


@command.command("show", epilog="Example: gateway as2 cert show 5f2a91 -C exchange")
@click.argument("which", metavar="FINGERPRINT|FILE")
@workspace_option
def show(which: str, root: Path) -> None:
    """Show one certificate: of a file, or the listed one whose SHA-256 begins so."""
    from gateway.exchange.workspace import opened

    path = Path(which)
    if path.is_file():
        for pin in as2_certs.read(path):
            _print(pin)
        return
    wanted = which.replace(":", "").lower()
    with opened(root) as workspace:
        found = [one for one in as2_certs.rows(workspace) if one.pin.fingerprint.startswith(wanted)]
    pins = {one.pin.fingerprint: one.pin for one in found}
    if len(pins) != 1:
        message = f"{which!r} is {'the beginning of several' if pins else 'no file and no'} listed certificates"
        raise UsageError(message, hint="`gateway as2 cert list` shows them")
    _print(next(iter(pins.values())))
    for one in found:
        whose = f"{one.whose}, for {one.them}" if one.them else "our server's"
        click.echo(f"{'listed':14} {printable(whose)}: {', '.join(one.uses)}; {one.note}")


@command.command("new", epilog="Example: gateway as2 cert new brand-2027 --days 730 -C exchange")
@click.argument("name")
@workspace_option
@click.option("--subject", default="", help="The name that people read in it.  [default: NAME]")
@click.option("--days", type=click.IntRange(1, 7300), default=730, show_default=True, help="How long it is valid.")
@click.option("--host", "hosts", multiple=True, help="Name or address of our server, for TLS; may be repeated.")
@click.option("--bits", type=click.Choice(["2048", "3072", "4096"]), default="3072", show_default=True)
def new(name: str, root: Path, subject: str, days: int, hosts: tuple[str, ...], bits: str) -> None:
    """Make a key and a certificate of ours, keys/NAME.key and keys/NAME.crt.

    It is signed by itself, as is usual in AS2: partners trust it because they have compared its fingerprint. Send
    them the certificate, never the key, and read the fingerprint to them by telephone.
    """
    from gateway.exchange.workspace import opened
    from gateway.transports.as2_http.new_certificate import new_identity

    as2_certs.check_name(name)
    with opened(root) as workspace:
        begins = workspace.clock() - timedelta(hours=1)
        try:
            identity = new_identity(subject or name, begins.replace(microsecond=0), days, hosts, int(bits))
        except ValueError as error:
            message = f"no certificate can be made of this: {error}"
            raise UsageError(message) from error
        as2_certs.store_identity(workspace.settings.root, name, identity)
        workspace.ledger.note("certificate made", name, sha256=identity.fingerprint)
    _print(identity)
    as2_certs.ours_snippet(name, ("sign", "encrypt"))


@command.command("import", epilog="Example: gateway as2 cert import acme.cer --name acme-2027 -C exchange")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@workspace_option
@click.option("--name", default="", help="Name of the files in keys/.  [default: the file's]")
@click.option("--fingerprint", default="", metavar="SHA256", help="As the partner stated it; asked for by default.")
@click.option("--use", "uses", type=USES, multiple=True, default=("sign", "encrypt"), show_default=True)
@click.option("--ours", is_flag=True, help="FILE is a PKCS#12 (.p12, .pfx) with a key of ours.")
@click.option("--password", default="", metavar="REFERENCE", help="Its password: env:NAME, file:PATH.")
def import_(
    file: Path, root: Path, name: str, fingerprint: str, uses: tuple[str, ...], *, ours: bool, password: str
) -> None:
    """Take the certificate of a partner into keys/, once its fingerprint was confirmed.

    A certificate that comes by mail may be anybody's. Ask the partner for its SHA-256 fingerprint by another way, best
    by telephone, and type in what they say, all of it or the first 16 digits. FILE is PEM, DER or PKCS#7 (.p7b). The
    agreement is not changed: the lines to add are printed.
    """
    from gateway.exchange.workspace import opened

    name = as2_certs.check_name(name or file.stem)
    with opened(root) as workspace:
        place = workspace.settings.root
        if ours:
            identity = _pkcs12(file, place, password)
            as2_certs.store_identity(place, name, identity)
            workspace.ledger.note("certificate imported", name, sha256=identity.fingerprint, whose="ours")
            _print(identity)
            as2_certs.ours_snippet(name, uses)
            return
        chain = _leaf_first(as2_certs.read(file))
        pin = chain[0]
        _confirm(pin, fingerprint)
        from cryptography.hazmat.primitives.serialization import Encoding

        data = b"".join(one.certificate.public_bytes(Encoding.PEM) for one in chain)
        as2_certs.store(place, {f"{name}.crt": (data, as2_certs.PUBLIC)})
        workspace.ledger.note("certificate imported", name, sha256=pin.fingerprint, whose="theirs")
        if pin.certificate.not_valid_after_utc <= workspace.clock():
            click.echo(click.style("this certificate has ended", fg="yellow"), err=True)
    click.echo("\nAdd to the agreement, under `theirs`; leave the old one beside it until they have switched:\n")
    click.echo(f"  - certificate: keys/{name}.crt")
    click.echo(f'    sha256: "{pin.fingerprint}"')
    click.echo(f"    uses: [{', '.join(uses)}]")


@command.command("export", epilog="Example: gateway as2 cert export -C exchange -o brand-certificates.pem")
@workspace_option
@click.option("--partner", default="", help="Only those for this partner: its id or AS2 id.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: -]")
def export(root: Path, *, partner: str, output: Path | None) -> None:
    """Print our certificates for the partners, in PEM, with their fingerprints; never a key."""
    from gateway.exchange.workspace import opened
    from gateway.transports.as2 import validity
    from gateway.transports.as2.validity import Listed, Use

    with opened(root) as workspace:
        found = {row.pin.fingerprint: row for row in as2_certs.rows(workspace, partner) if row.whose != "theirs"}
        listed = [Listed(row.pin, frozenset(map(Use, row.uses)), row.begins, row.ends) for row in found.values()]
        text = validity.public_set(listed, workspace.clock()).decode()
    if not text:
        message = "no certificate of ours counts now or later"
        raise ConfigurationError(message, hint="make one: gateway as2 cert new NAME")
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {text.count('BEGIN CERTIFICATE')} certificates", err=True)


def _print(pin: Pin) -> None:
    for key, value in as2_certs.describe(pin):
        click.echo(f"{key:14} {printable(value)}")


def _confirm(pin: Pin, stated: str) -> None:
    """Compare with what the partner said.

    Raises:
        UsageError: nobody is there to be asked, or it is another certificate.
    """
    for key, value in as2_certs.describe(pin):
        if not key.startswith("SHA"):
            click.echo(f"{key:14} {printable(value)}")
    if not stated:
        if not sys.stdin.isatty():
            message = "the fingerprint has to be confirmed, and nobody is at the terminal"
            raise UsageError(message, hint="give what the partner stated: --fingerprint SHA256")
        stated = click.prompt("SHA-256 fingerprint as the partner states it (all of it, or the first 16 digits)")
    plain = stated.lower().rpartition("=")[2].replace("sha-256", "").replace("sha256", "")  # as openssl prints it
    plain = "".join(character for character in plain if character not in ": =\t-")
    if len(plain) < LEAST_DIGITS or not set(plain) <= set("0123456789abcdef"):
        message = f"{printable(stated)[:100]!r} is no SHA-256 fingerprint: {LEAST_DIGITS} to 64 hexadecimal digits"
        raise UsageError(message, hint="`openssl x509 -noout -fingerprint -sha256 -in FILE` prints it at the partner's")
    if not hmac.compare_digest(plain, pin.fingerprint[: len(plain)]):
        message = f"this is another certificate: its SHA-256 is {as2_certs.spaced(pin.fingerprint)}"
        raise UsageError(message, hint="nothing was imported; ask the partner for the right file")
    click.echo(f"{'SHA-256':14} {as2_certs.spaced(pin.fingerprint)}: confirmed")


def _leaf_first(pins: list[Pin]) -> list[Pin]:
    """The partner's own certificate before those of its authorities, which it was issued by."""
    issuers = {pin.certificate.issuer for pin in pins if pin.certificate.issuer != pin.certificate.subject}
    own = [pin for pin in pins if pin.certificate.subject not in issuers]
    if len(own) != 1:
        message = f"the file holds {len(own)} certificates that may be the partner's"
        raise UsageError(message, hint="put each one into a file of its own")
    return [*own, *(pin for pin in pins if pin is not own[0])]


def _pkcs12(file: Path, root: Path, password: str) -> Identity:
    from gateway.transports.as2 import keys
    from gateway.transports.secrets import secrets

    secret = secrets(root)(password).encode("utf-8") if password else None
    return keys.identity_from_pkcs12(file.read_bytes(), secret)
