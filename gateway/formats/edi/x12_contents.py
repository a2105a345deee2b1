"""What is in a shipment: containers with SSCC, and items by GTIN, lot and expiry, from the hierarchy of a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from gateway import gs1
from gateway.epcis.events import QuantityElement
from gateway.findings import NOWHERE, LossRule, Outcome, Where
from gateway.formats.base import Context
from gateway.formats.edi import x12_losses as rules
from gateway.formats.edi.x12_story import EXPIRY, LOT, Shipment, Story, time_of

#: Unit codes of UN/ECE Recommendation 20 and those of X12 (data element 355). None means pieces.
UNITS = {"": "EA", "H87": "EA", "EA": "EA", "KGM": "KG", "GRM": "GR", "LTR": "LT", "MLT": "ML", "LBR": "LB"}


@dataclass(slots=True)
class Item:
    """An amount of one trade item of one lot.

    Attributes:
        gtin: 14 digits.
        lot: lot, may be empty.
        expiry: ILMD itemExpirationDate as it stands there, may be empty.
        unit: X12 unit code.
        amount: how many.
        serials: serial numbers, when they are written.
    """

    gtin: str
    lot: str
    expiry: str
    unit: str
    amount: Decimal = Decimal()
    serials: list[str] = field(default_factory=list)


#: SN102 (data element 382) has at most so many digits.
_DIGITS = 10

ItemKey = tuple[str, str, str, str]


@dataclass(slots=True)
class Box:
    """A container, or the shipment itself.

    Attributes:
        sscc: 18 digits; empty for the shipment.
        boxes: containers in it.
        items: items directly in it.
    """

    sscc: str = ""
    boxes: list[Box] = field(default_factory=list)
    items: dict[ItemKey, Item] = field(default_factory=dict)


class Packer:
    """Opens containers.

    Args:
        story: what the document says.
        context: takes findings and losses.
        serials: whether serial numbers are written.
    """

    def __init__(self, story: Story, context: Context, *, serials: bool) -> None:
        self._story = story
        self._context = context
        self._serials = serials
        self._shipment: Shipment | None = None
        #: All instances that a shipment has.
        self.shipped: set[str] = set()

    def open(self, shipment: Shipment) -> Box:
        """The contents of a shipment."""
        self._shipment = shipment
        top = Box()
        voided = [epc for epc in shipment.epcs if self._voided(epc, shipment)]
        if voided:
            message = f"the shipping of {voided[0]} and {len(voided) - 1} more is voided in the document"
            self._context.findings.report(rules.VOIDED, message, where=shipment.event.where, value=voided[0])
        listed = set(shipment.epcs)
        around = self._story.hierarchy.ancestors
        # What is listed beside the container that holds it is told once, in its container.
        outermost = [epc for epc in dict.fromkeys(shipment.epcs) if listed.isdisjoint(around(epc, self._when))]
        self._fill(top, outermost)
        self._amounts(top, shipment.quantities)
        return top

    def _voided(self, epc: str, shipment: Shipment) -> bool:
        """Whether the shipping of a thing was voided; it may have been shipped again later."""
        if epc not in self._story.voided:
            return False
        voided, shipped = self._story.voided[epc], time_of(shipment.event)
        return voided is None or shipped is None or voided >= shipped

    def _fill(self, top: Box, epcs: Iterable[str]) -> None:
        """Put things and all that is in them into a container; those in containers without SSCC into the one around."""
        hierarchy, as_of = self._story.hierarchy, self._when
        pending: list[tuple[Box, Iterator[str]]] = [(top, iter(epcs))]
        while pending:
            box, rest = pending[-1]
            epc = next(rest, None)
            if epc is None:
                pending.pop()
                continue
            self.shipped.add(epc)
            key = self._key(epc)
            children = hierarchy.children(epc, as_of)
            amounts = self._story.amounts.get(epc, [])
            if isinstance(key, gs1.Sscc):
                inner = Box(key.sscc)
                box.boxes.append(inner)
                pending.append((inner, iter(children)))
                self._amounts(inner, amounts)
            elif children or amounts:
                self._lose(rules.CASE, "parentID", epc)
                pending.append((box, iter(children)))
                self._amounts(box, amounts)
            elif isinstance(key, gs1.Sgtin):
                self._add_serial(box, epc, key)
            else:
                self._lose(rules.KEY, "epcList", epc)

    def _add_serial(self, box: Box, epc: str, key: gs1.Sgtin) -> None:
        known = self._story.hierarchy.attributes(epc, self._when)
        item = self._item(box, key.gtin, known.get(LOT, ""), known.get(EXPIRY, ""), "EA")
        item.amount += 1
        if self._serials:
            item.serials.append(key.serial)
        else:
            self._lose(rules.SERIAL, "epcList", epc)

    def _amounts(self, box: Box, quantities: Iterable[QuantityElement]) -> None:
        for one in quantities:
            key = self._key(one.epc_class)
            if not isinstance(key, gs1.Lgtin | gs1.Gtin):
                self._lose(rules.KEY, "quantityList", f"{one.epc_class} {one.quantity or ''} {one.uom or ''}".strip())
                continue
            amount = self._amount(one)
            if amount is None:
                continue
            unit = UNITS[one.uom or ""]
            known = self._story.lots.get(one.epc_class, {})
            lot = key.lot if isinstance(key, gs1.Lgtin) else known.get(LOT, "")
            self._item(box, key.gtin, lot, known.get(EXPIRY, ""), unit).amount += amount

    def _amount(self, one: QuantityElement) -> Decimal | None:
        """The amount of a class; None when it cannot be written, which is reported."""
        try:
            amount = Decimal(one.quantity or "")
        except InvalidOperation:
            amount = Decimal("NaN")
        expected = f"an amount of at most {_DIGITS} digits, in pieces or {', '.join(code for code in UNITS if code)}"
        if (one.uom or "") in UNITS and amount.is_finite() and len(amount.as_tuple().digits) <= _DIGITS:
            return amount
        rule = rules.VALUE if (one.uom or "") in UNITS else rules.UNIT
        value = f"{one.quantity or ''} {one.uom or ''}".strip()
        message = f"the amount {value!r} of {one.epc_class} cannot be written"
        self._context.findings.report(rule, message, where=self._where, value=value, expected=expected)
        return None

    @staticmethod
    def _item(box: Box, gtin: str, lot: str, expiry: str, unit: str) -> Item:
        key = (gtin, lot, expiry, unit)
        return box.items.setdefault(key, Item(*key))

    def _key(self, epc: str) -> gs1.Key | None:
        try:
            return gs1.parse_any(epc)
        except gs1.Gs1Error:
            return None  # the checks have said what is wrong with it

    @property
    def _when(self) -> str:
        return self._shipment.event.event_time if self._shipment is not None else ""

    @property
    def _where(self) -> Where:
        return self._shipment.event.where if self._shipment is not None else NOWHERE

    def _lose(self, rule: LossRule, name: str, value: str) -> None:
        number = self._shipment.number if self._shipment is not None else 0
        self._context.losses.add(rule, Outcome.LOST, name, value, event=number)
