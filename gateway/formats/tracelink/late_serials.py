"""Serial numbers that wait: the one event of their message is complete only when its body has ended."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.serials import Written, read_serial, shells
from gateway.formats.tracelink.tree import is_empty, node_name
from gateway.formats.xml_input import Node


class LateSerials:
    """Takes the lists of serial numbers out of a body.

    Args:
        reading: of the message.

    Attributes:
        tags: local names of the lists; set by the reader of the message.
    """

    tags: tuple[str, ...] = ()

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._serials: list[Written] = []
        self._rest: list[Element] = []

    def ended(self, name: str, node: Node) -> Iterable[Event]:  # noqa: ARG002 - there is one name
        """Keep the serial numbers, and what else stands in their list, until the rest of the event is there."""
        self._reading.check_count(len(self._serials) + len(node), self._reading.where(node))
        found = [child for child in node if node_name(child) == "Serial"]
        written = [read_serial(child, self._reading) for child in found]
        left = shells(str(found[0].tag), written) if found else []
        for child in found:
            node.remove(child)
        tree = self._reading.trees.read(node)
        tree.children = [*left, *tree.children]
        if not is_empty(tree):
            self._rest.append(tree)
        self._serials += written
        self._reading.clear(node)
        return ()

    def remaining(self, node: Node) -> Element:
        """The body without its lists, which are dropped."""
        for child in [child for child in node if node_name(child) in self.tags]:
            self._reading.drop(child)
        tree = self._reading.trees.read(node)
        for child in list(node):
            node.remove(child)
        return tree
