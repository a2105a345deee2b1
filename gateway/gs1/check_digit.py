"""The GS1 check digit (GS1 General Specifications, section 7.9): modulo 10, weights 3 and 1 from the right."""

from __future__ import annotations

from functools import lru_cache

_SHORT = 13


def compute(payload: str) -> str:
    """The check digit for `payload`, the digits of a key without it.

    Raises:
        ValueError: `payload` is not made of ASCII digits.
    """
    # A file repeats few GTINs and GLNs very often, while hardly an SSCC occurs twice.
    return _computed_before(payload) if len(payload) <= _SHORT else _compute(payload)


def _compute(payload: str) -> str:
    if not is_digits(payload):
        message = f"{payload!r} is not made of digits"
        raise ValueError(message)
    digits = payload.encode()[::-1]
    threes, ones = digits[::2], digits[1::2]
    # The code of a digit is the digit plus 48; sums of bytes are quicker than int() for each character.
    return str(-(3 * (sum(threes) - 48 * len(threes)) + sum(ones) - 48 * len(ones)) % 10)


_computed_before = lru_cache(maxsize=65536)(_compute)


def append(payload: str) -> str:
    """`payload` followed by its check digit."""
    return payload + compute(payload)


def verify(key: str) -> bool:
    """Whether `key` ends with the right check digit. False for anything that is not all digits."""
    return len(key) > 1 and is_digits(key) and compute(key[:-1]) == key[-1]


def is_digits(text: str) -> bool:
    """Whether `text` consists of the ASCII digits 0 to 9 (``str.isdigit`` also accepts others), at least one."""
    return text.isascii() and text.isdigit()
