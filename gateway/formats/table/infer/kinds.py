"""What the values and the header of one column alone say. Values come first: they prove what headers only claim."""

from __future__ import annotations

from gateway.formats.table.infer import words
from gateway.formats.table.infer.looks import Look
from gateway.formats.table.infer.role import (
    CLOCK,
    DAY,
    DAYS,
    DOCUMENTS,
    EMPTY,
    HIGH,
    LOW,
    MEDIUM,
    MIXED,
    MOMENT,
    PARTIES,
    TIMES,
    TITLES,
    UNKNOWN,
    Role,
)

_WEAK = 0.5
_SOME = 0.2
_FEW_LEVELS = 6
_SHORTEST_WORD = 3
_LONG_DATE = 8


def first(one: Look) -> Role:
    """What the values and the header of a column alone say."""
    role = Role(one, thing=words.thing(one.header))
    means = {match.kind: match for match in words.meanings(one.header)}
    if not one.filled:
        return role.take(EMPTY, HIGH, "no cell is filled in the sample")
    if not one.header.strip():
        doubt = "the column has values and no header: it cannot be read"
        return role.take(UNKNOWN, LOW, doubt, doubt=doubt)
    rules = (_by_code, _by_key, _by_date, _by_words)
    return next((found for rule in rules if (found := rule(role, one, means)) is not None), None) or _bare(role, one)


def _by_code(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """Contents of barcodes, and SSCCs: nothing else looks like them."""
    if one.all("sgtin"):
        return role.take("code", HIGH, f"GTIN and serial number in one cell, e.g. {one.example!r}")
    if one.all("bare code"):
        doubt = "what follows 21 is taken for the serial number, up to a separator (FNC1) or the end of the cell"
        why = f"01 with a GTIN, then 21 with a serial number, e.g. {one.example!r}"
        return role.take("bare", HIGH, why, doubt=doubt)
    if one.all("sscc"):
        kind = "parent" if next(iter(means), "") == "parent" else "sscc"
        return role.take(
            kind, HIGH, f"18 digits with a right check digit: {_count(one)}", *header(means, "sscc", "parent")
        )
    others = max(one.share(nature) for nature in ("code", "sgtin", "bare code"))
    if one.share("sscc") and len(one.distinct) > 1 and others >= _SOME:
        return role.take(MIXED, HIGH, f"SSCCs in {one.share('sscc'):.0%} of the filled cells, other codes in the rest")
    return None


def _by_key(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """GTINs and GLNs, which prove themselves by their check digits, unless the header says that they are no such."""
    said = next(iter(means), "")
    if said in {"gtin", "sscc"} and not one.all(said):
        return _by_header(role, one, said)
    if not one.all("gtin") or (one.dates is not None and said in DAYS) or (said == "serial" and one.unique):
        return None
    if one.all("gln") and (party := _party(one.header, means)):
        return role.take(party, HIGH, f"GLNs with a right check digit: {_count(one)}", *header(means, party))
    if one.unique and len(one.filled) > _FEW_LEVELS and "gtin" not in means:
        return None
    confidence = HIGH if "gtin" in means or not one.all("gln") else MEDIUM
    return role.take("gtin", confidence, f"GTINs with a right check digit: {_count(one)}", *header(means, "gtin"))


def _count(one: Look) -> str:
    return f"{len(one.distinct):,} different value{'s' * (len(one.distinct) != 1)}"


def _by_header(role: Role, one: Look, nature: str) -> Role:
    """A column that is called GTIN or SSCC, with values that do not all prove it."""
    title = TITLES[nature]
    good = one.share(nature)
    why = f"the header says {title}"
    if good >= _WEAK:
        doubt = f"{1 - good:.0%} of its values are no {title} with a right check digit; their rows will be refused"
        return role.take(nature, MEDIUM, why, f"{good:.0%} have a right check digit", doubt=doubt)
    wrong = next(text for text in one.filled if nature not in one.natures.get(text, ()))
    doubt = f"the header says {title}, but {wrong!r} is none: its check digit is wrong, or digits are gone"
    return role.take(UNKNOWN, LOW, doubt, doubt=doubt)


def _party(header: str, means: dict[str, words.Match]) -> str:
    found = next((kind for kind in means if kind in PARTIES), "")
    return found or ("site" if "gln" in words.normalise(header) else "")


def _by_date(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """Dates and times; what they are dates of is for the header to say."""
    forms = one.dates
    said = next(iter(means), "")
    if one.all("clock"):
        return role.take(CLOCK, MEDIUM, f"times of day, e.g. {one.example!r}", *header(means, *TIMES))
    long = one.all("digits") and len(one.example) >= _LONG_DATE and not said
    if forms is None or ((one.all("digits") or one.all("number")) and not long and said not in DAYS):
        return None  # no dates, or numbers that could be read as dates
    if forms.contradiction:
        doubt = f"its dates contradict each other: {' but '.join(forms.contradiction)}"
        return role.take(UNKNOWN, LOW, doubt, doubt=doubt)
    how = f"dates of the form {' or '.join(forms.formats)}" if forms.formats else _without_form(one)
    kind = next((kind for kind in means if kind in DAYS), "")
    if not kind:
        kind = MOMENT if forms.kind == "datetime" else DAY
        return role.take(kind, LOW, how, *_order(one), doubt=_order_doubt(one))
    if kind in TIMES and forms.kind != "datetime":
        doubt = "these are days without a time of day; an event needs a time, so --set event-time= is used instead"
        return role.take(UNKNOWN, MEDIUM, how, *header(means, kind), doubt=doubt)
    return role.take(kind, _order_sure(one), how, *_order(one), *header(means, kind), doubt=_order_doubt(one))


def _without_form(one: Look) -> str:
    return "date cells" if one.dates is not None and one.dates.proof == "date cells" else "times with their offset"


def _order(one: Look) -> list[str]:
    forms = one.dates
    if forms is None or not forms.order or not forms.formats:
        return []
    if forms.proof and forms.order != "YMD":
        return [f"{forms.proof!r} shows which number is the day"]
    return []


def _order_sure(one: Look) -> str:
    """How sure the order of day and month is: sure when a value proves it, likely with dots, else a guess."""
    forms = one.dates
    if forms is None or not forms.rivals:
        return HIGH
    return MEDIUM if "." in forms.formats[0] or forms.order == "YMD" else LOW


def _order_doubt(one: Look) -> str:
    """What is to be said where a column does not prove its order of day and month."""
    forms = one.dates
    if forms is None or not forms.rivals:
        return ""
    read = " or ".join(forms.formats)
    if set(forms.rivals) - {"DMY", "MDY"}:
        return f"{one.example!r} fits {read} and {' and '.join(forms.rivals)}; {read} is taken"
    return f"no value shows whether day or month comes first; {read} is taken"


def _by_words(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """What the header says, where the values do not contradict it."""
    for kind, match in means.items():
        if match.weight < _WEAK and len(match.phrase) < _SHORTEST_WORD:
            continue
        why = _fits(kind, one)
        if why:
            confidence = HIGH if match.weight > _WEAK else MEDIUM
            return role.take(kind, confidence, *header(means, kind), why)
    return None


def _fits(kind: str, one: Look) -> str:  # noqa: PLR0911 - a table of kinds
    """Why the values can be of this kind, empty when they cannot."""
    few = _few(one)
    if kind == "serial" and one.share("code") and (one.unique or len(one.filled) == 1):
        return "no value stands twice"
    if kind in {"lot", *DOCUMENTS} and not one.all("counter"):
        return few if kind != "lot" or one.all("code") else ""
    if kind == "quantity" and one.all("number"):
        return "all are numbers"
    if kind == "uom" and (one.share("unit") or len(one.distinct) <= _FEW_LEVELS) and not one.all("number"):
        return few
    if kind == "level" and len(one.distinct) <= _FEW_LEVELS:
        return few
    if kind == "ndc":
        return f"e.g. {one.example!r}"
    if kind == "number" and (one.all("counter") or one.all("number")):
        return "counts the rows" if one.all("counter") else "numbers"
    return few if kind == "note" else ""


def _bare(role: Role, one: Look) -> Role:
    """What the values say where the header says nothing."""
    if one.all("counter"):
        return role.take("number", HIGH, "counts the rows")
    if one.all("ndc"):
        return role.take("ndc", MEDIUM, f"has the form of an NDC: {one.example!r}")
    if one.share("unit") == 1 and len(one.distinct) <= _FEW_LEVELS and not one.all("digits"):
        return role.take("uom", MEDIUM, f"units of measure: {', '.join(one.distinct)}")
    if words.meanings(one.header)[:1] and words.meanings(one.header)[0].kind == "serial":
        doubt = "serial numbers stand in several rows, as in lists of what was done; mappings/styles/rework.yaml is one"
        return role.take(UNKNOWN, LOW, _few(one), doubt=doubt)
    return role.take(UNKNOWN, LOW, _few(one))


def _few(one: Look) -> str:
    values = "1 value" if len(one.distinct) == 1 else f"{len(one.distinct):,} different values"
    return f"{values} in {len(one.filled):,} cell{'s' * (len(one.filled) != 1)}"


def header(means: dict[str, words.Match], *kinds: str) -> list[str]:
    """What the header says, as a reason: the first of these kinds."""
    return [f"the header says {means[kind].phrase.rstrip('*')!r}" for kind in kinds if kind in means][:1]
