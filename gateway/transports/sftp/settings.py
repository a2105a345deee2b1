"""Settings of an SFTP channel."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gateway.transports.base import TransportSettings
from gateway.transports.files import FileSettings
from gateway.transports.secrets import Reference

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")

MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")

Cipher = Literal["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"]
LegacyCipher = Literal["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"]
LegacyMac = Literal["hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"]
Quirk = Literal["no-rename", "no-posix-rename", "no-mtime", "no-stat", "no-confirm", "no-prefetch"]

QUIRKS: dict[Quirk, str] = {
    "no-rename": "files are written under their final name, which shows half files to a receiver that does not wait "
    "for the marker; a half file that a cut left is written anew",
    "no-posix-rename": "its extension for replacing a file is broken and is not used",
    "no-mtime": "its times mean nothing; files must be watched unchanged for `min-age`",
    "no-stat": "it tells sizes and times in listings only, so that each look at a file lists its folder",
    "no-confirm": "it moves files away at once, or tells no sizes, so that a delivery is not looked at afterwards",
    "no-prefetch": "it chokes on many requests at a time: one after another, which is slow over distance",
}
"""What a server may be unable to do, and what is done then."""

CIPHERS: tuple[Cipher, ...] = (
    # Measured with paramiko: GCM needs a third less processor time than CTR with its separate MAC.
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
)


def _fingerprint(value: str) -> str:
    if not _FINGERPRINT.fullmatch(value):
        message = "must be an OpenSSH fingerprint: SHA256: and 43 characters, as `ssh-keygen -lf` prints it"
        raise ValueError(message)
    return value.rstrip("=")


class Timeouts(TransportSettings):
    """How long to wait, in seconds.

    Attributes:
        connect: for the TCP connection.
        banner: for the server's first line and the key exchange, each.
        auth: for an answer to a login.
        operation: for an answer to a request.
        stall: without any progress before the connection is given up.
        transfer: for one whole file, however steadily it drips.
    """

    connect: float = Field(default=15, gt=0)
    banner: float = Field(default=20, gt=0)
    auth: float = Field(default=30, gt=0)
    operation: float = Field(default=60, gt=0)
    stall: float = Field(default=90, gt=0)
    transfer: float = Field(default=4 * 3600, gt=0)


class SftpSettings(FileSettings):
    """Settings of one direction of an SFTP exchange: a folder to collect from, or one to deliver to.

    Attributes:
        host: name or address.
        port: TCP port.
        username: login.
        password: reference to the password, alone or as the second factor after the key.
        key: reference to the private key's text (OpenSSH or PEM), e.g. ``file:keys/partner``.
        passphrase: reference to the key's passphrase.
        certificate: reference to the OpenSSH certificate of the key (``key-cert.pub``), for servers that trust an
            authority instead of single keys. `gateway check` says when it ends.
        host_key_fingerprints: fingerprints of the host keys to trust; more than one while the peer changes keys.
            There is no trust on first use.
        path: folder on the server.
        timeouts: how long to wait for what.
        keepalive: seconds between keepalive messages; 0 for none.
        ciphers: accepted ciphers in the order of preference.
        legacy_ciphers: outdated ciphers that this peer alone needs.
        legacy_macs: outdated message authentication codes that this peer alone needs.
        quirks: what this server cannot do; the list of them says what is done then.
        avoid_algorithms: key exchanges, host key or signature algorithms, by their SSH names, that are not offered
            to this server because it does them wrongly or takes minutes for them.
        read_ahead: how many small files are read at a time; 0 reads one after another. Far servers answer a request
            in tens of milliseconds, and a small file needs five.
        reconnects: how often a session connects anew after its connection broke. What was listed stays listed.
        keep_open: seconds for which the exchange keeps a connection open for the next file; 0 closes it at once, for
            servers that count connections that wait.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    username: str = Field(min_length=1)
    password: Reference | None = None
    key: Reference | None = None
    passphrase: Reference | None = None
    certificate: Reference | None = None
    host_key_fingerprints: tuple[Annotated[str, AfterValidator(_fingerprint)], ...] = Field(min_length=1)
    path: str = Field(default=".", min_length=1)
    timeouts: Timeouts = Timeouts()
    keepalive: int = Field(default=15, ge=0)
    ciphers: tuple[Cipher, ...] = Field(default=CIPHERS, min_length=1)
    legacy_ciphers: tuple[LegacyCipher, ...] = ()
    legacy_macs: tuple[LegacyMac, ...] = ()
    quirks: frozenset[Quirk] = frozenset()
    avoid_algorithms: tuple[str, ...] = ()
    read_ahead: int = Field(default=16, ge=0, le=64)
    reconnects: int = Field(default=3, ge=0, le=100)
    keep_open: float = Field(default=15, ge=0, le=300)

    @model_validator(mode="after")
    def _can_log_in(self) -> SftpSettings:
        if self.password is None and self.key is None:
            message = "needs a password, a key, or both"
            raise ValueError(message)
        for name in ("passphrase", "certificate"):
            if getattr(self, name) is not None and self.key is None:
                message = f"has a {name} but no key"
                raise ValueError(message)
        return self


def address(settings: SftpSettings) -> str:
    """Login, host, port and folder."""
    return f"sftp {settings.username}@{settings.host}:{settings.port} {settings.path}"
