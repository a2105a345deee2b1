"""Identifiers of EPCIS as MDLP writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lxml import etree

from gateway.findings import Findings, Where
from gateway.gs1 import link_syntax
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.keys import is_container, is_pack, parts_of
from gateway.markets.ru import rules

SGTIN, SSCC = "sgtin", "sscc"
GTIN_DIGITS: Final = 14
_SERIAL: Final = re.compile("[0-9A-Za-z]{13}")


class Item(NamedTuple):
    """One object in a document: element name, and the text in it; and its EPC."""

    tag: str
    text: str
    epc: str


def items(epcs: Iterable[str], findings: Findings, where: Where) -> Iterator[Item]:
    """The objects in MDLP's spelling. Whatever cannot be spelt is reported and left out."""
    for epc in epcs:
        item = item_of(epc, findings, where)
        if item is not None:
            yield item


def item_of(epc: str, findings: Findings, where: Where) -> Item | None:
    """One object in MDLP's spelling; None, and a finding, for what MDLP does not take."""
    try:
        parts = parts_of(epc)
    except Gs1Error as error:
        findings.add(error.finding(where))
        return None
    if is_container(parts):
        return Item(SSCC, parts.number, epc)
    if not is_pack(parts):
        message = f"{epc} is neither a pack nor a container"
        findings.report(rules.IDENTIFIER, message, where=where, value=epc, expected="SGTIN or SSCC")
        return None
    serial = parts.serial or ""
    if not _SERIAL.fullmatch(serial):
        message = f"the serial number {serial!r} is not 13 letters and digits"
        findings.report(rules.SERIAL, message, where=where, value=serial, expected="13 of A-Z, a-z and 0-9")
        return None
    return Item(SGTIN, parts.number + serial, epc)


def epc_of(node: etree._Element) -> str:
    """The Digital Link of an ``sgtin`` or ``sscc`` element."""
    return (sgtin_epc if node.tag == SGTIN else sscc_epc)(node.text or "")


def sgtin_epc(text: str) -> str:
    """The Digital Link of a pack, of its 27 characters: it needs no guess where the company prefix ends."""
    return f"{link_syntax.DOMAIN}/01/{text[:GTIN_DIGITS]}/21/{text[GTIN_DIGITS:]}"


def sscc_epc(text: str) -> str:
    """The Digital Link of a container."""
    return f"{link_syntax.DOMAIN}/00/{text}"


def place_epc(gln: str) -> str:
    """The Digital Link of a place or party."""
    return f"{link_syntax.DOMAIN}/414/{gln}"


def offset(time: str) -> str:
    """The zone of a time with zone as ``+hh:mm``."""
    return f"{time[-6:]}" if time[-6:-5] in ("+", "-") else "+00:00"
