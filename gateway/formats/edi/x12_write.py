"""Writes an X12 856: one transaction set for each shipment of a document (ASC X12 004010 and 005010, transaction 856).

Usual segments only: BSN, DTM*011, HL S O T P I, N1 to N4, PRF, REF*PO, MAN*GM, LIN, SN1, PID, REF*LT, REF*SE, DTM*036,
CTT. What a partner's guide asks for beyond them is not known here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.epcis.document import Document
from gateway.epcis.time import parse, start_of_next_day, with_offset
from gateway.epcis.vocabulary import Field, word
from gateway.findings import LossRule, Outcome
from gateway.formats.base import Context, blocks
from gateway.formats.edi import x12_losses as rules
from gateway.formats.edi.x12_contents import Box, Item, Packer
from gateway.formats.edi.x12_interchange import Part, interchange, separators, texts
from gateway.formats.edi.x12_master import Names
from gateway.formats.edi.x12_parties import Parties
from gateway.formats.edi.x12_settings import SERIALS, SHIPMENT_ID, Frame, frame
from gateway.formats.edi.x12_story import Shipment, read_story
from gateway.formats.epcis_xml.scope import Scope
from gateway.formats.epcis_xml.write_element import write_element

_BT = re.compile(r"urn:epcglobal:cbv:bt:([^:]*):(.+)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PRINTABLE = re.compile(r"[ -~]+")
#: Greatest lengths by version: REF02 (data element 127).
_REF02 = {"004010": 30, "005010": 50}


def write(document: Document, context: Context) -> Iterator[bytes]:
    """Write the shipments of a document as one interchange.

    Raises:
        UsageError: a setting is missing or has no right form.
    """
    about = frame(context)
    sets = list(_sets(document, context, about))
    if context.findings.errors:
        return
    own = [about.sender[1], about.receiver[1], about.group_sender, about.group_receiver]
    marks = separators([*texts(sets), *own], about.separators)
    if isinstance(marks, str):
        message = f"the separator {marks!r} stands in a value" if marks else "all usual separators stand in values"
        context.findings.report(rules.SEPARATORS, message, value=marks)
        return
    yield from blocks(interchange(about, "SH", "856", sets, marks))


def _sets(document: Document, context: Context, about: Frame) -> Iterator[list[Part]]:
    story = read_story(document, context)
    names = Names(document.header, context)
    packer = Packer(story, context, serials=context.options.get(SERIALS) == "ref")
    if not story.shipments and not context.findings.errors:
        context.findings.report(rules.NO_SHIPMENT, "the document has no shipping event")
    for shipment in story.shipments:
        yield _Notice(shipment, packer.open(shipment), names, context, about).parts()
    for epc, number in story.named.items():
        if epc not in packer.shipped:
            context.losses.add(rules.EVENT, Outcome.LOST, "epcs", epc, event=number)
    names.lose_rest()
    for element in (*document.body_extensions, *document.event_list_extensions, *document.extensions):
        context.losses.add(rules.HEADER, Outcome.LOST, element.name, write_element(element, Scope({})))


@dataclass(slots=True)
class _Notice:
    """Builds the segments of one shipment between ST and SE."""

    shipment: Shipment
    top: Box
    names: Names
    context: Context
    about: Frame
    out: list[Part] = field(default_factory=list)
    levels: int = 0
    lines: int = 0

    def parts(self) -> list[Part]:
        """All segments."""
        orders = self._transactions()
        self._add("BSN", "00", self._number, self.about.day, self.about.minute)
        day, time = self._shipped()
        self._add("DTM", "011", day, time, "UT")
        top = self._level("", "S", has_children=bool(self.top.boxes or self.top.items))
        if len(orders) > 1:
            for order in orders:
                self._add("REF", "PO", self._fit(order, _REF02[self.about.version], "purchase order"))
        parties = Parties(self.shipment, self.names, self.context)
        for tag, values in parties.segments():
            self._add(tag, *values)
        parent = top
        if len(orders) == 1:
            parent = self._level(top, "O", has_children=True)
            self._add("PRF", self._fit(orders[0], 22, "purchase order"))
        self._contents(self.top, parent)
        total = sum((item.amount for box in _all(self.top) for item in box.items.values()), start=0)
        self._add("CTT", str(self.levels), f"{total:f}")
        return self.out

    def _contents(self, top: Box, parent: str) -> None:
        pending: list[tuple[Box, str]] = [(top, parent)]
        while pending:
            box, around = pending.pop()
            if box.sscc:
                code = "T" if box.boxes else "P"
                around = self._level(around, code, has_children=bool(box.boxes or box.items))
                self._add("MAN", "GM", f"00{box.sscc}")
            for item in box.items.values():
                self._item(item, around)
            pending.extend((inner, around) for inner in reversed(box.boxes))

    def _item(self, item: Item, parent: str) -> None:
        self._level(parent, "I", has_children=False)
        self.lines += 1
        ndc = self.names.ndc(item.gtin)
        line = str(self.lines)
        self._add("LIN", line, "UK", item.gtin, *(("N4", ndc) if ndc else ()))
        self._add("SN1", line, f"{item.amount:f}", item.unit)
        name = self.names.product(item.gtin)
        if name:
            self._add("PID", "F", "", "", "", name)
        if item.lot:
            self._add("REF", "LT", self._fit(item.lot, _REF02[self.about.version], "lot"))
        if item.expiry:
            self._add("DTM", "036", self._day(item.expiry))
        for serial in item.serials:
            self._add("REF", "SE", self._fit(serial, _REF02[self.about.version], "serial number"))

    def _level(self, parent: str, code: str, *, has_children: bool) -> str:
        self.levels += 1
        self._add("HL", str(self.levels), parent, code, "1" if has_children else "0")
        return str(self.levels)

    def _add(self, tag: str, *values: str) -> None:
        self.out.append((tag, values))

    @property
    def _number(self) -> str:
        given = self.context.options.get(SHIPMENT_ID)
        found = [bt[1] for bt in self._numbers("desadv")]
        if found and not given:
            return self._fit(found[0], 30, "number of the ship notice")
        if given:
            return self._fit(given, 30, "number of the ship notice")
        message = "the shipping event has no business transaction of type desadv"
        self.context.findings.report(rules.NO_NUMBER, message, where=self.shipment.event.where)
        return ""

    def _numbers(self, kind: str) -> list[tuple[str, str]]:
        """Issuer and number of the business transactions of a type."""
        found = []
        for one in self.shipment.transactions:
            match = _BT.fullmatch(one.id)
            if match and word(Field.BIZ_TRANSACTION_TYPE, one.type or "") == kind:
                found.append((match[1], unquote(match[2])))
        return found

    def _transactions(self) -> list[str]:
        """Numbers of the purchase orders; what else is said of business documents is lost."""
        given = self.context.options.get(SHIPMENT_ID)
        notices = self._numbers("desadv")
        orders = self._numbers("po")
        kept = set() if given or not notices else {("desadv", *notices[0])}
        kept |= {("po", *order) for order in orders}
        owners = Parties.owners(self.shipment)
        for one in self.shipment.transactions:
            match = _BT.fullmatch(one.id)
            kind = word(Field.BIZ_TRANSACTION_TYPE, one.type or "")
            if match is None or (kind, match[1], unquote(match[2])) not in kept:
                self._lose(rules.TRANSACTION, f"bizTransactionList/{one.type or ''}", one.id)
            elif match[1] not in owners:
                self._lose(rules.TRANSACTION, f"bizTransactionList/{one.type or ''}/issuer", match[1])
        return list(dict.fromkeys(number for _, number in orders))

    def _shipped(self) -> tuple[str, str]:
        """Day and time of the shipment in UTC: X12 has a code for it (UT), and none for most offsets."""
        event = self.shipment.event
        moment = parse(event.event_time)
        text = event.event_time
        try:
            text = start_of_next_day(with_offset(text, event.event_time_zone_offset))
            at = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            self._refuse("eventTime", text, "a time with its zone")
            return "", ""
        if moment is not None and moment.fraction.strip("0"):
            self._lose(rules.PRECISION, "eventTime", event.event_time)
        return f"{at:%Y%m%d}", f"{at:%H%M%S}" if at.second else f"{at:%H%M}"

    def _day(self, expiry: str) -> str:
        match = _DATE.fullmatch(expiry)
        if match is None:
            self._refuse("expiry", expiry, "YYYY-MM-DD")
            return ""
        return "".join(match.groups())

    def _fit(self, value: str, length: int, what: str) -> str:
        """A value that must be written as it is."""
        if len(value) > length or _PRINTABLE.fullmatch(value) is None or value != value.strip():
            self._refuse(what, value, f"at most {length} printable ASCII characters, no blanks around them")
        return value

    def _refuse(self, what: str, value: str, expected: str) -> None:
        message = f"the {what} {value!r} cannot be written"
        where = self.shipment.event.where
        self.context.findings.report(rules.VALUE, message, where=where, value=value, expected=expected)

    def _lose(self, rule: LossRule, name: str, value: str) -> None:
        self.context.losses.add(rule, Outcome.LOST, name, value, event=self.shipment.number)


def _all(top: Box) -> Iterator[Box]:
    pending = [top]
    while pending:
        box = pending.pop()
        yield box
        pending.extend(box.boxes)
