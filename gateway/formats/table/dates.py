"""Dates and times in the forms that people declare: ``DD.MM.YYYY``, ``MM/DD/YYYY hh:mm``, ``YYMMDD``.

A form is made of YYYY or YY, MM, DD, hh, mm, ss and of separators that stand for themselves. M, D and h take one or two
digits, between separators; AM takes AM or PM and makes the hours those of a twelve-hour clock. Two digits of a year are
in this century (the dates of medicines are). Nothing is guessed: a text that does not fit is refused.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short>[0-9]{2})",
    "MM": r"(?P<month>[0-9]{2})",
    "DD": r"(?P<day>[0-9]{2})",
    "hh": r"(?P<hour>[0-9]{2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "D": r"(?P<day>[0-9]{1,2})",
    "h": r"(?P<hour>[0-9]{1,2})",
    "AM": r"(?P<half>[AaPp][Mm])",
}
_PART = re.compile("YYYY|YY|MM|DD|hh|mm|ss|AM|.", re.DOTALL)
#: Parts without a fixed length: where they touch another part, two readings would be possible.
_ONE_OR_TWO = frozenset("MDh")
#: Letters that people write in forms of other programs; taken as separators they would never fit anything.
_FOREIGN = frozenset("YMDHSAPymdhsap")
_NOON = 12
_CENTURY = 2000

#: Day 0 of spreadsheets: of the 1900 date system, with its leap year bug behind us, and of the 1904 date system.
DAY_0 = dt.date(1899, 12, 30)
DAY_0_1904 = dt.date(1904, 1, 1)
#: Day counts of these days are read as dates. Outside a number is more likely something else.
_FIRST_DAY = dt.date(2000, 1, 1)
_LAST_DAY = dt.date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of date or time.

    Attributes:
        text: as declared.
        pattern: what it looks like.
    """

    text: str
    pattern: re.Pattern[str]

    @classmethod
    def compile(cls, text: str) -> Form:
        """Read a declared form.

        Raises:
            ValueError: a part stands twice, year or month is missing, a letter is no part, or two parts touch of which
                one has no fixed length.
        """
        parts = _PART.findall(text)
        tokens = [part for part in parts if part in _TOKENS]
        kinds = [part[0] for part in tokens]
        if len(set(kinds)) != len(kinds) or not {"Y", "M"} <= set(kinds) or ("AM" in tokens and "h" not in kinds):
            message = (
                f"the form {text!r} needs YYYY or YY, and MM or M, each once; further DD or D, hh or h, mm, ss, AM"
            )
            raise ValueError(message)
        foreign = [part for part in parts if part in _FOREIGN and part not in _TOKENS]
        if foreign:
            message = f"the form {text!r} has {foreign[0]!r}, which is no part; parts are {' '.join(_TOKENS)}"
            raise ValueError(message)
        for before, after in pairwise(parts):
            if {before, after} <= _TOKENS.keys() and _ONE_OR_TWO & {before, after} and after != "AM":
                message = f"the form {text!r} needs a separator between {before} and {after}"
                raise ValueError(message)
        return cls(text, re.compile("".join(_TOKENS.get(part, re.escape(part)) for part in parts)))

    def read(self, text: str, *, day_00: bool = False) -> dt.datetime | None:
        """The date and time that `text` says, None when it does not fit or there is no such day.

        Args:
            text: what was read.
            day_00: whether day 00, or a form without day, is the last day of the month (GS1 General
                Specifications, AI (17)).
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        groups = match.groupdict()
        half = groups.pop("half", "").upper()
        found = {name: int(value) for name, value in groups.items()}
        year = found.get("year", _CENTURY + found.get("short", 0))
        month = found["month"]
        day = found.get("day", 0)
        hour = found.get("hour", 0)
        if half:
            if not 1 <= hour <= _NOON:
                return None
            hour = hour % _NOON + (_NOON if half == "PM" else 0)
        try:
            if day == 0 and day_00:
                day = calendar.monthrange(year, month)[1]
            return dt.datetime(  # noqa: DTZ001 - the zone is a matter of the caller
                year, month, day, hour, found.get("minute", 0), found.get("second", 0)
            )
        except ValueError:
            return None

    def write(self, moment: dt.datetime) -> str:
        """The date and time as this form has it, without what the form has no part for."""
        hour = moment.hour % _NOON or _NOON if "AM" in self._parts else moment.hour
        values = {
            "YYYY": f"{moment.year:04}",
            "YY": f"{moment.year % 100:02}",
            "MM": f"{moment.month:02}",
            "DD": f"{moment.day:02}",
            "hh": f"{hour:02}",
            "mm": f"{moment.minute:02}",
            "ss": f"{moment.second:02}",
            "M": str(moment.month),
            "D": str(moment.day),
            "h": str(hour),
            "AM": "PM" if moment.hour >= _NOON else "AM",
        }
        return "".join(values.get(part, part) for part in self._parts)

    @property
    def _parts(self) -> list[str]:
        return _PART.findall(self.text)


def from_day_count(count: float, day_0: dt.date = DAY_0) -> dt.date | None:
    """The date of a spreadsheet's day count, None when it is no whole day of this century."""
    if not float(count).is_integer() or not 0 <= count <= (_LAST_DAY - day_0).days:
        return None
    day = day_0 + dt.timedelta(days=int(count))
    return day if day >= _FIRST_DAY else None


def in_zone(local: dt.datetime, zone: ZoneInfo) -> str | None:
    """A local time with its offset, as xsd:dateTime; None when it is ambiguous or does not exist."""
    early, late = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if early.utcoffset() != late.utcoffset():
        return None
    return early.isoformat()


def offset_of(time: str) -> str | None:
    """The zone offset of an xsd:dateTime in the form ``+02:00``, None when it has none or is no time."""
    try:
        moment = dt.datetime.fromisoformat(time)
    except ValueError:
        return None
    if "T" not in time or moment.tzinfo is None:
        return None
    return "+00:00" if time.endswith("Z") else time[-6:]
