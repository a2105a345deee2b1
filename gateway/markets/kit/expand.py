"""From containers to packs, through any `Hierarchy`: that of the document, of the store, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.markets.base import Hierarchy

#: More levels of packing than these are a circle or nonsense; the names of what is refused are in the error.
DEEPEST = 50


class TooDeep(ValueError):
    """A container that holds itself, or more levels than `DEEPEST`."""


def leaves(hierarchy: Hierarchy, epc: str, as_of: str = "") -> Iterator[str]:
    """What stands at the bottom of an EPC, in packing order; the EPC itself when nothing is in it.

    Raises:
        TooDeep: a circle.
    """
    pending = [(epc, 0)]
    while pending:
        current, depth = pending.pop()
        if depth > DEEPEST:
            message = f"{epc} has more than {DEEPEST} levels"
            raise TooDeep(message)
        inside = hierarchy.children(current, as_of)
        if inside:
            pending.extend((child, depth + 1) for child in reversed(inside))
        else:
            yield current


def outermost(hierarchy: Hierarchy, epcs: Iterable[str], as_of: str = "") -> Iterator[str]:
    """Of a list that names pallets, cases and packs alike, those that are in no other listed one; each once."""
    listed = dict.fromkeys(epcs)
    together = getattr(hierarchy, "together", None)
    if together is not None:  # a store answers for many at once much quicker than for one after the other
        together(list(listed))
    for epc in listed:
        if not any(container in listed for container in around(hierarchy, epc, as_of)):
            yield epc


def around(hierarchy: Hierarchy, epc: str, as_of: str = "") -> Iterator[str]:
    """The containers around an EPC, innermost first.

    Raises:
        TooDeep: a circle.
    """
    seen = {epc}
    parent = hierarchy.parent(epc, as_of)
    while parent is not None:
        if parent in seen:
            message = f"{epc} is in a circle of containers"
            raise TooDeep(message)
        seen.add(parent)
        yield parent
        parent = hierarchy.parent(parent, as_of)


def bottom_up(hierarchy: Hierarchy, epcs: Iterable[str], as_of: str = "") -> list[tuple[int, str]]:
    """Containers among and inside the EPCs with their height, lowest first: 1 holds packs, 2 holds those of 1.

    Regulators want a container packed before it is packed into another one. Containers of the same height keep the
    order in which they were met.

    Raises:
        TooDeep: a circle.
    """
    heights: dict[str, int] = {}
    for epc in epcs:
        _height(hierarchy, epc, as_of, heights, 0)
    return sorted(((height, epc) for epc, height in heights.items() if height), key=lambda pair: pair[0])


def _height(hierarchy: Hierarchy, epc: str, as_of: str, heights: dict[str, int], depth: int) -> int:
    if depth > DEEPEST:
        message = f"{epc} is more than {DEEPEST} levels deep"
        raise TooDeep(message)
    if epc not in heights:
        inside = hierarchy.children(epc, as_of)
        height = 1 + max((_height(hierarchy, child, as_of, heights, depth + 1) for child in inside), default=-1)
        heights[epc] = height
    return heights[epc]
