"""Replies of the simulators in the shapes of the real systems."""

from __future__ import annotations

import json
from typing import Any, Final

from gateway.markets.client import Reply

_JSON: Final = {"content-type": "application/json;charset=UTF-8"}


def given(values: object, status: int = 200) -> Reply:
    """A reply with JSON."""
    return Reply(status, _JSON, json.dumps(values, ensure_ascii=False).encode())


def failed(status: int, text: str) -> Reply:
    """An error as MDLP writes it."""
    return given({"error_description": text}, status)


def object_of(data: bytes) -> dict[str, Any] | None:
    """The JSON object in a body; None when it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
