"""The hierarchy inside one document: who is in which container, built from the document's own events.

Packing is told by aggregation events, attributes by the ILMD of commissioning and transformation events. Events
count in the order of their eventTime, those of the same instant in document order, because a document need not
list them as they happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, TransformationEvent
from gateway.epcis.time import OrderKey, order_key
from gateway.findings import Findings, Rule, Severity, Where

CBV_MDA: Final = "urn:epcglobal:cbv:mda"

TWO_PARENTS: Final = Rule(
    "HIER-01",
    Severity.ERROR,
    "something is packed into a second container without having been taken out of the first",
    "An object is in one container at a time (EPCIS 2.0, clause 7.4.3).",
    "correct the parent, or add the aggregation event with action DELETE that is missing",
)
CYCLE: Final = Rule(
    "HIER-02",
    Severity.ERROR,
    "a container is packed into itself or into its own content",
    "A packing hierarchy is a tree.",
    "correct parentID or childEPCs",
)
RULES: Final = (TWO_PARENTS, CYCLE)

_BEGINNING: Final = OrderKey(-(1 << 62), "")


@dataclass(frozen=True, slots=True)
class Change:
    """One aggregation event that counts; `children` is the event's own list, not a copy."""

    instant: OrderKey
    event_id: str
    action: str
    parent: str | None
    children: list[str]
    where: Where


class _State:
    """Who is where after a number of changes."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self.children: dict[str, dict[str, None]] = {}
        self.applied = 0

    def ancestors(self, epc: str) -> Iterator[str]:
        """The containers around an EPC, innermost first."""
        parent = self.parents.get(epc)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def apply(self, change: Change, findings: Findings | None) -> None:
        """Apply one aggregation event; conflicts go to `findings` where they are given."""
        self.applied += 1
        if change.action == "DELETE":
            self._unpack(change)
        elif change.parent is not None:
            self._pack(change, change.parent, findings)

    def _unpack(self, change: Change) -> None:
        if change.parent is None:
            leaving = change.children
        else:
            # No children listed means all of them (EPCIS 2.0, clause 7.4.3.2).
            inside = self.children.get(change.parent, {})
            leaving = [epc for epc in change.children if epc in inside] if change.children else list(inside)
        for epc in leaving:
            self._detach(epc)

    def _pack(self, change: Change, parent: str, findings: Findings | None) -> None:
        forbidden = {parent, *self.ancestors(parent)}
        inside = self.children.setdefault(parent, {})
        for epc in change.children:
            before = self.parents.get(epc)
            if epc in forbidden:
                if findings is not None:
                    findings.report(CYCLE, f"{epc} is packed into {parent}, which it holds", where=change.where)
                continue
            if before == parent:
                continue
            if before is not None:
                if change.action == "OBSERVE":
                    continue  # an observation neither adds nor removes (clause 7.4.3.2)
                if findings is not None:
                    message = f"{epc} is packed into {parent}, but it already is in {before}"
                    findings.report(TWO_PARENTS, message, where=change.where, value=parent, expected=before)
                self._detach(epc)
            self.parents[epc] = parent
            inside[epc] = None

    def _detach(self, epc: str) -> None:
        parent = self.parents.pop(epc, None)
        if parent is not None:
            self.children[parent].pop(epc, None)


class DocumentHierarchy:
    """A `gateway.markets.base.Hierarchy` of one document.

    Feed it every event with `add`, in document order; ask afterwards. EPCs are compared as they are spelled.

    Args:
        findings: takes conflicts (`RULES`) when the first question is asked.
    """

    def __init__(self, findings: Findings | None = None) -> None:
        self._findings = findings
        self._changes: list[Change] = []
        self._attributes: dict[str, dict[str, str]] = {}
        self._withdrawn: set[str] = set()
        self._last = _BEGINNING
        self._latest: _State | None = None
        self._past = _State()
        self._past_as_of = ""

    def add(self, event: Event) -> None:
        """Take one event. One with an error declaration withdraws the event of the same eventID."""
        if event.error_declaration is not None:
            if event.event_id:
                self._withdrawn.add(event.event_id)
            return
        # A time that cannot be read counts as that of the event before it: document order decides then.
        self._last = order_key(event.event_time, event.event_time_zone_offset) or self._last
        match event:
            case AggregationEvent():
                change = Change(
                    self._last,
                    event.event_id or "",
                    event.action,
                    event.parent_id,
                    event.child_epcs or [],
                    event.where,
                )
                self._changes.append(change)
                self._latest = None
            case ObjectEvent(action="ADD", ilmd=[_, *_]):
                self._describe(event.epc_list, event.ilmd)
            case TransformationEvent(ilmd=[_, *_]):
                self._describe(event.output_epc_list, event.ilmd)
            case _:
                pass

    def parent(self, epc: str, as_of: str = "") -> str | None:
        """The container an EPC is in."""
        return self._state(as_of).parents.get(epc)

    def children(self, epc: str, as_of: str = "") -> list[str]:
        """What is directly in a container, in the order in which it was packed."""
        return list(self._state(as_of).children.get(epc, ()))

    def contents(self, epc: str, as_of: str = "") -> list[str]:
        """All instances at the bottom of a container, in packing order; empty for what holds nothing."""
        children = self._state(as_of).children
        found: list[str] = []
        pending = list(reversed(children.get(epc, {})))
        while pending:
            current = pending.pop()
            inside = children.get(current)
            if inside:
                pending.extend(reversed(inside))
            else:
                found.append(current)
        return found

    def attributes(self, epc: str, as_of: str = "") -> dict[str, str]:  # noqa: ARG002 - ILMD is for life
        """ILMD of an EPC by local name. It belongs to the object for its life, so `as_of` makes no difference."""
        return self._attributes.get(epc, {})

    def roots(self, as_of: str = "") -> list[str]:
        """Containers that hold something and are in no other container, in the order of their first packing."""
        state = self._state(as_of)
        return [epc for epc, inside in state.children.items() if inside and epc not in state.parents]

    def ancestors(self, epc: str, as_of: str = "") -> list[str]:
        """The containers around an EPC, innermost first."""
        return list(self._state(as_of).ancestors(epc))

    def changes(self) -> list[Change]:
        """The aggregation events that count, in the order of time."""
        self._state("")
        return self._changes

    def withdrawn(self, event: Event) -> bool:
        """Whether an error declaration in the document withdraws this event."""
        return event.event_id is not None and event.event_id in self._withdrawn

    def _describe(self, epcs: list[str] | None, ilmd: list[Element] | None) -> None:
        # CBV attributes win over a vendor's element of the same local name.
        ordered = sorted(ilmd or (), key=lambda element: element.namespace == CBV_MDA)
        shared = {element.local: element.text for element in ordered}
        for epc in epcs or ():
            self._attributes[epc] = shared

    def _state(self, as_of: str) -> _State:
        if self._latest is None:
            self._changes = sorted(
                (change for change in self._changes if change.event_id not in self._withdrawn),
                key=lambda change: change.instant,
            )
            self._latest = _State()
            self._past = _State()
            self._past_as_of = ""
            for change in self._changes:
                self._latest.apply(change, self._findings)
        if as_of and as_of == self._past_as_of:
            return self._past  # the usual case: one shipment is expanded with many questions
        moment = order_key(as_of) if as_of else None
        if moment is None:
            return self._latest
        if self._past.applied and self._changes[self._past.applied - 1].instant > moment:
            self._past = _State()
        self._past_as_of = as_of
        while self._past.applied < len(self._changes):
            change = self._changes[self._past.applied]
            if change.instant > moment:
                break
            self._past.apply(change, None)
        return self._past
