"""Dates of PTS: xs:date without zone, YYYY-MM-DD."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

_LENGTH: Final = len("YYYY-MM-DD")


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    if len(text) != _LENGTH or not text.isascii() or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def local_date(event_time: str, zone_offset: str) -> str:
    """The day of an event where it happened, empty when times cannot be read.

    Args:
        event_time: xsd:dateTime; without zone it is local time already.
        zone_offset: eventTimeZoneOffset of the event.
    """
    try:
        moment = datetime.fromisoformat(event_time)
        if moment.tzinfo is not None:
            zone = datetime.strptime(zone_offset.replace("Z", "+00:00"), "%z").tzinfo
            moment = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return ""
    return moment.date().isoformat()


def offset_of(moment: datetime) -> str:
    """The zone of a time as ``+hh:mm``; empty for a time without zone."""
    delta = moment.utcoffset()
    if delta is None:
        return ""
    sign = "-" if delta < timedelta() else "+"
    minutes = abs(delta) // timedelta(minutes=1)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"
