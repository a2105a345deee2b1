"""Runs to events, bottom-up and in bounded memory.

The first kind of event of a mapping streams while rows are read; the others about the smallest things wait on disk.
Containers are few and kept in memory. When the rows are through, all events that waited are given out in the order
in which the mapping lists their kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from gateway import gs1
from gateway.epcis.events import Event
from gateway.findings import Findings, Where
from gateway.formats.table import rules
from gateway.formats.table.containers import Containers, picker
from gateway.formats.table.events import Builder
from gateway.formats.table.gather import Gatherer, Group, Key
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.runs import Run
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.spool import Spool
from gateway.formats.table.unique import Unique

_ANY_SERIAL = "0"


class Assembler:
    """Makes the events of one table.

    Args:
        spec: the mapping.
        builders: one for each kind of event, in the mapping's order.
        positions: where each field stands among the coarse values.
        header: the header of a field's column.
        prefixes: knows the length of company prefixes.
        place: file and sheet.
        findings: takes what is wrong.
    """

    def __init__(
        self,
        spec: MappingSpec,
        builders: Sequence[Builder],
        positions: Mapping[str, int],
        *,
        header: Callable[[str], str],
        prefixes: gs1.CompanyPrefixes,
        place: Where,
        findings: Findings,
    ) -> None:
        names = list(spec.objects)
        self._bottom = names[0]
        self._builders = builders
        self._positions = positions
        self._header = header
        self._prefixes = prefixes
        self._place = place
        self._findings = findings
        sgtin = spec.objects[self._bottom].sgtin
        self._gtin = positions[sgtin[0]] if sgtin else -1
        self._stems: dict[str, str] = {}
        self._parent = positions[spec.objects[names[1]].sscc] if len(names) > 1 else -1
        self._levels = [self._level(spec, index) for index in range(1, len(names))]
        self._by_name = {level.name: level for level in self._levels}
        self.unique = Unique()
        self._spools: dict[int, Spool] = {}
        self._bottom_kinds = [self._bottom_kind(index) for index in self._about_bottom()]

    def _level(self, spec: MappingSpec, index: int) -> Containers:
        names = list(spec.objects)
        name = names[index]
        parent = [spec.objects[names[index + 1]].sscc] if index + 1 < len(names) else []
        fields = list(parent)
        for builder in self._builders:
            if name in {builder.spec.epcs, builder.spec.children} or builder.spec.epcs == OUTERMOST:
                fields += [field for field in builder.fields if field not in fields]
        return Containers(
            name=name,
            position=self._positions[spec.objects[name].sscc],
            fields=fields,
            positions=[self._positions[field] for field in fields],
            has_parent=bool(parent),
            header=self._header,
            prefixes=self._prefixes,
            place=self._place,
            findings=self._findings,
        )

    def _about_bottom(self) -> list[int]:
        wanted = {self._bottom, OUTERMOST}
        return [
            index
            for index, builder in enumerate(self._builders)
            if builder.spec.epcs in wanted or builder.spec.children == self._bottom
        ]

    def _bottom_kind(self, index: int) -> tuple[int, Builder, Callable[[Key], Key], Gatherer]:
        builder = self._builders[index]
        fields = [self._positions[name] for name in builder.fields]
        if builder.spec.parent:
            # What is packed together must have the same container: its SSCC comes first in the key.
            fields.insert(0, self._parent)
        if index:
            self._spools[index] = Spool()
        return index, builder, picker(fields), Gatherer(0 if builder.spec.parent else builder.spec.at_most)

    def take(self, run: Run) -> Iterator[Event]:
        """Take rows; gives the events of the first kind that are thereby finished."""
        values = run.values
        first, last = run.numbers[0], run.numbers[-1]
        parent = values[self._parent] if self._levels else ""
        for level, upper in zip(self._levels, [*self._levels[1:], None], strict=True):
            sscc = values[level.position]
            if sscc:
                level.see(sscc, values, first)
            elif upper is not None and values[upper.position]:
                self._orphan(level, upper, first)
                return
        epcs = self.epcs(run)
        self.unique.add(epcs)
        for index, builder, pick, gatherer in self._bottom_kinds:
            kind = builder.spec
            if (kind.parent and not parent) or (kind.epcs == OUTERMOST and parent):
                continue
            key = pick(values)
            if not builder.accepts(key[1:] if kind.parent else key, first, self._header, self._findings):
                continue
            for group in gatherer.add(key, epcs, first, last):
                if index:
                    self._spools[index].write(group)
                else:
                    yield self._build(builder, group)

    def epcs(self, run: Run) -> list[str]:
        """The EPC URNs of a run."""
        if self._gtin < 0:
            return [gs1.sscc_urn(one, self._prefixes) for one in run.fine]
        gtin = run.values[self._gtin]
        if not run.plain:
            return gs1.sgtin_urns(gtin, run.fine, self._prefixes)
        stem = self._stems.get(gtin)
        if stem is None:
            # Letters and digits stand for themselves in a URN: what is before them is the same for all.
            stem = gs1.sgtin_urns(gtin, [_ANY_SERIAL], self._prefixes)[0].removesuffix(_ANY_SERIAL)
            self._stems[gtin] = stem
        return [stem + serial for serial in run.fine]

    def finish(self) -> Iterator[Event]:
        """All events that have waited."""
        waiting = {index: (builder, gatherer) for index, builder, _, gatherer in self._bottom_kinds}
        for index, builder in enumerate(self._builders):
            if index in waiting:
                gatherer = waiting[index][1]
                if index:
                    spool = self._spools[index]
                    for group in spool:
                        yield self._build(builder, group)
                    spool.close()
                for group in gatherer.rest():
                    yield self._build(builder, group)
            for group in self._container_groups(builder):
                yield self._build(builder, group)

    def counts(self, rows: int) -> dict[str, int]:
        """How many of each object there are, for control counts."""
        return {self._bottom: rows, **{level.name: len(level) for level in self._levels}}

    def _container_groups(self, builder: Builder) -> Iterator[Group]:
        spec = builder.spec
        if spec.epcs == OUTERMOST:
            for level in self._levels:
                groups = level.groups(builder.fields, lambda values, level=level: not level.parent(values))  # type: ignore[misc]
                yield from self._sliced(builder, groups)
        elif spec.epcs in self._by_name:
            yield from self._sliced(builder, self._by_name[spec.epcs].groups(builder.fields, lambda _: True))
        elif spec.children in self._by_name:
            level = self._by_name[spec.children]
            fields = [level.fields[0], *builder.fields]
            for group in level.groups(fields, lambda values: bool(values[0])):
                if builder.accepts(group.key[1:], group.first, self._header, self._findings):
                    yield group

    def _sliced(self, builder: Builder, groups: Iterator[Group]) -> Iterator[Group]:
        for group in groups:
            if not builder.accepts(group.key, group.first, self._header, self._findings):
                continue
            epcs = iter(group.epcs)
            while some := list(islice(epcs, builder.spec.at_most)):
                yield Group(group.key, some, group.first, group.last)

    def _build(self, builder: Builder, group: Group) -> Event:
        if not builder.spec.parent:
            return builder.build(group)
        parent = self._by_name[builder.spec.parent].urn(group.key[0])
        return builder.build(Group(group.key[1:], group.epcs, group.first, group.last), parent)

    def _orphan(self, level: Containers, upper: Containers, row: int) -> None:
        message = f"the {upper.name} is given, but the {level.name} between it and its contents is not"
        where = Where(file=self._place.file, sheet=self._place.sheet, row=row)
        self._findings.report(rules.MISSING, message, where=where, expected=f"the SSCC of the {level.name}")
