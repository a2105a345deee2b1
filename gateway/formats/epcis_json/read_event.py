"""Reads one event exactly: every key, every extension, with findings for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.epcis.element import Element
from gateway.epcis.events import EVENT_TYPES, Event, ObjectEvent, QuantityEvent
from gateway.errors import LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.epcis_json import names, read_parts, rules
from gateway.formats.epcis_json.context import Scope
from gateway.formats.epcis_json.json_text import BadJson, load
from gateway.formats.epcis_json.json_to_tree import TreeReader, restore_types, to_text
from gateway.formats.epcis_json.read_parts import WrongValue, missing, text, texts
from gateway.formats.epcis_json.repeated import put_back

_CURIE: Final = "epcis:"
_URI: Final = names.PROTECTED["epcis"]

_Parse = Callable[[Any, str, TreeReader], Any]


def _plain(parse: Callable[[Any, str], Any]) -> _Parse:
    return lambda value, path, _: parse(value, path)


_TEXT: Final = _plain(text)
_TEXTS: Final = _plain(texts)
_QUANTITIES: Final = _plain(read_parts.quantities)

_COMMON: Final[dict[str, tuple[str, _Parse]]] = {
    "eventTime": ("event_time", _TEXT),
    "eventTimeZoneOffset": ("event_time_zone_offset", _TEXT),
    "recordTime": ("record_time", _TEXT),
    "eventID": ("event_id", _TEXT),
    "errorDeclaration": ("error_declaration", read_parts.error_declaration),
    "bizStep": ("biz_step", _TEXT),
    "disposition": ("disposition", _TEXT),
    "readPoint": ("read_point", read_parts.location),
    "bizLocation": ("biz_location", read_parts.location),
    "bizTransactionList": ("biz_transaction_list", _plain(read_parts.transactions)),
    "sourceList": ("source_list", lambda v, p, _: read_parts.parties(v, p, "source")),
    "destinationList": ("destination_list", lambda v, p, _: read_parts.parties(v, p, "destination")),
    "sensorElementList": ("sensor_element_list", read_parts.sensors),
    "persistentDisposition": ("persistent_disposition", _plain(read_parts.persistent_disposition)),
    "certificationInfo": (
        "certification_info",
        lambda v, p, _: [v] if isinstance(v, str) else texts(v, p),
    ),
}


def _ilmd(value: Any, path: str, tree: TreeReader) -> list[Element]:
    return read_parts.foreign(read_parts.mapping(value, path), frozenset(), tree, path)


_ACTION: Final = {"action": ("action", _TEXT)}
_CHILDREN: Final = {
    **_ACTION,
    "parentID": ("parent_id", _TEXT),
    "childEPCs": ("child_epcs", _TEXTS),
    "childQuantityList": ("child_quantity_list", _QUANTITIES),
}
_EPCS: Final = {**_ACTION, "epcList": ("epc_list", _TEXTS), "quantityList": ("quantity_list", _QUANTITIES)}

_KEYS: Final[dict[str, dict[str, tuple[str, _Parse]]]] = {
    "ObjectEvent": {**_COMMON, **_EPCS, "ilmd": ("ilmd", _ilmd)},
    "AggregationEvent": {**_COMMON, **_CHILDREN},
    "AssociationEvent": {**_COMMON, **_CHILDREN},
    "TransactionEvent": {**_COMMON, **_EPCS, "parentID": ("parent_id", _TEXT)},
    "TransformationEvent": {
        **_COMMON,
        "inputEPCList": ("input_epc_list", _TEXTS),
        "inputQuantityList": ("input_quantity_list", _QUANTITIES),
        "outputEPCList": ("output_epc_list", _TEXTS),
        "outputQuantityList": ("output_quantity_list", _QUANTITIES),
        "transformationID": ("transformation_id", _TEXT),
        "ilmd": ("ilmd", _ilmd),
    },
}
_CLASSES: Final = {event.type: event for event in EVENT_TYPES if event is not QuantityEvent}
_MANDATORY: Final = ("eventTime", "eventTimeZoneOffset", "action")
_EPC_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")


class EventReader:
    """Reads the events of one document.

    Args:
        scope: prefixes of the document.
        context: of the conversion.
        custom: takes events of a vendor's own type, as elements.
    """

    def __init__(self, scope: Scope, context: Context, custom: Callable[[Element], None]) -> None:
        self.scope = scope
        self.context = context
        self.custom = custom

    def read(self, data: bytes, where: Where) -> Event | None:
        """One event; None, with an error finding, when it cannot be understood."""
        findings = self.context.findings
        if len(data) > self.context.limits.event_bytes:
            message = f"event {where.event} is larger than {self.context.limits.event_bytes} bytes"
            raise LimitExceeded(Finding.of(rules.LIMIT, message))
        try:
            return self.convert(load(data), where)
        except BadJson as error:
            findings.report(error.rule, error.message, where=where, value=error.value)
        except WrongValue as error:
            shown = error.value if isinstance(error.value, str) else to_text(error.value)
            message = f"{error.path} should be {error.expected}"
            path = "" if error.path == "event" else error.path.removeprefix("event.")
            place = replace(where, path=f"{where.path}.{path}" if path else where.path)
            findings.report(error.rule, message, where=place, value=shown, expected=error.expected)
        return None

    def convert(self, value: Any, where: Where) -> Event | None:
        """A decoded event.

        Raises:
            WrongValue: a value has the wrong type or is missing.
        """
        item = read_parts.mapping(value, "event")
        scope = self.scope.inner(item["@context"], where) if "@context" in item else self.scope
        carries = scope.carries()
        if carries and names.CARRIED_TYPES in item:
            restore_types(item, item[names.CARRIED_TYPES])
        if carries:
            put_back(item)
        kind = read_parts.required(item, "type", "event")
        keys = _KEYS.get(_short(kind))
        tree = TreeReader(scope, self.context.findings, where, self.context.limits.depth)
        if keys is None:
            self._custom(kind, item, tree, where)
            return None
        self._mandatory(item, keys)
        fields: dict[str, Any] = {"where": where}
        extensions: list[tuple[str, Any]] = []
        for key, content in item.items():
            known = keys.get(key)
            if known is not None:
                fields[known[0]] = known[1](content, key, tree)
            elif key in {"type", "@context"}:
                continue
            elif carries and key.startswith("gwc:"):
                self._carried(key, content, fields, tree)
            else:
                if ":" not in key or key.startswith("@"):
                    place = replace(where, path=f"{where.path}.{key}")
                    self.context.findings.report(
                        rules.UNKNOWN_KEY, f"{key!r} is no key of a {kind}", where=place, value=key
                    )
                extensions.append((key, content))
        fields["extensions"] = tree.all(extensions)
        return self._build(_CLASSES[_short(kind)], fields)

    def _mandatory(self, item: dict[str, Any], keys: dict[str, Any]) -> None:
        for key in _MANDATORY:
            if key in keys and key not in item:
                raise missing(key)
        for key in _EPC_LISTS:
            epcs = item.get(key)
            if isinstance(epcs, list) and len(epcs) > self.context.limits.epcs_per_event:
                message = f"an event has more than {self.context.limits.epcs_per_event} identifiers"
                raise LimitExceeded(Finding.of(rules.LIMIT, message))

    def _carried(self, key: str, content: Any, fields: dict[str, Any], tree: TreeReader) -> None:
        if key == names.CARRIED_EVENT_TYPE:
            fields["carried_type"] = content
        elif key == names.CARRIED_ATTRIBUTES:
            element = tree.elements(key, content)[0]
            fields["attributes"] = element.attributes
        elif key == names.CARRIED_ILMD:
            fields["ilmd"] = _ilmd(content, key, tree)
        elif key == names.CARRIED_TYPES:
            return
        else:
            place = {
                names.CARRIED_EXTENSION: "inner_extensions",
                names.CARRIED_BASE_EXTENSION: "base_extensions",
                names.CARRIED_SENSOR_LIST: "sensor_list_extensions",
            }.get(key)
            if place is None:
                raise WrongValue(content, key, f"a key of {CARRY_NAMESPACE}", rules.UNKNOWN_KEY)
            fields[place] = tree.all(read_parts.mapping(content, key).items())

    @staticmethod
    def _build(event: type[Event], fields: dict[str, Any]) -> Event:
        if fields.pop("carried_type", None) == QuantityEvent.type and event is ObjectEvent:
            counted = fields.pop("quantity_list", None)
            if counted and counted[0].quantity is not None:
                for name in ("action", "epc_list", "ilmd"):
                    fields.pop(name, None)
                return QuantityEvent(epc_class=counted[0].epc_class, quantity=counted[0].quantity, **fields)
            fields["quantity_list"] = counted
        return event(**fields)

    def _custom(self, kind: str, item: dict[str, Any], tree: TreeReader, where: Where) -> None:
        """An event of a vendor's own type (Extended-Event of the JSON Schema)."""
        if where.event in self.context.without:
            return
        name = tree.scope.name(kind) if ":" in kind else None
        if name is None:
            raise WrongValue(kind, "type", f"one of {', '.join(_KEYS)}", rules.EVENT_TYPE)
        self.context.findings.report(rules.CUSTOM_EVENT, f"{kind} is no event type of EPCIS", where=where, value=kind)
        rest = [(key, content) for key, content in item.items() if key not in {"type", "@context"}]
        self.custom(Element(name[0], prefix=name[1], children=tree.all(rest)))


def _short(kind: str) -> str:
    """An event type without GS1's namespace."""
    return kind.removeprefix(_CURIE).removeprefix(_URI)
