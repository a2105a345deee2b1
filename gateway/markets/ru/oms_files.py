"""Codes in files: what the order management station gave, on its way into a vault."""

from __future__ import annotations

import json
from typing import Final

from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.markets.ru import oms_rules as rules
from gateway.markets.ru.oms_codes import full_code, sgtin_of
from gateway.sealing import MAGIC, opened_block

_SHOWN: Final = 5


def codes_in(data: bytes, key: str) -> dict[str, str]:
    """The codes in a file, by the SGTIN of their pack.

    Args:
        data: a block, the station's reply as JSON, or text with a code a line.
        key: opens blocks.

    Raises:
        InputError: something in it is no full code, or it has none. The finding quotes none.
        VaultError: a block was encrypted with another key, or changed.
    """
    texts = opened_block(data, key) if data.startswith(MAGIC) else _texts(data)
    codes: dict[str, str] = {}
    for at, text in enumerate(texts, 1):
        code = full_code(text)
        if code is None or codes.get(sgtin_of(code), code) != code:
            words = "is no full code" if code is None else "is another code of a pack that has one already"
            raise InputError(Finding.of(rules.FORM, f"entry {at} {words}", where=Where(row=at)))
        codes[sgtin_of(code)] = code
    if not codes:
        raise InputError(Finding.of(rules.FORM, "there are no codes in it"))
    return codes


def _texts(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(Finding.of(rules.FORM, "it is no text in UTF-8")) from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(Finding.of(rules.FORM, "it begins like JSON and is none")) from None
        listed = found.get("codes") if isinstance(found, dict) else found
        return [each if isinstance(each, str) else "" for each in listed] if isinstance(listed, list) else []
    # Lines end with a line feed only: a GS is a line end for str.splitlines.
    return [line for line in (each.strip(" \t\r") for each in text.split("\n")) if line]
