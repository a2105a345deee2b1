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


class _Token(msgspec.Struct):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind of token


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
    secret = secrets(settings.client_secret)
    who = _basic(quote(settings.client_id, safe=""), quote(secret, safe=""))
    request = client.build_request("POST", settings.token_url, data=form, headers={"Authorization": who})
    with explained("ask for a token", settings.token_url.partition("?")[0]):
        response = client.send(request, stream=True)
        answer = read(response, whole=True)
    if not answer.ok:
        message = f"{settings.token_url.partition('?')[0]} gives no token: {answer.status_line}"
        raise TransportError(message, hint="check client-id and client-secret", retryable=answer.may_pass)
    return _read_token(answer, settings)


def _read_token(answer: Answer, settings: OAuth2) -> str:
    try:
        token = msgspec.json.decode(answer.body, type=_Token)
    except msgspec.MsgspecError:
        message = f"{settings.token_url.partition('?')[0]} answers with something else than a token"
        raise TransportError(message) from None
    if token.token_type.lower() != "bearer":
        message = f"{settings.token_url.partition('?')[0]} gives a token of the kind {token.token_type!r}, not Bearer"
        raise TransportError(message)
    return _fit(token.access_token, "access_token")
