"""Calls to the REST services of ITS and PTS: a token from the log-in, a new one when it is no longer taken."""

from __future__ import annotations

import base64
from typing import Any, Final

import orjson

from gateway.errors import ConfigurationError, TransportError
from gateway.findings import clip
from gateway.markets.client import Account, Call, Conversation, Reply
from gateway.markets.tr.its.reply import fault_of

TOKEN: Final = "/token/app/token/"  # noqa: S105 - a path
_MEMORY: Final = "tr-token"
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_UNAUTHORIZED: Final = 401


def post(path: str, body: bytes, account: Account, *, once: bool = False) -> Conversation[Reply]:
    """Post JSON with the account's token. A 401 gets a new token, once; what it refuses was not taken.

    Raises:
        TransportError: the log-in is refused.
    """
    token = account.memory.get(_MEMORY) or (yield from _log_in(account))
    reply = yield from _post(path, body, token, once=once)
    if reply.status == _UNAUTHORIZED:
        token = yield from _log_in(account)
        reply = yield from _post(path, body, token, once=once)
    if reply.status == _UNAUTHORIZED:  # once more, and no further
        account.memory.pop(_MEMORY, None)
        message = "ITS does not take the token that it has just given"
        raise TransportError(message, hint="ask the authority whether the account may use this service")
    return reply


def basic(account: Account) -> str:
    """The Authorization header of the SOAP services."""
    _check(account)
    return "Basic " + base64.b64encode(f"{account.user}:{account.password}".encode()).decode()


def asked(path: str, body: Any, account: Account) -> Conversation[Any]:
    """Post a question and read its JSON answer.

    Raises:
        TransportError: the answer is a fault, or no JSON.
    """
    reply = yield from post(path, orjson.dumps(body), account)
    try:
        found = orjson.loads(reply.body)
    except ValueError as error:
        message = f"{path} answers HTTP {reply.status} and no JSON"
        raise TransportError(message) from error
    fault = fault_of(found)
    if fault is not None:
        message = f"{path} refuses: {fault}"
        raise TransportError(message, retryable=fault.retryable)
    if not isinstance(found, dict) or not 200 <= reply.status < 300:  # noqa: PLR2004 - of HTTP
        message = f"{path} answers HTTP {reply.status} and not what it is said to answer"
        raise TransportError(message)
    return found


def _log_in(account: Account) -> Conversation[str]:
    _check(account)
    account.memory.pop(_MEMORY, None)
    body = orjson.dumps({"username": account.user, "password": account.password})
    reply = yield Call("POST", TOKEN, _JSON, body, secret=True)
    try:
        found = orjson.loads(reply.body)
    except ValueError:
        found = None
    token = found.get("token") if isinstance(found, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        fault = fault_of(found)
        message = f"ITS refuses the log-in: HTTP {reply.status}{f', {clip(str(fault))}' if fault else ''}"
        raise TransportError(message, hint="check user (a GLN) and password", retryable=reply.status >= 500)  # noqa: PLR2004 - of HTTP
    account.memory[_MEMORY] = token
    return token


def _post(path: str, body: bytes, token: str, *, once: bool) -> Conversation[Reply]:
    reply: Reply = yield Call("POST", path, {**_JSON, "Authorization": f"Bearer {token}"}, body, once=once)
    return reply


def _check(account: Account) -> None:
    if not account.user or not account.password:
        message = "ITS asks for a log-in, and the agreement has no user or password"
        raise ConfigurationError(message, hint="user is the stakeholder's GLN, password a reference to the secret")
