"""When a channel is collected: cron lines and intervals, turned into slots. APScheduler computes the times.

A **slot** is a moment in UTC at which a channel is due. Slots are the same for everybody who computes them, over
restarts and on every worker, so a slot that is fired twice can be recognised.

Cron lines mean what crontab(5) says, which differs from APScheduler 3 in two ways: there 0 is Monday, and a day of
the month and a day of the week must both fit. Weekdays are therefore turned into names, and a line that restricts
both kinds of day is refused.

Clock changes: a line with fixed hours (``30 2 * * *``) fires once on each local date. In spring, when 02:30 does not
exist, it fires at the time that the clock then shows; in autumn, when 02:30 comes twice, at the first one. A line
that fires in every hour keeps its rhythm through the repeated hour.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from gateway.agreements.windows import Opening

FIELDS = 5
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBERS = re.compile(r"(\d)(?:-(\d))?(?:/(\d+))?")
_EVERY = re.compile(r"\*/(\d+)")
_TICK = timedelta(microseconds=1)

#: Intervals are counted from here, so that a restart does not move them.
ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)

#: A line whose windows and days off leave no slot in such a time has none.
HORIZON = timedelta(days=5 * 366)

#: How far `latest` looks back, in growing windows: it finds the last slot of a line that fires each minute without
#: walking through a year of minutes.
_WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 48, 96, 192, 24 * 32, 24 * 400))


@dataclass(frozen=True, slots=True)
class Timing:
    """A rule that says when a channel is due.

    Attributes:
        text: the rule as a person wrote it.
        trigger: APScheduler's trigger.
        zone: the zone of a cron line.
        fixed_hours: whether each slot belongs to a time of the day, not to every hour.
        opening: windows and days off; a slot outside is none.
    """

    text: str
    trigger: Any
    zone: ZoneInfo
    fixed_hours: bool = False
    opening: Opening | None = None

    def next(self, after: datetime) -> datetime | None:
        """The first slot after a moment, in UTC; None when there is none any more, or none within years."""
        last = after + HORIZON
        while after < last:
            found: datetime | None = self.trigger.get_next_fire_time(None, (after + _TICK).astimezone(self.zone))
            if found is None:
                return None
            slot = found.astimezone(UTC)
            if self.fixed_hours and slot.astimezone(self.zone).fold:
                after = slot  # the hour that the clock shows for the second time
            elif self.opening is None or self.opening.allows(slot):
                return slot
            else:
                opening = self.opening.next(slot)
                if opening is None:
                    return None
                after = opening - _TICK
        return None

    def slots(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """All slots after one moment up to and including another."""
        slot = self.next(after)
        while slot is not None and slot <= until:
            yield slot
            slot = self.next(slot)

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last slot after one moment up to and including another."""
        for window in _WINDOWS:
            start = max(after, until - window)
            found = deque(self.slots(start, until), maxlen=1)
            if found or start == after:
                return found[0] if found else None
        return None


def cron(line: str, zone: ZoneInfo) -> Timing:
    """The rule of a cron line with five fields: minute, hour, day of month, month, day of week.

    Raises:
        ValueError: it is none; says what is wrong.
    """
    fields = line.split()
    if len(fields) != FIELDS:
        message = f"a cron line has {FIELDS} fields (minute hour day month weekday), this has {len(fields)}"
        raise ValueError(message)
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        message = "a cron line cannot restrict both the day of the month and the day of the week; use two channels"
        raise ValueError(message)
    try:
        trigger = CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=zone
        )
    except ValueError as error:
        message = f"not a cron line: {error}"
        raise ValueError(message) from error
    return Timing(line, trigger, zone, fixed_hours=not hour.startswith("*"))


def every(seconds: int, zone: ZoneInfo) -> Timing:
    """A rule that fires each `seconds` seconds, counted from the start of the year 2000 in UTC."""
    return Timing(f"every {seconds} s", IntervalTrigger(seconds=seconds, start_date=ORIGIN, timezone=UTC), zone)


def _weekdays(field: str) -> str:
    """The weekday field of a crontab in the words of APScheduler: numbers become names, 0 and 7 are Sunday."""
    if field == "*":
        return field
    names: list[str] = []
    for part in field.lower().split(","):
        steps, numbers = _EVERY.fullmatch(part), _NUMBERS.fullmatch(part)
        if steps and int(steps[1]):
            names += WEEKDAYS[:: int(steps[1])]
        elif numbers:
            names += _range(int(numbers[1]), int(numbers[2] or numbers[1]), int(numbers[3] or 1))
        else:
            names.append(part)  # a name or a range of names, which APScheduler reads as we mean it
    return ",".join(dict.fromkeys(names))


def _range(first: int, last: int, step: int) -> list[str]:
    if first > last or last > len(WEEKDAYS) or step < 1:
        message = "weekdays go from 0 (Sunday) to 7 (Sunday)"
        raise ValueError(message)
    return [WEEKDAYS[day % len(WEEKDAYS)] for day in range(first, last + 1, step)]
