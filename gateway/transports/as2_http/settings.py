"""Settings of an AS2 channel or target: the partner, and where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.transports.as2.settings import PartnerSettings, WorkspacePath
from gateway.transports.https.place import Place

SCHEMES = ("https", "http")
"""AS2 protects its content itself, so plain HTTP is common between partners."""


def _url(value: str) -> str:
    if value:
        Place.of(value, SCHEMES)
    return value


Url = Annotated[str, AfterValidator(_url)]


class As2Settings(PartnerSettings):
    """Settings of a channel (the partner's messages come in through ``gateway as2 serve``) or of a target.

    Attributes:
        url: where the partner takes messages; needed for a target.
        receipt_url: where the partner takes receipts that it wants later.
        private_addresses: whether the partner's host may be on a private network or this machine.
        ca: PEM file of the authorities of the partner's server, in place of the system's.
        content_type: media type of the files that we send; empty to tell it from the name's suffix.
        wait: seconds that a receipt which comes later may take before the message is sent again.
        data: folder of messages, receipts and deliveries; one for the whole workspace.
    """

    url: Url = ""
    receipt_url: Url = ""
    private_addresses: bool = False
    ca: WorkspacePath | None = None
    content_type: str = ""
    wait: float = Field(default=1200, ge=1)
    data: WorkspacePath = Field(default=Path("data/as2"), validate_default=True)


def address(settings: As2Settings) -> str:
    """Our id, their id, and where they are."""
    where = f" {Place.of(settings.url, SCHEMES).shown}" if settings.url else ", received by `gateway as2 serve`"
    return f"as2 {settings.us} - {settings.them}{where}"
