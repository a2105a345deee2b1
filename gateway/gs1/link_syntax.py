"""GS1 Digital Link URIs: text to `Parts` and back (GS1 Digital Link: URI Syntax, section 4).

Read: any domain, any path before the key, the short names of older versions (``/gtin/``, ``/ser/``), GTINs of
8, 12 and 13 digits. Written: ``https://id.gs1.org``, application identifiers, 14 digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from gateway.gs1 import rules, schemes
from gateway.gs1.check_digit import is_digits
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import Layout, Parts, Scheme
from gateway.gs1.validate import check_number, check_serial

DOMAIN = "https://id.gs1.org"
_DOMAINS = ("https://id.gs1.org/", "http://id.gs1.org/")

#: Orders in which key qualifiers may follow a key; the standard's grammar, rules ``gtin-path`` and following.
_QUALIFIERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "414": (("254",), ("7040",)),
    "417": (("7040",),),
    "8017": (("8019",),),
    "8018": (("8019",),),
    "8010": (("8011",),),
    "8004": (("7040",),),
}
_NAMES = {
    "gtin": "01",
    "itip": "8006",
    "cpid": "8010",
    "gln": "414",
    "party": "417",
    "gsrnp": "8017",
    "gsrn": "8018",
    "gcn": "255",
    "sscc": "00",
    "gdti": "253",
    "ginc": "401",
    "gsin": "402",
    "grai": "8003",
    "giai": "8004",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "cpsn": "8011",
    "glnx": "254",
    "srin": "8019",
}
_BY_AI: dict[str, list[Scheme]] = {}
for _scheme in schemes.SCHEMES:
    _BY_AI.setdefault(_scheme.ai, []).append(_scheme)

#: Table 7-1 of the standard, and what RFC 3986 forbids in a path. The rest of set 82 stands for itself.
_TO_LINK = str.maketrans({char: f"%{ord(char):02X}" for char in '! #%&()*+,/:"<>?'})
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_SHORT_GTINS = (8, 12, 13)
_SHORTEST_PREFIX = re.compile("[0-9]{6}")


class Link(NamedTuple):
    """A Digital Link taken apart.

    Attributes:
        parts: the key.
        stem: scheme, domain and path before the key.
        extras: key qualifiers and query parameters that are not part of the key, in order, decoded.
        fragment: what stands behind ``#``.
    """

    parts: Parts
    stem: str
    extras: tuple[tuple[str, str], ...]
    fragment: str


def escape(text: str) -> str:
    """`text` as it stands in a path segment of a Digital Link."""
    return text.translate(_TO_LINK)


def build(parts: Parts, stem: str = DOMAIN) -> str:
    """Write the Digital Link of checked parts."""
    scheme = parts.scheme
    value = escape(scheme.filler + parts.number)
    if parts.serial is None:
        return f"{stem}/{scheme.ai}/{value}"
    if not scheme.serial_ai:
        return f"{stem}/{scheme.ai}/{value}{escape(parts.serial)}"
    return f"{stem}/{scheme.ai}/{value}/{scheme.serial_ai}/{escape(parts.serial)}"


def is_web_uri(text: str) -> bool:
    """Whether `text` is an http or https URI."""
    return text.startswith(("https://", "http://"))


def split(link: str) -> Link:
    """Take a Digital Link apart and check every part.

    Raises:
        Gs1Error: GS1-DL-01 to -03 and the scheme's rules.
    """
    found = find(link, strict=True)
    if found is None:  # pragma: no cover - strict mode raises
        raise _no_link(link)
    return found


def find(link: str, *, strict: bool = False) -> Link | None:
    """Take a Digital Link apart; None when `link` is another kind of web address and not `strict`.

    On a domain other than GS1's own a path like ``/00/door`` is nobody's mistake: it is no Digital Link.
    A path that has the key's form there but a wrong check digit or serial number is one, and wrong.

    Raises:
        Gs1Error: GS1-DL-01 to -03 and the scheme's rules.
    """
    strict = strict or link.startswith(_DOMAINS)
    if not is_web_uri(link):
        if strict:
            raise _no_link(link)
        return None
    # urlsplit would drop line ends and blanks in silence; they must reach the checks.
    rest, _, fragment = link.partition("#")
    address, _, query = rest.partition("?")
    domain_end = address.find("/", address.index("//") + 2)
    segments = address[domain_end + 1 :].split("/") if domain_end >= 0 else []
    error: Gs1Error | None = None
    for at, segment in enumerate(segments[:-1]):
        ai, behind = _NAMES.get(segment, segment), segments[at + 1 :]
        if ai not in _BY_AI or not (strict or _has_form(ai, behind)):
            continue
        try:
            parts, extras = _read_path(ai, behind, link)
        except Gs1Error as wrong:
            # A later segment may still be the key: /01/ can stand in the path before it.
            error = error or wrong
            continue
        stem = address[: len(address) - len("/".join(segments[at:])) - 1]
        extras += parse_qsl(query, keep_blank_values=True)
        return Link(parts, stem, tuple(extras), fragment)
    if error is not None:
        raise error
    if strict:
        raise _no_link(link)
    return None


def _read_path(ai: str, segments: list[str], link: str) -> tuple[Parts, list[tuple[str, str]]]:
    """Read the segments from the key's value on; gives the key and the qualifiers that are not part of it."""
    qualifiers = _qualifiers(ai, segments[1:], link)
    parts, used = read_key(ai, _decode(segments[0], link), qualifiers)
    return parts, [(name, value) for name, value in qualifiers.items() if name != used]


def read_key(ai: str, value: str, qualifiers: Mapping[str, str]) -> tuple[Parts, str]:
    """The key in the value of a primary application identifier and in one of the other identifiers beside it.

    Returns:
        the key, and the identifier of its serial part ("" when it has none of its own).

    Raises:
        Gs1Error: under the scheme's rules.
    """
    choices = _BY_AI[ai]
    # The scheme that says most: a serial number comes before a lot number.
    scheme = next((scheme for scheme in choices if scheme.serial_ai in qualifiers), choices[0])
    number, tail = _key_value(scheme, value)
    if scheme.serial_ai and tail:
        expected = f"{scheme.length + sum(scheme.extra)} digits"
        raise Gs1Error(scheme.form, f"{value!r} is not {expected}", value=value, expected=expected)
    check_number(scheme, number)
    serial = qualifiers.get(scheme.serial_ai) if scheme.serial_ai else tail
    if serial == scheme.none:
        serial = None
    check_serial(scheme, serial)
    return Parts(scheme, number, serial), scheme.serial_ai


def _qualifiers(ai: str, segments: list[str], link: str) -> dict[str, str]:
    if len(segments) % 2:
        message = f"the path of {link!r} does not consist of pairs"
        raise Gs1Error(rules.LINK_FORM, message, value=link, expected="application identifier and value in turn")
    names = [_NAMES.get(name, name) for name in segments[::2]]
    orders = _QUALIFIERS.get(ai, ((),))
    # A sequence is allowed when what is left of an order after dropping the absent ones is this sequence.
    if not any(names == [name for name in order if name in names] for order in orders):
        expected = " or ".join(", ".join(order) or "no qualifier" for order in orders)
        message = f"the key {ai} of {link!r} is followed by {', '.join(names)}"
        raise Gs1Error(rules.LINK_QUALIFIER, message, value=link, expected=expected)
    return {name: _decode(value, link) for name, value in zip(names, segments[1::2], strict=True)}


def _key_value(scheme: Scheme, value: str) -> tuple[str, str | None]:
    """Split a key's value into number and what follows it in the same application identifier."""
    if scheme.layout is Layout.TEXT:
        return value, None
    if scheme.ai == schemes.SGTIN.ai and len(value) in _SHORT_GTINS and is_digits(value):
        return value.zfill(scheme.length), None
    if not value.startswith(scheme.filler):
        expected = f"{scheme.filler} before the {scheme.title}"
        raise Gs1Error(scheme.form, f"{value!r} does not begin with {scheme.filler}", value=value, expected=expected)
    value = value[len(scheme.filler) :]
    length = scheme.length + sum(scheme.extra)
    return value[:length], value[length:] or None


def _decode(segment: str, link: str) -> str:
    if "%" not in segment:
        return segment
    wrong = _BAD_ESCAPE.search(segment)
    if wrong:
        escape_read = segment[wrong.start() : wrong.start() + 3]
        message = f"{segment!r} has the escape {escape_read!r}"
        raise Gs1Error(rules.LINK_ESCAPE, message, value=link, expected="% and two hexadecimal digits")
    return unquote(segment, errors="surrogateescape")


def _has_form(ai: str, segments: list[str]) -> bool:
    """Whether a path on somebody's own domain looks like a key at all."""
    value, names = segments[0], [_NAMES.get(name, name) for name in segments[1::2]]
    allowed = {name for order in _QUALIFIERS.get(ai, ()) for name in order}
    if len(segments) % 2 == 0 or not allowed.issuperset(names):
        return False
    scheme = _BY_AI[ai][0]
    if scheme.layout is Layout.TEXT:
        return bool(_SHORTEST_PREFIX.match(value))
    length = len(scheme.filler) + scheme.length + sum(scheme.extra)
    return is_digits(value[:length]) and (
        len(value) == length
        or (len(value) > length and bool(scheme.serial_max) and not scheme.serial_ai)
        or (ai == schemes.SGTIN.ai and len(value) in _SHORT_GTINS)
    )


def _no_link(link: str) -> Gs1Error:
    message = f"{link!r} is not the GS1 Digital Link of a key"
    return Gs1Error(rules.LINK_FORM, message, value=link, expected=f"{DOMAIN}/01/.../21/...")
