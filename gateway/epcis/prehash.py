"""The pre-hash string of an event: its content in one canonical spelling (CBV 2.0, section 8.9.2).

The string holds names and values in the canonical property order, without separators. Lists are sorted by code point,
their own name stands before them once. User extensions of a part stand directly behind the part; ILMD and extensions
of the event stand last. eventID, recordTime, errorDeclaration, comments and the document around the event are not
part of it, nor is what only one syntax says (``xsi:type``, wrappers, prefixes, text between child elements).

certificationInfo follows eventTimeZoneOffset: the table of the standard does not name it, the reference
implementation has it there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from gateway.epcis.element import XSI, Element
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    BizTransaction,
    Event,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
    QuantityEvent,
    SensorElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.prehash_values import Variant, canonical, keys, number, sensor_type, standard_value, utc
from gateway.epcis.vocabulary import Field

_COMMENT: Final = "{http://www.w3.org/2000/01/rdf-schema#}comment"
_SYNTAX: Final = f"{{{XSI}}}"
_NOTHING: Final[frozenset[str]] = frozenset()

_METADATA: Final = (
    *("time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData"),
    *("dataProcessingMethod", "bizRules"),
)
_REPORT: Final = (
    *("type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time"),
    *("microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue"),
    *("uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom"),
    "coordinateReferenceSystem",
)
_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_SENSOR_TYPES: Final = frozenset({"type", "exception"})


def prehash(event: Event, ignore: Collection[str] = _NOTHING, variant: Variant = Variant.STANDARD) -> str:
    """The pre-hash string of an event.

    Args:
        event: in any spelling; it is not changed.
        ignore: ``{namespace}name`` of user extensions of the event that do not count, e.g. those that a repository
            adds after capture.
        variant: which reading of the algorithm.
    """
    return _Prehash(event, variant).text(ignore)


class _Prehash:
    """Builds the pre-hash string of one event."""

    def __init__(self, event: Event, variant: Variant) -> None:
        self._event = event
        self._variant = variant
        #: What the canonical property order does not name; it stands at the end, sorted.
        self._rest: list[str] = []

    def text(self, ignore: Collection[str]) -> str:
        event = self._event
        out = [
            f"eventType={event.type}",
            f"eventTime={utc(event.event_time, event.event_time_zone_offset)}",
            _field("eventTimeZoneOffset", event.event_time_zone_offset.strip()),
        ]
        if event.certification_info:
            out += sorted(f"certificationInfo={canonical(text)}" for text in event.certification_info if text.strip())
        out += self._what()
        if event.biz_step:
            out.append(_field("bizStep", standard_value(Field.BIZ_STEP, event.biz_step)))
        if event.disposition:
            out.append(_field("disposition", standard_value(Field.DISPOSITION, event.disposition)))
        if event.persistent_disposition is not None:
            out.append(_persistent(event.persistent_disposition.set, event.persistent_disposition.unset))
        out.append(self._location("readPoint", event.read_point))
        out.append(self._location("bizLocation", event.biz_location))
        documents = [text for text in self._documents() if text]
        if self._variant is Variant.STANDARD:
            out += documents
        else:
            self._rest += documents
        if event.sensor_element_list or event.sensor_list_extensions:
            out.append(self._sensors(event.sensor_element_list or (), event.sensor_list_extensions))
        self._add_rest(ignore)
        return "".join(out) + "".join(sorted(self._rest))

    def _what(self) -> list[str]:
        """What the event happened to, and its action."""
        event = self._event
        if isinstance(event, ObjectEvent):
            return [
                _epcs("epcList", event.epc_list),
                self._quantities("quantityList", event.quantity_list),
                _field("action", event.action.strip()),
            ]
        if isinstance(event, (AggregationEvent, AssociationEvent)):
            return [
                _field("parentID", canonical(event.parent_id or "")),
                _epcs("childEPCs", event.child_epcs),
                self._quantities("childQuantityList", event.child_quantity_list),
                _field("action", event.action.strip()),
            ]
        if isinstance(event, TransactionEvent):
            return [
                _epcs("epcList", event.epc_list),
                _field("parentID", canonical(event.parent_id or "")),
                self._quantities("quantityList", event.quantity_list),
                _field("action", event.action.strip()),
            ]
        if isinstance(event, TransformationEvent):
            return [
                _epcs("inputEPCList", event.input_epc_list),
                self._quantities("inputQuantityList", event.input_quantity_list),
                _epcs("outputEPCList", event.output_epc_list),
                self._quantities("outputQuantityList", event.output_quantity_list),
                _field("transformationID", canonical(event.transformation_id or "")),
            ]
        if isinstance(event, QuantityEvent):  # not part of EPCIS 2.0, so its fields are in no order
            self._rest.append(_field("epcClass", canonical(event.epc_class)))
            self._rest.append(_field("quantity", number(event.quantity.strip(), self._variant)))
        return []

    def _quantities(self, name: str, quantities: Sequence[QuantityElement] | None) -> str:
        if not quantities:
            return ""
        items = [
            f"quantityElement{_field('epcClass', canonical(item.epc_class))}"
            f"{_field('quantity', canonical(item.quantity or '', self._variant))}"
            f"{_field('uom', canonical(item.uom or '', self._variant))}"
            for item in quantities
        ]
        items.sort()
        return name + "".join(items)

    def _location(self, name: str, location: Location | None) -> str:
        if location is None:
            return ""
        inner = _field("id", canonical(location.id))
        if location.extensions:
            inner += self._elements(location.extensions)
        return name + inner if inner else ""

    def _documents(self) -> Iterable[str]:
        event = self._event
        if event.biz_transaction_list:
            yield "bizTransactionList" + "".join(sorted(map(_transaction, event.biz_transaction_list)))
        if event.source_list:
            yield "sourceList" + "".join(sorted(_party("source", party) for party in event.source_list))
        if event.destination_list:
            yield "destinationList" + "".join(sorted(_party("destination", party) for party in event.destination_list))

    def _sensors(self, sensors: Sequence[SensorElement], extensions: Sequence[Element]) -> str:
        items, rests = [], []
        for sensor in sensors:
            item, rest = self._sensor(sensor)
            items.append(item)
            rests += [rest] if rest else []
        items.sort()
        if rests:
            self._rest.append("sensorElementList" + "".join(sorted(rests)))
        inner = "".join(items) + self._elements(extensions)
        return "sensorElementList" + inner if inner else ""

    def _sensor(self, sensor: SensorElement) -> tuple[str, str]:
        """A sensorElement, and what of it no order names."""
        metadata, rest = self._attributes("sensorMetadata", _METADATA, sensor.metadata or ())
        reports, rests = [], [rest]
        for pairs in sensor.reports:
            report, rest = self._attributes("sensorReport", _REPORT, pairs)
            reports.append(report)
            rests.append(rest)
        inner = metadata + "".join(sorted(reports)) + self._elements(sensor.extensions)
        rest = "".join(sorted(rests))
        return (f"sensorElement{inner}" if inner else "", f"sensorElement{rest}" if rest else "")

    def _attributes(self, name: str, order: Sequence[str], pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """Values of an element in its order, then those of users; and, apart, those that no order names."""
        values = dict(pairs)
        inner = "".join([_field(key, self._sensor_value(key, values.pop(key))) for key in order if key in values])
        users: list[str] = []
        unknown: list[str] = []
        for key, value in values.items():
            (users if key.startswith("{") else unknown).append(_field(key, canonical(value, self._variant)))
        inner += "".join(sorted(users))
        rest = "".join(sorted(unknown))
        return name + inner if inner else "", name + rest if rest else ""

    def _sensor_value(self, name: str, value: str) -> str:
        if name in _TIMES:
            return utc(value, self._event.event_time_zone_offset)
        if name in _SENSOR_TYPES:
            return sensor_type(value)
        if name == "component":
            return standard_value(Field.SENSOR_COMPONENT, value)
        return canonical(value, self._variant)

    def _add_rest(self, ignore: Collection[str]) -> None:
        event = self._event
        if isinstance(event, (ObjectEvent, TransformationEvent)) and event.ilmd:
            self._rest.append("ilmd" + self._elements(event.ilmd))
        for elements in (event.extensions, event.inner_extensions, event.base_extensions):
            for item in elements:
                if item.name not in ignore and item.name != _COMMENT:
                    self._rest.append(self._element(item))
        for name, value in event.attributes:
            if not name.startswith(_SYNTAX):
                self._rest.append(_field(name, canonical(value, self._variant)))

    def _elements(self, elements: Iterable[Element]) -> str:
        return "".join(sorted([self._element(item) for item in elements if item.name != _COMMENT]))

    def _element(self, item: Element) -> str:
        text = item.text.strip()
        head = f"{item.name}={canonical(text, self._variant)}" if text else item.name
        if not item.children and not item.attributes:
            return head
        inner = [self._element(child) for child in item.children if child.name != _COMMENT]
        for name, value in item.attributes:
            if not name.startswith(_SYNTAX):
                inner.append(f"{name}={canonical(value, self._variant)}" if value.strip() else name)
        inner.sort()
        return head + "".join(inner)


def _field(name: str, value: str) -> str:
    return f"{name}={value}" if value else ""


def _epcs(name: str, epcs: Sequence[str] | None) -> str:
    if not epcs:
        return ""
    items = [f"epc={key}" for key in keys(epcs)]
    items.sort()
    return name + "".join(items)


def _persistent(set_: Sequence[str], unset: Sequence[str]) -> str:
    inner = "".join(sorted(f"set={standard_value(Field.DISPOSITION, text)}" for text in set_))
    inner += "".join(sorted(f"unset={standard_value(Field.DISPOSITION, text)}" for text in unset))
    return "persistentDisposition" + inner if inner else ""


def _transaction(item: BizTransaction) -> str:
    kind = standard_value(Field.BIZ_TRANSACTION_TYPE, item.type) if item.type else ""
    return _field("type", kind) + _field("bizTransaction", canonical(item.id))


def _party(name: str, party: Party) -> str:
    return _field("type", standard_value(Field.SOURCE_DESTINATION_TYPE, party.type)) + _field(name, canonical(party.id))
