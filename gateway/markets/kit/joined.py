"""The hierarchy of a document on top of what earlier messages told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from gateway.epcis.hierarchy import Change, DocumentHierarchy
from gateway.epcis.time import OrderKey, order_key
from gateway.gs1.bulk import canonical
from gateway.markets.base import Hierarchy
from gateway.markets.kit.expand import leaves

_UNKNOWN: Final = object()


class Joined:
    """A `Hierarchy`: the events of a document are applied to what earlier messages told.

    A document that adds one case to a pallet leaves in it what was there; one that takes packs out of a case that an
    earlier message packed takes them out. Objects are compared whatever their spelling.

    Args:
        document: the document in hand, complete.
        earlier: knows earlier messages; None when nobody does.
    """

    def __init__(self, document: DocumentHierarchy, earlier: Hierarchy | None = None) -> None:
        self._document = document
        self._earlier = earlier
        self._by_child: dict[str, list[tuple[int, Change]]] = {}
        self._by_parent: dict[str, list[Change]] = {}
        self._emptyings: list[tuple[int, Change]] = []
        if earlier is not None:
            self._index(document.changes())

    def parent(self, epc: str, as_of: str = "") -> str | None:
        """The container an EPC is in."""
        if self._earlier is None:
            return self._document.parent(epc, as_of)
        return self._where(self._earlier, epc, as_of, _moment(as_of))

    def children(self, epc: str, as_of: str = "") -> list[str]:
        """What is directly in a container: what was there before, then what the document packs."""
        if self._earlier is None:
            return self._document.children(epc, as_of)
        moment = _moment(as_of)
        text = _one(epc)
        before = self._earlier.children(epc, as_of)
        found = dict(zip(canonical(before), before, strict=True))
        untouched = set() if self._emptyings else found.keys() - self._by_child.keys()
        for change in self._by_parent.get(text, ()):
            if moment is None or change.instant <= moment:
                for child, name in zip(change.children, canonical(change.children), strict=True):
                    found.setdefault(name, child)
        return [
            child
            for name, child in found.items()
            if name in untouched or _same(self._where(self._earlier, child, as_of, moment), text)
        ]

    def contents(self, epc: str, as_of: str = "") -> list[str]:
        """All instances at the bottom of a container, in packing order; empty for what holds nothing."""
        if self._earlier is None:
            return self._document.contents(epc, as_of)
        return [found for top in self.children(epc, as_of) for found in leaves(self, top, as_of)]

    def attributes(self, epc: str, as_of: str = "") -> dict[str, str]:
        """ILMD of an EPC by local name: of the document, and only where that has none of earlier messages."""
        found = self._document.attributes(epc, as_of)
        return found or (self._earlier.attributes(epc, as_of) if self._earlier is not None else {})

    def together(self, epcs: Sequence[str]) -> None:
        """Say that all of these will be asked for."""
        together = getattr(self._earlier, "together", None)
        if together is not None:
            together(epcs)

    def _index(self, changes: Sequence[Change]) -> None:
        for at, change in enumerate(changes):
            for name in canonical(change.children):
                self._by_child.setdefault(name, []).append((at, change))
            if change.action != "DELETE" and change.parent is not None:
                self._by_parent.setdefault(_one(change.parent), []).append(change)
            elif change.action == "DELETE" and not change.children:
                self._emptyings.append((at, change))

    def _where(self, earlier: Hierarchy, epc: str, as_of: str, moment: OrderKey | None) -> str | None:
        """The container of an object: of earlier messages, unless a change of the document says otherwise."""
        history = sorted([*self._by_child.get(_one(epc), ()), *self._emptyings], key=lambda pair: pair[0])
        inside: object = _UNKNOWN
        for _, change in history:
            if moment is not None and change.instant > moment:
                continue
            if change.action == "ADD":
                inside = change.parent
                continue
            if inside is _UNKNOWN:
                inside = earlier.parent(epc, as_of)
            if change.action == "DELETE":
                if change.parent is None or _same(inside, _one(change.parent)):
                    inside = None
            elif inside is None:
                inside = change.parent  # an observation tells a parent and moves nothing
        if inside is _UNKNOWN:
            inside = earlier.parent(epc, as_of)
        return inside if isinstance(inside, str) else None


def _moment(as_of: str) -> OrderKey | None:
    return order_key(as_of) if as_of else None


@lru_cache(maxsize=65536)
def _one(epc: str) -> str:
    return canonical([epc])[0]


def _same(epc: object, text: str) -> bool:
    return isinstance(epc, str) and _one(epc) == text
