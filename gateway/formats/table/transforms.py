"""The named transforms: how a cell becomes a value. A closed list, and third-party ones by entry point.

A transform is a factory. It gets the field's declaration and the `Tools` of the conversion, and gives a converter:
cell in, text out. A converter refuses with `Refused`, and says with `Repaired` that it put right what a check digit
or a unique reading proves. Empty cells never reach it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from gateway import gs1
from gateway.findings import Rule
from gateway.formats.table import dates, rules
from gateway.formats.table.cells import Cell, has_control, shown
from gateway.formats.table.spec import FieldSpec
from gateway.gs1 import schemes
from gateway.gs1.check_digit import verify
from gateway.gs1.validate import check_number
from gateway.plugins import Registry

_EXACT = 1 << 53
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+[0-9]{1,3}")
_NUMBER = {
    ".": re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?"),
}


class Refused(Exception):
    """A value that a transform does not take."""

    def __init__(self, rule: Rule, message: str, *, expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.expected = expected
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Repaired:
    """A value with something that its sender should know."""

    value: str
    rule: Rule
    message: str


Converter: TypeAlias = Callable[[Cell], str | Repaired]


@dataclass(frozen=True, slots=True)
class Tools:
    """What transforms share.

    Attributes:
        prefixes: knows the length of company prefixes.
        decimal: decimal sign of numbers in text.
        zone: IANA zone for local times without one in the mapping, may be empty.
    """

    prefixes: gs1.CompanyPrefixes = field(default_factory=gs1.CompanyPrefixes)
    decimal: str = "."
    zone: str = ""


Factory: TypeAlias = Callable[[FieldSpec, Tools], Converter]


def text(_: FieldSpec, __: Tools) -> Converter:
    """Text as it stands, without blanks around it."""
    return _text


def _text(cell: Cell) -> str | Repaired:
    value = clean(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Repaired(value, rules.NUMBER_TEXT, f"the number {value} was taken as text")
    return value


def serial(spec: FieldSpec, _: Tools) -> Converter:
    """A serial number of 1 to 20 characters of GS1 set 82, exactly as it stands."""
    return partial(_serial, as_shown=spec.numbers == "as-shown")


def _serial(cell: Cell, *, as_shown: bool) -> str:
    value = clean(cell)
    if not isinstance(cell, str):
        if not as_shown or not isinstance(cell, int | float):
            message = f"the serial number {value} is a {_kind(cell)} in the sheet, not text"
            raise Refused(rules.NUMBER_CELL, message, expected="text")
        value = _whole(cell)
    with _gs1():
        gs1.sgtin_urns(_ANY_GTIN, [value], _ANY_PREFIX)
    return value


def lot(_: FieldSpec, __: Tools) -> Converter:
    """A lot number of 1 to 20 characters of GS1 set 82."""
    return _lot


def _lot(cell: Cell) -> str | Repaired:
    value = _text(cell)
    with _gs1():
        gs1.Lgtin(_ANY_GTIN, value.value if isinstance(value, Repaired) else value)
    return value


def gtin(_: FieldSpec, tools: Tools) -> Converter:
    """A GTIN of 8, 12, 13 or 14 digits, given as 14; check digit and company prefix are verified."""
    return partial(_key, title="GTIN", length=14, lengths=gs1.gtin.LENGTHS, skip=1, prefixes=tools.prefixes)


def sscc(_: FieldSpec, tools: Tools) -> Converter:
    """An SSCC of 18 digits; ``(00)`` before it is left out; check digit and company prefix are verified."""
    return partial(_key, title="SSCC", length=18, lengths=(18,), skip=1, prefixes=tools.prefixes)


def gln(_: FieldSpec, tools: Tools) -> Converter:
    """A GLN of 13 digits; check digit and company prefix are verified."""
    return partial(_key, title="GLN", length=13, lengths=(13,), skip=0, prefixes=tools.prefixes)


_SCHEMES = {"GTIN": schemes.SGTIN, "SSCC": schemes.SSCC, "GLN": schemes.SGLN}
_ANY_GTIN = "09521321123458"
_ANY_PREFIX = gs1.CompanyPrefixes(["9521321"])


def _key(
    cell: Cell, *, title: str, length: int, lengths: tuple[int, ...], skip: int, prefixes: gs1.CompanyPrefixes
) -> str | Repaired:
    number = not isinstance(cell, str)
    if isinstance(cell, str) and len(cell) == length and verify(cell):
        # Nearly every cell is just right; a file has a different SSCC in every fifty rows.
        with _gs1():
            prefixes.length_of(cell[skip:])
        return cell
    value = _whole(cell) if number else clean(cell)
    if title == "SSCC" and not number:
        value = value.removeprefix("(00)")
        if len(value) == length + 2:
            value = value.removeprefix("00")
    full = value.zfill(length) if value.isdigit() else value
    lost = len(value) < length and (number or len(value) not in lengths)
    if lost and not verify(full):
        message = f"{value!r} has {len(value)} digits, and is no {title} with zeros before it"
        raise Refused(_form(title), message, expected=f"{length} digits with a right check digit")
    with _gs1():
        check_number(_SCHEMES[title], full)
        prefixes.length_of(full[skip:])
    if lost:
        message = f"the {title} {value} lacks leading zeros; it was read as {full}, which its check digit proves"
        return Repaired(full, rules.NUMBER_REPAIRED, message)
    if number:
        return Repaired(full, rules.NUMBER_TEXT, f"the {title} {full} stood in the sheet as a number")
    return full


def _form(title: str) -> Rule:
    return _SCHEMES[title].form


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


def number(_: FieldSpec, tools: Tools) -> Converter:
    """A decimal number, given with a point and without separators of thousands; never through a float."""
    return partial(read_number, decimal=tools.decimal)


def read_number(cell: Cell, *, decimal: str) -> str:
    """A number cell, or a text with the table's decimal sign, as a decimal with a point."""
    value = clean(cell)
    if not isinstance(cell, str):
        if isinstance(cell, int | float) and not isinstance(cell, bool) and "e" not in value:
            return value
    elif _NUMBER[decimal].fullmatch(value):
        thousands = "," if decimal == "." else "."
        return value.replace(thousands, "").replace(decimal, ".").removeprefix("+")
    expected = f"digits with {decimal!r} as decimal sign"
    raise Refused(rules.WRONG, f"{value!r} is no number", expected=expected)


def lookup(spec: FieldSpec, _: Tools) -> Converter:
    """The meaning of a code, from the field's table."""
    return partial(_lookup, table=spec.table)


def _lookup(cell: Cell, *, table: dict[str, str]) -> str:
    value = clean(cell)
    if value not in table:
        raise Refused(rules.LOOKUP, f"{value!r} is not in the lookup table", expected=", ".join(table))
    return table[value]


def clean(cell: Cell) -> str:
    """The cell as text.

    Raises:
        Refused: it holds a control character, or is a long number whose digits are gone.
    """
    value = shown(cell)
    if has_control(value):
        raise Refused(rules.NUL, f"{value!r} holds a control character", expected="text without control characters")
    if isinstance(cell, str) and _SCIENTIFIC.fullmatch(value):
        raise Refused(rules.SCIENTIFIC, f"{value} is a rounded number: its digits are gone", expected="all digits")
    return value


def _whole(cell: Cell) -> str:
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not float(cell).is_integer() or cell < 0:
        raise Refused(rules.WRONG, f"{shown(cell)} is a {_kind(cell)}, not digits", expected="digits as text")
    if cell >= _EXACT:
        message = f"the number {int(cell)} is longer than a number cell keeps exactly; its last digits are gone"
        raise Refused(rules.NUMBER_INEXACT, message, expected="digits as text")
    return str(int(cell))


def _kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "truth value"
    return "number" if isinstance(cell, int | float) else "date or time"


class _gs1:  # noqa: N801 - used as a statement
    """Turns an error about a GS1 number into a refusal of the cell."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, gs1.Gs1Error):
            raise Refused(error.rule, error.message, expected=error.expected, hint=error.hint) from error


_HERE = "gateway.formats.table.transforms"

#: All transforms, ours first. `Any`, because a plugin's factory is checked only by being callable.
TRANSFORMS: Registry[Any] = Registry(
    "gateway.transforms",
    "transform",
    None,
    {
        name: f"{_HERE}:{name}"
        for name in ("text", "lot", "serial", "gtin", "sscc", "gln", "date", "datetime", "number", "lookup")
    },
)

#: Which keys of a field belong to which of our transforms. Third-party transforms may use all of them.
OPTIONS: dict[str, frozenset[str]] = {
    "date": frozenset({"formats", "day_00"}),
    "datetime": frozenset({"formats", "zone"}),
    "serial": frozenset({"numbers"}),
    "lookup": frozenset({"table"}),
}
