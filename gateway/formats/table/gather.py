"""Gathers identifiers that belong into one event, within a bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Identifiers that may wait for more of their kind. Sorted files need few; in unsorted ones an event that would
#: wait longer is given out in parts.
PENDING = 8192

Key = tuple[str, ...]


@dataclass(slots=True)
class Group:
    """Identifiers with the same values.

    Attributes:
        key: the values.
        epcs: EPC URNs in the order of the rows.
        first: first row.
        last: last row.
    """

    key: Key
    epcs: list[str]
    first: int
    last: int


class Gatherer:
    """Brings identifiers with the same key together, also when their rows do not follow each other.

    Args:
        at_most: identifiers in one group, 0 for no bound but `PENDING`.
    """

    def __init__(self, at_most: int = 0) -> None:
        self._at_most = at_most or PENDING
        self._open: dict[Key, Group] = {}
        self._pending = 0

    def add(self, key: Key, epcs: Sequence[str], first: int, last: int) -> Iterator[Group]:
        """Take identifiers; gives the groups that are thereby finished."""
        group = self._open.get(key)
        if group is None:
            group = self._open[key] = Group(key, list(epcs), first, last)
        else:
            group.epcs += epcs
            group.last = last
        self._pending += len(epcs)
        if len(group.epcs) >= self._at_most:
            yield from self._full(group, last)
        while self._pending > PENDING:
            oldest = self._open.pop(next(iter(self._open)))
            self._pending -= len(oldest.epcs)
            yield oldest

    def rest(self) -> Iterator[Group]:
        """What has not been given out."""
        yield from self._open.values()
        self._open.clear()
        self._pending = 0

    def _full(self, group: Group, last: int) -> Iterator[Group]:
        most = self._at_most
        while len(group.epcs) >= most:
            yield Group(group.key, group.epcs[:most], group.first, last)
            group.epcs = group.epcs[most:]
            group.first = last
            self._pending -= most
        if not group.epcs:
            del self._open[group.key]
