"""Where times, ids and objects stand in the text of a plain event in XML (`gateway.formats.frames`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.formats.frames import FIELDS, Items, Notation, Span

_VALUE: Final = re.compile(
    r"<(eventTime|recordTime|eventID|parentID)>([^<]*+)<|<(epcList|childEPCs)>((?:[^<]|</?epc>)*+)</(?:epcList|childEPCs)>"
)
_ITEMS: Final = re.compile(r"([ \t\r\n]*<epc>)[^<]*+(?:(</epc>[ \t\r\n]*<epc>)[^<]*+(?:\2[^<]*+)*)?(</epc>[ \t\r\n]*)")
#: What a plain value is made of: printable ASCII without space, ``&``, ``<`` and ``>``.
_PLAIN: Final = bytes(set(range(0x21, 0x7F)) - set(b"&<>"))


def _spans(text: str) -> Iterator[Span]:
    """The values of an event that a pattern has matched as a whole (`gateway.formats.epcis_xml.read_plain`)."""
    for match in _VALUE.finditer(text):
        if match[1]:
            yield Span(match.start(2), match.end(2), FIELDS[match[1]])
        else:
            yield Span(match.start(4), match.end(4), FIELDS[match[3]], f"</{match[3]}>")


def _items(text: str) -> Items | None:
    """How a list of ``epc`` elements is written; None when it is written in more than one way."""
    match = _ITEMS.fullmatch(text)
    return None if match is None else Items(match[1], match[2] or "</epc><epc>", match[3])


def _plain(objects: list[str]) -> bool:
    text = "".join(objects)
    return text.isascii() and not text.encode().translate(None, _PLAIN)


NOTATION: Final = Notation(_spans, _items, "[!-%'-;=?-~]++", _plain)
