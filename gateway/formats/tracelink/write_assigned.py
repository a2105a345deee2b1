"""SNXDispositionAssignedMessage from commissioning and packing events.

The message has all commissioning before all packing; packing that comes earlier waits in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.legacy_ilmd import CBV_MASTER_DATA
from gateway.formats.tracelink import rules, settings
from gateway.formats.tracelink.build import content_of
from gateway.formats.tracelink.keys import Serial
from gateway.formats.tracelink.kinds import Kind, kind_of
from gateway.formats.tracelink.names import GTIN_14, ILMD
from gateway.formats.tracelink.serials import Attributes
from gateway.formats.tracelink.tree import children, find
from gateway.formats.tracelink.values import epcis_extension
from gateway.formats.tracelink.writing import Writing

_MEMORY: Final = 1 << 20
_BLOCK: Final = 1 << 16
_ILMD_NAMES: Final = {f"{{{CBV_MASTER_DATA}}}{ours}": local for local, ours in ILMD.items()}
_SAID: Final = frozenset(
    {"packagingLevel", "filterValue", "companyPrefix", "packagingItemCode", "internalMaterialCode", "countryDrugCode"}
)
_USED: Final = frozenset({"epc_list", "read_point", "parent_id", "child_epcs"})
_SHOWN: Final = "CommissionCommonAttributes"


class AssignedWriter:
    """Writes the body of a SNXDispositionAssignedMessage."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._builder = writing.builder

    def parts(self, events: Iterable[Event]) -> Iterator[str]:
        """CommissionEvents as they come, then one AggregationEvent with all packing."""
        written = packed = 0
        left = self._writing.leftovers
        with tempfile.SpooledTemporaryFile(_MEMORY, "w+", encoding="utf-8", newline="") as packing:
            for event in events:
                left.next_event()
                kind = kind_of(event)
                if kind is Kind.COMMISSION and isinstance(event, ObjectEvent):
                    written += 1
                    yield from self._commission(event)
                elif kind is Kind.PACKING and isinstance(event, AggregationEvent):
                    packed += 1
                    packing.write(self._packing(event) + "\n")
                else:
                    left.whole(event)
            if packed:
                packing.seek(0)
                yield "<snx:AggregationEvent>\n"
                while block := packing.read(_BLOCK):
                    yield block
                yield "</snx:AggregationEvent>\n"
        if not written and not packed:
            self._writing.findings.report(rules.NOTHING, "the document has neither commissioning nor packing")

    def _commission(self, event: ObjectEvent) -> Iterator[str]:
        """A CommissionEvent for each product in the event, because ItemDetail describes one."""
        writing, builder = self._writing, self._builder
        content = content_of(event, "CommissionEvent") or builder.element("CommissionEvent")
        detail = find(content, "CommissionEventDetail") or builder.element("CommissionEventDetail")
        common = find(content, _SHOWN) or builder.element(_SHOWN)
        shell = find(detail, "SerialNumber")
        attributes: Attributes = tuple(shell.attributes) if shell is not None else ()
        plain = [item for item in children(detail, "BarcodeContent") if not item.attributes]
        taken = {id(item) for item in (*plain, shell)}
        detail.children = [item for item in detail.children if id(item) not in taken]
        others = [item for item in content.children if item is not detail and item is not common]
        time, offset = writing.time(event), event.event_time_zone_offset
        place = writing.place(event.read_point, event.where)
        groups: dict[tuple[str, str], list[tuple[Serial, str]]] = {}
        for at, epc in enumerate(event.epc_list or ()):
            serial = writing.serial(epc, event.where)
            if serial is not None:
                key = (serial.ai, serial.number if serial.ai == "01" else serial.company_prefix)
                groups.setdefault(key, []).append((serial, plain[at].text if at < len(plain) else ""))
        for serials in groups.values():
            yield "<snx:CommissionEvent>\n"
            first = serials[0][0]
            yield from self._details(event, first, detail, time, offset, serials, attributes)
            yield writing.xml(self._common(event, first, common, place)) + "\n"
            yield "".join(writing.xml(item) for item in others)
            yield "</snx:CommissionEvent>\n"
        described = find(common, "ItemDetail") is not None or any(ai == "01" for ai, _ in groups)
        ilmd = _ILMD_NAMES if described else ()
        writing.leftovers.rest(event, _USED, "active", "CommissionEvent", ilmd, _SAID)

    def _details(
        self,
        event: ObjectEvent,
        first: Serial,
        detail: Element,
        time: str,
        offset: str,
        serials: list[tuple[Serial, str]],
        attributes: Attributes,
    ) -> Iterator[str]:
        writing, builder = self._writing, self._builder
        said = epcis_extension(event)
        shared = Element(detail.name, children=list(detail.children), prefix=detail.prefix)
        level = find(shared, "PackagingLevel")
        if level is None:
            given = said.get("packagingLevel", ("", ""))[0] or writing.values.level(first, event.where)
            builder.put(shared, "PackagingLevel", given)
        filter_value = said.get("filterValue", ("", ""))[0]
        if filter_value and find(shared, "FilterValue") is None:
            builder.put(shared, "FilterValue", filter_value)
        rest = "".join(writing.xml(item) for item in shared.children)
        head = "<snx:CommissionEventDetail>" + "".join(
            writing.xml(builder.element(local, text))
            for local, text in (("EventDateTime", time), ("EventTimeZoneOffset", offset))
        )
        for serial, barcode in serials:
            element = writing.xml(writing.serial_element("SerialNumber", serial, attributes))
            code = writing.xml(builder.element("BarcodeContent", barcode)) if barcode else ""
            yield f"{head}{element}{rest}{code}</snx:CommissionEventDetail>\n"

    def _common(self, event: ObjectEvent, first: Serial, common: Element, place: str) -> Element:
        """CommissionCommonAttributes of one product or company prefix."""
        values, builder = self._writing.values, self._builder
        tree = Element(common.name, children=[*common.children], prefix=common.prefix)
        builder.put(tree, "EventLocation", place)
        for local, setting in (
            ("ProductionLineId", settings.PRODUCTION_LINE),
            ("LineManagerName", settings.LINE_MANAGER),
        ):
            if find(tree, local) is None:
                builder.put(tree, local, values.need(local, "", setting, event.where))
        if first.ai == "00" and first.company_prefix and find(tree, "CompanyPrefix") is None:
            builder.put(tree, "CompanyPrefix", first.company_prefix)
        found = find(tree, "ItemDetail")
        if first.ai == "01" or found is not None:
            item = builder.element("ItemDetail")
            item.children = list(found.children) if found is not None else []
            tree.children = [child for child in tree.children if child is not found]
            if first.ai == "01":
                self._codes(event, first, item)
            self._ilmd(event, first, item)
            tree.children.append(item)
        return tree

    def _codes(self, event: ObjectEvent, first: Serial, item: Element) -> None:
        values, builder, said = self._writing.values, self._builder, epcis_extension(event)
        material = said.get("internalMaterialCode", ("", ""))[0]
        material = material or self._writing.context.options.get(settings.MATERIAL_CODE)
        if material and find(item, "InternalMaterialCode") is None:
            builder.put(item, "InternalMaterialCode", material)
        if find(item, "ItemCode") is None:
            builder.put(item, "ItemCode", first.number, [("type", GTIN_14)])
        if find(item, "CountryDrugCode") is None:
            code, kind = said.get("countryDrugCode", ("", ""))
            if not (code and kind):
                kind, code = values.drug_code(first.number, event.where)
            builder.put(item, "CountryDrugCode", code, [("type", kind)])

    def _ilmd(self, event: ObjectEvent, first: Serial, item: Element) -> None:
        """Lot and dates; a trade item needs lot and expiry."""
        ilmd = {_ILMD_NAMES[part.name]: part.text.strip() for part in event.ilmd or () if part.name in _ILMD_NAMES}
        for local in ILMD:
            if ilmd.get(local):
                self._builder.put(item, local, ilmd[local])
            elif first.ai == "01" and local != "ManufacturingDate" and find(item, local) is None:
                self._writing.values.missing(
                    f"{local} of {first.number}", f"{ILMD[local]} in the event's ILMD", event.where
                )

    def _packing(self, event: AggregationEvent) -> str:
        """An AggregationEventDetail."""
        writing, builder = self._writing, self._builder
        tree = content_of(event, "AggregationEventDetail") or builder.element("AggregationEventDetail")
        shell = find(tree, "ParentSerialNumber")
        tree.children = [child for child in tree.children if child is not shell]
        old = find(tree, "SerialNumberList")
        tree.children = [child for child in tree.children if child is not old]
        builder.put(tree, "EventDateTime", writing.time(event))
        builder.put(tree, "EventTimeZoneOffset", event.event_time_zone_offset)
        builder.put(tree, "EventLocation", writing.place(event.read_point, event.where))
        parent = writing.serial(event.parent_id or "", event.where)
        if parent is not None:
            element = writing.serial_element("ParentSerialNumber", parent, _attributes(shell))
            builder.put(tree, "ParentSerialNumber", element.text, element.attributes)
        epcs = event.child_epcs or []
        if find(tree, "Quantity") is None:
            builder.put(tree, "Quantity", str(len(epcs)))
        shells = list(children(old, "SerialNumber")) if old is not None else []
        serials = builder.ensure(tree, "SerialNumberList")
        for at, epc in enumerate(epcs):
            serial = writing.serial(epc, event.where)
            if serial is not None:
                said = _attributes(shells[at] if len(shells) == len(epcs) else shells[0] if shells else None)
                serials.children.append(writing.serial_element("SerialNumber", serial, said))
        writing.leftovers.rest(event, _USED, "container_closed", "AggregationEventDetail")
        return writing.xml(tree)


def _attributes(shell: Element | None) -> Attributes:
    return tuple(shell.attributes) if shell is not None else ()
