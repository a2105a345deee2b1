"""Composes notifications of EPCIS events: production first, then movements in the order of the document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, TransactionEvent
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.markets.base import Submission
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.kit.events import counts, read_all
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.needs import table_of
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.kit.split import by_count
from gateway.markets.tr.its import rules, settings
from gateway.markets.tr.its.fields import Fields
from gateway.markets.tr.its.operations import DISPATCH, EXPORT, OPERATIONS, RETURN, SUPPLY, Operation
from gateway.markets.tr.its.packs import Packs
from gateway.markets.tr.its.wire import Item, Notification, rest_bytes, soap_bytes

_ELEMENT: Final = "itsNotification"
_HASH_LENGTH: Final = 12
_USED_ELEMENTS: Final = frozenset({_ELEMENT, *(need.attribute for need in settings.NEEDS)})
_USED_ILMD: Final = frozenset({"lotNumber", "itemExpirationDate", "productionDate", "origin", "productType"})


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The notifications of a document, none when something is wrong: half a report is a wrong report."""
    hierarchy, events = read_all(document, context.findings, rules.WITHDRAWAL)
    if context.findings.errors:
        return
    composer = _Composer(context, hierarchy)
    for number, event in enumerate(events, 1):
        if counts(event, hierarchy):
            composer.take(event, number)
    notifications = composer.finish()
    if not context.findings.errors:
        yield from composer.submissions(notifications)


class _Composer:
    """Takes the events one by one."""

    def __init__(self, context: Context, hierarchy: DocumentHierarchy) -> None:
        self._context = context
        self._findings = context.findings
        self._soap = context.options.get(settings.PROTOCOL) == settings.SOAP
        self._addressing = context.options.get(settings.ADDRESSING) == "yes"
        self._batch = self._batch_size()
        self._kinds = settings.DEFAULT_KINDS | table_of(settings.NOTIFICATIONS, context.options, context.findings)
        self._fields = Fields(context, soap=self._soap)
        self._packs = Packs(context, hierarchy, Joined(hierarchy, context.hierarchy))
        self._movements: list[tuple[Operation, Notification]] = []
        self._supplies: dict[tuple[str, ...], tuple[Notification, list[Item]]] = {}
        self._unwanted: set[str] = set()

    def take(self, event: Event, number: int) -> None:
        """Take one event."""
        self._lose(event, number)
        operation = self._operation_of(event)
        epcs = event.epc_list if isinstance(event, (ObjectEvent, TransactionEvent)) else None
        if not epcs and isinstance(event, TransactionEvent) and event.parent_id:
            epcs = [event.parent_id]
        if operation is None or not epcs:
            return
        if operation.kind == SUPPLY:
            self._supply(event, epcs)
            return
        if self._soap and operation.soap is None:
            message = f"{operation.kind} has no SOAP service that is publicly described"
            self._findings.report(rules.NO_SOAP, message, where=event.where, value=operation.kind)
            return
        items = self._packs.of_movement(event, epcs)
        found = self._fields.of_movement(operation, event)
        if found is not None and items:
            fields, documented = found
            self._movements.append((operation, Notification(operation.shape, fields, items, documented)))

    def finish(self) -> list[tuple[Operation, Notification]]:
        """All notifications, production first: nothing moves that is not known."""
        supply = OPERATIONS[SUPPLY]
        made = [(supply, notification) for notification, _ in self._supplies.values()] + self._movements
        if not made and not self._findings.errors:
            self._findings.report(rules.NOTHING, "no event of the document is notified to ITS")
        return made

    def submissions(self, notifications: list[tuple[Operation, Notification]]) -> Iterator[Submission]:
        """The requests of notifications, each of at most as many packs as one batch has."""
        number = 0
        for operation, whole in notifications:
            for items in by_count(whole.items, self._batch):
                number += 1
                part = Notification(whole.shape, whole.fields, items, whole.document)
                soap = operation.soap if self._soap else None
                data = soap_bytes(part, soap, addressing=self._addressing) if soap is not None else rest_bytes(part)
                digest = hashlib.sha256(data).hexdigest()[:_HASH_LENGTH]
                suffix = "xml" if self._soap else "json"
                name = f"its-{number:04}-{operation.kind}-{digest}.{suffix}"
                yield Submission(name, data, len(items), operation.kind)

    def _supply(self, event: Event, epcs: list[str]) -> None:
        items = self._packs.of_supply(event, epcs)
        described = self._fields.of_supply(event) if items else None
        if described is None:
            return
        for gtin, some in items.items():
            fields = {**described.fields, "gtin": gtin}
            key = (*fields.values(), *described.document.values())
            if key not in self._supplies:
                all_items: list[Item] = []
                self._supplies[key] = (Notification(SUPPLY, fields, all_items, described.document), all_items)
            self._supplies[key][1].extend(some)

    def _operation_of(self, event: Event) -> Operation | None:
        """The notification that reports an event; None for what is not reported."""
        step = _step(event)
        if isinstance(event, AggregationEvent):
            self._not_wanted("packing", event, "what is in what is sent with tr-pts when it is shipped")
            return None
        if not isinstance(event, (ObjectEvent, TransactionEvent)):
            self._not_wanted(event.type, event, "")
            return None
        given = next((each.text for each in event.extensions if each.local == _ELEMENT), "")
        kind = given or self._kinds.get(step, "")
        if not given and kind == DISPATCH:
            kind = self._shipping(event, kind)
        operation = OPERATIONS.get(kind)
        if kind and operation is None:
            self._findings.report(rules.KIND, f"{kind!r} is no notification", where=event.where, value=kind)
        elif operation is None:
            self._not_wanted(step or event.type, event, "")
        elif operation.kind == SUPPLY and event.action == "OBSERVE":
            self._not_wanted(f"{step} with action OBSERVE", event, "")
            return None
        return operation

    def _shipping(self, event: Event, kind: str) -> str:
        """Shipping what was returned is a return, shipping abroad is export."""
        if word(Field.DISPOSITION, event.disposition or "") == "returned":
            return RETURN
        return EXPORT if self._fields.abroad(event) else kind

    def _not_wanted(self, what: str, event: Event, hint: str) -> None:
        if what not in self._unwanted:
            self._unwanted.add(what)
            self._findings.report(
                NOT_WANTED, f"ITS is not notified of {what}", where=event.where, value=what, hint=hint
            )

    def _batch_size(self) -> int:
        given = self._context.options.get(settings.BATCH_SIZE)
        if given.isascii() and given.isdigit() and int(given) > 0:
            return int(given)
        self._findings.report(rules.BATCH, f"batch-size is {given!r}", value=given, expected="a whole number from 1")
        return 1

    def _lose(self, event: Event, number: int) -> None:
        losses, id_ = self._context.losses, event.event_id or ""
        found = event.child_quantity_list if isinstance(event, AggregationEvent) else None
        found = event.quantity_list if isinstance(event, (ObjectEvent, TransactionEvent)) else found
        for quantity in found or ():
            value = " ".join(part for part in (quantity.epc_class, quantity.quantity, quantity.uom) if part)
            losses.add(rules.QUANTITY_LOST, Outcome.LOST, "quantityElement", value, event=number, event_id=id_)
        for attribute in (event.ilmd if isinstance(event, ObjectEvent) else None) or ():
            if attribute.local not in _USED_ILMD:
                path = f"ilmd/{attribute.local}"
                losses.add(rules.ILMD_LOST, Outcome.LOST, path, attribute.text, event=number, event_id=id_)
        if isinstance(event, (ObjectEvent, TransactionEvent)):
            for element in (*event.extensions, *event.inner_extensions, *event.base_extensions):
                if element.local not in _USED_ELEMENTS:
                    losses.add(
                        rules.ELEMENT_LOST, Outcome.LOST, element.local, element.text, event=number, event_id=id_
                    )
            for transaction in event.biz_transaction_list or ():
                value = f"{transaction.type or ''} {transaction.id}".strip()
                losses.add(rules.PARTNER_LOST, Outcome.LOST, "bizTransactionList", value, event=number, event_id=id_)


def _step(event: Event) -> str:
    """The business step as CBV's word; returning, which CBV does not have, as it stands."""
    step = event.biz_step or ""
    return word(Field.BIZ_STEP, step) or step.removeprefix("urn:epcglobal:cbv:bizstep:")
