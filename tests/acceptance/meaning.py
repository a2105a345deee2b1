"""What an event says, without how it is written: to compare an XML document with the JSON document of the same events.

The pairs in the corpora were made by hand and by other tools: they spell instants and numbers differently and put lists
into another order. Equal event hashes ignore the same things (CBV 2.0, section 8.9); here every field is compared.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from gateway.epcis.identifiers import translate
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.gs1 import CompanyPrefixes
from gateway.sources import Source
from tests.acceptance.shape import events_only, json_tree

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


def meanings(data: bytes, format_: str) -> list[Any]:
    """The events of a document: read by the gateway, written as JSON, and reduced to what they say.

    The checks of content are left out on purpose: they refuse some of the hand-made samples.
    """
    context = Context(now="2026-01-01T00:00:00Z")
    document = FORMATS.get(format_).read(Source.memory(data), context)
    document.events = translate(document.events, "dl", CompanyPrefixes(), context.findings, context.losses)
    output = b"".join(FORMATS.get("epcis-2.0-json").write(document, context))
    return [_meaning(event) for event in events_only(json_tree(output))]


def _meaning(value: Any) -> Any:
    if isinstance(value, dict):
        # xsi:type stands beside the value in JSON when JSON cannot tell it; other tools drop it.
        return {key: _meaning(item) for key, item in value.items() if not key.endswith("}types")}
    if isinstance(value, list):
        return _set(value)
    if isinstance(value, tuple):
        return _plain(value[1])
    return _plain("true" if value is True else "false" if value is False else "")


def _set(items: Iterable[Any]) -> Any:
    """Lists of EPCIS have no order and no repetition that means anything; a list of one is its member."""
    unique = {str(found): found for found in map(_meaning, items)}
    found = [unique[key] for key in sorted(unique)]
    return found[0] if len(found) == 1 else found


def _plain(text: str) -> str:
    if _TIME.fullmatch(text):
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat()
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        return format(number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize(), "f")
    return text
