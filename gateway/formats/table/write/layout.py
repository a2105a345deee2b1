"""How the rows of a mapping's table lie: one for each smallest thing, one for each object, or blocks."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.formats.table.cells import Cell
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.spec import MappingSpec, event_fields
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.resolve import Resolved
from gateway.formats.table.write.told import about


class Layout:
    """Which rows a table has and which fields stand in them.

    Args:
        spec: the mapping.
        columns: the table's columns.

    Attributes:
        levels: whether each object has a row of its own.
        blocks: whether containers stand in rows above their contents.
        above: the fields whose cells stand above the table.
    """

    def __init__(self, spec: MappingSpec, columns: Columns) -> None:
        self._spec = spec
        self._columns = columns
        self._names = list(spec.objects)
        containers = [thing.identity[0] for thing in list(spec.objects.values())[1:]]
        self.levels = spec.table.levels is not None
        self.blocks = bool(containers) and set(spec.table.fill_down) == set(containers)
        self.above = list(columns.labels.values())
        self._words = {name: word for word, name in reversed(list(_words(spec).items()))}
        inherited = spec.table.levels.inherit if spec.table.levels is not None else []
        self._inherited = set(inherited)
        self._containers = containers
        must = [
            name
            for name, field in spec.fields.items()
            if field.headers and field.required and not field.otherwise and not field.default
        ]
        self._must = {level: self._needed(must, level) for level in range(len(self._names))}
        #: For each level the fields that must be the same in all rows of one container.
        self.shared = [self._shared(name) for name in self._names]
        #: Up to which level a container of which nothing is known to be in it can have a row. In a flat row
        #: a pallet without a case stands for nothing.
        self.alone = len(self._names) if self.levels or self.blocks else int(_may_lack_thing(spec))

    @property
    def in_order(self) -> bool:
        """Whether rows must stand below the row of their container."""
        return self.blocks or (self.levels and not self._columns.parent)

    def _shared(self, name: str) -> list[str]:
        events = [event for event in self._spec.events if about(event) in {name, OUTERMOST} and not event.where]
        fields = dict.fromkeys(field for event in events for field in event_fields(event))
        return [field for field in fields if field in self._spec.fields]

    def _needed(self, must: Sequence[str], level: int) -> list[str]:
        """The fields that a row of this level must have."""
        name = self._names[level]
        identity = self._spec.objects[name].identity
        if not self.levels and level:
            return [self._spec.objects[name].identity[0]]
        if not self.levels:
            return list(must)
        events = [event for event in self._spec.events if about(event) == name]
        needed = {*identity, *(field for event in events for field in event_fields(event))} - self._inherited
        return [field for field in must if field in needed]

    def values(self, told: Resolved, identity: dict[str, str]) -> dict[str, str]:
        """Fields and values of a row, those above the table aside.

        Args:
            told: what is told of the row's object.
            identity: its identifying fields, where they are not among what is told.
        """
        if self.levels:
            own = {name: value for name, value in told.own.items() if name not in self._inherited}
            values = {**own, **told.given, **identity}
        else:
            values = {**told.full, **identity}
            if self.blocks:
                values = {name: value for name, value in values.items() if name not in self._containers} | identity
        return {name: value for name, value in values.items() if name not in self.above}

    def lacks(self, told: Resolved, identity: dict[str, str]) -> list[str]:
        """The fields that the row must have and does not."""
        values = {**(told.own if self.levels else told.full), **identity}
        return [name for name in self._must[told.level] if not values.get(name)]

    def cells(self, told: Resolved, values: dict[str, str]) -> dict[str, Cell]:
        """Header and cell of the row.

        Raises:
            NotInvertible: no cells give these values.
        """
        cells = self._columns.cells(values)
        if self._columns.level:
            cells[self._columns.level] = self._words.get(self._names[told.level], "")
        if self._columns.parent:
            cells[self._columns.parent] = self._parent(told)
        return cells

    def _parent(self, told: Resolved) -> Cell:
        if told.inside is None:
            return ""
        name = self._spec.objects[self._names[told.inside.level]].identity[0]
        return next(iter(self._columns.cells({name: told.inside.own[name]}, [name]).values()))


def _may_lack_thing(spec: MappingSpec) -> bool:
    """Whether a row may lack the identifier of the smallest thing."""
    first = next(iter(spec.objects.values()))
    return all(not spec.fields[name].required for name in first.identity)


def _words(spec: MappingSpec) -> dict[str, str]:
    return spec.table.levels.objects if spec.table.levels is not None else {}
