"""Recognising TraceLink messages by the root element in a file's first bytes."""

from __future__ import annotations

import re
from typing import Final

from gateway.formats.base import Claim
from gateway.formats.tracelink.names import MESSAGES

_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?(" + "|".join(MESSAGES).encode() + rb")[\s>/]")
_HEAD: Final = 4096


def sniff(head: bytes, name: str) -> Claim | None:  # noqa: ARG001 - the signature of all sniffers
    """Claim a file whose root element is one of the messages, in its namespace."""
    found = _ROOT.search(head[:_HEAD])
    if found is None:
        return None
    message = found[1].decode()
    start_tag = head[found.start() : head.find(b">", found.start()) + 1 or None]
    if MESSAGES[message].encode() not in start_tag:
        return None
    return Claim(100, f"the root element is {message} of TraceLink")
