"""Composes PTS packages from a document: shipments, their carriers, the zip files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway.epcis.document import Document
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml.escape import ILLEGAL
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import Parts
from gateway.markets.base import Submission
from gateway.markets.kit.dates import is_date
from gateway.markets.tr import rules, settings
from gateway.markets.tr.codes import CONTAINER_TYPES, LEVELS
from gateway.markets.tr.keys import check_number, is_container, is_pack, label_of, parts_of
from gateway.markets.tr.model import Carrier, ProductList, Transfer
from gateway.markets.tr.shipments import Load, Shipment, find_shipments
from gateway.markets.tr.story import Ended, Story, read_story, time_of
from gateway.markets.tr.write import pack_transfer

#: Under this number of carriers inside each other Python's stack is no question; PTS names five kinds.
DEPTH: Final = 50


def compose_limited(document: Document, context: Context, limit: int) -> Iterator[Submission]:
    """Compose the packages of a document, none larger than `limit` bytes.

    A document with an error gives findings and no package: half a transfer is a wrong transfer.
    """
    story = read_story(document, context)
    errors_so_far = context.findings.errors
    if errors_so_far:
        return  # what follows from a story that is wrong or cut short would only be noise
    shipments = find_shipments(story, context)
    builder = _Builder(story, context)
    if not any(shipment.loads for shipment in shipments):
        context.findings.report(rules.NOTHING, "the document has no container with packs to transfer")
    builder.look_for_loose_packs()
    # All of them are built before the first comes out: an error in one fails the document, not a part of it.
    transfers = [builder.build(shipment) for shipment in shipments]
    if context.findings.errors:
        return
    packages = [list(pack_transfer(transfer, limit, context.findings)) for transfer in transfers]
    if not context.findings.errors:
        for some in packages:
            yield from some


class _Builder:
    """Makes carriers from the story and reports what PTS does not take."""

    def __init__(self, story: Story, context: Context) -> None:
        self.story = story
        self.context = context
        self.findings = context.findings
        self.seen: set[str] = set()
        self.levels = self._configured_levels()

    def look_for_loose_packs(self) -> None:
        """Without a shipping event everything is shipped: then a pack in no container would be left out silently."""
        if self.story.shippings:
            return
        hierarchy = self.story.hierarchy
        for epc, where in self.story.commissioned.items():
            if hierarchy.parent(epc) is None and not hierarchy.children(epc) and epc not in self.story.ended:
                parts = self._parts(epc, where)
                if parts is None:
                    continue
                if is_container(parts):
                    self.findings.report(rules.EMPTY, f"nothing is packed into {epc}", where=where, value=epc)
                else:
                    self.findings.report(rules.LOOSE, f"{epc} is in no container", where=where, value=epc)

    def build(self, shipment: Shipment) -> Transfer:
        """The transfer of a shipment with its carriers."""
        transfer = shipment.transfer
        for name, value in (("documentNumber", transfer.number), ("note", transfer.note)):
            if ILLEGAL.search(value):
                self.findings.report(rules.TEXT, f"{name} {value!r} has control characters", value=value)
        for load in shipment.loads:
            parts = self._parts(load.epc, load.where)
            if parts is None:
                continue
            if not is_container(parts):
                self._refuse_top(load, parts)
                continue
            carrier = self._carrier(load.epc, parts, load, 0)
            self._name_levels(carrier)
            transfer.carriers.append(carrier)
        return transfer

    def _configured_levels(self) -> tuple[str, ...]:
        given = self.context.options.get(settings.CONTAINER_TYPES)
        levels = tuple(part.strip() for part in given.split(",")) if given else ()
        for level in levels:
            if level not in CONTAINER_TYPES:
                message = f"the setting {settings.CONTAINER_TYPES.key} has {level!r}"
                expected = ", ".join(CONTAINER_TYPES)
                self.findings.report(rules.CONTAINER, message, value=level, expected=expected)
        return levels

    def _refuse_top(self, load: Load, parts: Parts) -> None:
        if self.story.packing.children(load.epc, load.as_of):
            message = f"the container {load.epc} is not an SSCC"
            self.findings.report(rules.LABEL, message, where=load.where, value=load.epc)
        elif is_pack(parts):
            message = f"{load.epc} is shipped outside of a container"
            self.findings.report(rules.LOOSE, message, where=load.where, value=load.epc)
        else:
            message = f"{load.epc} is neither a pack nor a container"
            self.findings.report(rules.CONTENT, message, where=load.where, value=load.epc)

    def _carrier(self, epc: str, parts: Parts, load: Load, depth: int) -> Carrier:
        carrier = Carrier(label_of(parts), self.story.containers.get(epc, ""))
        self._check_state(epc, load)
        children = self.story.packing.children(epc, load.as_of)
        if not children:
            message = f"what is in {epc} is not known"
            self.findings.report(rules.EMPTY, message, where=load.where, value=epc)
        lists: dict[tuple[str, ...], ProductList] = {}
        for child in children:
            inner = self._parts(child, load.where)
            if inner is None:
                continue
            if is_container(inner) and depth < DEPTH:
                carrier.entries.append(self._carrier(child, inner, load, depth + 1))
            elif is_pack(inner) and not self.story.packing.children(child, load.as_of):
                self._pack(child, inner, carrier, lists, load)
            else:
                self._refuse_content(child, inner, load)
        return carrier

    def _refuse_content(self, epc: str, parts: Parts, load: Load) -> None:
        if is_pack(parts):
            message = f"the container {epc} is not an SSCC"
            self.findings.report(rules.LABEL, message, where=load.where, value=epc)
        else:
            message = f"{epc} in {load.epc} is neither a pack nor a carrier less than {DEPTH} levels deep"
            self.findings.report(rules.CONTENT, message, where=load.where, value=epc)

    def _pack(
        self, epc: str, parts: Parts, carrier: Carrier, lists: dict[tuple[str, ...], ProductList], load: Load
    ) -> None:
        self._check_state(epc, load)
        serial = parts.serial or ""
        check_number(serial, "serial number", self.findings, load.where)
        described = self._describe(epc, parts.number, serial)
        key = (described.gtin, described.lot, described.expiry, described.production, described.order)
        products = lists.get(key)
        if products is None:
            products = lists[key] = described
            carrier.entries.append(products)
            self._check_products(products, epc, load.where)
        products.serials.append(serial)

    def _describe(self, epc: str, gtin: str, serial: str) -> ProductList:
        """An empty product list with the pack's own data: ILMD first, else what a PTS transfer brought."""
        ilmd = self.story.packing.attributes(epc)
        brought = self.story.products.get((gtin, serial))
        if brought is None:
            brought = ProductList(gtin, "", "")
        return replace(
            brought,
            lot=ilmd.get("lotNumber") or brought.lot,
            expiry=ilmd.get("itemExpirationDate") or brought.expiry,
            production=ilmd.get("productionDate") or brought.production,
            serials=[],
        )

    def _check_products(self, products: ProductList, epc: str, where: Where) -> None:
        """Once for each product list: its packs have the same data."""
        if products.lot:
            check_number(products.lot, "lot number", self.findings, where)
        else:
            self.findings.report(rules.UNDESCRIBED, f"the lot of {epc} is not known", where=where, value=epc)
        if not products.expiry:
            self.findings.report(rules.UNDESCRIBED, f"the expiry of {epc} is not known", where=where, value=epc)
        right = True
        for name, value in (("expiry", products.expiry), ("production date", products.production)):
            if value and not is_date(value):
                message = f"the {name} {value!r} of {epc} is not YYYY-MM-DD"
                self.findings.report(rules.DATE, message, where=where, value=value, expected="YYYY-MM-DD")
                right = False
        if right and products.expiry and products.production > products.expiry:
            message = f"the production date {products.production} of {epc} is after its expiry {products.expiry}"
            self.findings.report(rules.DATES, message, where=where, value=products.production)

    def _check_state(self, epc: str, load: Load) -> None:
        if epc in self.seen:
            self.findings.report(rules.TWICE, f"{epc} is shipped twice", where=load.where, value=epc)
        self.seen.add(epc)
        for found, before in ((self.story.ended.get(epc), True), (self.story.voided.get(epc), False)):
            if found is None:
                continue
            shipped = time_of(load.event) if load.event is not None else None
            if _matters(found, shipped, before=before):
                message = f"{epc} is shipped, but: {found.step}"
                self.findings.report(rules.ENDED, message, where=load.where, value=epc)

    def _name_levels(self, carrier: Carrier) -> None:
        """Give containerType by depth, unless a carrier brought its own."""
        levels = self.levels or LEVELS.get(carrier.height(), ())
        _name(carrier, levels, 0)

    def _parts(self, epc: str, where: Where) -> Parts | None:
        try:
            return parts_of(epc)
        except Gs1Error as error:
            self.findings.add(error.finding(where))
            return None


def _matters(found: Ended, shipped: tuple[int, str] | None, *, before: bool) -> bool:
    """Whether an end lies before the shipping, or a voiding after it. An unknown time counts as yes."""
    if found.time is None or shipped is None:
        return True
    return found.time <= shipped if before else found.time >= shipped


def _name(carrier: Carrier, levels: tuple[str, ...], depth: int) -> None:
    if not carrier.container and depth < len(levels):
        carrier.container = levels[depth]
    for inner in carrier.carriers():
        _name(inner, levels, depth + 1)
