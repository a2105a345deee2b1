"""Reads a document's events once and keeps what a PTS transfer is made of; lists what it has no place for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import (
    AggregationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    TransformationEvent,
)
from gateway.epcis.time import OrderKey, order_key
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Losses, Outcome, Where
from gateway.formats.base import Context
from gateway.markets.base import Hierarchy
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.kit.joined import Joined
from gateway.markets.tr import extension, rules
from gateway.markets.tr.model import ProductList

_ENDING_STEPS: Final = frozenset({"decommissioning", "destroying"})
_USED_ILMD: Final = frozenset({"lotNumber", "itemExpirationDate", "productionDate"})


@dataclass(frozen=True, slots=True)
class Ended:
    """Something left the market, or its shipping was voided.

    Attributes:
        time: when, for comparing.
        step: what happened, for messages.
    """

    time: OrderKey | None
    step: str


@dataclass(slots=True)
class Story:
    """What the events of a document say.

    Attributes:
        hierarchy: who is in which container, and lot and expiry of packs, as the document tells it.
        packing: the same, completed by what earlier messages told.
        shippings: shipping events in document order.
        commissioned: instances that came into being, in document order, with the place of the event.
        ended: instances that were decommissioned or destroyed; the earliest counts.
        voided: instances whose shipping was voided; the latest counts.
        products: product list of a pack (GTIN, serial number) that a PTS transfer brought.
        containers: containerType that a PTS transfer gave to an EPC.
    """

    hierarchy: DocumentHierarchy
    packing: Hierarchy
    shippings: list[ObjectEvent] = field(default_factory=list)
    commissioned: dict[str, Where] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    voided: dict[str, Ended] = field(default_factory=dict)
    products: dict[tuple[str, str], ProductList] = field(default_factory=dict)
    containers: dict[str, str] = field(default_factory=dict)


def read_story(document: Document, context: Context) -> Story:
    """Read all events of a document."""
    hierarchy = DocumentHierarchy(context.findings)
    story = Story(hierarchy, Joined(hierarchy, context.hierarchy))
    for number, event in enumerate(document.events, 1):
        _take(event, number, story, context)
    story.shippings = [event for event in story.shippings if not story.hierarchy.withdrawn(event)]
    return story


def time_of(event: Event) -> OrderKey | None:
    """When an event happened, for comparing."""
    return order_key(event.event_time, event.event_time_zone_offset)


def _take(event: Event, number: int, story: Story, context: Context) -> None:
    story.hierarchy.add(event)
    if event.error_declaration is not None:
        if not event.event_id:
            message = f"the {event.type} of {event.event_time} has an error declaration but no eventID"
            context.findings.report(rules.WITHDRAWAL, message, where=event.where)
        return
    match event:
        case AggregationEvent():
            _lose_quantities(event, event.child_quantity_list, number, context.losses)
            _take_extensions(event, story)
        case ObjectEvent():
            _take_object_event(event, number, story, context.losses)
        case TransformationEvent():
            story.commissioned.update(dict.fromkeys(event.output_epc_list or (), event.where))
            _lose_event(event, number, context.losses)
        case _:
            _lose_event(event, number, context.losses)


def _take_object_event(event: ObjectEvent, number: int, story: Story, losses: Losses) -> None:
    step = word(Field.BIZ_STEP, event.biz_step or "")
    epcs = event.epc_list or ()
    if step == "shipping":
        story.shippings.append(event)
        _lose_quantities(event, event.quantity_list, number, losses)
    elif step == "void_shipping":
        story.voided.update(dict.fromkeys(epcs, Ended(time_of(event), "the shipping was voided")))
    elif event.action == "DELETE" or step in _ENDING_STEPS:
        ended = Ended(time_of(event), step or event.action)
        for epc in epcs:
            story.ended.setdefault(epc, ended)
    elif event.action == "ADD":
        story.commissioned.update(dict.fromkeys(epcs, event.where))
        _lose_quantities(event, event.quantity_list, number, losses)
        for attribute in event.ilmd or ():
            if attribute.local not in _USED_ILMD:
                losses.add(
                    rules.ILMD_LOST,
                    Outcome.LOST,
                    f"ilmd/{attribute.local}",
                    attribute.text,
                    event=number,
                    event_id=event.event_id or "",
                )
    else:
        _lose_event(event, number, losses)


def _take_extensions(event: AggregationEvent, story: Story) -> None:
    container = extension.text_of(event.extensions, extension.CONTAINER_TYPE)
    if container and event.parent_id:
        story.containers[event.parent_id] = container
    for products in extension.product_lists(event.extensions):
        story.products.update(((products.gtin, serial), products) for serial in products.serials)


def _lose_quantities(event: Event, quantities: list[QuantityElement] | None, number: int, losses: Losses) -> None:
    for quantity in quantities or ():
        value = " ".join(part for part in (quantity.epc_class, quantity.quantity, quantity.uom) if part)
        losses.add(
            rules.QUANTITY_LOST,
            Outcome.LOST,
            "quantityElement",
            value,
            event=number,
            event_id=event.event_id or "",
        )


def _lose_event(event: Event, number: int, losses: Losses) -> None:
    value = " ".join(part for part in (event.type, event.biz_step, event.event_time) if part)
    losses.add(rules.EVENT_LOST, Outcome.LOST, event.type, value, event=number, event_id=event.event_id or "")
