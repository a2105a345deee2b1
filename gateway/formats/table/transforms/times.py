"""Dates and times."""

from __future__ import annotations

import datetime as dt
from functools import partial
from zoneinfo import ZoneInfo

from gateway.formats.table import dates, rules
from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.characters import plain
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms.base import Converter, Refused, Repaired, Tools, clean

_COUNT_DIGITS = 5


def date(spec: FieldSpec, tools: Tools) -> Converter:
    """A day, given as ``YYYY-MM-DD``. Date cells of a sheet are taken, texts must have one of the forms."""
    forms = [dates.Form.compile(form) for form in spec.formats]
    return partial(_date, forms=forms, day_00=spec.day_00 == "last", day_0=tools.day_0)


def _date(cell: Cell, *, forms: list[dates.Form], day_00: bool, day_0: dt.date) -> str | Repaired:
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time():
            raise Refused(rules.DATE, f"{cell} is a time, not a day", expected="a day")
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        day = dates.from_day_count(cell, day_0)
        if day is not None:
            message = f"the number {shown(cell)} was read as {day}, counted from {day_0}"
            return Repaired(day.isoformat(), rules.DATE_SERIAL, message)
    value = clean(cell)
    read = plain(value)
    found = _by_form(read, forms, "date", day_00=day_00).date().isoformat()
    return found if read == value else _mended(found, value, read)


def _mended(found: str, value: str, read: str) -> Repaired:
    return Repaired(found, rules.LOOKALIKE_READ, f"{value!r} was read as {read!r}")


def datetime(spec: FieldSpec, tools: Tools) -> Converter:
    """A time with its zone, given as xsd:dateTime. ISO 8601 with an offset is always taken."""
    forms = [dates.Form.compile(form) for form in spec.formats]
    name = spec.zone or tools.zone
    return partial(_datetime, forms=forms, zone=ZoneInfo(name) if name else None)


def _datetime(cell: Cell, *, forms: list[dates.Form], zone: ZoneInfo | None) -> str | Repaired:
    value = read = ""
    if isinstance(cell, dt.datetime):
        local = cell
    else:
        value = clean(cell)
        read = plain(value)
        if isinstance(cell, str) and dates.offset_of(value) is not None:
            return value
        local = _by_form(read, forms, "time")
    if zone is None:
        message = f"the zone of the local time {shown(cell)} is not known"
        hint = "give --set time-zone=, e.g. time-zone=Europe/Istanbul, or declare `zone` in the mapping"
        raise Refused(rules.TIME_MISSING, message, expected="a time with zone", hint=hint)
    aware = dates.in_zone(local, zone)
    if aware is None:
        message = f"the local time {shown(cell)} is ambiguous or does not exist in {zone.key}"
        raise Refused(rules.LOCAL_TIME, message, expected="a time with offset, e.g. 2026-10-25T02:30:00+02:00")
    return aware if read == value else _mended(aware, value, read)


def _by_form(value: str, forms: list[dates.Form], what: str, *, day_00: bool = False) -> dt.datetime:
    found = {form.text: read for form in forms if (read := form.read(value, day_00=day_00)) is not None}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    if found:
        told = " or ".join(f"{read.date()} ({text})" for text, read in found.items())
        raise Refused(rules.DATE_ORDER, f"{value!r} may be {told}", expected="a date that can be read in one way")
    expected = " or ".join(form.text for form in forms) or f"a {what} cell"
    raise Refused(rules.DATE, f"{value!r} is no {what} of the form {expected}", expected=expected, hint=_hint(value))


def _hint(value: str) -> str:
    """What a number of five digits may have been in a sheet."""
    if not (value.isascii() and value.isdigit() and len(value) == _COUNT_DIGITS):
        return ""
    days = [dates.from_day_count(int(value), day_0) for day_0 in (dates.DAY_0, dates.DAY_0_1904)]
    told = " or ".join(f"{day} (counted from {year})" for day, year in zip(days, (1900, 1904), strict=True) if day)
    return (
        f"it may be the day count of a spreadsheet, {told}: format the column as a date and export again"
        if told
        else ""
    )
