"""The GS1 check digit (GS1 General Specifications, section 7.9): modulo 10, weights 3 and 1 from the right."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65536)
def compute(payload: str) -> str:
    """The check digit for `payload`, the digits of a key without it.

    Cached, because a file repeats few GTINs and GLNs very often.

    Raises:
        ValueError: `payload` is not made of ASCII digits.
    """
    if not is_digits(payload):
        message = f"{payload!r} is not made of digits"
        raise ValueError(message)
    digits = payload.encode()[::-1]
    # The codes of "0" to "9" end in their digit plus 48; sums of bytes are quicker than int() per character.
    total = 3 * (sum(digits[::2]) - 48 * len(digits[::2])) + sum(digits[1::2]) - 48 * len(digits[1::2])
    return str(-total % 10)


def append(payload: str) -> str:
    """`payload` followed by its check digit."""
    return payload + compute(payload)


def verify(key: str) -> bool:
    """Whether `key` ends with the right check digit. False for anything that is not all digits."""
    return len(key) > 1 and is_digits(key) and compute(key[:-1]) == key[-1]


def is_digits(text: str) -> bool:
    """Whether `text` consists of the ASCII digits 0 to 9 (``str.isdigit`` also accepts others), at least one."""
    return text.isascii() and text.isdigit()
