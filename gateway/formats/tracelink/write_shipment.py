"""SOMSalesShipmentMessage from one shipping event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent, Party
from gateway.epcis.vocabulary import Field, word
from gateway.formats.tracelink import rules, settings
from gateway.formats.tracelink.build import content_of
from gateway.formats.tracelink.keys import gln_of
from gateway.formats.tracelink.kinds import Kind, kind_of
from gateway.formats.tracelink.names import PREFIXES
from gateway.formats.tracelink.parties import PARTY_TYPES, Names, places
from gateway.formats.tracelink.read_shipment import BT, TRANSACTION_TYPES
from gateway.formats.tracelink.serials import Attributes
from gateway.formats.tracelink.times import local_date
from gateway.formats.tracelink.tree import attribute, children, find
from gateway.formats.tracelink.writing import Writing

_ORDER: Final = "SalesShipment"
_TYPES: Final = {ours: theirs for theirs, ours in TRANSACTION_TYPES.items()}
_USED: Final = frozenset({"epc_list", "biz_transaction_list", "source_list", "destination_list"})


class ShipmentWriter:
    """Writes the body of a SOMSalesShipmentMessage."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._builder = writing.builder

    def parts(self, events: Iterable[Event]) -> Iterator[str]:
        """The content of the only shipping event."""
        seen = False
        left = self._writing.leftovers
        for event in events:
            left.next_event()
            if kind_of(event) is not Kind.SHIPPING or not isinstance(event, ObjectEvent):
                left.whole(event)
            elif seen:
                message = "the document has a second shipping event"
                self._writing.findings.report(rules.SECOND_SHIPMENT, message, where=event.where)
            else:
                seen = True
                yield from self._shipment(event)
        if not seen:
            self._writing.findings.report(rules.NOTHING, "the document has no shipping event")

    def _shipment(self, event: ObjectEvent) -> Iterator[str]:
        writing, builder, values = self._writing, self._builder, self._writing.values
        tree = content_of(event, "MessageBody") or Element("")
        for local, setting in (
            ("DeliveryNumber", settings.DELIVERY_NUMBER),
            ("DeliveryCompleteFlag", settings.DELIVERY_COMPLETE),
        ):
            if find(tree, local) is None:
                builder.put(tree, local, values.need(local, "", setting, event.where), order=_ORDER)
        self._order(event, builder.ensure(tree, "OrderDetails", _ORDER))
        picked = find(tree, "AddPickedItems")
        items = builder.element("AddPickedItems")
        shells = list(children(picked, "Serial")) if picked is not None else []
        epcs = event.epc_list or []
        for at, epc in enumerate(epcs):
            serial = writing.serial(epc, event.where)
            if serial is not None:
                shell = shells[at] if len(shells) == len(epcs) else shells[0] if shells else None
                said: Attributes = tuple(shell.attributes) if shell is not None else ()
                items.children.append(writing.serial_element("Serial", serial._replace(company_prefix=""), said))
        if picked is not None:
            items.children += [child for child in picked.children if child.local != "Serial"]
            tree.children = [items if child is picked else child for child in tree.children]
        else:
            builder.ensure(tree, "AddPickedItems", _ORDER).children = items.children
        for child in tree.children:
            yield writing.xml(child) + "\n"
        left = writing.leftovers
        left.field(event, "eventTime", event.event_time)
        left.field(event, "eventTimeZoneOffset", event.event_time_zone_offset)
        left.rest(event, _USED, "in_transit", "MessageBody")

    def _order(self, event: ObjectEvent, order: Element) -> None:
        builder, values, where = self._builder, self._writing.values, event.where
        self._transaction(event, order)
        if find(order, "TransactionDate") is None:
            date = values.need("TransactionDate", "", settings.TRANSACTION_DATE, where)
            if date == settings.EVENT_DATE:
                date = local_date(event.event_time, event.event_time_zone_offset) or ""
            builder.put(order, "TransactionDate", date)
        for local, setting in (
            ("ShipToCountryCode", settings.SHIP_TO_COUNTRY),
            ("ShipFromCountryCode", settings.SHIP_FROM_COUNTRY),
            ("SalesDistributionType", settings.DISTRIBUTION_TYPE),
        ):
            if find(order, local) is None:
                builder.put(order, local, values.need(local, "", setting, where))
        for side, parties in (("SenderInfo", event.source_list), ("ReceiverInfo", event.destination_list)):
            self._side(event, builder.ensure(order, side), side, parties or [])

    def _transaction(self, event: ObjectEvent, order: Element) -> None:
        """TransactionIdentifier; there is place for one."""
        used = False
        for one in event.biz_transaction_list or ():
            kind = _TYPES.get(word(Field.BIZ_TRANSACTION_TYPE, one.type) or "") if one.type else None
            if kind is None or used:
                self._writing.leftovers.field(event, "bizTransactionList/bizTransaction", one)
                continue
            used = True
            number = one.id
            if number.startswith(BT):
                issuer, _, number = number.removeprefix(BT).partition(":")
                number = unquote(number)
                self._writing.leftovers.field(event, "bizTransactionList/bizTransaction/issuer", issuer)
            self._builder.put(order, "TransactionIdentifier", number, [("type", kind)])
        if not used and find(order, "TransactionIdentifier") is None:
            source = "a bizTransaction of type po or desadv in the event"
            self._writing.values.missing("TransactionIdentifier", source, event.where)

    def _side(self, event: ObjectEvent, info: Element, side: str, parties: list[Party]) -> None:
        shells = {place.role: place.identifier for place in places(info, side)}
        left = list(parties)
        for names in PARTY_TYPES[side]:
            party = next((p for p in left if word(Field.SOURCE_DESTINATION_TYPE, p.type) == names.role), None)
            shell = shells.get(names.role)
            if party is not None:
                left.remove(party)
                self._party(event, info, names, shell, party)
            elif shell is None and names.role == "owning_party":
                source = f"an {names.role} in the event's {'source' if side == 'SenderInfo' else 'destination'}List"
                self._writing.values.missing(names.info, source, event.where)
        name = "sourceList" if side == "SenderInfo" else "destinationList"
        for party in left:
            self._writing.leftovers.field(event, name, party)

    def _party(self, event: ObjectEvent, info: Element, names: Names, shell: Element | None, party: Party) -> None:
        """The id of a party or place: as the message spelt it, else as SGLN."""
        if shell is None:
            shell = self._builder.element(names.identifier, attributes=[("type", "SGLN")])
            inside = Element(f"{{{info.namespace}}}{names.info}", prefix=PREFIXES[info.namespace], children=[shell])
            info.children.append(inside)
            self._address(inside, names, party)
        if attribute(shell, "type") == "GLN" and (gln := gln_of(party.id)) is not None:
            shell.text = gln
        else:
            shell.attributes = [(n, "SGLN" if n == "type" else v) for n, v in shell.attributes]
            shell.text = self._writing.dotted(party.id, event.where)

    def _address(self, inside: Element, names: Names, party: Party) -> None:
        """Name and address as the document's master data has them; what it lacks is left out."""
        known = self._writing.addresses.of(party.id)
        if known:
            details = Element(f"{{{inside.namespace}}}{names.details}", prefix=inside.prefix)
            details.children = [self._builder.element(local, said) for local, said in known]
            inside.children.append(details)
