"""The EDIFACT despatch advice (DESADV): CPS levels, lines and marks, as a tree (UN/EDIFACT D.96A, D.01B, D.07A)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.formats.edi.columns import EDIFACT_FORMS, occurrences
from gateway.formats.edi.levels import Levels, Loops
from gateway.formats.edi.segments import Segment
from gateway.formats.edi.tree import Node, Row

#: Segment groups by level (D.96A, D.01B, D.07A).
_LOOPS: dict[str, Loops] = {
    "shipment": {"RFF": ("DTM",), "NAD": ("LOC", "RFF", "DTM", "CTA", "COM", "FTX")},
    "package": {"RFF": ("DTM",)},
    "line": {"RFF": ("DTM",), "LOC": ("NAD", "DTM", "QTY")},
    "mark": {},
}
_DESPATCHED = "12"  # 6063 of QTY
_LINES, _AMOUNTS = "2", "1"  # 6069 of CNT: number of line items, sum of quantities


class DespatchAdvice(Levels):
    """Builds the tree of one DESADV."""

    FORMS = EDIFACT_FORMS
    MARKS = ".,"

    #: The CPS level in which lines stand; None before the first.
    _package: Node | None = None

    def take(self, segment: Segment) -> Iterator[Row]:
        """Take a segment; gives the rows of levels that it closes."""
        match segment.tag:
            case "CPS":
                yield from self._cps(segment)
                return
            case "CNT":
                self._totals(segment)
                return
            case "UNS":
                return
            case "LIN":
                self._lines += 1
                node = Node("line", segment.number, f"LIN {segment.value(1)}".rstrip())
                yield from self._enter(node, self._package)
            case "PCI" if self._node.level in ("line", "mark"):
                line = self._node if self._node.level == "line" else self._node.parent
                yield from self._enter(Node("mark", segment.number, f"PCI {segment.value(1)}".rstrip()), line)
            case "QTY":
                of_line = self._node.level == "line" and self._loop[0] != "LOC"
                self._number(segment, 1, 2, counts=of_line and segment.value(1, 1) == _DESPATCHED)
        self._put(segment, _LOOPS[self._node.level])

    def _cps(self, segment: Segment) -> Iterator[Row]:
        own = segment.value(1)
        node = Node("package", segment.number, f"CPS {own}")
        yield from self._enter(node, self._parent(node, own, segment.value(2)))
        self._package = node
        self._nodes.setdefault(own, node)
        self._structure(node, segment)

    def _totals(self, segment: Segment) -> None:
        kind, said = segment.value(1, 1), segment.value(1, 2)
        there = {_LINES: Decimal(self._lines), _AMOUNTS: self._amount}.get(kind)
        if there is None:
            for group, values in occurrences(segment, EDIFACT_FORMS):
                self._tree.add(self._root, segment.number, group, values)
        elif not there.is_nan() and self._decimal(said) != there:
            what = "lines" if kind == _LINES else "the sum of QTY+12 of all lines"
            self._totals_wrong(segment, f"CNT+{kind} is {said}; {what}: {there}", said, str(there))
