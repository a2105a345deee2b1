"""The steps of a field: what is done to a text before its transform. Each is one plain operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from gateway import gs1
from gateway.formats.table import rules
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import FieldSpec, Pad, Regex, Replace, Split, Step
from gateway.formats.table.transforms.base import Converter, Refused, Repaired, clean_code, gs1_rules, kind
from gateway.formats.table.transforms.texts import as_text

#: Transforms whose value must not come from a number cell: its leading zeros may be lost.
_TEXT_ONLY = frozenset({"serial", "sgtin", "lgtin", "epc"})

_Operation: TypeAlias = Callable[[str], str]


def prepared(field: FieldSpec, convert: Converter) -> Converter:
    """The converter of a field with its steps before it. Text that the steps leave empty is an empty cell."""
    if not field.steps:
        return convert
    return partial(
        _convert,
        steps=[_operation(step) for step in field.steps],
        convert=convert,
        text_only=field.transform in _TEXT_ONLY and field.numbers == "refuse",
    )


def _convert(cell: Cell, *, steps: Sequence[_Operation], convert: Converter, text_only: bool) -> str | Repaired:
    taken: str | Repaired
    if isinstance(cell, str):
        taken = clean_code(cell)
    elif isinstance(cell, int | float) and not isinstance(cell, bool) and not text_only:
        taken = as_text(cell)
    else:
        message = f"{cell} is a {kind(cell)} in the sheet, not text, and cannot be taken apart"
        raise Refused(rules.NUMBER_CELL, message, expected="text")
    value = taken.value if isinstance(taken, Repaired) else taken
    for step in steps:
        value = step(value)
    if not value:
        return ""
    found = convert(value)
    if isinstance(taken, Repaired) and not isinstance(found, Repaired):
        return Repaired(found, taken.rule, taken.message)
    return found


def _operation(step: Step) -> _Operation:  # noqa: PLR0911 - one line a step
    name = next(iter(step.model_fields_set))
    value = getattr(step, name)
    match name:
        case "strip":
            return lambda text: text.strip(value).strip()
        case "remove":
            return partial(_remove, table=str.maketrans("", "", value))
        case "replace":
            return partial(_replace, how=value)
        case "prefix":
            return lambda text: value + text if text else ""
        case "suffix":
            return lambda text: text + value if text else ""
        case "pad":
            return partial(_pad, how=value)
        case "case":
            return str.upper if value == "upper" else str.lower
        case "split":
            return partial(_split, how=value)
        case "regex":
            return partial(_regex, pattern=re.compile(value.pattern), how=value)
        case _:
            return partial(_element, ai=value)


def _remove(text: str, *, table: dict[int, int | None]) -> str:
    return text.translate(table)


def _replace(text: str, *, how: Replace) -> str:
    return text.replace(how.old, how.new)


def _pad(text: str, *, how: Pad) -> str:
    return text.rjust(how.length, how.with_) if text else ""


def _split(text: str, *, how: Split) -> str:
    parts = text.split(how.by)
    place = how.part - 1 if how.part > 0 else how.part
    if (how.of and len(parts) != how.of) or not -len(parts) <= place < len(parts):
        wanted = f"{how.of or abs(how.part)} parts with {how.by!r} between them"
        raise Refused(rules.WRONG, f"{text!r} has {len(parts)} parts", expected=wanted)
    return parts[place].strip()


def _regex(text: str, *, pattern: re.Pattern[str], how: Regex) -> str:
    found = pattern.fullmatch(text)
    if found is None:
        raise Refused(rules.WRONG, f"{text!r} does not have the form {how.pattern}", expected=how.pattern)
    return (found[1] or "").strip()


def _element(text: str, *, ai: str) -> str:
    with gs1_rules():
        return dict(gs1.parse_element_string(text)).get(ai, "")
