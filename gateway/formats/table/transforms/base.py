"""What transforms share: how they refuse and repair, and how a cell becomes text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway import gs1
from gateway.findings import Rule
from gateway.formats.table import rules
from gateway.formats.table.cells import ERRORS, NO_RESULT, Cell, Number, has_control, shown
from gateway.formats.table.characters import disguised
from gateway.formats.table.dates import DAY_0
from gateway.formats.table.spec import FieldSpec
from gateway.gs1.element_string import FNC1

_EXACT = 1 << 53
_MANTISSA = re.compile(r"([0-9])[.,]([0-9]{1,20})[eE]\+?([0-9]{1,2})")
_FORMULA = re.compile(r'="([^"]*)"')
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+[0-9]{1,3}")


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
        day_0: day 0 of dates that stand in the sheet as numbers.
    """

    prefixes: gs1.CompanyPrefixes = field(default_factory=gs1.CompanyPrefixes)
    decimal: str = "."
    zone: str = ""
    day_0: dt.date = DAY_0


Factory: TypeAlias = Callable[[FieldSpec, Tools], Converter]


def clean(cell: Cell) -> str:
    """The cell as text.

    Raises:
        Refused: it holds a control character, or is a long number whose digits are gone.
    """
    value = shown(cell)
    if has_control(value):
        raise Refused(rules.NUL, f"{value!r} holds a control character", expected="text without control characters")
    if value in ERRORS or (value.startswith("##") and not value.strip("#")):
        what = "a formula whose result was not saved" if value == NO_RESULT else f"the error {value}"
        raise Refused(rules.CELL_ERROR, f"the cell holds {what}", expected="a value")
    if isinstance(cell, str) and (_SCIENTIFIC.fullmatch(value) or (isinstance(cell, Number) and "e" in value.lower())):
        raise Refused(rules.SCIENTIFIC, f"{value} is a rounded number: its digits are gone", expected="all digits")
    return value


def all_digits(text: str) -> str:
    """The number that scientific notation stands for when none of its digits is gone, else nothing.

    ``9.521321110014E+12`` has 13 digits and says that there are 13; of ``9.52E+12`` ten are missing.
    """
    match = _MANTISSA.fullmatch(text)
    if match is None:
        return ""
    digits = match[1] + match[2]
    return digits if len(digits) == int(match[3]) + 1 else ""


def as_formula(text: str) -> str | None:
    """The text inside ``="…"``, in which people wrap numbers so that spreadsheets keep their zeros; else None."""
    match = _FORMULA.fullmatch(text)
    return match[1] if match is not None else None


def not_disguised(value: str, what: str) -> None:
    """Refuse letters in a serial or lot number that look like others, or are not seen: nothing proves what was meant.

    Raises:
        Refused: there is such a letter; the message names it.
    """
    if as_formula(value) is not None:
        message = f"the {what} {value} is written as the formula of a spreadsheet"
        raise Refused(rules.FORMULA_TEXT, message, expected="the text alone")
    if value.isascii():
        return
    found = disguised(value)
    if found:
        message = f"the {what} {value!r} holds {' and '.join(found)}"
        raise Refused(rules.LOOKALIKE, message, expected="letters and signs of GS1 set 82")


def clean_code(cell: Cell) -> str:
    """The content of a barcode as text: FNC1 (ASCII 29) may stand between its values.

    Raises:
        Refused: as `clean` does.
    """
    value = shown(cell)
    if isinstance(cell, str) and FNC1 in value and not has_control(value.replace(FNC1, "")):
        return value
    return clean(cell)


def whole(cell: Cell) -> str:
    """The digits of a number cell.

    Raises:
        Refused: it is no whole number, or one whose last digits are gone.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not float(cell).is_integer() or cell < 0:
        raise Refused(rules.WRONG, f"{shown(cell)} is a {kind(cell)}, not digits", expected="digits as text")
    if cell >= _EXACT:
        message = f"the number {int(cell)} is longer than a number cell keeps exactly; its last digits are gone"
        raise Refused(rules.NUMBER_INEXACT, message, expected="digits as text")
    return str(int(cell))


def kind(cell: Cell) -> str:
    """What a cell is that is no text, in words."""
    if isinstance(cell, bool):
        return "truth value"
    return "number" if isinstance(cell, int | float) else "date or time"


class gs1_rules:  # noqa: N801 - used as a statement
    """Turns an error about a GS1 number into a refusal of the cell."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, gs1.Gs1Error):
            raise Refused(error.rule, error.message, expected=error.expected, hint=error.hint) from error
