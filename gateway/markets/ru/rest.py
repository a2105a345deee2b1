"""What the two systems' clients share: calls with JSON in and out, at the pace that a system bears."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from gateway.answers import Answer, Reason, Verdict
from gateway.errors import TransportError
from gateway.markets.client import Account, Call, Conversation, Reply, Wait
from gateway.options import Setting

_OK, _BAD, _REFUSED, _GONE, _FAILING = 200, 400, (401, 403), 404, 500
_SHOWN = 300


def seconds(account: Account, setting: Setting) -> float:
    """A pause in seconds that the agreement may set.

    Raises:
        TransportError: it is no number of seconds.
    """
    text = account.option(setting)
    try:
        pause = float(text)
    except ValueError:
        pause = -1.0
    if not 0 <= pause <= 3600:  # noqa: PLR2004 - an hour is no pause any more; also refuses nan
        message = f"the option {setting.key} {text!r} is no number of seconds"
        raise TransportError(message, hint=f"write it as {setting.default}")
    return pause


def paced(call: Call, pause: float) -> Conversation[Reply]:
    """A call, after a pause."""
    if pause:
        yield Wait(pause)
    reply: Reply = yield call
    return reply


def body(values: Mapping[str, object]) -> bytes:
    """JSON of some values, those that are None left out."""
    return json.dumps({key: value for key, value in values.items() if value is not None}, ensure_ascii=False).encode()


def segment(text: str) -> str:
    """An id that a system gave, as a part of a path."""
    return quote(text, safe="")


def values_of(reply: Reply) -> dict[str, Any] | None:
    """The object in a reply of success, None when the reply is something else."""
    found = json_of(reply) if reply.status == _OK else None
    return found if isinstance(found, dict) else None


def json_of(reply: Reply) -> Any:
    """Whatever JSON stands in a reply; None when it is none."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def text_of(values: Mapping[str, Any], name: str) -> str:
    """A text among values; empty for what is missing or no text."""
    found = values.get(name)
    return found if isinstance(found, str) else ""


def refused(reply: Reply, who: str) -> Answer:
    """The answer to a call that was not taken: the words of the system, where there are any.

    Raises:
        TransportError: it is about who asks, or the system is in trouble; retryable in the second case.
    """
    if reply.status in _REFUSED:
        message = f"{who} does not let us in (HTTP {reply.status})"
        raise TransportError(message, hint="check user, password and options of the agreement, and the signer")
    if reply.status >= _FAILING:
        message = f"{who} is in trouble (HTTP {reply.status})"
        raise TransportError(message, retryable=True)
    found = json_of(reply)
    reasons = reasons_of(found) if isinstance(found, dict) else []
    if reply.status >= _BAD and reasons:
        return Answer(Verdict.REJECTED, tuple(reasons))
    return Answer(Verdict.UNREADABLE, unexpected=f"{who} replied with HTTP {reply.status} and something unknown")


def reasons_of(values: Mapping[str, Any]) -> list[Reason]:
    """What an error says: of MDLP ``error_description`` or ``message``, of the OMS lists of errors."""
    reasons = [
        Reason(str(each.get("errorCode", "")), _short(str(each.get(name, ""))))
        for group, name in (("fieldErrors", "fieldError"), ("globalErrors", "error"))
        for each in _objects(values.get(group))
    ]
    text = text_of(values, "error_description") or text_of(values, "message")
    if text or text_of(values, "error"):
        reasons.append(Reason(text_of(values, "error") or "error", _short(text)))
    return reasons


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing of what is no list."""
    return _objects(value)


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
