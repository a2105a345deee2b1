"""Times as TraceLink writes them: EventDateTime in UTC, the offset of the place beside it."""

from __future__ import annotations

import datetime as dt
from typing import Final

from gateway.epcis.time import has_zone, parse, start_of_next_day, with_offset

_UTC_SPELLINGS: Final = ("Z", "+00:00", "-00:00")


def in_utc(time: str, offset: str) -> str | None:
    """The same instant in UTC with Z, digits of the fraction as they are; None when it cannot be told.

    Args:
        time: xsd:dateTime; without zone it is local time of the place.
        offset: eventTimeZoneOffset.
    """
    try:
        text = start_of_next_day(with_offset(time, offset) if not has_zone(time) else time)
    except ValueError:
        return None
    moment = parse(text)
    if moment is None:
        return None
    if moment.zone in _UTC_SPELLINGS:
        return text.removesuffix(moment.zone) + "Z"
    sign = -1 if moment.zone[0] == "-" else 1
    delta = sign * dt.timedelta(hours=int(moment.zone[1:3]), minutes=int(moment.zone[4:6]))
    try:
        local = dt.datetime(*moment[:6])  # noqa: DTZ001 - the zone is subtracted here
        fraction = f".{moment.fraction}" if moment.fraction else ""
        return f"{(local - delta).isoformat()}{fraction}Z"
    except (ValueError, OverflowError):
        return None


def local_date(time: str, offset: str) -> str | None:
    """The day of an event where it happened, None when it cannot be told.

    Args:
        time: xsd:dateTime; without zone it is local time already.
        offset: eventTimeZoneOffset.
    """
    utc = in_utc(time, offset)
    if utc is None:
        return None
    if not has_zone(time):
        return time.partition("T")[0]
    try:
        moment = dt.datetime.fromisoformat(utc)
        zone = dt.datetime.strptime(offset.replace("Z", "+00:00"), "%z").tzinfo
        return moment.astimezone(zone).date().isoformat()
    except (ValueError, OverflowError):
        return None
