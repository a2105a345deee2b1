"""Dates as regulators write them. A date that is not exactly readable is refused, never completed."""

from __future__ import annotations

import calendar
import enum
import re
from datetime import date, datetime, timedelta
from typing import Final

_LENGTH: Final = len("YYYY-MM-DD")
_SHORT: Final = re.compile(r"\d{6}", re.ASCII)


class DateForm(enum.StrEnum):
    """How a regulator writes a day, as `strftime` has it."""

    ISO = "%Y-%m-%d"  # Turkey, Saudi Arabia
    ISO_T = "%Y-%m-%dT"  # Egypt: the T of a time, and no time
    DOTS = "%d.%m.%Y"  # Russia
    SLASHES = "%d/%m/%Y"  # Argentina
    MONTH = "%Y-%m"  # Brazil
    SHORT = "%y%m%d"  # EU, US: as in the bar code


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    if len(text) != _LENGTH or not text.isascii() or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def written(iso: str, form: DateForm) -> str:
    """A day in the form of a regulator.

    Raises:
        ValueError: `iso` is not a day as YYYY-MM-DD.
    """
    if not is_date(iso):
        message = f"{iso!r} is not YYYY-MM-DD"
        raise ValueError(message)
    return date.fromisoformat(iso).strftime(form.value)


def is_written(text: str, form: DateForm) -> bool:
    """Whether a text is a day in the form of a regulator, with all its leading zeros."""
    try:
        return text.isascii() and datetime.strptime(text, form.value).strftime(form.value) == text  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False


def of_bar_code(yymmdd: str, century: int = 20) -> str:
    """The day of AI (17) or (11) as YYYY-MM-DD. Day 00 is the last one of the month (GS1 General Specifications 3.4).

    Raises:
        ValueError: it is no day.
    """
    if not _SHORT.fullmatch(yymmdd):
        message = f"{yymmdd!r} is not YYMMDD"
        raise ValueError(message)
    year, month, day = century * 100 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    if not 1 <= month <= 12:  # noqa: PLR2004 - months of a year
        message = f"{yymmdd!r} has no month {month}"
        raise ValueError(message)
    return date(year, month, day or calendar.monthrange(year, month)[1]).isoformat()


def local_date(event_time: str, zone_offset: str) -> str:
    """The day of an event where it happened, empty when times cannot be read.

    Args:
        event_time: xsd:dateTime; without zone it is local time already.
        zone_offset: eventTimeZoneOffset of the event.
    """
    moment = local_time(event_time, zone_offset)
    return moment.date().isoformat() if moment is not None else ""


def local_time(event_time: str, zone_offset: str) -> datetime | None:
    """The time of an event where it happened, None when times cannot be read; without zone where it has none."""
    try:
        moment = datetime.fromisoformat(event_time)
        if moment.tzinfo is not None:
            zone = datetime.strptime(zone_offset.replace("Z", "+00:00"), "%z").tzinfo
            moment = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return None
    return moment


def offset_of(moment: datetime) -> str:
    """The zone of a time as ``+hh:mm``; empty for a time without zone."""
    delta = moment.utcoffset()
    if delta is None:
        return ""
    sign = "-" if delta < timedelta() else "+"
    minutes = abs(delta) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"
