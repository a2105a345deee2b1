"""Certificates in PEM and of OpenSSH: whose they are and how long they are good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.errors import ConfigurationError

MARK = "-----BEGIN CERTIFICATE-----"
SSH_MARK = "-cert-v01@openssh.com"
FILES = ("ca", "client_certificate", "certificate", "client_ca")
SCHEMES = ("env:", "file:", "keyring:")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate.

    Attributes:
        subject: whose it is, in the form of RFC 4514.
        begins: when it begins to be good.
        ends: when it ends.
    """

    subject: str
    begins: datetime
    ends: datetime

    def complaint(self, now: datetime, days: int) -> str:
        """What is wrong with it at `now`, or will be within so many days; empty when nothing is."""
        if now < self.begins:
            return f"the certificate of {self.subject} is not good before {_day(self.begins)}"
        if now >= self.ends:
            return f"the certificate of {self.subject} ended on {_day(self.ends)}"
        if now + timedelta(days=days) >= self.ends:
            return f"the certificate of {self.subject} ends on {_day(self.ends)}, in {(self.ends - now).days} days"
        return ""


def read(text: str) -> list[Certificate]:
    """All certificates in a text in PEM, or the OpenSSH certificate that it is; none when it holds none.

    Raises:
        ConfigurationError: one of them is broken.
    """
    if SSH_MARK in text.partition(" ")[0]:
        return [_of_ssh(text)]
    if MARK not in text:
        return []
    from cryptography import x509  # noqa: PLC0415 - not needed where nobody has certificates

    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        message = f"not a certificate in PEM: {error}"
        raise ConfigurationError(message) from error
    return [
        Certificate(one.subject.rfc4514_string() or "nobody", one.not_valid_before_utc, one.not_valid_after_utc)
        for one in found
    ]


def _of_ssh(text: str) -> Certificate:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_ssh_public_identity  # noqa: PLC0415

    try:
        found: Any = load_ssh_public_identity(text.strip().encode())
        who = ", ".join(one.decode("utf-8", "replace") for one in found.valid_principals) or "everybody"
        name = found.key_id.decode("utf-8", "replace")
    except (ValueError, UnsupportedAlgorithm) as error:
        message = f"not an OpenSSH certificate: {error}"
        raise ConfigurationError(message) from error
    return Certificate(f"{name!r} for {who}", _moment(found.valid_after), _moment(found.valid_before))


def _moment(seconds: int) -> datetime:
    """A moment of an OpenSSH certificate; one without an end has the largest number that there is."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def references(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every reference to a secret or certificate inside settings: its key, with dots, and the reference."""
    if isinstance(part, str):
        if part.startswith(SCHEMES):
            yield path, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from references(getattr(part, name), _join(path, name.replace("_", "-")))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from references(value, _join(path, str(key)))
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from references(value, _join(path, str(number)))


def files(part: Any) -> Iterator[tuple[str, Path]]:
    """Files with certificates that settings name themselves, not by reference: the key and the file."""
    for key in FILES:
        path = getattr(part, key, None)
        if isinstance(path, Path):
            yield key.replace("_", "-"), path


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
