"""Ways to tell somebody: a command, a webhook, an e-mail. Each tells all that is new at once."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from gateway.errors import ConfigurationError, TransportError
from gateway.exchange.operations.troubles import KINDS
from gateway.settings import Alerts
from gateway.tomlfile import REFERENCES
from gateway.transports.base import Secrets

#: Seconds for which a way may take.
PATIENCE = 20.0
#: Most alerts that one mail or call tells.
MOST = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of a trouble.

    Attributes:
        key: the trouble.
        kind: its kind.
        what: ``new``, ``worse``, ``still`` or ``ended``.
        text: what is wrong.
        count: of how many.
        since: since when.
    """

    key: str
    kind: str
    what: str
    text: str
    count: int
    since: str

    def __str__(self) -> str:
        return f"{self.what}: {self.text} (since {self.since[:19]}Z)"


class Way(Protocol):
    """A way to tell somebody."""

    name: str

    def tell(self, workspace: str, notices: Sequence[Notice]) -> None:
        """Tell it, or raise `TransportError`."""


def ways(settings: Alerts, resolve: Secrets) -> list[Way]:
    """The ways that are set.

    Raises:
        ConfigurationError: one of them is set wrongly.
    """
    unknown = [kind for kind in settings.mute if kind not in KINDS]
    if unknown:
        message = f"gateway.toml: alerts.mute: there is no kind {unknown[0]!r}"
        raise ConfigurationError(message, hint=f"known: {', '.join(KINDS)}")
    found: list[Way] = []
    if settings.command:
        found.append(Command(settings.command))
    if settings.webhook:
        found.append(Webhook(settings.webhook, settings.webhook_key, resolve))
    if settings.mail_to:
        found.append(Mail(settings, resolve))
    return found


class Command:
    """Runs a program, without a shell; it gets the alerts as JSON on standard input."""

    name = "command"

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = list(arguments)

    def tell(self, workspace: str, notices: Sequence[Notice]) -> None:
        """Tell it."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command
                self._arguments, input=_json(workspace, notices), capture_output=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            message = f"the alert command cannot be run: {error}"
            raise TransportError(message) from error
        if done.returncode:
            message = f"the alert command ended with {done.returncode}"
            raise TransportError(message)


class Webhook:
    """Posts the alerts as JSON. Only to HTTPS, or to this machine; redirects are not followed.

    Some services give a URL that is a secret itself; then a reference to it stands in the settings.
    """

    name = "webhook"

    def __init__(self, url: str, key: str, resolve: Secrets) -> None:
        if url.partition(":")[0] not in REFERENCES:
            _check_url(url)
        self._url, self._key, self._resolve = url, key, resolve

    def _place(self) -> str:
        if self._url.partition(":")[0] not in REFERENCES:
            return self._url
        url = self._resolve(self._url)
        _check_url(url)
        return url

    def tell(self, workspace: str, notices: Sequence[Notice]) -> None:
        """Tell it."""
        import httpx  # noqa: PLC0415 - not needed where nobody has a webhook

        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._resolve(self._key)}"
        body = _json(workspace, notices)
        try:
            with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
                answer = client.post(self._place(), content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"the alert webhook cannot be reached: {type(error).__name__}"
            raise TransportError(message) from error
        if not answer.is_success:
            message = f"the alert webhook answered {answer.status_code}"
            raise TransportError(message)


class Mail:
    """Sends one e-mail with all alerts."""

    name = "mail"

    def __init__(self, settings: Alerts, resolve: Secrets) -> None:
        host, _, port = settings.mail_host.rpartition(":")
        if not host or not port.isdecimal():
            message = "gateway.toml: alerts.mail-host: must be HOST:PORT"
            raise ConfigurationError(message)
        if settings.mail_user and settings.mail_security == "none":
            message = "gateway.toml: alerts.mail-security: a password is not sent without TLS"
            raise ConfigurationError(message)
        self._host, self._port, self._settings, self._resolve = host.strip("[]"), int(port), settings, resolve

    def tell(self, workspace: str, notices: Sequence[Notice]) -> None:
        """Tell it."""
        settings, mail = self._settings, EmailMessage()
        mail["From"], mail["To"] = settings.mail_from, ", ".join(settings.mail_to)
        more = f" and {len(notices) - 1} more" if len(notices) > 1 else ""
        mail["Subject"] = f"[gateway] {notices[0].what}: {notices[0].key}{more}"
        mail["Auto-Submitted"] = "auto-generated"
        lines = [str(notice) for notice in notices[:MOST]]
        if len(notices) > MOST:
            lines.append(f"… and {len(notices) - MOST:,} more: gateway alerts list")
        mail.set_content("\n".join([f"Workspace {workspace}", "", *lines]))
        try:
            with self._server() as server:
                if settings.mail_user:
                    server.login(settings.mail_user, self._resolve(settings.mail_password))
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            message = f"the alert cannot be mailed by {settings.mail_host}: {type(error).__name__}"
            raise TransportError(message) from error

    def _server(self) -> smtplib.SMTP:
        security = self._settings.mail_security
        if security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=ssl.create_default_context())
        server = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
        if security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _json(workspace: str, notices: Sequence[Notice]) -> bytes:
    alerts: list[Mapping[str, object]] = [asdict(notice) for notice in notices[:MOST]]
    told = {"workspace": workspace, "alerts": alerts, "more": max(0, len(notices) - MOST)}
    return json.dumps(told, ensure_ascii=False).encode()


def _check_url(url: str) -> None:
    """Refuse a URL over which alerts could be read on their way. It is not repeated: it may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = "gateway.toml: alerts.webhook: must be a URL with https, or a reference to one"
        raise ConfigurationError(message)
    if parts.scheme == "http" and not _is_here(parts.hostname):
        message = "gateway.toml: alerts.webhook: http is for this machine only, others need https"
        raise ConfigurationError(message)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
