"""A small message to try a connection with. Every AS2 system answers it; this gateway keeps it from the exchange."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.transports.as2_http.store import Entry

NAME = "as2-ping.txt"
_TEXT = "A test of the AS2 connection. It holds no business data, and nothing has to be done.\r\n"
_FORM = re.compile(rf"gateway-as2-ping [0-9a-f]{{32}}\r\n{re.escape(_TEXT)}".encode("ascii"))
_SIZE = 200


def content(number: str) -> bytes:
    """The file that is sent.

    Args:
        number: 32 hexadecimal digits, others each time.
    """
    return f"gateway-as2-ping {number}\r\n{_TEXT}".encode("ascii")


def is_ping(entry: Entry, record: Mapping[str, Any]) -> bool:
    """Whether a message that came in is such a test and nothing else: one file of exactly this form."""
    payloads = record["payloads"]
    if len(payloads) != 1 or payloads[0]["size"] > _SIZE or not entry.has(payloads[0]["file"]):
        return False
    region = entry.region(payloads[0]["file"])
    return _FORM.fullmatch(region.slice(0, region.size)) is not None
