"""The events of a document as a composer needs them: all read, those that were withdrawn told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.epcis.document import Document
from gateway.epcis.events import Event
from gateway.epcis.hierarchy import DocumentHierarchy
from gateway.epcis.time import has_zone
from gateway.findings import Findings, Rule


def read_all(document: Document, findings: Findings, nameless: Rule) -> tuple[DocumentHierarchy, list[Event]]:
    """All events of a document in its order, and the hierarchy that they tell.

    Args:
        document: it is read to its end.
        findings: takes conflicts of packing too, when the hierarchy is first asked.
        nameless: the market's rule about an error declaration without the eventID of what it withdraws.
    """
    hierarchy = DocumentHierarchy(findings)
    events = []
    for event in document.events:
        hierarchy.add(event)
        events.append(event)
        if event.error_declaration is not None and not event.event_id:
            message = f"the {event.type} of {event.event_time} has an error declaration but no eventID"
            findings.report(nameless, message, where=event.where)
    return hierarchy, events


def counts(event: Event, hierarchy: DocumentHierarchy) -> bool:
    """Whether an event counts: it withdraws nothing, and nothing withdraws it."""
    return event.error_declaration is None and not hierarchy.withdrawn(event)


def counting(events: Iterable[Event], hierarchy: DocumentHierarchy) -> Iterator[Event]:
    """The events that count."""
    return (event for event in events if counts(event, hierarchy))


def moment_of(event: Event) -> str:
    """The time of an event with its zone, for questions to a `Hierarchy`; one that cannot be read means the latest."""
    return event.event_time if has_zone(event.event_time) else event.event_time + event.event_time_zone_offset
