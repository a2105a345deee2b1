"""The packs and amounts of an event, in RSD's spelling: containers are told by what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from gateway.epcis.events import Event, QuantityElement
from gateway.findings import Findings, Where
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import LGTIN
from gateway.markets.base import Hierarchy
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.events import moment_of
from gateway.markets.kit.expand import TooDeep, leaves, outermost
from gateway.markets.kit.keys import is_container, is_pack, parts_of
from gateway.markets.kit.needs import report_missing, table_of
from gateway.markets.sa import rules, settings
from gateway.markets.sa.write import Batch, Product

SHORTEST: Final = 2
LONGEST: Final = 20
_YEARS: Final = 7


class GoodsOf:
    """Finds what an event is about.

    Args:
        context: the conversion's.
        packing: who is in what, of the document and of earlier messages.
    """

    def __init__(self, context: Context, packing: Hierarchy) -> None:
        self._findings = context.findings
        self._packing = packing
        self._expiries = table_of(settings.EXPIRIES, context.options, context.findings)
        self._right: set[tuple[str, ...]] = set()

    def commissioned(self, epcs: Iterable[str], ilmd: Mapping[str, str], where: Where) -> list[Product]:
        """Packs of a list, with the ILMD of their event. Containers are nothing to RSD."""
        return list(self._products(epcs, lambda _: ilmd, where, containers=False))

    def moved(self, event: Event, epcs: Iterable[str]) -> list[Product]:
        """Packs of a list of packs and containers, down to the last one."""
        as_of = moment_of(event)
        try:
            found = [
                leaf for epc in outermost(self._packing, epcs, as_of) for leaf in leaves(self._packing, epc, as_of)
            ]
        except TooDeep as error:
            self._findings.report(rules.EMPTY, str(error), where=event.where)
            return []
        return list(self._products(found, self._packing.attributes, event.where, containers=True))

    def batches(self, event: Event, quantities: Iterable[QuantityElement]) -> list[Batch]:
        """Amounts of lots."""
        given = next((each.text for each in event.extensions if each.local == "itemExpirationDate"), "")
        found = []
        for quantity in quantities:
            amount = quantity.quantity or ""
            try:
                parts = parts_of(quantity.epc_class)
            except Gs1Error as error:
                self._findings.add(error.finding(event.where))
                continue
            lot = parts.serial or ""
            if parts.scheme is not LGTIN or quantity.uom or not (amount.isascii() and amount.isdigit() and int(amount)):
                message = f"{quantity.epc_class}: {amount} {quantity.uom or ''} is no whole number of packs of a lot"
                self._findings.report(rules.QUANTITY, message.rstrip(), where=event.where, value=amount)
                continue
            expiry = given or self._packing.attributes(quantity.epc_class).get("itemExpirationDate", "")
            expiry = expiry or self._expiries.get(lot, "")
            if not expiry:
                report_missing(settings.NEED_OF["XD"], self._findings, event.where, f"lot {lot}")
            elif self._described(lot, expiry, "", event.where):
                found.append(Batch(parts.number, str(int(amount)), lot, expiry))
        return found

    def _products(
        self, epcs: Iterable[str], attributes: Callable[[str], Mapping[str, str]], where: Where, *, containers: bool
    ) -> Iterator[Product]:
        seen: set[str] = set()
        for epc in epcs:
            try:
                parts = parts_of(epc)
            except Gs1Error as error:
                self._findings.add(error.finding(where))
                continue
            if is_container(parts):
                if containers:
                    self._findings.report(rules.EMPTY, f"what is in {epc} is not known", where=where, value=epc)
                continue
            serial = parts.serial or ""
            if not is_pack(parts):
                message = f"{epc} is neither a pack nor a container"
                self._findings.report(rules.IDENTIFIER, message, where=where, value=epc)
                continue
            if not SHORTEST <= len(serial) <= LONGEST:
                message = f"the serial number {serial!r} has not 2 to 20 characters"
                self._findings.report(rules.SERIAL, message, where=where, value=serial)
                continue
            key = f"{parts.number} {serial}"
            if key in seen:
                self._findings.report(rules.TWICE, f"{epc} stands twice in one event", where=where, value=epc)
                continue
            seen.add(key)
            about = attributes(epc)
            lot, expiry = about.get("lotNumber", ""), about.get("itemExpirationDate", "")
            made = about.get("productionDate", "")
            if self._described(lot, expiry, made, where):
                yield Product(parts.number, serial, lot, expiry, made)

    def _described(self, lot: str, expiry: str, made: str, where: Where) -> bool:
        """Whether lot and dates are right; packs of one lot are looked at once."""
        key = (lot, expiry, made)
        if key not in self._right and check_lot(lot, expiry, made, self._findings, where):
            self._right.add(key)
        return key in self._right


def check_lot(lot: str, expiry: str, made: str, findings: Findings, where: Where) -> bool:
    """Check a lot's number and dates; those that are empty are not known."""
    right = True
    if lot and not SHORTEST <= len(lot) <= LONGEST:
        findings.report(rules.LOT, f"the lot {lot!r} has not 2 to 20 characters", where=where, value=lot)
        right = False
    for name, value in (("expiry", expiry), ("production date", made)):
        if value and not is_date(value):
            message = f"the {name} {value!r} is not YYYY-MM-DD"
            findings.report(rules.DATE, message, where=where, value=value, expected="YYYY-MM-DD")
            right = False
    if right and made and expiry:
        if made > expiry:
            findings.report(rules.DATE, f"made on {made}, expires on {expiry}", where=where, value=made)
            right = False
        elif expiry > _seven_years_after(made):
            findings.report(rules.SEVEN_YEARS, f"made on {made}, expires on {expiry}", where=where, value=expiry)
            right = False
    return right


def _seven_years_after(iso: str) -> str:
    day = date.fromisoformat(iso)
    if day.year + _YEARS > date.max.year:
        return date.max.isoformat()
    try:
        return day.replace(year=day.year + _YEARS).isoformat()
    except ValueError:  # the 29th of February
        return date(day.year + _YEARS, 3, 1).isoformat()
