"""Proves the content of a barcode by the rules of GS1: form, application identifiers, check digits."""

from __future__ import annotations

import re

from gateway import gs1
from gateway.formats.scan.symbols import Symbol
from gateway.gs1.element_string import FNC1, SYMBOLOGIES, with_fnc1

#: What GS1 data looks like that lacks its mark: a GTIN or an SSCC, then more.
_LOOKS_LIKE = re.compile(r"\(?0[01]\)?[0-9]{14}")
_AI = re.compile(r"[0-9]{2,4}")


def elements(symbol: Symbol) -> tuple[gs1.Element, ...] | None:
    """The application identifiers of a GS1 code with their values, verbatim; None when it is no GS1 code.

    Raises:
        Gs1Error: it is one, and wrong.
    """
    if symbol.identifier in SYMBOLOGIES:
        return gs1.parse_element_string(symbol.content)
    link = gs1.read_digital_link(symbol.text)
    if link is None:
        return None
    extras = [gs1.Element(ai, value) for ai, value in link.extras if _AI.fullmatch(ai)]
    return gs1.parse_element_string(with_fnc1([*gs1.parse_element_string(link.key.as_element_string()), *extras], FNC1))


def looks_like_gs1(symbol: Symbol) -> bool:
    """Whether a code that is no GS1 code holds what looks like GS1 data: its printer forgot FNC1."""
    return _LOOKS_LIKE.match(symbol.text.lstrip(FNC1)) is not None
