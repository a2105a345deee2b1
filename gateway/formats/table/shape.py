"""Rows of other forms made flat: one column a field, one row a thing, before anything else looks at them.

Most tables are flat already and never come here. The others have a column that says which level of the hierarchy a
row is about, header rows of boxes above the rows of their items, merged cells, or values that several columns hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.findings import Findings
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.cells import Block, Cell, Gap, blank, header_key, shown
from gateway.formats.table.footers import Footers
from gateway.formats.table.header import Header
from gateway.formats.table.runs import REPEATED
from gateway.formats.table.spec import MappingSpec, event_fields

#: Name of the column that says which object a row is about; empty where the row may be about all of them.
OWN = "(level)"


def needed(spec: MappingSpec) -> bool:
    """Whether the tables of a mapping have to be made flat."""
    table = spec.table
    several = any(field.join or field.first_of for field in spec.fields.values())
    return table.levels is not None or bool(table.fill_down) or several


@dataclass(slots=True)
class _Waiting:
    """A header row of a container, of which nothing has come yet."""

    cells: list[Cell]
    number: int
    level: int


class Shape:
    """Makes the rows of one table flat.

    Args:
        spec: the mapping.
        found: the table's header.
        footers: recognises rows that are no data.
        place: where the rows come from.
        findings: takes what is wrong.
    """

    def __init__(self, spec: MappingSpec, found: Header, footers: Footers, place: Place, findings: Findings) -> None:
        self._spec = spec
        self._found = found
        self._footers = footers
        self._place = place
        self._findings = findings
        #: The fields in the order of the flat columns.
        self.fields = [name for name in spec.fields if name in found.sources]
        #: How many rows were refused.
        self.refused = 0
        self._header = [header_key(name) for name in found.names]
        self._index = {name: index for index, name in enumerate(self.fields)}
        self._objects = list(spec.objects)
        self._current: dict[str, Cell] = {}
        levels = spec.table.levels
        self._inherited = [name for name in levels.inherit if name in self._index] if levels is not None else []
        self._given: dict[str, dict[str, Cell]] = {}
        self._waiting: _Waiting | None = None
        self._fill = [name for name in spec.table.fill_down if name in self._index]
        self._identity = {name: thing.identity[-1] for name, thing in spec.objects.items()}
        self._fine = self._index[self._identity[self._objects[0]]]
        self._needed = {name: self._needs(name) for name in self._objects}

    def _needs(self, name: str) -> set[str]:
        """The fields that a row about this object must have, if they are required at all."""
        events = [event for event in self._spec.events if name in {event.epcs, event.children or event.parent}]
        return {*self._spec.objects[name].identity, *(field for event in events for field in event_fields(event))}

    @property
    def names(self) -> tuple[str, ...]:
        """Headers of the flat columns."""
        return (*(self._spec.fields[name].title for name in self.fields), OWN)

    def of(self, block: Block) -> Block:
        """The flat rows of a block."""
        rows: list[Sequence[Cell]] = []
        numbers: list[int] = []
        width = len(self._header)
        for number, row in zip(block.numbers, block.rows, strict=True):
            if blank(row) or self._footers.takes(row, self._place.at(number)) or self._repeats(row, number):
                continue
            if len(row) < width or not blank(row[width:]):
                self.refused += 1
                self._findings.report(
                    rules.RAGGED,
                    f"the row has {len(row)} cells, the header has {width}",
                    where=self._place.at(number),
                    value=len(row),
                    expected=f"{width} cells",
                )
                continue
            for cells, at in self._flat(row, number):
                rows.append(cells)
                numbers.append(at)
        return Block(block.first, rows, numbers=numbers)

    def rest(self) -> Block:
        """The last header row, if nothing came after it."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return Block(1, [])
        return Block(waiting.number, [waiting.cells], numbers=[waiting.number])

    def _repeats(self, row: Sequence[Cell], number: int) -> bool:
        if header_key(shown(row[0])) != self._header[0]:  # nearly always: the others need no look
            return False
        found = [header_key(shown(cell)) for cell in row] == self._header
        if found:
            self._findings.report(rules.HEADER_AGAIN, REPEATED, where=self._place.at(number))
        return found

    def _flat(self, row: Sequence[Cell], number: int) -> Iterator[tuple[list[Cell], int]]:
        cells = [self._cell(name, row) for name in self.fields]
        if self._spec.table.levels is not None:
            own = self._own(row, number)
            if own:
                yield self._levelled(own, cells, row), number
            return
        own_fill = [name for name in self._fill if shown(cells[self._index[name]])]
        self._fill_down(cells)
        if shown(cells[self._fine]) or not own_fill:
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                index = self._index[self._identity[self._objects[waiting.level]]]
                if waiting.cells[index] != cells[index]:
                    yield waiting.cells, waiting.number  # the row is in another container
            yield [*cells, ""], number
            return
        named = [level for level, name in enumerate(self._objects) if level and self._identity[name] in own_fill]
        if not named:
            return  # only values for the rows below, such as a lot
        level = min(named)
        if self._waiting is not None and level >= self._waiting.level:
            yield self._waiting.cells, self._waiting.number
        self._waiting = _Waiting([*map(self._gap, cells), self._objects[level]], number, level)

    def _cell(self, name: str, row: Sequence[Cell]) -> Cell:
        field = self._spec.fields[name]
        cells = [row[index] for index in self._found.sources[name]]
        if all(cell is Gap.HERE for cell in cells):
            return Gap.HERE
        if field.join and name not in self._found.columns:
            texts = [shown(cell) for cell in cells]
            return field.separator.join(texts) if all(texts) else ""
        return next((cell for cell in cells if shown(cell)), "")

    def _fill_down(self, cells: list[Cell]) -> None:
        """Give empty cells the value above. A new value clears those of the fields that are listed after it."""
        for place, name in enumerate(self._fill):
            index = self._index[name]
            if not shown(cells[index]):
                cells[index] = self._current.get(name, cells[index])
            elif self._current.get(name) != cells[index]:
                self._current[name] = cells[index]
                for inner in self._fill[place + 1 :]:
                    self._current.pop(inner, None)

    def _own(self, row: Sequence[Cell], number: int) -> str:
        """The object that a row is about, empty when its level is not known."""
        levels = self._spec.table.levels
        cell = row[self._found.level]
        name = levels.objects.get(shown(cell), "") if levels is not None else ""
        if not name and levels is not None:
            self.refused += 1
            header = self._found.names[self._found.level]
            self._findings.report(
                rules.LOOKUP,
                f"{shown(cell)!r} is no level of the mapping",
                where=self._place.at(number, header),
                value=shown(cell),
                expected=", ".join(levels.objects),
            )
        return name

    def _levelled(self, own: str, cells: list[Cell], row: Sequence[Cell]) -> list[Cell]:
        level = self._objects.index(own)
        out: list[Cell] = [
            cell if name in self._needed[own] or shown(cell) else Gap.HERE
            for name, cell in zip(self.fields, cells, strict=True)
        ]
        for other in self._objects:
            for name in self._spec.objects[other].identity:
                if other != own and name not in self._spec.objects[own].identity and name in self._index:
                    out[self._index[name]] = Gap.HERE
        outer = self._objects[level + 1 :]
        if self._found.parent >= 0:
            if outer:
                out[self._index[self._identity[outer[0]]]] = self._gap(row[self._found.parent])
            return [*out, own]
        for name in self._inherited:
            out[self._index[name]] = self._given.get(outer[0], {}).get(name, Gap.HERE) if outer else Gap.HERE
        self._current[own] = cells[self._index[self._identity[own]]]
        self._given[own] = {name: cells[self._index[name]] for name in self._inherited}
        for inner in self._objects[:level]:
            self._current.pop(inner, None)
            self._given.pop(inner, None)
        for other in outer:
            out[self._index[self._identity[other]]] = self._current.get(other, Gap.HERE)
        return [*out, own]

    @staticmethod
    def _gap(cell: Cell) -> Cell:
        return cell if shown(cell) else Gap.HERE
