"""The disposition: the words in which a receipt (MDN) says what became of a message.

RFC 4130, 7.4.3 and 7.5: ``automatic-action/MDN-sent-automatically; processed/error: decryption-failed``. Written
exactly; read with any spacing, any case, and without the mode if a peer leaves it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MODE = "automatic-action/MDN-sent-automatically"

_TYPE = re.compile(
    r"(?P<type>processed|failed|displayed|deleted|denied)\s*(?:/\s*(?P<rest>.*))?", re.IGNORECASE | re.DOTALL
)
_SEVERITY = re.compile(
    r"(?P<severity>error|warning|failure)\s*(?:[:;,]\s*(?P<modifier>.*))?", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of a message.

    Attributes:
        type: ``processed`` or ``failed``; other words of RFC 3798 are read and never written.
        severity: ``error``, ``warning``, ``failure`` or nothing.
        modifier: the reason, e.g. ``decryption-failed``.
    """

    type: str
    severity: str = ""
    modifier: str = ""

    @property
    def good(self) -> bool:
        """Whether the receiver has the message and will use it. A warning is good, all else is not."""
        return self.type == "processed" and self.severity in {"", "warning"}

    def __str__(self) -> str:
        reason = f"/{self.severity}: {self.modifier}" if self.severity else ""
        return f"{MODE}; {self.type}{reason}"


PROCESSED = Disposition("processed")
DUPLICATE = Disposition("processed", "warning", "duplicate-document")


def parse(value: str) -> Disposition:
    """Read the Disposition field of a receipt.

    Raises:
        ValueError: it holds no disposition type that is known.
    """
    mode, semicolon, rest = value.partition(";")
    text = " ".join((rest if semicolon and "/" in mode and not _TYPE.match(mode.strip()) else value).split())
    found = _TYPE.fullmatch(text)
    if not found:
        message = f"{value[:100]!r} is no disposition"
        raise ValueError(message)
    type_, rest = found["type"].lower(), (found["rest"] or "").strip()
    if not rest:
        return Disposition(type_)
    reason = _SEVERITY.fullmatch(rest)
    if not reason:
        # A modifier of its own, e.g. "processed/superseded": nothing that says that the message is in use.
        return Disposition(type_, "error", rest[:200])
    return Disposition(type_, reason["severity"].lower(), (reason["modifier"] or "").strip()[:200])
