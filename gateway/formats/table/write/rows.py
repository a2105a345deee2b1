"""From what is told of things to rows, sheet by sheet, in the order of the document or below their containers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.findings import Findings, Outcome, Rule, Where
from gateway.formats.table import rules_out
from gateway.formats.table.cells import Cell, header_key, shown
from gateway.formats.table.losses import APOSTROPHE
from gateway.formats.table.spec import MappingSpec
from gateway.formats.table.transforms.inverse import NotInvertible
from gateway.formats.table.write.columns import Columns
from gateway.formats.table.write.layout import Layout
from gateway.formats.table.write.levels import order
from gateway.formats.table.write.losing import Losing
from gateway.formats.table.write.partitions import KIND_END, Row
from gateway.formats.table.write.resolve import Resolved, Resolver
from gateway.formats.table.write.things import BETWEEN, values_of
from gateway.formats.table.write.told import Collector

_REMEMBER = 4096
#: A finding of one kind is said so often in full; the rest is counted.
_SAID = 20


@dataclass(slots=True)
class Sheet:
    """A table of the file.

    Attributes:
        above: rows above the header.
        rows: the rows below it; they must have been taken before the next sheet is asked for.
    """

    above: list[list[Cell]]
    rows: Iterator[list[Cell]]


@dataclass(slots=True)
class _Said:
    """Findings about many rows, counted."""

    findings: Findings
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def report(
        self, rule: Rule, what: str, message: str, *, value: str = "", expected: str = "", column: str = ""
    ) -> None:
        key = (rule.code, what)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] <= _SAID:
            self.findings.report(rule, message, value=value, expected=expected, where=Where(column=column))


class Rows:
    """The rows of a table.

    Args:
        spec: the mapping.
        columns: its columns.
        collected: what the document tells.
        resolver: brings it together.
        losing: takes what has no place.
        findings: takes what is wrong.
    """

    def __init__(
        self,
        spec: MappingSpec,
        columns: Columns,
        collected: Collector,
        resolver: Resolver,
        losing: Losing,
        findings: Findings,
    ) -> None:
        self._spec = spec
        self._columns = columns
        self._layout = Layout(spec, columns)
        self._collected = collected
        self._resolver = resolver
        self._losing = losing
        self._said = _Said(findings)
        self._names = list(spec.objects)
        self._told: list[Resolved] = []
        self._seen: dict[int, tuple[str, ...]] = {}
        self._above: dict[tuple[str, ...], int] = {}
        self._first: dict[int, int] = {}
        self._cells: dict[tuple[int, str], list[Cell]] = {}
        self._footers = tuple(header_key(word) for footer in spec.table.footers for word in footer.words)
        self._positions = {header: index for index, header in enumerate(columns.headers)}
        fine = next(iter(spec.objects.values())).identity[-1]
        self._fine = columns.alone(fine) if next(iter(spec.objects.values())).quantity is None else None
        #: How many rows there are.
        self.count = 0

    def sheets(self) -> Iterator[Sheet]:
        """The tables, one for each set of values above it; none when the document gives no row."""
        self._containers()
        self._things()
        alone = list(self._alone())
        rank = {sheet: place for place, sheet in enumerate(sorted(self._first, key=self._first.__getitem__))}
        partitions = self._collected.partitions
        if len(rank) > 1:
            partitions.reorder(rank)
            alone = [((rank[order_[0]], *order_[1:]), told, key) for order_, told, key in alone]
        rows = partitions.rows(alone)
        values = {rank[sheet]: above for above, sheet in self._above.items() if sheet in rank}
        waiting = next(rows, None)
        if waiting is None:
            self._said.report(rules_out.OUT_EMPTY, "", "no event of the document gives a row of the table")
        while waiting is not None:
            sheet = waiting[0][0]
            behind: list[Row] = []
            yield Sheet(self._rows_above(values.get(sheet, ())), self._rows(waiting, rows, behind))
            waiting = next(iter(behind), None)

    def _containers(self) -> None:
        base = 1 if len(self._names) > 1 and self._collected.smallest_apart else 0
        nodes = self._collected.nodes
        for node, level in order(nodes, base, len(self._names) - 1, self._resolver.fits):
            self._lose(self._resolver.container(node, level), node.key)

    def _things(self) -> None:
        """Bring together what is told of the smallest things, one part of them after another."""
        known: dict[tuple[tuple[int, int], ...], int] = {}
        nodes = self._resolver.nodes
        for part in self._collected.partitions.things():
            rows: list[Row] = []
            for kind_and_key, (place, mentions) in part.items():
                signature = tuple(mentions)
                number = known.get(signature)
                if number is None:
                    claims = [[sid] for sid, container in mentions if container < 0]
                    links = [([sid], nodes[container]) for sid, container in mentions if container >= 0]
                    told = self._resolver.thing(0, claims, links)
                    self._agree(told)
                    number = known[signature] = self._keep(told)
                told = self._told[number]
                key = kind_and_key.partition(KIND_END)[2]
                if told.lost:
                    self._lose(told, key)
                if not told.used:
                    continue
                if told.more:
                    self._warn(told, key)
                self._show(told)
                rows.append((self._order(told, key, place), number, key))
            self._collected.partitions.keep(rows)

    def _keep(self, told: Resolved) -> int:
        self._told.append(told)
        return len(self._told) - 1

    def _alone(self) -> Iterator[Row]:
        """Rows of containers of which nothing has a row."""
        for told in reversed(list(self._resolver.nodes.values())):
            node = told.node
            if node is None:
                continue
            if told.shown:
                self._warn(told, node.key)
            if told.shown or not told.used:
                continue
            if told.level > self._layout.alone:
                for sid in told.used:
                    reason = f"nothing is known to be in the {self._names[told.level]}, and it has no row of its own"
                    self._losing.thing(self._collected.statements[sid], "epc", self._losing.named(node.key), reason)
                continue
            if self._layout.blocks:
                self._silence(told.inside)
            self._show(told)
            self._agree(told)
            self._warn(told, node.key, alone=True)
            yield self._order(told, node.key, node.place), self._keep(told), node.key

    def _silence(self, outer: Resolved | None) -> None:
        """Report what is told of containers in which only empty ones are: their header rows tell nothing of them."""
        while outer is not None and not outer.shown and outer.node is not None:
            for sid in outer.used:
                reason = f"the row of the {self._names[outer.level]} is the header of empty containers"
                self._losing.thing(self._collected.statements[sid], "epc", self._losing.named(outer.node.key), reason)
            outer.more.clear()
            outer = outer.inside

    def _show(self, told: Resolved | None) -> None:
        """Note that a row names a container, and with it those that it is in."""
        while told is not None and not told.shown:
            told.shown = told.node is not None
            told = told.inside

    def _order(self, told: Resolved, key: str, place: int) -> tuple[int, ...]:
        """Where a row comes: its sheet, the containers that it is in, its place in the document."""
        sheet = self._sheet(told, key)
        self._first[sheet] = min(place, self._first.get(sheet, place))
        if not self._layout.in_order:
            return (sheet, place)
        path = [0] * (len(self._names) - 1)
        inner: Resolved | None = told
        while inner is not None:
            if inner.node is not None and inner.level:
                path[-inner.level] = inner.node.place + 1
            inner = inner.inside
        if told.level:
            path[len(path) - told.level + 1 :] = [-1] * (told.level - 1)
        return (sheet, *path, place)

    def _sheet(self, told: Resolved, key: str) -> int:
        if not self._layout.above:
            return 0
        values = {**told.full, **values_of(self._spec, self._names[told.level], key)}
        above = tuple(values.get(name, "") for name in self._layout.above)
        for known, sheet in self._above.items():
            # A container alone says less than its contents would.
            if told.level and all(mine in {"", other} for mine, other in zip(above, known, strict=True)):
                return sheet
        return self._above.setdefault(above, len(self._above))

    def _rows_above(self, values: Sequence[str]) -> list[list[Cell]]:
        rows: list[list[Cell]] = [[title] for title in self._columns.titles]
        for (label, name), value in zip(self._columns.labels.items(), values, strict=True):
            declared = self._spec.fields[name]
            if not value and declared.required and not declared.otherwise and not declared.default:
                self._missing(label, "the table")
            try:
                rows.append([label, self._columns.above(name, value)])
            except NotInvertible as error:
                self._said.report(rules_out.OUT_WRONG, name, f"{label!r}: {error}", value=value)
        return [*rows, []] if rows else []

    def _rows(self, first: Row, rest: Iterator[Row], behind: list[Row]) -> Iterator[list[Cell]]:
        """The rows of one sheet, with the rows of their containers above them; the first of the next is put behind."""
        sheet = first[0][0]
        there: set[int] = set()
        row: Row | None = first
        while row is not None:
            if row[0][0] != sheet:
                behind.append(row)
                return
            told = self._told[row[1]]
            if self._layout.levels or self._layout.blocks:
                for outer in _chain(told):
                    if id(outer) not in there and outer.node is not None:
                        there.add(id(outer))
                        yield from self._row(outer, outer.node.key)
            yield from self._row(told, row[2])
            row = next(rest, None)

    def _row(self, told: Resolved, key: str) -> Iterator[list[Cell]]:
        head, _, fine = key.rpartition(BETWEEN) if self._fine is not None and told.node is None else ("", "", "")
        number = id(told)
        cells = self._cells.get((number, head)) if fine else None
        try:
            if cells is None:
                cells = self._made(told, key)
                if len(self._cells) >= _REMEMBER:
                    self._cells.clear()
                self._cells[number, head] = cells
            if fine and self._fine is not None:
                header, writer = self._fine
                cells = cells.copy()
                cells[self._positions[header]] = cell = writer.cell(fine)
                if cell != fine:
                    self._losing.marks(writer.name, fine, writer.notes(fine))
        except NotInvertible as error:
            self._said.report(rules_out.OUT_WRONG, str(error)[:_SAID], str(error), value=self._losing.named(key))
            return
        if self._footers and self._is_footer(cells):
            text = next(shown(cell) for cell in cells if cell != "")
            self._said.report(rules_out.OUT_FOOTER, text, f"the row of {self._losing.named(key)} begins with {text!r}")
        self.count += 1
        yield cells

    def _made(self, told: Resolved, key: str) -> list[Cell]:
        identity = values_of(self._spec, self._names[told.level], key)
        for name in self._layout.lacks(told, identity):
            self._missing(self._spec.fields[name].title, self._losing.named(key))
        found = self._layout.cells(told, self._layout.values(told, identity))
        for name, value in identity.items():
            if self._fine is None or name != self._fine[1].name:
                self._losing.marks(name, value, self._columns.notes(name, value))
        for header, cell in self._columns.marked():
            self._losing.marks(header, cell, [(APOSTROPHE, Outcome.CARRIED)])
        return [found.get(header, "") for header in self._columns.headers]

    def _is_footer(self, cells: Sequence[Cell]) -> bool:
        first = next((cell for cell in cells if cell != ""), "")
        return header_key(shown(first)).startswith(self._footers)

    def _missing(self, header: str, what: str) -> None:
        message = f"the column {header!r} must be filled, and the document does not say it of {what}"
        self._said.report(rules_out.OUT_MISSING, header, message, expected="a value", column=header)

    def _agree(self, told: Resolved) -> None:
        """Report a container of which the rows of its contents would tell different things."""
        outer = told.inside if not self._layout.levels else None
        while outer is not None and outer.node is not None:
            fields = self._layout.shared[outer.level]
            values = tuple(told.full.get(name, "") for name in fields)
            before = self._seen.setdefault(outer.node.number, values)
            if before != values:
                name = next(one for one, a, b in zip(fields, before, values, strict=True) if a != b)
                message = (
                    f"the rows of what is in {self._losing.named(outer.node.key)} differ in the column"
                    f" {self._spec.fields[name].title!r}, which also tells of the {self._names[outer.level]} itself"
                )
                self._said.report(rules_out.OUT_CONTRADICTS, name, message, column=self._spec.fields[name].title)
            outer = outer.inside

    def _lose(self, told: Resolved, key: str) -> None:
        """Report the statements that the row cannot tell."""
        for sid, reason in told.lost:
            self._losing.thing(self._collected.statements[sid], "epc", self._losing.named(key), reason)

    def _warn(self, told: Resolved, key: str, *, alone: bool = False) -> None:
        """Report the events that the row tells of and the document does not.

        Args:
            told: what is told of the row's object.
            key: its key.
            alone: whether it is a container whose row stands for itself.
        """
        for index in told.more:
            event = self._spec.events[index]
            what = f"{event.biz_step or event.event} of {event.epcs or event.children or event.parent}"
            message = f"the row of {self._losing.named(key)} also tells of {what}, which the document does not"
            declared = self._spec.fields.get(event.time)
            # In the header row of a box an empty cell is no value that a setting could supply.
            supplied = declared is None or (
                (declared.otherwise or declared.default) and not (alone and self._layout.blocks)
            )
            if any(self._collected.statements[sid].spec == index for sid, _ in told.lost):
                message = f"the row of {self._losing.named(key)} would tell of another {what} than the document does"
                self._said.report(rules_out.OUT_CONTRADICTS, str(index), message)
            elif supplied or told.full.get(event.time):
                self._said.report(rules_out.OUT_MORE, str(index), message)
            else:
                # The reader would miss the time: what is a doubt elsewhere is an error here.
                self._said.report(rules_out.OUT_MISSING, str(index), message, column=declared.title if declared else "")


def _chain(told: Resolved) -> list[Resolved]:
    """The containers of a thing, the outermost first."""
    chain: list[Resolved] = []
    inner = told.inside
    while inner is not None:
        chain.insert(0, inner)
        inner = inner.inside
    return chain
