"""Containers inside themselves, over one or more levels.

Only what is both packed and packed into can be part of such a ring, and a ring needs two of them: one that was packed
into before it was packed, and one the other way round. Documents are built from below or from above; rings need both.
Only where both occur are the containers between (cases on pallets, not packs and not pallets) looked at together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.checks.story_life import Containers
from gateway.checks.story_log import PACKED, PARENT, REPACKED, UNPACKED, Log, kind_of, number_of

#: How many packings of containers that are packed themselves are looked at together: some 20 MB.
NESTED: Final = 100_000


class Nests:
    """Notices whether rings are possible, and finds them."""

    def __init__(self) -> None:
        self._from_below = False
        self._from_above = False

    def look(self, codes: list[int]) -> None:
        """Take note of one object."""
        parent = [code for code in codes if kind_of(code) == PARENT]
        packed = [code for code in codes if kind_of(code) in (PACKED, REPACKED)] if parent else []
        if packed:
            self._from_below |= number_of(parent[0]) < number_of(packed[-1])
            self._from_above |= number_of(packed[0]) < number_of(parent[-1])

    @property
    def possible(self) -> bool:
        """Whether there may be a ring."""
        return self._from_below and self._from_above


def nested(log: Log, limit: int = NESTED) -> list[tuple[int, str]] | None:
    """The packings and unpackings of all containers between, in order; None when there are more than `limit`."""
    found: list[tuple[int, str]] = []
    for part in log.parts():
        for epc, codes in part.items():
            kinds = {kind_of(code) for code in codes}
            if PARENT in kinds and not kinds.isdisjoint((PACKED, REPACKED)):
                found += [(code, epc) for code in codes if kind_of(code) in (PACKED, REPACKED, UNPACKED)]
        if len(found) > limit:
            return None
    return sorted(found)


def rings(steps: Iterable[tuple[int, str]], containers: Containers) -> Iterable[tuple[int, str]]:
    """The packings that put a container into one that is inside it.

    Args:
        steps: code and container of each packing and unpacking, in order.
        containers: tells what was packed into what, and what was emptied.
    """
    packed: dict[str, int] = {}
    for code, epc in steps:
        if kind_of(code) == UNPACKED:
            packed.pop(epc, None)
            continue
        parent = containers.parent(code)
        around: str | None = parent
        passed: set[str] = set()
        while around is not None and around != epc and around not in passed:
            passed.add(around)
            at = packed.get(around)
            around = containers.parent(at) if at is not None and containers.inside(at, code) else None
        if around == epc and parent != epc:
            yield code, epc
        elif parent != epc:
            packed[epc] = code
