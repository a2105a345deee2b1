"""Where times, ids and objects stand in the text of an event in JSON (`gateway.formats.frames`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.formats.frames import FIELDS, Items, Notation, Span

_SPACE: Final = r"[ \t\r\n]*+"
_VALUE: Final = re.compile(
    rf'"(?:(eventTime|recordTime|eventID|parentID)"{_SPACE}:{_SPACE}"([^"\\]*+)"'
    rf'|(epcList|childEPCs)"{_SPACE}:{_SPACE}\[([^\]\\]*+)\])'
)
_ITEMS: Final = re.compile(
    rf'({_SPACE}")[^"]*+(?:("{_SPACE},{_SPACE}")[^"]*+(?:\2[^"]*+)*)?("{_SPACE})',
)


def _spans(text: str) -> Iterator[Span]:
    """The values of an event whose text has no escapes, and whose keys stand in it once."""
    for match in _VALUE.finditer(text):
        if match[1]:
            yield Span(match.start(2), match.end(2), FIELDS[match[1]])
        else:
            yield Span(match.start(4), match.end(4), FIELDS[match[3]], "]")


def _items(text: str) -> Items | None:
    """How a list of strings is written, given without its brackets; None when in more than one way."""
    match = _ITEMS.fullmatch(text)
    return None if match is None else Items(match[1], match[2] or '","', match[3])


def _plain(objects: list[str]) -> bool:
    text = "".join(objects)
    return '"' not in text and "\\" not in text


#: Of JSON of which a decoder has seen that there are no control characters in strings.
NOTATION: Final = Notation(_spans, _items, r'[^"\\]++', _plain)
