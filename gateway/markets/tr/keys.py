"""Identifiers of EPCIS as PTS writes them, and back.

PTS knows GTIN, serial number, SSCC and GLN as plain digits. EPCs that are built here are GS1 Digital Links: they
need no guess where the company prefix ends; writers spell them for their target.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from gateway.findings import NOWHERE, Findings, Where
from gateway.gs1 import check_digit, link_syntax
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import SGLN, SSCC, Parts
from gateway.markets.kit import keys
from gateway.markets.kit.keys import is_container, is_pack, parts_of
from gateway.markets.kit.keys import transaction_number as note_number
from gateway.markets.tr import rules

__all__ = ["is_container", "is_pack", "note_number", "parts_of"]

#: SN and BN of the ITS services.
NUMBER: Final = re.compile("[A-Z0-9]{1,20}")
GTIN_DIGITS: Final = 14
GLN_DIGITS: Final = 13
LABEL_DIGITS: Final = 20
LABEL_AI: Final = "00"
_PLAIN: Final = "!'()*+,-.;=_@$&"  # stand for themselves in a URN (RFC 8141); the rest is escaped


def label_of(parts: Parts) -> str:
    """The carrierLabel of an SSCC."""
    return LABEL_AI + parts.number


def gln_of(text: str) -> str:
    """The GLN of a party or place: SGLN or PGLN as URN or Digital Link, or 13 digits.

    Raises:
        Gs1Error: it names no GLN, or a wrong one.
    """
    return keys.gln_of(text, rules.GLN)


def note_id(gln: str, number: str) -> str:
    """CBV's business transaction id of a dispatch note (CBV 2.0, section 8.5.2)."""
    return f"urn:epcglobal:cbv:bt:{gln}:{quote(number, safe=_PLAIN)}"


def pack_epc(gtin: str, serial: str) -> str:
    """The Digital Link of a pack.

    Raises:
        Gs1Error: GTIN or serial number cannot be.
    """
    return link_syntax.build(link_syntax.split(f"{link_syntax.DOMAIN}/01/{gtin}/21/{link_syntax.escape(serial)}").parts)


def container_epc(label: str) -> str:
    """The Digital Link of a container, from its carrierLabel.

    Raises:
        Gs1Error: the label holds no SSCC.
    """
    return link_syntax.build(Parts(SSCC, checked_label(label), None))


def place_epc(gln: str) -> str:
    """The Digital Link of a party or place.

    Raises:
        Gs1Error: it is no GLN.
    """
    return link_syntax.build(Parts(SGLN, gln_of(gln), None))


def checked_label(label: str) -> str:
    """The SSCC in a carrierLabel.

    Raises:
        Gs1Error: it is not 00 and 18 digits, or the check digit is wrong.
    """
    digits = label.removeprefix(LABEL_AI)
    right = len(label) == LABEL_DIGITS and label.startswith(LABEL_AI) and check_digit.verify(digits)
    if not right:
        message = f"{label!r} is not 00 and an SSCC with a right check digit"
        expected = "00 and 18 digits"
        if len(label) == LABEL_DIGITS and label.startswith(LABEL_AI) and check_digit.is_digits(digits):
            expected = LABEL_AI + check_digit.append(digits[:-1])
        raise Gs1Error(rules.LABEL, message, value=label, expected=expected)
    return digits


def check_gln(gln: str, name: str, findings: Findings, where: Where = NOWHERE) -> None:
    """Report a GLN that is not 13 digits with a right check digit."""
    if len(gln) != GLN_DIGITS or not check_digit.verify(gln):
        message = f"{name} {gln!r} is not 13 digits with a right check digit"
        findings.report(rules.GLN, message, where=where, value=gln, expected="13 digits")


def check_number(number: str, name: str, findings: Findings, where: Where = NOWHERE) -> None:
    """Report a serial or lot number that ITS does not take."""
    if NUMBER.fullmatch(number) is None:
        message = f"{name} {number!r} is not 1 to 20 of A-Z and 0-9"
        findings.report(rules.CHARACTERS, message, where=where, value=number, expected="A-Z and 0-9, 1 to 20")
