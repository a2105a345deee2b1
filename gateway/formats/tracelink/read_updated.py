"""SNXDispositionUpdatedMessage: a new status of serial numbers, one event in a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.serials import Written, epcs_of, read_serial, shells
from gateway.formats.tracelink.statuses import ATTRIBUTES, STATUSES, Meaning
from gateway.formats.tracelink.tree import find, is_empty, node_name
from gateway.formats.xml_input import Node

_LIST: Final = "SerialNumbers"


class UpdatedReader:
    """Reads the body of a SNXDispositionUpdatedMessage."""

    tags = (_LIST,)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._serials: list[Written] = []
        self._rest: list[Element] = []

    def ended(self, name: str, node: Node) -> Iterable[Event]:  # noqa: ARG002 - there is one name
        """Keep the serial numbers until the rest of the event is there."""
        self._reading.check_count(len(self._serials) + len(node), self._reading.where(node))
        found = [child for child in node if node_name(child) == "Serial"]
        written = [read_serial(child, self._reading) for child in found]
        left = shells(str(found[0].tag), written) if found else []
        for child in found:
            node.remove(child)
        tree = self._reading.trees.read(node)
        tree.children = [*left, *tree.children]
        if not is_empty(tree):
            self._rest.append(tree)
        self._serials += written
        self._reading.clear(node)
        return ()

    def body(self, node: Node) -> Iterator[Event]:
        """The event of the message."""
        reading = self._reading
        where = reading.next_event(reading.where(node))
        for child in [child for child in node if node_name(child) in self.tags]:
            reading.drop(child)
        tree = reading.trees.read(node)
        tree.children = [*self._rest, *tree.children]
        for child in list(node):
            node.remove(child)
        meaning = self._meaning(tree, where)
        time = reading.trees.take(tree, "EventDateTime", where)
        offset = reading.trees.take(tree, "EventTimeZoneOffset", where)
        place = reading.trees.take(tree, "EventLocation", where)
        if not self._serials:
            reading.findings.report(rules.MISSING, "the message has no Serial", where=where, expected="Serial")
        times = reading.times(time, offset, where)
        epcs = epcs_of(self._serials, reading, where)
        if times is None or not epcs or meaning is None:
            return
        event = ObjectEvent(
            event_time=times[0],
            event_time_zone_offset=times[1],
            action=meaning.action,
            epc_list=epcs,
            biz_step=spell(Field.BIZ_STEP, meaning.biz_step, Style.URN),
            disposition=spell(Field.DISPOSITION, meaning.disposition, Style.URN) if meaning.disposition else None,
            read_point=reading.location(place, where),
            where=where,
        )
        event.extensions = [tree]
        yield event

    def _meaning(self, tree: Element, where: Where) -> Meaning | None:
        """What the status says; it stays in the vendor content, which tells two of them apart."""
        found = find(tree, "PackagingSerialNumberStatus")
        status = found.text.strip() if found is not None else ""
        meaning = STATUSES.get(status)
        if meaning is None:
            message = f"the status {status!r} has no known meaning" if status else "the message has no status"
            expected = ", ".join(STATUSES)
            self._reading.findings.report(rules.STATUS, message, where=where, value=status, expected=expected)
            return None
        item = find(tree, "ItemAttribute")
        disposition = ATTRIBUTES.get(item.text.strip(), "") if item is not None else ""
        return meaning if meaning.disposition else meaning._replace(disposition=disposition)
