"""Numbers, never through a float, and their units."""

from __future__ import annotations

import re
from functools import partial
from typing import NoReturn

from gateway.formats.table import rules
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms.base import Converter, Refused, Tools, clean

_NUMBER = {
    ".": re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?"),
}
_BLANK = re.compile("[ \u00a0\u202f]")
_BLANKS_BETWEEN = re.compile("[+-]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?![0-9])")
#: UN/ECE Recommendation 20 codes: two or three capital letters and digits.
_UNIT = re.compile(r"[A-Z0-9]{2,3}")


def number(_: FieldSpec, tools: Tools) -> Converter:
    """A decimal number, given with a point and without separators of thousands; never through a float."""
    return partial(read_number, decimal=tools.decimal)


def read_number(cell: Cell, *, decimal: str) -> str:
    """A number cell, or a text with the table's decimal sign, as a decimal with a point."""
    value = clean(cell)
    if not isinstance(cell, str):
        if isinstance(cell, int | float) and not isinstance(cell, bool) and "e" not in value:
            return value
    else:
        if _BLANKS_BETWEEN.match(value):
            value = _BLANK.sub("", value)  # 1 012,5 as in many countries
        if not _NUMBER[decimal].fullmatch(value):
            return _refuse(clean(cell), decimal)
        thousands = "," if decimal == "." else "."
        return value.replace(thousands, "").replace(decimal, ".").removeprefix("+")
    return _refuse(value, decimal)


def _refuse(value: str, decimal: str) -> NoReturn:
    expected = f"digits with {decimal!r} as decimal sign"
    raise Refused(rules.WRONG, f"{value!r} is no number", expected=expected)


def integer(_: FieldSpec, tools: Tools) -> Converter:
    """A whole number from 0 on, e.g. a count."""
    return partial(_integer, decimal=tools.decimal)


def _integer(cell: Cell, *, decimal: str) -> str:
    whole, _, rest = read_number(cell, decimal=decimal).partition(".")
    if rest.strip("0") or whole.startswith("-"):
        raise Refused(rules.WRONG, f"{clean(cell)!r} is no whole number", expected="a whole number from 0 on")
    return whole


def quantity(_: FieldSpec, tools: Tools) -> Converter:
    """An amount above 0, given with a point and without separators of thousands."""
    return partial(_quantity, decimal=tools.decimal)


def _quantity(cell: Cell, *, decimal: str) -> str:
    value = read_number(cell, decimal=decimal)
    if value.startswith("-") or not value.strip("0."):
        raise Refused(rules.WRONG, f"{clean(cell)!r} is no amount", expected="a number above 0")
    return value


def uom(spec: FieldSpec, _: Tools) -> Converter:
    """A unit of measure as UN/ECE Recommendation 20 code (``KGM``, ``LTR``); other words stand in `table`."""
    return partial(_uom, table=spec.table)


def _uom(cell: Cell, *, table: dict[str, str]) -> str:
    value = clean(cell)
    value = table.get(value, value)
    if value and not _UNIT.fullmatch(value):
        expected = ", ".join(["a code of UN/ECE Recommendation 20", *table])
        raise Refused(rules.LOOKUP, f"{value!r} is no unit of measure", expected=expected)
    return value
