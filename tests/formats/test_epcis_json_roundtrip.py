"""Every field of the model survives model -> JSON -> model, and the JSON is legal."""

from __future__ import annotations

import json

import pytest

from gateway.epcis.document import Attribute, Document, Header, QueryResults, Vocabulary, VocabularyElement
from gateway.epcis.element import XSI, Element, element
from gateway.epcis.events import (
    EVENT_TYPES,
    BizTransaction,
    ErrorDeclaration,
    Event,
    Location,
    ObjectEvent,
    Party,
    PersistentDisposition,
    QuantityElement,
    QuantityEvent,
    SensorElement,
    TransformationEvent,
)
from gateway.findings import NOWHERE, Losses, LossMode, Outcome
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.options import Options
from gateway.sources import Source

V = "https://ns.example.com/vendor/"
XSD = "http://www.w3.org/2001/XMLSchema"
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
MDA = "urn:epcglobal:cbv:mda"


def vendor(local: str, text: str = "", **more) -> Element:
    return Element(f"{{{V}}}{local}", text, prefix="vnd", **more)


TREE = vendor(
    "tree",
    children=[
        vendor("leaf", "one"),
        vendor("leaf", "two"),
        vendor("typed", "12", attributes=[(f"{{{XSI}}}type", "xsd:integer")], namespaces=[("xsd", XSD)]),
        vendor("other", "7", attributes=[(f"{{{XSI}}}type", "xsd:int")], namespaces=[("xsd", XSD)]),
        vendor("moment", "2026-01-01", attributes=[(f"{{{XSI}}}type", "xsd:date")], namespaces=[("xsd", XSD)]),
        vendor("flag", "true", attributes=[(f"{{{XSI}}}type", "xsd:boolean")], namespaces=[("xsd", XSD)]),
        vendor("nothing", attributes=[(f"{{{XSI}}}nil", "true")]),
        vendor("unit", "5.50", attributes=[("code", "KGM"), (f"{{{V}}}q", 'é<&"')]),
        Element("local", "no namespace"),
        vendor("empty"),
    ],
)
MIXED = vendor("mixed", "before ", children=[vendor("b", "bold", tail=" after")])
LOCAL = element("", "localThing", "of 1.2")

COMMON = {
    "event_time": "2026-01-02T03:04:05.1200Z",
    "event_time_zone_offset": "+05:30",
    "record_time": "2026-01-02T03:04:06+00:00",
    "event_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "error_declaration": ErrorDeclaration(
        "2026-02-02T00:00:00Z", "incorrect_data", ["urn:uuid:00000000-0000-4000-8000-000000000002"], [TREE, LOCAL]
    ),
    "certification_info": ["https://example.com/cert/1", "https://example.com/cert/2"],
    "biz_step": "shipping",
    "disposition": "in_transit",
    "read_point": Location("urn:epc:id:sgln:0614141.07346.1", [TREE, LOCAL]),
    "biz_location": Location("urn:epc:id:sgln:0614141.07346.0", [MIXED]),
    "biz_transaction_list": [BizTransaction("urn:example:po:1", "po"), BizTransaction("urn:example:any:2")],
    "source_list": [Party("owning_party", "urn:epc:id:sgln:0614141.07346.0")],
    "destination_list": [Party("https://example.com/type", "urn:epc:id:sgln:0614141.07347.0")],
    "sensor_element_list": [
        SensorElement(
            [("time", "2026-01-02T03:04:05Z"), ("deviceID", "urn:example:d"), (f"{{{V}}}more", "m")],
            [
                [("type", "Temperature"), ("value", "26.00"), ("uom", "CEL"), ("booleanValue", "false")],
                [("type", "https://example.com/t"), ("sDev", "1E-3"), (f"{{{V}}}more", 'gwc:json:{"a":[1.0]}')],
            ],
            [TREE, LOCAL],
        )
    ],
    "sensor_list_extensions": [LOCAL],
    "persistent_disposition": PersistentDisposition(["completeness_verified"], ["completeness_inferred"]),
    "extensions": [TREE, MIXED, vendor("array", "x"), vendor("array", children=[vendor("y", "z")])],
    "inner_extensions": [LOCAL, element("", "second", children=[TREE])],
    "base_extensions": [LOCAL],
    "attributes": [(f"{{{V}}}attr", "1"), ("bare", "2")],
}
QUANTITIES = [
    QuantityElement("urn:epc:class:lgtin:0614141.107346.L1", "100.10", "KGM"),
    QuantityElement("urn:epc:idpat:sgtin:0614141.107346.*", "12345678901234567890.10"),
    QuantityElement("urn:epc:class:lgtin:0614141.107346.L2"),
]
EPCS = ["urn:epc:id:sgtin:0614141.107346.1", "urn:epc:id:sgtin:0614141.107346.2"]
OWN = {
    "action": "ADD",
    "epc_list": EPCS,
    "child_epcs": EPCS,
    "input_epc_list": EPCS,
    "output_epc_list": EPCS[:1],
    "quantity_list": QUANTITIES,
    "child_quantity_list": QUANTITIES,
    "input_quantity_list": QUANTITIES,
    "output_quantity_list": QUANTITIES,
    "ilmd": [element(MDA, "lotNumber", "A1", prefix="cbvmda"), TREE, LOCAL],
    "parent_id": "urn:epc:id:sscc:0614141.1234567890",
    "transformation_id": "urn:example:t:1",
    "epc_class": "urn:epc:class:lgtin:0614141.107346.L1",
    "quantity": "3",
}


def full(event: type[Event]) -> Event:
    """An event with every field of its type filled."""
    wanted = {name: {**COMMON, **OWN}[name] for name in event.__struct_fields__ if name not in {"where", "kin"}}
    return event(**wanted)


def header(**more) -> Header:
    return Header(
        schema_version="2.0",
        creation_date="2026-01-01T00:00:00.000Z",
        document_id="https://example.com/doc/1",
        namespaces=[("vnd", V), ("alias", V), ("other", "https://ns.example.com/other#")],
        **more,
    )


def write(document: Document, context: Context | None = None) -> bytes:
    return b"".join(EPCIS_2_0_JSON.write(document, context or Context(now="2026-01-01T00:00:00Z")))


def read(data: bytes, context: Context | None = None) -> tuple[Document, list[Event]]:
    context = context or Context()
    document = EPCIS_2_0_JSON.read(Source.memory(data), context)
    events = list(document.events)
    assert [str(finding) for finding in context.findings] == []
    for event in events:
        assert event.where.event > 0
        event.where = NOWHERE
    return document, events


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.type)
@pytest.mark.parametrize("layout", ["compact", "pretty"])
def test_every_field_of_every_event_type_survives(event, layout):
    sample = full(event)
    for name in event.__struct_fields__:
        assert getattr(sample, name) or name in {"where", "kin"}, f"{name} is not tested: give it a value above"
    context = Context(options=Options.check({"layout": layout}, EPCIS_2_0_JSON.settings))
    data = write(Document(header(), [sample, sample]), context)
    assert [str(f) for f in context.findings if f.severity == "error"] == []
    _, events = read(data)
    assert events == [sample, sample]


@pytest.mark.parametrize("event", EVENT_TYPES, ids=lambda event: event.type)
def test_minimal_events_survive(event):
    needed = {"action": "DELETE", "epc_class": "urn:a:c", "quantity": "1", "transformation_id": "urn:t:1"}
    fields = {name: needed[name] for name in event.__struct_fields__ if name in needed}
    if "child_epcs" in event.__struct_fields__:
        fields["parent_id"] = "urn:p:1"
    if "input_epc_list" in event.__struct_fields__:
        fields["input_epc_list"] = EPCS
    if event.type == "TransactionEvent":
        fields["biz_transaction_list"] = [BizTransaction("urn:x:1")]
    if event is ObjectEvent:
        fields["epc_list"] = []
    sample = event(event_time="2026-01-01T00:00:00Z", event_time_zone_offset="+00:00", **fields)
    _, events = read(write(Document(header(), [sample])))
    assert events == [sample]


def sbdh() -> Element:
    def part(local: str, text: str = "", children: list[Element] | None = None) -> Element:
        return element(SBDH, local, text, prefix="sbdh", children=children)

    identifier = Element(f"{{{SBDH}}}Identifier", "0614141000005", [("Authority", "GS1")], prefix="sbdh")
    return part(
        "StandardBusinessDocumentHeader",
        children=[
            part("HeaderVersion", "1.0"),
            part("Sender", children=[identifier]),
            part("Receiver", children=[part("Identifier", "0614141000012")]),
            part("Receiver", children=[part("Identifier", "0614141000029")]),
            part("DocumentIdentification", children=[part("InstanceIdentifier", "I-1")]),
        ],
    )


MASTER_DATA = {
    "vocabularies": [
        Vocabulary(
            "urn:epcglobal:epcis:vtype:Location",
            [
                VocabularyElement(
                    "urn:epc:id:sgln:0614141.07346.0",
                    [
                        Attribute("urn:epcglobal:cbv:mda#name", "Plant 1"),
                        Attribute("urn:example:complex", children=[vendor("street", "x"), vendor("street", "y")]),
                    ],
                    ["urn:epc:id:sgln:0614141.07346.1"],
                    [vendor("more", "record"), LOCAL],
                )
            ],
            [vendor("more", "vocabulary")],
        )
    ],
    "master_data_extensions": [vendor("more", "master data")],
}


@pytest.mark.parametrize(
    "more",
    [
        {"sender": "urn:a:1", "receiver": "urn:b:2", "instance_identifier": "I-1"},
        {"sbdh": sbdh()},
        {"query": QueryResults("SimpleEventQuery", "s-1", [vendor("q", "1")])},
        {"query": QueryResults("Q"), "sbdh": sbdh(), **MASTER_DATA},
        {"query": QueryResults("Q"), "sender": "urn:a:1"},
        {**MASTER_DATA, "extensions": [vendor("h", "header"), TREE, LOCAL], "attributes": [(f"{{{V}}}a", "1")]},
        {**MASTER_DATA, "master_data_document": True},
    ],
)
@pytest.mark.parametrize("layout", ["compact", "pretty"])
def test_every_field_of_the_header_survives(more, layout):
    source = Document(
        header(**more),
        [full(ObjectEvent)],
        body_extensions=[vendor("body", "b"), LOCAL],
        event_list_extensions=[vendor("list", "l"), LOCAL],
        extensions=[vendor("doc", "d"), element("urn:late:ns", "late", "x", prefix="late"), MIXED, TREE, LOCAL],
    )
    context = Context(options=Options.check({"layout": layout}, EPCIS_2_0_JSON.settings))
    document, events = read(write(source, context))
    assert document.header == source.header
    assert events == [full(ObjectEvent)]
    assert document.body_extensions == source.body_extensions
    assert document.event_list_extensions == source.event_list_extensions
    assert document.extensions == source.extensions


def test_all_header_fields_are_covered_above():
    known = {"schema_version", "creation_date", "document_id", "namespaces", "sender", "receiver"}
    known |= {"instance_identifier", "sbdh", "query", "extensions", "attributes", "master_data_document", *MASTER_DATA}
    assert set(Header.__struct_fields__) == known


def test_parties_stand_where_plain_receivers_look_for_them():
    data = json.loads(write(Document(header(sbdh=sbdh()), [])))
    assert (data["sender"], data["receiver"], data["instanceIdentifier"]) == ("0614141000005", "0614141000012", "I-1")


def test_drop_leaves_out_what_json_has_no_place_for_and_lists_it():
    seen = []
    losses = Losses(LossMode.DROP, seen.append)
    event = full(ObjectEvent)
    event.action = "OBSERVE"
    data = write(Document(header(sbdh=sbdh()), [event]), Context(losses=losses, now="2026-01-01T00:00:00Z"))
    assert b"gwc" not in data
    assert {loss.outcome for loss in seen} == {Outcome.LOST}
    assert {loss.code for loss in seen} == {
        "LOSS-C08-JSON",
        "LOSS-C09-JSON",
        "LOSS-C10-JSON",
        "LOSS-C10-JSON-TYPE",
        "LOSS-C31-JSON",
        "LOSS-C35-JSON",
        "LOSS-C42-JSON-ILMD",
    }
    assert any("A1" in loss.value for loss in seen), "the lot number is in the list"


def test_ilmd_of_an_observed_object_is_carried():
    event = ObjectEvent(
        event_time="2026-01-01T00:00:00Z",
        event_time_zone_offset="+00:00",
        action="OBSERVE",
        epc_list=EPCS,
        ilmd=[element(MDA, "lotNumber", "A1", prefix="cbvmda")],
    )
    data = write(Document(header(), [event]))
    assert "ilmd" not in json.loads(data)["epcisBody"]["eventList"][0]
    assert read(data)[1] == [event]


def test_a_quantity_event_is_an_object_event_for_others():
    data = write(Document(header(), [full(QuantityEvent)]))
    event = json.loads(data)["epcisBody"]["eventList"][0]
    assert (event["type"], event["action"], event["quantityList"]) == (
        "ObjectEvent",
        "OBSERVE",
        [{"epcClass": "urn:epc:class:lgtin:0614141.107346.L1", "quantity": 3}],
    )


def test_a_transformation_keeps_its_ilmd():
    assert read(write(Document(header(), [full(TransformationEvent)])))[1][0].ilmd == OWN["ilmd"]


def test_wrapped_extensions_with_a_namespace_become_plain_ones():
    event = ObjectEvent(
        event_time="2026-01-01T00:00:00Z",
        event_time_zone_offset="+00:00",
        action="ADD",
        epc_list=EPCS,
        extensions=[vendor("x", "1"), vendor("x", "2")],
        inner_extensions=[vendor("x", "3")],
        base_extensions=[vendor("x", "4"), LOCAL],
    )
    (back,) = read(write(Document(header(), [event])))[1]
    assert back.extensions == [vendor("x", text) for text in "4312"]  # the order in which XML has the three places
    assert (back.inner_extensions, back.base_extensions) == ([], [LOCAL])


def test_events_of_a_vendors_own_type_are_kept():
    text = (
        b'{"@context":{"v":"https://v.example/"},"type":"v:Custom","eventTime":"2026-01-01T00:00:00Z",'
        b'"eventTimeZoneOffset":"+00:00","v:n":5}'
    )
    context = Context()
    document = EPCIS_2_0_JSON.read(Source.memory(text), context)
    assert list(document.events) == []
    assert [f.code for f in context.findings] == ["EPCIS-JSON-16"]
    (event,) = json.loads(write(document))["epcisBody"]["eventList"]
    assert event == {key: value for key, value in json.loads(text).items() if key != "@context"}
