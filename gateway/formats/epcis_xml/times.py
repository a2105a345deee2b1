"""Times that EPCIS 1.x allows and 2.0 does not: without zone, and 24:00:00."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from msgspec import structs

from gateway.epcis.events import Event
from gateway.findings import Findings, Where
from gateway.formats.epcis_xml import rules

_MIDNIGHT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T24:00:00(\.0+)?")
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d\Z|Z\Z")


class Times:
    """Makes the times of events fit for EPCIS 2.0 and reports each change. Digits are kept."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def zoned(self, event: Event, number: int) -> Event:
        """The event itself when its times are fit, which is nearly always; else a changed copy."""
        record = event.record_time
        error = event.error_declaration
        if not (
            not fit(event.event_time)
            or (record is not None and not fit(record))
            or (error is not None and error.declaration_time is not None and not fit(error.declaration_time))
        ):
            return event
        offset = event.event_time_zone_offset
        changes: dict[str, object] = {"event_time": self._fit(event.event_time, offset, "eventTime", number)}
        if record is not None:
            changes["record_time"] = self._fit(record, offset, "recordTime", number)
        if error is not None and error.declaration_time is not None:
            time = self._fit(error.declaration_time, offset, "errorDeclaration/declarationTime", number)
            changes["error_declaration"] = structs.replace(error, declaration_time=time)
        return structs.replace(event, **changes)

    def _fit(self, time: str, offset: str, path: str, number: int) -> str:
        where = Where(event=number, path=path)
        fit = _MIDNIGHT.sub(_next_day, time)
        if fit != time:
            message = f"{path} {time!r} was written as {fit!r}"
            self._findings.report(rules.MIDNIGHT, message, where=where, value=time)
        if not _has_zone(fit) and _OFFSET.match(offset):
            message = f"{path} {time!r} has no zone; the event's eventTimeZoneOffset {offset!r} was used"
            self._findings.report(rules.NO_ZONE, message, where=where, value=time, expected=f"{fit}{offset}")
            fit += offset
        return fit


def _has_zone(time: str) -> bool:
    return time.endswith("Z") or time[-6:-5] in ("+", "-")


def fit(time: str) -> bool:
    """Whether a time may stand in EPCIS 2.0 as it is, as far as zone and midnight go."""
    return _has_zone(time) and "T24:" not in time


def all_fit(times: list[str]) -> bool:
    """The same of many times; those of a batch end in the same zone."""
    zone = times[0][-1:] if times[0].endswith("Z") else times[0][-6:]
    text = "\n".join([*times, ""])
    alike = fit(times[0]) and "T24:" not in text and text.count(f"{zone}\n") == len(times)
    return alike or all(map(fit, times))


def _next_day(match: re.Match[str]) -> str:
    try:
        day = dt.date.fromisoformat(match[1]) + dt.timedelta(days=1)
    except (ValueError, OverflowError):
        return match[0]
    return f"{day.isoformat()}T00:00:00{match[2] or ''}"
