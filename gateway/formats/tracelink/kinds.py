"""Which of TraceLink's messages has a place for an event."""

from __future__ import annotations

import enum

from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.vocabulary import Field, word


class Kind(enum.Enum):
    """What an event is for TraceLink."""

    COMMISSION = "commission"
    PACKING = "packing"
    SHIPPING = "shipping"
    OTHER = "other"


def kind_of(event: Event) -> Kind:
    """What an event is. One with an error declaration withdraws another: no message can say that."""
    step = word(Field.BIZ_STEP, event.biz_step) if event.biz_step else None
    if event.error_declaration is not None:
        return Kind.OTHER
    if isinstance(event, ObjectEvent) and event.epc_list:
        if (event.action, step) == ("ADD", "commissioning"):
            return Kind.COMMISSION
        if (event.action, step) == ("OBSERVE", "shipping"):
            return Kind.SHIPPING
    if isinstance(event, AggregationEvent) and event.parent_id and event.child_epcs:
        return Kind.PACKING if (event.action, step) == ("ADD", "packing") else Kind.OTHER
    return Kind.OTHER
