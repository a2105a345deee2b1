"""Connecting: reach the server, know it by its host key, log in, open SFTP. Nothing is sent before it is known."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from paramiko.common import cMSG_SERVICE_REQUEST
from paramiko.sftp import CMD_REALPATH
from paramiko.ssh_exception import IncompatiblePeer

from gateway.errors import ConfigurationError, TransportError
from gateway.findings import clip
from gateway.transports.base import Secrets
from gateway.transports.sftp.client import Client
from gateway.transports.sftp.settings import MACS, SftpSettings, address
from gateway.transports.sftp.trouble import explained
from gateway.transports.watchdog import Watchdog

# paramiko logs tracebacks of its own threads, which our errors say better. An operator who wants to see them, or
# the protocol, sets this logger's level.
WIRE = "gateway.sftp.wire"
if logging.getLogger(WIRE).level == logging.NOTSET:
    logging.getLogger(WIRE).setLevel(logging.CRITICAL + 1)

_HOST_KEYS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


@dataclass(frozen=True, slots=True)
class Connection:
    """An SFTP connection.

    Attributes:
        client: speaks SFTP.
        watchdog: breaks the connection when it stalls.
        facts: what was checked while connecting, for people.
    """

    client: Client
    watchdog: Watchdog
    facts: tuple[str, ...]


class Transport(paramiko.Transport):
    """paramiko's, with two things that it lacks.

    It remembers what the server offered, to be said when nothing fits. And it asks for the login service once:
    paramiko asks again before a second factor or method, which strict servers answer by leaving (RFC 4253, 10).
    """

    offered: str = ""
    _asked_for_login = False

    def _send_message(self, data: paramiko.Message) -> None:
        if data.asbytes()[:1] == cMSG_SERVICE_REQUEST:
            if self._asked_for_login:
                accepted = paramiko.Message()
                accepted.add_string("ssh-userauth")
                accepted.rewind()
                self.auth_handler._parse_service_accept(accepted)  # type: ignore[union-attr] # noqa: SLF001 - as if the server had said so again
                return
            self._asked_for_login = True
        super()._send_message(data)  # type: ignore[misc]

    def _really_parse_kex_init(self, answer: paramiko.Message, *more: Any, **named: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = super()._really_parse_kex_init(answer, *more, **named)  # type: ignore[misc]
        if not (more or named):  # else it is our own offer
            lists = ("kex_algo_list", "server_key_algo_list", "server_encrypt_algo_list", "server_mac_algo_list")
            self.offered = "; ".join(clip(", ".join(parsed[name])) for name in lists)
        return parsed


class Link:
    """Keeps a connection, and makes a new one when it is asked for after the old one broke.

    Args:
        settings: the channel's.
        secrets: resolves references.
    """

    def __init__(self, settings: SftpSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._left = settings.reconnects
        self._stack = contextlib.ExitStack()
        self.connection = self._open()

    def _open(self) -> Connection:
        return self._stack.enter_context(connection(self._settings, self._secrets))

    def live(self) -> Connection:
        """A connection that stands, as far as is known.

        Raises:
            TransportError: it broke, and a new one cannot be made, or too many were made.
        """
        if not self.connection.client.usable:
            if not self._left:
                message = f"the connection to {address(self._settings)} broke again and again"
                raise TransportError(message, retryable=True)
            self._left -= 1
            self.close()
            self.connection = self._open()
        return self.connection

    @property
    def usable(self) -> bool:
        """Whether the connection still stands, as far as is known without asking the server."""
        return self.connection.client.usable

    def answers(self, seconds: float) -> bool:
        """Whether the server still answers on this connection, within so many seconds."""
        client, watchdog = self.connection.client, self.connection.watchdog
        if not client.usable:
            return False
        client.sock.settimeout(seconds)
        try:
            with watchdog.watching():
                client.together([(CMD_REALPATH, b".")])  # a refusal is an answer, too
        except (paramiko.SSHException, EOFError, OSError):
            return False
        client.sock.settimeout(self._settings.timeouts.operation)
        return client.usable

    def renew(self, settings: SftpSettings) -> None:
        """Go on with the connection in another session, whose settings differ in what is done with files only."""
        self._settings, self._left = settings, settings.reconnects

    def close(self) -> None:
        """Close the connection."""
        self._stack.close()


@contextlib.contextmanager
def connection(settings: SftpSettings, secrets: Secrets) -> Iterator[Connection]:
    """Connect, and close at the end.

    Raises:
        TransportError: the server cannot be reached, is not the one expected, or refuses the login.
        ConfigurationError: a secret cannot be resolved, or the key cannot be read.
    """
    key = private_key(settings, secrets)
    password = secrets(settings.password) if settings.password else None
    with _known_server(settings) as transport, _watchdog(transport, settings) as watchdog:
        with watchdog.watching():
            _log_in(transport, settings, key, password)
            transport.set_keepalive(settings.keepalive)
            with explained("open an SFTP session", address(settings)):
                channel = transport.open_session(timeout=settings.timeouts.operation)
                channel.settimeout(settings.timeouts.operation)
                channel.invoke_subsystem("sftp")
                client = Client(channel)
        facts = (
            f"{settings.host}:{settings.port} answers as {transport.remote_version}",
            f"host key {transport.get_remote_server_key().fingerprint} is one of those expected",
            f"logged in as {settings.username} ({transport.local_cipher})",
        )
        yield Connection(client, watchdog, facts)


def _watchdog(transport: paramiko.Transport, settings: SftpSettings) -> Watchdog:
    return Watchdog(transport.close, settings.timeouts.stall, settings.timeouts.transfer)


@contextlib.contextmanager
def _known_server(settings: SftpSettings) -> Iterator[Transport]:
    """A transport to a server whose host key is one of those expected.

    A server may have keys of several types while the partner told us the fingerprint of one. So after a key that
    we do not expect, the other types are asked for, before the server is refused.
    """
    seen: list[str] = []
    untried = list(_HOST_KEYS)
    while untried:
        with contextlib.ExitStack() as stack:
            transport = _transport(settings, stack)
            transport.get_security_options().key_types = tuple(itertools.chain.from_iterable(untried))
            try:
                transport.start_client(timeout=settings.timeouts.banner)
                fingerprint = transport.get_remote_server_key().fingerprint.rstrip("=")
            except IncompatiblePeer as error:
                if seen and "host key" in str(error):
                    break
                offers = f"; the server offers {transport.offered}" if transport.offered else ""
                raise _unreachable(settings, f"{error}{offers}", retryable=False) from error
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise _unreachable(settings, f"no SSH key exchange: {error}", retryable=True) from error
            if fingerprint in settings.host_key_fingerprints:
                yield transport
                return
            seen.append(fingerprint)
            untried = [types for types in untried if transport.host_key_type not in types]
    peer, expected = f"{settings.host}:{settings.port}", ", ".join(settings.host_key_fingerprints)
    message = f"{peer} is not the server expected: its host key is {', '.join(seen)}, expected {expected}"
    hint = "ask the partner, by another way than this connection, whether the key changed; then add it to the list"
    raise TransportError(message, hint=hint)


def _transport(settings: SftpSettings, stack: contextlib.ExitStack) -> Transport:
    with explained("connect", address(settings)):
        sock = socket.create_connection((settings.host, settings.port), settings.timeouts.connect)
    stack.callback(sock.close)
    # Several small requests at a time must not wait for each other's acknowledgement.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    avoid = list(settings.avoid_algorithms)
    transport = Transport(sock, disabled_algorithms={"kex": avoid, "keys": avoid, "pubkeys": avoid})
    stack.callback(transport.close)
    transport.set_log_channel(WIRE)
    transport.banner_timeout = transport.handshake_timeout = settings.timeouts.banner
    transport.auth_timeout = settings.timeouts.auth
    security = transport.get_security_options()
    security.ciphers = (*settings.ciphers, *settings.legacy_ciphers)
    security.digests = (*MACS, *settings.legacy_macs)
    return transport


def _unreachable(settings: SftpSettings, reason: str, *, retryable: bool) -> TransportError:
    return TransportError(f"cannot connect to {address(settings)}: {reason}", retryable=retryable)


def _log_in(
    transport: paramiko.Transport, settings: SftpSettings, key: paramiko.PKey | None, password: str | None
) -> None:
    place = address(settings)
    try:
        with explained("log in", place):
            wanted: list[str] = []
            if key is not None:
                wanted = transport.auth_publickey(settings.username, key)
            if password is not None and (key is None or wanted):
                wanted = _give_password(transport, settings.username, password)
    except TransportError as error:
        cause = error.__cause__
        # paramiko reports a connection that broke or fell silent during the login as a failed login.
        if (
            isinstance(cause, paramiko.AuthenticationException)
            and transport.is_active()
            and "timeout" not in str(cause)
        ):
            types: list[str] = getattr(cause, "allowed_types", [])
            offered = f"; it accepts {', '.join(types)}" if types else ""
            message = f"{place} refuses the login{offered}"
            raise TransportError(message, hint="check user name, key and password with the partner") from None
        raise
    if wanted:
        message = f"{place} wants more than we have to log in: {', '.join(wanted)}"
        raise TransportError(message)


def _give_password(transport: paramiko.Transport, username: str, password: str) -> list[str]:
    """Log in with a password, also where the server asks for it in a dialogue (keyboard-interactive)."""
    try:
        return transport.auth_password(username, password, fallback=False)
    except paramiko.BadAuthenticationType as error:
        if "keyboard-interactive" not in error.allowed_types:
            raise
    asked: list[str] = []

    def answer(_title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        asked.extend(text for text, _ in prompts)
        # What shows while it is typed is no password.
        return [password if number == 0 and not shown else "" for number, (_, shown) in enumerate(prompts)]

    try:
        return transport.auth_interactive(username, answer)
    except paramiko.AuthenticationException:
        if len(asked) > 1:
            message = f"the server asks for more than a password: {clip(', '.join(asked))}"
            raise paramiko.BadAuthenticationType(message, ["keyboard-interactive"]) from None
        raise


def private_key(settings: SftpSettings, secrets: Secrets) -> paramiko.PKey | None:
    """The key to log in with, with its certificate; None where only a password is given.

    Raises:
        ConfigurationError: a secret cannot be resolved, the key cannot be read, or the certificate is not its own.
    """
    if settings.key is None:
        return None
    key = _key(settings, secrets, settings.key)
    if settings.certificate is not None:
        _certify(key, secrets(settings.certificate), settings.certificate)
    return key


def _certify(key: paramiko.PKey, text: str, reference: str) -> None:
    """Show this certificate with the key."""
    try:
        certificate = serialization.load_ssh_public_identity(text.encode())
        if not isinstance(certificate, serialization.SSHCertificate):
            message = f"{reference!r} is a public key and no certificate"
            raise ConfigurationError(
                message, hint="the authority signs the public key: ssh-keygen -s CA -I ID -n USER key.pub"
            )
        own = certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        if own.split()[1].decode() != key.get_base64():
            message = f"the certificate {reference!r} belongs to another key"
            raise ConfigurationError(message, hint="have the public key of this `key` signed")
        key.load_certificate(text.strip())
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException) as error:
        message = f"{reference!r} cannot be read as an OpenSSH certificate"
        raise ConfigurationError(message, hint="it is one line that begins with ssh-…-cert-v01@openssh.com") from error


def _key(settings: SftpSettings, secrets: Secrets, reference: str) -> paramiko.PKey:
    text = secrets(reference)
    passphrase = secrets(settings.passphrase) if settings.passphrase else None
    for key_class in _KEY_CLASSES:
        try:
            return key_class.from_private_key(io.StringIO(text + "\n"), password=passphrase)
        except paramiko.PasswordRequiredException:
            message = f"the key {reference!r} is encrypted"
            raise ConfigurationError(message, hint="add `passphrase` with a reference") from None
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue  # the key is of another type, or none at all
    reason = " with this passphrase" if passphrase else ""
    message = f"{reference!r} cannot be read as a private key{reason}"
    hint = "it must be an Ed25519, ECDSA or RSA key in OpenSSH or PEM form"
    raise ConfigurationError(message, hint=hint) from None
