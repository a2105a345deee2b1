"""SNXDisaggregatedMessage: what was taken out of what."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.epcis.events import Event
from gateway.formats.tracelink.read_aggregation import read_aggregation
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.tree import node_name
from gateway.formats.xml_input import Node


class DisaggregatedReader:
    """Reads the body of a SNXDisaggregatedMessage."""

    tags = ("DisaggregatedEvent",)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def ended(self, name: str, node: Node) -> Iterable[Event]:  # noqa: ARG002 - there is one name
        """An event is complete."""
        event = read_aggregation(self._reading, node, "DELETE", "unpacking", "")
        self._reading.clear(node)
        previous = node.getprevious()
        if previous is not None and node_name(previous) in self.tags:
            self._reading.drop(previous)
        if event is not None:
            event.where = self._reading.next_event(event.where)
            yield event

    def body(self, node: Node) -> Iterable[Event]:
        """Nothing is left to do."""
        self._reading.unkept(node)
        for child in [child for child in node if node_name(child) in self.tags]:
            self._reading.drop(child)
        return ()
