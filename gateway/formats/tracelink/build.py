"""Builds parts of a message: what its vendor content says, completed with what the event says, in schema order."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.formats.tracelink.names import ORDERS, PREFIXES, qualified
from gateway.formats.tracelink.tree import children, find


class Builder:
    """Builds parts in the namespaces of one message.

    Args:
        structure: namespace of the message's structure.
    """

    def __init__(self, structure: str) -> None:
        self._structure = structure

    def element(self, local: str, text: str = "", attributes: Iterable[tuple[str, str]] = ()) -> Element:
        """A new element."""
        name = qualified(local, self._structure)
        return Element(name, text, attributes=list(attributes), prefix=PREFIXES[name[1:].partition("}")[0]])

    def put(
        self, parent: Element, local: str, text: str = "", attributes: Iterable[tuple[str, str]] = (), order: str = ""
    ) -> Element:
        """Give a child its text, and attributes that it lacks; a new child goes where the order has it.

        Args:
            parent: whose child it is.
            local: its local name.
            text: its text.
            attributes: name and value.
            order: the parent's name in `ORDERS`, where it is not its own.
        """
        child = find(parent, local)
        if child is None:
            child = self.element(local)
            names = ORDERS[order or parent.local]
            behind = set(names[names.index(local) + 1 :])
            at = next((i for i, other in enumerate(parent.children) if other.local in behind), len(parent.children))
            parent.children.insert(at, child)
        child.text = text
        known = {name for name, _ in child.attributes}
        child.attributes = [*child.attributes, *(pair for pair in attributes if pair[0] not in known)]
        return child

    def ensure(self, parent: Element, local: str, order: str = "") -> Element:
        """The child of this name, empty if it is new."""
        found = find(parent, local)
        return found if found is not None else self.put(parent, local, order=order)


def content_of(event: Event, local: str) -> Element | None:
    """A copy of the event's vendor content under an element of TraceLink; None when there is none.

    A copy, because events that are alike share their parts.
    """
    holder = Element("", children=event.extensions)
    found = next(children(holder, local), None)
    return None if found is None else _copy(found)


def _copy(item: Element) -> Element:
    return structs.replace(item, children=[_copy(child) for child in item.children])
