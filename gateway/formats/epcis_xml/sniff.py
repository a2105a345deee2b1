"""Recognising EPCIS XML by the root element in a file's first bytes, without an XML parser."""

from __future__ import annotations

import re
from typing import Final

from gateway.formats.base import Claim
from gateway.formats.epcis_xml.names import VERSIONS, Version

_ROOT: Final = re.compile(r"<(?:[\w.-]+:)?(EPCIS(?:Query|MasterData)?Document)[\s>/]")
_NOT_ELEMENTS: Final = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_FIRST: Final = re.compile(r"<[^!?/\s]")
PROOF: Final = 100
LIKELY: Final = 60


def sniff(head: bytes, version: Version) -> Claim | None:
    """Claim a file whose first bytes show an EPCIS root element of this version."""
    text = _NOT_ELEMENTS.sub("", _decoded(head))
    first = _FIRST.search(text)
    root = _ROOT.match(text, first.start()) if first is not None else None
    if root is None:  # an EPCIS document inside of another one is a matter of that one's format
        return None
    start_tag = text[root.start() : text.find(">", root.start()) + 1 or None]
    for other in VERSIONS:
        if any(uri in start_tag for uri in (other.document, other.query, other.master_data)):
            if other is not version:
                return None
            return Claim(PROOF, f"the root element is {root[1]} of EPCIS {version.number}")
    number = re.search(r"schemaVersion\s*=\s*[\"']([\d.]+)", start_tag)
    major = number[1].partition(".")[0] if number else ""
    if major == version.number.partition(".")[0]:
        return Claim(LIKELY, f"the root element is {root[1]} with schemaVersion {number[1] if number else ''}")
    return None


def _decoded(head: bytes) -> str:
    """Names are ASCII, so any superset of ASCII will do; UTF-16 is told by its mark or its zero bytes."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    if head[:4] == b"<\x00?\x00":
        return head.decode("utf-16-le", "replace")
    if head[:4] == b"\x00<\x00?":
        return head.decode("utf-16-be", "replace")
    return head.decode("latin-1")
