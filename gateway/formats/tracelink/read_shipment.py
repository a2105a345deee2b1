"""SOMSalesShipmentMessage: one shipment with its order and parties.

The message has no time of the shipping: it comes from the setting ``event-time``, which may point at the date and
time of the order. Parties become owning_party and location where they are named by a GLN.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.epcis.element import Element
from gateway.epcis.events import BizTransaction, Event, Location, ObjectEvent, Party
from gateway.epcis.time import has_zone, parse, start_of_next_day
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.errors import InputError
from gateway.findings import Finding, Where
from gateway.formats.tracelink import rules
from gateway.formats.tracelink.late_serials import LateSerials
from gateway.formats.tracelink.parties import PARTY_TYPES, Place, places
from gateway.formats.tracelink.serials import epcs_of
from gateway.formats.tracelink.settings import TRANSACTION, TRANSACTION_ISSUER
from gateway.formats.tracelink.tree import attribute, drop_if_empty, find, is_empty, without
from gateway.formats.xml_input import Node
from gateway.gs1 import Gln, Gs1Error
from gateway.options import EVENT_TIME, READ_POINT, TIME_ZONE

#: Business transaction types of CBV by the type of a TransactionIdentifier.
TRANSACTION_TYPES: Final = {"PO": "po", "ASN": "desadv"}
BT: Final = "urn:epcglobal:cbv:bt:"
_PLAIN_IN_URN: Final = "!'()*+,-.:;=_"
_LIST: Final = "AddPickedItems"


class ShipmentReader(LateSerials):
    """Reads the body of a SOMSalesShipmentMessage."""

    tags = (_LIST,)

    def body(self, node: Node) -> Iterator[Event]:
        """The event of the message."""
        reading = self._reading
        where = reading.next_event(reading.where(node))
        tree = self.remaining(node)
        tree.children += self._rest
        time, offset = self._time(tree, where)
        transactions = self._transactions(tree, where)
        parties = {side: self._parties(tree, side, where) for side in PARTY_TYPES}
        if not self._serials:
            message = "the shipment has no serial numbers"
            reading.findings.report(rules.MISSING, message, where=where, expected=_LIST)
        epcs = epcs_of(self._serials, reading, where)
        drop_if_empty(tree, "OrderDetails")
        if not epcs:
            return
        event = ObjectEvent(
            event_time=time,
            event_time_zone_offset=offset,
            action="OBSERVE",
            epc_list=epcs,
            biz_step=spell(Field.BIZ_STEP, "shipping", Style.URN),
            disposition=spell(Field.DISPOSITION, "in_transit", Style.URN),
            read_point=self._read_point(where),
            biz_transaction_list=transactions,
            source_list=parties["SenderInfo"],
            destination_list=parties["ReceiverInfo"],
            where=where,
        )
        event.extensions = [tree] if not is_empty(tree) else []
        yield event

    def _read_point(self, where: Where) -> Location | None:
        return self._reading.location(self._reading.context.options.get(READ_POINT), where)

    def _time(self, tree: Element, where: Where) -> tuple[str, str]:
        """Time and zone of the shipping. TransactionDate and TransactionTime stay in the vendor content."""
        options = self._reading.context.options
        time, zone = options.get(EVENT_TIME), options.get(TIME_ZONE)
        if time == TRANSACTION:
            order = find(tree, "OrderDetails")
            parts = [
                find(order, name) if order is not None else None for name in ("TransactionDate", "TransactionTime")
            ]
            time = "T".join(part.text.strip() for part in parts if part is not None)
        if not time:
            raise InputError(Finding.of(rules.EVENT_TIME, "the shipment has no time", where=where))
        if parse(time) is None or not (has_zone(time) or zone):
            message = f"the time of the shipment {time!r} is no date and time with zone"
            hint = (
                f"give its zone with --set {TIME_ZONE.key}=Europe/Berlin, or the whole with --set {EVENT_TIME.key}=..."
            )
            finding = Finding.of(rules.EVENT_TIME, message, where=where, value=time, expected="with zone", hint=hint)
            raise InputError(finding)
        return _zoned(time, zone, where)

    def _transactions(self, tree: Element, where: Where) -> list[BizTransaction] | None:
        order = find(tree, "OrderDetails")
        found = find(order, "TransactionIdentifier") if order is not None else None
        kind = TRANSACTION_TYPES.get(attribute(found, "type")) if found is not None else None
        if order is None or found is None or kind is None:
            return None
        without(found, "type")
        number = self._reading.trees.take(order, "TransactionIdentifier", where)
        issuer = self._reading.context.options.get(TRANSACTION_ISSUER)
        if issuer:
            try:
                number = f"{BT}{Gln(issuer).gln}:{quote(number, safe=_PLAIN_IN_URN)}"
            except Gs1Error as error:
                raise InputError(error.finding(where)) from error
        return [BizTransaction(number, spell(Field.BIZ_TRANSACTION_TYPE, kind, Style.URN))]

    def _parties(self, tree: Element, side: str, where: Where) -> list[Party] | None:
        """Sources or destinations. Names and addresses, and ids that are no GLN, stay in the vendor content."""
        order = find(tree, "OrderDetails")
        info = find(order, side) if order is not None else None
        if order is None or info is None:
            return None
        found = []
        for place in places(info, side):
            party = self._party(place, where)
            if party is not None:
                found.append(party)
        drop_if_empty(order, side)
        return found or None

    def _party(self, place: Place, where: Where) -> Party | None:
        reading = self._reading
        text, kind = place.identifier.text.strip(), attribute(place.identifier, "type")
        if kind not in ("GLN", "SGLN"):
            message = f"{place.identifier.local} {text!r} of type {kind!r} is no GLN"
            reading.findings.report(rules.PARTY, message, where=where, value=text, expected="type GLN or SGLN")
            return None
        epc = reading.keys.place(text, where)
        if epc is None:
            return None
        # Its type stays, and says how it was spelt.
        place.identifier.text = ""
        return Party(spell(Field.SOURCE_DESTINATION_TYPE, place.role, Style.URN), epc)


def _zoned(time: str, zone: str, where: Where) -> tuple[str, str]:
    """The time with a zone, and the offset of the zone at that time."""
    try:
        moment = datetime.fromisoformat(start_of_next_day(time))
    except ValueError as error:
        finding = Finding.of(rules.TIME, f"the time {time!r} cannot be used", where=where, value=time)
        raise InputError(finding) from error
    if zone:
        try:
            place = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"the setting {TIME_ZONE.key} {zone!r} is not a known zone"
            finding = Finding.of(rules.SETTING, message, where=where, value=zone, expected="e.g. Europe/Berlin")
            raise InputError(finding) from error
        moment = _in_zone(moment, place, time, where)
    offset = f"{moment:%z}"
    offset = f"{offset[:3]}:{offset[3:5]}"
    return (time if has_zone(time) else time + offset), offset


def _in_zone(moment: datetime, place: ZoneInfo, time: str, where: Where) -> datetime:
    """A time in a zone; one without zone must be there once."""
    if moment.tzinfo is None:
        early, late = moment.replace(tzinfo=place, fold=0), moment.replace(tzinfo=place, fold=1)
        if early.utcoffset() != late.utcoffset():
            message = f"the local time {time!r} is ambiguous or does not exist in {place.key}"
            raise InputError(Finding.of(rules.TIME, message, where=where, value=time, expected="a time with its zone"))
        return early
    try:
        return moment.astimezone(place)
    except OverflowError as error:
        finding = Finding.of(rules.TIME, f"the time {time!r} cannot be used", where=where, value=time)
        raise InputError(finding) from error
