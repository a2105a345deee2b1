"""The X12 ship notice (856): HL levels S, O, T, P, I in any nesting, as a tree (ASC X12 004010, 005010)."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.formats.edi import rules
from gateway.formats.edi.columns import X12_FORMS, occurrences
from gateway.formats.edi.levels import Levels, Loops
from gateway.formats.edi.segments import Segment
from gateway.formats.edi.tree import Node, Row

#: What HL03 (data element 735) calls the levels of a ship notice. Others are named by their code.
LEVELS = {"S": "shipment", "O": "order", "T": "tare", "P": "pack", "I": "item"}
#: Loop N1 inside HL (005010, 856).
_LOOPS: Loops = {"N1": ("N2", "N3", "N4", "REF", "PER", "FOB")}
#: Segments without composite elements (005010, segment directory).
_SIMPLE = frozenset({"BSN", "PRF", "LIN", "SN1", "PID", "MAN", "N1", "N2", "N3", "N4", "DTM", "TD1", "TD5"})


class ShipNotice(Levels):
    """Builds the tree of one 856."""

    FORMS = X12_FORMS
    MARKS = "."

    def take(self, segment: Segment) -> Iterator[Row]:
        """Take a segment; gives the rows of levels that it closes."""
        if segment.tag == "HL":
            yield from self._hl(segment)
        elif segment.tag == "CTT":
            self._totals(segment)
        else:
            self._look_for_split(segment)
            if segment.tag == "SN1":
                self._number(segment, 2, counts=True)
            self._put(segment, _LOOPS)

    def _hl(self, segment: Segment) -> Iterator[Row]:
        own, code = segment.value(1), segment.value(3)
        level = LEVELS.get(code, f"hl-{code or 'none'}")
        node = Node(level, segment.number, f"HL {own}")
        self._levels += 1
        self._lines += level == "item"
        parent = self._parent(node, own, segment.value(2))
        if parent is None and level == "shipment" and not self._root.id:
            # What stands before the first HL (BSN, DTM) is about the shipment, too.
            self._root.id = node.id
            self._node = node = self._root
            self._loop = ("", "")
            self._nodes[own] = node
        else:
            if level == "shipment":
                message = "the message has a second shipment level; what is said of the first would count for both"
                self._complain(rules.REPEAT, message, node, value=own, expected="one message for each shipment")
            before = self._node
            yield from self._enter(node, parent)
            if before.level == "item" and before.closed:
                self._nodes[before.id.removeprefix("HL ")] = None  # nothing comes inside it any more
            self._nodes.setdefault(own, node)
        self._structure(node, segment)

    #: How many HL segments there were.
    _levels = 0

    def _look_for_split(self, segment: Segment) -> None:
        """Values that the component separator has split; they would end there."""
        if segment.tag not in _SIMPLE and not (segment.tag == "REF" and segment.value(2, 2)):
            return
        broken = next((components for components in segment.elements if len(components) > 1), None)
        if broken is not None:
            node = Node(self._node.level, segment.number, segment.tag)
            message = f"{segment.tag} has a value in {len(broken)} parts: {', '.join(broken)}"
            self._complain(rules.SPLIT, message, node, value=" ".join(broken), expected="a value without separators")

    def _totals(self, segment: Segment) -> None:
        """CTT01 counts levels (the standard) or lines (many senders); CTT02 adds up SN102; the rest is a column."""
        for group, values in occurrences(segment, X12_FORMS):
            rest = {name: value for name, value in values.items() if name not in ("CTT01", "CTT02")}
            self._tree.add(self._root, segment.number, group, rest)
        lines, total = segment.value(1), segment.value(2)
        if lines and lines.lstrip("0") not in {str(self._levels), str(self._lines)}:
            message = f"CTT01 counts {lines}; there are {self._levels} HL segments, {self._lines} of them items"
            self._totals_wrong(segment, message, lines, str(self._levels))
        if total and not self._amount.is_nan() and self._decimal(total) != self._amount:
            message = f"CTT02 is {total}, the amounts in SN102 add up to {self._amount}"
            self._totals_wrong(segment, message, total, str(self._amount))
