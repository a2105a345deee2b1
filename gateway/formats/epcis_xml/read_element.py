"""Vendor content of a parsed document as `Element` trees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lxml import etree

from gateway.epcis.element import Element
from gateway.epcis.name_escape import meant
from gateway.errors import LimitExceeded
from gateway.findings import Finding, Losses, Outcome, Rule, Where
from gateway.formats.epcis_xml import rules
from gateway.formats.epcis_xml.losses import PART_ATTRIBUTE
from gateway.formats.epcis_xml.names import CARRIED, EPCIS_NAMESPACES
from gateway.formats.xml_input import Node

_NO_PREFIXES: Final = frozenset(("urn", "http", "https"))
_EXTENSION_TAGS: Final = frozenset(["extension", *(f"{{{uri}}}extension" for uri in EPCIS_NAMESPACES)])


def line_of(node: Node) -> int:
    """The line of an element's start tag, 0 when it is not known."""
    line: Any = node.sourceline  # the stubs do not know its type
    return int(line or 0)


class Elements:
    """Reads vendor content, no deeper than a limit.

    Args:
        depth: how deep it may be nested.
        losses: where attributes go that the model has no place for.
        limit: what to report deeper nesting under.
    """

    def __init__(self, depth: int, losses: Losses, limit: Rule = rules.LIMIT) -> None:
        self._depth = depth
        self._losses = losses
        self._limit = limit

    def unkept(self, node: Node, *known: str, event: int = 0) -> None:
        """List the foreign attributes of a part of the standard; the model has no place for them."""
        for name, value in node.attrib.items():
            if str(name) not in known:
                field = f"{etree.QName(node).localname}/@{name!s}"
                self._losses.add(PART_ATTRIBUTE, Outcome.LOST, field, str(value), event=event)

    def read(self, node: Node) -> Element:
        """One element with everything below it."""
        used: dict[str, str] = {}
        element = self._read(node, used, 1)
        if used:
            element.namespaces = list(used.items())
        return element

    def read_all(self, nodes: Iterable[Node]) -> list[Element]:
        """Elements in order."""
        return [self.read(node) for node in nodes]

    def unwrapped(self, nodes: Iterable[Node]) -> list[Element]:
        """Vendor content of a part: what stands in its ``extension`` first, as it does in the file."""
        found: list[Element] = []
        for node in nodes:
            if node.tag in _EXTENSION_TAGS:
                self.unkept(node)
                for inner in node:
                    if inner.tag == CARRIED:
                        found += self.read_all(inner)
                    else:
                        found.append(self.read(inner))
            else:
                found.append(self.read(node))
        return found

    def _read(self, node: Node, used: dict[str, str], depth: int) -> Element:
        if depth > self._depth:
            message = f"elements are nested more than {self._depth} deep"
            raise LimitExceeded(Finding.of(self._limit, message, where=Where(line=line_of(node))))
        text = node.text or ""
        element = Element(meant(str(node.tag)), text, prefix=node.prefix or "")
        attributes: Any = node.items()
        if attributes:
            element.attributes = [(meant(name), value) for name, value in attributes]
            for _, value in element.attributes:
                _note_prefix(node, value, used, element)
        if ":" in text:
            _note_prefix(node, text, used, element)
        if len(node):
            self._read_children(node, element, used, depth + 1)
        return element

    def _read_children(self, node: Node, element: Element, used: dict[str, str], depth: int) -> None:
        children = []
        mixed = bool(element.text.strip())
        for child in node:
            read = self._read(child, used, depth)
            read.tail = child.tail or ""
            mixed = mixed or bool(read.tail.strip())
            children.append(read)
        if not mixed:  # whitespace between elements is layout
            element.text = ""
            for read in children:
                read.tail = ""
        element.children = children


def _note_prefix(node: Node, value: str, used: dict[str, str], element: Element) -> None:
    """Remember a declared prefix that a value uses (``xsd:int``, a CURIE): without it the value means nothing."""
    prefix, colon, _ = value.partition(":")
    prefix = prefix.strip()
    if not colon or not prefix or prefix in _NO_PREFIXES:
        return
    uri = node.nsmap.get(prefix)
    if uri is None:
        return
    if used.setdefault(prefix, uri) != uri:
        element.namespaces = [*element.namespaces, (prefix, uri)]
