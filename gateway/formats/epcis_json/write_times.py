"""Times and offsets as EPCIS 2.0 JSON requires them. Digits are never changed."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONED: Final = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)
_NAIVE: Final = re.compile(r"([0-9]{4}-[01][0-9]-[0-3][0-9])T([0-9]{2}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?)")
_MIDNIGHT: Final = re.compile(r"([0-9]{4}-[01][0-9]-[0-3][0-9])T24:00:00(\.0+)?(.*)")
_OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")


def offset(value: str) -> str | None:
    """An eventTimeZoneOffset as JSON allows it: ``Z`` becomes ``+00:00``. None when it cannot be written."""
    if _OFFSET.fullmatch(value):
        return value
    return "+00:00" if value == "Z" else None


def is_naive(value: str) -> bool:
    """Whether a time is complete but has no zone."""
    return _NAIVE.fullmatch(value) is not None


def without_hour_24(value: str) -> str:
    """A time with ``24:00:00`` as ``00:00:00`` of the next day; any other value as it is."""
    match = _MIDNIGHT.fullmatch(value)
    if match is None:
        return value
    try:
        day = date.fromisoformat(match[1]) + timedelta(days=1)
    except (ValueError, OverflowError):
        return value
    return f"{day.isoformat()}T00:00:00{match[2] or ''}{match[3]}"


def in_zone(value: str, zone: str) -> str | None:
    """A naive time with the offset that an IANA zone has at that time; None when the zone or the time is unknown."""
    try:
        moment = datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        return None
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    sign = "-" if seconds < 0 else "+"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{value}{sign}{hours:02}:{minutes:02}"
