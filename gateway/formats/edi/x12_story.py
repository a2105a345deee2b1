"""Reads a document's events once and keeps what ship notices are made of; lists what they have no place for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from gateway.epcis.document import Document
from gateway.epcis.element import Element
from gateway.epcis.events import (
    NO_PART,
    AggregationEvent,
    BizTransaction,
    Event,
    ObjectEvent,
    Party,
    QuantityElement,
    TransformationEvent,
)
from gateway.epcis.hierarchy import DocumentHierarchy
from gateway.epcis.time import OrderKey, order_key
from gateway.epcis.vocabulary import Field, word
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.edi import x12_losses as rules

#: ILMD attributes (CBV 2.0) that the 856 holds.
LOT: Final = "lotNumber"
EXPIRY: Final = "itemExpirationDate"
#: Fields of a shipping event that are read; all others are lost when they hold anything.
_READ: Final = frozenset(
    {
        "event_time",
        "event_time_zone_offset",
        "biz_step",
        "biz_transaction_list",
        "source_list",
        "destination_list",
        "epc_list",
        "quantity_list",
        "action",
        "where",
    }
)
#: What of other events is looked at again when the shipments are known.
_CONTENTS: Final = frozenset({"epc_list", "child_epcs", "child_quantity_list", "ilmd", "parent_id"})
#: What shipping means anyway (CBV 2.0, 7.2): it is not lost.
_IMPLIED: Final = "in_transit"


@dataclass(slots=True)
class Shipment:
    """Shipping events that tell of the same shipment.

    Attributes:
        event: the first of them.
        number: its number in the document.
        epcs: what they name.
        quantities: amounts without serial numbers that they name.
    """

    event: ObjectEvent
    number: int
    epcs: list[str] = field(default_factory=list)
    quantities: list[QuantityElement] = field(default_factory=list)

    @property
    def transactions(self) -> list[BizTransaction]:
        """Its business transactions."""
        return self.event.biz_transaction_list or []

    @property
    def sources(self) -> list[Party]:
        """Where it comes from."""
        return self.event.source_list or []

    @property
    def destinations(self) -> list[Party]:
        """Where it goes."""
        return self.event.destination_list or []


@dataclass(slots=True)
class Story:
    """What the events of a document say.

    Attributes:
        hierarchy: who is in which container, and lot and expiry of single things.
        amounts: amounts without serial numbers by container.
        lots: lot and expiry by class.
        shipments: the shipments in document order.
        voided: instances whose shipping was voided, and when.
        named: instances of other events, and the number of the first event that names them.
    """

    hierarchy: DocumentHierarchy
    amounts: dict[str, list[QuantityElement]] = field(default_factory=dict)
    lots: dict[str, dict[str, str]] = field(default_factory=dict)
    shipments: list[Shipment] = field(default_factory=list)
    voided: dict[str, OrderKey | None] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)


def read_story(document: Document, context: Context) -> Story:
    """Read all events of a document."""
    story = Story(DocumentHierarchy(context.findings))
    shipped: list[tuple[int, ObjectEvent]] = []
    for number, event in enumerate(document.events, 1):
        story.hierarchy.add(event)
        step = word(Field.BIZ_STEP, event.biz_step or "")
        if isinstance(event, ObjectEvent) and step == "shipping" and event.error_declaration is None:
            shipped.append((number, event))
            continue
        _take(event, step or "", story)
        for epc in (*(getattr(event, "epc_list", None) or ()), *(getattr(event, "child_epcs", None) or ())):
            story.named.setdefault(epc, number)
        if getattr(event, "parent_id", None):
            story.named.setdefault(getattr(event, "parent_id", ""), number)
        _lose_event(event, number, context)
    merged: dict[bytes, Shipment] = {}
    for number, event in shipped:
        if story.hierarchy.withdrawn(event):
            _lose_event(event, number, context)
            continue
        parts = [event.event_time, event.biz_transaction_list, event.source_list, event.destination_list]
        shipment = merged.setdefault(msgspec.json.encode(parts), Shipment(event, number))
        shipment.epcs += event.epc_list or ()
        shipment.quantities += event.quantity_list or ()
        _lose_fields(event, number, context)
    story.shipments = list(merged.values())
    return story


def time_of(event: Event) -> OrderKey | None:
    """When an event happened, for comparing."""
    return order_key(event.event_time, event.event_time_zone_offset)


def _take(event: Event, step: str, story: Story) -> None:
    if event.error_declaration is not None:
        return
    match event:
        case AggregationEvent():
            _pack(event, story)
        case ObjectEvent() if step == "void_shipping":
            story.voided.update(dict.fromkeys(event.epc_list or (), time_of(event)))
        case ObjectEvent(action="ADD", ilmd=[_, *_]):
            _describe(event.quantity_list, event.ilmd, story)
        case TransformationEvent(ilmd=[_, *_]):
            _describe(event.output_quantity_list, event.ilmd, story)
        case _:
            pass


def _pack(event: AggregationEvent, story: Story) -> None:
    if event.parent_id is None:
        return
    inside = story.amounts.setdefault(event.parent_id, [])
    if event.action == "DELETE" and not event.child_epcs and not event.child_quantity_list:
        inside.clear()
    known = {one.epc_class for one in inside}
    for one in event.child_quantity_list or ():
        if event.action == "ADD" or (event.action == "OBSERVE" and one.epc_class not in known):
            inside.append(one)  # an observation neither adds nor removes what is known already
        elif event.action == "DELETE" and one in inside:
            inside.remove(one)


def _describe(quantities: Iterable[QuantityElement] | None, ilmd: Iterable[Element] | None, story: Story) -> None:
    shared = {element.local: element.text for element in ilmd or ()}
    for one in quantities or ():
        story.lots[one.epc_class] = shared


def _lose_event(event: Event, number: int, context: Context) -> None:
    """What an event says beside who is in what, and of which lot."""
    kept = dict(_said(event, _CONTENTS))
    name = f"{event.type}/{event.biz_step or ''}".rstrip("/")
    context.losses.add(rules.EVENT, Outcome.LOST, name, _json(kept), event=number, event_id=event.event_id or "")
    for element in getattr(event, "ilmd", None) or ():
        if element.local not in (LOT, EXPIRY):
            context.losses.add(
                rules.ILMD,
                Outcome.LOST,
                f"ilmd/{element.local}",
                _json(msgspec.to_builtins(element)) if element.children else element.text,
                event=number,
                event_id=event.event_id or "",
            )


def _lose_fields(event: ObjectEvent, number: int, context: Context) -> None:
    for name, value in _said(event, _READ):
        if name == "disposition" and word(Field.DISPOSITION, str(value)) == _IMPLIED:
            continue
        if name == "read_point" and event.read_point and not event.read_point.extensions:
            places = [one.id for one in event.source_list or () if word(_SOURCE, one.type) == "location"]
            if event.read_point.id in places:
                continue
        text = value if isinstance(value, str) else _json(value)
        context.losses.add(rules.FIELD, Outcome.LOST, name, text, event=number, event_id=event.event_id or "")


_SOURCE: Final = Field.SOURCE_DESTINATION_TYPE


def _said(event: Event, without: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """The fields of an event that hold something, by name."""
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name not in without and name not in NO_PART and value not in (None, [], ""):
            yield name, msgspec.to_builtins(value)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
