"""Serial numbers in a message, with the attributes that their elements may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.epcis.element import Element
from gateway.findings import Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.keys import KeyReader
from gateway.formats.tracelink.names import PREFIXES, SERIAL_FORMATS
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.tree import node_name
from gateway.formats.xml_input import Node

_AI: Final = 2
_KEY: Final = {"01": 14, "00": 18}

Attributes = tuple[tuple[str, str], ...]


class Written(NamedTuple):
    """A serial number as it stands in a message.

    Attributes:
        text: the serial number.
        prefix: its companyPrefix; empty when there is none.
        attributes: what else its element says. Format and company prefix that the key says itself are not among them.
    """

    text: str
    prefix: str
    attributes: Attributes


def read_serial(node: Node, reading: Reading) -> Written:
    """A serial number from its element."""
    if len(node):
        message = f"{node_name(node)} holds {node_name(node[0]) or node[0].tag}"
        reading.findings.report(rules.PLAIN, message, where=reading.where(node))
    reading.lose_tail(node)
    text = (node.text or "").strip()
    items = node.items()
    if not items:
        return Written(text, "", ())
    prefix = str(node.get("companyPrefix", ""))
    ai = text[:_AI]
    number = text[_AI : _AI + _KEY.get(ai, 0)]
    kept = []
    for name, value in items:
        said = (name == "format" and value == SERIAL_FORMATS.get(ai)) or (
            name == "companyPrefix" and KeyReader.fits(number, str(value))
        )
        if not said:
            kept.append((str(name), str(value)))
    return Written(text, prefix, tuple(kept))


def epcs_of(serials: Iterable[Written], reading: Reading, where: Where, prefix: str = "") -> list[str]:
    """The EPCs of serial numbers. Wrong ones are reported and left out.

    Args:
        serials: as they stand in the message.
        reading: the state of reading.
        where: place of their event.
        prefix: company prefix of those that say none.
    """
    found = []
    keys = reading.keys
    for serial in serials:
        said = serial.prefix or (prefix if prefix and keys.fits(serial.text[_AI:], prefix) else "")
        epc = keys.epc(serial.text, said, where)
        if epc is not None:
            found.append(epc)
    return found


def shells(name: str, serials: list[Written]) -> list[Element]:
    """What the elements of serial numbers say besides: one element when all say the same, else one for each."""
    kinds = dict.fromkeys(serial.attributes for serial in serials)
    if len(kinds) > 1:
        return [_shell(name, serial.attributes) for serial in serials]
    return [_shell(name, attributes) for attributes in kinds if attributes]


def _shell(name: str, attributes: Attributes) -> Element:
    uri = name[1:].rpartition("}")[0]
    return Element(name, attributes=list(attributes), prefix=PREFIXES.get(uri, ""))
