"""The way back: from the value of a field to the cell that its steps and transform would read so.

An inverse names the cells that may give a value, the best first; it need not be sure. Whoever writes a cell reads it
back by the field's own converter and takes the first that gives the value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from gateway.formats.table import dates
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import FieldSpec, Step
from gateway.formats.table.transforms.base import Tools


class NotInvertible(Exception):
    """A field that can be read and not written, or a value that its steps cannot have given; says why."""


@dataclass(frozen=True, slots=True)
class Inverse:
    """How the values of a transform become cells.

    Attributes:
        cells: cells that may give a value, the best first.
        same: whether two values mean the same though they are spelled differently; None where only equal is equal.
        verbatim: whether the transform takes its own values as they stand.
    """

    cells: Callable[[str], Iterable[Cell]]
    same: Callable[[str, str], bool] | None = None
    verbatim: bool = False


def _as_is(_: FieldSpec, __: Tools) -> Inverse:
    return Inverse(lambda value: (value,))


def _reversed(field: FieldSpec, _: Tools) -> Inverse:
    """The words of the field's table that have the value as meaning; the first is the one to write."""
    words: dict[str, list[str]] = {}
    for word, meaning in field.table.items():
        words.setdefault(meaning, []).append(word)
    return Inverse(lambda value: (*words.get(value, ()), value))


def _decimal(_: FieldSpec, tools: Tools) -> Inverse:
    return Inverse(lambda value: (value.replace(".", tools.decimal),))


def _date(field: FieldSpec, _: Tools) -> Inverse:
    forms = [dates.Form.compile(form) for form in field.formats]
    return Inverse(partial(_day, forms=forms))


def _day(value: str, *, forms: list[dates.Form]) -> Iterator[Cell]:
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return
    clear, other = _texts(dt.datetime.combine(day, dt.time()), forms)
    yield from [*clear, value]
    yield day
    yield from other


def _datetime(field: FieldSpec, tools: Tools) -> Inverse:
    forms = [dates.Form.compile(form) for form in field.formats]
    name = field.zone or tools.zone
    return Inverse(partial(_local, forms=forms, zone=ZoneInfo(name) if name else None), _same_instant, verbatim=True)


def _local(value: str, *, forms: list[dates.Form], zone: ZoneInfo | None) -> Iterator[Cell]:
    moment = _instant(value)
    if moment is not None and zone is not None:
        clear, _ = _texts(moment.astimezone(zone).replace(tzinfo=None), forms)
        yield from clear


def _texts(moment: dt.datetime, forms: list[dates.Form]) -> tuple[list[str], list[str]]:
    """A time in each form: texts that have one reading, and those that another form would read as another day."""
    clear: list[str] = []
    other: list[str] = []
    for form in forms:
        text = form.write(moment)
        days = {read.date() for one in forms if (read := one.read(text, day_00=True)) is not None}
        (clear if len(days) <= 1 else other).append(text)
    return clear, other


def _same_instant(one: str, other: str) -> bool:
    return _instant(one) is not None and _instant(one) == _instant(other)


def _instant(value: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.astimezone(dt.UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


#: Inverse of each of our transforms. One without an inverse can be read and not written.
INVERSES: Final[dict[str, Callable[[FieldSpec, Tools], Inverse]]] = {
    **dict.fromkeys(("text", "digits", "serial", "lot", "gtin", "sscc", "gln", "sgtin", "lgtin", "epc"), _as_is),
    **dict.fromkeys(("lookup", "flag", "uom"), _reversed),
    **dict.fromkeys(("number", "integer", "quantity"), _decimal),
    "date": _date,
    "datetime": _datetime,
}


def _same_text(text: str, _: object) -> str:
    return text


def _without_prefix(text: str, prefix: object) -> str:
    if not text.startswith(str(prefix)):
        message = f"{text!r} does not begin with {prefix!r}, which the column's step puts before each text"
        raise NotInvertible(message)
    return text.removeprefix(str(prefix))


def _without_suffix(text: str, suffix: object) -> str:
    if not text.endswith(str(suffix)):
        message = f"{text!r} does not end with {suffix!r}, which the column's step puts behind each text"
        raise NotInvertible(message)
    return text.removesuffix(str(suffix))


#: How each step is undone. What a step has left out (`strip`, `remove`) is not put there again.
UNDO: Final[dict[str, Callable[[str, object], str]]] = {
    **dict.fromkeys(("strip", "remove", "replace", "pad", "case"), _same_text),
    "prefix": _without_prefix,
    "suffix": _without_suffix,
}
#: Steps that take a part of the cell, and why the cell cannot be made again from it.
PARTS: Final = {
    "regex": "the step `regex` takes a part of the cell; what stands around it is not known",
    "split": "the step `split` takes a part of the cell; no fields of the mapping hold all the others",
    "element": "the step `element` takes a part of the cell, and it is not the first step of all fields of the column",
}


def kind_of(step: Step) -> str:
    """Which step it is."""
    return next(iter(step.model_fields_set))


def lossy(step: Step) -> str:
    """Why a step alone cannot be undone, empty when it can."""
    name = kind_of(step)
    return "" if name in UNDO else PARTS.get(name, f"the step `{name}` has no inverse")


def undone(field: FieldSpec, cell: Cell, first: int = 0) -> Cell:
    """The cell before the field's steps from the one at `first` on.

    Raises:
        NotInvertible: the steps cannot have given this text, or take only a part of the cell.
    """
    for step in reversed(field.steps[first:]):
        name = kind_of(step)
        if name not in UNDO:
            raise NotInvertible(lossy(step))
        if isinstance(cell, str):
            cell = UNDO[name](cell, getattr(step, name))
    return cell
