"""One event of the model as a JSON object, legal by the EPCIS 2.0 JSON Schema wherever the event allows it.

What the JSON Schema asks for beyond the XML schemas is said by the rules EPCIS-JSON-20 and following.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from gateway.epcis.element import Element
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Event,
    ObjectEvent,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.vocabulary import Field
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_json import losses, names, rules, write_parts
from gateway.formats.epcis_json.element_xml import to_xml
from gateway.formats.epcis_json.prefixes import Prefixes
from gateway.formats.epcis_json.repeated import SENSOR_ELEMENTS, keys, repeats, take_out
from gateway.formats.epcis_json.say import Say
from gateway.formats.epcis_json.tree_to_json import Tree, take_types

Json = dict[str, Any]


class EventWriter:
    """Writes the events of one document.

    Args:
        context: of the conversion.
        prefixes: those that the document's @context declares; more go into the event's own @context.
    """

    def __init__(self, context: Context, prefixes: Prefixes) -> None:
        self.say = Say(context)
        self._prefixes = prefixes

    def build(self, event: Event, number: int) -> Json:
        """The event as an object of JSON values; numbers are `msgspec.Raw`."""
        say = self.say
        say.event = event
        say.number = number
        out: Json = {"type": event.type}
        repeated = repeats(event)
        tree = Tree(Prefixes(self._prefixes), say.lose) if repeated or _has_foreign(event) else None
        zone = say.offset(event.event_time_zone_offset)
        if event.event_id is not None:
            out["eventID"] = say.uri(event.event_id, "eventID")
        out["eventTime"] = say.time(event.event_time, "eventTime", zone)
        if event.record_time is not None:
            out["recordTime"] = say.time(event.record_time, "recordTime", zone)
        out["eventTimeZoneOffset"] = zone
        if event.certification_info is not None:
            one = [say.uri(value, "certificationInfo") for value in event.certification_info]
            out["certificationInfo"] = one[0] if len(one) == 1 else one
        _WRITERS[type(event)](self, event, out)
        self._common(event, out, tree, zone)
        if tree is not None:
            if repeated:
                self._repeated(out, tree)
            self._foreign(event, out, tree, zone)
        return out

    def _common(self, event: Event, out: Json, tree: Tree | None, zone: str) -> None:
        say = self.say
        if event.biz_step is not None:
            out["bizStep"] = say.word(Field.BIZ_STEP, event.biz_step)
        if event.disposition is not None:
            out["disposition"] = say.word(Field.DISPOSITION, event.disposition)
        if event.read_point is not None:
            out["readPoint"] = write_parts.location(event.read_point, tree)
        if event.biz_location is not None:
            out["bizLocation"] = write_parts.location(event.biz_location, tree)
        self._lists(event, out)
        if event.persistent_disposition is not None:
            disposition = write_parts.persistent_disposition(event.persistent_disposition, say)
            if disposition is not None:
                out["persistentDisposition"] = disposition
        if event.sensor_element_list is not None and tree is not None:
            self._sensors(write_parts.sensors(event.sensor_element_list, zone, say, tree), out, tree)

    def _sensors(self, elements: list[Json], out: Json, tree: Tree) -> None:
        """Sensor elements; those that the JSON Schema does not let stand among them are carried, with their places."""
        homeless = {at: element for at, element in enumerate(elements) if not write_parts.sayable(element)}
        left = [element for at, element in enumerate(elements) if at not in homeless]
        if left or not homeless:
            out["sensorElementList"] = left
        elif out["type"] == ObjectEvent.type and "quantityList" not in out:
            out.setdefault("epcList", [])  # it may be left out only where there are sensor elements
        for element in homeless.values():
            text = msgspec.json.encode(element).decode()
            self.say.lose(losses.SENSOR_REPORT, "sensorElementList/sensorElement", text)
        if homeless and self.say.carries:
            key, key_at = keys(SENSOR_ELEMENTS)
            out[tree.carrying(key)] = list(homeless.values())
            out[tree.carrying(key_at)] = list(homeless)

    def _lists(self, event: Event, out: Json) -> None:
        say = self.say
        if event.biz_transaction_list is not None:
            out["bizTransactionList"] = write_parts.transactions(event.biz_transaction_list, say)
        if event.source_list is not None:
            out["sourceList"] = write_parts.parties(event.source_list, "source", say)
        if event.destination_list is not None:
            out["destinationList"] = write_parts.parties(event.destination_list, "destination", say)

    def _foreign(self, event: Event, out: Json, tree: Tree, zone: str) -> None:
        if event.error_declaration is not None:
            out["errorDeclaration"] = write_parts.error_declaration(event.error_declaration, zone, self.say, tree)
        self._ilmd(event, out, tree)
        named: list[Element] = []
        base: list[Element] = []
        for element in event.base_extensions:
            (named if element.name.startswith("{") else base).append(element)
        # In the order of XML, whose three places are one place here.
        tree.place(out, [*named, *event.inner_extensions, *event.extensions])
        tree.carry(out, base, names.CARRIED_BASE_EXTENSION, losses.LOCAL_EXTENSION)
        tree.carry(out, event.sensor_list_extensions, names.CARRIED_SENSOR_LIST, losses.PLACE)
        if event.attributes:
            value = " ".join(f'{name}="{text}"' for name, text in event.attributes)
            if self.say.lose(losses.ATTRIBUTES, "attributes", value):
                out[tree.carrying(names.CARRIED_ATTRIBUTES)] = {
                    f"@{tree.prefixes.key(name)}": text for name, text in event.attributes
                }
        if isinstance(event, QuantityEvent) and self.say.carries:
            out[tree.carrying(names.CARRIED_EVENT_TYPE)] = event.type
        if tree.typed:
            types: dict[str, str] = {}
            take_types(out, "", types)
            out[tree.carrying(names.CARRIED_TYPES)] = types
        if tree.prefixes.declared:
            # @context first: streaming receivers need it before the names that it explains.
            rest = dict(out)
            out.clear()
            out["@context"] = tree.prefixes.declared
            out.update(rest)

    def _ilmd(self, event: Event, out: Json, tree: Tree) -> None:
        ilmd = getattr(event, "ilmd", None)
        if ilmd is None:
            return
        key = "ilmd"
        if isinstance(event, ObjectEvent) and event.action != "ADD":
            if not self.say.lose(losses.ILMD_ACTION, "ilmd", "".join(map(to_xml, ilmd))):
                return
            key = tree.carrying(names.CARRIED_ILMD)
        content: Json = {}
        tree.place(content, ilmd)
        out[key] = content

    # --- one method an event type ---------------------------------------------------------------------------------

    def _object(self, event: ObjectEvent, out: Json) -> None:
        epcs, counted = event.epc_list, event.quantity_list
        if epcs is not None:
            out["epcList"] = epcs
        if counted is not None:
            out["quantityList"] = write_parts.quantities(counted, self.say)
        if epcs is None and not counted and not (event.sensor_element_list and event.read_point):
            out["epcList"] = []
        out["action"] = event.action

    def _aggregation(self, event: AggregationEvent | AssociationEvent, out: Json) -> None:
        if event.parent_id is not None:
            out["parentID"] = event.parent_id
        elif event.type == "AssociationEvent":
            self.say.finding(rules.UNSAYABLE, "an AssociationEvent needs its parentID")
        if event.child_epcs is not None:
            out["childEPCs"] = event.child_epcs
        if event.child_quantity_list is not None:
            out["childQuantityList"] = write_parts.quantities(event.child_quantity_list, self.say)
        out["action"] = event.action
        if not event.child_epcs and not event.child_quantity_list and event.action != "DELETE":
            self.say.finding(rules.UNSAYABLE, f"an {event.type} with action {event.action} needs children in JSON")

    def _transaction(self, event: TransactionEvent, out: Json) -> None:
        if not event.biz_transaction_list:
            self.say.finding(rules.UNSAYABLE, "a TransactionEvent needs a bizTransaction")
        if event.parent_id is not None:
            out["parentID"] = event.parent_id
        if event.epc_list is not None:
            out["epcList"] = event.epc_list
        elif not event.quantity_list and event.action != "DELETE":
            out["epcList"] = []
        if event.quantity_list is not None:
            out["quantityList"] = write_parts.quantities(event.quantity_list, self.say)
        out["action"] = event.action

    def _transformation(self, event: TransformationEvent, out: Json) -> None:
        if event.input_epc_list is not None:
            out["inputEPCList"] = event.input_epc_list
        if event.input_quantity_list is not None:
            out["inputQuantityList"] = write_parts.quantities(event.input_quantity_list, self.say)
        if event.output_epc_list is not None:
            out["outputEPCList"] = event.output_epc_list
        if event.output_quantity_list is not None:
            out["outputQuantityList"] = write_parts.quantities(event.output_quantity_list, self.say)
        if event.transformation_id is not None:
            out["transformationID"] = self.say.uri(event.transformation_id, "transformationID")
        inputs = bool(event.input_epc_list or event.input_quantity_list)
        outputs = bool(event.output_epc_list or event.output_quantity_list)
        if not (inputs and outputs) and not (event.transformation_id is not None and (inputs or outputs)):
            self.say.finding(
                rules.UNSAYABLE, "a TransformationEvent needs inputs and outputs, or a transformationID and one of them"
            )

    def _quantity(self, event: QuantityEvent, out: Json) -> None:
        self.say.loss(
            losses.QUANTITY_EVENT,
            Outcome.CARRIED if self.say.carries else Outcome.LOST,
            "type",
            event.type,
        )
        out["type"] = ObjectEvent.type
        out["quantityList"] = write_parts.quantities([QuantityElement(event.epc_class, event.quantity)], self.say)
        out["action"] = "OBSERVE"

    def _repeated(self, out: Json, tree: Tree) -> None:
        for name, (epcs, places) in take_out(out).items():
            for epc in epcs:
                self.say.lose(losses.REPEATED, f"{name}/epc", epc)
            if self.say.carries:
                key, key_at = keys(name)
                out[tree.carrying(key)] = epcs
                out[tree.carrying(key_at)] = places


_WRITERS: Final[dict[type[Event], Callable[[EventWriter, Any, Json], None]]] = {
    ObjectEvent: EventWriter._object,  # noqa: SLF001 - the class's own table
    AggregationEvent: EventWriter._aggregation,  # noqa: SLF001
    AssociationEvent: EventWriter._aggregation,  # noqa: SLF001
    TransactionEvent: EventWriter._transaction,  # noqa: SLF001
    TransformationEvent: EventWriter._transformation,  # noqa: SLF001
    QuantityEvent: EventWriter._quantity,  # noqa: SLF001
}


def _has_foreign(event: Event) -> bool:
    """Whether the event has anything for which names and trees are needed."""
    return bool(
        type(event) is QuantityEvent
        or event.extensions
        or event.error_declaration
        or event.sensor_element_list is not None
        or event.inner_extensions
        or event.base_extensions
        or event.sensor_list_extensions
        or event.attributes
        or getattr(event, "ilmd", None) is not None
        or (event.read_point is not None and event.read_point.extensions)
        or (event.biz_location is not None and event.biz_location.extensions)
    )
