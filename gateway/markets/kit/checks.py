"""Checks of values as tables: a row says which field, what must hold, and which rule it is.

A market writes its table once and runs it when it composes and when it checks a finished message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from gateway.findings import NOWHERE, Findings, Rule, Where
from gateway.gs1 import check_digit

Test = Callable[[str], bool]

_GTIN, _GLN, _SSCC = 14, 13, 18


@dataclass(frozen=True, slots=True)
class Check:
    """One row of a table.

    Attributes:
        field: the regulator's own name of the field.
        rule: what a wrong value breaks.
        test: whether a value is right.
        expected: what is right, in words.
        required: whether the field must be there; a missing one breaks the rule, too.
    """

    field: str
    rule: Rule
    test: Test
    expected: str
    required: bool = False


def run(table: Iterable[Check], values: Mapping[str, str], findings: Findings, where: Where = NOWHERE) -> bool:
    """Check values by field; whether all are right. A value without a row is nobody's here."""
    right = True
    for check in table:
        value = values.get(check.field, "")
        if value and not check.test(value):
            message = f"{check.field} {value!r} is not {check.expected}"
            findings.report(check.rule, message, where=where, value=value, expected=check.expected)
            right = False
        elif not value and check.required:
            findings.report(check.rule, f"{check.field} is missing", where=where, expected=check.expected)
            right = False
    return right


def matches(pattern: str) -> Test:
    """Whether all of a value matches a pattern; digits are ASCII digits."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


def one_of(values: Container[str]) -> Test:
    """Whether a value is in a list of codes."""
    return lambda value: value in values


def is_gtin(value: str) -> bool:
    """Whether a value is a GTIN of 14 digits with a right check digit."""
    return len(value) == _GTIN and check_digit.verify(value)


def is_gln(value: str) -> bool:
    """Whether a value is a GLN of 13 digits with a right check digit."""
    return len(value) == _GLN and check_digit.verify(value)


def is_sscc(value: str) -> bool:
    """Whether a value is an SSCC of 18 digits with a right check digit."""
    return len(value) == _SSCC and check_digit.verify(value)
