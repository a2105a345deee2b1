"""Settings of an HTTPS peer: where to deliver to, how to prove who we are, and whom to trust."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from gateway.transports.base import TransportSettings
from gateway.transports.https.pins import Pin
from gateway.transports.https.place import Place
from gateway.transports.https.receive import Receive
from gateway.transports.secrets import Reference

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_SECRET_NAME = re.compile(r"auth|cookie|key|secret|token|password", re.IGNORECASE)

#: Headers that the transport writes itself. ``Authorization`` comes from `username`, `bearer` or `oauth2`.
OWN_HEADERS = frozenset(
    {"authorization", "connection", "content-length", "content-type", "expect", "host", "te", "trailer", "upgrade"}
    | {"transfer-encoding"}
)


def _url(value: str) -> str:
    Place.of(value)
    return value


def _header(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        message = f"{value!r} is no name of a header"
        raise ValueError(message)
    if value.lower() in OWN_HEADERS:
        message = f"{value!r} is written by the gateway itself"
        raise ValueError(message)
    return value


def _value(value: str) -> str:
    if not _VALUE.fullmatch(value):
        message = "a header's value is printable ASCII without spaces at its ends"
        raise ValueError(message)
    return value


def in_workspace(value: Path | None, info: ValidationInfo) -> Path | None:
    """A path that counts from the workspace."""
    root = (info.context or {}).get("root")
    return Path(root) / value if value is not None and root is not None else value


Url = Annotated[str, AfterValidator(_url)]
HeaderName = Annotated[str, AfterValidator(_header)]
HeaderValue = Annotated[str, AfterValidator(_value)]


class Timeouts(TransportSettings):
    """How long to wait, in seconds.

    Attributes:
        connect: for the TCP connection, and for the TLS handshake.
        stall: while sending, without the peer taking anything.
        answer: between the last byte sent and the answer, and between two pieces of it.
        transfer: for one whole exchange, however steadily it drips.
    """

    connect: float = Field(default=15, gt=0)
    stall: float = Field(default=60, gt=0)
    answer: float = Field(default=240, gt=0)
    transfer: float = Field(default=3600, gt=0)


class Trust(TransportSettings):
    """Whom to trust behind a URL, what to show there, and how long to wait.

    Attributes:
        client_certificate: PEM file with our certificate and its chain, for peers that ask for one (mTLS).
        client_key: reference to its private key in PEM.
        client_key_passphrase: reference to the key's passphrase.
        ca: PEM file of the authorities to trust instead of the system's, or of the peer's own certificate.
        pins: SHA-256 of the peer's certificate in hex; it must be one of these *and* be valid. Several while it
            changes.
        private_addresses: whether the host may be on a private network or this machine.
        proxy: HTTP proxy, e.g. ``http://proxy.example:3128``. Without it none is used, whatever the environment says.
        timeouts: how long to wait for what.
    """

    client_certificate: Path | None = None
    client_key: Reference | None = None
    client_key_passphrase: Reference | None = None
    ca: Path | None = None
    pins: tuple[Pin, ...] = ()
    private_addresses: bool = False
    proxy: str = ""
    timeouts: Timeouts = Timeouts()

    @field_validator("client_certificate", "ca")
    @classmethod
    def _paths(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return in_workspace(value, info)

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value:
            Place.of(value, schemes=("http", "https"))
        return value

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.client_certificate is None) != (self.client_key is None):
            message = "client-certificate and client-key belong together"
            raise ValueError(message)
        if self.client_key_passphrase is not None and self.client_key is None:
            message = "client-key-passphrase needs a client-key"
            raise ValueError(message)
        return self


class OAuth2(TransportSettings):
    """Client credentials (RFC 6749, 4.4): a token is asked for before each delivery.

    Attributes:
        token_url: where the token is given; its host is registered by standing here.
        client_id: our name there.
        client_secret: reference to our secret there.
        scope: what to ask for; empty for what the server gives by itself.
    """

    token_url: Url
    client_id: str = Field(min_length=1)
    client_secret: Reference
    scope: str = ""


class Capture(TransportSettings):
    """The peer is an EPCIS 2.0 repository: `url` is its capture endpoint, and its answer names a job.

    Attributes:
        error_behaviour: ``rollback`` (all events or none) or ``proceed`` (as many as it can).
        epcis_version: what we say the document is (``GS1-EPCIS-Version``).
        cbv_version: the same of its vocabulary (``GS1-CBV-Version``); empty to say nothing.
        wait: seconds to wait for the end of the job; 0 not to ask for it.
        poll: seconds between two questions for it.
    """

    error_behaviour: Literal["rollback", "proceed"] = "rollback"
    epcis_version: str = Field(default="2.0", pattern=r"^\d+(\.\d+)*$")
    cbv_version: str = Field(default="", pattern=r"^(\d+(\.\d+)*)?$")
    wait: float = Field(default=120, ge=0, le=86400)
    poll: float = Field(default=2, ge=0.1, le=3600)


class HttpsSettings(Trust):
    """Settings of a target that files are delivered to over HTTPS, or of a channel that partners push files into.

    Attributes:
        receive: the receiving side; all other settings are those of a target.
        url: where files go. ``{name}`` in its path or query stands for the file's name.
        method: POST or PUT.
        content_type: media type of the files; empty to tell it from the name's suffix.
        headers: further headers, e.g. ``X-Sender: "4012345000009"``.
        secret_headers: further headers whose values are references, e.g. ``X-API-Key: env:PARTNER_KEY``.
        capture: the peer is an EPCIS 2.0 repository; ask its capture job for the outcome.
        idempotency_header: header that carries a key which is the same at each try; empty to send none.
        conflict: what a 409 means: ``by-key`` (the file arrived before, if the answer names our key), ``repeated``
            (it always means that), ``retry`` (an earlier try is still at work there), ``refuse``.
        username, password: HTTP Basic; the password is a reference.
        bearer: reference to a token that does not change.
        oauth2: where to get a token.
    """

    receive: Receive | None = None
    url: Url = ""
    method: Literal["POST", "PUT"] = "POST"
    content_type: str = ""
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    secret_headers: dict[HeaderName, Reference] = Field(default_factory=dict)
    capture: Capture | None = None
    idempotency_header: str = "Idempotency-Key"
    conflict: Literal["by-key", "repeated", "retry", "refuse"] = "by-key"
    username: str = ""
    password: Reference | None = None
    bearer: Reference | None = None
    oauth2: OAuth2 | None = None

    @field_validator("content_type")
    @classmethod
    def _media_type(cls, value: str) -> str:
        return _value(value) if value else value

    @field_validator("idempotency_header")
    @classmethod
    def _idempotency_header(cls, value: str) -> str:
        return _header(value) if value else value

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if _SECRET_NAME.search(name):
                message = f"{name!r} looks like a secret: give it by reference, under secret-headers"
                raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _one_side(self, info: ValidationInfo) -> HttpsSettings:
        role = (info.context or {}).get("role", "")
        if bool(self.url) == (self.receive is not None):
            message = "give either url (a target) or receive (a channel)"
            raise ValueError(message)
        if self.receive is not None and self.model_fields_set != {"receive"}:
            message = "beside receive there is nothing to set: all other settings are those of a target"
            raise ValueError(message)
        if (role == "target" and self.receive is not None) or (role == "channel" and self.url):
            message = "a target has a url, and a channel has receive: files are not collected over HTTPS"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> HttpsSettings:
        if bool(self.username) != (self.password is not None):
            message = "username and password belong together"
            raise ValueError(message)
        if sum((bool(self.username), self.bearer is not None, self.oauth2 is not None)) > 1:
            message = "choose one of username, bearer and oauth2"
            raise ValueError(message)
        if self.capture is not None and self.method != "POST":
            message = "a capture endpoint takes POST"
            raise ValueError(message)
        return self


def address(settings: HttpsSettings) -> str:
    """Method, host, port and path."""
    if settings.receive is not None:
        return "https, pushed through `gateway serve`"
    return f"https {settings.method} {Place.of(settings.url).shown}"
