"""Times: their form, their zone, and whether they lie in the future."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from operator import ge
from typing import Final

from gateway.checks import rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis.alike import Group
from gateway.epcis.events import Event
from gateway.epcis.time import OFFSET_FORM, is_offset, order_key, parse, same_offset

_SENSOR_TIMES: Final = frozenset(("time", "startTime", "endTime"))
# Times that need no second look: a day that exists in every year, a zone, no end of day.
_MOMENT: Final = (
    r"[1-9]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
)
_PLAIN: Final = re.compile(_MOMENT + r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)", re.ASCII)
_UTC: Final = "+00:00"
_EXAMPLE: Final = "an xsd:dateTime, e.g. 2026-03-01T13:45:00+01:00"


def checker(scope: Scope) -> Checker:
    """The check of one event, for `gateway.checks.run`."""
    times = _Times(scope)
    return Checker(times.check, times.quiet)


def _two_days_before(now: str) -> str:
    """The date two days before a time, as text; empty when there is no such time."""
    moment = parse(now)
    if moment is None or not date.min.year < moment.year <= date.max.year:
        return ""
    return (date(moment.year, moment.month, moment.day) - timedelta(days=2)).isoformat()


@cache
def _plain_in(zone: str) -> Callable[[str], re.Match[str] | None]:
    """Matches plain times in one zone, each with a line end behind it."""
    return re.compile(rf"(?:{_MOMENT}{re.escape(zone)}\n)++", re.ASCII).fullmatch


def _all_plain(times: Sequence[str], zone: str) -> bool:
    text = "\n".join([*times, ""])
    # The count keeps a time with a line end in it from passing as two.
    return text.count("\n") == len(times) and _plain_in(zone)(text) is not None


class _Times:
    """Remembers the event before: a batch's events have equal times."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._now = order_key(scope.now) if scope.now else None
        # Zones differ by at most 28 hours, so that a date before this one is past wherever it is.
        self._surely_past = _two_days_before(scope.now)
        self._last: tuple[str, str] = ("", "")
        self._last_good = False
        self._zone = ""  # of the last eventTime when it is a plain one, else empty

    def check(self, event: Event) -> None:
        """Check all times of an event."""
        text, offset = event.event_time, event.event_time_zone_offset
        if not self._last_good or (text, offset) != self._last:
            self._event_time(text, offset)
        if event.record_time is not None and not self._plainly_after(event.record_time, text):
            self._after(event.record_time, "recordTime", event)
        declaration = event.error_declaration
        if declaration is not None and declaration.declaration_time:
            self._after(declaration.declaration_time, "errorDeclaration/declarationTime", event)
        if event.sensor_element_list:
            self._sensors(event)

    def quiet(self, group: Group) -> bool:
        """Whether there is surely nothing to say about the times of events that are alike to a good one."""
        first = group.first
        plain = _PLAIN.fullmatch(first.event_time)
        if plain is None or first.error_declaration is not None:
            return False
        zone, offset = plain[1], first.event_time_zone_offset
        if zone != offset and (zone != "Z" or offset != _UTC):
            return False
        happened = [event.event_time for event in group.events]
        if (self._now and max(happened) >= self._surely_past) or not _all_plain(happened, zone):
            return False
        if first.record_time is None:
            return True
        recorded = [event.record_time or "" for event in group.events]
        # Among plain times of one length in one zone the order of text is that of time.
        in_order = list(map(len, recorded)) == list(map(len, happened)) and all(map(ge, recorded, happened))
        return in_order and _all_plain(recorded, zone)

    def _event_time(self, text: str, offset: str) -> None:
        self._last = (text, offset)
        plain = _PLAIN.fullmatch(text)
        self._zone = zone = plain[1] if plain is not None else ""
        # The quick way: nothing to say about the form, and surely past.
        same_zone = bool(zone) and (zone == offset or (zone == "Z" and offset == _UTC))
        quick = same_zone and (not self._now or text < self._surely_past)
        self._last_good = quick or self._look_closely(text, offset)

    def _plainly_after(self, text: str, happened: str) -> bool:
        """Whether there is nothing to say about a time that must not be before the last eventTime.

        Among plain times of one length in one zone the order of text is that of time. False only says: look.
        """
        if not self._zone or len(text) != len(happened) or text < happened or not text.endswith(self._zone):
            return False
        return _PLAIN.fullmatch(text) is not None

    def _look_closely(self, text: str, offset: str) -> bool:
        """Check form, zone and future of an eventTime; whether there was nothing to say."""
        scope = self._scope
        before = len(scope.findings)
        good_offset = is_offset(offset)
        if not good_offset:
            message = f"eventTimeZoneOffset is {offset!r}" if offset else "the event has no eventTimeZoneOffset"
            scope.report(
                rules.OFFSET_FORM,
                message,
                path="eventTimeZoneOffset",
                value=offset,
                expected=OFFSET_FORM,
                # The XML Schemas accept Z, and what it means is clear.
                severity=rules.WARNING if offset == "Z" else None,
            )
        zone = self._form(text, "eventTime")
        if zone and good_offset and not same_offset(zone, offset):
            message = f"eventTime has the zone {zone}, eventTimeZoneOffset is {offset}"
            scope.report(rules.OFFSET_DIFFERS, message, path="eventTimeZoneOffset", value=offset)
        key = order_key(text, offset)
        if key is not None and self._now is not None and key > self._now:
            self._future(text)
        return len(scope.findings) == before

    def _future(self, text: str) -> None:
        message = f"eventTime {text} is later than now, {self._scope.now}"
        expected = f"at most {self._scope.now}"
        self._scope.report(rules.TIME_FUTURE, message, path="eventTime", value=text, expected=expected)

    def _form(self, text: str, path: str) -> str | None:
        """Check one time; its zone, None when it is no time."""
        moment = parse(text)
        name = path.rpartition("/")[2]
        if moment is None:
            message = f"{name} is {text!r}" if text else f"the event has no {name}"
            self._scope.report(rules.TIME_FORM, message, path=path, value=text, expected=_EXAMPLE)
            return None
        if not moment.zone:
            message = f"{name} {text} has no zone"
            self._scope.report(rules.TIME_NAIVE, message, path=path, value=text, expected=_EXAMPLE)
        if moment.hour > 23:  # noqa: PLR2004 - the last hour of a day; 24 is its end
            message = f"{name} is written as the end of a day"
            self._scope.report(rules.TIME_MIDNIGHT, message, path=path, value=text, expected="00:00:00 of the next day")
        return moment.zone

    def _after(self, text: str, path: str, event: Event) -> None:
        if self._form(text, path) is None:
            return
        key = order_key(text, event.event_time_zone_offset)
        happened = order_key(event.event_time, event.event_time_zone_offset)
        if key is not None and happened is not None and key < happened:
            name = path.rpartition("/")[2]
            message = f"{name} {text} is before eventTime {event.event_time}"
            expected = f"not before {event.event_time}"
            self._scope.report(rules.TIME_ORDER, message, path=path, value=text, expected=expected)

    def _sensors(self, event: Event) -> None:
        for at, sensor in enumerate(event.sensor_element_list or (), 1):
            place = f"sensorElementList/sensorElement[{at}]"
            for name, value in sensor.metadata or ():
                if name in _SENSOR_TIMES:
                    self._form(value, f"{place}/sensorMetadata/@{name}")
            for number, report in enumerate(sensor.reports, 1):
                for name, value in report:
                    if name == "time":
                        self._form(value, f"{place}/sensorReport[{number}]/@time")
