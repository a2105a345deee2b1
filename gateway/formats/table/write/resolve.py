"""What stands in the row of a thing: all that is told of it and of what holds it, without contradiction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.formats.table.cells import header_key
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.spec import EventSpec, MappingSpec
from gateway.formats.table.write.things import values_of
from gateway.formats.table.write.told import Node, Statement, about


@dataclass(slots=True)
class Resolved:
    """What is told of a thing.

    Attributes:
        level: its level; 0 is the smallest thing's.
        own: values of its own row where each level has rows: what is told of the thing itself.
        full: the same with the values of all that holds it, as in a table with one row for each smallest thing.
        inside: its container, None when it is in none.
        used: the statements that the row tells.
        lost: statements that it cannot tell, and why.
        more: numbers of the kinds of event that the row tells of, though the document has no such event.
        given: fields that stand in this row and hold for its contents (`table.levels.inherit`).
        node: the container that it is, None for a smallest thing.
        shown: whether a row names the container.
    """

    level: int
    own: dict[str, str] = field(default_factory=dict)
    full: dict[str, str] = field(default_factory=dict)
    inside: Resolved | None = None
    used: list[int] = field(default_factory=list)
    lost: list[tuple[int, str]] = field(default_factory=list)
    more: list[int] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    node: Node | None = None
    shown: bool = False


class Resolver:
    """Brings together what statements tell of things.

    Args:
        spec: the mapping.
        constants: values of the mapping's constants.
        statements: all statements of the document.
    """

    def __init__(self, spec: MappingSpec, constants: Mapping[str, str], statements: Sequence[Statement]) -> None:
        self._spec = spec
        self._constants = constants
        self._statements = statements
        self._names = list(spec.objects)
        levels = spec.table.levels
        self._inherited = levels.inherit if levels is not None else []
        #: Fields of a container that hold for what is in it, too: all in one row; else those above the table.
        self._common = [name for name, one in spec.fields.items() if levels is None or not one.headers]
        self._sharing = {name: self._shared(name) for name in self._inherited}
        #: What is told of each container, by its number.
        self.nodes: dict[int, Resolved] = {}

    def _shared(self, name: str) -> list[str]:
        """The fields that are read from the column of this one."""
        own = {header_key(text) for text in self._spec.fields[name].column}
        return [
            other
            for other, field_ in self._spec.fields.items()
            if other != name and own & {header_key(text) for text in field_.column}
        ]

    def fits(self, node: Node, level: int) -> bool:
        """Whether all claims on a container can be told of an object of this level."""
        return all(self._pick(sids, self._names[level], set()) is not None for sids in node.claims)

    def container(self, node: Node, level: int) -> Resolved:
        """What is told of a container; what holds it must have been resolved before."""
        links = [(sids, self.nodes[parent.number]) for sids, parent in node.links if parent.number in self.nodes]
        links_lost = [sids for sids, parent in node.links if parent.number not in self.nodes]
        made = self.thing(level, node.claims, links)
        made.lost += [(sids[0], "it would hold itself") for sids in links_lost]
        made.node = node
        for values in (made.own, made.full):
            values.update(values_of(self._spec, self._names[level], node.key))
        self.nodes[node.number] = made
        return made

    def thing(
        self, level: int, claims: Sequence[Sequence[int]], links: Sequence[tuple[Sequence[int], Resolved]]
    ) -> Resolved:
        """What is told of a thing of a level.

        Args:
            level: the level.
            claims: for each event about it the statements of which one may be told.
            links: the same for each event that puts it into a container, with the container.
        """
        made = Resolved(level)
        name = self._names[level]
        taken: set[int] = set()
        for sids, parent in links:
            self._link(made, name, taken, sids, parent)
        chosen = []
        for sids in claims:
            sid = self._pick(sids, name, taken)
            if sid is None:
                made.lost.append((sids[0], f"no other event of this kind can be told of the {name}"))
                continue
            taken.add(self._statements[sid].spec)
            chosen.append(sid)
        for sid in sorted(chosen, key=lambda one: self._statements[one].spec):
            self._claim(made, sid)
        made.more = [index for index, event in enumerate(self._spec.events) if self._tells(made, name, index, event)]
        return made

    def _pick(self, sids: Sequence[int], name: str, taken: set[int]) -> int | None:
        for wanted in (name, OUTERMOST):
            for sid in sids:
                index = self._statements[sid].spec
                if about(self._spec.events[index]) == wanted and index not in taken:
                    return sid
        return None

    def _link(self, made: Resolved, name: str, taken: set[int], sids: Sequence[int], parent: Resolved) -> None:
        sid = self._pick(sids, name, taken)
        if sid is None or parent.level != made.level + 1:
            made.lost.append((sids[0], f"the mapping has no place for a {name} in this container"))
            return
        if made.inside is not None and made.inside is not parent:
            made.lost.append((sid, f"the row of the {name} names another container"))
            return
        values = self._statements[sid].values
        common = {one: parent.full[one] for one in self._common if one in parent.full}
        conflict = _conflict(common, values) or self._not_given(parent, values)
        if made.inside is not None:
            conflict = conflict or _conflict(made.full, values)
        if conflict:
            made.lost.append((sid, f"the row of its container has another value for {conflict!r}"))
            return
        taken.add(self._statements[sid].spec)
        made.inside = parent
        made.full = {**common, **made.full, **values}
        made.own.update(values)
        made.used.append(sid)
        parent.given.update({one: values[one] for one in self._inherited if one in values})

    def _not_given(self, parent: Resolved, values: Mapping[str, str]) -> str:
        """The field whose value cannot stand in the container's row, where its contents have it from."""
        for name in self._inherited:
            value = values.get(name)
            if value is None:
                continue
            there = [parent.given.get(name), *(parent.own.get(other) for other in self._sharing[name])]
            if any(other not in {None, value} for other in there):
                return name
        return ""

    def _claim(self, made: Resolved, sid: int) -> None:
        statement = self._statements[sid]
        if about(self._spec.events[statement.spec]) == OUTERMOST and made.inside is not None:
            made.lost.append((sid, "it is in a container, and the mapping tells this of outermost things"))
            return
        conflict = _conflict(made.full, statement.values)
        if conflict:
            made.lost.append((sid, f"the row has another value for {conflict!r}"))
            return
        made.full.update(statement.values)
        made.own.update(statement.values)
        made.used.append(sid)

    def _tells(self, made: Resolved, name: str, index: int, event: EventSpec) -> bool:
        """Whether the row tells of an event of this kind that the document does not have."""
        if any(self._statements[sid].spec == index for sid in made.used):
            return False
        if any(made.full.get(one, "") not in wanted for one, wanted in event.where.items()):
            return False
        inside = made.inside is not None
        outermost = about(event) == OUTERMOST and not inside
        if not (outermost or about(event) == name) or (event.children and not inside):
            return False
        return not event.when or any(made.full.get(one) or self._constants.get(one) for one in event.when)


def _conflict(there: Mapping[str, str], new: Mapping[str, str]) -> str:
    """The first field that has another value already, empty when there is none."""
    return next((name for name, value in new.items() if there.get(name, value) != value), "")
