"""Turns a PTS transfer into EPCIS: an aggregation event for each carrier, innermost first, then the shipping.

A transfer tells no times and no commissioning. The time comes from a setting; commissioning is not invented: lot
and expiry stand as vendor elements on the aggregation events (see `gateway.markets.tr.extension`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.epcis.document import Document, Header
from gateway.epcis.events import AggregationEvent, BizTransaction, Event, Location, ObjectEvent, Party
from gateway.epcis.time import has_zone, parse
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.kit.dates import offset_of
from gateway.markets.tr import extension, rules
from gateway.markets.tr.check import check_schema, check_transfer
from gateway.markets.tr.keys import container_epc, note_id, pack_epc, place_epc
from gateway.markets.tr.model import Carrier, ProductList, Transfer
from gateway.markets.tr.read import parse_xml, read_transfer, unzip
from gateway.options import CREATION_DATE, EVENT_TIME, READ_POINT, TIME_ZONE
from gateway.sources import Source


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all events of a transfer have in common."""

    time: str
    offset: str
    read_point: str


def parse_package(source: Source, context: Context) -> Document:
    """Read a PTS zip file or a bare transfer XML into a document.

    Raises:
        InputError: it cannot be read as a transfer, or the event time is not given.
        LimitExceeded: it is too large.
    """
    with source.open() as stream:
        data = stream.read()
    root = parse_xml(unzip(data, context.limits))
    check_schema(root, context.findings)
    transfer = read_transfer(root, context.findings)
    check_transfer(transfer, context.findings)
    frame = _frame(context)
    header = Header(creation_date=context.options.get(CREATION_DATE) or context.now or None)
    header.namespaces = [(extension.PREFIX, extension.NAMESPACE)]
    return Document(header, _events(transfer, frame))


def _frame(context: Context) -> _Frame:
    time = context.options.get(EVENT_TIME)
    zone = context.options.get(TIME_ZONE)
    if not time:
        message = "a PTS transfer has no times"
        hint = f"give the time of the shipping with --set {EVENT_TIME.key}=..., or under set: in the agreement"
        raise InputError(Finding.of(rules.TIME, message, expected="ISO 8601 with zone", hint=hint))
    if parse(time) is None or not (has_zone(time) or zone):
        message = f"the setting {EVENT_TIME.key} {time!r} is not a date and time with zone"
        hint = f"write it as 2026-11-22T09:00:00+03:00, or give the zone with --set {TIME_ZONE.key}=Europe/Istanbul"
        raise InputError(Finding.of(rules.TIME, message, value=time, expected="ISO 8601 with zone", hint=hint))
    offset, time = _offset(time, zone)
    return _Frame(time, offset, context.options.get(READ_POINT))


def _offset(time: str, zone: str) -> tuple[str, str]:
    """The zone offset at a time, and the time completed with it where it had none."""
    moment = datetime.fromisoformat(time)
    if zone:
        try:
            place = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"the setting {TIME_ZONE.key} {zone!r} is not a known zone"
            raise InputError(Finding.of(rules.TIME, message, value=zone, expected="e.g. Europe/Istanbul")) from error
        moment = moment.astimezone(place) if moment.tzinfo else moment.replace(tzinfo=place)
    offset = offset_of(moment)
    return offset, time if has_zone(time) else time + offset


def _events(transfer: Transfer, frame: _Frame) -> Iterator[Event]:
    for carrier in transfer.carriers:
        yield from _aggregations(carrier, frame)
    yield _shipping(transfer, _epcs(transfer.carriers), frame)


def _aggregations(carrier: Carrier, frame: _Frame) -> Iterator[Event]:
    for inner in carrier.carriers():
        yield from _aggregations(inner, frame)
    parent = _epcs([carrier])
    if not parent:
        return
    event = AggregationEvent(
        event_time=frame.time,
        event_time_zone_offset=frame.offset,
        action="ADD",
        parent_id=parent[0],
        child_epcs=_epcs(carrier.entries),
        biz_step=spell(Field.BIZ_STEP, "packing", Style.URN),
        read_point=Location(frame.read_point) if frame.read_point else None,
    )
    event.extensions = extension.container_elements(carrier.container)
    event.extensions += [
        extension.product_element(entry) for entry in carrier.entries if isinstance(entry, ProductList)
    ]
    yield event


def _epcs(entries: Iterable[ProductList | Carrier]) -> list[str]:
    """EPCs of carriers and packs. One that cannot be an EPC is left out: `check_transfer` has reported it."""
    found: list[str] = []
    for entry in entries:
        if isinstance(entry, Carrier):
            with suppress(Gs1Error):
                found.append(container_epc(entry.label))
            continue
        for serial in entry.serials:
            with suppress(Gs1Error):
                found.append(pack_epc(entry.gtin, serial))
    return found


def _parties(*named: tuple[str, str]) -> list[Party]:
    """Parties by role and GLN. One that has no right GLN is left out: `check_transfer` has reported it."""
    out = []
    for role, gln in named:
        with suppress(Gs1Error):
            out.append(Party(spell(Field.SOURCE_DESTINATION_TYPE, role, Style.URN), place_epc(gln)))
    return out


def _shipping(transfer: Transfer, tops: list[str], frame: _Frame) -> ObjectEvent:

    destinations = [("owning_party", transfer.destination)]
    if transfer.ship_to:
        destinations.append(("location", transfer.ship_to))
    desadv = spell(Field.BIZ_TRANSACTION_TYPE, "desadv", Style.URN)
    event = ObjectEvent(
        event_time=frame.time,
        event_time_zone_offset=frame.offset,
        action="OBSERVE",
        epc_list=tops,
        biz_step=spell(Field.BIZ_STEP, "shipping", Style.URN),
        read_point=Location(frame.read_point) if frame.read_point else None,
        source_list=_parties(("owning_party", transfer.source)),
        destination_list=_parties(*destinations),
    )
    if transfer.number:
        note = note_id(transfer.source, transfer.number)
        event.biz_transaction_list = [BizTransaction(note, desadv)]
    event.extensions = extension.transfer_elements(transfer)
    return event
