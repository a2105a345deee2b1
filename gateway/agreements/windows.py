"""Windows: at which times of which days something may happen, and the days off.

A window is a line such as ``mon-fri 06:00-20:00``, ``06:00-20:00`` (every day) or ``sat 22:00-02:00``. It begins at its
first time and ends just before its second one; one over midnight belongs to the day on which it begins, also when the
next day is a day off. Times are those that a clock in the channel's zone shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE = re.compile(r"(?:(?P<days>\S+)\s+)?(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)")
_DAY = timedelta(days=1)

#: How far ahead the next opening is looked for: beyond that there is none.
HORIZON = 400

HOUR, MIDNIGHT = 60, 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the day on some days of the week.

    Attributes:
        days: numbers of the days, 0 is Monday.
        start: its first minute, counted from midnight.
        end: the minute behind its last one; above 1440 for a window over midnight.
    """

    days: frozenset[int]
    start: int
    end: int


def window(line: str) -> Window:
    """The window of a line.

    Raises:
        ValueError: it is none; says what is wrong.
    """
    found = _LINE.fullmatch(line.strip().lower())
    if found is None:
        message = f"{line!r} is no window; write e.g. mon-fri 06:00-20:00"
        raise ValueError(message)
    start, end = _minute(found["start"]), _minute(found["end"])
    if start in (end, MIDNIGHT):
        message = f"the window {line!r} has no length"
        raise ValueError(message)
    return Window(_days(found["days"] or "mon-sun"), start, end if end > start else end + MIDNIGHT)


@dataclass(frozen=True, slots=True)
class Opening:
    """When something may happen.

    Attributes:
        windows: inside one of these; none means at any time.
        holidays: days off, on which no window begins.
        zone: the zone whose clock counts.
    """

    windows: tuple[Window, ...]
    holidays: frozenset[date]
    zone: ZoneInfo

    @property
    def always(self) -> bool:
        """Whether everything is allowed."""
        return not self.windows and not self.holidays

    def allows(self, moment: datetime) -> bool:
        """Whether a moment lies in a window of a day that is not off."""
        local = moment.astimezone(self.zone)
        minute = local.hour * HOUR + local.minute
        if not self.windows:
            return local.date() not in self.holidays
        return any(
            window.start <= minute + over < window.end
            for day, over in ((local.date(), 0), (local.date() - _DAY, MIDNIGHT))
            for window in self._of(day)
        )

    def next(self, moment: datetime) -> datetime | None:
        """The first moment after one that is not allowed, at which something is; None when there is none."""
        local = moment.astimezone(self.zone)
        for ahead in range(HORIZON):
            day = local.date() + ahead * _DAY
            starts = [window.start for window in self._of(day)] if self.windows else [0]
            if not self.windows and day in self.holidays:
                continue
            for start in sorted(starts):
                clock = time(start // HOUR, start % HOUR)
                opening = datetime.combine(day, clock, self.zone).astimezone(UTC)
                if opening > moment:
                    return opening
        return None

    def _of(self, day: date) -> Iterator[Window]:
        """The windows that begin on a day."""
        if day not in self.holidays:
            yield from (window for window in self.windows if day.weekday() in window.days)


def _minute(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute >= HOUR or hour * HOUR + minute > MIDNIGHT:
        message = f"{text} is no time of the day"
        raise ValueError(message)
    return hour * HOUR + minute


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            message = f"{part!r} names no days; the days are {', '.join(DAYS)}"
            raise ValueError(message)
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)}
    return frozenset(found)
