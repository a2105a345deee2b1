"""The parts that events share, read from their elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.epcis.element import Element
from gateway.epcis.events import (
    BizTransaction,
    ErrorDeclaration,
    Location,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
)
from gateway.epcis.name_escape import meant
from gateway.errors import LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml import rules
from gateway.formats.epcis_xml.names import ELEMENTS, EPCIS_NAMESPACES
from gateway.formats.epcis_xml.read_element import Elements, line_of
from gateway.formats.xml_input import Node

PartReader = Callable[[Node], Any]

_EPC_LISTS: Final = ("epc_list", "child_epcs", "input_epc_list", "output_epc_list")
_QUANTITY_LISTS: Final = ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list")


def names(local: str) -> tuple[str, ...]:
    """An element's name as the schemas have it, and as documents with a default namespace have it."""
    return (local, *(f"{{{uri}}}{local}" for uri in EPCIS_NAMESPACES))


def local_name(node: Node) -> str:
    """The local name of an element of EPCIS; the expanded name of a foreign one."""
    tag = str(node.tag)
    if tag.startswith("{"):
        uri, _, local = tag[1:].rpartition("}")
        return local if uri in EPCIS_NAMESPACES else tag
    return tag


def content(node: Node | None) -> str:
    """Text of an element of the standard; its types ignore white space around a value."""
    return (node.text or "").strip() if node is not None else ""


class Parts:
    """Readers for the parts of events.

    Attributes:
        elements: reader of vendor content.
        readers: a reader for each field of the model that is one element of an event.
        sensor_list_extensions: vendor content of the last sensorElementList that was read.
    """

    def __init__(self, context: Context) -> None:
        self.elements = Elements(context.limits.depth, context.losses)
        self._findings = context.findings
        self._limit = context.limits.epcs_per_event
        self._epc = names("epc")
        self.sensor_list_extensions: list[Element] = []
        self.where = Where()
        special: dict[str, PartReader] = {
            "read_point": self._location,
            "biz_location": self._location,
            "biz_transaction_list": self._transactions,
            "source_list": self._parties,
            "destination_list": self._parties,
            "sensor_element_list": self._sensors,
            "persistent_disposition": self._persistent,
            "error_declaration": self._error,
            "ilmd": self._ilmd,
        }
        special.update(dict.fromkeys(_EPC_LISTS, self._epcs))
        special.update(dict.fromkeys(_QUANTITY_LISTS, self._quantities))
        self.readers: dict[str, PartReader | None] = {name: special.get(name) for name in ELEMENTS}

    def unexpected(self, node: Node, parent: Node) -> None:
        """Report an element that the standard does not have at its place."""
        self._findings.report(
            rules.UNEXPECTED,
            f"{local_name(parent)} holds an element {local_name(node)!r} that EPCIS does not have there",
            where=Where(line=line_of(node), event=self.where.event),
            value=content(node),
        )

    def _epcs(self, node: Node) -> list[str]:
        found = [(item.text or "").strip() for item in node.iterchildren(*self._epc)]
        if len(found) != len(node):
            for item in node:
                if item.tag not in self._epc:
                    self.unexpected(item, node)
        if len(found) > self._limit:
            message = f"{local_name(node)} has {len(found):,} identifiers, allowed are {self._limit:,}"
            raise LimitExceeded(Finding.of(rules.LIMIT, message, where=Where(line=line_of(node))))
        return found

    def _quantities(self, node: Node) -> list[QuantityElement]:
        found = []
        for item in node:
            values: dict[str, str] = {}
            for child in item:
                values[local_name(child)] = (child.text or "").strip()
            quantity = values.get("quantity")
            found.append(QuantityElement(values.get("epcClass", ""), quantity or None, values.get("uom")))
        return found

    def _location(self, node: Node) -> Location:
        first, extensions = "", []
        for child in node:
            if child.tag == "id" or local_name(child) == "id":  # the plain name first: it is nearly always that
                first = (child.text or "").strip()
            else:
                extensions.append(child)
        return Location(first, self.elements.unwrapped(extensions)) if extensions else Location(first)

    def _transactions(self, node: Node) -> list[BizTransaction]:
        return [BizTransaction((item.text or "").strip(), item.get("type")) for item in node]

    def _parties(self, node: Node) -> list[Party]:
        return [Party(item.get("type", ""), (item.text or "").strip()) for item in node]

    def _persistent(self, node: Node) -> PersistentDisposition:
        value = PersistentDisposition([], [])
        for child in node:
            (value.set if local_name(child) == "set" else value.unset).append(content(child))
        return value

    def _ilmd(self, node: Node) -> list[Element]:
        self.elements.unkept(node, event=self.where.event)
        return self.elements.unwrapped(node)

    def _error(self, node: Node) -> ErrorDeclaration:
        self.elements.unkept(node, event=self.where.event)
        value = ErrorDeclaration()
        extensions = []
        for child in node:
            name = local_name(child)
            if name == "declarationTime":
                value.declaration_time = content(child)
            elif name == "reason":
                value.reason = content(child)
            elif name == "correctiveEventIDs":
                value.corrective_event_ids = [content(item) for item in child]
            else:
                extensions.append(child)
        value.extensions = self.elements.unwrapped(extensions)
        return value

    def _sensors(self, node: Node) -> list[SensorElement]:
        found, extensions = [], []
        for child in node:
            if local_name(child) == "sensorElement":
                found.append(self._sensor(child))
            else:
                extensions.append(child)
        self.sensor_list_extensions = self.elements.unwrapped(extensions)
        return found

    def _sensor(self, node: Node) -> SensorElement:
        value = SensorElement(None, [])
        extensions = []
        for child in node:
            name = local_name(child)
            if name == "sensorMetadata":
                value.metadata = list(_pairs(child))
            elif name == "sensorReport":
                value.reports.append(list(_pairs(child)))
            else:
                extensions.append(child)
        value.extensions = self.elements.unwrapped(extensions)
        return value


def _pairs(node: Node) -> Iterator[tuple[str, str]]:
    for name, value in node.attrib.items():
        yield meant(str(name)), str(value)
