"""What the writer makes, byte by byte, and how files are recognised."""

from __future__ import annotations

import json

import pytest

from gateway.epcis.document import Document, Header
from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    ObjectEvent,
    PersistentDisposition,
    QuantityElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.findings import NOWHERE
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.options import Options
from gateway.sources import Source

BASE = {"event_time": "2026-01-01T00:00:00Z", "event_time_zone_offset": "+00:00"}
EPC = "urn:epc:id:sgtin:0614141.107346.1"


def context(**options: str) -> Context:
    values = {key.replace("_", "-"): value for key, value in options.items()}
    return Context(options=Options.check(values, EPCIS_2_0_JSON.settings), now="2026-01-01T12:00:00Z")


def write(document: Document, context: Context) -> dict:
    return json.loads(b"".join(EPCIS_2_0_JSON.write(document, context)))


@pytest.mark.parametrize("layout", ["compact", "pretty"])
def test_vendor_document(fixtures, golden, layout):
    folder = fixtures / "formats/epcis_json"
    reading = Context()
    document = EPCIS_2_0_JSON.read(Source.file(folder / "vendor.jsonld"), reading)
    writing = context(layout=layout)
    golden(folder / f"vendor.{layout}.expected.jsonld", b"".join(EPCIS_2_0_JSON.write(document, writing)))
    # The second event gives the document's prefix another meaning; written, each prefix has one.
    assert [f.code for f in (*reading.findings, *writing.findings)] == ["EPCIS-JSON-29"]
    assert writing.losses.count == 0


def test_every_pair_fixture_is_read_without_findings(fixtures):
    paths = sorted((fixtures / "epcis").glob("*.jsonld"))
    assert len(paths) >= 1
    for path in paths:
        reading = Context()
        assert list(EPCIS_2_0_JSON.read(Source.file(path), reading).events), path
        assert [str(f) for f in reading.findings] == [], path


def test_the_format_is_registered():
    assert FORMATS.get("epcis-2.0-json") is EPCIS_2_0_JSON


@pytest.mark.parametrize(
    ("head", "score"),
    [
        (b'{"@context": [], "type" : "EPCISDocument"', 100),
        (b'\xef\xbb\xbf{"type":"EPCISQueryDocument"', 100),
        ('﻿{"type":"EPCISDocument"'.encode("utf-16-le"), 100),
        (b'[{"type":"ObjectEvent","eventTimeZoneOffset":"+00:00"', 95),
        (b'{"epcisBody":{', 80),
        (b'{"a":1}', 10),
        (b"<EPCISDocument>", None),
        (b"gtin;serial", None),
        (b"", None),
    ],
)
def test_sniff(head, score):
    claim = EPCIS_2_0_JSON.sniff(head, "file.json")
    assert (claim.score if claim else None) == score


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (
            ObjectEvent(
                **BASE, action="OBSERVE", persistent_disposition=PersistentDisposition(set=["stolen", "stolen"])
            ),
            "EPCIS-JSON-25",
        ),
        (ObjectEvent(**BASE, action="OBSERVE", biz_step="shiping"), "EPCIS-JSON-21"),
        (ObjectEvent(**BASE, action="OBSERVE", biz_step="urn:epcglobal:cbv:bizstep:made_up"), "EPCIS-JSON-21"),
        (AggregationEvent(**BASE, action="OBSERVE", parent_id="urn:p:1", child_epcs=[]), "EPCIS-JSON-20"),
        (AssociationEvent(**BASE, action="DELETE"), "EPCIS-JSON-20"),
        (TransactionEvent(**BASE, action="ADD"), "EPCIS-JSON-20"),
        (TransformationEvent(**BASE, input_epc_list=[EPC]), "EPCIS-JSON-20"),
        (ObjectEvent(**BASE, action="ADD", quantity_list=[QuantityElement("urn:c:1", "many")]), "EPCIS-JSON-26"),
        (ObjectEvent(**BASE, action="ADD", quantity_list=[QuantityElement("urn:c:1", "1", "kilo")]), "EPCIS-JSON-27"),
        (ObjectEvent(event_time="yesterday", event_time_zone_offset="+00:00", action="ADD"), "EPCIS-JSON-23"),
        (ObjectEvent(event_time=BASE["event_time"], event_time_zone_offset="CET", action="ADD"), "EPCIS-JSON-23"),
    ],
)
def test_what_json_cannot_say_is_an_error_with_its_place(event, code):
    writing = context()
    good = ObjectEvent(**BASE, action="ADD", epc_list=[EPC])
    write(Document(Header(), [good, event]), writing)
    errors = [f for f in writing.findings if f.severity == "error"]
    assert [(f.code, f.where.event, f.where.path) for f in errors] == [(code, 2, "$.epcisBody.eventList[1]")]


def test_times_of_1_x_get_the_zone_of_their_event():
    event = ObjectEvent(
        event_time="2026-01-01T24:00:00",
        record_time="2026-01-01T10:00:00.500",
        event_time_zone_offset="Z",
        action="ADD",
    )
    writing = context()
    (out,) = write(Document(Header(), [event]), writing)["epcisBody"]["eventList"]
    assert out == {
        "type": "ObjectEvent",
        "eventTime": "2026-01-02T00:00:00+00:00",
        "recordTime": "2026-01-01T10:00:00.500+00:00",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [],
        "action": "ADD",
    }
    assert [f.code for f in writing.findings] == ["EPCIS-JSON-24", "EPCIS-JSON-22", "EPCIS-JSON-22"]


def test_creation_date():
    assert write(Document(Header(), []), context())["creationDate"] == "2026-01-01T12:00:00Z"
    given = context(creation_date="2026-05-05T00:00:00Z")
    assert write(Document(Header(), []), given)["creationDate"] == "2026-05-05T00:00:00Z"
    kept = Header(creation_date="2020-01-01T00:00:00Z")
    assert write(Document(kept, []), context())["creationDate"] == "2020-01-01T00:00:00Z"
    naive = Header(creation_date="2020-07-01T00:00:00")
    zoned = context(time_zone="Europe/Istanbul")
    assert write(Document(naive, []), zoned)["creationDate"] == "2020-07-01T00:00:00+03:00"
    writing = context()
    write(Document(naive, []), writing)
    assert [f.code for f in writing.findings] == ["EPCIS-JSON-30"]


@pytest.mark.parametrize(
    ("cbv", "spelt"),
    [("native", "shipping"), ("uri", "https://ref.gs1.org/cbv/BizStep-shipping")],
)
def test_spelling_of_standard_values(cbv, spelt):
    event = ObjectEvent(**BASE, action="ADD", biz_step="urn:epcglobal:cbv:bizstep:shipping")
    (out,) = write(Document(Header(), [event]), context(cbv=cbv))["epcisBody"]["eventList"]
    assert out["bizStep"] == spelt


def test_protected_and_colliding_prefixes_are_renamed():
    header = Header(
        creation_date="2026-01-01T00:00:00Z",
        namespaces=[("cbvmda", "urn:epcglobal:cbv:mda"), ("gs1", "urn:mine:"), ("a", "urn:a:"), ("a", "urn:b:")],
    )
    writing = context()
    assert write(Document(header, []), writing)["@context"] == [
        {"ext1": "urn:mine:", "a": "urn:a:", "ext2": "urn:b:"},
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    ]
    assert [f.code for f in writing.findings] == ["EPCIS-JSON-29", "EPCIS-JSON-29"]


def test_lists_of_events_and_single_events():
    event = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00"}
    event |= {"action": "ADD", "epcList": [EPC]}
    expected = ObjectEvent(**BASE, action="ADD", epc_list=[EPC])
    for text, count in ((json.dumps(event), 1), (json.dumps([event, event]), 2), ("[]", 0)):
        events = list(EPCIS_2_0_JSON.read(Source.memory(text.encode()), Context()).events)
        for item in events:
            item.where = NOWHERE
        assert events == [expected] * count


def test_a_large_document_is_read_in_blocks(tmp_path):
    event = {"type": "ObjectEvent", "eventTime": "2026-01-01T00:00:00Z", "eventTimeZoneOffset": "+00:00"}
    event |= {"action": "ADD", "epcList": [EPC] * 30}
    path = tmp_path / "large.jsonld"
    body = ",".join([json.dumps(event)] * 9000)
    path.write_text(
        f'{{"type":"EPCISDocument","epcisBody":{{"eventList":[{body}]}},"@context":[],"schemaVersion":"2.0"}}'
    )
    assert path.stat().st_size > 8 << 20
    document = EPCIS_2_0_JSON.read(Source.file(path), Context())
    assert [e.where.event for e in document.events] == list(range(1, 9001))
