"""An event element as a value of the model. One table drives the walk; wrappers of 1.x are opened on the way."""

from __future__ import annotations

from typing import Any, Final

from msgspec import structs

from gateway.epcis.events import EVENT_TYPES, Event, ObjectEvent, QuantityEvent
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml import homeless, rules
from gateway.formats.epcis_xml.names import CARRY, ELEMENTS, QUANTITY_EVENT_EXTRAS, V1, V2
from gateway.formats.epcis_xml.read_element import line_of
from gateway.formats.epcis_xml.read_parts import PartReader, Parts, content, local_name, names
from gateway.formats.xml_input import Node

TYPES: Final[dict[str, type[Event]]] = {name: cls for cls in EVENT_TYPES for name in names(cls.type)}

_BASE: Final = (
    *("event_time", "record_time", "event_time_zone_offset"),
    *("event_id", "error_declaration", "certification_info"),
)
_NEW: Final = ("sensor_element_list", "persistent_disposition")
_EXTENSION: Final = "extension"
_BASE_EXTENSION: Final = "baseExtension"
_CARRY: Final = f"{{{CARRY}}}"

Table = dict[str, tuple[str, PartReader | None]]


class EventReader:
    """Reads the events of one document, one after the other."""

    def __init__(self, context: Context) -> None:
        self._findings = context.findings
        self._parts = Parts(context)
        self._elements = self._parts.elements
        # Made when an event of their type comes: for all types they take longer than reading a small document.
        self._tables: dict[type[Event], Table] = {}
        self._wrapped: dict[type[Event], Table] = {}
        self._inner = self._table_of(_NEW)
        self._base = self._table_of(("event_id", "error_declaration", "certification_info"))
        self._certification = self._table_of(("certification_info",))
        self._mandatory_1 = {cls: V1.mandatory_lists.get(cls.type) for cls in EVENT_TYPES}

    def _table(self, cls: type[Event]) -> Table:
        fields: tuple[str, ...] = _BASE
        for version in (V1, V2):
            fields += version.orders.get(cls.type, ()) + version.wrapped.get(cls.type, ())
        table = self._table_of(fields)
        for wrapper in (_EXTENSION, _BASE_EXTENSION):
            table.update(dict.fromkeys(names(wrapper), (wrapper, None)))
        return table

    def _wrapped_table(self, cls: type[Event]) -> Table:
        extras = QUANTITY_EVENT_EXTRAS if cls is QuantityEvent else ()
        return self._table_of((*V1.wrapped.get(cls.type, ()), *_NEW, *extras))

    def _table_of(self, fields: tuple[str, ...]) -> Table:
        readers = self._parts.readers
        return {tag: (name, readers[name]) for name in fields for tag in names(ELEMENTS[name])}

    def read(self, node: Node, number: int, line: int, *, lists_mandatory: bool) -> Event | None:
        """Read one event; None when a mandatory part is missing, which is reported.

        Args:
            node: the complete event element.
            number: the event's number in its document.
            line: its line.
            lists_mandatory: whether the version demands lists even if they are empty, so that an empty list says
                nothing (C07).
        """
        tag = str(node.tag)
        cls = TYPES[tag]
        where = Where(line=line, event=number)
        parts = self._parts
        parts.where = where
        values: dict[str, Any] = {"where": where}
        table = self._tables.get(cls)
        if table is None:
            table = self._tables[cls] = self._table(cls)
        for child in node:
            entry = table.get(child.tag)
            if entry is None:
                self._foreign(child, node, values)
                continue
            name, read = entry
            if name in values:
                self._repeated(child, name, values)
            elif read is not None:
                values[name] = read(child)
            elif name == _EXTENSION:
                self._extension(child, cls, values)
            elif name == _BASE_EXTENSION:
                self._base_extension(child, values)
            else:
                values[name] = (child.text or "").strip()
        attributes = node.items()
        if attributes:
            values["attributes"] = attributes
        return self._build(cls, values, lists_mandatory=lists_mandatory)

    def _build(self, cls: type[Event], values: dict[str, Any], *, lists_mandatory: bool) -> Event | None:
        if "certification_info" in values:
            values["certification_info"] = _listed(values["certification_info"])
        if "carried" in values:
            cls = _restore(cls, values)
        if "sensor_element_list" in values and self._parts.sensor_list_extensions:
            values["sensor_list_extensions"] = self._parts.sensor_list_extensions
        if lists_mandatory:
            mandatory = self._mandatory_1[cls]
            if mandatory and values.get(mandatory) == []:
                del values[mandatory]
        try:
            return cls(**values)
        except TypeError:
            self._missing(cls, values)
            return None

    def _missing(self, cls: type[Event], values: dict[str, Any]) -> None:
        for field in structs.fields(cls):
            if field.required and field.name not in values:
                name = ELEMENTS[field.name]
                self._findings.report(
                    rules.MISSING,
                    f"the {cls.type} has no {name}, so it was not read",
                    where=values["where"],
                    expected=name,
                    hint=f"write {name} into the event",
                )

    def _repeated(self, child: Node, name: str, values: dict[str, Any]) -> None:
        if name == "certification_info":  # 2.0 XML has one, JSON has several: all are kept
            values[name] = [*_listed(values[name]), content(child)]
            return
        self._findings.report(
            rules.REPEATED,
            f"{local_name(child)} occurs more than once in the event; the first one was read",
            where=Where(line=line_of(child), event=self._parts.where.event),
            value=content(child),
        )

    def _put(self, child: Node, entry: tuple[str, PartReader | None], values: dict[str, Any]) -> None:
        """One known field inside a wrapper."""
        name, read = entry
        if name in values:
            self._repeated(child, name, values)
        else:
            values[name] = content(child) if read is None else read(child)

    def _extension(self, wrapper: Node, cls: type[Event], values: dict[str, Any]) -> None:
        """``extension`` of an event: in 1.2 lists and ILMD, one level deeper what 1.2 has no names for."""
        self._elements.unkept(wrapper, event=self._parts.where.event)
        known = self._wrapped.get(cls)
        if known is None:
            known = self._wrapped[cls] = self._wrapped_table(cls)
        inner = values.setdefault("inner_extensions", [])
        for child in wrapper:
            tag = str(child.tag)
            entry = known.get(tag)
            if entry is not None:
                self._put(child, entry, values)
            elif local_name(child) == _EXTENSION and cls.type in V1.wrapped:
                self._elements.unkept(child, event=self._parts.where.event)
                for deeper in child:
                    entry = self._inner.get(str(deeper.tag))
                    if entry is not None:
                        self._put(deeper, entry, values)
                    else:
                        inner.append(self._elements.read(deeper))
            else:
                inner.append(self._elements.read(child))

    def _base_extension(self, wrapper: Node, values: dict[str, Any]) -> None:
        self._elements.unkept(wrapper, event=self._parts.where.event)
        base = values.setdefault("base_extensions", [])
        for child in wrapper:
            entry = self._base.get(str(child.tag))
            if entry is not None:
                self._put(child, entry, values)
            elif local_name(child) == _EXTENSION:
                self._elements.unkept(child, event=self._parts.where.event)
                for deeper in child:
                    entry = self._certification.get(str(deeper.tag))
                    if entry is not None:
                        self._put(deeper, entry, values)
                    else:
                        base.append(self._elements.read(deeper))
            else:
                base.append(self._elements.read(child))

    def _foreign(self, child: Node, node: Node, values: dict[str, Any]) -> None:
        tag = str(child.tag)
        if tag.startswith(_CARRY):
            values.setdefault("carried", []).append(self._elements.read(child))
            return
        if local_name(child) != tag or not tag.startswith("{"):
            self._parts.unexpected(child, node)
        values.setdefault("extensions", []).append(self._elements.read(child))


def _restore(cls: type[Event], values: dict[str, Any]) -> type[Event]:
    """Put carried content back where it came from."""
    for element in values.pop("carried"):
        place = element.local
        if place == homeless.ELEMENTS:
            values.setdefault("extensions", []).extend(element.children)
        elif place == homeless.INNER:
            values.setdefault("inner_extensions", []).extend(element.children)
        elif place == homeless.BASE:
            values.setdefault("base_extensions", []).extend(element.children)
        elif place == homeless.CERTIFICATION:
            values["certification_info"] = [*values.get("certification_info", ()), element.text]
        elif place == homeless.QUANTITY_EVENT and cls is ObjectEvent and _is_quantity_event(values):
            cls = QuantityEvent
            quantity = values.pop("quantity_list")[0]
            values["epc_class"], values["quantity"] = quantity.epc_class, quantity.quantity
            del values["action"]
            values.pop("epc_list", None)
        else:
            values.setdefault("extensions", []).append(element)
    return cls


def _is_quantity_event(values: dict[str, Any]) -> bool:
    quantities = values.get("quantity_list") or []
    return len(quantities) == 1 and quantities[0].quantity is not None and values.get("action") == "OBSERVE"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
