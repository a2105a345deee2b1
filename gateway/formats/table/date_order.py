"""Day before month, or month before day? Decided for a whole column, or not at all.

A mapping may declare forms that read the same text as different dates, e.g. DD/MM/YYYY and MM/DD/YYYY. One date with
a day over 12 tells them apart; then all dates of the column are read in that order. Where no date tells, or two tell
different things, dates with two readings are errors.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.formats.table.cells import Cell, shown
from gateway.formats.table.dates import Form
from gateway.formats.table.spec import FieldSpec

_TRANSFORMS = frozenset({"date", "datetime"})
#: Dates that come out differently in each order, with one and with two digits.
_PROBES = (dt.datetime(2003, 4, 5, 6, 7, 8), dt.datetime(2010, 11, 12, 11, 12, 10), dt.datetime(2012, 11, 10))  # noqa: DTZ001 - texts only
_TOKENS = re.compile("YYYY|YY|MM|DD|hh|mm|ss|AM|M|D|h")
_REMEMBER = 65536


def undecided(field: FieldSpec) -> list[Form]:
    """The forms of a field of which two may read a text differently; empty when its dates have one reading."""
    if field.transform not in _TRANSFORMS or len(field.formats) < 2 or field.steps:  # noqa: PLR2004 - two forms
        return []
    forms = [Form.compile(text) for text in field.formats]
    return [one for one in forms if any(_differ(one, other) for other in forms if other is not one)]


def _differ(one: Form, other: Form) -> bool:
    for here, there in ((one, other), (other, one)):
        for probe in _PROBES:
            text = _written(probe, here)
            mine, rival = here.read(text), there.read(text)
            if mine is not None and rival is not None and mine != rival:
                return True
    return False


def _written(moment: dt.datetime, form: Form) -> str:
    parts = {
        "YYYY": f"{moment:%Y}", "YY": f"{moment:%y}", "MM": f"{moment:%m}", "DD": f"{moment:%d}", "hh": f"{moment:%H}",
        "mm": f"{moment:%M}", "ss": f"{moment:%S}", "AM": "AM", "M": str(moment.month), "D": str(moment.day),
        "h": str(moment.hour),
    }  # fmt: skip
    return _TOKENS.sub(lambda match: parts[match[0]], form.text)


@dataclass(slots=True)
class Column:
    """What the dates of one column say about their order.

    Attributes:
        forms: those that are in question.
        proof: the value and row that excluded a form, by the form's text.
    """

    forms: Sequence[Form]
    proof: dict[str, tuple[str, int]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def take(self, cells: Iterable[Cell], numbers: Iterable[int]) -> None:
        """Take cells of the column and their rows."""
        for cell, number in zip(cells, numbers, strict=True):
            if not isinstance(cell, str) or cell in self._seen:
                continue
            if len(self._seen) < _REMEMBER:
                self._seen.add(cell)
            value = shown(cell)
            wrong = [form for form in self.forms if form.read(value) is None]
            if len(wrong) < len(self.forms):
                for form in wrong:
                    self.proof.setdefault(form.text, (value, number))

    def decided(self, declared: Sequence[str]) -> list[str]:
        """The forms to read with: those declared, without those that the column disproves; all when it proves none."""
        left = [form for form in self.forms if form.text not in self.proof]
        if len(left) != 1:
            return list(declared)
        return [text for text in declared if text not in self.proof]


def columns_of(fields: Mapping[str, FieldSpec], there: Mapping[str, int]) -> dict[str, Column]:
    """The columns whose dates have to be looked at, by field."""
    found = {name: undecided(one) for name, one in fields.items() if name in there}
    return {name: Column(forms) for name, forms in found.items() if forms}
