"""What a spreadsheet program checks while a cell is filled in, and what it says about the column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms import TRANSFORMS

#: What spreadsheet programs allow in a list, a formula and a message.
_MOST = 255
_LIST_MOST = 255
#: Keys with a check digit: how many digits they may have.
_DIGITS = {"gtin": (8, 12, 13, 14), "sscc": (18,), "gln": (13,)}
_LENGTHS = {"serial": 20, "lot": 20}
_NUMBERS = ("number", "integer", "quantity")
#: Parts of a form that have as many characters as letters; others have no fixed place.
_FIXED = re.compile("YYYY|YY|MM|DD|hh|mm|ss|(?<![A-Za-z])AM")
_LOOSE = re.compile("[MDh]")


@dataclass(frozen=True, slots=True)
class Check:
    """A check of cells.

    Attributes:
        options: for xlsxwriter's ``data_validation``.
        strict: whether a wrong cell is refused, or may be kept after a warning.
    """

    options: dict[str, Any] = field(default_factory=dict)
    strict: bool = True


def check_of(spec: FieldSpec, cell: str, decimal: str) -> Check | None:
    """The check of a field's cells, None where nothing can be said of a cell.

    Args:
        spec: the field.
        cell: address of the first cell, for formulas.
        decimal: decimal sign of numbers in text.
    """
    words = words_of(spec)
    if words:
        return Check({"validate": "list", "source": words}, strict=not spec.steps) if _fits(words) else None
    makers: dict[str, Callable[[], Check | None]] = {
        **{key: partial(_formula, _key(cell, lengths)) for key, lengths in _DIGITS.items()},
        **{key: partial(Check, _length(most)) for key, most in _LENGTHS.items()},
        **dict.fromkeys(_NUMBERS, lambda: _formula(f'ISNUMBER(--SUBSTITUTE({cell},"{decimal}",""))', strict=False)),
        **dict.fromkeys(("date", "datetime"), lambda: _forms(spec.formats, cell)),
    }
    make = makers.get(spec.transform)
    return make() if make is not None and not spec.steps else None


def words_of(spec: FieldSpec) -> list[str]:
    """The words that may stand in a column, empty where there is no closed list."""
    if spec.transform == "flag":
        return [*spec.table, *(word for word in ("true", "false") if word not in spec.table)]
    return list(spec.table) if spec.transform == "lookup" else []


def _length(most: int) -> dict[str, Any]:
    return {"validate": "length", "criteria": "between", "minimum": 1, "maximum": most}


def _fits(words: Sequence[str]) -> bool:
    return len(",".join(words)) <= _LIST_MOST and not any("," in word for word in words)


def _formula(formula: str, *, strict: bool = True) -> Check | None:
    if len(formula) >= _MOST:
        return None
    return Check({"validate": "custom", "value": f"={formula}"}, strict)


def _key(cell: str, lengths: Sequence[int]) -> str:
    """A formula for digits of these lengths with a right check digit (GS1 General Specifications, section 7.9)."""
    most = max(lengths)
    allowed = ",".join(f"LEN({cell})={length}" for length in lengths)
    length = f"OR({allowed})" if len(lengths) > 1 else allowed
    # Weights are 3 and 1 from the right; with the check digit itself, the sum of a right number ends with 0.
    weight = f"1+2*MOD(ROW($1:${most}){'+1' if most % 2 else ''},2)"
    digits = f"MID(REPT(0,{most}-LEN({cell}))&{cell},ROW($1:${most}),1)"
    return f"AND({length},MOD(SUMPRODUCT({digits}*({weight})),10)=0)"


def _forms(forms: Iterable[str], cell: str) -> Check | None:
    """A formula for dates in forms whose parts have fixed places: length and separators."""
    ways = []
    for form in forms:
        if _LOOSE.search(_FIXED.sub("", form)):
            return None
        bare = _FIXED.sub(lambda part: "0" * len(part[0]), form)
        signs = [f'MID({cell},{place},1)="{sign}"' for place, sign in enumerate(bare, 1) if sign not in '0"']
        ways.append(f"AND(LEN({cell})={len(bare)},{','.join(signs)})" if signs else f"LEN({cell})={len(bare)}")
    if not ways:
        return None
    return _formula(ways[0] if len(ways) == 1 else f"OR({','.join(ways)})", strict=False)


def about(spec: FieldSpec) -> Iterator[str]:
    """What a person must know of a field, line by line."""
    if spec.help:
        yield spec.help[0].upper() + spec.help[1:] + "."
    meaning = (TRANSFORMS.get(spec.transform).__doc__ or "").split("\n")[0]
    if spec.transform not in {"text", "lookup", "flag", "date", "datetime"} and meaning:
        yield meaning.replace("`", "")
    words = words_of(spec)
    if words or spec.table:
        yield "One of: " + ", ".join(words or spec.table) + "."
    if spec.formats:
        yield "Form: " + " or ".join(spec.formats) + "."
    if spec.zone:
        yield f"Local time of {spec.zone}."
    if spec.default:
        yield f"May be empty; then it stands for {spec.default}."
    elif spec.otherwise:
        yield "May be empty only if sender and receiver have agreed on it."
    else:
        yield "Must be filled." if spec.required else "May be empty."
