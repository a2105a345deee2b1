"""GS1 dates: six digits YYMMDD (GS1 General Specifications, AI (11) to (17) and section 7.12)."""

from __future__ import annotations

import calendar
import datetime as dt

from gateway.gs1 import rules
from gateway.gs1.check_digit import is_digits
from gateway.gs1.errors import Gs1Error

_LENGTH = 6
_CENTURY = 100
_HALF = 50


def parse_date(text: str, *, year: int) -> dt.date:
    """The calendar date of a GS1 date; day 00 is the last day of the month.

    Args:
        text: YYMMDD.
        year: the year in which the date is read, four digits. The century follows from it: 51 to 99 years ahead
            of `year` means the past century, 50 to 99 years behind it the next one.

    Raises:
        Gs1Error: GS1-DATE-01.
    """
    if not is_date(text):
        message = f"{text!r} is not a date YYMMDD"
        raise Gs1Error(rules.DATE_FORM, message, value=text, expected="YYMMDD, day 00 for the end of the month")
    full = _full_year(int(text[:2]), year)
    month, day = int(text[2:4]), int(text[4:])
    last = calendar.monthrange(full, month)[1]
    if day > last:
        message = f"{text!r} has a day that {full}-{month:02} does not have"
        raise Gs1Error(rules.DATE_FORM, message, value=text, expected=f"a day up to {last}")
    return dt.date(full, month, day or last)


def format_date(date: dt.date) -> str:
    """The six digits YYMMDD of a date."""
    return date.strftime("%y%m%d")


def is_date(text: str) -> bool:
    """Whether `text` is YYMMDD with a month and a day (or 00) that exist in some century."""
    if len(text) != _LENGTH or not is_digits(text):
        return False
    month, day = int(text[2:4]), int(text[4:])
    # 2000 and 1900 differ in 29 February; the century is not known here, so that the longer month decides.
    leap = 2000 + int(text[:2])
    return 1 <= month <= 12 and day <= calendar.monthrange(leap, month)[1]  # noqa: PLR2004 - months


def _full_year(short: int, now: int) -> int:
    century = now - now % _CENTURY
    ahead = short - now % _CENTURY
    if ahead > _HALF:
        century -= _CENTURY
    elif ahead <= -_HALF:
        century += _CENTURY
    return century + short
