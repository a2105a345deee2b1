"""What each column is: its own values and header first, then what the other columns say about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.formats.table.infer import kinds, words
from gateway.formats.table.infer.kinds import header
from gateway.formats.table.infer.looks import Look, look
from gateway.formats.table.infer.role import (
    CLOCK,
    DAY,
    DAYS,
    DOCUMENTS,
    HIGH,
    LOW,
    MEDIUM,
    MIXED,
    MOMENT,
    PART,
    PARTIES,
    TIMES,
    UNKNOWN,
    Role,
)

_CODE_LENGTH = 20
_GTIN = 14
_SHORTEST_SERIAL = 4
#: Kinds that tell one row from the next; one value for all of them says nothing.
_ROW_BY_ROW = frozenset({"serial", "code", "bare", "quantity", "uom", "level", "parent", MIXED})
#: Kinds of which a table can have only one column.
_SINGLE = ("gtin", "serial", "code", "bare", "lot", "quantity", "uom", "level", *DAYS, *PARTIES, *DOCUMENTS)


def decide(looks: Iterable[Look]) -> list[Role]:
    """The role of each column and labelled cell."""
    roles = [kinds.first(one) for one in looks]
    for role in roles:
        if role.above and role.kind in _ROW_BY_ROW:
            role.take(UNKNOWN, LOW, f"a {role.title} above the table, while rows need one each")
    _pair(roles)
    roles += _join_times(roles)
    _resolve_days(roles)
    _resolve_codes(roles)
    _only_once(roles)
    return roles


def _pair(roles: Sequence[Role]) -> None:
    """Containers that are named by a GTIN and a serial number of their own, in two columns."""
    for thing in words.LEVELS[1:]:
        own = [role for role in roles if role.thing == thing and not role.above]
        gtins = [role for role in own if role.kind == "gtin" and all(len(t) == _GTIN for t in role.look.distinct)]
        serials = [role for role in own if role.look.all("code") and _says(role, "serial") and role not in gtins]
        if len(gtins) == len(serials) == 1:
            gtins[0].take("outer gtin", HIGH, *gtins[0].reasons, f"belongs to {serials[0].look.header!r}")
            serials[0].take("outer serial", HIGH, *header(_means(serials[0]), "serial"), f"of the {thing}")


def _join_times(roles: Sequence[Role]) -> list[Role]:
    """A day in one column and the time of day in the next: together they are a time."""
    made = []
    for clock in [role for role in roles if role.kind == CLOCK and not role.above]:
        index = clock.look.index
        beside = [role for role in roles if abs(role.look.index - index) == 1 and _is_day(role)]
        if len(beside) != 1:
            continue
        day = beside[0]
        pairs = zip(day.look.texts, clock.look.texts, strict=True)
        joined = [f"{one} {other}" if one and other else "" for one, other in pairs]
        together = look(day.look.index, f"{day.look.header} + {clock.look.header}", joined, _order_of(day))
        kind = next((kind for role in (day, clock) for kind in TIMES if kind in _means(role)), "time")
        role = kinds.first(together)
        doubt = role.doubt
        if together.dates is None or together.dates.kind != "datetime":
            continue
        why = f"the day stands in {day.look.header!r}, the time of day in {clock.look.header!r}"
        role.take(kind, MEDIUM, why, *role.reasons, doubt=doubt)
        role.joins = [day.look.header, clock.look.header]
        for part in (day, clock):
            part.take(PART, part.confidence, *part.reasons[:1], why)
        made.append(role)
    return made


def _is_day(role: Role) -> bool:
    dates = role.look.dates
    named = "expiry" in _means(role) or "production" in _means(role)
    return dates is not None and dates.kind == "date" and not named and not role.above


def _order_of(role: Role) -> str:
    return role.look.dates.order if role.look.dates is not None else ""


def _says(role: Role, kind: str) -> bool:
    return kind in _means(role)


def _means(role: Role) -> dict[str, words.Match]:
    return {match.kind: match for match in words.meanings(role.look.header)}


def _resolve_days(roles: Sequence[Role]) -> None:
    """Name dates whose header says nothing, by comparing them with the other dates."""
    moments = [role for role in roles if role.kind == MOMENT]
    if len(moments) == 1 and not any(role.kind in TIMES for role in roles):
        moments[0].take("time", MEDIUM, *moments[0].reasons, "the only times in the file", doubt=moments[0].doubt)
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
    unknown = [role for role in roles if role.kind == UNKNOWN and not role.doubt and role.look.all("code")]
    unknown = [role for role in unknown if not role.look.dates]
    known = {role.kind for role in roles}
    serials = [role for role in unknown if _looks_like_serial(role.look)]
    if not known & {"serial", "code", "bare", MIXED} and len(serials) == 1:
        why = "the only column in which no value stands twice"
        serials[0].take("serial", MEDIUM, why, f"e.g. {serials[0].look.example!r}")
    lots = [role for role in unknown if role.kind == UNKNOWN and _looks_like_lot(role.look)]
    if "lot" not in known and len(lots) == 1 and known & {"gtin", "code", "bare"}:
        doubt = f"{lots[0].look.header!r} is taken for the lot by its values alone"
        why = f"few codes of letters and digits: {lots[0].look.example!r}"
        lots[0].take("lot", LOW, *lots[0].reasons, why, doubt=doubt)


def _looks_like_serial(one: Look) -> bool:
    return one.unique and all(_SHORTEST_SERIAL <= len(text) <= _CODE_LENGTH for text in one.distinct)


def _looks_like_lot(one: Look) -> bool:
    mixed = all(any(c.isdigit() for c in text) and " " not in text for text in one.distinct)
    return mixed and not one.unique and not one.all("number") and len(one.distinct) * 2 <= len(one.filled)


def _only_once(roles: Sequence[Role]) -> None:
    """Of several columns of one kind that can be there once, keep the surest; the others become a question."""
    order = (HIGH, MEDIUM, LOW)
    for kind in _SINGLE:
        same = [role for role in roles if role.kind == kind]
        same.sort(key=lambda role: (order.index(role.confidence), role.above))
        for role in same[1:]:
            doubt = f"{role.look.header!r} could be the {role.title}, too; {same[0].look.header!r} is taken"
            role.take(UNKNOWN, LOW, *role.reasons, doubt=doubt)
