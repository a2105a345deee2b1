"""SNXDispositionAssignedMessage: serial numbers that were commissioned, and what was packed into what.

The details of a CommissionEvent that say the same of different serial numbers become one ObjectEvent. What they have
in common (place, line, lot, expiry) stands behind them in the message, so one CommissionEvent is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from gateway.epcis.element import Element, element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.legacy_ilmd import CBV_MASTER_DATA
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.bottom_up import bottom_up
from gateway.formats.tracelink.names import CMN, GTIN_14, ILMD, PREFIXES, SNX
from gateway.formats.tracelink.read_aggregation import read_aggregation
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.serials import Attributes, Written, epcs_of, read_serial
from gateway.formats.tracelink.tree import attribute, drop_if_empty, find, is_empty, node_name
from gateway.formats.xml_input import Node

_DETAIL: Final = "CommissionEventDetail"
_COMMON: Final = "CommissionCommonAttributes"
_COMMISSION: Final = "CommissionEvent"
_AGGREGATION_DETAIL: Final = "AggregationEventDetail"
_AGGREGATION: Final = "AggregationEvent"
_PLAIN: Final = frozenset({"EventDateTime", "EventTimeZoneOffset", "BarcodeContent"})
_GTIN: Final = slice(2, 16)


@dataclass(slots=True)
class _Group:
    """Details that differ in serial number and barcode only."""

    time: str
    offset: str
    where: Where
    attributes: Attributes
    rest: list[Element]
    serials: list[Written] = field(default_factory=list)
    barcodes: list[str] = field(default_factory=list)


class AssignedReader:
    """Reads the body of a SNXDispositionAssignedMessage."""

    tags = (_DETAIL, _COMMON, _COMMISSION, _AGGREGATION_DETAIL, _AGGREGATION)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._groups: dict[Any, _Group] = {}
        self._serials = 0
        self._common: Element | None = None
        self._aggregations: list[AggregationEvent] = []

    def ended(self, name: str, node: Node) -> Iterable[Event]:
        """A detail is kept until the event that it belongs to has ended."""
        if name == _DETAIL:
            self._detail(node)
        elif name == _COMMON:
            self._common = self._reading.trees.read(node)
        elif name == _COMMISSION:
            return list(self._commission(node))
        elif name == _AGGREGATION_DETAIL:
            event = read_aggregation(self._reading, node, "ADD", "packing", "container_closed")
            if event is not None:
                self._aggregations.append(event)
        else:
            return list(self._aggregation(node))
        self._free(node)
        return ()

    def body(self, node: Node) -> Iterable[Event]:
        """Details outside of an event have no common attributes; they cannot be events."""
        pending = ((_DETAIL, self._groups), (_COMMON, self._common), (_AGGREGATION_DETAIL, self._aggregations))
        for name, found in pending:
            if found:
                message = f"a {name} stands outside of its event"
                expected = _AGGREGATION if name == _AGGREGATION_DETAIL else _COMMISSION
                self._reading.findings.report(
                    rules.MISSING, message, where=self._reading.where(node), expected=expected
                )
        self._reading.unkept(node)
        self._drop(node)
        return ()

    def _free(self, node: Node) -> None:
        """Empty an element that was read, and drop those before it."""
        self._reading.clear(node)
        previous = node.getprevious()
        while previous is not None and node_name(previous) in self.tags:
            self._reading.drop(previous)
            previous = node.getprevious()

    def _drop(self, parent: Node) -> None:
        for child in list(parent):
            if node_name(child) in self.tags:
                self._reading.drop(child)

    def _detail(self, node: Node) -> None:
        reading = self._reading
        reading.unkept(node)
        values: dict[str, str] = {}
        serial: Written | None = None
        rest: list[Node] = []
        for child in node:
            name = node_name(child)
            if name == "SerialNumber" and serial is None:
                serial = read_serial(child, reading)
                continue
            reading.lose_tail(child)
            if name in _PLAIN and name not in values and not len(child) and not child.attrib:
                values[name] = (child.text or "").strip()
            else:
                rest.append(child)
                if name == "SerialNumber" or name in values:
                    message = f"{name} stands here twice"
                    reading.findings.report(rules.REPEATED, message, where=reading.where(child), value=child.text or "")
        if serial is None or not serial.text:
            message = f"the {_DETAIL} has no SerialNumber"
            reading.findings.report(rules.MISSING, message, where=reading.where(node), expected="SerialNumber")
            return
        self._serials += 1
        reading.check_count(self._serials, reading.where(node))
        time, offset = values.get("EventDateTime", ""), values.get("EventTimeZoneOffset", "")
        barcode = values.get("BarcodeContent")
        key = (time, offset, serial.attributes, barcode is None, *(_key(child) for child in rest))
        group = self._groups.get(key)
        if group is None:
            trees = [reading.trees.read(child) for child in rest]
            group = self._groups[key] = _Group(time, offset, reading.where(node), serial.attributes, trees)
        group.serials.append(serial)
        if barcode is not None:
            group.barcodes.append(barcode)

    def _commission(self, node: Node) -> Iterator[Event]:
        reading = self._reading
        groups, common = list(self._groups.values()), self._common
        self._groups, self._common, self._serials = {}, None, 0
        where = reading.where(node)
        reading.unkept(node)
        self._drop(node)
        others = [reading.trees.read(child) for child in node]
        place, prefix, ilmd = "", "", None
        if common is not None:
            gtins = {serial.text[_GTIN] for group in groups for serial in group.serials if serial.text[:2] == "01"}
            place = reading.trees.take(common, "EventLocation", where)
            prefix = self._company_prefix(common, groups, where)
            ilmd = self._ilmd(common, gtins, where)
            drop_if_empty(common, "ItemDetail")
        elif groups:
            reading.findings.report(rules.MISSING, f"the {_COMMISSION} has no {_COMMON}", where=where, expected=_COMMON)
        location = reading.location(place, where)
        for group in groups:
            event_where = reading.next_event(group.where)
            times = reading.times(group.time, group.offset, event_where)
            epcs = epcs_of(group.serials, reading, event_where, prefix)
            if times is None or not epcs:
                continue
            event = ObjectEvent(
                event_time=times[0],
                event_time_zone_offset=times[1],
                action="ADD",
                epc_list=epcs,
                biz_step=spell(Field.BIZ_STEP, "commissioning", Style.URN),
                disposition=spell(Field.DISPOSITION, "active", Style.URN),
                read_point=location,
                ilmd=ilmd,
                where=event_where,
            )
            event.extensions = _extension(group, common, others)
            yield event
        self._free(node)

    def _company_prefix(self, common: Element, groups: list[_Group], where: Where) -> str:
        """The company prefix of all serial numbers of the event. One that does not fit all of them stays."""
        found = find(common, "CompanyPrefix")
        prefix = found.text.strip() if found is not None else ""
        if prefix and all(self._reading.keys.fits(s.text[2:], prefix) for group in groups for s in group.serials):
            self._reading.trees.take(common, "CompanyPrefix", where)
        return prefix

    def _ilmd(self, common: Element, gtins: set[str], where: Where) -> list[Element] | None:
        """Lot and dates of the item. Its code is left out where it says what the serial numbers say."""
        item = find(common, "ItemDetail")
        if item is None:
            return None
        code = find(item, "ItemCode")
        if code is not None and attribute(code, "type") == GTIN_14 and gtins:
            if gtins == {code.text.strip()} and code.attributes == [("type", GTIN_14)] and not code.children:
                self._reading.trees.remove(item, code)
            elif gtins != {code.text.strip()}:
                message = f"ItemCode is {code.text.strip()!r}, the serial numbers have {', '.join(sorted(gtins))}"
                self._reading.findings.report(rules.ITEM_CODE, message, where=where, value=code.text.strip())
        values = {ours: self._reading.trees.take(item, local, where) for local, ours in ILMD.items()}
        found = [element(CBV_MASTER_DATA, name, text, prefix="cbvmda") for name, text in values.items() if text]
        return found or None

    def _aggregation(self, node: Node) -> Iterator[Event]:
        reading = self._reading
        reading.unkept(node)
        events, self._aggregations = self._aggregations, []
        self._drop(node)
        others = [reading.trees.read(child) for child in node]
        ordered = bottom_up(events)
        moved = [event for event, other in zip(ordered, events, strict=True) if event is not other]
        if moved:
            message = f"{len(moved):,} events of packing were put in another order"
            reading.findings.report(rules.REORDERED, message, where=moved[0].where)
        if others and ordered:
            shell = Element(f"{{{SNX}}}{_AGGREGATION}", prefix=PREFIXES[SNX], children=others)
            ordered[0].extensions = [*ordered[0].extensions, shell]
        for event in ordered:
            event.where = reading.next_event(event.where)
            yield event
        self._free(node)


def _key(node: Node) -> Any:
    """What makes an element different from another one."""
    if len(node):
        return etree.tostring(node, with_tail=False)
    return node.tag, (node.text or "").strip(), tuple(node.items())


def _extension(group: _Group, common: Element | None, others: list[Element]) -> list[Element]:
    """What the message says beside the event's fields, in its own elements."""
    inner: list[Element] = []
    if group.attributes:
        name = f"{{{CMN}}}SerialNumber"
        inner.append(Element(name, attributes=list(group.attributes), prefix=PREFIXES[CMN]))
    inner += group.rest
    inner += [element(CMN, "BarcodeContent", text, prefix=PREFIXES[CMN]) for text in group.barcodes]
    content = [element(SNX, _DETAIL, prefix=PREFIXES[SNX], children=inner)] if inner else []
    if common is not None and not is_empty(common):
        content.append(common)
    content += others
    return [element(SNX, _COMMISSION, prefix=PREFIXES[SNX], children=content)] if content else []
