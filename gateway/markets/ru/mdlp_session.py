"""Log-in to MDLP: a code, which is signed or answered with a password, and a token that all calls carry."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Final

from gateway.answers import Verdict
from gateway.errors import TransportError
from gateway.markets.client import Account, Call, Conversation, Reply, Sign
from gateway.markets.ru import rest
from gateway.markets.ru.mdlp_settings import AUTH, CLIENT_ID, CLIENT_SECRET, PACE, SIGNED_CODE
from gateway.options import Setting

API: Final = "/api/v1"
WHO: Final = "MDLP"
_TOKEN: Final = "token"  # noqa: S105 - the name of a field
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_LOGGED_OUT: Final = 401


def signed(account: Account) -> bool:
    """Whether the account signs what it sends."""
    return account.option(AUTH) == SIGNED_CODE


def call(account: Account, wanted: Call, pace: Setting) -> Conversation[Reply]:
    """A call with a token; a token that has run out is replaced once."""
    for again in (False, True):
        if again or _TOKEN not in account.memory:
            yield from _log_in(account)
        headers = {**_JSON, "Authorization": f"token {account.memory[_TOKEN]}", **wanted.headers}
        if not wanted.path.startswith(f"{API}/"):
            headers.pop("Content-Type")  # a file, not JSON
        reply = yield from rest.paced(replace(wanted, headers=headers), rest.seconds(account, pace))
        if reply.status != _LOGGED_OUT:
            break
        account.memory.pop(_TOKEN, None)  # nothing was done: MDLP did not know us
    return reply


def _log_in(account: Account) -> Conversation[None]:
    """Get a token.

    Raises:
        TransportError: MDLP does not let us in, or an option is missing.
    """
    values: dict[str, object] = {"user_id": account.user, "auth_type": account.option(AUTH)}
    for name, setting in (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)):
        values[name] = account.option(setting)
        if not values[name]:
            message = f"the option {setting.key} is missing: {setting.title}"
            raise TransportError(message, hint=f"give {setting.key} in the agreement")
    pause = rest.seconds(account, PACE)
    first = Call("POST", f"{API}/auth", _JSON, rest.body(values), secret=True)
    code = _text((yield from rest.paced(first, pause)), "code")
    if signed(account):
        signature: bytes = yield Sign(code.encode())
        proof: dict[str, object] = {"signature": base64.b64encode(signature).decode()}
    else:
        proof = {"password": account.password}
    second = Call("POST", f"{API}/token", _JSON, rest.body({"code": code, **proof}), secret=True)
    account.memory[_TOKEN] = _text((yield from rest.paced(second, pause)), "token")


def _text(reply: Reply, name: str) -> str:
    found = rest.text_of(rest.values_of(reply) or {}, name)
    if not found or not found.isascii() or not found.isprintable():
        answer = rest.refused(reply, WHO)
        words = "; ".join(map(str, answer.reasons)) or f"it gave no {name}"
        message = f"{WHO} does not let us in: {words}"
        raise TransportError(message, retryable=answer.verdict is Verdict.UNREADABLE)
    return found
