"""What each column is: decided by its values first and its header second, with the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.formats.table.infer import words
from gateway.formats.table.infer.looks import Look

HIGH, MEDIUM, LOW = "high", "medium", "low"

#: Kinds that are times of something, from the most to the least telling.
TIMES = ("commissioned", "packed", "shipped", "time")
DAYS = ("expiry", "production", *TIMES)
PARTIES = ("sender", "receiver", "owner", "site")
DOCUMENTS = ("delivery", "order", "invoice")
#: Columns that say nothing about what happened.
IGNORED = ("number", "note", "ndc")
#: Kinds of which a table can have only one column.
_SINGLE = ("gtin", "serial", "code", "bare", "lot", "quantity", "uom", "level", *DAYS, *PARTIES, *DOCUMENTS)

UNKNOWN, MIXED, EMPTY, DAY, MOMENT = "unknown", "mixed", "empty", "day", "moment"
_WEAK = 0.5
_FEW_LEVELS = 6
_CODE_LENGTH = 20
_SHORTEST_SERIAL = 4
_WORDS_FOR = {
    "gtin": "GTIN", "code": "code with GTIN and serial number", "bare": "code with GTIN and serial number", "sscc": "SSCC", "serial": "serial number",
    "expiry": "expiry date", "production": "production date", "commissioned": "time of commissioning",
    "packed": "time of packing", "shipped": "time of shipping", "time": "time of the event", "uom": "unit of measure",
    "delivery": "delivery note", "order": "order number", "invoice": "invoice number", "sender": "GLN of the sender",
    "receiver": "GLN of the receiver", "owner": "GLN of the owner", "site": "GLN of the place", "number": "row number",
    "note": "remark or name", "mixed": "identifiers of several levels", "empty": "no values", "ndc": "NDC",
    "level": "level", "lot": "lot", "quantity": "amount", "parent": "SSCC of the container", "unknown": "not known",
    "day": "day", "moment": "time",
}  # fmt: skip


@dataclass(slots=True)
class Role:
    """What a column, or a cell above the table, is taken for.

    Attributes:
        look: its values.
        kind: e.g. ``expiry``; ``unknown`` when nothing is known.
        thing: which thing its header names (``case``), empty for none.
        confidence: ``high``, ``medium`` or ``low``.
        reasons: why, in words.
        doubt: what a person has to decide about it, empty for nothing.
    """

    look: Look
    kind: str = UNKNOWN
    thing: str = ""
    confidence: str = LOW
    reasons: list[str] = field(default_factory=list)
    doubt: str = ""

    @property
    def above(self) -> bool:
        """Whether it is a cell above the table."""
        return self.look.index < 0

    @property
    def title(self) -> str:
        """The kind in words."""
        name = _WORDS_FOR[self.kind]
        return f"{name} of the {self.thing}" if self.thing and self.kind == "sscc" else name

    def take(self, kind: str, confidence: str, *reasons: str, doubt: str = "") -> Role:
        """Decide."""
        self.kind, self.confidence = kind, confidence
        self.reasons = [*reasons]
        self.doubt = doubt
        return self


def decide(looks: Iterable[Look]) -> list[Role]:
    """The role of each column and labelled cell."""
    roles = [_first(one) for one in looks]
    _resolve_days(roles)
    _resolve_codes(roles)
    _only_once(roles)
    return roles


def _first(one: Look) -> Role:
    """What the values and the header of a column alone say."""
    role = Role(one, thing=words.thing(one.header))
    means = {match.kind: match for match in words.meanings(one.header)}
    if not one.filled:
        return role.take(EMPTY, HIGH, "no cell is filled in the sample")
    return _by_key(role, one, means) or _by_date(role, one, means) or _by_words(role, one, means) or _bare(role, one)


def _by_key(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """Numbers that prove themselves by their check digits."""
    count = f"{len(one.distinct):,} different value{'s' * (len(one.distinct) != 1)}"
    said = next((kind for kind in means), "")
    if one.all("sgtin"):
        return role.take("code", HIGH, f"GTIN and serial number in one cell, e.g. {one.example!r}")
    if one.all("bare code"):
        doubt = "what follows 21 is taken for the serial number, up to a separator (FNC1) or the end of the cell"
        return role.take("bare", HIGH, f"01 with a GTIN, then 21 with a serial number, e.g. {one.example!r}", doubt=doubt)
    if one.all("sscc"):
        kind = "parent" if said == "parent" else "sscc"
        return role.take(kind, HIGH, f"18 digits with a right check digit: {count}", *_header(means, "sscc", "parent"))
    if one.share("sscc") and not one.all("sscc") and len(one.distinct) > 1 and one.share("code") >= _WEAK:
        return role.take(MIXED, HIGH, f"SSCCs in {one.share('sscc'):.0%} of the filled cells, other codes in the rest")
    if not one.all("gtin") or (one.dates is not None and said in DAYS) or (said == "serial" and one.unique):
        return None
    if one.all("gln") and (party := _party(one.header, means)):
        why = f"GLNs with a right check digit: {count}"
        return role.take(party, HIGH, why, *_header(means, party))
    if one.unique and len(one.filled) > _FEW_LEVELS and "gtin" not in means:
        return None
    confidence = HIGH if "gtin" in means or not one.all("gln") else MEDIUM
    why = f"GTINs with a right check digit: {count}"
    return role.take("gtin", confidence, why, *_header(means, "gtin"))


def _party(header: str, means: dict[str, words.Match]) -> str:
    found = next((kind for kind in means if kind in PARTIES), "")
    return found or ("site" if "gln" in words.normalise(header) else "")


def _by_date(role: Role, one: Look, means: dict[str, words.Match]) -> Role | None:
    """Dates and times; what they are dates of is for the header to say."""
    forms = one.dates
    if forms is None:
        return None
    said = next(iter(means), "")
    if forms.contradiction:
        doubt = f"its dates contradict each other: {' but '.join(forms.contradiction)}"
        return role.take(UNKNOWN, LOW, doubt, doubt=doubt)
    digits = one.all("digits")
    if digits and said not in DAYS:
        return None  # a number that could be read as a date
    how = f"dates of the form {' or '.join(forms.formats)}" if forms.formats else _without_form(one)
    kind = next((kind for kind in means if kind in DAYS), "")
    kinds = ("expiry", "production") if forms.kind != "datetime" else TIMES
    if kind in kinds:
        return role.take(kind, HIGH, how, *_order(one), *_header(means, kind), doubt=_order_doubt(one))
    if kind and forms.kind == "datetime":
        return role.take(kind, MEDIUM, how, *_header(means, kind), doubt=_order_doubt(one))
    if kind:
        doubt = "these are days without a time of day; an event needs a time, so --set event-time= is used instead"
        return role.take(UNKNOWN, MEDIUM, how, *_header(means, kind), doubt=doubt)
    return role.take(MOMENT if forms.kind == "datetime" else DAY, LOW, how, *_order(one), doubt=_order_doubt(one))


def _without_form(one: Look) -> str:
    return "date cells" if one.dates is not None and one.dates.proof == "date cells" else "times with their offset"


def _order(one: Look) -> list[str]:
    forms = one.dates
    if forms is None or not forms.order or not forms.formats:
        return []
    if forms.proof and forms.order != "YMD":
        return [f"{forms.proof!r} shows which number is the day"]
    return []


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
        if match.weight < _WEAK and len(match.phrase) < _SHORTEST_SERIAL:
            continue
        why = _fits(kind, one)
        if why:
            confidence = HIGH if match.weight > _WEAK else MEDIUM
            return role.take(kind, confidence, *_header(means, kind), why)
    return None


def _fits(kind: str, one: Look) -> str:  # noqa: PLR0911 - a table of kinds
    """Why the values can be of this kind, empty when they cannot."""
    few = f"{len(one.distinct):,} different in {len(one.filled):,} cells"
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
    return role.take(UNKNOWN, LOW, f"{len(one.distinct):,} different in {len(one.filled):,} cells")


def _header(means: dict[str, words.Match], *kinds: str) -> list[str]:
    return [f"the header says {means[kind].phrase!r}" for kind in kinds if kind in means][:1]


def _resolve_days(roles: Sequence[Role]) -> None:
    """Name dates whose header says nothing, by comparing them with the other dates."""
    moments = [role for role in roles if role.kind == MOMENT]
    if len(moments) == 1 and not any(role.kind in TIMES for role in roles):
        moments[0].take(
            "time", MEDIUM, *moments[0].reasons, "the only times in the file", doubt=moments[0].doubt
        )
    times = [role.look.dates.last for role in roles if role.kind in (*TIMES, "production") and role.look.dates]
    days = [role for role in roles if role.kind == DAY and role.look.dates is not None]
    later = [role for role in days if times and role.look.dates and role.look.dates.first > max(times)]
    if len(later) == 1 and not any(role.kind == "expiry" for role in roles):
        doubt = later[0].doubt or f"{later[0].look.header!r} is taken for the expiry date, as no header says which is"
        later[0].take("expiry", MEDIUM, *later[0].reasons, "later than all times in the file", doubt=doubt)
    for role in (*moments, *days):
        if role.kind in {DAY, MOMENT}:
            doubt = f"the dates of {role.look.header!r} are not converted: nothing says what happened then"
            role.take(UNKNOWN, LOW, *role.reasons, doubt=doubt)


def _resolve_codes(roles: Sequence[Role]) -> None:
    """Name the serial number and the lot by their values where no header does."""
    unknown = [role for role in roles if role.kind == UNKNOWN and role.look.all("code") and not role.look.dates]
    known = {role.kind for role in roles}
    serials = [role for role in unknown if _looks_like_serial(role.look)]
    if not known & {"serial", "code", "bare", MIXED} and len(serials) == 1:
        why = "the only column in which no value stands twice"
        serials[0].take("serial", MEDIUM, why, f"e.g. {serials[0].look.example!r}")
    lots = [role for role in unknown if role.kind == UNKNOWN and _looks_like_lot(role.look)]
    if "lot" not in known and len(lots) == 1 and known & {"gtin", "code", "bare"}:
        doubt = f"{lots[0].look.header!r} is taken for the lot by its values alone"
        lots[0].take("lot", LOW, *lots[0].reasons, f"few codes of letters and digits: {lots[0].look.example!r}", doubt=doubt)


def _looks_like_serial(one: Look) -> bool:
    return one.unique and all(_SHORTEST_SERIAL <= len(text) <= _CODE_LENGTH for text in one.distinct)


def _looks_like_lot(one: Look) -> bool:
    mixed = all(any(c.isdigit() for c in text) and " " not in text for text in one.distinct)
    return mixed and not one.unique and not one.all("number") and len(one.distinct) * 2 <= len(one.filled)


def _only_once(roles: Sequence[Role]) -> None:
    """Of several columns of one kind that can be there once, keep the surest; the others become a question."""
    order = (HIGH, MEDIUM, LOW)
    for kind in _SINGLE:
        same = sorted((role for role in roles if role.kind == kind), key=lambda role: (order.index(role.confidence), role.above))
        for role in same[1:]:
            doubt = f"{role.look.header!r} could be the {role.title}, too; {same[0].look.header!r} is taken"
            role.take(UNKNOWN, LOW, *role.reasons, doubt=doubt)
