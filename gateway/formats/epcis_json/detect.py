"""Tells EPCIS 2.0 JSON from other files by their first bytes."""

from __future__ import annotations

import re
from typing import Final

from gateway.formats.base import Claim
from gateway.formats.epcis_json.unicode import encoding_of

_TYPE: Final = re.compile(r'"type"\s*:\s*"(EPCISDocument|EPCISQueryDocument)"')
_EVENT: Final = re.compile(r'"type"\s*:\s*"(?:Object|Aggregation|Transaction|Transformation|Association)Event"')
_HINT: Final = re.compile(r'"(?:epcisBody|eventTimeZoneOffset)"|epcis-context\.jsonld')


def sniff(head: bytes, name: str) -> Claim | None:
    """The claim on a file. Only JSON is claimed; the type may stand behind the first bytes."""
    encoding, mark = encoding_of(head)
    text = head[mark:].decode(encoding, "replace").lstrip()
    if not text.startswith(("{", "[")):
        return None
    found = _TYPE.search(text)
    if found is not None:
        return Claim(100, f'JSON with "type": "{found[1]}"')
    if _EVENT.search(text) is not None and _HINT.search(text) is not None:
        return Claim(95, "JSON with EPCIS events")
    if _HINT.search(text) is not None:
        return Claim(80, "JSON with EPCIS keys")
    if name.lower().endswith(".jsonld"):
        return Claim(30, "a .jsonld file")
    return Claim(10, "JSON")
