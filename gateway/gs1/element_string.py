"""GS1 element strings: the content of a barcode as application identifiers and values.

Three spellings are read: with brackets ``(01)09521321123453(21)A1``; as scanners send it, with the separator
FNC1 (ASCII 29) after values of variable length and perhaps a symbology identifier ``]d2`` before; and the bare
form that vendors print without separators, which is read only when it has exactly one meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.gs1 import application_identifiers as ais
from gateway.gs1 import bare, rules
from gateway.gs1.application_identifiers import DATES, NUMBERS, ApplicationIdentifier
from gateway.gs1.dates import is_date
from gateway.gs1.errors import Gs1Error
from gateway.gs1.validate import check_number

#: FNC1 as scanners send it (ASCII group separator).
FNC1 = "\x1d"

#: Symbology identifiers of the symbologies that carry GS1 element strings: DataMatrix, GS1-128, DataBar and
#: composite, QR, DotCode (GS1 General Specifications, section 5; ISO/IEC 15424).
SYMBOLOGIES = ("]d2", "]C1", "]e0", "]Q3", "]J1")

_BRACKET = re.compile(r"\(([0-9]{2,4})\)")


class Element(NamedTuple):
    """One application identifier with its value, verbatim."""

    ai: str
    value: str


def parse(text: str, *, order: Sequence[str] | None = None) -> tuple[Element, ...]:
    """Read an element string in any of its spellings.

    Args:
        text: the content of a barcode.
        order: the application identifiers that the writer of a bare form uses, all of them in this order, e.g.
            ``("01", "21", "17", "10")``. Has no effect on the other spellings.

    Raises:
        Gs1Error: GS1-ES-01 to -05 and rules of the keys (check digits).
    """
    if text.startswith("("):
        elements = _brackets(text)
    elif text.startswith((FNC1, *SYMBOLOGIES)) or FNC1 in text:
        elements = _separated(text)
    else:
        elements = [Element(*pair) for pair in bare.read(text, order)]
    return _checked(elements, text)


def with_brackets(elements: Iterable[Element]) -> str:
    """Write the form for people, ``(01)...(21)...``.

    Raises:
        Gs1Error: GS1-ES-04, a value holds a bracketed number, so that nobody could read the result back.
    """
    out = []
    for ai, value in elements:
        if _BRACKET.search(value):
            message = f"the value {value!r} of ({ai}) holds what looks like an application identifier"
            raise Gs1Error(rules.ELEMENTS_AMBIGUOUS, message, value=value, expected="a form with FNC1 instead")
        out.append(f"({ai}){value}")
    return "".join(out)


def with_fnc1(elements: Iterable[Element], prefix: str = "") -> str:
    """Write the form of scanners: a separator after each value of variable length but the last.

    Args:
        elements: what to write, in this order.
        prefix: what stands before, e.g. the symbology identifier ``]d2``.
    """
    out, pending = [prefix], ""
    for ai, value in elements:
        known = _known(ai, value)
        out.append(f"{pending}{ai}{value}")
        pending = FNC1 if known.variable else ""
    return "".join(out)


def _brackets(text: str) -> list[Element]:
    marks = list(_BRACKET.finditer(text))
    if not marks or marks[0].start():
        message = f"{text!r} does not begin with an application identifier in brackets"
        raise Gs1Error(rules.ELEMENTS_FORM, message, value=text, expected="(01)...")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [Element(mark[1], text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def _separated(text: str) -> list[Element]:
    """Read the spelling with separators: a value of variable length ends at the separator or at the end."""
    rest = text[3:] if text.startswith(SYMBOLOGIES) else text
    rest = rest.removeprefix(FNC1)
    elements = []
    while rest:
        known = ais.at_start(rest)
        if known is None:
            raise _unknown(rest[:4], text)
        field, _, _ = rest.partition(FNC1)
        if not known.variable:
            field = _fixed(known, field)
        elements.append(Element(known.code, field[len(known.code) :]))
        # A separator behind a value of fixed length is superfluous but allowed.
        rest = rest[len(field) :].removeprefix(FNC1)
    return elements


def _fixed(known: ApplicationIdentifier, field: str) -> str:
    """The beginning of `field` that is the identifier and its value of fixed length."""
    start = len(known.code)
    ends = (end for end in range(start + 1, len(field) + 1) if known.accepts(field[start:end]))
    # Without any, the whole field is taken and refused with its value.
    return field[: next(ends, len(field))]


def _checked(elements: list[Element], text: str) -> tuple[Element, ...]:
    if not elements:
        raise Gs1Error(rules.ELEMENTS_FORM, f"{text!r} holds no element", value=text, expected="(01)...")
    seen: dict[str, str] = {}
    for ai, value in elements:
        known = _known(ai, text)
        if not known.accepts(value) or (ai in DATES and not is_date(value)):
            message = f"the value {value!r} of ({ai}) {known.title} does not have the form {known.form}"
            raise Gs1Error(rules.ELEMENTS_VALUE, message, value=value, expected=known.form)
        scheme = NUMBERS.get(ai)
        if scheme is not None:
            check_number(scheme, value)
        if seen.setdefault(ai, value) != value:
            message = f"({ai}) stands in {text!r} with the values {seen[ai]!r} and {value!r}"
            raise Gs1Error(rules.ELEMENTS_TWICE, message, value=value, expected=seen[ai])
    return tuple(dict.fromkeys(elements))


def _known(ai: str, text: str) -> ApplicationIdentifier:
    known = ais.by_code(ai)
    if known is None:
        raise _unknown(ai, text)
    return known


def _unknown(ai: str, text: str) -> Gs1Error:
    message = f"{text!r} has {ai!r} where an application identifier was expected"
    return Gs1Error(rules.ELEMENTS_AI, message, value=text, expected="an application identifier of GS1")
