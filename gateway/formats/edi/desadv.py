"""The EDIFACT despatch advice (DESADV): CPS levels, lines and marks, as a tree (UN/EDIFACT D.96A, D.01B, D.07A)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from gateway.formats.edi import rules
from gateway.formats.edi.columns import EDIFACT_FORMS, name_of, occurrences
from gateway.formats.edi.segments import Segment
from gateway.formats.edi.tree import Complain, Node, Row, Tree, Wanted

#: Header of a segment group, and the segments that follow it in the group, by level (D.96A, D.01B, D.07A).
_LOOPS: dict[str, dict[str, tuple[str, ...]]] = {
    "shipment": {"RFF": ("DTM",), "NAD": ("LOC", "RFF", "DTM", "CTA", "COM", "FTX")},
    "package": {"RFF": ("DTM",)},
    "line": {"RFF": ("DTM",), "LOC": ("NAD", "DTM", "QTY")},
    "mark": {},
}
_LINES, _AMOUNTS = "2", "1"  # 6069 of CNT: number of line items, sum of quantities


class DespatchAdvice:
    """Builds the tree of one DESADV.

    Args:
        start: number of its first segment (UNH).
        tree: takes levels and values.
        wanted: the columns that the mapping takes.
        complain: takes what is wrong.
    """

    def __init__(self, start: int, tree: Tree, wanted: Wanted, complain: Complain) -> None:
        self._tree = tree
        self._wanted = wanted
        self._complain = complain
        self._root = Node("shipment", start)
        self._node = self._root
        self._package = self._root
        self._nodes: dict[str, Node] = {}
        self._loop: tuple[str, str] = ("", "")
        self._lines = 0
        self._amount = Decimal()
        list(tree.enter(self._root, None))

    def take(self, segment: Segment) -> Iterator[Row]:
        """Take a segment; gives the rows of levels that it closes."""
        if segment.tag == "CPS":
            yield from self._cps(segment)
            return
        if segment.tag == "CNT":
            self._totals(segment)
            return
        if segment.tag == "UNS":
            return
        if segment.tag == "LIN":
            self._lines += 1
            yield from self._enter(Node("line", segment.number, f"LIN {segment.value(1)}".rstrip()), self._package)
        elif segment.tag == "PCI" and self._node.level in ("line", "mark"):
            line = self._node if self._node.level == "line" else self._node.parent
            yield from self._enter(Node("mark", segment.number, f"PCI {segment.value(1)}".rstrip()), line)
        self._put(segment)

    def finish(self) -> Iterator[Row]:
        """The rows of what is still open."""
        yield from self._tree.finish()

    def _put(self, segment: Segment) -> None:
        head, prefix = self._loop
        loops = _LOOPS[self._node.level]
        if head and segment.tag in loops[head]:
            pass
        elif segment.tag in loops:
            self._loop = (segment.tag, name_of(segment, EDIFACT_FORMS[segment.tag]))
            prefix = ""
        else:
            self._loop = ("", "")
            prefix = ""
        if segment.tag == "QTY" and self._node.level == "line" and segment.value(1, 1) == "12" and not prefix:
            self._amount += _decimal(segment.value(1, 2))
        for group, values in occurrences(segment, EDIFACT_FORMS):
            if prefix:
                values = {f"{prefix}/{name}": value for name, value in values.items()}  # noqa: PLW2901
                group = f"{prefix}/{group}"  # noqa: PLW2901
            self._tree.add(self._node, segment.number, group, values)

    def _enter(self, node: Node, parent: Node | None) -> Iterator[Row]:
        self._loop = ("", "")
        yield from self._tree.enter(node, parent or self._root)
        self._node = node

    def _cps(self, segment: Segment) -> Iterator[Row]:
        own, parent_id = segment.value(1), segment.value(2)
        node = Node("package", segment.number, f"CPS {own}")
        if own in self._nodes or not own or own == parent_id:
            what = "is its own parent" if own and own == parent_id else "stands there already" if own else "is empty"
            message = f"the number {own!r} in CPS {what}"
            self._complain(rules.CYCLE, message, node, value=own, expected="a number of its own")
        parent = self._nodes.get(parent_id)
        if parent_id and parent_id != own and parent is None:
            message = f"the parent {parent_id!r} in CPS has not come before"
            self._complain(rules.PARENT, message, node, value=parent_id, expected="the number of a CPS before")
        yield from self._enter(node, parent or self._root)
        self._package = node
        self._nodes.setdefault(own, node)
        for element in range(1, 4):
            name = f"CPS{element:02}"
            if segment.value(element) and self._wanted.takes(f"package.{name}"):
                self._tree.add(node, segment.number, "CPS", {name: segment.value(element)})

    def _totals(self, segment: Segment) -> None:
        kind, said = segment.value(1, 1), segment.value(1, 2)
        if kind not in (_LINES, _AMOUNTS):
            for group, values in occurrences(segment, EDIFACT_FORMS):
                self._tree.add(self._root, segment.number, group, values)
        there = {_LINES: Decimal(self._lines), _AMOUNTS: self._amount}.get(kind)
        if there is not None and not there.is_nan() and _decimal(said) != there:
            what = "lines" if kind == _LINES else "the sum of QTY+12 of all lines"
            message = f"CNT+{kind} is {said}; {what}: {there}"
            node = Node("shipment", segment.number, "CNT")
            self._complain(rules.TOTALS, message, node, value=said, expected=str(there))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return Decimal("NaN")
