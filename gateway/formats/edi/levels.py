"""What building the tree of a message has in common in X12 and EDIFACT: loops, numbered levels, amounts, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from gateway.formats.edi import rules
from gateway.formats.edi.columns import Form, name_of, occurrences
from gateway.formats.edi.segments import Segment, amount
from gateway.formats.edi.tree import Complain, Node, Row, Tree, Wanted

#: Header of a loop, and the segments that follow it in the loop.
Loops = Mapping[str, tuple[str, ...]]


class Levels:
    """Builds the tree of one message; its subclasses know the segments.

    Args:
        start: number of its first segment (ST, UNH).
        tree: takes levels and values.
        wanted: the columns that the mapping takes.
        complain: takes what is wrong.
    """

    #: Qualifiers of its segments.
    FORMS: ClassVar[dict[str, Form]]
    #: Decimal marks of the syntax.
    MARKS: ClassVar[str]

    def __init__(self, start: int, tree: Tree, wanted: Wanted, complain: Complain) -> None:
        self._tree = tree
        self._wanted = wanted
        self._complain = complain
        self._root = Node("shipment", start)
        self._node = self._root
        self._nodes: dict[str, Node | None] = {}
        self._loop: tuple[str, str] = ("", "")
        self._lines = 0
        self._amount = Decimal()
        list(tree.enter(self._root, None))

    def finish(self) -> Iterator[Row]:
        """The rows of what is still open."""
        yield from self._tree.finish()

    def _put(self, segment: Segment, loops: Loops) -> None:
        """Take the values of a segment, under the header of its loop if it stands in one."""
        head, prefix = self._loop
        if not head or segment.tag not in loops.get(head, ()):
            prefix = ""
            starts = segment.tag in loops
            self._loop = (segment.tag, name_of(segment, self.FORMS[segment.tag])) if starts else ("", "")
        for group, values in occurrences(segment, self.FORMS):
            if prefix:
                values = {f"{prefix}/{name}": value for name, value in values.items()}  # noqa: PLW2901
                group = f"{prefix}/{group}"  # noqa: PLW2901
            self._tree.add(self._node, segment.number, group, values)

    def _enter(self, node: Node, parent: Node | None) -> Iterator[Row]:
        """Go on in a new level."""
        self._loop = ("", "")
        yield from self._tree.enter(node, parent or self._root)
        self._node = node

    def _parent(self, node: Node, own: str, parent: str) -> Node | None:
        """The level around a numbered one; says so when the numbers make no tree."""
        tag = node.id.partition(" ")[0]
        if own in self._nodes or not own or own == parent:
            what = "is its own parent" if own and own == parent else "stands there already" if own else "is empty"
            message = f"the number {own!r} in {tag} {what}"
            self._complain(rules.CYCLE, message, node, value=own, expected="a number of its own")
        found = self._nodes.get(parent) if parent else None
        if parent and parent != own and found is None:
            message = f"the parent {parent!r} in {tag} has not come before"
            self._complain(rules.PARENT, message, node, value=parent, expected=f"the number of an {tag} before")
        return found

    def _structure(self, node: Node, segment: Segment) -> None:
        """The elements that make the hierarchy; they are columns only where a mapping asks for them."""
        for element in range(1, len(segment.elements) + 1):
            name = f"{segment.tag}{element:02}"
            if segment.value(element) and self._wanted.takes(f"{node.level}.{name}"):
                self._tree.add(node, segment.number, segment.tag, {name: segment.value(element)})

    def _number(self, segment: Segment, element: int, component: int = 1, *, counts: bool) -> None:
        """Bring an amount to the mapping's decimal sign; `counts` adds it to the total of the message."""
        text = segment.value(element, component)
        if not text:
            return
        if counts:
            self._amount += self._decimal(text)
        value = amount(text, self._wanted.decimal, self.MARKS)
        if value is None:
            node = Node(self._node.level, segment.number, segment.tag)
            message = f"the amount {text!r} in {segment.tag} is no number"
            self._complain(rules.NUMBER, message, node, value=text, expected="digits and one decimal mark")
        else:
            segment.elements[element - 1][component - 1] = value

    def _decimal(self, text: str) -> Decimal:
        return Decimal(amount(text, ".", self.MARKS) or "NaN")

    def _totals_wrong(self, segment: Segment, message: str, value: str, expected: str) -> None:
        node = Node("shipment", segment.number, segment.tag)
        self._complain(rules.TOTALS, message, node, value=value, expected=expected)
