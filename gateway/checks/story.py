"""The story of a batch inside one document: what was commissioned, what is packed where, what is at its end.

Events count in the order of the document. Identifiers are compared as they are written: one object written as EPC
URN here and as Digital Link there counts as two. AssociationEvents tie objects to equipment and places, not into
containers, and are left out.

Memory: about 130 bytes for every object followed, at most `CAP` objects; objects beyond that are not followed, and
the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.checks import rules
from gateway.checks.scope import Scope
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, TransactionEvent, TransformationEvent
from gateway.epcis.time import order_key
from gateway.findings import Rule, Where

CAP: Final = 1_000_000


class _Life(Struct, frozen=True, eq=False, gc=False):
    """What is known about objects. One value is shared by all objects with the same fate, so that it costs nothing.

    Attributes:
        born: number of the event that commissioned them, 0 when none did.
        ended: number of the event that ended them, 0 when none did.
        parent: the container they are in, empty when in none.
        packed: number of the event that packed them.
        packing: how often the container had been emptied by then; another count means that they are out of it.
    """

    born: int = 0
    ended: int = 0
    parent: str = ""
    packed: int = 0
    packing: int = 0


@dataclass(slots=True)
class _Unborn:
    """Children of one packing event that no event had commissioned by then."""

    where: Where
    time: str
    offset: str
    children: set[str]


_NEW: Final = _Life()


class Story:
    """Follows objects through a document.

    Args:
        scope: where findings go.
        cap: most objects followed.
    """

    def __init__(self, scope: Scope, cap: int = CAP) -> None:
        self._scope = scope
        self._cap = cap
        self._capped = False
        self._lives: dict[str, _Life] = {}
        self._emptied: dict[str, int] = {}
        self._unborn: dict[int, _Unborn] = {}
        self._waiting: dict[str, int] = {}
        self._born_any = False
        self._event_ids: dict[str, int] = {}

    def check(self, event: Event) -> None:
        """Take the next event of the document."""
        self._event_id(event)
        withdrawn = event.error_declaration is not None
        if isinstance(event, ObjectEvent):
            self._object(event, withdrawn=withdrawn)
        elif isinstance(event, AggregationEvent):
            self._aggregation(event, withdrawn=withdrawn)
        elif isinstance(event, TransformationEvent):
            if withdrawn:
                self._forget(event.output_epc_list or ())
                return
            self._use(event.input_epc_list or (), "inputEPCList")
            self._commission(event.output_epc_list or (), "outputEPCList", event)
        elif isinstance(event, TransactionEvent):
            self._use(event.epc_list or (), "epcList")

    def finish(self) -> None:
        """Say what is known only at the end of the document."""
        if self._born_any:
            for number, unborn in sorted(self._unborn.items()):
                if not unborn.children:
                    continue
                first = min(unborn.children)
                count = len(unborn.children)
                text = f"{count} children were packed but not commissioned in this document, e.g. {first}"
                if count == 1:
                    text = f"the child {first} was packed but not commissioned in this document"
                self._scope.number, self._scope.where = number, unborn.where
                self._scope.report(rules.PACKED_UNBORN, text, path="childEPCs", value=first)

    def _event_id(self, event: Event) -> None:
        if not event.event_id or event.error_declaration is not None:
            return
        number = self._event_ids.get(event.event_id)
        if number is not None:
            text = f"the eventID {event.event_id} is that of event {number}"
            self._scope.report(rules.EVENT_ID_TWICE, text, path="eventID", value=event.event_id)
        elif len(self._event_ids) < self._cap:
            self._event_ids[event.event_id] = self._scope.number
        else:
            self._report_cap()

    def _object(self, event: ObjectEvent, *, withdrawn: bool) -> None:
        epcs = event.epc_list or ()
        if event.action == "ADD":
            if withdrawn:
                self._forget(epcs)
            else:
                self._commission(epcs, "epcList", event)
            return
        if withdrawn:
            if event.action == "DELETE":
                self._revive(epcs)
            return
        self._use(epcs, "epcList")
        if event.action == "DELETE":
            for epc in epcs:
                self._set(epc, replace(self._lives.get(epc, _NEW), ended=self._scope.number, parent=""))

    def _commission(self, epcs: Iterable[str], path: str, event: Event) -> None:
        lives = self._lives
        self._born_any = True
        number = self._scope.number
        fresh = _Life(born=number)
        if lives.keys().isdisjoint(epcs) and self._room(epcs):
            lives.update(dict.fromkeys(epcs, fresh))
            return
        for at, epc in enumerate(epcs, 1):
            life = lives.get(epc)
            if life is None:
                self._set(epc, fresh)
                continue
            if life.born and not life.ended:
                text = f"{epc} is commissioned by event {life.born} and again by event {number}"
                self._report(rules.COMMISSIONED_TWICE, text, f"{path}/epc[{at}]", epc)
                continue
            # After its end a serial number may not come back; before its birth it may have been packed.
            if life.ended:
                self._report_ended(epc, life, f"{path}/epc[{at}]")
            lives[epc] = replace(life, born=number, ended=0)
            self._late(epc, path, at, event)

    def _late(self, epc: str, path: str, at: int, event: Event) -> None:
        """An object is commissioned that an event before had packed."""
        packed = self._waiting.pop(epc, 0)
        unborn = self._unborn.get(packed)
        if unborn is None:
            return
        unborn.children.discard(epc)
        born_at = order_key(event.event_time, event.event_time_zone_offset)
        packed_at = order_key(unborn.time, unborn.offset)
        if born_at is not None and packed_at is not None and born_at > packed_at:
            text = f"{epc} is commissioned at {event.event_time}, after event {packed} packed it at {unborn.time}"
            self._report(rules.PACKED_BEFORE_BORN, text, f"{path}/epc[{at}]", epc, f"not after {unborn.time}")

    def _aggregation(self, event: AggregationEvent, *, withdrawn: bool) -> None:
        parent = event.parent_id or ""
        children = event.child_epcs or ()
        if not parent:
            return
        # An error declaration withdraws what the event did: the packed are out again, the unpacked are in.
        packs = (event.action == "ADD") != withdrawn
        if event.action == "OBSERVE":
            self._use(children, "childEPCs")
        elif packs:
            self._pack(parent, children, event, withdrawn=withdrawn)
        elif children:
            self._unpack(parent, children)
        elif not withdrawn:
            self._emptied[parent] = self._emptied.get(parent, 0) + 1

    def _pack(self, parent: str, children: Iterable[str], event: AggregationEvent, *, withdrawn: bool) -> None:
        number = self._scope.number
        packing = self._emptied.get(parent, 0)
        ended = self._lives.get(parent, _NEW)
        if ended.ended:
            self._report_ended(parent, ended, "parentID")
        ancestors = self._ancestors(parent)
        shared: dict[_Life | None, _Life] = {}
        unborn: set[str] = set()
        for at, child in enumerate(children, 1):
            life = self._lives.get(child)
            if life is not None:
                if life.ended:
                    self._report_ended(child, life, f"childEPCs/epc[{at}]")
                self._already(child, life, parent, at, withdrawn=withdrawn)
            if child in ancestors:
                text = f"{child} is packed into {parent}, which is inside {child}"
                self._report(rules.OWN_ANCESTOR, text, f"childEPCs/epc[{at}]", child)
                continue
            after = shared.get(life)
            if after is None:
                born = life.born if life is not None else 0
                over = life.ended if life is not None else 0
                after = shared[life] = _Life(born, over, parent, number, packing)
            if (self._set(child, after)) and not after.born and not withdrawn:
                unborn.add(child)
        if unborn:
            self._unborn[number] = _Unborn(self._scope.where, event.event_time, event.event_time_zone_offset, unborn)
            self._waiting.update(dict.fromkeys(unborn, number))

    def _already(self, child: str, life: _Life, parent: str, at: int, *, withdrawn: bool) -> None:
        now_in = self._parent(life)
        if not now_in or withdrawn:
            return
        path = f"childEPCs/epc[{at}]"
        if now_in == parent:
            text = f"{child} is in {parent} since event {life.packed}"
            self._report(rules.PACKED_AGAIN, text, path, child)
        else:
            text = f"{child} is packed into {parent}, but is in {now_in} since event {life.packed}"
            self._report(rules.TWO_PARENTS, text, path, child, now_in)

    def _unpack(self, parent: str, children: Iterable[str]) -> None:
        shared: dict[_Life, _Life] = {}
        for at, child in enumerate(children, 1):
            life = self._lives.get(child)
            if life is None:
                continue
            now_in = self._parent(life)
            if now_in and now_in != parent:
                text = f"{child} is unpacked from {parent}, but is in {now_in} since event {life.packed}"
                self._report(rules.UNPACKED_ELSEWHERE, text, f"childEPCs/epc[{at}]", child, now_in)
                continue
            self._lives[child] = shared.setdefault(life, _Life(life.born, life.ended))

    def _parent(self, life: _Life) -> str:
        """The container that objects are in now."""
        return life.parent if life.packing == self._emptied.get(life.parent, 0) else ""

    def _ancestors(self, epc: str) -> set[str]:
        """The object and all containers around it."""
        found: set[str] = set()
        while epc and epc not in found:
            found.add(epc)
            epc = self._parent(self._lives.get(epc, _NEW))
        return found

    def _use(self, epcs: Iterable[str], path: str) -> None:
        for at, epc in enumerate(epcs, 1):
            life = self._lives.get(epc)
            if life is not None and life.ended:
                self._report_ended(epc, life, f"{path}/epc[{at}]")

    def _forget(self, epcs: Iterable[str]) -> None:
        for epc in epcs:
            self._lives.pop(epc, None)

    def _revive(self, epcs: Iterable[str]) -> None:
        for epc in epcs:
            life = self._lives.get(epc)
            if life is not None:
                self._lives[epc] = replace(life, ended=0)

    def _set(self, epc: str, life: _Life) -> bool:
        """Remember an object, if there is room for it."""
        if epc in self._lives or self._room((epc,)):
            self._lives[epc] = life
            return True
        return False

    def _room(self, epcs: Iterable[str]) -> bool:
        """Whether so many more objects may be followed."""
        more = len(epcs) if isinstance(epcs, (list, tuple)) else 1
        if len(self._lives) + more <= self._cap:
            return True
        if more == 1:
            self._report_cap()
        return False

    def _report_cap(self) -> None:
        if not self._capped:
            self._capped = True
            text = f"the document has more than {self._cap:,} objects; the rest is not followed"
            self._report(rules.STORY_CAPPED, text, "", "")

    def _report_ended(self, epc: str, life: _Life, path: str) -> None:
        text = f"{epc} is used by event {self._scope.number}, but event {life.ended} decommissioned it"
        self._report(rules.USED_AFTER_END, text, path, epc)

    def _report(self, rule: Rule, text: str, path: str, value: str, expected: str = "") -> None:
        self._scope.report(rule, text, path=path, value=value, expected=expected)
