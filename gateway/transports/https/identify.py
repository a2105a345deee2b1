"""Saying who we are: headers with secrets, HTTP Basic, a token, or a token that is asked for first."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import httpx
import msgspec

from gateway.errors import ConfigurationError, TransportError
from gateway.transports.base import Secrets
from gateway.transports.https.answers import Answer, read
from gateway.transports.https.settings import HttpsSettings, OAuth2
from gateway.transports.https.trouble import explained

Ask = Callable[[httpx.Request], httpx.Response]


class Token(msgspec.Struct):
    """What a token server gives (RFC 6749, 5.1).

    Attributes:
        access_token: the token.
        token_type: how it is shown; only ``Bearer`` is.
        expires_in: seconds for which it is good; None when the server does not say.
        refresh_token: a new refresh token in place of the one that was used; empty to keep that.
    """

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind of token
    expires_in: float | None = None
    refresh_token: str | None = None


def identification(settings: HttpsSettings, secrets: Secrets, client: httpx.Client) -> dict[str, str]:
    """The headers that say who we are, with the headers of the agreement.

    Raises:
        ConfigurationError: a secret cannot be resolved or cannot stand in a header.
        TransportError: the token server gives no token.
    """
    headers = dict(settings.headers)
    for name, reference in settings.secret_headers.items():
        headers[name] = _fit(secrets(reference), name)
    if settings.password is not None:
        headers["Authorization"] = _basic(settings.username, secrets(settings.password))
    elif settings.bearer is not None:
        headers["Authorization"] = f"Bearer {_fit(secrets(settings.bearer), 'bearer')}"
    elif settings.oauth2 is not None:
        headers["Authorization"] = f"Bearer {_token(settings.oauth2, secrets, client)}"
    return headers


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _fit(secret: str, name: str) -> str:
    if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
        message = f"the secret for {name!r} cannot stand in a header: it is not printable ASCII"
        raise ConfigurationError(message)
    return secret


def _token(settings: OAuth2, secrets: Secrets, client: httpx.Client) -> str:
    """Ask for a token (RFC 6749, 4.4.2), saying who we are with HTTP Basic (2.3.1)."""
    form = {"grant_type": "client_credentials", **({"scope": settings.scope} if settings.scope else {})}
    who = basic(settings.client_id, secrets(settings.client_secret))
    return ask_for_token(settings.token_url, form, who, client).access_token


def basic(client_id: str, secret: str) -> str:
    """How a client says who it is at a token server (RFC 6749, 2.3.1)."""
    return _basic(quote(client_id, safe=""), quote(secret, safe=""))


def ask_for_token(url: str, form: dict[str, str], who: str, client: httpx.Client) -> Token:
    """Ask a token server for a token.

    Args:
        url: the server's.
        form: the grant.
        who: the header ``Authorization``; empty for clients without a secret.
        client: speaks HTTP.

    Raises:
        TransportError: it cannot be reached, or gives none. What it was asked with does not stand in the message.
    """
    place = url.partition("?")[0]
    request = client.build_request("POST", url, data=form, headers={"Authorization": who} if who else {})
    with explained("ask for a token", place):
        response = client.send(request, stream=True)
        answer = read(response, whole=True)
    if not answer.ok:
        message = f"{place} gives no token: {answer.status_line}"
        hint = "check client-id and client-secret"
        if "refresh_token" in form:
            hint += "; the refresh token may have ended: log in anew and keep the new one"
        raise TransportError(message, hint=hint, retryable=answer.may_pass)
    return _read_token(answer, place)


def _read_token(answer: Answer, place: str) -> Token:
    try:
        token = msgspec.json.decode(answer.body, type=Token, strict=False)
    except msgspec.MsgspecError:
        message = f"{place} answers with something else than a token"
        raise TransportError(message) from None
    if token.token_type.lower() != "bearer":
        message = f"{place} gives a token of the kind {token.token_type!r}, not Bearer"
        raise TransportError(message)
    _fit(token.access_token, "access_token")
    return token
