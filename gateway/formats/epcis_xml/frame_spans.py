"""Where times, ids and objects stand in the text of a plain event in XML (`gateway.formats.frames`)."""

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
_VALUE: Final = re.compile(
    r"<(eventTime|recordTime|eventID|parentID)>([^<]*+)<|<(epcList|childEPCs)>((?:[^<]|</?epc>)*+)</(?:epcList|childEPCs)>"
)
#: What a plain value is made of: printable ASCII without space, ``&``, ``<`` and ``>``.
_PLAIN: Final = bytes(set(range(0x21, 0x7F)) - set(b"&<>"))
_BLANKS: Final = " \t\r\n"
_START, _END = "<epc>", "</epc>"


def spans(text: str, position: int, end: int) -> Iterator[Span]:
    """The values of an event that a pattern has matched as a whole (`gateway.formats.epcis_xml.read_plain`)."""
    for match in _VALUE.finditer(text, position, end):
        if match[1]:
            yield Span(match.start(2), match.end(2), "<", _FIELDS[match[1]])
        else:
            yield Span(match.start(4), match.end(4), f"</{match[3]}>", _FIELDS[match[3]])


def objects(text: str) -> list[str] | None:
    """The identifiers of a list of ``epc`` elements; None when something else stands between them."""
    before, _, rest = text.partition(_START)
    end = rest.find(_END)
    separator = rest[end : rest.find(_START, end) + len(_START)]
    if separator.startswith(_END):
        if separator[len(_END) : -len(_START)].strip(_BLANKS):
            return None
        found = rest.split(separator)
        found[-1], _, after = found[-1].partition(_END)
    else:
        one, _, after = rest.partition(_END)
        found = [one]
    return None if end < 0 or before.strip(_BLANKS) or after.strip(_BLANKS) else found


def plain(values: Sequence[str]) -> bool:
    """Whether all values are what a plain event may hold."""
    text = "".join(values)
    return text.isascii() and not text.encode().translate(None, _PLAIN) and "" not in values
