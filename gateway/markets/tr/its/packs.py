"""From the EPCs of an event to packs as ITS knows them: GTIN, serial number, lot and expiry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.epcis.events import Event
from gateway.findings import Rule, Where
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import Parts
from gateway.markets.base import Hierarchy
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.events import moment_of
from gateway.markets.kit.expand import TooDeep, leaves, outermost
from gateway.markets.tr.its import rules
from gateway.markets.tr.its.wire import Item
from gateway.markets.tr.keys import NUMBER, is_container, is_pack, parts_of


class Packs:
    """Finds packs and says what is wrong with them.

    Args:
        context: the conversion's.
        document: who is in what, of the document alone.
        packing: the same, completed by what earlier messages told.
    """

    def __init__(self, context: Context, document: Hierarchy, packing: Hierarchy) -> None:
        self._findings = context.findings
        self._document = document
        self._packing = packing
        self._commissioned: set[tuple[str, str]] = set()
        self._described: set[tuple[str, str]] = set()

    def of_supply(self, event: Event, epcs: Sequence[str]) -> dict[str, list[Item]]:
        """The packs that an event commissions, by GTIN. Containers are not notified."""
        found: dict[str, list[Item]] = {}
        for epc in epcs:
            parts = self._parts(epc, event.where)
            if parts is None or is_container(parts) or self._document.children(epc):
                continue  # a container that is an SGTIN holds packs, and is none; earlier messages do not know it yet
            if not is_pack(parts):
                self._report(rules.CONTENT, f"{epc} is no serialized pack", event.where, epc)
                continue
            item = Item(parts.number, parts.serial or "")
            self._check_serial(item.sn, event.where)
            if item[:2] in self._commissioned:
                self._report(rules.TWICE, f"{epc} is commissioned twice", event.where, epc)
            self._commissioned.add(item[:2])
            found.setdefault(item.gtin, []).append(item)
        return found

    def of_movement(self, event: Event, epcs: Sequence[str]) -> list[Item]:
        """The packs that an event moves, those in its containers too, as of the time of the event."""
        as_of = moment_of(event)
        found: dict[tuple[str, str], Item] = {}
        for epc in self._leaves(event, epcs, as_of):
            item = self._item(epc, event.where)
            if item is None:
                continue
            if item[:2] in found:
                self._report(rules.TWICE, f"the event moves {epc} twice", event.where, epc)
            found[item[:2]] = item
        return list(found.values())

    def _leaves(self, event: Event, epcs: Sequence[str], as_of: str) -> Iterator[str]:
        try:
            for epc in outermost(self._packing, epcs, as_of):
                yield from leaves(self._packing, epc, as_of)
        except TooDeep as error:
            self._report(rules.CONTENT, str(error), event.where, "")

    def _item(self, epc: str, where: Where) -> Item | None:
        parts = self._parts(epc, where)
        if parts is None:
            return None
        if not is_pack(parts):
            what = "what is in it is not known" if is_container(parts) else "it is no serialized pack"
            self._report(rules.CONTENT, f"{epc}: {what}", where, epc)
            return None
        attributes = self._packing.attributes(epc)
        lot, expiry = attributes.get("lotNumber", ""), attributes.get("itemExpirationDate", "")
        self._check_serial(parts.serial or "", where)
        if (lot, expiry) not in self._described:
            self._described.add((lot, expiry))
            self._check_batch(lot, expiry, where, epc)
        return Item(parts.number, parts.serial or "", lot, expiry)

    def _check_batch(self, lot: str, expiry: str, where: Where, subject: str) -> None:
        """Once for all packs of a lot."""
        for name, value in (("lot", lot), ("expiry", expiry)):
            if not value:
                self._report(rules.UNDESCRIBED, f"the {name} of {subject} is not known", where, subject)
        if lot and NUMBER.fullmatch(lot) is None:
            self._report(rules.CHARACTERS, f"lot {lot!r} is not 1 to 20 of A-Z and 0-9", where, lot)
        if expiry and not is_date(expiry):
            self._report(rules.DATE, f"expiry {expiry!r} is not YYYY-MM-DD", where, expiry)

    def _check_serial(self, serial: str, where: Where) -> None:
        if NUMBER.fullmatch(serial) is None:
            message = f"serial number {serial!r} is not 1 to 20 of A-Z and 0-9"
            self._report(rules.CHARACTERS, message, where, serial)

    def _parts(self, epc: str, where: Where) -> Parts | None:
        try:
            return parts_of(epc)
        except Gs1Error as error:
            self._findings.add(error.finding(where))
            return None

    def _report(self, rule: Rule, message: str, where: Where, value: str) -> None:
        self._findings.report(rule, message, where=where, value=value)
