"""The EPCIS event types and their parts, named as EPCIS 2.0 names them (ISO/IEC 19987:2024, clause 7.4).

Identifiers, times, quantities and vocabulary values are text, exactly as read: a quantity ``1.50`` stays ``1.50``
and a bizStep stays in the spelling of its source until a writer spells it for its target. ``None`` means absent;
an empty list means present and empty, which some schemas tell apart (conversion rule C07).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import Struct, field, structs

from gateway.epcis.element import Element
from gateway.findings import NOWHERE, Where


class Location(Struct, gc=False):
    """A readPoint or a bizLocation: an id and what a vendor adds to it."""

    id: str
    extensions: list[Element] = []


class QuantityElement(Struct, gc=False):
    """A class-level identifier with an amount (clause 7.3.3.3).

    Attributes:
        epc_class: LGTIN, GTIN pattern or other class URI.
        quantity: decimal as text, None when the amount is not known.
        uom: UN/ECE Recommendation 20 unit code; absent means a count of trade items.
    """

    epc_class: str
    quantity: str | None = None
    uom: str | None = None


class BizTransaction(Struct, gc=False):
    """A business document that the event belongs to; `type` is a CBV business transaction type or a URI."""

    id: str
    type: str | None = None


class Party(Struct, gc=False):
    """A source or a destination: its `type` (owning_party, possessing_party, location or a URI) and id."""

    type: str
    id: str


class ErrorDeclaration(Struct, gc=False):
    """Says that the event, repeated in full, was in error (clause 7.4.1.3)."""

    declaration_time: str | None = None
    reason: str | None = None
    corrective_event_ids: list[str] | None = None
    extensions: list[Element] = []


class PersistentDisposition(Struct, gc=False):
    """Dispositions that stay until they are unset (clause 7.4.2)."""

    set: list[str] = []
    unset: list[str] = []


class SensorElement(Struct, gc=False):
    """A sensorElement: metadata and reports as ordered name-value pairs, values verbatim (clause 7.3.7).

    Attributes:
        metadata: attributes of sensorMetadata, None when there is none.
        reports: attributes of each sensorReport.
        extensions: vendor content.
    """

    metadata: list[tuple[str, str]] | None = None
    reports: list[list[tuple[str, str]]] = []
    extensions: list[Element] = []


class Kin:
    """A mark that a reader puts on events of which it knows that they are alike (`gateway.epcis.alike`).

    It is no part of an event: events with and without it are equal.
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Kin)


class Event(Struct, kw_only=True, gc=False):
    """What all events have.

    Attributes:
        event_time: xsd:dateTime as read. With 1.x sources it may lack a zone.
        event_time_zone_offset: ``+02:00`` form, as read.
        record_time: set by a repository; kept when present, never invented.
        certification_info: URIs. XML allows one.
        extensions: vendor elements of the event itself (##other).
        inner_extensions: content of the event's ``extension`` wrapper that is not EPCIS (1.2 ##local, 2.0 ##other).
        base_extensions: the same for ``baseExtension``.
        attributes: foreign attributes of the event element, name and value.
        where: where the event stood in its source. Not part of the event.
        kin: the same for events that are alike. Who gives an event another part takes it off. Not part of the event.
    """

    type: ClassVar[str] = "Event"

    event_time: str
    event_time_zone_offset: str
    record_time: str | None = None
    event_id: str | None = None
    error_declaration: ErrorDeclaration | None = None
    certification_info: list[str] | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: Location | None = None
    biz_location: Location | None = None
    biz_transaction_list: list[BizTransaction] | None = None
    source_list: list[Party] | None = None
    destination_list: list[Party] | None = None
    sensor_element_list: list[SensorElement] | None = None
    sensor_list_extensions: list[Element] = []
    persistent_disposition: PersistentDisposition | None = None
    extensions: list[Element] = []
    inner_extensions: list[Element] = []
    base_extensions: list[Element] = []
    attributes: list[tuple[str, str]] = []
    where: Where = field(default=NOWHERE)
    kin: Kin | None = None


class ObjectEvent(Event, kw_only=True, gc=False):
    """Something happened to objects (clause 7.4.2)."""

    type: ClassVar[str] = "ObjectEvent"

    action: str
    epc_list: list[str] | None = None
    quantity_list: list[QuantityElement] | None = None
    ilmd: list[Element] | None = None


class AggregationEvent(Event, kw_only=True, gc=False):
    """Objects were packed into, unpacked from, or seen in a parent (clause 7.4.3)."""

    type: ClassVar[str] = "AggregationEvent"

    action: str
    parent_id: str | None = None
    child_epcs: list[str] | None = None
    child_quantity_list: list[QuantityElement] | None = None


class QuantityEvent(Event, kw_only=True, gc=False):
    """An amount of a class; EPCIS 1.x only (1.2, clause 7.4.4)."""

    type: ClassVar[str] = "QuantityEvent"

    epc_class: str
    quantity: str


class TransactionEvent(Event, kw_only=True, gc=False):
    """Objects were tied to business documents (clause 7.4.5)."""

    type: ClassVar[str] = "TransactionEvent"

    action: str
    parent_id: str | None = None
    epc_list: list[str] | None = None
    quantity_list: list[QuantityElement] | None = None


class TransformationEvent(Event, kw_only=True, gc=False):
    """Inputs were consumed and outputs made (clause 7.4.6). It has no action."""

    type: ClassVar[str] = "TransformationEvent"

    input_epc_list: list[str] | None = None
    input_quantity_list: list[QuantityElement] | None = None
    output_epc_list: list[str] | None = None
    output_quantity_list: list[QuantityElement] | None = None
    transformation_id: str | None = None
    ilmd: list[Element] | None = None


class AssociationEvent(Event, kw_only=True, gc=False):
    """Objects were physically tied to a parent object or location; EPCIS 2.0 only (clause 7.4.7)."""

    type: ClassVar[str] = "AssociationEvent"

    action: str
    parent_id: str | None = None
    child_epcs: list[str] | None = None
    child_quantity_list: list[QuantityElement] | None = None


#: Fields that say something about an event and are no part of it.
NO_PART: frozenset[str] = frozenset({"where", "kin"})

EVENT_TYPES: tuple[type[Event], ...] = (
    ObjectEvent,
    AggregationEvent,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
    AssociationEvent,
)


def _parent(event: AggregationEvent | TransactionEvent | AssociationEvent) -> int:
    return event.parent_id is not None


_COUNTS: dict[type[Event], Callable[[Any], int]] = {
    ObjectEvent: lambda event: len(event.epc_list or ()),
    AggregationEvent: lambda event: len(event.child_epcs or ()) + _parent(event),
    QuantityEvent: lambda _: 0,
    TransactionEvent: lambda event: len(event.epc_list or ()) + _parent(event),
    TransformationEvent: lambda event: len(event.input_epc_list or ()) + len(event.output_epc_list or ()),
    AssociationEvent: lambda event: len(event.child_epcs or ()) + _parent(event),
}


def epcs(event: Event) -> int:
    """How many instance identifiers the event names, its parent included."""
    return _COUNTS[type(event)](event)


def bare(event: Event) -> Event:
    """The event alone, without what is no part of it: what may be written down as it is."""
    return structs.replace(event, where=NOWHERE, kin=None)
