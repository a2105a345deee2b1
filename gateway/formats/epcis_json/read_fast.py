"""The fast way for plain events: a strict typed decode. What it does not prove, the exact way reads.

An event goes this way only when it has the keys below, each once, with values of the right type, and besides nothing
but vendor fields with a text. Other and repeated keys, which a typed decode would hide, show in the number of quotes:
what was decoded is encoded again and must have as many as the text.
"""

# ruff: noqa: N815 - the fields are the keys of EPCIS JSON

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.epcis.element import Element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    Event,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
    TransactionEvent,
)
from gateway.findings import Where
from gateway.formats.epcis_json import frame_spans
from gateway.formats.epcis_json.blocks import Block
from gateway.formats.epcis_json.context import Scope
from gateway.formats.epcis_json.number import LEGAL
from gateway.formats.frames import Frames


class _Strict(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    pass


class _Id(_Strict):
    id: str


class _Quantity(_Strict):
    epcClass: str
    quantity: msgspec.Raw | None = None
    uom: str | None = None


class _Transaction(_Strict):
    bizTransaction: str
    type: str | None = None


class _Source(_Strict):
    type: str
    source: str


class _Destination(_Strict):
    type: str
    destination: str


class _Event(_Strict, kw_only=True, tag_field="type", forbid_unknown_fields=False):
    eventTime: str
    eventTimeZoneOffset: str
    action: str
    recordTime: str | None = None
    eventID: str | None = None
    bizStep: str | None = None
    disposition: str | None = None
    readPoint: _Id | None = None
    bizLocation: _Id | None = None
    bizTransactionList: list[_Transaction] | None = None
    sourceList: list[_Source] | None = None
    destinationList: list[_Destination] | None = None


class _Object(_Event, kw_only=True, tag="ObjectEvent"):
    epcList: list[str] | None = None
    quantityList: list[_Quantity] | None = None
    ilmd: dict[str, str] | None = None


class _Aggregation(_Event, kw_only=True, tag="AggregationEvent"):
    parentID: str | None = None
    childEPCs: list[str] | None = None
    childQuantityList: list[_Quantity] | None = None


class _TransactionEvent(_Event, kw_only=True, tag="TransactionEvent"):
    parentID: str | None = None
    epcList: list[str] | None = None
    quantityList: list[_Quantity] | None = None


_KEYS: Final[dict[type[_Event], frozenset[str]]] = {
    event: frozenset((*event.__struct_fields__, "type")) for event in (_Object, _Aggregation, _TransactionEvent)
}
_decode: Final = msgspec.json.Decoder(_Object | _Aggregation | _TransactionEvent).decode
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode
_QUOTE: Final = b'"'
_QUOTES_OF_MEMBER: Final = 4


class FastReader:
    """Reads the events of one document, block by block.

    Args:
        scope: prefixes of the document.
        epcs: most identifiers that one event may have.
        exact: reads an event that is not plain; None when it is no event.
        path: JSONPath of the event list.

    Attributes:
        number: how many items of the list were read.
    """

    def __init__(self, scope: Scope, epcs: int, exact: Callable[[bytes, Where], Event | None], path: str) -> None:
        self._name = scope.name
        self._epcs = epcs
        self._exact = exact
        self._path = path
        self._frames = Frames(epcs, frame_spans.NOTATION)
        self.number = 0
        self._gap = ""  # what stands between two events

    def read(self, block: Block, events: list[Event]) -> None:
        """Add the events of the next block to `events`.

        Raises:
            GatewayError: the document cannot be read any further; `events` has what came before.
        """
        try:
            text = block.text.decode()
        except UnicodeDecodeError:
            text = ""
        position, done = 1, 0
        while done < len(block):
            # Only a decoder has seen that strings have no control characters in them; without it there is no text.
            start = position + len(self._gap) if text.startswith(self._gap, position) else position
            known = self._frames.run(text, start, self._gap, len(block) - done) if text else []
            for alike, position, _, _ in known:  # noqa: B007 - the last one is where to go on
                alike.where = self._where()
                events.append(alike)
            done += len(known)
            if known:
                continue
            data = bytes(block[done])
            done += 1
            where = self._where()
            event = self._decoded(data, where)
            if text:
                characters = data.decode()
                start = text.index(characters, position)
                if position > 1:
                    self._gap = text[position:start]
                position = start + len(characters)
                if event is not None:
                    self._frames.learn(text, start, position, event)
            event = event or self._exact(data, where)
            if event is not None:
                events.append(event)

    def _where(self) -> Where:
        self.number += 1
        return Where(event=self.number, path=f"{self._path}[{self.number - 1}]")

    def _decoded(self, data: bytes, where: Where) -> Event | None:
        try:
            item = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        # Without escapes every string has two quotes, so that a hidden key shows as quotes too many.
        hidden = data.count(_QUOTE) - _encode(item).count(_QUOTE)
        if b"\\" in data:
            return None
        try:
            event = _BUILD[type(item)](self, item, where)
            if hidden:
                event.extensions = self._vendor_fields(data, type(item), hidden)
        except _NotPlain:
            return None
        return event

    def _vendor_fields(self, text: bytes, event: type[_Event], quotes: int) -> list[Element]:
        """The members of an event that are no keys of EPCIS, if all are texts and have as many quotes as are missed."""
        members = _members(text)
        vendors = [key for key in members if key not in _KEYS[event]]
        if quotes != _QUOTES_OF_MEMBER * len(vendors):
            raise _NotPlain
        values = {key: bytes(members[key]).decode() for key in vendors}
        if not all(value[0] == '"' for value in values.values()):
            raise _NotPlain
        return [self._element(key, value[1:-1]) for key, value in values.items()]

    def _object(self, item: _Object, where: Where) -> Event:
        epcs = item.epcList
        if epcs is not None and len(epcs) > self._epcs:
            raise _NotPlain
        return ObjectEvent(
            event_time=item.eventTime,
            event_time_zone_offset=item.eventTimeZoneOffset,
            record_time=item.recordTime,
            event_id=item.eventID,
            action=item.action,
            epc_list=epcs,
            quantity_list=_quantities(item.quantityList),
            biz_step=item.bizStep,
            disposition=item.disposition,
            read_point=_location(item.readPoint),
            biz_location=_location(item.bizLocation),
            biz_transaction_list=_transactions(item.bizTransactionList),
            source_list=_sources(item.sourceList),
            destination_list=_destinations(item.destinationList),
            ilmd=None if item.ilmd is None else [self._element(*pair) for pair in item.ilmd.items()],
            where=where,
        )

    def _aggregation(self, item: _Aggregation, where: Where) -> Event:
        if item.childEPCs is not None and len(item.childEPCs) > self._epcs:
            raise _NotPlain
        return AggregationEvent(
            event_time=item.eventTime,
            event_time_zone_offset=item.eventTimeZoneOffset,
            record_time=item.recordTime,
            event_id=item.eventID,
            action=item.action,
            parent_id=item.parentID,
            child_epcs=item.childEPCs,
            child_quantity_list=_quantities(item.childQuantityList),
            biz_step=item.bizStep,
            disposition=item.disposition,
            read_point=_location(item.readPoint),
            biz_location=_location(item.bizLocation),
            biz_transaction_list=_transactions(item.bizTransactionList),
            source_list=_sources(item.sourceList),
            destination_list=_destinations(item.destinationList),
            where=where,
        )

    def _transaction(self, item: _TransactionEvent, where: Where) -> Event:
        if item.epcList is not None and len(item.epcList) > self._epcs:
            raise _NotPlain
        return TransactionEvent(
            event_time=item.eventTime,
            event_time_zone_offset=item.eventTimeZoneOffset,
            record_time=item.recordTime,
            event_id=item.eventID,
            action=item.action,
            parent_id=item.parentID,
            epc_list=item.epcList,
            quantity_list=_quantities(item.quantityList),
            biz_step=item.bizStep,
            disposition=item.disposition,
            read_point=_location(item.readPoint),
            biz_location=_location(item.bizLocation),
            biz_transaction_list=_transactions(item.bizTransactionList),
            source_list=_sources(item.sourceList),
            destination_list=_destinations(item.destinationList),
            where=where,
        )

    def _element(self, key: str, text: str) -> Element:
        name = self._name(key)
        if name is None or ":" not in key or name[1] == "gwc":
            raise _NotPlain
        return Element(name[0], text, prefix=name[1])


class _NotPlain(Exception):
    pass


def _location(item: _Id | None) -> Location | None:
    return None if item is None else Location(item.id)


def _transactions(items: list[_Transaction] | None) -> list[BizTransaction] | None:
    return None if items is None else [BizTransaction(item.bizTransaction, item.type) for item in items]


def _sources(items: list[_Source] | None) -> list[Party] | None:
    return None if items is None else [Party(item.type, item.source) for item in items]


def _destinations(items: list[_Destination] | None) -> list[Party] | None:
    return None if items is None else [Party(item.type, item.destination) for item in items]


def _quantities(items: list[_Quantity] | None) -> list[QuantityElement] | None:
    return None if items is None else [_quantity(item) for item in items]


def _quantity(item: _Quantity) -> QuantityElement:
    if item.quantity is None:
        return QuantityElement(item.epcClass, None, item.uom)
    number = bytes(item.quantity).decode("ascii", "replace")
    if LEGAL.fullmatch(number) is None:
        raise _NotPlain
    return QuantityElement(item.epcClass, number, item.uom)


_BUILD: Final[dict[type[_Event], Callable[..., Event]]] = {
    _Object: FastReader._object,  # noqa: SLF001 - the class's own table
    _Aggregation: FastReader._aggregation,  # noqa: SLF001
    _TransactionEvent: FastReader._transaction,  # noqa: SLF001
}
