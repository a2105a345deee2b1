"""SNXEndOfBatchMessage: how many serial numbers of each item a batch has, from its commissioning events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.legacy_ilmd import CBV_MASTER_DATA
from gateway.findings import NOWHERE
from gateway.formats.tracelink import losses, rules, settings
from gateway.formats.tracelink.build import content_of
from gateway.formats.tracelink.keys import Serial
from gateway.formats.tracelink.kinds import Kind, kind_of
from gateway.formats.tracelink.names import GTIN_14, ILMD
from gateway.formats.tracelink.tree import find
from gateway.formats.tracelink.values import epcis_extension
from gateway.formats.tracelink.writing import Writing

_LOT: Final = f"{{{CBV_MASTER_DATA}}}{ILMD['LotNumber']}"


class EndOfBatchWriter:
    """Writes the body of a SNXEndOfBatchMessage."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lots: dict[str, None] = {}
        self._material = ""

    def parts(self, events: Iterable[Event]) -> Iterator[str]:
        """The totals, when all events have been counted."""
        writing = self._writing
        for event in events:
            writing.leftovers.next_event()
            if kind_of(event) is Kind.COMMISSION and isinstance(event, ObjectEvent) and self._count(event):
                writing.leftovers.whole(event, losses.COUNTED)
            else:
                writing.leftovers.whole(event)
        if not self._counts:
            writing.findings.report(rules.NOTHING, "the document commissions no trade items")
            return
        if len(self._lots) > 1:
            message = f"the document has the lots {', '.join(self._lots)}"
            writing.findings.report(rules.LOTS, message, value=", ".join(self._lots), expected="one lot")
        lot = next(iter(self._lots), "")
        if not lot:
            writing.values.missing("LotNumber", "lotNumber in the ILMD of commissioning events", NOWHERE)
        material = writing.values.need("InternalMaterialCode", self._material, settings.MATERIAL_CODE, NOWHERE)
        builder = writing.builder
        yield writing.xml(builder.element("InternalMaterialCode", material)) + "\n"
        yield writing.xml(builder.element("LotNumber", lot)) + "\n"
        for (gtin, level), count in self._counts.items():
            total = builder.element("ProductionQuantity")
            builder.put(total, "PackagingItemCode", gtin, [("type", GTIN_14)])
            builder.put(total, "PackagingLevel", level)
            builder.put(total, "QuantityReported", str(count))
            yield writing.xml(total) + "\n"

    def _count(self, event: ObjectEvent) -> bool:
        """Count the trade items of an event; whether there are any."""
        writing = self._writing
        content = content_of(event, "CommissionEvent") or Element("")
        said = epcis_extension(event)
        level = find(content, "CommissionEventDetail", "PackagingLevel")
        known = level.text.strip() if level is not None else said.get("packagingLevel", ("", ""))[0]
        serials = [writing.serial(epc, event.where) for epc in event.epc_list or ()]
        items = [serial for serial in serials if serial is not None and serial.ai == "01"]
        levels: dict[str, str] = {}
        for serial in items:
            self._counts[serial.number, self._level(serial, known, levels, event)] += 1
        if not items:
            return False
        for part in event.ilmd or ():
            if part.name == _LOT:
                self._lots[part.text.strip()] = None
        material = find(content, "CommissionCommonAttributes", "ItemDetail", "InternalMaterialCode")
        self._material = self._material or (
            material.text.strip() if material is not None else said.get("internalMaterialCode", ("", ""))[0]
        )
        return True

    def _level(self, serial: Serial, known: str, levels: dict[str, str], event: ObjectEvent) -> str:
        if known:
            return known
        if serial.number not in levels:
            levels[serial.number] = self._writing.values.level(serial, event.where)
        return levels[serial.number]
