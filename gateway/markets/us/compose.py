"""Composes a file of transaction information and statement for each delivery of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec import structs

from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import Element
from gateway.epcis.events import Event, ObjectEvent
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_xml.names import V1
from gateway.formats.epcis_xml.write import write
from gateway.gs1.errors import Gs1Error
from gateway.markets.base import Submission
from gateway.markets.kit.ids import IdPool
from gateway.markets.kit.keys import gln_of
from gateway.markets.kit.needs import report_missing
from gateway.markets.us import elements, master, rules, settings
from gateway.markets.us.deliveries import Delivery, deliveries, history, read_story
from gateway.markets.us.direct import direct_purchase
from gateway.options import CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER, Setting

GUIDELINE: Final = "GS1 US DSCSA R1.3"
_HASH, _ID = 12, 20
_NAMESPACES: Final = [("cbvmda", CBV_MDA), ("sbdh", sbdh.NAMESPACE), (elements.PREFIX, elements.NAMESPACE)]


def compose(document: Document, context: Context) -> Iterator[Submission]:
    """The files of a document, one for each delivery; none when something is wrong."""
    story = read_story(document, context)
    found = deliveries(story, context)
    options, findings = context.options, context.findings
    if not found and not findings.errors:
        findings.report(rules.NOTHING, "the document has no shipping event")
    if not options.get(settings.STATEMENT):
        report_missing(settings.STATEMENT_NEED, findings, subject="the transaction statement")
    if len(found) > 1 and options.get(INSTANCE_IDENTIFIER):
        findings.report(rules.SEVERAL, f"the document has {len(found)} deliveries")
    master_data = master.MasterData(document.header, options, findings)
    files = []
    for delivery in found:
        events = list(history(delivery, story, context)) if options.get(settings.CONTENT) == settings.FULL else []
        events += [_shipping(event, context) for event in delivery.shippings]
        files.append(
            (delivery, events, _vocabularies(events, delivery, master_data, story.document.attributes, context))
        )
    if findings.errors:
        return
    made = [_file(*file, document.header, number, context) for number, file in enumerate(files, 1)]
    if not findings.errors:
        yield from made


def _file(
    delivery: Delivery, events: list[Event], vocabularies: list[Vocabulary], read: Header, number: int, context: Context
) -> Submission:
    created = _utc(context.options.get(CREATION_DATE) or context.now or read.creation_date or "")
    instance = context.options.get(INSTANCE_IDENTIFIER) or _instance(delivery, events)
    header = Header(
        schema_version="1.2",
        creation_date=created,
        sbdh=_business_header(delivery, instance, created, context),
        vocabularies=vocabularies,
        extensions=list(_statement(context)),
        namespaces=[*_NAMESPACES, *(pair for pair in read.namespaces if pair not in _NAMESPACES)],
    )
    data = b"".join(write(Document(header, iter(events)), context, V1))
    digest = hashlib.sha256(data).hexdigest()[:_HASH]
    return Submission(f"dscsa-{number:04}-{digest}.xml", data, len(delivery.goods))


def _statement(context: Context) -> Iterator[Element]:
    options = context.options
    if options.get(settings.PROFILE) == settings.R13:
        yield elements.make("guidelineVersion", GUIDELINE)
    yield elements.make(
        "dscsaTransactionStatement",
        children=[
            elements.make("affirmTransactionStatement", "true"),
            elements.make("legalNotice", options.get(settings.NOTICE)),
        ],
    )


def _business_header(delivery: Delivery, instance: str, created: str, context: Context) -> Element:
    """The SBDH, whose parties are the owning ones unless a setting says otherwise."""
    options = context.options
    authority = options.get(settings.AUTHORITY)
    if not authority:
        authority = settings.GS1 if options.get(settings.PROFILE) == settings.R13 else settings.GLN
    parties = [
        _named(options.get(setting) or party, authority, setting, context)
        for setting, party in ((SENDER, delivery.seller), (RECEIVER, delivery.buyer))
    ]
    built = sbdh.build(parties[0], parties[1], instance, created)
    for node in built.walk():
        if node.local == "Identifier":
            node.attributes = [("Authority", authority.upper())]
    return built


def _named(party: str, authority: str, setting: Setting, context: Context) -> str:
    try:
        gln = gln_of(party, rules.NAMED)
    except Gs1Error as error:
        context.findings.report(rules.NAMED, f"{setting.key} {party!r}: {error.message}", value=party)
        return party
    if authority == settings.GLN:
        return gln
    if not party.startswith("urn:epc:id:sgln:"):
        context.findings.report(rules.NAMED, f"{setting.key} {party!r} is no SGLN URN", value=party)
    return party


def _shipping(event: ObjectEvent, context: Context) -> ObjectEvent:
    """A shipping event as the guideline has it: without bizLocation, with what the settings say of the sale."""
    options = context.options
    changes: dict[str, object] = {"kin": None}
    if event.biz_location is not None:
        where = {"event": event.where.event, "event_id": event.event_id or ""}
        context.losses.add(rules.LOCATION_LOST, Outcome.LOST, "bizLocation", event.biz_location.id, **where)  # type: ignore[arg-type]
        changes["biz_location"] = None
    added = []
    drop = options.get(settings.DROP_SHIPMENT)
    if elements.find(event.extensions, "dropShipment") is None:
        if drop:
            added.append(elements.make("dropShipment", drop))
        elif options.get(settings.PROFILE) == settings.R13:
            report_missing(settings.DROP_NEED, context.findings, event.where, "the shipping event")
    added += direct_purchase(context, event)
    changes["extensions"] = [*event.extensions, *added]
    return structs.replace(event, **changes)


def _vocabularies(
    events: list[Event],
    delivery: Delivery,
    master_data: master.MasterData,
    attributes: Callable[[str], dict[str, str]],
    context: Context,
) -> list[Vocabulary]:
    """Master data of all products and places that the events name; what is missing of it is a finding."""
    products: dict[str, VocabularyElement] = {}
    locations: dict[str, VocabularyElement] = {}
    for event in events:
        for epc in _listed(event):
            stem, _, _ = epc.rpartition(".")
            if stem.startswith("urn:epc:id:sgtin:") and stem not in products:
                products[stem] = master_data.product(master.pattern_of(stem), attributes(epc))
        for place in _places(event):
            if place not in locations:
                locations[place] = master_data.location(place)
    for record in products.values():
        if lacking := master.missing(record, settings.PRODUCT):
            message = f"of {record.id} is not known: {', '.join(lacking)}"
            context.findings.report(rules.PRODUCT, message, value=record.id)
    for id_, record in locations.items():
        lacking = master.missing(record, settings.PARTY)
        if lacking and id_ in (delivery.seller, delivery.buyer):
            message = f"of {id_} is not known: {', '.join(lacking)}"
            context.findings.report(rules.PARTY, message, value=id_)
    return master.vocabularies(products.values(), [each for each in locations.values() if each.attributes])


def _listed(event: Event) -> Iterator[str]:
    for name in ("epc_list", "child_epcs"):
        yield from getattr(event, name, None) or ()


def _places(event: Event) -> Iterator[str]:
    for place in (event.read_point, event.biz_location):
        if place is not None:
            yield place.id
    for party in (*(event.source_list or ()), *(event.destination_list or ())):
        yield party.id


def _instance(delivery: Delivery, events: list[Event]) -> str:
    """An identifier that is the same for the same delivery, however often it is composed."""
    seed = hashlib.sha256(f"{delivery.seller}>{delivery.buyer}".encode())
    for event in events:
        seed.update(event.event_time.encode())
        for epc in _listed(event):
            seed.update(epc.encode())
    return IdPool(seed.digest()).text(_ID)


def _utc(time: str) -> str:
    """A time in UTC, as creationDate is written; one that cannot be read stays as it is for the checks to name."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    if moment.tzinfo is None:
        return time
    text = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")
