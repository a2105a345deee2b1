"""The X12 ship notice (856): HL levels S, O, T, P, I in any nesting, as a tree (ASC X12 004010, 005010)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from gateway.formats.edi import rules
from gateway.formats.edi.columns import X12_FORMS, name_of, occurrences
from gateway.formats.edi.segments import Segment
from gateway.formats.edi.tree import Complain, Node, Row, Tree, Wanted

#: What HL03 (data element 735) calls the levels of a ship notice. Others are named by their code.
LEVELS = {"S": "shipment", "O": "order", "T": "tare", "P": "pack", "I": "item"}
#: Header of a loop, and the segments that follow it in the loop (005010, 856, loop N1 inside HL).
_LOOPS = {"N1": ("N2", "N3", "N4", "REF", "PER", "FOB")}
#: Segments without composite elements (005010, segment directory).
_SIMPLE = frozenset({"BSN", "PRF", "LIN", "SN1", "PID", "MAN", "N1", "N2", "N3", "N4", "DTM", "TD1", "TD5"})
#: Elements that make the hierarchy; they are columns only where a mapping asks for them.
_STRUCTURE = ("HL", 4)


class ShipNotice:
    """Builds the tree of one 856.

    Args:
        start: number of its first segment (ST).
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
        self._nodes: dict[str, Node | None] = {}
        self._loop: tuple[str, str] = ("", "")
        self._levels = 0
        self._lines = 0
        self._amount = Decimal()
        list(tree.enter(self._root, None))

    def take(self, segment: Segment) -> Iterator[Row]:
        """Take a segment; gives the rows of levels that it closes."""
        if segment.tag == "HL":
            self._loop = ("", "")
            yield from self._hl(segment)
            return
        self._check(segment)
        if segment.tag == "CTT":
            self._totals(segment)
            return
        head, prefix = self._loop
        if segment.tag in _LOOPS:
            self._loop = (segment.tag, name_of(segment, X12_FORMS[segment.tag]))
            prefix = ""
        elif not head or segment.tag not in _LOOPS[head]:
            self._loop = ("", "")
            prefix = ""
        for group, values in occurrences(segment, X12_FORMS):
            if prefix:
                values = {f"{prefix}/{name}": value for name, value in values.items()}  # noqa: PLW2901
                group = f"{prefix}/{group}"  # noqa: PLW2901
            self._tree.add(self._node, segment.number, group, values)

    def finish(self) -> Iterator[Row]:
        """The rows of what is still open."""
        yield from self._tree.finish()

    def _hl(self, segment: Segment) -> Iterator[Row]:
        own, parent_id, code = segment.value(1), segment.value(2), segment.value(3)
        self._levels += 1
        level = LEVELS.get(code, f"hl-{code or 'none'}")
        node = Node(level, segment.number, f"HL {own}")
        self._lines += level == "item"
        if own in self._nodes or not own or own == parent_id:
            what = "is its own parent" if own and own == parent_id else "stands there already" if own else "is empty"
            message = f"the number {own!r} in HL01 {what}"
            self._complain(rules.CYCLE, message, node, value=own, expected="a number of its own")
        parent = self._nodes.get(parent_id) if parent_id else None
        if parent_id and parent_id != own and parent is None:
            message = f"the parent {parent_id!r} in HL02 has not come before"
            self._complain(rules.PARENT, message, node, value=parent_id, expected="the HL01 of a level before")
        if parent is None and level == "shipment" and not self._root.id:
            # What stands before the first HL (BSN, DTM) is about the shipment, too.
            self._root.id, self._nodes[own] = node.id, self._root
            self._node, node = self._root, self._root
        else:
            before = self._node
            yield from self._tree.enter(node, parent or self._root)
            if before.level == "item" and before.closed:
                self._nodes[before.id.removeprefix("HL ")] = None  # nothing comes inside it any more
            self._nodes.setdefault(own, node)
            self._node = node
        for element in range(1, _STRUCTURE[1] + 1):
            name = f"HL{element:02}"
            if segment.value(element) and self._wanted.takes(f"{node.level}.{name}"):
                self._tree.add(node, segment.number, "HL", {name: segment.value(element)})

    def _check(self, segment: Segment) -> None:
        """Add up amounts, and look for values that a separator has split."""
        split = any(len(components) > 1 for components in segment.elements)
        if split and (segment.tag in _SIMPLE or (segment.tag == "REF" and len(segment.elements[1]) > 1)):
            broken = next(components for components in segment.elements if len(components) > 1)
            node = Node(self._node.level, segment.number, segment.tag)
            message = f"{segment.tag} has a value in {len(broken)} parts: {', '.join(broken)}"
            self._complain(rules.SPLIT, message, node, value=" ".join(broken), expected="a value without separators")
        if segment.tag == "SN1":
            try:
                self._amount += Decimal(segment.value(2) or "0")
            except InvalidOperation:
                self._amount = Decimal("NaN")

    def _totals(self, segment: Segment) -> None:
        """CTT01 counts levels (the standard) or lines (many senders); CTT02 adds up SN102; the rest is a column."""
        for group, values in occurrences(segment, X12_FORMS):
            rest = {name: value for name, value in values.items() if name not in ("CTT01", "CTT02")}
            self._tree.add(self._root, segment.number, group, rest)
        lines, total = segment.value(1), segment.value(2)
        if lines and lines.lstrip("0") not in {str(self._levels), str(self._lines)}:
            message = f"CTT01 counts {lines}; there are {self._levels} HL segments, {self._lines} of them items"
            self._totals_wrong(segment, message, lines, str(self._levels))
        if total and not self._amount.is_nan() and _decimal(total) != self._amount:
            message = f"CTT02 is {total}, the amounts in SN102 add up to {self._amount}"
            self._totals_wrong(segment, message, total, str(self._amount))

    def _totals_wrong(self, segment: Segment, message: str, value: str, expected: str) -> None:
        self._complain(rules.TOTALS, message, Node("shipment", segment.number, "CTT"), value=value, expected=expected)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
