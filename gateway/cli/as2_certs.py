"""What the commands about certificates share: finding, describing and storing them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.errors import ConfigurationError, UsageError
from gateway.settings import KEYS

if TYPE_CHECKING:
    from gateway.exchange.workspace import Workspace
    from gateway.transports.as2 import Identity, Pin
    from gateway.transports.as2.validity import Listed

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PUBLIC, PRIVATE = 0o644, 0o600


@dataclass(frozen=True)
class Row:
    """A certificate in a list.

    Attributes:
        whose: ``ours``, ``theirs`` or ``server``.
        them: the partner that it is listed for.
        pin: the certificate.
        uses: what it is for.
        begins: when it counts for the first time.
        ends: when it does not count any more.
        note: what is to be known of it now.
    """

    whose: str
    them: str
    pin: Pin
    uses: tuple[str, ...]
    begins: datetime
    ends: datetime
    note: str


def rows(workspace: Workspace, wanted: str = "") -> Iterator[Row]:
    """All certificates of AS2: those of each partner, ours for it, and our server's.

    Args:
        workspace: the workspace.
        wanted: only those of this partner.
    """
    from gateway.exchange.operations.as2_parties import parties, party
    from gateway.transports.as2_http.session import partner_of
    from gateway.transports.secrets import secrets

    now, resolve = workspace.clock(), secrets(workspace.settings.root)
    for one in [party(workspace.agreements, wanted)] if wanted else parties(workspace.agreements):
        shown: set[tuple[str, str]] = set()
        for _, settings in one.all:
            partner = partner_of(settings, resolve)
            for whose, listed in (("ours", partner.ours), ("theirs", partner.theirs)):
                for each in listed:
                    key = (whose, each.pin.fingerprint)
                    if key not in shown:
                        uses = tuple(sorted(each.uses))
                        yield Row(whose, one.them, each.pin, uses, each.begins, each.ends, note(each, listed, now))
                    shown.add(key)
    yield from _server(workspace, now)


def _server(workspace: Workspace, now: datetime) -> Iterator[Row]:
    from gateway.transports.as2.validity import Listed, Use

    path = workspace.settings.as2.certificate
    if path is not None:
        one = Listed(read(path)[0], frozenset({Use.TLS}))
        yield Row("server", "", one.pin, ("tls",), one.begins, one.ends, note(one, (one,), now))


def note(listed: Listed, among: tuple[Listed, ...], now: datetime) -> str:
    """What is to be known of a certificate now."""
    from gateway.transports.as2 import validity

    if now < listed.begins:
        return f"counts from {listed.begins:%Y-%m-%d} on"
    if now >= listed.ends:
        return "has ended"
    soon = {ending.days for ending in validity.endings(among, now) if ending.listed is listed}
    return f"ends in {min(soon)} days, and nothing follows" if soon else "in use"


def read(path: Path) -> list[Pin]:
    """The certificates in a file.

    Raises:
        ConfigurationError: there are none, or it cannot be read.
    """
    from gateway.transports.as2 import keys

    try:
        return keys.certificates(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise ConfigurationError(message) from error


def spaced(fingerprint: str) -> str:
    """A fingerprint as people compare it: pairs with colons, in capitals."""
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def describe(pin: Pin) -> Iterator[tuple[str, str]]:
    """What stands in a certificate, for people."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    made, key = pin.certificate, pin.certificate.public_key()
    kind = type(key).__name__
    if isinstance(key, rsa.RSAPublicKey):
        kind = f"RSA, {key.key_size} bits"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        kind = f"elliptic curve {key.curve.name}"
    issuer = made.issuer.rfc4514_string()
    yield "subject", pin.subject
    yield "issuer", "itself" if issuer == pin.subject else issuer
    yield "serial number", f"{made.serial_number:x}"
    yield "valid", f"{made.not_valid_before_utc:%Y-%m-%d %H:%M}Z to {made.not_valid_after_utc:%Y-%m-%d %H:%M}Z"
    yield "key", kind
    yield "SHA-256", spaced(pin.fingerprint)
    yield "SHA-1", spaced(made.fingerprint(hashes.SHA1()).hex())  # noqa: S303 - many systems show only this one


def check_name(name: str) -> str:
    """A name for files in ``keys/``.

    Raises:
        UsageError: it is none.
    """
    if not NAME.fullmatch(name):
        message = f"{name!r} is no name for a file in {KEYS}/"
        raise UsageError(message, hint="letters, digits, dots, hyphens and underscores: --name acme-2027")
    return name


def store(root: Path, files: dict[str, tuple[bytes, int]]) -> list[Path]:
    """Write files into ``keys/``, all of them or none; what is there is never replaced.

    Args:
        root: the workspace.
        files: by name: bytes and rights.

    Raises:
        UsageError: one is there already, or cannot be written.
    """
    folder = root / KEYS
    made: list[Path] = []
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, (data, mode) in files.items():
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(folder / name)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink()
        exists = isinstance(error, FileExistsError)
        message = f"{error.filename} {'is there already' if exists else f'cannot be written: {error.strerror}'}"
        raise UsageError(message, hint="choose another --name" if exists else "") from error
    return made


def store_identity(root: Path, name: str, identity: Identity) -> list[Path]:
    """Write a certificate of ours and its key, which nobody else can read."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    public = identity.certificate.public_bytes(Encoding.PEM)
    secret = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return store(root, {f"{name}.key": (secret, PRIVATE), f"{name}.crt": (public, PUBLIC)})


def ours_snippet(name: str, uses: tuple[str, ...]) -> None:
    """Say what to add to an agreement for a certificate of ours."""
    click.echo("\nAdd to the agreement, under `ours`:\n")
    click.echo(f"  - certificate: {KEYS}/{name}.crt")
    click.echo(f"    key: file:{KEYS}/{name}.key")
    click.echo(f"    uses: [{', '.join(uses)}]")
