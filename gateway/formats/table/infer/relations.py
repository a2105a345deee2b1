"""How the rows hang together: which thing a row is about, what contains it, and what stands in rows of other kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.formats.table.infer import words
from gateway.formats.table.infer.looks import Look, is_sscc
from gateway.formats.table.infer.role import MIXED, Role

_MOST_LEVELS = 6
#: Names of containers by their number, the smallest first.
_NAMES = {1: ("case",), 2: ("case", "pallet"), 3: ("bundle", "case", "pallet")}


@dataclass(slots=True)
class Container:
    """A container of the hierarchy.

    Attributes:
        name: ``bundle``, ``case`` or ``pallet``.
        role: the column of its SSCC.
        optional: whether some things are in none.
        values: for each row the SSCC, empty cells filled where they mean the value above.
        gtin: the column of its GTIN where it is named by GTIN and serial number; `role` is then its serial number.
    """

    name: str
    role: Role
    optional: bool = False
    values: list[str] = field(default_factory=list)
    gtin: Role | None = None


@dataclass(slots=True)
class Levels:
    """One row an object.

    Attributes:
        column: the column of the level.
        objects: what it says, and the thing.
        parent: the column that names the container, None when rows follow it.
    """

    column: Role
    objects: dict[str, str]
    parent: Role | None


@dataclass(slots=True)
class Structure:
    """How the rows hang together.

    Attributes:
        containers: the smallest first.
        fill_down: roles whose empty cells take the value above, outermost first.
        levels: present when each row is one object of any level.
        fine: with levels, the column that identifies the smallest thing.
        codes: whether it holds codes with GTIN and serial number.
        notes: reasons, for a person.
        doubts: what a person has to decide.
    """

    containers: list[Container] = field(default_factory=list)
    fill_down: list[Role] = field(default_factory=list)
    levels: Levels | None = None
    fine: Role | None = None
    codes: bool = False
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def find(roles: Sequence[Role], starts: Sequence[int] = (0,)) -> Structure:
    """The structure of a table.

    Args:
        roles: what its columns are.
        starts: the rows with which its sheets begin; no value is taken from the sheet before.
    """
    return _levels(roles) or _columns(roles, starts)


def _levels(roles: Sequence[Role]) -> Structure | None:
    """One row an object, with a column that says its level; None when the rows are not so."""
    columns = [role for role in roles if not role.above]
    codes = [role for role in columns if role.kind in {MIXED, "sscc", "parent", "serial", "code", "bare"}]
    for level in sorted(columns, key=lambda role: role.kind != "level"):
        look = level.look
        if not 2 <= len(look.distinct) <= _MOST_LEVELS or look.gaps or level in codes:  # noqa: PLR2004 - two levels
            continue
        own = {value: _identifier(value, level, codes) for value in look.distinct}
        if not all(own.values()):
            continue
        fine = [value for value, found in own.items() if found and not found[1]]
        if len(fine) == 1:
            return _with_levels(level, fine[0], {v: o[0] for v, o in own.items() if o}, columns)
    return None


def _identifier(value: str, level: Role, codes: Sequence[Role]) -> tuple[Role, bool] | None:
    """The column that identifies the objects of a level, and whether they have SSCCs."""
    rows = [index for index, text in enumerate(level.look.texts) if text == value]
    ways: list[tuple[Role, bool]] = []
    for role in codes:
        texts = [role.look.texts[index] for index in rows]
        if not all(texts) or len(set(texts)) < len(texts) or role.kind == "parent":
            continue
        count = sum(1 for text in texts if text in _sscc_of(role.look))
        if count in {0, len(texts)}:
            ways.append((role, count > 0))
    mixed = [way for way in ways if way[0].kind == MIXED]
    return next(iter(mixed or sorted(ways, key=lambda way: way[1])), None)


def _sscc_of(look: Look) -> set[str]:
    return {text for text in look.distinct if is_sscc(text)}


def _with_levels(level: Role, fine: str, own: Mapping[str, Role], columns: Sequence[Role]) -> Structure:
    texts = level.look.texts
    identity = [own[text].look.texts[index] for index, text in enumerate(texts)]
    known = set(identity)
    parent = next((role for role in columns if role not in own.values() and _is_parent(role, known)), None)
    counts = Counter(texts)
    if parent is not None:
        of = dict(zip(identity, texts, strict=True))
        outer = Counter((text, of[up]) for text, up in zip(texts, parent.look.texts, strict=True) if up in of)
        order = [fine]
        while len(order) < len(counts):
            up = next((b for (a, b), _ in outer.most_common() if a == order[-1] and b not in order), "")
            if not up:
                order += sorted((v for v in counts if v not in order), key=lambda v: -counts[v])
                break
            order.append(up)
    else:
        # The outermost stand first and are the fewest.
        first = {value: texts.index(value) for value in counts}
        rest = sorted((value for value in counts if value != fine), key=lambda v: (-counts[v], -first[v]))
        order = [fine, *rest]
    names = _names([words.thing(value) for value in order[1:]])
    objects = dict(zip(order, ("pack", *names), strict=True))
    containers = [Container(name, own[value]) for value, name in zip(order[1:], names, strict=True)]
    level.take("level", "high", "each of its values goes with one kind of identifier", f"{', '.join(order)}")
    if parent is not None:
        parent.take("parent", "high", "its values are identifiers of other rows")
    notes = [
        f"each row is one object; {level.look.header!r} says which: "
        + ", ".join(f"{value} is a {name}" for value, name in objects.items()),
        f"{parent.look.header!r} names its container" if parent else "contents stand below their container",
    ]
    smallest = [text for text, kind in zip(identity, texts, strict=True) if kind == fine]
    codes = all("sgtin" in own[fine].look.natures.get(text, ()) for text in smallest)
    return Structure(containers, [], Levels(level, objects, parent), own[fine], codes, notes)


def _is_parent(role: Role, known: set[str]) -> bool:
    return role.kind in {"sscc", "parent", MIXED} and all(text in known for text in role.look.distinct)


def _columns(roles: Sequence[Role], starts: Sequence[int]) -> Structure:
    """One row a thing, its containers in further columns; or a row for each box above the rows of its contents."""
    out = Structure()
    fine = next((role for kind in ("code", "bare", "serial", "quantity") for role in roles if role.kind == kind), None)
    ssccs = [role for role in roles if role.kind in {"sscc", "parent", "outer serial"}]
    if fine is None:
        # A list of containers: the one that is in each row once.
        alone = [role for role in ssccs if role.look.unique and not role.above]
        fine = max(alone, key=lambda role: len(role.look.distinct), default=None)
        out.fine = fine
        ssccs = [role for role in ssccs if role is not fine]
    rows = max((len(role.look.texts) for role in roles if not role.above), default=0)
    down = [role for role in ssccs if not role.above and _is_filled_down(role.look, fine)]
    others = [
        role for role in roles
        if down and not role.above and role.look.gaps and role not in ssccs and role is not fine
        and role.kind in {"gtin", "lot", "expiry", "production", "time", "packed", "commissioned"}
    ]  # fmt: skip
    ssccs.sort(key=lambda role: -len(role.look.distinct))
    for role in ssccs:
        values = role.look.filled[:1] * rows if role.above else role.look.texts
        values = _filled(values, starts) if role in down else values
        gtin = next((one for one in roles if one.kind == "outer gtin" and one.thing == role.thing), None)
        out.containers.append(
            Container("", role, not all(values), values, gtin if role.kind == "outer serial" else None)
        )
    names = _names([container.role.thing for container in out.containers])
    for container, name in zip(out.containers, names, strict=True):
        container.name = name
        container.role.thing = name
    _check_nesting(out)
    out.fill_down = [*others, *(c.role for c in reversed(out.containers) if c.role in down)]
    for role in down:
        out.notes.append(
            f"{role.look.header!r} stands once above or beside its contents: empty cells take the value above"
        )
    return out


def _is_filled_down(look: Look, fine: Role | None) -> bool:
    """Whether a container is named once, at the latest where its contents begin, and not in all of their rows."""
    if fine is None or not look.gaps or not (look.unique or len(look.filled) == 1):
        return False
    first = next(index for index, text in enumerate(look.texts) if text)
    return first <= next((index for index, text in enumerate(fine.look.texts) if text), 0)


def _filled(texts: Sequence[str], starts: Sequence[int]) -> list[str]:
    out: list[str] = []
    for index, text in enumerate(texts):
        out.append(text or ("" if index in starts else out[-1]))
    return out


def _names(said: Sequence[str]) -> list[str]:
    """Names of containers: as headers or cells say if these are in order, else by their number."""
    order = [words.LEVELS.index(name) if name else -1 for name in said]
    if all(place > 0 for place in order) and order == sorted(set(order)):
        return list(said)
    usual = _NAMES.get(len(said))
    return list(usual) if usual else [f"container-{number}" for number in range(1, len(said) + 1)]


def _check_nesting(out: Structure) -> None:
    for inner, outer in zip(out.containers, out.containers[1:], strict=False):
        inside, around = inner.role.look.header, outer.role.look.header
        where: dict[str, str] = {}
        for a, b in zip(inner.values, outer.values, strict=True):
            if a and where.setdefault(a, b) != b:
                out.doubts.append(f"{inside!r} {a} is in two of {around!r}: {where[a]} and {b}")
                break
        else:
            out.notes.append(f"each of {inside!r} is in one of {around!r}: {inner.name} in {outer.name}")
