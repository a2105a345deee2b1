"""Containers of one level that are too many for memory: what rows say of them lies on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.formats.table.container_groups import Gathered, Seen, gathered
from gateway.formats.table.disk_list import DiskList, Store
from gateway.formats.table.gather import Key
from gateway.formats.table.repeats import Numbers, Repeats

#: So many containers that were seen last need not be written down again.
RECENT = 4096

Name = tuple[str | None, str]
"""Kind of the row, None where the container is only mentioned, and its EPC."""


class ContainerLog:
    """What rows say of containers, in their order.

    It is written down once, and again where a row says something else or comes long after the one before. When all
    rows are through, `settle` leaves the first entry of each container.
    """

    def __init__(self) -> None:
        self._store = Store()
        self._seen: DiskList[Seen] = DiskList(self._store)
        self._recent: dict[Name, Key] = {}
        self._before: dict[Name, Key] = {}
        self._alone = True
        self._again = Numbers()
        self._known = self._seen

    def see(self, kind: str | None, urn: str, row: int, values: Key) -> None:
        """Take a container from a row."""
        name = (kind, urn)
        if self._recent.get(name) == values or self._before.get(name) == values:
            return
        self._seen.append((kind, urn, row, tuple(map(str, values))))
        self._alone = self._alone and kind == ""
        self._recent[name] = values
        if len(self._recent) >= RECENT:
            self._before, self._recent = self._recent, {}

    @property
    def entries(self) -> int:
        """How many entries there are so far."""
        return len(self._seen)

    def settle(self) -> set[Name]:
        """End of the rows: gives the containers of which rows say different things."""
        self._recent, self._before = {}, {}
        names = Repeats(lambda: (((kind, urn), values) for kind, urn, _, values in self._seen))
        self._again = names.numbers if self._alone else Repeats(lambda: ((one[1], ()) for one in self._seen)).numbers
        if names.numbers or not self._alone:
            self._known = DiskList(self._store)
            for number, one in enumerate(self._seen):
                if one[0] is not None and number not in names.numbers:
                    self._known.append(one)
        return names.differing

    def containers(self, entries: int) -> int:
        """How many containers the first entries name."""
        return entries - self._again.below(entries)

    def __iter__(self) -> Iterator[tuple[Key, int, str]]:
        """Values, first row and EPC of each container, for each kind of row."""
        return ((values, row, urn) for _, urn, row, values in self._known)

    def groups(self, pick: Callable[[Key], Key], keep: Callable[[Key], bool]) -> Iterator[Gathered]:
        """The containers for which `keep` holds, those together for which `pick` gives the same."""
        return gathered(self._known, lambda values: pick(values) if keep(values) else None)

    def close(self) -> None:
        """Give the disk space back."""
        self._store.close()
