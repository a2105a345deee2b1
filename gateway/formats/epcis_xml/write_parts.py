"""The parts that events share: lists, places, parties, quantities, sensor data, error declarations, ILMD."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from gateway.epcis.element import XSI, Element
from gateway.epcis.events import (
    BizTransaction,
    ErrorDeclaration,
    Location,
    Party,
    PersistentDisposition,
    QuantityElement,
    SensorElement,
)
from gateway.epcis.vocabulary import Field, Style, is_bare, spellings, words
from gateway.formats.epcis_xml import homeless, losses
from gateway.formats.epcis_xml.escape import attribute, repeated, text
from gateway.formats.epcis_xml.homeless import Homeless
from gateway.formats.epcis_xml.names import CARRIED, ELEMENTS
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_attributes, write_elements

_REMEMBERED: Final = 1024  # values that nearly every event repeats: steps, dispositions, places

Writer = Callable[[Any], str]
"""Writes one field's value as a complete element, or nothing."""


class Parts:
    """Writers for the parts of events, with the prefixes, the spelling and the losses of one output.

    Attributes:
        carried: carried content that waits for the end of the event that is being written.
        writers: a writer for each field of the model that is one element of an event.
    """

    def __init__(self, cbv: str, namespace: str, scope: Scope, homeless_: Homeless) -> None:
        self._cbv = cbv
        self._namespace = f"{{{namespace}}}"
        self._scope = scope
        self._homeless = homeless_
        self.carried: list[str] = []
        self._types = _table(Field.BIZ_TRANSACTION_TYPE, cbv)
        self._reasons = _table(Field.ERROR_REASON, cbv)
        self._dispositions = _table(Field.DISPOSITION, cbv)
        self._components = _table(Field.SENSOR_COMPONENT, cbv)
        self.writers = self._writers()

    def _writers(self) -> dict[str, Writer]:
        party_types = _table(Field.SOURCE_DESTINATION_TYPE, self._cbv)
        writers: dict[str, Writer] = {
            "biz_step": _vocabulary(ELEMENTS["biz_step"], _table(Field.BIZ_STEP, self._cbv)),
            "disposition": _vocabulary(ELEMENTS["disposition"], self._dispositions),
            "read_point": self._location("readPoint"),
            "biz_location": self._location("bizLocation"),
            "biz_transaction_list": self._transactions,
            "source_list": _parties("source", party_types),
            "destination_list": _parties("destination", party_types),
            "persistent_disposition": self._persistent,
            "error_declaration": self._error,
            "ilmd": self._ilmd,
        }
        for name in ("epc_list", "child_epcs", "input_epc_list", "output_epc_list"):
            writers[name] = _epcs(ELEMENTS[name])
        for name in ("quantity_list", "child_quantity_list", "input_quantity_list", "output_quantity_list"):
            writers[name] = self._quantities(ELEMENTS[name])
        for name, tag in ELEMENTS.items():
            writers.setdefault(name, _simple(tag))
        return writers

    def spells_disposition(self, value: str) -> str:
        """A disposition in the spelling of the output."""
        return self._dispositions.get(value, value)

    def other(self, elements: list[Element], place: str) -> str:
        """Content of an ##other place of an event. What may not stand there is carried."""
        legal = [e for e in elements if e.name.startswith("{") and not e.name.startswith(self._namespace)]
        if len(legal) == len(elements):
            return write_elements(elements, self._scope)
        self.carry(elements, place)
        return ""

    def local(self, elements: list[Element], place: str) -> str:
        """Content of a ##local place of an event. What may not stand there is carried."""
        if not any(e.name.startswith("{") for e in elements):
            return write_elements(elements, self._scope)
        self.carry(elements, place)
        return ""

    def carry(self, elements: list[Element], place: str) -> None:
        """Carry vendor content at the end of the event; `place` names where it comes from."""
        xml = write_elements(elements, self._scope)
        self.carried.append(self._homeless.place(losses.EXTENSION_PLACE, place, xml, homeless.wrapped(place, xml)))

    def both(self, elements: list[Element]) -> str:
        """Vendor content of a part: ``extension`` for elements without namespace, then the others.

        Args:
            elements: the vendor content.
        """
        if all(e.name.startswith("{") and not e.name.startswith(self._namespace) for e in elements):
            return write_elements(elements, self._scope)
        inner = [e for e in elements if not e.name.startswith("{")]
        own = [e for e in elements if e.name.startswith(self._namespace)]
        other = [e for e in elements if e.name.startswith("{") and e not in own]
        local = write_elements(inner, self._scope)
        if own:
            xml = write_elements(own, self._scope)
            local += self._homeless.place(losses.EXTENSION_PLACE, "extension", xml, f"<{CARRIED}>{xml}</{CARRIED}>")
        wrapped = f"<extension>{local}</extension>" if local else ""
        return wrapped + write_elements(other, self._scope)

    def sensors(self, elements: list[SensorElement], extensions: list[Element]) -> str:
        """``sensorElementList``; an empty list is no element."""
        if not elements and not extensions:
            return ""
        content = "".join([self._sensor(element) for element in elements])
        return f"<sensorElementList>{content}{self.both(extensions)}</sensorElementList>"

    def _sensor(self, element: SensorElement) -> str:
        parts = ["<sensorElement>"]
        if element.metadata is not None:
            parts.append(self._pairs("sensorMetadata", element.metadata))
        parts += [self._pairs("sensorReport", report) for report in element.reports]
        parts.append(self.both(element.extensions))
        parts.append("</sensorElement>")
        return "".join(parts)

    def _pairs(self, tag: str, pairs: list[tuple[str, str]]) -> str:
        spelt = [(n, self._components.get(v, v)) if n == "component" else (n, v) for n, v in pairs]
        _, attributes = write_attributes(spelt, self._scope)
        return f"<{tag}{attributes}/>"

    def _location(self, tag: str) -> Writer:
        @lru_cache(_REMEMBERED)
        def plain_location(identifier: str) -> str:
            return f"<{tag}><id>{text(identifier)}</id></{tag}>"

        def write(value: Location) -> str:
            if not value.extensions:
                return plain_location(value.id)
            return f"<{tag}><id>{text(value.id)}</id>{self.both(value.extensions)}</{tag}>"

        return write

    def _transactions(self, items: list[BizTransaction]) -> str:
        if not items:
            return ""
        parts = []
        for item in items:
            type_ = item.type
            if type_ is None:
                parts.append(f"<bizTransaction>{text(item.id)}</bizTransaction>")
            else:
                type_ = attribute(self._types.get(type_, type_))
                parts.append(f'<bizTransaction type="{type_}">{text(item.id)}</bizTransaction>')
        return f"<bizTransactionList>{''.join(parts)}</bizTransactionList>"

    def _quantities(self, tag: str) -> Writer:
        def write(items: list[QuantityElement]) -> str:
            parts = []
            for item in items:
                quantity = "" if item.quantity is None else f"<quantity>{plain(item.quantity)}</quantity>"
                uom = "" if item.uom is None else f"<uom>{text(item.uom)}</uom>"
                if uom and not quantity:  # the schemas want a quantity before uom, but it may be nil
                    _, nil = write_attributes([(f"{{{XSI}}}nil", "true")], self._scope)
                    quantity = f"<quantity{nil}/>"
                epc_class = f"<epcClass>{text(item.epc_class)}</epcClass>"
                parts.append(f"<quantityElement>{epc_class}{quantity}{uom}</quantityElement>")
            return f"<{tag}>{''.join(parts)}</{tag}>" if parts else f"<{tag}/>"

        return write

    def _persistent(self, value: PersistentDisposition) -> str:
        unset = [self.spells_disposition(item) for item in value.unset]
        set_ = [self.spells_disposition(item) for item in value.set]
        content = repeated("unset", unset) + repeated("set", set_)
        return f"<persistentDisposition>{content}</persistentDisposition>" if content else ""

    def _error(self, value: ErrorDeclaration) -> str:
        content = ""
        if value.declaration_time is not None:
            content += f"<declarationTime>{text(value.declaration_time)}</declarationTime>"
        if value.reason is not None:
            content += f"<reason>{text(self._reasons.get(value.reason, value.reason))}</reason>"
        if value.corrective_event_ids is not None:
            ids = repeated("correctiveEventID", value.corrective_event_ids)
            content += f"<correctiveEventIDs>{ids}</correctiveEventIDs>" if ids else "<correctiveEventIDs/>"
        content += self.both(value.extensions)
        return f"<errorDeclaration>{content}</errorDeclaration>" if content else "<errorDeclaration/>"

    def _ilmd(self, elements: list[Element]) -> str:
        content = self.both(elements)
        return f"<ilmd>{content}</ilmd>" if content else "<ilmd/>"


def plain(quantity: str) -> str:
    """A decimal as XML Schema spells it: JSON's ``1E3`` is ``1000``; every other spelling is kept."""
    if "e" not in quantity.lower():
        return text(quantity)
    try:
        return format(Decimal(quantity), "f")
    except InvalidOperation:
        return text(quantity)


def _table(field: Field, cbv: str) -> Mapping[str, str]:
    """From what may be read to what is written; ``keep`` respells bare words only, which XML does not know."""
    if cbv != Style.KEEP:
        return dict(spellings(field, Style(cbv)))
    bare = dict(spellings(field, Style.URN)) or dict(spellings(field, Style.URI))
    return {word: bare[word] for word in words(field) if is_bare(word)}


def _simple(tag: str) -> Writer:
    start, end = f"<{tag}>", f"</{tag}>"
    return lambda value: f"{start}{text(value)}{end}"


def _vocabulary(tag: str, table: Mapping[str, str]) -> Writer:
    start, end = f"<{tag}>", f"</{tag}>"
    return lru_cache(_REMEMBERED)(lambda value: f"{start}{text(table.get(value, value))}{end}")


def _epcs(tag: str) -> Writer:
    start, end, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"
    return lambda values: f"{start}{repeated('epc', values)}{end}" if values else empty


def _parties(tag: str, table: Mapping[str, str]) -> Writer:
    @lru_cache(_REMEMBERED)
    def one(type_: str, id_: str) -> str:
        return f'<{tag} type="{attribute(table.get(type_, type_))}">{text(id_)}</{tag}>'

    def write(items: list[Party]) -> str:
        parts = [one(item.type, item.id) for item in items]
        return f"<{tag}List>{''.join(parts)}</{tag}List>" if parts else ""

    return write
