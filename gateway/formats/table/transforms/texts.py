"""Texts: serial and lot numbers, digits, codes with a meaning."""

from __future__ import annotations

from functools import partial

from gateway import gs1
from gateway.formats.table import rules
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms.base import (
    Converter,
    Refused,
    Repaired,
    Tools,
    clean,
    gs1_rules,
    kind,
    not_disguised,
    whole,
)
from gateway.gs1.check_digit import is_digits

_ANY_GTIN = "09521321123458"
_ANY_PREFIX = gs1.CompanyPrefixes(["9521321"])


def text(_: FieldSpec, __: Tools) -> Converter:
    """Text as it stands, without blanks around it."""
    return as_text


def as_text(cell: Cell) -> str | Repaired:
    """The cell as text; a number is taken as shown."""
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
            message = f"the serial number {value} is a {kind(cell)} in the sheet, not text"
            raise Refused(rules.NUMBER_CELL, message, expected="text")
        value = whole(cell)
    not_disguised(value, "serial number")
    with gs1_rules():
        gs1.sgtin_urns(_ANY_GTIN, [value], _ANY_PREFIX)
    return value


def lot(_: FieldSpec, __: Tools) -> Converter:
    """A lot number of 1 to 20 characters of GS1 set 82."""
    return _lot


def _lot(cell: Cell) -> str | Repaired:
    value = as_text(cell)
    not_disguised(value.value if isinstance(value, Repaired) else value, "lot number")
    with gs1_rules():
        gs1.Lgtin(_ANY_GTIN, value.value if isinstance(value, Repaired) else value)
    return value


def lookup(spec: FieldSpec, _: Tools) -> Converter:
    """The meaning of a code, from the field's table."""
    return partial(_lookup, table=spec.table)


def _lookup(cell: Cell, *, table: dict[str, str]) -> str:
    value = clean(cell)
    if value not in table:
        raise Refused(rules.LOOKUP, f"{value!r} is not in the lookup table", expected=", ".join(table))
    return table[value]


def digits(_: FieldSpec, __: Tools) -> Converter:
    """Digits and nothing else, exactly as they stand."""
    return _digits


def _digits(cell: Cell) -> str | Repaired:
    value = as_text(cell)
    if not is_digits(value.value if isinstance(value, Repaired) else value):
        raise Refused(rules.WRONG, f"{clean(cell)!r} is not made of digits", expected="digits")
    return value


def flag(spec: FieldSpec, _: Tools) -> Converter:
    """A yes or no, given as ``true`` or ``false``; other words than these two and truth cells stand in `table`."""
    return partial(_flag, table={"true": "true", "false": "false", **{k.casefold(): v for k, v in spec.table.items()}})


def _flag(cell: Cell, *, table: dict[str, str]) -> str:
    value = table.get(clean(cell).casefold())
    if value not in {"true", "false"}:
        raise Refused(rules.LOOKUP, f"{clean(cell)!r} is neither yes nor no", expected=", ".join(table))
    return value
