"""What must hold of the events: the same when they are composed and when a finished file is checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, Party
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Findings, Rule, Where
from gateway.gs1.bulk import canonical_runs, wrong_keys
from gateway.gs1.errors import Gs1Error
from gateway.markets.eg.masar import rules
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.keys import gln_of, is_container, parts_of

_ITEM, _CONTAINER = "https://id.gs1.org/01/", "https://id.gs1.org/00/"
_OWNER: Final = "owning_party"


def step_of(event: Event) -> str:
    """The business step as a bare word, the step as it stands where it is none of the standard, else the type."""
    return word(Field.BIZ_STEP, event.biz_step or "") or event.biz_step or event.type


class EventRules:
    """Checks events one by one and remembers what later ones depend on.

    Args:
        findings: takes what is wrong.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._used: set[str] = set()

    def take(self, event: Event, step: str) -> None:
        """Check one event of one of the three steps; others have no public rule."""
        match step:
            case "commissioning":
                self._commissioning(event)
            case "packing":
                self._packing(event)
            case "shipping":
                self._shipping(event)
            case _:
                pass

    def _commissioning(self, event: Event) -> None:
        if not isinstance(event, ObjectEvent) or event.action != "ADD":
            self._form(rules.COMMISSIONING, event, "commissioning")
            return
        names = self._names(event.epc_list or (), event.where)
        late = [name for name in names if name in self._used]
        if late:
            message = f"{len(late):,} identifiers are commissioned after they were packed or shipped, e.g. {late[0]}"
            self._findings.report(rules.ORDER, message, where=event.where, value=late[0])
        if not any(name.startswith(_ITEM) for name in names):
            return
        ilmd = {each.local: each.text for each in event.ilmd or ()}
        for name in ("lotNumber", "itemExpirationDate"):
            if not ilmd.get(name):
                message = f"{name} of the items is missing"
                self._findings.report(rules.COMMISSIONING, message, where=event.where, expected=name)
        expiry = ilmd.get("itemExpirationDate", "")
        if expiry and not is_date(expiry):
            message = f"itemExpirationDate {expiry!r} is not YYYY-MM-DD"
            self._findings.report(rules.COMMISSIONING, message, where=event.where, value=expiry)

    def _packing(self, event: Event) -> None:
        if not isinstance(event, AggregationEvent) or event.action != "ADD":
            self._form(rules.PACKING, event, "packing")
            return
        parent = event.parent_id or ""
        if not _is_sscc(parent):
            message = f"the container {parent or 'that is not named'} is no SSCC"
            self._findings.report(rules.PACKING, message, where=event.where, value=parent)
        self._used.update(self._names([*(event.child_epcs or ()), *([parent] if parent else ())], event.where))

    def _shipping(self, event: Event) -> None:
        if not isinstance(event, ObjectEvent) or event.action != "OBSERVE":
            self._form(rules.SHIPPING, event, "shipping")
            return
        self._used.update(self._names(event.epc_list or (), event.where))
        for name, parties in (("sourceList", event.source_list), ("destinationList", event.destination_list)):
            if not _has_owner(parties):
                message = f"{name} has no owning_party with a GLN"
                self._findings.report(rules.SHIPPING, message, where=event.where, expected=_OWNER)

    def _form(self, rule: Rule, event: Event, step: str) -> None:
        action = getattr(event, "action", "")
        message = f"{step} is told by {event.type} with action {action or 'none'}"
        self._findings.report(rule, message, where=event.where, value=event.type)

    def _names(self, epcs: Iterable[str], where: Where) -> list[str]:
        """Identifiers as canonical links; what is neither item nor container is reported."""
        epcs = list(epcs)
        told: set[str] = set()
        for index, error in wrong_keys(epcs):
            told.add(epcs[index])
            self._findings.report(rules.IDENTIFIER, f"{epcs[index]}: {error.message}", where=where, value=epcs[index])
        names: list[str] = []
        for stem, serials in canonical_runs(epcs):
            names += [stem + serial for serial in serials]
            first = stem + serials[0]
            item = first.startswith(_ITEM) and "/21/" in first
            if not item and not first.startswith(_CONTAINER) and first not in told:
                message = f"{first} is neither an item nor a container"
                self._findings.report(rules.IDENTIFIER, message, where=where, value=first)
        return names


def _is_sscc(epc: str) -> bool:
    try:
        return is_container(parts_of(epc))
    except Gs1Error:
        return False


def _has_owner(parties: Iterable[Party] | None) -> bool:
    for party in parties or ():
        if word(Field.SOURCE_DESTINATION_TYPE, party.type) == _OWNER:
            try:
                return bool(gln_of(party.id, rules.SHIPPING))
            except Gs1Error:
                return False
    return False
