"""Strict decoding of JSON: no repeated keys, no NaN, no lone surrogates, numbers as their text."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

import msgspec

from gateway.errors import InputError, LimitExceeded
from gateway.findings import NOWHERE, Finding, Rule, Where
from gateway.formats.epcis_json import rules
from gateway.formats.epcis_json.number import Number

_SURROGATE: Final = "\\ud"


class BadJson(ValueError):
    """Text that is not JSON as EPCIS needs it.

    Attributes:
        rule: which rule it breaks.
    """

    def __init__(self, rule: Rule, message: str, value: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.value = value


def load(data: bytes) -> Any:
    """Decode JSON; numbers become `Number`.

    Raises:
        BadJson: it is not JSON, not UTF-8, or repeats a key.
        LimitExceeded: it is nested too deeply.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8"
        raise BadJson(rules.ENCODING, message, repr(data[error.start : error.start + 4])) from error
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"{error.msg} (line {error.lineno}, column {error.colno})"
        raise BadJson(rules.MALFORMED, message, text[error.pos : error.pos + 20]) from error
    except RecursionError as error:
        message = "the JSON is nested too deeply"
        raise LimitExceeded(Finding.of(rules.LIMIT, message)) from error
    if _SURROGATE in text or "\\uD" in text:
        _refuse_lone_surrogates(data)
    return value


def fatal(error: BadJson, where: Where = NOWHERE) -> InputError:
    """The error that ends reading."""
    return InputError(Finding.of(error.rule, error.message, where=where, value=error.value))


def _refuse_lone_surrogates(data: bytes) -> None:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = "an escape stands for half of a character"
        raise BadJson(rules.MALFORMED, message) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                message = f"the key {key!r} occurs twice in one object"
                raise BadJson(rules.DUPLICATE_KEY, message, key)
            seen.add(key)
    return out


def _constant(text: str) -> NoReturn:
    message = f"{text} is not JSON"
    raise BadJson(rules.MALFORMED, message, text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_constant
)
