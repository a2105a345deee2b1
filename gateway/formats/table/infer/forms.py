"""The form of a column of dates: found over all of its values, never from one.

Which of two numbers is the day is decided by values above 12, first in the column itself, then in the other columns of
the file. Where nothing decides, that is said; the caller makes it a question to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gateway.formats.table import dates

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMED = re.compile(
    r"(?:[0-9]{1,4}[-/. ]?)?(?:" + "|".join(_MONTHS) + r")[-/. ]?[0-9]{1,4}(?:[-/. ][0-9]{2,4})?(?:[ T].*)?"
)
#: Makes numbers of the English names of months, before the form is looked at.
MONTH_STEPS: tuple[dict[str, Any], ...] = (
    {"case": "upper"},
    *({"replace": {"old": name, "new": f"{number:02d}"}} for number, name in enumerate(_MONTHS, 1)),
)
#: Orders of day, month and year.
DMY, MDY, YMD = "DMY", "MDY", "YMD"
_MONTH_LAST = 12
_NUMBERS = re.compile(r"[0-9]+")
_SHAPE = re.compile(
    r"(?P<a>[0-9]{1,4})(?P<s1>[-./年 ])(?P<b>[0-9]{1,4})(?:(?P<s2>[-./月 ])(?P<c>[0-9]{1,4})(?P<tail>日?))?"
    r"(?P<gap>T| {1,2}|)(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp][Mm])?)?"
)
_COMPACT = re.compile(r"[0-9]{6}|[0-9]{8}|[0-9]{12}|[0-9]{14}")
_COMPACT_FORMS = {
    6: ("YYMMDD", "DDMMYY", "MMYYYY", "YYYYMM"),
    8: ("YYYYMMDD", "DDMMYYYY", "MMDDYYYY"),
    12: ("YYYYMMDDhhmm",),
    14: ("YYYYMMDDhhmmss",),
}
_YEARS = ("2010", "2059")
_ORDER_OF = {"YYMMDD": YMD, "YYYYMMDD": YMD, "DDMMYY": DMY, "DDMMYYYY": DMY, "MMDDYYYY": MDY}


@dataclass(frozen=True, slots=True)
class Forms:
    """How the dates of a column are written.

    Attributes:
        formats: forms as a mapping declares them.
        kind: ``datetime``, ``date`` or ``month`` (no day).
        order: DMY, MDY or YMD; empty when the order does not matter.
        proof: the value that decides about day and month, empty when none does.
        rivals: other forms that read all values as well.
        first: the smallest time, for comparing columns.
        last: the largest time.
        steps: what is done to the texts before the forms fit them, as a mapping declares it.
        contradiction: values that cannot have one order; then there are no formats.
    """

    formats: tuple[str, ...]
    kind: str
    order: str = ""
    proof: str = ""
    rivals: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    contradiction: tuple[str, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()


def find(values: Iterable[str], prefer: str = "") -> Forms | None:
    """The forms of these texts, None when they are no dates.

    Args:
        values: distinct texts of a column.
        prefer: order of day and month that the rest of the file proves; empty when it proves none.
    """
    texts = list(dict.fromkeys(values))
    if not texts:
        return None
    if all(_NAMED.fullmatch(text.upper()) for text in texts):
        return _with_names(texts)
    if all(_COMPACT.fullmatch(text) for text in texts):
        return _compact(texts, prefer)
    if all(dates.offset_of(text) is not None for text in texts):
        return Forms((), "datetime", YMD, texts[0], (), min(texts), max(texts))
    return _separated(texts, prefer)


def _with_names(texts: Sequence[str]) -> Forms | None:
    """Dates with English names of months: these say themselves which part is the month."""
    numbers = []
    for text in texts:
        number = text.upper()
        for index, name in enumerate(_MONTHS, 1):
            number = number.replace(name, f"{index:02d}")
        numbers.append(number)
    order = MDY if texts[0][0].isalpha() else YMD if texts[0][:4].isdigit() else DMY
    compact = all(_COMPACT.fullmatch(number) for number in numbers)
    found = _compact(numbers, order) if compact else _separated(numbers, order, known=True)
    if found is None or not found.formats:
        return None
    return replace(found, proof=texts[0], rivals=(), steps=MONTH_STEPS)


def _compact(texts: Sequence[str], prefer: str) -> Forms | None:
    length = len(texts[0])
    fit = [form for form in _COMPACT_FORMS[length] if all(_plausible(form, text) for text in texts)]
    if not fit:
        return None
    # Without any proof the first: YYMMDD is how GS1 writes dates, in AI (17) and others.
    best = next((form for form in fit if prefer and _ORDER_OF.get(form) == prefer), fit[0])
    kind = "month" if "DD" not in best else "datetime" if "hh" in best else "date"
    rivals = tuple(form for form in fit if form != best)
    return _made((best,), kind, _ORDER_OF.get(best, ""), "" if rivals else texts[0], rivals, texts)


def _separated(texts: Sequence[str], prefer: str, *, known: bool = False) -> Forms | None:
    matches = [_SHAPE.fullmatch(text) for text in texts]
    found = [match for match in matches if match is not None]
    if len(found) < len(texts):
        return None
    proofs = {prefer: texts[0]} if known else _proofs(found)
    orders = [order for order in (YMD, DMY, MDY) if order in proofs]
    if len(orders) > 1:
        contradiction = tuple(f"{proofs[order]} is {_words(order)}" for order in orders)
        return Forms((), "date", contradiction=contradiction)
    order = orders[0] if orders else prefer or DMY
    forms: list[str] = []
    for text in texts:
        if any(_read(form, text) for form in forms):
            continue
        form = next((form for form in _candidates(_SHAPE.fullmatch(text), order, texts) if _read(form, text)), "")
        if not form:
            return None
        forms.append(form)
    days = any(match["c"] for match in found)
    kind = "datetime" if any(match["time"] for match in found) else "date" if days else "month"
    if kind == "datetime" and not all(match["time"] for match in found):
        kind = "date"  # some have no time of day; the caller says so
    rivals = () if orders or not days else (MDY if order == DMY else DMY,)
    return _made(tuple(forms), kind, order if days else "", proofs.get(order, ""), rivals, texts)


def _made(
    forms: tuple[str, ...], kind: str, order: str, proof: str, rivals: tuple[str, ...], texts: Sequence[str]
) -> Forms:
    times = sorted(time for text in texts for form in forms if (time := _read(form, text)))
    return Forms(forms, kind, order, proof, rivals, times[0] if times else "", times[-1] if times else "")


def _proofs(matches: Sequence[re.Match[str]]) -> dict[str, str]:
    """For each order a value that has no other."""
    proofs: dict[str, str] = {}
    for match in matches:
        if match["c"] is None:
            continue
        if len(match["a"]) == 4:  # noqa: PLR2004 - a year
            proofs.setdefault(YMD, match.group())
        elif int(match["a"]) > _MONTH_LAST:
            proofs.setdefault(DMY, match.group())
        elif int(match["b"]) > _MONTH_LAST:
            proofs.setdefault(MDY, match.group())
    return proofs


def _candidates(match: re.Match[str] | None, order: str, texts: Sequence[str]) -> Iterable[str]:
    """Forms that a text of this shape may have."""
    if match is None:
        return
    times = _times(match, texts)
    if match["c"] is None:
        year_first = len(match["a"]) == 4  # noqa: PLR2004 - a year
        year = "YYYY" if 4 in {len(match["a"]), len(match["b"])} else "YY"  # noqa: PLR2004
        parts = [year, match["s1"], "MM"] if year_first else ["MM", match["s1"], year]
        yield "".join([*parts, "月"] if match["s1"] == "年" else parts)
        return
    year = "YYYY" if 4 in {len(match["a"]), len(match["c"])} else "YY"  # noqa: PLR2004 - a year
    loose = any(len(number) == 1 for text in texts for number in _NUMBERS.findall(text.split(" ")[0].split("T")[0]))
    day, month = ("D", "M") if loose else ("DD", "MM")
    names = {"D": day, "M": month, "Y": year}
    for time in times:
        letters = [names[letter] for letter in order]
        separators = [match["s1"], match["s2"], match["tail"] + match["gap"] + time]
        yield "".join(a + b for a, b in zip(letters, separators, strict=True))


def _times(match: re.Match[str], texts: Sequence[str]) -> list[str]:
    if not match["time"]:
        return [""]
    half = match["time"][-1] in "Mm"
    gap = " " if " " in match["time"] else ""
    loose = any(re.search(r"(?:T| )[0-9]:", text) for text in texts)
    hours = ("h", "hh") if loose else ("hh", "h")
    seconds = ":ss" if match["time"].count(":") > 1 else ""
    return [f"{hour}:mm{seconds}{gap + 'AM' if half else ''}" for hour in hours]


def _read(form: str, text: str) -> str:
    found = _compiled(form).read(text, day_00=True)
    return found.isoformat() if found is not None else ""


_compiled = lru_cache(maxsize=256)(dates.Form.compile)


def _plausible(form: str, text: str) -> bool:
    """Whether digits are a date in the years of medicines that are on the market."""
    read = _read(form, text)
    return bool(read) and _YEARS[0] <= read[:4] <= _YEARS[1]


def _words(order: str) -> str:
    return {DMY: "day first", MDY: "month first", YMD: "year first"}[order]
