"""Composes files for EPTTS of commissioning and packing events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent, QuantityElement
from gateway.epcis.time import has_zone, is_offset, normal_offset, parse
from gateway.epcis.vocabulary import Field, word
from gateway.findings import LossRule, Outcome
from gateway.formats.base import Context
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Hierarchy, Submission
from gateway.markets.eg import rules, settings
from gateway.markets.eg.rows import COMMISSIONING, CONTAINER, ITEM, LOT, MOST_LOTS, MOST_SERIALS, PACKING, Row, write
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.kit.dates import DateForm, is_date, written
from gateway.markets.kit.events import counting, read_all
from gateway.markets.kit.height import height
from gateway.markets.kit.keys import gln_of, is_container, is_pack, parts_of
from gateway.markets.kit.needs import report_missing, value_of
from gateway.markets.kit.rules import NOT_WANTED

_USED_ILMD: Final = frozenset({"lotNumber", "itemExpirationDate", "productionDate", "origin"})
_FORBIDDEN: Final = frozenset(',"')
_HASH: Final = 12
_MILLISECOND_DIGITS: Final = 3


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The files of a document, in the order in which they have to be uploaded; none when something is wrong."""
    hierarchy, events = read_all(document, context.findings, rules.WITHDRAWAL)
    composer = _Composer(context, hierarchy)
    for event in counting(events, hierarchy):
        composer.take(event)
    rows = composer.rows()
    if not rows and not context.findings.errors:
        context.findings.report(rules.NOTHING, "the document has no commissioning and no packing")
    if not context.findings.errors:
        yield from _files(rows)


def _files(rows: Iterable[Row]) -> Iterator[Submission]:
    """Files with at most so many different serial numbers, and lots of items; rows keep their order."""
    part: list[Row] = []
    epcs: set[str] = set()
    lots: set[str] = set()
    number = 0
    for row in rows:
        too_many = row.epc not in epcs and len(epcs) == MOST_SERIALS
        if too_many or (row.lot and row.lot not in lots and len(lots) == MOST_LOTS):
            number += 1
            yield _file(part, number, len(epcs))
            part, epcs, lots = [], set(), set()
        part.append(row)
        epcs.add(row.epc)
        if row.lot:
            lots.add(row.lot)
    yield _file(part, number + 1, len(epcs))


def _file(rows: list[Row], number: int, epcs: int) -> Submission:
    data = write(rows)
    return Submission(f"eptts-{number:04}-{hashlib.sha256(data).hexdigest()[:_HASH]}.csv", data, epcs)


class _Composer:
    """Makes rows of events."""

    def __init__(self, context: Context, hierarchy: DocumentHierarchy) -> None:
        self._context = context
        self._findings = context.findings
        self._hierarchy: Hierarchy = hierarchy
        self._rows: list[tuple[str, int, int, int, Row]] = []
        self._heights: dict[str, int] = {}
        self._unwanted: set[str] = set()
        options = context.options
        self._local = "0" if options.get(settings.LOCAL_MARK) == "0" else ""
        self._form = DateForm.ISO if options.get(settings.DATE_FORM) == "plain" else DateForm.ISO_T
        self._asked: set[str] = set()

    def rows(self) -> list[Row]:
        """All rows by time; at the same time items, containers, then packing from the bottom up."""
        return [row for *_, row in sorted(self._rows)]

    def take(self, event: Event) -> None:
        """Take one event."""
        step = word(Field.BIZ_STEP, event.biz_step or "") or event.biz_step or event.type
        if isinstance(event, ObjectEvent) and event.action == "ADD":
            self._commission(event)
        elif isinstance(event, AggregationEvent) and event.action == "ADD":
            self._pack(event)
        elif step not in self._unwanted:
            self._unwanted.add(step)
            self._findings.report(NOT_WANTED, f"EPTTS phase 1 does not take {step}", where=event.where, value=step)

    def _commission(self, event: ObjectEvent) -> None:
        self._lose_quantities(event, event.quantity_list)
        place, time = self._place(event), self._time(event)
        ilmd = {each.local: each.text for each in event.ilmd or ()}
        described: tuple[str, str, str, str] | None = None
        for epc in event.epc_list or ():
            key = self._key(epc, event)
            if key is None:
                continue
            item = key.startswith(ITEM)
            if item and described is None:
                described = self._describe(event, ilmd)
            if place is not None and time is not None:
                more = described if item and described is not None else ()
                self._add(0 if item else 1, 0, Row(COMMISSIONING, *time, place, place, key, *more))
        if described is not None:
            self._lose_ilmd(event, ilmd)

    def _pack(self, event: AggregationEvent) -> None:
        self._lose_quantities(event, event.child_quantity_list)
        parent = self._key(event.parent_id, event) if event.parent_id else ""
        if parent is not None and not parent.startswith(CONTAINER):
            message = f"the container {event.parent_id or 'that is not named'} is no SSCC"
            self._findings.report(rules.IDENTIFIER, message, where=event.where, value=event.parent_id or "")
            return
        place, time = self._place(event), self._time(event)
        for epc in event.child_epcs or ():
            key = self._key(epc, event)
            if key is not None and parent is not None and place is not None and time is not None:
                self._add(2, self._height(epc), Row(PACKING, *time, place, place, key, parent))

    def _add(self, phase: int, height: int, row: Row) -> None:
        self._rows.append((row.time, phase, height, len(self._rows), row))

    def _height(self, epc: str) -> int:
        return height(epc, self._hierarchy.children, self._heights)

    def _describe(self, event: ObjectEvent, ilmd: dict[str, str]) -> tuple[str, str, str, str]:
        """Parent, import and the dates of items; once for each event, whose items are alike."""
        where = event.where
        lot, expiry, made = (ilmd.get(name, "") for name in ("lotNumber", "itemExpirationDate", "productionDate"))
        for name, value in (("lot", lot), ("expiry", expiry)):
            if not value:
                self._findings.report(rules.UNDESCRIBED, f"the {name} of the items is not known", where=where)
        if not _FORBIDDEN.isdisjoint(lot):
            self._findings.report(
                rules.CHARACTERS, f"the lot {lot!r} has a comma or quotation mark", where=where, value=lot
            )
        for value in filter(None, (expiry, made)):
            if not is_date(value):
                message = f"{value!r} is not YYYY-MM-DD"
                self._findings.report(rules.DATE, message, where=where, value=value, expected="YYYY-MM-DD")
        dates = [written(value, self._form) if is_date(value) else "" for value in (expiry, made)]
        origin = value_of(settings.IMPORT_NEED, self._context.options, ilmd)
        if origin not in (settings.IMPORTED, settings.LOCAL) and "origin" not in self._asked:
            self._asked.add("origin")
            report_missing(settings.IMPORT_NEED, self._findings, where, "items that are commissioned")
        return f"{LOT}{lot}", "I" if origin == settings.IMPORTED else self._local, dates[0], dates[1]

    def _key(self, epc: str, event: Event) -> str | None:
        try:
            parts = parts_of(epc)
        except Gs1Error as error:
            self._findings.add(error.finding(event.where))
            return None
        if is_container(parts):
            return f"{CONTAINER}{parts.number}"
        if not is_pack(parts):
            message = f"{epc} is neither an item nor a container"
            self._findings.report(rules.IDENTIFIER, message, where=event.where, value=epc)
            return None
        serial = parts.serial or ""
        if not _FORBIDDEN.isdisjoint(serial):
            message = f"the serial number {serial!r} has a comma or quotation mark"
            self._findings.report(rules.CHARACTERS, message, where=event.where, value=serial)
            return None
        return f"{ITEM}{parts.number}(21){serial}"

    def _place(self, event: Event) -> str | None:
        found: dict[str, None] = {}
        for place in (event.read_point, event.biz_location):
            if place is not None:
                try:
                    found[gln_of(place.id, rules.PLACE)] = None
                except Gs1Error as error:
                    message = f"the place {place.id} has no GLN: {error.message}"
                    self._findings.report(rules.PLACE, message, where=event.where, value=place.id)
                    return None
        if len(found) > 1:
            message = f"readPoint and bizLocation have different GLNs: {' and '.join(found)}"
            self._findings.report(rules.PLACE, message, where=event.where)
            return None
        place_gln = next(iter(found), "") or self._context.options.get(settings.LOCATION)
        if not place_gln and "place" not in self._asked:
            self._asked.add("place")
            report_missing(settings.PLACE_NEED, self._findings, event.where, "an event")
        return place_gln or None

    def _time(self, event: Event) -> tuple[str, str] | None:
        """EventTime in UTC with milliseconds, and timeOffset."""
        time, offset = event.event_time, normal_offset(event.event_time_zone_offset)
        moment = _utc(time if has_zone(time) else time + offset) if is_offset(offset) else None
        if moment is None:
            message = f"eventTime {time!r} with eventTimeZoneOffset {offset!r} is no time with a zone"
            self._findings.report(rules.TIME, message, where=event.where, value=time)
            return None
        parsed = parse(time)
        if parsed is not None and parsed.fraction[_MILLISECOND_DIGITS:].strip("0"):
            self._lose(rules.FRACTION_LOST, "eventTime", time, event)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z", offset

    def _lose_ilmd(self, event: ObjectEvent, ilmd: dict[str, str]) -> None:
        for name, value in ilmd.items():
            if name not in _USED_ILMD:
                self._lose(rules.ILMD_LOST, f"ilmd/{name}", value, event)

    def _lose_quantities(self, event: Event, quantities: Iterable[QuantityElement] | None) -> None:
        for each in quantities or ():
            value = " ".join(part for part in (each.epc_class, each.quantity, each.uom) if part)
            self._lose(rules.QUANTITY_LOST, "quantityElement", value, event)

    def _lose(self, rule: LossRule, field: str, value: str, event: Event) -> None:
        id_ = event.event_id or ""
        self._context.losses.add(rule, Outcome.LOST, field, value, event=event.where.event, event_id=id_)


def _utc(time: str) -> datetime | None:
    try:
        return datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
