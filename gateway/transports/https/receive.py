"""Settings of a channel that partners push files into over HTTPS, and what it means to the rest of the gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, BinaryIO, NoReturn

from pydantic import AfterValidator, Field, field_validator, model_validator

from gateway.errors import TransportError
from gateway.transports.base import Offer, Receipt, TransportSettings
from gateway.transports.https.pins import Pin
from gateway.transports.secrets import Reference

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+-]+/([a-z0-9!#$&^_.+-]+|\*)")

#: What EPCIS documents come as (GS1 EPCIS 2.0, 12.2).
EPCIS_TYPES = ("application/json", "application/ld+json", "application/xml", "text/xml")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        message = f"{value!r} is no name: use small letters, digits and hyphens, at most 63"
        raise ValueError(message)
    return value


def _sha256(value: str) -> str:
    if not _SHA256.fullmatch(value.lower()):
        message = "must be the SHA-256 of a key in hex: 64 digits, as `gateway serve --new-key` prints it"
        raise ValueError(message)
    return value.lower()


class Key(TransportSettings):
    """An API key of a partner: by reference, or only its hash.

    Attributes:
        name: who uses it, in logs; it stands in the ledger, so keep it.
        key: reference to the key.
        sha256: SHA-256 of the key in hex, so that nobody can read the key here. Keys have to be long and random.
    """

    name: Annotated[str, AfterValidator(_name)]
    key: Reference | None = None
    sha256: Annotated[str, AfterValidator(_sha256)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Key:
        if (self.key is None) == (self.sha256 is None):
            message = "give either key or sha256"
            raise ValueError(message)
        return self


class Receive(TransportSettings):
    """The receiving side: who may push files into a channel, and which.

    Attributes:
        keys: API keys that open the channel.
        certificates: SHA-256 of client certificates that open it. They also must come from an authority of
            ``client-ca`` in gateway.toml.
        content_types: media types that are taken, e.g. ``text/csv`` or ``application/*``; empty for all.
        capture: whether the channel's partners may capture EPCIS documents (``POST /capture``).
        left_out: how many events of a captured document may be left out because they are wrong, where its sender asks
            for that (``GS1-Capture-Error-Behaviour: proceed``); 0: it must not ask.
        max_size: bytes of one file.
        uploads: files that are taken at the same time.
        per_minute: files in one minute; 0 for no limit.
    """

    keys: tuple[Key, ...] = ()
    certificates: tuple[Pin, ...] = ()
    content_types: tuple[str, ...] = ()
    capture: bool = False
    left_out: int = Field(default=10_000, ge=0, le=100_000)
    max_size: int = Field(default=2 << 30, gt=0)
    uploads: int = Field(default=4, ge=1, le=1000)
    per_minute: int = Field(default=0, ge=0)

    @field_validator("content_types")
    @classmethod
    def _media_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for media in value:
            if not _MEDIA.fullmatch(media.lower()):
                message = f"{media!r} is no media type without parameters, e.g. text/csv"
                raise ValueError(message)
        return tuple(media.lower() for media in value)

    @model_validator(mode="after")
    def _somebody(self) -> Receive:
        if not (self.keys or self.certificates):
            message = "needs keys or certificates: nobody could come in"
            raise ValueError(message)
        names = [key.name for key in self.keys]
        if len(set(names)) < len(names):
            message = "two keys have one name"
            raise ValueError(message)
        return self

    def takes(self, media: str) -> bool:
        """Whether files of this media type are taken."""
        return (
            not self.content_types
            or media in self.content_types
            or f"{media.partition('/')[0]}/*" in self.content_types
        )


class Receiving:
    """A session with a channel that files are pushed into: there is nothing to do from here."""

    def offers(self) -> Iterator[Offer]:
        """Nothing: files come in by themselves."""
        return iter(())

    def fetch(self, offer: Offer, target: BinaryIO) -> int:  # noqa: ARG002 - the common form
        """Nothing was offered."""
        self._one_way()

    def acknowledge(self, offer: Offer) -> None:  # noqa: ARG002 - the common form
        """Nothing was offered."""
        self._one_way()

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:  # noqa: ARG002 - the common form
        """Nobody is there."""
        self._one_way()

    def probe(self) -> list[str]:
        """There is nobody to reach."""
        return ["files come in through `gateway serve`"]

    def _one_way(self) -> NoReturn:
        message = "a channel with `receive` only takes what partners push into it"
        raise TransportError(message, hint="a target needs `url`")
