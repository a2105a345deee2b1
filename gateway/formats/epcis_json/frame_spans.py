"""Where times, ids and objects stand in the text of an event in JSON (`gateway.formats.frames`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.formats.frames import Span

_FIELDS: Final = {
    "eventTime": "event_time",
    "recordTime": "record_time",
    "eventID": "event_id",
    "parentID": "parent_id",
    "epcList": "epc_list",
    "childEPCs": "child_epcs",
}
_SPACE: Final = r"[ \t\r\n]*+"
_VALUE: Final = re.compile(
    rf'"(?:(eventTime|recordTime|eventID|parentID)"{_SPACE}:{_SPACE}"([^"\\]*+)"'
    rf'|(epcList|childEPCs)"{_SPACE}:{_SPACE}\[([^\]\\]*+)\])'
)
_BLANKS: Final = " \t\r\n"


def spans(text: str, position: int, end: int) -> Iterator[Span]:
    """The values of an event whose text has no escapes, and whose keys stand in it once."""
    for match in _VALUE.finditer(text, position, end):
        if match[1]:
            yield Span(match.start(2), match.end(2), '"', _FIELDS[match[1]])
        else:
            yield Span(match.start(4), match.end(4), "]", _FIELDS[match[3]])


def objects(text: str) -> list[str] | None:
    """The strings of a list, given without its brackets; None when it has anything but plain strings."""
    parts = text.split('"')
    between = parts[2:-1:2]
    plain = between.count(",") == len(between) and len(parts) % 2 == 1
    if not plain and (len(parts) % 2 == 0 or any(part.strip(_BLANKS) != "," for part in between)):
        return None
    return None if parts[0].strip(_BLANKS) or parts[-1].strip(_BLANKS) else parts[1::2]


def plain(values: Sequence[str]) -> bool:
    """Whether no string has an escape in it. A decoder has seen already that there are no control characters."""
    return "\\" not in "".join(values)
