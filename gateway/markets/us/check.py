"""Checks a file of transaction information as a careful receiver does: schema, header, then the story of the goods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.checks.schema import check_xml
from gateway.epcis import sbdh
from gateway.epcis.document import Header, VocabularyElement
from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.time import order_key
from gateway.epcis.vocabulary import Field, word
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.formats.epcis_xml.read import read
from gateway.markets.kit.dates import is_date
from gateway.markets.us import elements, master, rules, settings
from gateway.markets.us.compose import GUIDELINE
from gateway.markets.us.deliveries import OWNER
from gateway.resources import shipped
from gateway.sources import Source

SCHEMA: Final = ("us", "dscsa", "1", "all.xsd")
#: TraceLink's limit for files that come in.
MOST_BYTES: Final = 300_000_000
_SGTIN, _SSCC = "urn:epc:id:sgtin:", "urn:epc:id:sscc:"
_PAIRS: Final = {
    "shipping": "in_transit",
    "commissioning": "active",
    "packing": "in_progress",
    "receiving": "in_progress",
}
_PAPERS: Final = {"po": "purchase order", "desadv": "delivery"}


def check(data: bytes, findings: Findings) -> None:
    """Check the bytes of one file."""
    check_size(len(data), findings)
    source = Source.memory(data)
    errors = findings.errors
    check_xml(source, shipped("xsd", *SCHEMA), findings)
    if findings.errors > errors:
        return
    context = Context(findings=findings)
    try:
        document = read(source, context)
        file = _File(document.header, findings)
        for event in document.events:
            file.take(event)
        file.finish()
    except (InputError, LimitExceeded) as error:
        findings.add(error.finding)


def check_size(size: int, findings: Findings) -> None:
    """Warn of a file that is larger than networks take."""
    if size > MOST_BYTES:
        message = f"the file has {size:,} bytes"
        findings.report(rules.TOO_LARGE, message, value=size, expected=f"at most {MOST_BYTES:,}")


class _File:
    """Takes header and events and remembers what later ones depend on."""

    def __init__(self, header: Header, findings: Findings) -> None:
        self._findings = findings
        self._created = order_key(header.creation_date or "")
        self._born: set[str] = set()
        self._parents: dict[str, str] = {}
        self._containers: set[str] = set()
        self._shipped: dict[str, Event] = {}
        self._products = _records(header, "EPCClass")
        self._places = _records(header, "Location")
        self._stems: dict[str, Event] = {}
        self._named: dict[str, tuple[Event, bool]] = {}
        self._release = _release(header)
        self._check_header(header)

    def take(self, event: Event) -> None:
        """Check one event."""
        step = word(Field.BIZ_STEP, event.biz_step or "") or event.biz_step or ""
        wanted = _PAIRS.get(step)
        told = word(Field.DISPOSITION, event.disposition or "") or event.disposition
        if wanted is not None and told != wanted:
            message = f"{step} has the disposition {told or 'nothing'}"
            self._findings.report(rules.DISPOSITION, message, where=event.where, value=told or "", expected=wanted)
        moment = order_key(event.event_time, event.event_time_zone_offset)
        if moment is not None and self._created is not None and moment > self._created:
            message = f"eventTime {event.event_time} is later than creationDate"
            self._findings.report(rules.FUTURE, message, where=event.where, value=event.event_time)
        self._look_for_places(event)
        if isinstance(event, AggregationEvent):
            self._pack(event)
        elif isinstance(event, ObjectEvent):
            self._identifiers(event.epc_list or (), event)
            if event.action == "ADD":
                self._commission(event)
            elif step == "shipping":
                self._ship(event)

    def finish(self) -> None:
        """Check what only the whole file shows."""
        told = bool(self._born)
        if self._shipped and not told:
            self._findings.report(rules.NO_HISTORY, "the file commissions nothing")
        inside: dict[str, list[str]] = {}
        for child, parent in self._parents.items():
            inside.setdefault(parent, []).append(child)
        for top, event in self._shipped.items():
            if told:
                self._whole(top, inside, event)
        for stem, event in self._stems.items():
            record = self._products.get(master.pattern_of(stem))
            lacking = master.missing(record or VocabularyElement(stem), settings.PRODUCT)
            if lacking:
                message = f"of {master.pattern_of(stem)} is not known: {', '.join(lacking)}"
                self._findings.report(rules.PRODUCT, message, where=event.where, value=stem)
        for place, (event, owner) in self._named.items():
            record = self._places.get(place)
            lacking = master.missing(record or VocabularyElement(place), settings.PARTY)
            if lacking:
                message = f"of {place} is not known: {', '.join(lacking)}"
                rule = rules.PARTY if owner else rules.PLACE
                self._findings.report(rule, message, where=event.where, value=place)

    def _whole(self, top: str, inside: dict[str, list[str]], event: Event) -> None:
        """All that is shipped in one identifier was commissioned, and containers are not empty."""
        pending, seen = [top], set()
        while pending:
            epc = pending.pop()
            if epc in seen:
                continue  # a circle is for the rules of EPCIS to name
            seen.add(epc)
            content = inside.get(epc, [])
            if epc.startswith(_SSCC) and not content:
                message = f"nothing is packed into {epc}"
                self._findings.report(rules.ORPHAN, message, where=event.where, value=epc)
            elif epc.startswith(_SGTIN) and epc not in self._born:
                message = f"{epc} is shipped and not commissioned"
                self._findings.report(rules.NOT_COMMISSIONED, message, where=event.where, value=epc)
            pending.extend(content)

    def _commission(self, event: ObjectEvent) -> None:
        listed = event.epc_list or ()
        for epc in listed:
            if epc in self._born:
                self._findings.report(rules.TWICE, f"{epc} is commissioned twice", where=event.where, value=epc)
            self._born.add(epc)
        if not any(epc.startswith(_SGTIN) for epc in listed):
            return
        ilmd = {each.local: each.text.strip() for each in event.ilmd or ()}
        if not ilmd.get("lotNumber"):
            self._findings.report(rules.UNDESCRIBED, "lotNumber is missing", where=event.where)
        expiry = ilmd.get("itemExpirationDate", "")
        if not is_date(expiry):
            message = f"itemExpirationDate is {expiry or 'missing'}"
            self._findings.report(rules.UNDESCRIBED, message, where=event.where, value=expiry, expected="YYYY-MM-DD")

    def _pack(self, event: AggregationEvent) -> None:
        children = event.child_epcs or ()
        self._identifiers([*children, *([event.parent_id] if event.parent_id else [])], event)
        if event.parent_id is None or event.action == "OBSERVE":
            return
        if event.action == "ADD":
            self._parents.update(dict.fromkeys(children, event.parent_id))
            return
        for child in children or [child for child, parent in self._parents.items() if parent == event.parent_id]:
            self._parents.pop(child, None)

    def _ship(self, event: ObjectEvent) -> None:
        for epc in event.epc_list or ():
            if epc in self._shipped:
                self._findings.report(rules.TWICE, f"{epc} is shipped twice", where=event.where, value=epc)
            self._shipped[epc] = event
        sides = []
        for name, parties in (("source", event.source_list), ("destination", event.destination_list)):
            owners = {each.id for each in parties or () if _role(each.type) == OWNER}
            if not owners:
                message = f"the shipping event has no {name} of type {OWNER}"
                self._findings.report(rules.PARTIES, message, where=event.where)
            sides.append(owners)
        if all(sides) and (len(sides[0]) > 1 or len(sides[1]) > 1 or sides[0] == sides[1]):
            message = f"from {' and '.join(sorted(sides[0]))} to {' and '.join(sorted(sides[1]))}"
            self._findings.report(rules.OWNERSHIP, message, where=event.where)
        if event.biz_location is not None:
            message = "the shipping event has a bizLocation"
            self._findings.report(rules.LOCATION, message, where=event.where, value=event.biz_location.id)
        self._papers(event)
        self._sale(event)

    def _papers(self, event: ObjectEvent) -> None:
        found = {
            word(Field.BIZ_TRANSACTION_TYPE, each.type or "") or each.type
            for each in event.biz_transaction_list or ()
            if each.id.startswith("urn:epcglobal:cbv:bt:")
        }
        for type_, title in _PAPERS.items():
            if type_ not in found:
                message = f"the shipping event names no {title} ({type_}) as urn:epcglobal:cbv:bt:GLN:number"
                self._findings.report(rules.ORDER, message, where=event.where, expected=type_)

    def _sale(self, event: ObjectEvent) -> None:
        """The elements of the guideline: drop shipment and direct purchase in the form of the release."""
        if self._release == settings.R13 and elements.find(event.extensions, "dropShipment") is None:
            self._findings.report(rules.NO_DROP_FLAG, "dropShipment is missing", where=event.where)
        direct = elements.find(event.extensions, "directPurchase")
        received = elements.find(event.extensions, "receivedDirectPurchaseFromPrevWhlsDist")
        if direct is not None:
            plain = direct.text.strip() in ("true", "false") and not direct.children and not direct.attributes
            qualified = bool(direct.children) and bool(direct.attributes) and not direct.text.strip()
            if not (qualified if self._release == settings.R13 else plain):
                message = f"directPurchase is not written as {self._release} has it"
                self._findings.report(rules.DIRECT_PURCHASE, message, where=event.where, value=direct.text.strip())
        if received is not None and self._release == settings.R12:
            message = "R1.2 has no receivedDirectPurchaseFromPrevWhlsDist"
            self._findings.report(rules.DIRECT_PURCHASE, message, where=event.where)

    def _identifiers(self, epcs: Iterable[str], event: Event) -> None:
        for epc in epcs:
            if epc.startswith(_SGTIN):
                self._stems.setdefault(epc.rpartition(".")[0], event)
            elif not epc.startswith(_SSCC):
                message = f"{epc} is neither SGTIN nor SSCC as EPC URN"
                self._findings.report(rules.IDENTIFIER, message, where=event.where, value=epc)

    def _look_for_places(self, event: Event) -> None:
        for place in (event.read_point, event.biz_location):
            if place is not None:
                self._named.setdefault(place.id, (event, False))
        for party in (*(event.source_list or ()), *(event.destination_list or ())):
            owner = _role(party.type) == OWNER
            if owner or party.id not in self._named:
                self._named[party.id] = (event, owner)

    def _check_header(self, header: Header) -> None:
        statement = elements.find(header.extensions, "dscsaTransactionStatement")
        affirmed = statement.child("affirmTransactionStatement") if statement is not None else None
        if affirmed is None or affirmed.text.strip() != "true":
            self._findings.report(rules.NO_STATEMENT, "the header affirms no transaction statement")
        for trouble in _header_troubles(header.sbdh):
            self._findings.report(rules.HEADER, trouble)


def _header_troubles(header: Element | None) -> list[str]:
    if header is None:
        return ["there is no StandardBusinessDocumentHeader"]
    found = sbdh.identification(header)
    version = header.child("HeaderVersion")
    senders, receivers = sbdh.senders(header), sbdh.receivers(header)
    wanted = (
        ("HeaderVersion", version.text.strip() if version is not None else "", sbdh.HEADER_VERSION),
        ("Standard", found.standard, sbdh.STANDARD),
        ("TypeVersion", found.type_version, sbdh.TYPE_VERSION),
        ("Type", found.type, sbdh.TYPE),
    )
    troubles = [f"{name} is {value!r}, expected is {right!r}" for name, value, right in wanted if value != right]
    for name, parties in (("Sender", senders), ("Receiver", receivers)):
        if len(parties) != 1 or not parties[0].identifier:
            troubles.append(f"there are {len(parties)} of {name}, expected is one with an Identifier")
    if not found.instance_identifier:
        troubles.append("InstanceIdentifier is missing")
    return troubles


def _release(header: Header) -> str:
    """The release of the guideline: R1.2 files do not name it."""
    version = elements.find(header.extensions, "guidelineVersion")
    return settings.R13 if version is not None and version.text.strip() == GUIDELINE else settings.R12


def _records(header: Header, kind: str) -> dict[str, VocabularyElement]:
    return {
        record.id: record
        for vocabulary in header.vocabularies
        if vocabulary.type.endswith(f":{kind}")
        for record in vocabulary.elements
    }


def _role(type_: str) -> str:
    return word(Field.SOURCE_DESTINATION_TYPE, type_) or type_
