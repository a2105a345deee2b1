"""Numbers that are never floats: JSON number text on the way in, and on the way out."""

from __future__ import annotations

import re

from msgspec import Raw

LEGAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECIMAL = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?((?:[eE][+-]?[0-9]+)?)")


class Number(str):
    """The text of a JSON number, exactly as read."""

    __slots__ = ()


def written(text: str) -> Raw | None:
    """A number of the model as JSON: verbatim when it is a legal JSON number, else respelt (``+5``, ``.5``, ``05``).

    Returns:
        None when the text is no number at all.
    """
    if LEGAL.fullmatch(text):
        return Raw(text.encode("ascii"))
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[3] or text.strip().lstrip("+-").startswith("0")):
        return None
    sign = "-" if match[1] == "-" else ""
    fraction = f".{match[3]}" if match[3] else ""
    return Raw(f"{sign}{match[2] or '0'}{fraction}{match[4]}".encode("ascii"))
