"""A small story in the United States: a batch is packed, palletised and shipped; and how tests compose it."""

from __future__ import annotations

from pathlib import Path

from gateway.epcis.document import Attribute, Document, Header, Vocabulary, VocabularyElement
from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, BizTransaction, Location, ObjectEvent, Party
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Losses
from gateway.formats.base import Context
from gateway.markets.us.compose import compose
from gateway.markets.us.dscsa import DSCSA
from gateway.options import Options
from gateway.resources import shipped

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "us"
SCHEMAS = shipped("xsd", "us")
MAKER, DOCK = "urn:epc:id:sgln:0399999.00001.0", "urn:epc:id:sgln:0399999.00002.0"
BUYER, BUYER_DOCK = "urn:epc:id:sgln:0388888.00001.0", "urn:epc:id:sgln:0388888.00002.0"
OTHER = "urn:epc:id:sgln:0377777.00001.0"
SAID = {
    "transaction-statement": "affirm",
    "drop-shipment": "false",
    "creation-date": "2026-11-21T09:00:00Z",
}
PRODUCT = {
    "additionalTradeItemIdentification": "99999-0111-01",
    "additionalTradeItemIdentificationTypeCode": "US_FDA_NDC",
    "regulatedProductName": "Examplin",
    "manufacturerOfTradeItemPartyName": "Example Pharma",
    "dosageFormType": "TABLET",
    "strengthDescription": "10 mg",
    "netContentDescription": "30 tablets",
}
ADDRESS = {
    "streetAddressOne": "1 Example Road",
    "city": "Springfield",
    "state": "IL",
    "postalCode": "62701",
    "countryCode": "US",
}


def unit(number):
    return f"urn:epc:id:sgtin:0399999.001111.U{number}"


def case(number):
    return f"urn:epc:id:sgtin:0399999.101111.C{number}"


def sscc(number):
    return f"urn:epc:id:sscc:0399999.1{number:09}"


def base(at, place=MAKER):
    time = f"2026-11-20T{at}:00-06:00"
    return {"event_time": time, "event_time_zone_offset": "-06:00", "read_point": Location(place)}


def commission(epcs, at="08:00", lot="LOT001", expiry="2028-09-30", place=MAKER, **more):
    values = (("lotNumber", lot), ("itemExpirationDate", expiry))
    ilmd = [element(CBV_MDA, name, value, prefix="cbvmda") for name, value in values if value] or None
    fields = {
        **base(at, place),
        "action": "ADD",
        "biz_step": "commissioning",
        "disposition": "active",
        "biz_location": Location(place),
        "epc_list": epcs,
        "ilmd": ilmd,
    }
    return ObjectEvent(**{**fields, **more})


def pack(parent, children, at="09:00", place=MAKER, **more):
    fields = {
        **base(at, place),
        "action": "ADD",
        "biz_step": "packing",
        "disposition": "in_progress",
        "biz_location": Location(place),
        "parent_id": parent,
        "child_epcs": children,
    }
    return AggregationEvent(**{**fields, **more})


def ship(epcs, at="12:00", to=BUYER, dock=BUYER_DOCK, order="PO1", **more):
    fields = {
        **base(at, DOCK),
        "action": "OBSERVE",
        "biz_step": "shipping",
        "disposition": "in_transit",
        "epc_list": epcs,
        "biz_transaction_list": [
            BizTransaction(f"urn:epcglobal:cbv:bt:0388888000014:{order}", "po"),
            BizTransaction(f"urn:epcglobal:cbv:bt:0399999000026:DEL{order}", "desadv"),
        ],
        "source_list": [Party("owning_party", MAKER), Party("location", DOCK)],
        "destination_list": [Party("owning_party", to), Party("location", dock)],
    }
    return ObjectEvent(**{**fields, **more})


def packing(packs=200, a_case=20):
    """Packs in cases, the cases on two pallets."""
    units = [unit(n) for n in range(packs)]
    cases = [case(n) for n in range(packs // a_case)]
    half = len(cases) // 2
    return [
        commission(units),
        commission(cases, "08:30"),
        *(pack(one, units[n * a_case : (n + 1) * a_case]) for n, one in enumerate(cases)),
        commission([sscc(1), sscc(2)], "10:00", "", "", DOCK),
        pack(sscc(1), cases[:half], "10:30", DOCK),
        pack(sscc(2), cases[half:], "10:30", DOCK),
    ]


def story():
    return [*packing(), ship([sscc(1)])]


def header(without=()):
    """Master data of both products and all places."""
    items = [
        VocabularyElement(f"urn:epc:idpat:sgtin:0399999.{level}01111.*", attributes(PRODUCT)) for level in ("0", "1")
    ]
    places = [
        VocabularyElement(place, attributes({"name": f"Party {number}", **ADDRESS}))
        for number, place in enumerate((MAKER, DOCK, BUYER, BUYER_DOCK, OTHER))
    ]
    return Header(
        vocabularies=[
            Vocabulary("urn:epcglobal:epcis:vtype:EPCClass", [each for each in items if each.id not in without]),
            Vocabulary("urn:epcglobal:epcis:vtype:Location", [each for each in places if each.id not in without]),
        ]
    )


def attributes(values):
    return [Attribute(f"urn:epcglobal:cbv:mda#{name}", value) for name, value in values.items()]


def composed(events, settings=None, head=None, hierarchy=None):
    given = {key: value for key, value in {**SAID, **(settings or {})}.items() if value}
    options = Options.check(given, DSCSA.settings)
    context = Context(options=options, losses=Losses(), hierarchy=hierarchy)
    return list(compose(Document(head or header(), iter(events)), context)), context


def codes(context):
    return sorted({finding.code for finding in context.findings})
