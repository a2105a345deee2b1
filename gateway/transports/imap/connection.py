"""Connecting to a mail server: TLS that is verified, the login, and errors in our words."""

from __future__ import annotations

import contextlib
import hashlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

from gateway.errors import ConfigurationError, TransportError
from gateway.findings import clip
from gateway.transports.base import Secrets
from gateway.transports.imap.oauth import TOKENS
from gateway.transports.imap.settings import ImapSettings, address
from gateway.transports.watchdog import Watchdog

# Codes of RFC 5530 that say that waiting helps.
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA|INPROGRESS|CONTACTADMIN)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that is logged in.

    Attributes:
        box: imap-tools' view of the mailbox; its `client` is imaplib's.
        watchdog: breaks the connection when it stalls.
        facts: what was checked while connecting, for people.
    """

    box: BaseMailBox
    watchdog: Watchdog
    facts: tuple[str, ...]

    @property
    def client(self) -> imaplib.IMAP4:
        """The protocol itself."""
        return self.box.client


@contextlib.contextmanager
def connection(settings: ImapSettings, secrets: Secrets) -> Iterator[Connection]:
    """Connect and log in; close at the end.

    Raises:
        TransportError: the server cannot be reached, is not the one expected, or refuses the login.
        ConfigurationError: a secret or certificate cannot be read.
    """
    secret, kept = _secret(settings, secrets)
    context = _trust(settings)
    place = address(settings)
    with explained("connect", place):
        kind = MailBox if settings.security == "tls" else MailBoxStartTls
        box = kind(settings.host, settings.port, timeout=settings.timeouts.connect, ssl_context=context)
    try:
        print_ = _check_pin(box.client, settings)
        box.client.sock.settimeout(settings.timeouts.answer)
        with _watchdog(box.client, settings) as watchdog:
            with watchdog.watching():
                try:
                    _log_in(box, settings, secret)
                except RefusedError:
                    if not kept:
                        raise
                    # A token that was at hand may have been withdrawn.
                    _log_in(box, settings, _secret(settings, secrets, fresh=True)[0])
            facts = (
                f"{settings.host}:{settings.port} answers over {box.client.sock.version()}",  # type: ignore[attr-defined] # an SSLSocket
                f"its certificate is valid (SHA256 {print_})" + (", and one of the pinned" if settings.pins else ""),
                f"logged in as {settings.username}",
            )
            yield Connection(box, watchdog, facts)
            with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.logout()
    finally:
        _close(box.client)


def _trust(settings: ImapSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {settings.ca} cannot be read"
        raise ConfigurationError(message, hint="`ca` names a file with certificates in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _check_pin(client: imaplib.IMAP4, settings: ImapSettings) -> str:
    certificate = client.sock.getpeercert(binary_form=True)  # type: ignore[attr-defined] # an SSLSocket
    found = hashlib.sha256(certificate).hexdigest().upper()
    if settings.pins and found not in settings.pins:
        message = f"{settings.host}:{settings.port} is not the server expected: its certificate has the SHA-256 {found}"
        hint = "ask who runs the server whether the certificate changed; then add it to `pins`"
        raise TransportError(message, hint=hint)
    return found


def _watchdog(client: imaplib.IMAP4, settings: ImapSettings) -> Watchdog:
    return Watchdog(lambda: _break(client), settings.timeouts.stall, settings.timeouts.transfer)


def _break(client: imaplib.IMAP4) -> None:
    """End the connection under whoever waits on it."""
    with contextlib.suppress(OSError):
        # The socket below TLS: a TLS connection is closed by talking, which is what does not work.
        socket.socket.shutdown(client.sock, socket.SHUT_RDWR)


def _close(client: imaplib.IMAP4) -> None:
    with contextlib.suppress(OSError):
        client.shutdown()


class RefusedError(TransportError):
    """The server does not accept the password or token."""


def _secret(settings: ImapSettings, secrets: Secrets, *, fresh: bool = False) -> tuple[str, bool]:
    """The password or token, and whether it is a token that was asked for earlier."""
    if settings.oauth2 is not None:
        return TOKENS.get(settings.oauth2, secrets, fresh=fresh)
    return secrets(settings.password or settings.token or ""), False


def _show_token(box: BaseMailBox, settings: ImapSettings, token: str) -> None:
    """Log in with a token, by the way that the server knows: Google's and Microsoft's own, or that of RFC 7628."""
    capabilities = box.client.capabilities
    if "AUTH=OAUTHBEARER" not in capabilities or "AUTH=XOAUTH2" in capabilities:
        box.xoauth2(settings.username, token, initial_folder=None)
        return
    user = settings.username.replace("=", "=3D").replace(",", "=2C")
    shown = f"n,a={user},\x01host={settings.host}\x01port={settings.port}\x01auth=Bearer {token}\x01\x01"
    said = iter((shown.encode(),))
    # After a refusal the server says why, and waits for an empty message.
    box.client.authenticate("OAUTHBEARER", lambda _: next(said, b"\x01"))


def _log_in(box: BaseMailBox, settings: ImapSettings, secret: str) -> None:
    place = address(settings)
    with explained("log in", place):
        try:
            if settings.password is None:
                _show_token(box, settings, secret)
            elif "AUTH=PLAIN" in box.client.capabilities:
                box.login_utf8(settings.username, secret, initial_folder=None)
            else:
                box.login(settings.username, secret, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnexpectedCommandStatusError, UnicodeError) as error:
            if _PASSING.search(str(error)):
                raise
            message = f"{place} refuses the login"
            what = "password" if settings.password else "token"
            raise RefusedError(message, hint=f"check user name and {what}; some providers want OAuth") from None
        # Servers say more of what they can after the login.
        kind, said = box.client.capability()
        if kind == "OK" and said and said[0]:
            box.client.capabilities = tuple(said[0].decode("ascii", "replace").upper().split())


@contextlib.contextmanager
def explained(what: str, place: str) -> Iterator[None]:
    """Turn an error inside into a TransportError that says what we wanted to do, where, and whether to retry."""
    try:
        yield
    except (OSError, EOFError, imaplib.IMAP4.error, ImapToolsError, ssl.SSLError) as error:
        reason, retryable, hint = _explain(error)
        message = f"cannot {what} at {place}: {reason}"
        raise TransportError(message, hint=hint, retryable=retryable) from error


def _explain(error: Exception) -> tuple[str, bool, str]:  # noqa: PLR0911 - a table with one line an error
    text = clip(" ".join(str(error).split()))
    match error:
        case ssl.SSLCertVerificationError():
            hint = "is the clock right, is the name that of the certificate, does `ca` name its authority?"
            return f"its certificate is not valid: {clip(error.verify_message)}", False, hint
        case socket.gaierror():
            return "the host name is not known", True, ""
        case TimeoutError():
            return "the server did not answer in time", True, ""
        case ConnectionRefusedError():
            return "the connection was refused", True, ""
        case ssl.SSLError():
            return f"no TLS connection: {clip(str(error.reason or text)).replace('_', ' ').lower()}", True, ""
        case imaplib.IMAP4.abort() | EOFError() | OSError():
            return f"the connection broke: {text or type(error).__name__}", True, ""
        case _:
            return f"the server says: {text}", _PASSING.search(text) is not None, ""


class Link:
    """Keeps a connection, and makes a new one when it is asked for after the old one broke.

    Args:
        settings: the channel's.
        secrets: resolves references.
    """

    def __init__(self, settings: ImapSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._left = settings.reconnects
        self._stack = contextlib.ExitStack()
        self._broken = False
        self.connection = self._open()

    def _open(self) -> Connection:
        return self._stack.enter_context(connection(self._settings, self._secrets))

    @contextlib.contextmanager
    def operation(self, what: str) -> Iterator[Connection]:
        """Do something with the server, watched, with errors in our words. A break is remembered.

        Raises:
            TransportError: it did not work, or a new connection cannot be made, or too many were made.
        """
        self._renew()
        place = address(self._settings)
        try:
            with explained(what, place), self.connection.watchdog.watching():
                yield self.connection
        except TransportError as error:
            # After a refusal in words the connection still stands; after anything else nobody knows what comes next.
            self._broken = isinstance(error.__cause__, OSError | EOFError | imaplib.IMAP4.abort)
            verdict = self.connection.watchdog.verdict
            if verdict and verdict not in error.message:
                message = f"cannot {what} at {place}: {verdict}"
                raise TransportError(message, retryable=True) from error
            raise

    @property
    def broken(self) -> bool:
        """Whether the connection broke in the last operation."""
        return self._broken

    def _renew(self) -> None:
        if not self._broken:
            return
        if not self._left:
            message = f"the connection to {address(self._settings)} broke again and again"
            raise TransportError(message, retryable=True)
        self._left -= 1
        self._stack.close()
        self.connection = self._open()
        self._broken = False

    def close(self) -> None:
        """Close the connection."""
        if self._broken:
            _break(self.connection.client)
        self._stack.close()
