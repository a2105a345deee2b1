"""Times of EPCIS as text: is it an xsd:dateTime, has it a zone, which of two is earlier. Never the clock.

The model keeps every time with its own digits and its own zone (EPCIS conversion rules, "Time rules"): nothing here
rounds, converts to UTC or re-zones a value that is written again. Numbers are made for comparing only.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

#: The forms that EPCIS 2.0 JSON requires of eventTimeZoneOffset. ``Z`` is not among them.
OFFSET_FORM: Final = "+hh:mm or -hh:mm, from -14:00 to +14:00"

_DATE_TIME: Final = re.compile(
    r"(-?(?:\d{4}|[1-9]\d{4,8}))-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LAST_HOUR, _LAST_MINUTE, _MIDNIGHT = 23, 59, 24
_FEBRUARY, _DECEMBER, _LEAP_DAY = 2, 12, 29


class Moment(NamedTuple):
    """The parts of an xsd:dateTime.

    Attributes:
        year: may be negative; there is no year 0.
        month: 1-12.
        day: 1-31.
        hour: 0-23, or 24 for the midnight that ends the day (XSD 1.0 only).
        minute: 0-59.
        second: 0-59.
        fraction: digits behind the decimal point, verbatim.
        zone: ``Z``, ``+hh:mm``, ``-hh:mm``, or empty for a time without zone.
    """

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    fraction: str
    zone: str


class OrderKey(NamedTuple):
    """Orders times: whole seconds since 0000-03-01 in UTC, then the fraction as digits without trailing zeros."""

    seconds: int
    fraction: str


def parse(text: str) -> Moment | None:
    """The parts of an xsd:dateTime (XML Schema 1.0 part 2, 3.2.7), None when the text is none.

    ``24:00:00`` is accepted, as in EPCIS 1.x; `is_end_of_day` tells it apart.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    fraction = match[7] or ""
    if not (year and 1 <= month <= _DECEMBER and 1 <= day <= _days(year, month)):
        return None
    if minute > _LAST_MINUTE or second > _LAST_MINUTE or hour > _MIDNIGHT:
        return None
    if hour == _MIDNIGHT and (minute or second or fraction.strip("0")):
        return None
    return Moment(year, month, day, hour, minute, second, fraction, match[8] or "")


def has_zone(text: str) -> bool:
    """Whether a time ends with ``Z`` or an offset. The rest of the text is not looked at."""
    return text[-1:] == "Z" or (text[-6:-5] in ("+", "-") and _OFFSET.fullmatch(text[-6:]) is not None)


def is_offset(text: str) -> bool:
    """Whether a text has the form that EPCIS 2.0 requires of eventTimeZoneOffset."""
    return _OFFSET.fullmatch(text) is not None


def normal_offset(text: str) -> str:
    """An eventTimeZoneOffset for JSON: ``Z``, which only the XML schema accepts, becomes ``+00:00``."""
    return "+00:00" if text == "Z" else text


def same_offset(one: str, other: str) -> bool:
    """Whether two zones are equal; ``Z``, ``+00:00`` and ``-00:00`` are."""
    return one == other or (_minutes(one) == _minutes(other))


def with_offset(text: str, offset: str) -> str:
    """Give a time without zone the event's offset as its zone; a time that has a zone comes back unchanged.

    The caller reports that it did so.

    Raises:
        ValueError: `offset` is neither ``Z`` nor of the form `OFFSET_FORM`.
    """
    if has_zone(text):
        return text
    if offset != "Z" and not is_offset(offset):
        message = f"{offset!r} is no time zone offset, expected {OFFSET_FORM}"
        raise ValueError(message)
    return text + offset


def is_end_of_day(text: str) -> bool:
    """Whether a time is written as ``24:00:00``, which EPCIS 1.x allows and EPCIS 2.0 forbids."""
    moment = parse(text)
    return moment is not None and moment.hour == _MIDNIGHT


def start_of_next_day(text: str) -> str:
    """Write ``24:00:00`` as ``00:00:00`` of the next day, the same instant; every other text comes back unchanged."""
    moment = parse(text)
    if moment is None or moment.hour != _MIDNIGHT:
        return text
    year, month, day = moment.year, moment.month, moment.day + 1
    if day > _days(year, month):
        month, day = month + 1, 1
    if month > _DECEMBER:
        year, month = year + 1 or 1, 1
    sign = "-" if year < 0 else ""
    time = text.index("T")
    return f"{sign}{abs(year):04}-{month:02}-{day:02}T00{text[time + 3 :]}"


def order_key(text: str, offset: str = "") -> OrderKey | None:
    """A key that orders times of any zone. None when the text is no time.

    Args:
        text: an xsd:dateTime.
        offset: zone of a time that has none, e.g. its event's eventTimeZoneOffset. Without it such a time counts
            as UTC, which is good enough only among times that all lack a zone.
    """
    moment = parse(text)
    if moment is None:
        return None
    minutes = _minutes(moment.zone or offset)
    days = _day_number(moment.year, moment.month, moment.day)
    seconds = ((days * 24 + moment.hour) * 60 + moment.minute - minutes) * 60 + moment.second
    return OrderKey(seconds, moment.fraction.rstrip("0"))


def _minutes(zone: str) -> int:
    if zone in ("", "Z") or not is_offset(zone):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _days(year: int, month: int) -> int:
    if month == _FEBRUARY and not _is_leap(year):
        return _LEAP_DAY - 1
    return _DAYS[month - 1]


def _is_leap(year: int) -> bool:
    year += year < 0  # XSD 1.0 has no year 0: -0001 is the year before 0001, a leap year
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _day_number(year: int, month: int, day: int) -> int:
    """Days since 0000-03-01 of the proleptic Gregorian calendar, for any year."""
    year += year < 0
    year -= month <= _FEBRUARY
    month = (month + 9) % 12  # March is 0, so that the leap day is the last of its year
    return year * 365 + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 1
