"""EPC URNs of GS1 keys: text to `Parts` and back (GS1 EPC Tag Data Standard, section 6.3)."""

from __future__ import annotations

import re

from gateway.gs1 import check_digit, rules
from gateway.gs1.charsets import SET_39, SET_82, outside
from gateway.gs1.company_prefix import LONGEST, PUBLISHED, SHORTEST, CompanyPrefixes
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import SCHEMES, Layout, Parts, Scheme
from gateway.gs1.validate import check_number, check_serial

_BY_URN = {scheme.urn: scheme for scheme in SCHEMES}
_BY_PATTERN = {f"urn:epc:idpat:{scheme.name}:": scheme for scheme in SCHEMES}
_HEAD = re.compile(r"urn:epc:(?:id|class|idpat):[a-z]+:")
_ANY = "*"

#: Characters that each character set must escape in a URN.
_ESCAPED = {SET_82: '"%&/<>?', SET_39: "#/"}
_TO_URN = {charset: str.maketrans({char: f"%{ord(char):02X}" for char in chars}) for charset, chars in _ESCAPED.items()}
_ESCAPE = re.compile("%(..)?", re.DOTALL)


def escape(text: str, charset: str = SET_82) -> str:
    """`text` as it stands in a URN."""
    table = _TO_URN.get(charset)
    return text.translate(table) if table else text


def unescape(text: str, charset: str = SET_82) -> str:
    """The characters that a part of a URN stands for.

    Raises:
        Gs1Error: GS1-URN-03, an escape that the syntax does not have, or a character that must be escaped.
    """
    escaped = _ESCAPED.get(charset, "")
    raw = "".join(char for char in escaped if char != "%" and char in text)
    if raw:
        expected = escape(raw, charset)
        raise Gs1Error(rules.URN_ESCAPE, f"{raw!r} stands in {text!r} without escape", value=text, expected=expected)
    if "%" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        digits = match[1] or ""
        try:
            char = chr(int(digits, 16))
        except ValueError:
            char = ""
        if not char or char not in escaped:
            expected = " ".join(escape(char, charset) for char in escaped) or "no escapes"
            message = f"{text!r} has the escape {match[0]!r}"
            raise Gs1Error(rules.URN_ESCAPE, message, value=text, expected=expected)
        return char

    return _ESCAPE.sub(character, text)


def scheme_of(urn: str) -> Scheme | None:
    """The scheme of a URN of a single GS1 key or of all instances of one; None for any other text.

    Wider patterns (``urn:epc:idpat:sgtin:9521321.*.*``), tag URIs and schemes of other owners are not keys.
    """
    match = _HEAD.match(urn)
    if not match:
        return None
    scheme = _BY_URN.get(match[0])
    if scheme is not None:
        return scheme
    scheme = _BY_PATTERN.get(match[0])
    if scheme is None or not scheme.pattern:
        return None
    return scheme if urn.count(_ANY) == 1 and urn.endswith("." + _ANY) else None


def split(urn: str) -> Parts:
    """Take a URN apart and check every part.

    Raises:
        Gs1Error: GS1-URN-04 it is not the URN of a GS1 key; GS1-URN-01 to -03 and the scheme's rules.
    """
    scheme = scheme_of(urn)
    if scheme is None:
        message = f"{urn!r} is not the EPC URN of a GS1 key"
        raise Gs1Error(rules.URN_SCHEME, message, value=urn, expected="urn:epc:id:... of a GS1 scheme")
    pattern = urn.startswith("urn:epc:idpat:")
    fixed = 2 + len(scheme.extra)
    count = fixed + bool(scheme.serial_max)
    parts = urn.split(":", 4)[4].split(".", count - 1)
    if len(parts) != count:
        expected = f"{count} parts with dots between them"
        raise Gs1Error(rules.URN_FORM, f"{urn!r} has {len(parts)} parts", value=urn, expected=expected)
    number = _number(scheme, urn, parts[:fixed])
    serial: str | None = None
    if scheme.serial_max and not pattern:
        serial = unescape(parts[fixed], scheme.serial_set)
        check_serial(scheme, serial)
        if serial == scheme.none:
            serial = None
    return Parts(scheme, number, serial, len(parts[0]))


def _number(scheme: Scheme, urn: str, parts: list[str]) -> str:
    prefix, reference, *extra = parts
    if not check_digit.is_digits(prefix) or not SHORTEST <= len(prefix) <= LONGEST:
        message = f"the company prefix {prefix!r} of {urn!r} is not {SHORTEST} to {LONGEST} digits"
        raise Gs1Error(rules.URN_LENGTH, message, value=urn, expected=f"{SHORTEST} to {LONGEST} digits")
    if scheme.layout is Layout.TEXT:
        reference = unescape(reference, scheme.charset)
        if not reference:
            raise Gs1Error(rules.URN_FORM, f"{urn!r} has an empty reference", value=urn, expected="a reference")
        check_number(scheme, prefix + reference)
        return prefix + reference
    digits = prefix + reference
    if outside(digits, "0123456789") or len(digits) != scheme.urn_digits:
        expected = f"{scheme.urn_digits} digits in company prefix and reference together"
        message = f"{prefix!r} and {reference!r} of {urn!r} are not {expected}"
        raise Gs1Error(rules.URN_LENGTH, message, value=urn, expected=expected)
    for part, length in zip(extra, scheme.extra, strict=True):
        if not check_digit.is_digits(part) or len(part) != length:
            expected = f"{length} digits"
            message = f"the part {part!r} of {urn!r} is not {expected}"
            raise Gs1Error(rules.URN_LENGTH, message, value=urn, expected=expected)
    if scheme.layout is Layout.INDICATOR:
        digits = reference[0] + prefix + reference[1:]
    return check_digit.append(digits) + "".join(extra)


def build(parts: Parts, prefixes: CompanyPrefixes = PUBLISHED) -> str:
    """Write the URN of checked parts.

    Raises:
        Gs1Error: GS1-PREFIX-01, the parts do not say the length of the company prefix and `prefixes` does not
            know it.
    """
    scheme = parts.scheme
    stem = stem_of(parts, prefixes)
    if not scheme.serial_max:
        return stem
    if parts.serial is not None:
        return f"{stem}.{escape(parts.serial, scheme.serial_set)}"
    return f"{stem}.{scheme.none or _ANY}"


def stem_of(parts: Parts, prefixes: CompanyPrefixes = PUBLISHED) -> str:
    """The URN up to the key, without the dot before the serial part."""
    scheme, number = parts.scheme, parts.number
    head = scheme.urn
    if scheme.pattern and parts.serial is None:
        head = f"urn:epc:idpat:{scheme.name}:"
    if scheme.layout is Layout.TEXT:
        length = parts.prefix_length or _text_prefix_length(number, prefixes)
        return f"{head}{number[:length]}.{escape(number[length:], scheme.charset)}"
    first = number[:1] if scheme.layout is Layout.INDICATOR else ""
    digits = number[len(first) : scheme.length - 1]
    length = parts.prefix_length or prefixes.length_of(digits)
    stem = f"{head}{digits[:length]}.{first}{digits[length:]}"
    extra, at = [], scheme.length
    for size in scheme.extra:
        extra.append(number[at : at + size])
        at += size
    return ".".join([stem, *extra])


def _text_prefix_length(number: str, prefixes: CompanyPrefixes) -> int:
    leading = re.match("[0-9]*", number)
    digits = leading[0] if leading else ""
    length = prefixes.length_of(digits)
    if length >= len(number):
        message = f"{number!r} has no reference behind its company prefix"
        raise Gs1Error(rules.KEY_FORM, message, value=number, expected="company prefix and reference")
    return length
