"""Settings of a mailbox that files are collected from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from gateway.transports import names
from gateway.transports.base import TransportSettings
from gateway.transports.https.pins import Pin
from gateway.transports.https.settings import in_workspace
from gateway.transports.imap.oauth import OAuth2
from gateway.transports.secrets import Reference

_SENDER = re.compile(r"[^@\s*]+@[^@\s*]+|\*@[^@\s*]+")
_KEYWORD = r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$"


def _sender(value: str) -> str:
    if not _SENDER.fullmatch(value):
        message = "must be an address, or `*@` and a domain for everybody there"
        raise ValueError(message)
    return value.casefold()


class Timeouts(TransportSettings):
    """How long to wait, in seconds.

    Attributes:
        connect: for the TCP connection and the TLS handshake.
        answer: for an answer, and between two pieces of it.
        stall: without any progress before the connection is given up.
        transfer: for one whole mail, however steadily it drips.
    """

    connect: float = Field(default=15, gt=0)
    answer: float = Field(default=60, gt=0)
    stall: float = Field(default=90, gt=0)
    transfer: float = Field(default=1800, gt=0)


class ImapSettings(TransportSettings):
    """Settings of a channel that collects the attachments of mails. Nothing can be delivered through it.

    Attributes:
        host: name of the server; its certificate must be for this name.
        port: TCP port.
        security: ``tls`` from the first byte, or ``starttls``. There is no way without encryption.
        ca: PEM file of the authorities to trust instead of the system's, or of the server's own certificate.
        pins: SHA-256 of the server's certificate in hex; it must be one of these *and* be valid. Several while it
            changes.
        username: login.
        password: reference to the password.
        token: reference to an OAuth access token (XOAUTH2 or OAUTHBEARER). It is read anew at each connection, so
            another program may keep it fresh.
        oauth2: where to get access tokens, and how.
        folder: folder that is collected.
        senders: who may send: addresses, or ``*@`` and a domain. The sender that a mail names can be forged; see
            ``trusted-results``.
        trusted_results: name by which our own mail server signs its ``Authentication-Results``. If given, a mail is
            taken only when that server says that DMARC passed, or DKIM for the sender's domain.
        patterns: globs of the attachments to take, without regard to case.
        ignore: globs of attachments never to take.
        body: whether the text of a mail without an attachment to take is taken as the file ``body.txt``.
        forwarded: whether the attachments of mails inside a mail are taken.
        after: what becomes of a mail once its attachments are durable here: ``move`` to the folder `processed`,
            ``flag`` it with `keyword`, ``delete``.
        processed: folder that such mails move to; it is made when it is missing.
        rejected: folder that mails move to which are refused, with ``move`` and ``delete``; with ``flag`` they are
            flagged, too.
        keyword: the flag.
        max_size: bytes of a whole mail, as it is sent: a third more than its attachments.
        max_attachments: attachments in one mail.
        max_depth: how deep mails and parts may lie in one another.
        max_parts: parts in one mail.
        timeouts: how long to wait for what.
        reconnects: how often a session connects anew after its connection broke.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls"] = "tls"
    ca: Path | None = None
    pins: tuple[Pin, ...] = ()
    username: str = Field(min_length=1)
    password: Reference | None = None
    token: Reference | None = None
    oauth2: OAuth2 | None = None
    folder: str = Field(default="INBOX", min_length=1)
    senders: tuple[Annotated[str, AfterValidator(_sender)], ...] = Field(min_length=1)
    trusted_results: str = ""
    patterns: tuple[str, ...] = ("*",)
    ignore: tuple[str, ...] = names.IGNORED
    body: bool = False
    forwarded: bool = True
    after: Literal["move", "flag", "delete"] = "move"
    processed: str = Field(default="Processed", min_length=1)
    rejected: str = Field(default="Rejected", min_length=1)
    keyword: str = Field(default="GatewayTaken", pattern=_KEYWORD)
    max_size: int = Field(default=20 << 20, gt=0, le=200 << 20)
    max_attachments: int = Field(default=50, ge=1, le=1000)
    max_depth: int = Field(default=8, ge=1, le=50)
    max_parts: int = Field(default=200, ge=1, le=1000)
    timeouts: Timeouts = Timeouts()
    reconnects: int = Field(default=3, ge=0, le=100)

    _ca = field_validator("ca")(in_workspace)

    @model_validator(mode="after")
    def _can_log_in(self) -> ImapSettings:
        if sum(way is not None for way in (self.password, self.token, self.oauth2)) != 1:
            message = "needs one of password, token and oauth2"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _collects_only(self, info: ValidationInfo) -> ImapSettings:
        if (info.context or {}).get("role") == "target":
            message = "nothing can be delivered to a mailbox; choose another transport for this target"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _moves_elsewhere(self) -> ImapSettings:
        if self.folder in {self.processed, self.rejected}:
            message = "mails must not be moved into the folder that they are collected from"
            raise ValueError(message)
        return self

    @field_validator("trusted_results")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        return value.strip().casefold()


def address(settings: ImapSettings) -> str:
    """Login, host, port and folder."""
    return f"imap {settings.username}@{settings.host}:{settings.port} {settings.folder}"
