"""Content that is not EPCIS: an ordered tree that forgets nothing.

Vendors put their own elements into events, ILMD, readPoint, bizLocation, header and body. They are kept with
namespace, preferred prefix, attributes, order, repetition and nesting, so that they can be written again in any
format. Names use the notation ``{namespace}local`` (``local`` alone where there is no namespace).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Element(Struct, gc=False):
    """An element of a foreign namespace.

    Attributes:
        name: ``{namespace}local``, or ``local`` for an element without namespace.
        text: text before the first child, verbatim.
        attributes: pairs of name (``{namespace}local`` or ``local``) and value, in source order.
        children: child elements in order.
        tail: text after this element inside mixed content; empty elsewhere.
        prefix: the prefix that the source used for the namespace, a preference for writers.
        namespaces: pairs of prefix and URI that are declared for use *inside values* below this element
            (``xsi:type="xsd:int"``, CURIEs). Losing them makes the values meaningless.
    """

    name: str
    text: str = ""
    attributes: list[tuple[str, str]] = []
    children: list[Element] = []
    tail: str = ""
    prefix: str = ""
    namespaces: list[tuple[str, str]] = []

    @property
    def namespace(self) -> str:
        """Namespace URI, empty where there is none."""
        return self.name[1:].partition("}")[0] if self.name.startswith("{") else ""

    @property
    def local(self) -> str:
        """Name without namespace."""
        return self.name.rpartition("}")[2]

    def child(self, local: str) -> Element | None:
        """First child with this local name, whatever its namespace."""
        return next((child for child in self.children if child.local == local), None)

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def element(
    namespace: str, local: str, text: str = "", *, prefix: str = "", children: list[Element] | None = None
) -> Element:
    """Build an element from its parts."""
    return Element(f"{{{namespace}}}{local}" if namespace else local, text, prefix=prefix, children=children or [])
