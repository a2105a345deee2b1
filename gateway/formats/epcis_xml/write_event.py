"""An event as XML text, in the order and the wrappers of its version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import structs

from gateway.epcis.alike import Group
from gateway.epcis.events import Event, ObjectEvent, QuantityElement, QuantityEvent, SensorElement
from gateway.formats.base import Context
from gateway.formats.epcis_xml import escape, homeless, losses
from gateway.formats.epcis_xml.homeless import Homeless
from gateway.formats.epcis_xml.names import ELEMENTS, QUANTITY_EVENT_EXTRAS, V2, Version
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.times import Times, all_fit
from gateway.formats.epcis_xml.write_element import write_attributes
from gateway.formats.epcis_xml.write_parts import Parts, Writer
from gateway.formats.template import Templates

Step = tuple[str, Writer]


class Plan(NamedTuple):
    """How some fields of events are written, in their order.

    Attributes:
        steps: each field with its writer.
        values: gives the values of these fields.
    """

    steps: list[Step]
    values: Callable[[Any], Sequence[Any]]


def _fits(group: Group) -> bool:
    """Whether the times of events are written as they are in every version."""
    times = [event.event_time for event in group.events]
    if group.first.record_time is not None:
        times += [event.record_time or "" for event in group.events]
    return all_fit(times)


class EventWriter:
    """Writes events of one output, one after the other.

    Args:
        version: the target.
        cbv: spelling of CBV values, a `gateway.epcis.vocabulary.Style`.
        scope: the prefixes that the document declares.
        context: where losses and findings go.
    """

    def __init__(self, version: Version, cbv: str, scope: Scope, context: Context) -> None:
        self._version = version
        self._scope = scope
        self._homeless = Homeless(context.losses, scope)
        self._parts = Parts(cbv, version.document, scope, self._homeless)
        self._times = Times(context.findings) if version is V2 else None
        self._plans = {name: self._plan(order) for name, order in version.orders.items()}
        self._wrapped = {name: self._plan(version.wrapped.get(name, ())) for name in version.orders}
        self._extras = self._plan(QUANTITY_EVENT_EXTRAS)
        self._association = EventWriter(V2, cbv, scope, context) if "AssociationEvent" not in version.orders else None
        self._templates = Templates(context, self._whole, _fits)

    def _plan(self, fields: tuple[str, ...]) -> Plan:
        steps: list[Step] = []
        for name in fields:
            write: Any = self._parts.writers[name] if name != "sensor_element_list" else None
            steps.append((name, write))
        # With one name the getter would give a value instead of a tuple.
        values = attrgetter(*fields) if fields[1:] else lambda event: [getattr(event, name) for name in fields]
        return Plan(steps, values)

    def write(self, batch: Sequence[Event]) -> list[str]:
        """Events as they stand in EventList, wrappers included; an empty text when all of one is lost."""
        return self._templates.write(batch)

    def _whole(self, event: Event, number: int) -> str:
        name, number = event.type, event.where.event or number
        if name in self._plans:
            if not self._version.wraps or name != "TransformationEvent":
                return self._write(event, number)
            return f"<extension>{self._write(event, number)}</extension>"
        if isinstance(event, QuantityEvent):
            return self._write_quantity_event(event, number)
        return self._write_association(event, number)

    def _write_quantity_event(self, event: QuantityEvent, number: int) -> str:
        """EPCIS 2.0 has no QuantityEvent: an ObjectEvent that observes a quantity says the same (C06)."""
        shared = {name: getattr(event, name) for name in Event.__struct_fields__}
        quantities = [QuantityElement(event.epc_class, event.quantity)]
        same = ObjectEvent(**shared, action="OBSERVE", quantity_list=quantities)
        self._begin(event, number)
        mark = homeless.wrapped(homeless.QUANTITY_EVENT, "")
        carried = self._homeless.place(losses.QUANTITY_EVENT, "type", event.type, mark)
        return self._write(same, number, [carried])

    def _write_association(self, event: Event, number: int) -> str:
        """EPCIS 1.2 has no AssociationEvent: it is carried in its 2.0 form (C05)."""
        if self._association is None:  # every version that lacks the type has this writer
            raise AssertionError(event.type)
        xml = self._association._write(event, number)  # noqa: SLF001 - another object of this class
        self._begin(event, number)
        carrier = f"<extension><extension>{xml}</extension></extension>"
        return self._homeless.place(losses.ASSOCIATION, event.type, xml, carrier)

    def _begin(self, event: Event, number: int) -> None:
        self._homeless.event = number
        self._homeless.event_id = event.event_id or ""

    def _write(self, event: Event, number: int, carried: list[str] | None = None) -> str:
        self._begin(event, number)
        parts = self._parts
        parts.carried = carried or []
        name = event.type
        attributes = write_attributes(event.attributes, self._scope)[1] if event.attributes else ""
        if self._times is not None:
            event = self._times.zoned(event, number)
        out = [
            f"<{name}{attributes}><eventTime>{escape.text(event.event_time)}</eventTime>",
            "" if event.record_time is None else f"<recordTime>{escape.text(event.record_time)}</recordTime>",
            f"<eventTimeZoneOffset>{escape.text(event.event_time_zone_offset)}</eventTimeZoneOffset>",
        ]
        if (
            event.event_id is not None
            or event.error_declaration is not None
            or event.certification_info
            or event.base_extensions
        ):
            out.append(self._base_1(event) if self._version.wraps else self._base_2(event))
        self._fields(event, self._plans[name], out, self._version.mandatory_lists.get(name, ""))
        if self._version.wraps:
            self._extension_1(event, out)
        elif event.inner_extensions:
            content = parts.other(event.inner_extensions, homeless.INNER)
            if content:
                out.append(f"<extension>{content}</extension>")
        if event.extensions:
            out.append(parts.other(event.extensions, homeless.ELEMENTS))
        if parts.carried:
            out += parts.carried
        out.append(f"</{name}>")
        xml = "".join(out)
        if escape.REPLACEMENT in xml:
            self._report_characters(event)
        return xml

    def _fields(self, event: Event, plan: Plan, out: list[str], mandatory: str) -> None:
        for (name, write), value in zip(plan.steps, plan.values(event), strict=True):
            if value is not None:
                out.append(self._sensors(event, value) if name == "sensor_element_list" else write(value))
            elif name == mandatory:
                out.append(f"<{ELEMENTS[name]}/>")

    def _sensors(self, event: Event, value: list[SensorElement]) -> str:
        return self._parts.sensors(value, event.sensor_list_extensions)

    def _base_1(self, event: Event) -> str:
        """``baseExtension`` of 1.2."""
        writers = self._parts.writers
        content = "" if event.event_id is None else writers["event_id"](event.event_id)
        if event.error_declaration is not None:
            content += writers["error_declaration"](event.error_declaration)
        inner = ""
        for uri in event.certification_info or ():
            xml = writers["certification_info"](uri)
            inner += self._homeless.place(losses.CERTIFICATION, "certificationInfo", xml)
        if event.base_extensions:
            inner += self._parts.local(event.base_extensions, homeless.BASE)
        if inner:
            content += f"<extension>{inner}</extension>"
        return f"<baseExtension>{content}</baseExtension>" if content else ""

    def _base_2(self, event: Event) -> str:
        """The base part of 2.0 behind eventTimeZoneOffset."""
        writers = self._parts.writers
        content = "" if event.event_id is None else writers["event_id"](event.event_id)
        if event.error_declaration is not None:
            content += writers["error_declaration"](event.error_declaration)
        if event.certification_info:
            first, *more = event.certification_info
            content += writers["certification_info"](first)
            for uri in more:
                carrier = homeless.wrapped(homeless.CERTIFICATION, escape.text(uri))
                carried = self._homeless.place(losses.CERTIFICATION, "certificationInfo", uri, carrier)
                self._parts.carried.append(carried)
        if event.base_extensions:
            xml = self._parts.other(event.base_extensions, homeless.BASE)
            content += f"<baseExtension>{xml}</baseExtension>" if xml else ""
        return content

    def _extension_1(self, event: Event, out: list[str]) -> None:
        """``extension`` of 1.2: lists and ILMD of 1.1, and what 1.2 has no names for one level deeper."""
        wrapped: list[str] = []
        self._fields(event, self._wrapped[event.type], wrapped, "")
        inner = self._inner_1(event)
        if inner and event.type in self._version.wrapped:
            wrapped.append(f"<extension>{inner}</extension>")
        else:
            wrapped.append(inner)
        content = "".join(wrapped)
        if content:
            out.append(f"<extension>{content}</extension>")

    def _inner_1(self, event: Event) -> str:
        """What 1.2 has no names for, where it allows elements without namespace."""
        inner = ""
        if event.sensor_element_list is not None:
            xml = self._sensors(event, event.sensor_element_list)
            if xml:
                inner += self._homeless.place(losses.SENSOR_AND_PERSISTENT, "sensorElementList", xml)
        if event.persistent_disposition is not None:
            xml = self._parts.writers["persistent_disposition"](event.persistent_disposition)
            if xml:
                inner += self._homeless.place(losses.SENSOR_AND_PERSISTENT, "persistentDisposition", xml)
        if event.type == QuantityEvent.type:
            for name, write in self._extras.steps:
                value = getattr(event, name)
                xml = write(value) if value else ""
                if xml:
                    inner += self._homeless.place(losses.EXTENSION_PLACE, ELEMENTS[name], xml)
        if event.inner_extensions:
            inner += self._parts.local(event.inner_extensions, homeless.INNER)
        return inner

    def _report_characters(self, event: Event) -> None:
        for path, value in _strings(structs.asdict(event), event.type):
            if escape.ILLEGAL.search(value):
                self._homeless.lose(losses.CHARACTER, path, value)


def _strings(value: Any, path: str) -> list[tuple[str, str]]:
    """All texts below a value with their paths."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _strings(item, f"{path}/{key}")]
    if isinstance(value, list | tuple):
        return [pair for item in value for pair in _strings(item, path)]
    if hasattr(value, "__struct_fields__"):
        return _strings(structs.asdict(value), path)
    return []
