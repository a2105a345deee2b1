"""A message as a tree of levels (shipment, order, pack, item ...), and its rows: one for each end of a branch.

A row has the values of its own level and of all around it. What a mapping does not take makes no rows. A level is
closed when the next one is not inside it; then its rows are known, and little more than the open levels is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.formats.edi import rules
from gateway.formats.edi.columns import RANGE
from gateway.formats.table.cells import header_key

#: Column of the container around a row, the innermost first: ``inside.1``, ``inside.2`` ...
INSIDE = "inside"

#: Says what is wrong with a level: rule, message, value, expected, column.
Complain = Callable[..., None]


class Wanted:
    """Which columns a mapping takes.

    Args:
        headers: all headers that its fields name.
        fine: headers of the field that tells one thing from the next; only they may repeat within a level.
        containers: names that hold the number of a container, e.g. ``MAN*GM``; they become `INSIDE`.
        decimal: decimal sign in which the mapping wants amounts.
    """

    def __init__(self, headers: list[str], fine: list[str], containers: list[str], decimal: str = ".") -> None:
        self.decimal = decimal
        self._headers = {header_key(text) for text in headers}
        self._fine = [header_key(text) for text in fine]
        self._known: dict[str, bool] = {}
        self._ranks: dict[str, int] = {}
        self.containers = set(containers) if any(key.startswith(f"{INSIDE}.") for key in self._headers) else set()
        #: Whether containers are the things that the mapping is about.
        self.fine_inside = f"{INSIDE}.1" in self._fine

    def takes(self, column: str) -> bool:
        """Whether a field is read from this column."""
        known = self._known.get(column)
        if known is None:
            known = self._known[column] = header_key(column) in self._headers
        return known

    def rank(self, column: str) -> int:
        """The place of a column among those that tell one thing from the next, -1 for others."""
        known = self._ranks.get(column)
        if known is None:
            key = header_key(column)
            known = self._ranks[column] = self._fine.index(key) if key in self._fine else -1
        return known


@dataclass(slots=True)
class Node:
    """One level of a message.

    Attributes:
        level: name that its columns begin with.
        number: number of its first segment.
        id: what the file calls it, e.g. ``HL 4``; empty where it has no number.
        parent: the level around it.
        groups: values by group, one dict for each repetition, names without the level.
        branches: how many levels inside it have given rows.
        closed: whether its rows have been given.
    """

    level: str
    number: int
    id: str = ""
    parent: Node | None = None
    depth: int = 1
    groups: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    branches: int = 0
    closed: bool = False
    constant: dict[str, str] | None = None

    def add(self, group: str, values: dict[str, str]) -> None:
        """Take values of a segment."""
        self.groups.setdefault(group, []).append(values)

    def chain(self) -> list[Node]:
        """This level and all around it, outermost first."""
        found = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found[::-1]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its values by column, the levels that it has, and the level that gave it."""

    values: dict[str, str]
    levels: frozenset[str]
    node: Node


class Tree:
    """The levels of one message.

    Args:
        wanted: the columns that the mapping takes.
        depth: how deep levels may be nested.
        complain: takes what is wrong.
        see: called with each column that is in the message, and the segment in which it stands.
    """

    def __init__(self, wanted: Wanted, depth: int, complain: Complain, see: Callable[[str, int], None]) -> None:
        self._wanted = wanted
        self._depth = depth
        self._complain = complain
        self._see = see
        self._open: list[Node] = []
        self.root: Node | None = None

    def enter(self, node: Node, parent: Node | None) -> Iterator[Row]:
        """Open a level; gives the rows of those that are thereby closed."""
        if parent is not None and parent.depth >= self._depth:
            message = f"levels are nested deeper than {self._depth}"
            self._complain(rules.DEEP, message, node, value=parent.depth + 1, expected=f"at most {self._depth}")
            parent = self.root
        node.parent = parent
        node.depth = parent.depth + 1 if parent is not None else 1
        around = set(map(id, node.chain()))
        while self._open and id(self._open[-1]) not in around:
            yield from self._close(self._open.pop())
        self._open.append(node)
        if self.root is None:
            self.root = node

    def add(self, node: Node, segment: int, group: str, values: dict[str, str]) -> None:
        """Take values of a segment of a level."""
        for name in values:
            if name not in self._wanted.containers or self._wanted.takes(f"{node.level}.{name}"):
                self._see(f"{node.level}.{name}", segment)
        node.add(group, values)

    def finish(self) -> Iterator[Row]:
        """The rows of all levels that are still open."""
        while self._open:
            yield from self._close(self._open.pop())

    def _close(self, node: Node) -> Iterator[Row]:
        if node.closed:
            return
        node.closed = True
        if not node.branches:
            if not self._useful(node):
                return
            yield from self._rows(node)
        if node.parent is not None:
            node.parent.branches += 1

    def _useful(self, node: Node) -> bool:
        return any(self._used(node, name) for many in node.groups.values() for one in many for name in one)

    def _used(self, node: Node, name: str) -> bool:
        return name in self._wanted.containers or self._wanted.takes(f"{node.level}.{name}")

    def _rows(self, node: Node) -> Iterator[Row]:
        chain = node.chain()
        base: dict[str, str] = {}
        around: list[str] = []
        for one in chain[:-1]:
            values = self._constant(one)
            base.update((f"{one.level}.{name}", value) for name, value in values.items())
            around += self._container(values)
        own, several = self._split(node)
        self._spread(chain, own)
        levels = frozenset(one.level for one in chain)
        for more in several or [{}]:
            values = {**own, **more}
            row = {**base, **{f"{node.level}.{name}": value for name, value in values.items()}}
            inside = [*around, *self._container(values)]
            for number, container in enumerate(reversed(inside), 1):
                self._see(f"{INSIDE}.{number}", node.number)
                row[f"{INSIDE}.{number}"] = container
            yield Row(row, levels | {INSIDE}, node)

    def _container(self, values: dict[str, str]) -> list[str]:
        return [values[name] for name in values if name in self._wanted.containers][:1]

    def _constant(self, node: Node) -> dict[str, str]:
        """The values of a level that has others inside: each stands there once."""
        if node.constant is None:
            own, several = self._split(node)
            if several:
                self._repeated(node, next(iter(several[0])), [next(iter(one.values())) for one in several[:2]])
                own |= several[0]
            node.constant = own
            node.groups = {}
        return node.constant

    def _split(self, node: Node) -> tuple[dict[str, str], list[dict[str, str]]]:
        """The values that a level has once, and those of the group that repeats."""
        own: dict[str, str] = {}
        several: list[dict[str, str]] = []
        for many in node.groups.values():
            used = [{n: v for n, v in one.items() if self._used(node, n)} for one in many]
            used = [one for one in used if one]
            self._ranges(node, many)
            if len(used) > 1 and any(self._is_fine(node, name) for one in used for name in one):
                if several:
                    self._repeated(node, next(iter(used[0])), [next(iter(one.values())) for one in used[:2]])
                several = several or used
                continue
            for one in used:
                for name, value in one.items():
                    if own.setdefault(name, value) != value:
                        self._repeated(node, name, [own[name], value])
        return own, several

    def _is_fine(self, node: Node, name: str) -> bool:
        if self._wanted.fine_inside and name in self._wanted.containers:
            return True
        return self._wanted.rank(f"{node.level}.{name}") >= 0

    def _repeated(self, node: Node, name: str, values: list[str]) -> None:
        column = f"{node.level}.{name}"
        message = f"the {node.level} has {name} several times: {', '.join(values)}"
        self._complain(rules.REPEAT, message, node, value=values[-1], expected="one value", column=column)

    def _ranges(self, node: Node, many: list[dict[str, str]]) -> None:
        """Ranges of numbers of which the first is taken."""
        for one in many:
            for name, value in one.items():
                if name.endswith(f".{RANGE}") and self._used(node, name.removesuffix(f".{RANGE}")):
                    base = name.removesuffix(f".{RANGE}")
                    message = f"{base} is a range from {one.get(base, '')} to {value}"
                    column = f"{node.level}.{base}"
                    self._complain(rules.RANGE, message, node, value=value, expected="single numbers", column=column)

    def _spread(self, chain: list[Node], own: dict[str, str]) -> None:
        """Say so when the amount of a row is told for several rows together."""
        node = chain[-1]
        best = min((r for name in own if (r := self._wanted.rank(f"{node.level}.{name}")) >= 0), default=None)
        for outer in chain[:-1]:
            for name in self._constant(outer):
                rank = self._wanted.rank(f"{outer.level}.{name}")
                if rank >= 0 and (best is None or rank < best) and self._branches(chain, outer):
                    column = f"{outer.level}.{name}"
                    message = f"the {outer.level} has {name} once for several levels inside it"
                    self._complain(rules.SPREAD, message, node, expected="one level inside", column=column)

    @staticmethod
    def _branches(chain: list[Node], outer: Node) -> bool:
        return any(one.branches for one in chain[chain.index(outer) : -1])
