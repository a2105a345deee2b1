"""SNXDispositionUpdatedMessage: a new status of serial numbers, one event in a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.late_serials import LateSerials
from gateway.formats.tracelink.serials import epcs_of
from gateway.formats.tracelink.statuses import ATTRIBUTES, STATUSES, Meaning
from gateway.formats.tracelink.tree import find
from gateway.formats.xml_input import Node

_LIST: Final = "SerialNumbers"


class UpdatedReader(LateSerials):
    """Reads the body of a SNXDispositionUpdatedMessage."""

    tags = (_LIST,)

    def body(self, node: Node) -> Iterator[Event]:
        """The event of the message."""
        reading = self._reading
        where = reading.next_event(reading.where(node))
        tree = self.remaining(node)
        tree.children = [*self._rest, *tree.children]
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
