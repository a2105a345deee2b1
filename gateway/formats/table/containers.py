"""Cases and pallets: each seen in many rows, remembered once, and the same in all of them.

They are remembered in memory until they are many, from then on on disk (`ContainerLog`). Rows that contradict each
other are told at once in memory; on disk they are found when all rows are through, and a second look at the rows
(`Containers.look_again`) tells them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter

from gateway import gs1
from gateway.findings import Findings
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.container_groups import Gathered
from gateway.formats.table.container_log import ContainerLog, Name
from gateway.formats.table.gather import Key
from gateway.gs1.schemes import SSCC, Parts
from gateway.gs1.urn_syntax import stem_of

#: Containers of one level that are in memory, some 400 bytes each.
IN_MEMORY = 1 << 13


class Containers:
    """The containers of one level, in the order in which they came.

    Args:
        name: the object's name in the mapping.
        position: where its SSCC stands among the coarse values.
        fields: fields whose values belong to a container; the first is the SSCC of what contains it, if anything.
        positions: where these fields stand among the coarse values.
        has_parent: whether the first of `fields` is the container's own container.
        by_epc: whether they are named by EPC URNs instead of SSCCs.
        header: the header of a field's column.
        prefixes: knows the length of company prefixes.
        place: where the rows come from.
        findings: takes contradictions.
    """

    def __init__(  # noqa: PLR0913 - each argument is one part of the table
        self,
        *,
        name: str,
        position: int,
        fields: Sequence[str],
        positions: Sequence[int],
        has_parent: bool,
        by_epc: bool,
        header: Callable[[str], str],
        prefixes: gs1.CompanyPrefixes,
        place: Place,
        findings: Findings,
    ) -> None:
        self.name = name
        self.position = position
        self.fields = list(fields)
        self.has_parent = has_parent
        self._values = picker(positions)
        self._by_epc = by_epc
        self._header = header
        self._prefixes = prefixes
        self._place = place
        self._findings = findings
        self._known: dict[tuple[str, str], tuple[Key, int, str]] = {}
        self._shared: dict[Key, Key] = {}
        self._urns: dict[str, str] = {}
        self._log: ContainerLog | None = None
        self._only: Collection[Name] | None = None
        self._looks = 0
        self._told = 0

    def see(self, sscc: str, values: Key, row: int, kind: str = "") -> None:
        """Take a container from a row; report it when an earlier row of this kind says something else of it."""
        own = self._values(values)
        if self._log is not None:
            self._log.see(kind, self._made(sscc), row, own)
            return
        self._looks += 1
        if self._only is not None and (kind, self._made(sscc)) not in self._only:
            return
        known = self._known.get((kind, sscc))
        if known is None:
            own = self._shared.setdefault(own, own)
            self._known[kind, sscc] = (own, row, self._remember(sscc))
            self._spare_memory()
        elif known[0] != own and self._looks > self._told:
            self._report(sscc, own, row, known)

    def mention(self, sscc: str) -> None:
        """Take a container of which the row says no more than its number."""
        if self._log is not None:
            self._log.see(None, self._made(sscc), 0, ())
        elif self._only is None:
            self._remember(sscc)
            self._spare_memory()

    def settle(self) -> Collection[Name]:
        """End of the rows: gives the containers that a second look at the rows has to look at."""
        return self._log.settle() if self._log is not None else ()

    def look_again(self, first: Containers, names: Collection[Name], findings: Findings) -> None:
        """See all rows again to tell of these containers what the first look did not.

        Args:
            first: what the rows were looked at with.
            names: what it gave when it was settled.
            findings: takes contradictions.
        """
        self._only, self._told, self._findings = names, first._looks, findings

    def _spare_memory(self) -> None:
        if self._only is not None or len(self._known) + len(self._urns) <= 2 * IN_MEMORY:
            return
        self._log = ContainerLog()
        if len(self._known) != len(self._urns) or any(kind for kind, _ in self._known):
            # How many were named at any time is counted by the order of the entries.
            for urn in self._urns.values():
                self._log.see(None, urn, 0, ())
        for (kind, _), (values, row, urn) in self._known.items():
            self._log.see(kind, urn, row, values)
        self._known, self._shared, self._urns = {}, {}, {}

    def urn(self, sscc: str) -> str:
        """The EPC of a container."""
        return self._urns.get(sscc) or self._made(sscc)

    def _remember(self, sscc: str) -> str:
        urn = self._urns.get(sscc)
        if urn is None:
            urn = self._urns[sscc] = self._made(sscc)
        return urn

    def _made(self, sscc: str) -> str:
        return sscc if self._by_epc else stem_of(Parts(SSCC, sscc, None), self._prefixes)

    def _report(self, sscc: str, own: Key, row: int, known: tuple[Key, int, str]) -> None:
        index = next(i for i, (a, b) in enumerate(zip(known[0], own, strict=True)) if a != b)
        column = self._header(self.fields[index])
        before, now = known[0][index] or "nothing", own[index] or "nothing"
        two = self.has_parent and index == 0
        message = (
            f"the {self.name} {sscc} has {now} in column {column!r}, in {self._place.named(known[1])} it has {before}"
        )
        where = self._place.at(row, column)
        rule = rules.TWO_PARENTS if two else rules.CONFLICT
        self._findings.report(rule, message, where=where, value=now, expected=before)

    def is_outermost(self, values: Key) -> bool:
        """Whether no other container contains one with these values."""
        return not (self.has_parent and values[0])

    def __iter__(self) -> Iterator[tuple[Key, int, str]]:
        """Values, first row and EPC of each."""
        return iter(self._known.values() if self._log is None else self._log)

    @property
    def entries(self) -> int:
        """Something that grows with each container: `number` says how many they are."""
        return len(self._urns) if self._log is None else self._log.entries

    def number(self, entries: int) -> int:
        """How many containers there were when there were so many entries; known once they are settled."""
        return entries if self._log is None else self._log.containers(entries)

    def groups(self, fields: Sequence[str], keep: Callable[[Key], bool]) -> Iterator[Gathered]:
        """The containers for which `keep` holds, those together that agree in `fields`."""
        pick = picker([self.fields.index(name) for name in fields])
        return self._groups(pick, keep) if self._log is None else self._log.groups(pick, keep)

    def close(self) -> None:
        """Give the disk space back."""
        if self._log is not None:
            self._log.close()

    def _groups(self, pick: Callable[[Key], Key], keep: Callable[[Key], bool]) -> Iterator[Gathered]:
        epcs: dict[Key, list[str]] = {}
        found: dict[Key, Gathered] = {}
        for values, row, urn in self:
            if not keep(values):
                continue
            key = pick(values)
            if key not in found:
                found[key] = Gathered(key, row, row, epcs.setdefault(key, []))
            epcs[key].append(urn)
            found[key].last = max(found[key].last, row)
        yield from found.values()


def picker(positions: Sequence[int]) -> Callable[[Key], Key]:
    """A function that picks the values at some positions, always as a tuple."""
    if not positions:
        return lambda _: ()
    if len(positions) == 1:
        only = positions[0]
        return lambda values: (values[only],)
    return itemgetter(*positions)
