"""Access tokens for a mail server: asked for at the token server, kept until shortly before they end.

Two ways (RFC 6749): a refresh token that somebody got by logging in once (6), or client credentials (4.4). The token
server is reached as every HTTPS peer is: only at its registered host, verified, not on private addresses unless the
agreement says so.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from pydantic import Field, model_validator

from gateway import __version__
from gateway.transports.base import Secrets
from gateway.transports.https import tls
from gateway.transports.https.identify import ask_for_token, basic
from gateway.transports.https.place import Place
from gateway.transports.https.settings import Trust, Url
from gateway.transports.https.wire import Wire, WireTransport
from gateway.transports.secrets import Reference

#: A token is renewed so many seconds before its end; without a stated end it is kept so long.
EARLY, UNSAID = 60.0, 300.0


class OAuth2(Trust):
    """Where access tokens come from.

    Attributes:
        token_url: where the token is given; its host is registered by standing here.
        client_id: our name there.
        client_secret: reference to our secret there; public clients with a refresh token have none.
        refresh_token: reference to a refresh token. Without one the client asks in its own name (client credentials).
            A new refresh token that the server gives is used as long as this process runs, and written nowhere.
        scope: what to ask for; empty for what the server gives by itself.
    """

    token_url: Url
    client_id: str = Field(min_length=1)
    client_secret: Reference | None = None
    refresh_token: Reference | None = None
    scope: str = ""

    @model_validator(mode="after")
    def _has_a_secret(self) -> OAuth2:
        if self.client_secret is None and self.refresh_token is None:
            message = "needs a client-secret, a refresh-token, or both"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class _Kept:
    access: str
    ends: float
    refresh: str


class Tokens:
    """Tokens that are good now, for all channels of this process.

    Args:
        seconds: a clock that never goes back.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def get(self, settings: OAuth2, secrets: Secrets, *, fresh: bool = False) -> tuple[str, bool]:
        """An access token, and whether it was at hand already.

        Args:
            settings: where tokens come from.
            secrets: resolves references.
            fresh: ask for a new one, because the mail server refused the one at hand.

        Raises:
            TransportError: the token server cannot be reached or gives none.
            ConfigurationError: a secret cannot be resolved.
        """
        secret = secrets(settings.client_secret) if settings.client_secret else ""
        refresh = secrets(settings.refresh_token) if settings.refresh_token else ""
        parts = (settings.token_url, settings.client_id, settings.scope, secret, refresh)
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        with self._lock:  # two channels of one mailbox ask once
            kept = self._kept.get(key)
            if kept is not None and not fresh and self._seconds() < kept.ends:
                return kept.access, True
            if kept is not None:
                refresh = kept.refresh
            self._kept[key] = kept = self._ask(settings, secrets, secret, refresh)
            return kept.access, False

    def _ask(self, settings: OAuth2, secrets: Secrets, secret: str, refresh: str) -> _Kept:
        form = {"grant_type": "client_credentials"}
        if refresh:
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
        if settings.scope:
            form["scope"] = settings.scope
        if not secret:
            form["client_id"] = settings.client_id
        who = basic(settings.client_id, secret) if secret else ""
        times, place = settings.timeouts, Place.of(settings.token_url)
        through = {Place.of(settings.proxy, ("http", "https")): True} if settings.proxy else {}
        wire = Wire(through or {place: settings.private_addresses}, settings.pins, place.host)
        wire.deadline = time.monotonic() + times.answer
        with httpx.Client(
            transport=WireTransport(wire, tls.context(settings, secrets), settings.proxy),
            timeout=httpx.Timeout(connect=times.connect, write=times.stall, read=times.answer, pool=times.connect),
            headers={"User-Agent": f"epcis-gateway/{__version__}", "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        ) as client:
            asked = self._seconds()
            token = ask_for_token(settings.token_url, form, who, client)
        life = UNSAID if token.expires_in is None else token.expires_in
        return _Kept(token.access_token, asked + life - min(EARLY, life / 2), token.refresh_token or refresh)


TOKENS = Tokens()
