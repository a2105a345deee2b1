"""Cases and pallets: each seen in many rows, remembered once, and the same in all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from gateway import gs1
from gateway.findings import Findings
from gateway.formats.table import rules
from gateway.formats.table.carriers.base import Place
from gateway.formats.table.gather import Group, Key
from gateway.gs1.schemes import SSCC, Parts
from gateway.gs1.urn_syntax import stem_of


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
        self._known: dict[str, tuple[Key, int, str]] = {}
        self._shared: dict[Key, Key] = {}
        self._urns: dict[str, str] = {}

    def see(self, sscc: str, values: Key, row: int, kind: str = "") -> None:
        """Take a container from a row; report it when an earlier row of this kind says something else of it."""
        own = self._values(values)
        known = self._known.get(kind + sscc)
        if known is None:
            own = self._shared.setdefault(own, own)
            self._known[kind + sscc] = (own, row, self.mention(sscc))
        elif known[0] != own:
            self._report(sscc, own, row, known)

    def mention(self, sscc: str) -> str:
        """The EPC of a container of which the row says no more than its number."""
        urn = self._urns.get(sscc)
        if urn is None:
            urn = sscc if self._by_epc else stem_of(Parts(SSCC, sscc, None), self._prefixes)
            self._urns[sscc] = urn
        return urn

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

    def urn(self, sscc: str) -> str:
        """The EPC of a container that has been seen."""
        return self._urns[sscc]

    def parent(self, values: Key) -> str:
        """SSCC of the container that contains one with these values, empty when none does."""
        return values[0] if self.has_parent else ""

    def __iter__(self) -> Iterator[tuple[Key, int, str]]:
        """Values, first row and EPC of each."""
        return iter(self._known.values())

    def __len__(self) -> int:
        return len(self._urns)

    def groups(self, fields: Sequence[str], keep: Callable[[Key], bool]) -> Iterator[Group]:
        """The containers for which `keep` holds, those together that agree in `fields`."""
        pick = picker([self.fields.index(name) for name in fields])
        found: dict[Key, Group] = {}
        for values, row, urn in self:
            if not keep(values):
                continue
            key = pick(values)
            group = found.setdefault(key, Group(key, [], row, row))
            group.epcs.append(urn)
            group.last = max(group.last, row)
        yield from found.values()


def picker(positions: Sequence[int]) -> Callable[[Key], Key]:
    """A function that picks the values at some positions, always as a tuple."""
    if not positions:
        return lambda _: ()
    if len(positions) == 1:
        only = positions[0]
        return lambda values: (values[only],)
    return itemgetter(*positions)
