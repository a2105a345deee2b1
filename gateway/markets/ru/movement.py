"""Movements: one event becomes one document, or several when it names more than MDLP takes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from gateway.epcis.events import Event
from gateway.formats.base import Context
from gateway.formats.epcis_xml.escape import text
from gateway.markets.base import Hierarchy
from gateway.markets.kit.events import moment_of
from gateway.markets.kit.expand import leaves, outermost
from gateway.markets.kit.group import grouped
from gateway.markets.kit.needs import report_missing, table_of
from gateway.markets.kit.split import by_count
from gateway.markets.ru import rules, settings
from gateway.markets.ru.codes import is_price
from gateway.markets.ru.documents import DECISION, DocumentType, Goods
from gateway.markets.ru.fields import Values
from gateway.markets.ru.keys import GTIN_DIGITS, SGTIN, SSCC, Item, item_of, items
from gateway.markets.ru.write import fields_xml, goods_xml

Emit = Callable[[DocumentType, str, int], None]
_MOST_DETAILS: Final = 100
_KIZ_INFO: Final = "210"


class Movements:
    """Composes the documents of single events.

    Args:
        context: the conversion's.
        values: gives the values of fields.
        packing: who is in what, of the document and of earlier messages.
        emit: takes a document, its body and how many objects are in it.
    """

    def __init__(self, context: Context, values: Values, packing: Hierarchy, emit: Emit) -> None:
        self._findings = context.findings
        self._values = values
        self._packing = packing
        self._emit = emit
        self._look = context.options.get(settings.LOOK)
        self._prices = {
            name: table_of(setting, context.options, context.findings)
            for name, setting in (("cost", settings.COSTS), ("vat_value", settings.VAT_VALUES))
        }

    def compose(self, document: DocumentType, event: Event, epcs: Sequence[str]) -> None:
        """Compose the documents of one event. Of a list of pallets and their packs the outermost count."""
        if len(set(epcs)) != len(epcs):
            self._findings.report(rules.TWICE, "the event names an object twice", where=event.where)
            return
        as_of = moment_of(event)
        if document.goods is Goods.CODES:
            self._codes(document, event, epcs, as_of)
            return
        values = self._values.of(document, event)
        found = list(items(outermost(self._packing, epcs, as_of), self._findings, event.where))
        if values is None or not found:
            return
        head = fields_xml(document, values)
        if document.goods is Goods.NONE:
            self._emit(document, head, 0)
            return
        for part in by_count(found, document.most):
            if document.goods is Goods.QUERIED:
                self._emit(document, head + self._queried(document, part[0], event), 1)
                continue
            goods = self._goods(document, part, event, as_of)
            self._emit(document, f"{head}<{document.holder}>{goods}</{document.holder}>", len(part))

    def _goods(self, document: DocumentType, part: Sequence[Item], event: Event, as_of: str) -> str:
        if document.goods is Goods.LIST:
            return goods_xml(part)
        if document.goods is Goods.PRICED:
            return self._priced(part, event, as_of)
        decision = DocumentType(document.number, "detail", DECISION)
        values = self._values.of(decision, event)
        tail = fields_xml(decision, values or {})
        return "".join([f"<detail>{goods_xml([item])}{tail}</detail>" for item in part])

    def _queried(self, document: DocumentType, item: Item, event: Event) -> str:
        if document.number == _KIZ_INFO:
            tag = item.tag if item.tag == SGTIN else f"{SSCC}_{self._look}"
            return f"<{tag}>{item.text}</{tag}>"
        if item.tag != SSCC:
            self._findings.report(rules.PACKS, f"{item.epc} is no container", where=event.where, value=item.epc)
        return goods_xml([item])

    def _codes(self, document: DocumentType, event: Event, epcs: Sequence[str], as_of: str) -> None:
        """Documents that list packs of one GTIN; containers are told by their packs."""
        packs = (pack for epc in outermost(self._packing, epcs, as_of) for pack in leaves(self._packing, epc, as_of))
        found = list(items(packs, self._findings, event.where))
        for item in found:
            if item.tag == SSCC:
                message = f"the packs in {item.epc} are not known"
                self._findings.report(rules.PACKS, message, where=event.where, value=item.epc)
        for gtin, of_gtin in grouped(found, lambda item: item.text[:GTIN_DIGITS]).items():
            values = self._values.of(document, event, ("gtin", gtin))
            if values is None:
                return
            head = fields_xml(document, values)
            for part in by_count(of_gtin, document.most):
                self._emit(document, f"{head}<{document.holder}>{goods_xml(part)}</{document.holder}>", len(part))

    def _priced(self, part: Iterable[Item], event: Event, as_of: str) -> str:
        return "".join([self._union(item, event, as_of) for item in part])

    def _union(self, item: Item, event: Event, as_of: str) -> str:
        if item.tag == SGTIN:
            return f"<union><sgtin>{item.text}</sgtin>{self._price(item.epc, item.text[:GTIN_DIGITS], event)}</union>"
        batches = list(self._details(item, event, as_of))
        prices = {price for _, _, price in batches}
        if len(prices) != 1:
            what = f"packs of {len(prices)} prices" if prices else "no packs that are known"
            message = f"{item.epc} holds {what}; cost and vat_value of a container are those of one pack"
            self._findings.report(rules.PRICE, message, where=event.where, value=item.epc)
            return ""
        details = "".join(
            f"<detail><gtin>{gtin}</gtin><series_number>{text(lot)}</series_number>{price}</detail>"
            for gtin, lot, price in batches
            if lot  # a detail has a lot; without one there is no detail to tell
        )
        return f"<union><sscc_detail><sscc>{item.text}</sscc>{details}</sscc_detail>{prices.pop()}</union>"

    def _details(self, container: Item, event: Event, as_of: str) -> Iterator[tuple[str, str, str]]:
        """GTIN, lot and prices of what is in a container, each batch once. Without a lot there is no detail to tell."""
        packs = (epc for epc in leaves(self._packing, container.epc, as_of) if epc != container.epc)
        known = [item for item in (item_of(epc, self._findings, event.where) for epc in packs) if item is not None]
        known = [item for item in known if item.tag != SSCC]
        batches = grouped(known, lambda item: (item.text[:GTIN_DIGITS], self._lot(item.epc)))
        if len(batches) > _MOST_DETAILS:
            message = f"{container.epc} holds {len(batches)} batches, a container is described by {_MOST_DETAILS}"
            self._findings.report(rules.PRICE, message, where=event.where, value=container.epc)
        for (gtin, lot), packs_of in batches.items():
            yield gtin, lot, self._price(packs_of[0].epc, gtin, event)

    def _lot(self, epc: str) -> str:
        return self._packing.attributes(epc).get("lotNumber", "")

    def _price(self, epc: str, gtin: str, event: Event) -> str:
        attributes = self._packing.attributes(epc)
        out = []
        for name in ("cost", "vat_value"):
            value = attributes.get(name) or self._prices[name].get(gtin, "")
            if not value:
                report_missing(settings.NEED_OF[name], self._findings, event.where, f"GTIN {gtin}")
            elif not is_price(value):
                message = f"{name} {value!r} is not an amount like 110.00"
                self._findings.report(rules.PRICE, message, where=event.where, value=value)
            out.append(f"<{name}>{value}</{name}>")
        return "".join(out)
