"""Dates and times."""

from __future__ import annotations

import datetime as dt
from functools import partial
from zoneinfo import ZoneInfo

from gateway.formats.table import dates, rules
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms.base import Converter, Refused, Repaired, Tools, clean


def date(spec: FieldSpec, _: Tools) -> Converter:
    """A day, given as ``YYYY-MM-DD``. Date cells of a sheet are taken, texts must have one of the forms."""
    forms = [dates.Form.compile(form) for form in spec.formats]
    return partial(_date, forms=forms, day_00=spec.day_00 == "last")


def _date(cell: Cell, *, forms: list[dates.Form], day_00: bool) -> str | Repaired:
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise Refused(rules.DATE, f"{cell} is a time, not a day", expected="a day")
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        day = dates.from_day_count(cell)
        if day is not None:
            return Repaired(day.isoformat(), rules.DATE_SERIAL, f"the number {shown(cell)} was read as {day}")
    return _by_form(clean(cell), forms, "date", day_00=day_00).date().isoformat()


def datetime(spec: FieldSpec, tools: Tools) -> Converter:
    """A time with its zone, given as xsd:dateTime. ISO 8601 with an offset is always taken."""
    forms = [dates.Form.compile(form) for form in spec.formats]
    name = spec.zone or tools.zone
    return partial(_datetime, forms=forms, zone=ZoneInfo(name) if name else None)


def _datetime(cell: Cell, *, forms: list[dates.Form], zone: ZoneInfo | None) -> str:
    if isinstance(cell, dt.datetime):
        local = cell
    else:
        value = clean(cell)
        if isinstance(cell, str) and dates.offset_of(value) is not None:
            return value
        local = _by_form(value, forms, "time")
    if zone is None:
        message = f"the zone of the local time {shown(cell)} is not known"
        hint = "give --set time-zone=, e.g. time-zone=Europe/Istanbul, or declare `zone` in the mapping"
        raise Refused(rules.TIME_MISSING, message, expected="a time with zone", hint=hint)
    aware = dates.in_zone(local, zone)
    if aware is None:
        message = f"the local time {shown(cell)} is ambiguous or does not exist in {zone.key}"
        raise Refused(rules.LOCAL_TIME, message, expected="a time with offset, e.g. 2026-10-25T02:30:00+02:00")
    return aware


def _by_form(value: str, forms: list[dates.Form], what: str, *, day_00: bool = False) -> dt.datetime:
    for form in forms:
        found = form.read(value, day_00=day_00)
        if found is not None:
            return found
    expected = " or ".join(form.text for form in forms) or f"a {what} cell"
    raise Refused(rules.DATE, f"{value!r} is no {what} of the form {expected}", expected=expected)
