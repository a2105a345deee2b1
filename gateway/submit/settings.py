"""Settings of a regulator's system: where it is, who speaks, who signs, and what its market wants to know besides."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from gateway.errors import UsageError
from gateway.markets import messages
from gateway.markets.client import Client
from gateway.options import Options, Setting
from gateway.submit.journal import Account, Journal
from gateway.transports.base import TransportSettings
from gateway.transports.https.place import Place
from gateway.transports.https.settings import Trust, Url, in_workspace
from gateway.transports.secrets import Reference

#: Where a workspace remembers what it said to regulators.
MEMORY = Path("data/markets")
SCHEMES = ("https", "http")


def _url(value: str) -> str:
    Place.of(value, SCHEMES)
    return value


class Signer(TransportSettings):
    """Who signs: a program, or somebody who takes files from one folder and puts signatures into another.

    Attributes:
        command: program and arguments, each one a word of its own; no shell reads them. The bytes stand on its
            standard input, and its standard output is the signature, as the regulator wants it.
        to_sign: folder that files are put into.
        signed: folder in which, for a file ``NAME.bin``, the signature ``NAME.sig`` appears.
        seconds: how long to wait for a signature.
    """

    command: tuple[str, ...] = ()
    to_sign: Path | None = None
    signed: Path | None = None
    seconds: float = Field(default=60, gt=0, le=86400)

    @field_validator("to_sign", "signed")
    @classmethod
    def _paths(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return in_workspace(value, info)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.to_sign is None) != (self.signed is None) or bool(self.command) == (self.signed is not None):
            message = "give either command, or to-sign and signed"
            raise ValueError(message)
        if self.command and not self.command[0]:
            message = "the first word of command is a program"
            raise ValueError(message)
        return self


class Asking(TransportSettings):
    """How often a regulator is asked for an answer that it gives later.

    Attributes:
        first: seconds until the first question.
        factor: by how much each wait is longer than the one before.
        longest: seconds that no wait exceeds.
        in_order: the exchange sends nothing more to the target while an answer is asked for that is not overdue: what
            follows often builds on it.
    """

    first: float = Field(default=5, gt=0, le=86400)
    factor: float = Field(default=2, ge=1, le=10)
    longest: float = Field(default=900, gt=0, le=86400)
    in_order: bool = True

    def wait(self, asked: int) -> float:
        """Seconds until the next question, after so many that were not answered."""
        return float(min(self.first * self.factor ** min(asked, 100), self.longest))


class MarketSettings(Trust):
    """Settings of a regulator's system.

    Attributes:
        url: the system's address; what the market asks for lies below it.
        message: the market message; by default what the target converts to, or the channel's format.
        user: name to log in with.
        password: reference to its password.
        options: what else the market wants to know; its page lists the keys.
        secret_options: the same for values that are secrets, by reference.
        sign: who signs; needed where the system wants signatures.
        places: further addresses that the system may send us to, e.g. for downloads; only their hosts count.
        plain_http: the address begins with ``http://`` and is this machine (127.0.0.1): for rehearsals with
            ``gateway simulate``.
        ask: how often an answer that comes later is asked for.
        max_reply: bytes of a reply; a longer one is an error.
        memory: folder that remembers what was said about each submission, so that nothing is reported twice. All
            workers must have the same one.
    """

    url: Annotated[str, AfterValidator(_url)]
    message: str = Field(default="", validate_default=True)
    user: str = ""
    password: Reference | None = None
    options: dict[str, str] = Field(default_factory=dict)
    secret_options: dict[str, Reference] = Field(default_factory=dict)
    sign: Signer | None = None
    places: tuple[Url, ...] = ()
    plain_http: bool = False
    ask: Asking = Asking()
    max_reply: int = Field(default=64 << 20, ge=1 << 10, le=1 << 30)
    memory: Path = Field(default=MEMORY, validate_default=True)

    @property
    def after(self) -> str:
        """What was collected stays at the regulator."""
        return "keep"

    @property
    def client(self) -> Client:
        """How the message is brought to its system."""
        return _client(self.message)

    @property
    def journal(self) -> Journal:
        """What was said about each submission of this account."""
        return Journal(self.memory, self.account)

    @property
    def account(self) -> Account:
        """What tells this account's submissions from others."""
        return Account(self.message, self.url, self.user)

    @field_validator("memory")
    @classmethod
    def _memory(cls, value: Path, info: ValidationInfo) -> Path:
        found = in_workspace(value, info)
        return value if found is None else found

    @field_validator("message")
    @classmethod
    def _message(cls, value: str, info: ValidationInfo) -> str:
        value = value or (info.context or {}).get("to", "")
        if not value:
            message = "name the market message"
            raise ValueError(message)
        _client(value)
        return value

    @model_validator(mode="after")
    def _place(self) -> Self:
        place = Place.of(self.url, SCHEMES)
        if place.scheme == "http" and not self.plain_http:
            message = "url must begin with https://; only a rehearsal on this machine may say plain-http: true"
            raise ValueError(message)
        if self.plain_http and not (place.scheme == "http" and _is_here(place.host)):
            message = "plain-http is for http://127.0.0.1 and http://[::1] only"
            raise ValueError(message)
        if self.plain_http and self.proxy:
            message = "this machine is not reached through a proxy"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Self:
        client = self.client
        twice = self.options.keys() & self.secret_options.keys()
        if twice:
            message = f"{', '.join(sorted(twice))} stands under options and under secret-options"
            raise ValueError(message)
        try:
            Options.check(self.options, client.settings)
            Options.check(dict.fromkeys(self.secret_options, ""), [_free(one) for one in client.settings])
        except UsageError as error:
            raise ValueError(str(error)) from None
        if client.signs and self.sign is None:
            message = f"{self.message} has to be signed: say by whom, under sign"
            raise ValueError(message)
        if (info.context or {}).get("role", "") == "channel" and client.waiting is None:
            message = f"nothing is collected by {self.message}"
            raise ValueError(message)
        return self


def _client(key: str) -> Client:
    known = messages()
    found = known.get(key)
    if found is None or found.client is None:
        speaking = ", ".join(sorted(each.key for each in known.values() if each.client)) or "none"
        what = "no market message" if found is None else "a message that no machine can be told"
        message = f"{key!r} is {what}; known: {speaking}"
        raise ValueError(message)
    return found.client


def _free(setting: Setting) -> Setting:
    return replace(setting, choices=())


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(settings: MarketSettings) -> str:
    """Message, host, port and path."""
    return f"{settings.message} at {Place.of(settings.url, SCHEMES).shown}"
