"""What is delivered to whom, and what the history of exactly these goods is.

A buyer is told of what is shipped to him and of nothing else: packs of other buyers are taken out of the events that
commissioned or packed them together with his.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import structs

from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, Party, QuantityElement
from gateway.epcis.hierarchy import DocumentHierarchy
from gateway.epcis.time import order_key
from gateway.epcis.vocabulary import Field, word
from gateway.findings import LossRule, Outcome
from gateway.formats.base import Context
from gateway.markets.kit.events import counting, moment_of, read_all
from gateway.markets.kit.expand import DEEPEST
from gateway.markets.kit.joined import Joined
from gateway.markets.kit.rules import NOT_WANTED
from gateway.markets.us import rules

OWNER: Final = "owning_party"
_COMMISSIONING, _SHIPPING, _VOID = "commissioning", "shipping", "void_shipping"


@dataclass(slots=True)
class Delivery:
    """What goes from one seller to one buyer under the same business documents.

    Attributes:
        seller: source of type owning_party, as the event spells it.
        buyer: destination of type owning_party.
        shippings: its shipping events, in the order of time.
        goods: all that is shipped, containers and what is in them, each with the container it is in.
    """

    seller: str
    buyer: str
    shippings: list[ObjectEvent] = field(default_factory=list)
    goods: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """The events of a document that matter, in the order of time.

    Attributes:
        births: commissionings.
        packings: aggregation events that pack something.
        shippings: shipping events that were neither withdrawn nor voided.
        hierarchy: who is in what, as the document and earlier messages tell it.
        attributes: ILMD of packs, from the document alone.
    """

    births: list[ObjectEvent]
    packings: list[AggregationEvent]
    shippings: list[ObjectEvent]
    hierarchy: Joined
    document: DocumentHierarchy


def read_story(document: Document, context: Context) -> Story:
    """Read all events of a document."""
    hierarchy, read = read_all(document, context.findings, rules.WITHDRAWAL)
    events = sorted(counting(read, hierarchy), key=_moment)
    story = Story([], [], [], Joined(hierarchy, context.hierarchy), hierarchy)
    voids: list[ObjectEvent] = []
    unwanted: set[str] = set()
    for event in events:
        step = word(Field.BIZ_STEP, event.biz_step or "") or event.biz_step or event.type
        match event:
            case ObjectEvent(action="ADD"):
                story.births.append(event)
            case AggregationEvent(action="ADD"):
                story.packings.append(event)
            case ObjectEvent() if step == _SHIPPING:
                story.shippings.append(event)
            case ObjectEvent() if step == _VOID:
                voids.append(event)
            case _:
                if step not in unwanted:
                    unwanted.add(step)
                    message = f"the buyer is not told of {step}"
                    context.findings.report(NOT_WANTED, message, where=event.where, value=step)
    story.shippings = list(_not_voided(story.shippings, voids, context))
    return story


def deliveries(story: Story, context: Context) -> list[Delivery]:
    """The deliveries of a document, in the order of their first shipping."""
    found: dict[tuple[object, ...], Delivery] = {}
    for event in story.shippings:
        seller, buyer = _party(event.source_list), _party(event.destination_list)
        if not seller or not buyer:
            side = "source" if not seller else "destination"
            message = f"the shipping event has no {side} of type {OWNER}"
            context.findings.report(rules.PARTIES, message, where=event.where)
            continue
        if len(seller) > 1 or len(buyer) > 1 or seller == buyer:
            message = f"from {' and '.join(seller)} to {' and '.join(buyer)}: who sells to whom is not clear"
            context.findings.report(rules.OWNERSHIP, message, where=event.where)
            continue
        papers = tuple(sorted((each.type or "", each.id) for each in event.biz_transaction_list or ()))
        parties = tuple(_parties(event.source_list) + _parties(event.destination_list))
        delivery = found.setdefault((parties, papers), Delivery(seller[0], buyer[0]))
        delivery.shippings.append(event)
    for delivery in found.values():
        _load(delivery, story, context)
    return list(found.values())


def history(delivery: Delivery, story: Story, context: Context) -> Iterator[Event]:
    """Commissioning and packing of what a delivery holds, in the order of time."""
    goods = delivery.goods
    told: list[Event] = [*story.births, *story.packings]
    for event in sorted(told, key=_moment):
        if isinstance(event, ObjectEvent):
            listed = event.epc_list or []
            kept = [epc for epc in listed if epc in goods]
            if kept:
                yield _part(event, "epc_list", listed, kept, event.quantity_list, context)
        elif isinstance(event, AggregationEvent) and event.parent_id in goods:
            listed = event.child_epcs or []
            kept = [epc for epc in listed if goods.get(epc) == event.parent_id]
            if kept:
                yield _part(event, "child_epcs", listed, kept, event.child_quantity_list, context)


def _load(delivery: Delivery, story: Story, context: Context) -> None:
    """Fill in the goods: what the shipping events list, and what is in it at that time."""
    for event in delivery.shippings:
        pending: list[tuple[str, str | None, int]] = [(epc, None, 0) for epc in reversed(event.epc_list or [])]
        as_of = moment_of(event)
        while pending:
            epc, parent, depth = pending.pop()
            if depth > 0 and epc in delivery.goods and delivery.goods[epc] is None:
                delivery.goods[epc] = parent  # listed beside the container that it is in
                continue
            if epc in delivery.goods:
                if depth == 0 and delivery.goods[epc] is None:
                    message = f"{epc} is shipped twice"
                    context.findings.report(rules.TWICE, message, where=event.where, value=epc)
                continue
            if depth > DEEPEST:
                message = f"{epc} is in more than {DEEPEST} containers"
                context.findings.report(rules.TOO_DEEP, message, where=event.where, value=epc)
                return
            delivery.goods[epc] = parent
            inside = story.hierarchy.children(epc, as_of)
            pending.extend((child, epc, depth + 1) for child in reversed(inside))


def _part(
    event: Any,
    name: str,
    listed: list[str],
    kept: list[str],
    quantities: list[QuantityElement] | None,
    context: Context,
) -> Event:
    """The event with the kept identifiers alone; the event itself where these are all."""
    if len(kept) == len(listed):
        return event  # type: ignore[no-any-return]
    changes: dict[str, Any] = {name: kept, "kin": None}
    if event.event_id is not None:
        _lose(context, rules.EVENT_ID_LOST, "eventID", event.event_id, event)
        changes["event_id"] = None
    if quantities:
        for each in quantities:
            value = " ".join(part for part in (each.epc_class, each.quantity, each.uom) if part)
            _lose(context, rules.QUANTITY_LOST, "quantityElement", value, event)
        changes["quantity_list" if name == "epc_list" else "child_quantity_list"] = None
    return structs.replace(event, **changes)  # type: ignore[no-any-return]


def _lose(context: Context, rule: LossRule, name: str, value: str, event: Event) -> None:
    context.losses.add(rule, Outcome.LOST, name, value, event=event.where.event, event_id=event.event_id or "")


def _not_voided(shippings: Iterable[ObjectEvent], voids: list[ObjectEvent], context: Context) -> Iterator[ObjectEvent]:
    """The shipping events that no later event takes back."""
    for event in shippings:
        listed = set(event.epc_list or ())
        taken: set[str] = set()
        for void in voids:
            if _moment(void) >= _moment(event):
                taken.update(listed.intersection(void.epc_list or ()))
        if not taken:
            yield event
        elif taken != listed:
            message = f"{len(taken):,} of the {len(listed):,} identifiers that were shipped were voided"
            context.findings.report(rules.VOIDED, message, where=event.where)
        else:
            message = "the shipping was voided; the buyer is not told of it"
            context.findings.report(NOT_WANTED, message, where=event.where, value=_VOID)


def _parties(parties: list[Party] | None) -> list[tuple[str, str]]:
    return sorted((word(Field.SOURCE_DESTINATION_TYPE, each.type) or each.type, each.id) for each in parties or ())


def _party(parties: list[Party] | None) -> list[str]:
    return [id_ for type_, id_ in dict.fromkeys(_parties(parties)) if type_ == OWNER]


def _moment(event: Event) -> Any:
    """Events without a readable time come last; the checks name them."""
    moment = order_key(event.event_time, event.event_time_zone_offset)
    return (moment is None, moment)
