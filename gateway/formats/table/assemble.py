"""Runs to events, bottom-up and in bounded memory.

The first kind of event of a mapping streams while rows are read; the others about the smallest things wait on disk,
and so do containers when they are many. When the rows are through, all events that waited are given out in the order in
which the mapping lists their kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import compress, zip_longest

from gateway import gs1
from gateway.epcis.events import Event
from gateway.findings import Findings
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.container_events import groups_of
from gateway.formats.table.container_log import Name
from gateway.formats.table.containers import Containers, picker
from gateway.formats.table.events import AMOUNT, Builder
from gateway.formats.table.gather import Gatherer, Group, Key
from gateway.formats.table.references import OUTERMOST
from gateway.formats.table.runs import Run
from gateway.formats.table.shape import OWN
from gateway.formats.table.spec import EventSpec, MappingSpec, ObjectSpec
from gateway.formats.table.spool import Spool
from gateway.formats.table.unique import Unique

_ANY_SERIAL = "0"


class Scope:
    """What the events about rows of one kind are about.

    Args:
        builders: the events.

    Attributes:
        builders: the events.
        only_inside: names of the objects that are told of only as contents of others.
    """

    def __init__(self, builders: Sequence[EventSpec]) -> None:
        self.builders = builders
        alone = {one.epcs or ("" if one.children else one.parent) for one in builders}
        contents = {one.children for one in builders} - {""}
        self._about = alone | contents
        self.only_inside = frozenset() if OUTERMOST in alone else contents - alone

    def has(self, name: str) -> bool:
        """Whether an event identifies objects of this name, in their own right or as contents."""
        return name in self._about or OUTERMOST in self._about


class Assembler:
    """Makes the events of one table.

    Args:
        spec: the mapping.
        builders: one for each kind of event, in the mapping's order.
        positions: where each field stands among the coarse values.
        header: the header of a field's column.
        prefixes: knows the length of company prefixes.
        place: where the rows come from.
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
        place: Place,
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
        self._thing = spec.objects[self._bottom]
        self._gtin = positions[self._thing.sgtin[0]] if self._thing.sgtin else -1
        self._stems: dict[str, str] = {}
        self._classes: dict[Key, str] = {}
        self._is_amount = self._thing.quantity is not None
        self._by_epc = bool(self._thing.epc)
        self._count = 0
        self._amount = Decimal()
        may_lack = self._thing.quantity.lot if self._thing.quantity is not None else ""
        #: Fields that identify the smallest thing together with the one that differs, and where they stand.
        self._must_have = [(name, positions[name]) for name in self._thing.identity[:-1] if name != may_lack]
        self._container = _identity(spec.objects[names[1]]) if len(names) > 1 else ""
        self._parent = positions.get(self._container, -1)
        self._own = positions.get(OWN, -1)
        where = dict.fromkeys(name for builder in builders for name in builder.spec.where)
        self._kinds = list(where)
        self._kind_of = picker([positions[name] for name in where])
        self._scopes: dict[Key, Scope] = {}
        self._identities = {name: _identity(spec.objects[name]) for name in names[1:]}
        self._levels = [self._level(spec, index) for index in range(1, len(names))]
        self._steps = list(zip_longest(self._levels, self._levels[1:]))
        self._by_name = {level.name: level for level in self._levels}
        self.unique = Unique()
        self._spools: dict[int, Spool] = {}
        self._bottom_kinds = [self._bottom_kind(index) for index in self._about_bottom()]

    def _level(self, spec: MappingSpec, index: int) -> Containers:
        names = list(spec.objects)
        name = names[index]
        parent = [_identity(spec.objects[names[index + 1]])] if index + 1 < len(names) else []
        fields = list(parent)
        for builder in self._builders:
            about = {builder.spec.epcs, builder.spec.children or builder.spec.parent}
            if name in about or builder.spec.epcs == OUTERMOST:
                fields += [field for field in builder.fields if field not in fields]
        return Containers(
            name=name,
            position=self._positions[_identity(spec.objects[name])],
            fields=fields,
            positions=[self._positions[field] for field in fields],
            has_parent=bool(parent),
            by_epc=bool(spec.objects[name].epc),
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
            if builder.spec.epcs in wanted or (builder.spec.children or builder.spec.parent) == self._bottom
        ]

    def _bottom_kind(self, index: int) -> tuple[int, Builder, Callable[[Key], Key], Gatherer]:
        builder = self._builders[index]
        fields = [self._positions[name] for name in builder.fields]
        if builder.spec.children:
            # What is packed together must have the same container: its SSCC comes first in the key.
            fields.insert(0, self._parent)
        if index:
            self._spools[index] = Spool()
        # A thing that is emptied is the parent of an event of its own.
        at_most = 1 if builder.spec.parent and not builder.spec.children else builder.spec.at_most
        return index, builder, picker(fields), Gatherer(0 if builder.spec.children else at_most)

    def take(self, run: Run) -> Iterator[Event]:
        """Take rows; gives the events of the first kind that are thereby finished."""
        scope = self.look(run)
        if scope is None:
            return
        values = run.values
        parent = values[self._parent] if self._levels else ""
        if not run.plain:
            run = self._with_things(run, scope)
        if not run.fine or not self._complete(values, run.numbers[0]):
            return
        epcs = self.epcs(run)
        self._count += len(epcs)
        self.unique.add(epcs if not self._kinds and not self._is_amount else self.keys(run, epcs))
        first, last = run.numbers[0], run.numbers[-1]
        if not parent and self._bottom in scope.only_inside:
            self._outside(first)
        for index, builder, pick, gatherer in self._bottom_kinds:
            about = builder.spec
            if (about.children and not parent) or (about.epcs == OUTERMOST and parent):
                continue
            key = pick(values)
            if not builder.accepts(key[1:] if about.children else key, first, self._header, self._findings):
                continue
            for group in gatherer.add(key, epcs, first, last):
                if index:
                    self._spools[index].write(group)
                else:
                    yield self._build(builder, group)

    def look(self, run: Run) -> Scope | None:
        """Take the containers of rows; gives which events are about the rows, None when nothing more is to be taken."""
        values, row = run.values, run.numbers[0]
        kind = self._kind_of(values) if self._kinds else ()
        scope = self._scopes.get(kind) or self._scope(kind, row)
        return scope if scope.builders and self._see(values, row, "".join(kind), scope) else None

    def _scope(self, kind: Key, row: int) -> Scope:
        """Which events are about rows of this kind; says so when none is."""
        values = dict(zip(self._kinds, kind, strict=True))
        builders = [builder.spec for builder in self._builders if builder.applies(values)]
        scope = self._scopes[kind] = Scope(builders)
        if not builders:
            message = f"no event of the mapping is about rows with {', '.join(map(repr, kind))}"
            where = self._place.at(row, self._header(self._kinds[0]))
            self._findings.report(rules.NO_EVENT, message, where=where, value=", ".join(kind))
        return scope

    def _see(self, values: Key, row: int, kind: str, scope: Scope) -> bool:
        """Take the containers of a row; whether its smallest things may be taken, too."""
        if self._own >= 0 and values[self._own]:
            return self._see_own(values, row, kind)
        for level, upper in self._steps:
            sscc = values[level.position]
            if sscc and kind and not scope.has(level.name):
                level.mention(sscc)
            elif sscc:
                level.see(sscc, values, row, kind)
            elif upper is not None and values[upper.position]:
                self._orphan(level, upper, row)
                return False
        return True

    def _see_own(self, values: Key, row: int, kind: str) -> bool:
        """The row is about one object of any level: others are only mentioned in it."""
        own = values[self._own]
        names = [self._bottom, *(level.name for level in self._levels)]
        outer = self._levels[names.index(own) :]
        inside = [level for level in outer if values[level.position]]
        if inside and inside[0] is not outer[0]:
            self._orphan(outer[0], inside[0], row)
            return False
        if own in self._by_name:
            level = self._by_name[own]
            if not values[level.position]:
                self._nameless(level, row)
                return False
            level.see(values[level.position], values, row, kind)
        for level in inside:
            level.mention(values[level.position])
        return True

    def _with_things(self, run: Run, scope: Scope) -> Run:
        """The rows that name a smallest thing; says so when something of the others would be lost."""
        found = self.things(run)
        if len(found.numbers) < len(run.numbers) and not (self._own >= 0 and run.values[self._own]):
            self._without_thing(run.values, next(iter(set(run.numbers) - set(found.numbers))), scope)
        return found

    def _without_thing(self, values: Key, row: int, scope: Scope) -> None:
        """A row without the smallest thing must be about a container, or something of it would be lost."""
        if any(values[level.position] and scope.has(level.name) for level in self._levels):
            return
        column = self._header(self._thing.identity[-1])
        message = f"the row names no {self._bottom}, and no event is about the rest of it"
        self._findings.report(rules.MISSING, message, where=self._place.at(row, column), expected="an identifier")

    def _outside(self, row: int) -> None:
        """A thing of which all events tell what it is in, or was in, stands without a container."""
        name = self._levels[0].name
        column = self._header(self._container)
        message = f"the {self._bottom} is in no {name}, and no event is about it alone"
        self._findings.report(rules.MISSING, message, where=self._place.at(row, column), expected=f"the {name}")

    def _nameless(self, level: Containers, row: int) -> None:
        """A row that is about a container does not say which."""
        column = self._header(self._identities[level.name])
        message = f"the row is about a {level.name}, but names none"
        self._findings.report(rules.MISSING, message, where=self._place.at(row, column), expected="an identifier")

    def _complete(self, values: Key, row: int) -> bool:
        """Whether the fields that identify the smallest thing together are all filled."""
        for name, position in self._must_have:
            if not values[position]:
                column = self._header(name)
                message = f"the {self._bottom} has no {column!r}"
                self._findings.report(rules.MISSING, message, where=self._place.at(row, column), expected="a value")
                return False
        return True

    def things(self, run: Run) -> Run:
        """The rows of a run that name a smallest thing; those of containers alone are left out."""
        if run.plain or "" not in run.fine:
            return run
        there = [one != "" for one in run.fine]
        return replace(run, fine=list(compress(run.fine, there)), numbers=list(compress(run.numbers, there)))

    def keys(self, run: Run, epcs: Sequence[str]) -> Sequence[str]:
        """What must be unique of these rows: the identifier among rows of one kind, and nothing of amounts."""
        if self._is_amount:
            return ()
        if not self._kinds:
            return epcs
        kind = "".join(self._kind_of(run.values))
        return [kind + epc for epc in epcs]

    def named(self, run: Run) -> Iterator[tuple[str, str, int]]:
        """What must be unique of each row, the value that it was made of, and the row's number."""
        run = self.things(run)
        if run.fine and self._complete(run.values, run.numbers[0]):
            yield from zip(self.keys(run, self.epcs(run)), run.fine, run.numbers, strict=True)

    def epcs(self, run: Run) -> list[str]:
        """The EPC URNs of a run; of amounts their class, number and unit."""
        if self._by_epc:
            return list(run.fine)
        if self._is_amount:
            return self._amounts(run)
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

    def _amounts(self, run: Run) -> list[str]:
        about = self._thing.quantity
        assert about is not None  # noqa: S101 - the caller has looked
        gtin, lot, unit = (run.values[self._positions[n]] if n else "" for n in (about.gtin, about.lot, about.uom))
        epc_class = self._classes.get((gtin, lot))
        if epc_class is None:
            key: gs1.Key = gs1.Lgtin(gtin, lot) if lot else gs1.Gtin(gtin)
            epc_class = self._classes[gtin, lot] = key.as_urn(self._prefixes)
        self._amount += sum(map(Decimal, run.fine))
        return [f"{epc_class}{AMOUNT}{amount}{AMOUNT}{unit}" for amount in run.fine]

    def finish(self) -> Iterator[Event]:
        """All events that have waited."""
        accepts = partial(Builder.accepts, header=self._header, findings=self._findings)
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
            for group in groups_of(builder, self._levels, accepts, several_kinds=bool(self._kinds)):
                yield self._build(builder, group)

    def settle(self) -> dict[str, Collection[Name]]:
        """End of the rows: gives the containers of each level that a second look at the rows has to look at."""
        found = {level.name: level.settle() for level in self._levels}
        return {name: names for name, names in found.items() if names}

    def look_again(self, first: Assembler, names: Mapping[str, Collection[Name]], findings: Findings) -> None:
        """Before all rows are looked at once more: tell of these containers what the first look did not."""
        for level in self._levels:
            level.look_again(first._by_name[level.name], names.get(level.name, ()), findings)

    def close(self) -> None:
        """Give the disk space back."""
        for level in self._levels:
            level.close()

    def tally(self) -> dict[str, Decimal]:
        """What has been taken so far, for `counts`."""
        own = self._amount if self._is_amount else Decimal(self._count)
        return {self._bottom: own, **{level.name: Decimal(level.entries) for level in self._levels}}

    def counts(self, before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """How many of each object came between two tallies, for control counts; of amounts their sum."""
        found = {self._bottom: after[self._bottom] - before[self._bottom]}
        for level in self._levels:
            found[level.name] = Decimal(level.number(int(after[level.name])) - level.number(int(before[level.name])))
        return found

    def _build(self, builder: Builder, group: Group) -> Event:
        if not builder.spec.parent:
            return builder.build(group)
        if not builder.spec.children:
            return builder.build(Group(group.key, [], group.first, group.last), group.epcs[0])
        parent = self._by_name[builder.spec.parent].urn(group.key[0])
        return builder.build(Group(group.key[1:], group.epcs, group.first, group.last), parent)

    def _orphan(self, level: Containers, upper: Containers, row: int) -> None:
        message = f"the {upper.name} is given, but the {level.name} between it and its contents is not"
        where = self._place.at(row)
        self._findings.report(rules.MISSING, message, where=where, expected=f"the SSCC of the {level.name}")


def _identity(container: ObjectSpec) -> str:
    return container.sscc or container.epc
