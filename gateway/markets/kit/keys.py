"""Identifiers of EPCIS as regulators write them: plain digits and serial numbers."""

from __future__ import annotations

from urllib.parse import unquote

from gateway.findings import Rule
from gateway.gs1 import check_digit, link_syntax, urn_syntax
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import GDTI, PGLN, SGLN, SGTIN, SSCC, Parts


def parts_of(text: str) -> Parts:
    """Take an EPC URN or a GS1 Digital Link apart.

    Raises:
        Gs1Error: it is neither, or a part of it is wrong.
    """
    return urn_syntax.split(text) if text.startswith("urn:") else link_syntax.split(text).parts


def is_pack(parts: Parts) -> bool:
    """Whether it is one instance of a trade item (SGTIN)."""
    return parts.scheme is SGTIN and parts.serial is not None


def is_container(parts: Parts) -> bool:
    """Whether it is an SSCC."""
    return parts.scheme is SSCC


def gln_of(text: str, rule: Rule) -> str:
    """The GLN of a party or place: SGLN or PGLN as URN or Digital Link, or 13 digits.

    Args:
        text: the identifier.
        rule: the market's rule about parties, for an identifier that is no GLN.

    Raises:
        Gs1Error: it names no GLN, or a wrong one.
    """
    if check_digit.is_digits(text):
        parts = link_syntax.split(f"{link_syntax.DOMAIN}/{SGLN.ai}/{text}").parts
    else:
        parts = parts_of(text)
    if parts.scheme not in (SGLN, PGLN):
        message = f"{text!r} is {parts.scheme.title}, expected was a GLN"
        raise Gs1Error(rule, message, value=text, expected="SGLN, PGLN or 13 digits")
    return parts.number


def transaction_number(text: str) -> str | None:
    """The number of a business document in a business transaction id, None when it cannot be told.

    Read are CBV's ``urn:epcglobal:cbv:bt:<GLN>:<number>``, a GDTI with a serial number, and plain numbers.
    """
    if text.startswith("urn:epcglobal:cbv:bt:"):
        _, _, number = text.removeprefix("urn:epcglobal:cbv:bt:").partition(":")
        return unquote(number) or None
    if text.startswith("urn:epc:id:gdti:") or link_syntax.is_web_uri(text):
        try:
            parts = parts_of(text)
        except Gs1Error:
            return None
        return parts.serial if parts.scheme is GDTI else None
    return text if text and ":" not in text else None
