"""One packing or unpacking: AggregationEventDetail and DisaggregatedEvent, which have the same parts."""

from __future__ import annotations

from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.reading import Reading
from gateway.formats.tracelink.serials import Written, epcs_of, read_serial, shells
from gateway.formats.tracelink.tree import is_empty, node_name
from gateway.formats.xml_input import Node


def read_aggregation(
    reading: Reading, node: Node, action: str, biz_step: str, disposition: str
) -> AggregationEvent | None:
    """The event of a detail; None when a part that it needs is missing or wrong, which is reported.

    Args:
        reading: the state of reading.
        node: the complete element; it is emptied of its lists.
        action: ADD or DELETE.
        biz_step: CBV word.
        disposition: CBV word, empty for none.
    """
    where = reading.where(node)
    parent, parents = _serials(reading, node, "ParentSerialNumber")
    children, list_rest = _list(reading, node, where)
    tree = reading.trees.read(node)
    tree.children = [*parents, *tree.children, *list_rest]
    time = reading.trees.take(tree, "EventDateTime", where)
    offset = reading.trees.take(tree, "EventTimeZoneOffset", where)
    place = reading.trees.take(tree, "EventLocation", where)
    _check_quantity(reading, tree, len(children), where)
    if len(parent) > 1:
        message = f"ParentSerialNumber stands here {len(parent)} times"
        reading.findings.report(rules.REPEATED, message, where=where, value=parent[1].text)
    for name, found in (("ParentSerialNumber", parent), ("SerialNumberList", children)):
        if not found:
            reading.findings.report(rules.MISSING, f"the {tree.local} has no {name}", where=where, expected=name)
    times = reading.times(time, offset, where)
    parent_epcs = epcs_of(parent, reading, where)
    child_epcs = epcs_of(children, reading, where)
    if times is None or not parent_epcs or not child_epcs:
        return None
    event = AggregationEvent(
        event_time=times[0],
        event_time_zone_offset=times[1],
        action=action,
        parent_id=parent_epcs[0],
        child_epcs=child_epcs,
        biz_step=spell(Field.BIZ_STEP, biz_step, Style.URN),
        disposition=spell(Field.DISPOSITION, disposition, Style.URN) if disposition else None,
        read_point=reading.location(place, where),
        where=where,
    )
    if not is_empty(tree):
        event.extensions = [tree]
    return event


def _serials(reading: Reading, node: Node, local: str) -> tuple[list[Written], list[Element]]:
    """Serial numbers that are children of this name, and what their elements say besides; they are taken away."""
    found = [child for child in node if node_name(child) == local]
    written = [read_serial(child, reading) for child in found]
    rest = shells(str(found[0].tag), written) if found else []
    for child in found:
        node.remove(child)
    return written, rest


def _list(reading: Reading, node: Node, where: Where) -> tuple[list[Written], list[Element]]:
    """The serial numbers of the list, and what is left of it."""
    written: list[Written] = []
    rest: list[Element] = []
    for part in [child for child in node if node_name(child) == "SerialNumberList"]:
        reading.check_count(len(written) + len(part), where)
        found, left = _serials(reading, part, "SerialNumber")
        written += found
        tree = reading.trees.read(part)
        tree.children = [*left, *tree.children]
        if not is_empty(tree):
            rest.append(tree)
        reading.drop(part)
    return written, rest


def _check_quantity(reading: Reading, tree: Element, count: int, where: Where) -> None:
    """Quantity says how many there are; where it is right it says nothing new."""
    found = [child for child in tree.children if child.local == "Quantity"]
    if not found:
        return
    text = found[0].text.strip()
    if text == str(count) and len(found) == 1 and not found[0].attributes:
        reading.trees.take(tree, "Quantity", where)
    elif text != str(count):
        message = f"Quantity is {text!r}, the list has {count} serial numbers"
        reading.findings.report(rules.QUANTITY, message, where=where, value=text, expected=str(count))
