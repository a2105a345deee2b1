"""Takes what EPCIS has a field for out of a part of a message; what is left becomes vendor content of the event.

So nothing is lost: an element is either taken or still there. An element whose text was taken stays, without text,
as long as it has attributes that nobody took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gateway.epcis.element import Element
from gateway.findings import Findings, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.read_element import Elements
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.names import PREFIXES, name_of
from gateway.formats.xml_input import Node

_LIMIT: Final = rules.LIMIT
#: Path of text behind an element.
BEHIND: Final = "following-sibling::text()"


class Trees:
    """Reads parts of a message as trees with the usual prefixes.

    Args:
        context: of the conversion.
        lose: enters a loss: name of the element, where at it the text stood, the text.
    """

    def __init__(self, context: Context, lose: Callable[[str, str, str], None]) -> None:
        self._lose = lose
        self._elements = Elements(context.limits.depth, context.losses, _LIMIT)
        self.findings: Findings = context.findings

    def read(self, node: Node) -> Element:
        """An element with everything below it."""
        tree = self._elements.read(node)
        if tree.text.isspace():  # between children that were read before
            tree.text = ""
        for part in tree.walk():
            part.prefix = PREFIXES.get(part.namespace, part.prefix)
        return tree

    def take(self, parent: Element, local: str, where: Where) -> str:
        """Take the text of a child; empty when there is none. A second one of its name is reported."""
        found = list(children(parent, local))
        if not found:
            return ""
        if len(found) > 1:
            message = f"{local} stands here {len(found)} times"
            self.findings.report(rules.REPEATED, message, where=where, value=found[1].text.strip())
        child = found[0]
        if child.children:
            return ""
        text = child.text.strip()
        if child.attributes:
            child.text = ""
        else:
            self.remove(parent, child)
        return text

    def remove(self, parent: Element, child: Element) -> None:
        """Take a child away, of which everything has been used."""
        self._lose(child.local, BEHIND, child.tail)
        parent.children = [item for item in parent.children if item is not child]


def children(parent: Element, local: str) -> Iterator[Element]:
    """Children of a local name in TraceLink's namespaces."""
    return (child for child in parent.children if child.local == local and child.namespace in PREFIXES)


def find(parent: Element, *path: str) -> Element | None:
    """The first descendant along a path of local names."""
    found: Element | None = parent
    for local in path:
        if found is None:
            return None
        found = next(children(found, local), None)
    return found


def attribute(item: Element, name: str) -> str:
    """An attribute without namespace; empty when there is none."""
    return dict(item.attributes).get(name, "")


def without(item: Element, *names: str) -> None:
    """Take attributes away."""
    item.attributes = [(name, value) for name, value in item.attributes if name not in names]


def drop_if_empty(parent: Element, *locals_: str) -> None:
    """Take children away of which nothing is left."""
    parent.children = [child for child in parent.children if not (child.local in locals_ and is_empty(child))]


def is_empty(item: Element) -> bool:
    """Whether an element has no content and no attributes."""
    return not (item.children or item.attributes or item.text.strip())


def node_name(node: Node) -> str:
    """The local name of a parsed element of TraceLink's namespaces, else empty."""
    return name_of(str(node.tag))
