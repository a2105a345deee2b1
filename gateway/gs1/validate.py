"""Checks a key and its serial part against the scheme table. Every way into a key object passes here."""

from __future__ import annotations

from gateway.findings import Rule
from gateway.gs1 import check_digit, rules
from gateway.gs1.charsets import DIGITS, outside
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import Layout, Scheme

#: GS1 General Specifications, section 1.4.4: a company prefix has 4 to 12 digits.
_SHORTEST_PREFIX = 4


def check_number(scheme: Scheme, number: str) -> None:
    """Check form and check digit of a key, without its serial part and the scheme's filler.

    Raises:
        Gs1Error: under the scheme's rules.
    """
    if scheme.layout is Layout.TEXT:
        _check_text(scheme.form, scheme.form, scheme.title, number, scheme.charset, scheme.length)
        if not check_digit.is_digits(number[:_SHORTEST_PREFIX]):
            message = f"the {scheme.title} {number!r} does not begin with a company prefix"
            raise Gs1Error(scheme.form, message, value=number, expected="digits of the company prefix first")
        return
    total = scheme.length + sum(scheme.extra)
    key = number[: scheme.length]
    if len(number) != total or not check_digit.is_digits(number):
        expected = f"{total} digits"
        raise Gs1Error(scheme.form, f"{number!r} is not {expected}", value=number, expected=expected)
    if not check_digit.verify(key):
        expected = check_digit.append(key[:-1])
        message = f"the check digit of {scheme.number_title} {key} is {key[-1]}, computed is {expected[-1]}"
        raise Gs1Error(scheme.check, message, value=key, expected=expected)


def check_serial(scheme: Scheme, serial: str | None) -> None:
    """Check characters and length of a serial part; None means that the key has none.

    Raises:
        Gs1Error: under the scheme's serial rules.
    """
    if serial is None:
        if scheme.serial_max and not (scheme.pattern or scheme.none):
            message = f"the {scheme.title} lacks its {scheme.serial_title}"
            raise Gs1Error(scheme.serial_rules[1], message, expected=f"1 to {scheme.serial_max} characters")
        return
    characters, length = scheme.serial_rules
    if not scheme.serial_max:
        message = f"{scheme.title} has no serial part"
        raise Gs1Error(length, message, value=serial, expected="nothing")
    _check_text(characters, length, scheme.serial_title, serial, scheme.serial_set, scheme.serial_max)


def key_of_other_kind(wanted: str, found: str, text: str) -> Gs1Error:
    """The error that `text` is a key, but not the kind that was wanted."""
    message = f"{text!r} is {found}, expected was {wanted}"
    return Gs1Error(rules.KEY_OTHER, message, value=text, expected=wanted)


def _check_text(characters: Rule, length: Rule, title: str, text: str, charset: str, longest: int) -> None:
    if not 1 <= len(text) <= longest:
        expected = f"1 to {longest} characters"
        message = f"the {title} {text!r} has {len(text)} characters"
        raise Gs1Error(length, message, value=text, expected=expected)
    wrong = outside(text, charset)
    if wrong:
        expected = "digits" if charset == DIGITS else f"characters among {charset}"
        message = f"the {title} {text!r} has characters that are not allowed: {wrong!r}"
        raise Gs1Error(characters, message, value=text, expected=expected)
