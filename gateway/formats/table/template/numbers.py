"""Numbers for examples: right in form and check digit, and plainly made up."""

from __future__ import annotations

from gateway.gs1.check_digit import append

#: Company prefix of the examples in GS1's own documents, for mappings that name no prefix.
GS1_EXAMPLES = "0614141"
_GTIN, _SSCC, _GLN = 13, 17, 12


def gtin(prefix: str, reference: int) -> str:
    """A GTIN of 14 digits of a company."""
    return append("0" + _filled(prefix, reference, _GTIN - 1))


def sscc(prefix: str, extension: int, reference: int) -> str:
    """An SSCC of a company."""
    return append(f"{extension % 10}{_filled(prefix, reference, _SSCC - 1)}")


def gln(prefix: str, reference: int) -> str:
    """A GLN of a company."""
    return append(_filled(prefix, reference, _GLN))


def _filled(prefix: str, reference: int, length: int) -> str:
    """The prefix and a reference, counted down from the highest one: those are the last that a company uses."""
    room = length - len(prefix)
    return prefix + (str(10**room - 1 - reference % 10**room).zfill(room) if room > 0 else "")
