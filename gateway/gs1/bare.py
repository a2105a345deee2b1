"""Element strings without brackets and separators, as vendors print and export them: ``01<14>21<...>17<6>10<...>``.

A serial or lot number of variable length could end anywhere. All readings are tried; the text is taken only when
exactly one is possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from gateway.gs1 import application_identifiers as ais
from gateway.gs1 import rules
from gateway.gs1.application_identifiers import DATES, NUMBERS, ApplicationIdentifier
from gateway.gs1.check_digit import verify
from gateway.gs1.dates import is_date
from gateway.gs1.errors import Gs1Error

#: What stands on medicine packs, cases and pallets. Others are not looked for without separators: each more
#: makes more serial numbers ambiguous. What an identifier needs beside it (section 4.13 of the General
#: Specifications) keeps the readings few.
_USUAL: dict[str, tuple[str, ...]] = {
    "00": (),
    "01": (),
    "02": (),
    "10": ("01", "02"),
    "11": ("01", "02"),
    "13": ("01", "02"),
    "15": ("01", "02"),
    "17": ("01", "02"),
    "21": ("01",),
    "37": ("02",),
    **{str(code): ("01",) for code in range(710, 718)},
}
_LONGEST = 200

Pair = tuple[str, str]


def read(text: str, order: Sequence[str] | None = None) -> list[Pair]:
    """Read a bare element string.

    Args:
        text: identifiers and values without anything between them.
        order: the identifiers that the writer uses, all of them in this order; None when that is not known.

    Raises:
        Gs1Error: GS1-ES-01 no reading is possible, GS1-ES-04 more than one is.
    """
    found = list(islice(_readings(text, 0, (), order), 2)) if len(text) <= _LONGEST else []
    if not found:
        wanted = f" as {' '.join(order)}" if order else ""
        message = f"{text!r} cannot be read{wanted} without separators"
        raise Gs1Error(rules.ELEMENTS_FORM, message, value=text, expected="01, 14 digits, 21, serial number")
    if len(found) > 1:
        shown = " or ".join("".join(f"({ai}){value}" for ai, value in reading) for reading in found)
        message = f"{text!r} can be {shown}"
        raise Gs1Error(rules.ELEMENTS_AMBIGUOUS, message, value=text, expected="a text with one reading")
    return list(found[0])


def _readings(text: str, at: int, before: tuple[Pair, ...], order: Sequence[str] | None) -> Iterator[tuple[Pair, ...]]:
    """All ways to read `text` from position `at` on, after what was read before."""
    if at == len(text):
        if before and (order is None or len(before) == len(order)):
            yield before
        return
    known = _next(text, at, before, order)
    if known is None:
        return
    start = at + len(known.code)
    for end in range(start + 1, len(text) + 1):
        value = text[start:end]
        if _fits(known, value):
            yield from _readings(text, end, (*before, (known.code, value)), order)


def _next(text: str, at: int, before: tuple[Pair, ...], order: Sequence[str] | None) -> ApplicationIdentifier | None:
    """The identifier that may stand at position `at`."""
    if order is not None:
        if len(before) == len(order) or not text.startswith(order[len(before)], at):
            return None
        return ais.by_code(order[len(before)])
    known = ais.at_start(text[at : at + 4])
    if known is None or known.code not in _USUAL:
        return None
    present = {ai for ai, _ in before}
    needs = _USUAL[known.code]
    return None if known.code in present or (needs and present.isdisjoint(needs)) else known


def _fits(known: ApplicationIdentifier, value: str) -> bool:
    if not known.accepts(value):
        return False
    if known.code in DATES:
        return is_date(value)
    return known.code not in NUMBERS or verify(value)
