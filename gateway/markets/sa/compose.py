"""Composes requests for RSD of EPCIS events, in the order in which they have to be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import Event, ObjectEvent, QuantityElement, TransactionEvent
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_xml.escape import ILLEGAL
from gateway.markets.base import Submission
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.kit.events import read_all
from gateway.markets.kit.group import grouped
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.kit.split import by_count
from gateway.markets.sa import rules, settings
from gateway.markets.sa.compose_package import compose_package
from gateway.markets.sa.decide import Decisions
from gateway.markets.sa.goods import GoodsOf
from gateway.markets.sa.operations import BATCHED, MOST_PRODUCTS, MOST_SERIALS, OPERATIONS, Goods, Operation
from gateway.markets.sa.write import Product, batches_xml, fields_xml, products_xml, serials_xml, submission
from gateway.options import Setting

_BATCH_FIELDS: Final = frozenset({"GTIN", "QUANTITY", "BN", "XD"})
_SUPPLY_FIELDS: Final = frozenset({"MD", "GTIN", "XD", "BN"})


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The requests of a document, none when something is wrong: half a report is a wrong report."""
    if context.options.get(settings.CONTENT) == "package":
        yield from compose_package(document, context)
    else:
        yield from _reports(document, context)


def _reports(document: Document, context: Context) -> Iterator[Submission]:
    hierarchy, events = read_all(document, context.findings, rules.WITHDRAWAL)
    told = {event.event_id or "" for event in events if event.error_declaration is None}
    if context.findings.errors:
        return
    composer = _Composer(context, hierarchy)
    for event in events:
        if event.error_declaration is None:
            if not hierarchy.withdrawn(event):
                composer.take(event)
        elif event.event_id not in told:
            composer.take(event)  # what it withdraws was reported earlier: that is cancelled
    made = composer.finish()
    if not context.findings.errors:
        yield from made


class _Composer:
    """Takes the events one by one and keeps the requests in order."""

    def __init__(self, context: Context, hierarchy: DocumentHierarchy) -> None:
        self._context = context
        self._findings = context.findings
        self._made: list[Submission] = []
        self._decisions = Decisions(context)
        packing = Joined(hierarchy, context.hierarchy)
        self._goods = GoodsOf(context, packing)
        self._supply_order = self._order(settings.SUPPLY_ORDER, _SUPPLY_FIELDS)
        self._batch_order = self._order(settings.BATCH_ORDER, _BATCH_FIELDS)
        self._abroad = False

    def take(self, event: Event) -> None:
        """Take one event."""
        if not isinstance(event, (ObjectEvent, TransactionEvent)):
            return  # packing is read for what it tells about containers; transformations make no packs for RSD
        operation = self._decisions.operation(event)
        if operation is None:
            return
        epcs, quantities = event.epc_list or [], event.quantity_list or []
        if len(set(epcs)) != len(epcs):
            self._findings.report(rules.TWICE, "the event names an object twice", where=event.where)
            return
        if operation.goods is Goods.SERIALS:
            self._supply(operation, event, epcs)
        elif operation.kind == "supply-cancel":
            self._withdraw_supply(operation, event, epcs)
        elif operation.goods is Goods.NOTHING:
            self._notify(operation, event)
        else:
            self._move(operation, event, epcs)
            batch = self._batch_of(operation)
            if quantities and batch is not None:
                self._amounts(batch, event, quantities)
                return
        self._lose(event, quantities)

    def finish(self) -> list[Submission]:
        """All requests."""
        if not self._made and not self._findings.errors:
            self._findings.report(rules.NOTHING, "no event of the document is reported to RSD")
        return self._made

    def _supply(self, operation: Operation, event: Event, epcs: Sequence[str]) -> None:
        """Supply or Import: one request for each GTIN, lot, expiry and production date."""
        if operation.kind == "supply":
            ilmd = {each.local: each.text for each in getattr(event, "ilmd", None) or ()}
            products = self._goods.commissioned(epcs, ilmd, event.where)
            if not products or not self._is_supplied(event, ilmd):
                return
        else:
            products = self._goods.moved(event, epcs)
        for (gtin, lot, expiry, made), packs in grouped(products, _batch_of).items():
            if not lot or not expiry:
                message = f"lot or expiry of {gtin} is not known"
                self._findings.report(rules.UNDESCRIBED, message, where=event.where, value=gtin)
                continue
            values = {"GTIN": gtin, "BN": lot, "XD": expiry, "MD": made}
            head = fields_xml(operation, values, self._supply_order)
            self._serials(operation, head, [pack.serial for pack in packs])

    def _serials(self, operation: Operation, head: str, serials: Sequence[str]) -> None:
        for part in by_count(serials, MOST_SERIALS):
            self._emit(operation, f"{head}{serials_xml(part)}", len(part))

    def _withdraw_supply(self, operation: Operation, event: Event, epcs: Sequence[str]) -> None:
        ilmd = {each.local: each.text for each in getattr(event, "ilmd", None) or ()}
        products = self._goods.commissioned(epcs, ilmd, event.where) if ilmd else self._goods.moved(event, epcs)
        if products and (not ilmd or self._is_supplied(event, ilmd)):
            self._list(operation, "", products)

    def _is_supplied(self, event: Event, ilmd: dict[str, str]) -> bool:
        local = self._decisions.is_local(event, ilmd)
        if local is False and not self._abroad:
            self._abroad = True
            message = "packs made abroad are reported by their importer when received"
            hint = "set import-from to the GLNs of the suppliers abroad"
            self._findings.report(NOT_WANTED, message, where=event.where, value="commissioning", hint=hint)
        return local is True

    def _notify(self, operation: Operation, event: Event) -> None:
        values = self._fields(operation, event)
        if values is not None:
            self._emit(operation, fields_xml(operation, values), 0)

    def _move(self, operation: Operation, event: Event, epcs: Sequence[str]) -> None:
        if operation.goods is not Goods.PRODUCTS or not epcs:
            return
        products = self._goods.moved(event, epcs)
        values = self._fields(operation, event)
        if values is not None and products:
            self._list(operation, fields_xml(operation, values), products)

    def _list(self, operation: Operation, head: str, products: Sequence[Product]) -> None:
        for part in by_count(products, MOST_PRODUCTS):
            self._emit(operation, f"{head}{products_xml(part)}", len(part))

    def _batch_of(self, operation: Operation) -> Operation | None:
        if operation.goods is Goods.BATCHES:
            return operation
        kind = operation.kind.removesuffix("-cancel")
        cancel = "-cancel" if kind != operation.kind else ""
        return OPERATIONS.get(f"{BATCHED.get(kind, '')}{cancel}")

    def _amounts(self, operation: Operation, event: Event, quantities: Sequence[QuantityElement]) -> None:
        values = self._fields(operation, event)
        batches = self._goods.batches(event, quantities)
        if values is None or not batches:
            return
        head = fields_xml(operation, values)
        for part in by_count(batches, MOST_PRODUCTS):
            amount = sum(int(each.quantity) for each in part)
            self._emit(operation, f"{head}{batches_xml(part, self._batch_order)}", amount)

    def _fields(self, operation: Operation, event: Event) -> dict[str, str] | None:
        values = self._decisions.fields(operation, event)
        for name, value in (values or {}).items():
            if ILLEGAL.search(value):
                self._findings.report(rules.TEXT, f"{name} has control characters", where=event.where, value=value)
                return None
        return values

    def _emit(self, operation: Operation, body: str, epcs: int) -> None:
        self._made.append(submission(operation, body, len(self._made) + 1, epcs))

    def _order(self, setting: Setting, names: frozenset[str]) -> tuple[str, ...]:
        order = tuple(part.strip() for part in self._context.options.get(setting).split(","))
        if len(order) != len(names) or set(order) != names:
            message = f"the setting {setting.key} is {','.join(order)!r}"
            self._findings.report(rules.SETTING, message, value=",".join(order), expected=setting.default)
        return order

    def _lose(self, event: Event, quantities: Sequence[QuantityElement]) -> None:
        for each in quantities:
            value = " ".join(part for part in (each.epc_class, each.quantity, each.uom) if part)
            self._context.losses.add(
                rules.QUANTITY_LOST,
                Outcome.LOST,
                "quantityElement",
                value,
                event=event.where.event,
                event_id=event.event_id or "",
            )


def _batch_of(product: Product) -> tuple[str, str, str, str]:
    return product.gtin, product.lot, product.expiry, product.production
