"""`gateway validate` says each fault once, whoever finds it, and names event, line and path."""

from __future__ import annotations

import copy
import json
from collections import Counter

import pytest

from gateway.convert import Request, convert, validate
from gateway.findings import Severity
from gateway.sources import Source

PACK = "urn:epc:id:sgtin:9521321.012345.1"
LOT = "urn:epc:class:lgtin:9521321.012345.L"
EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-05-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "epcList": [PACK],
    "action": "OBSERVE",
    "bizStep": "shipping",
}
DOCUMENT = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-05-01T10:00:00Z",
    "epcisBody": {"eventList": [EVENT]},
}
GONE = object()
#: What is changed in the second event: the code of the one finding, and the end of its path.
JSON_EVENTS = [
    ({"action": GONE}, "EPCIS-JSON-10", ".action"),
    ({"action": "SEEN"}, "EPCIS-EVENT-01", "/action"),
    ({"eventTime": GONE}, "EPCIS-JSON-10", ".eventTime"),
    ({"eventTime": "yesterday"}, "EPCIS-TIME-01", "/eventTime"),
    ({"eventTime": "2026-05-01T08:00:00"}, "EPCIS-TIME-03", "/eventTime"),
    ({"eventTimeZoneOffset": GONE}, "EPCIS-JSON-10", ".eventTimeZoneOffset"),
    ({"eventTimeZoneOffset": "Z"}, "JSON-SCHEMA-05", ".eventTimeZoneOffset"),
    ({"bizStep": "shiping"}, "EPCIS-CBV-01", "/bizStep"),
    ({"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "EPCIS-JSON-31", "/bizStep"),
    ({"bizStep": "urn:epcglobal:cbv:bizstep:shiping"}, "EPCIS-CBV-02", "/bizStep"),
    ({"bizStep": None}, "EPCIS-JSON-09", ".bizStep"),
    ({"readPoint": "urn:x:1"}, "EPCIS-JSON-09", ".readPoint"),
    ({"readPoint": {"id": ""}}, "EPCIS-EVENT-11", "/readPoint/id"),
    ({"epcList": ["1234"]}, "EPCIS-ID-01", "/epcList/epc[1]"),
    ({"epcList": [PACK, PACK]}, "EPCIS-EVENT-05", "/epcList/epc[2]"),
    ({"epcList": PACK}, "EPCIS-JSON-09", ".epcList"),
    ({"epcList": GONE}, "EPCIS-EVENT-02", "/epcList"),
    ({"ilmd": {"cbvmda:lotNumber": "1"}}, "EPCIS-EVENT-07", "/ilmd"),
    ({"myKey": "1"}, "EPCIS-JSON-07", ".myKey"),
    ({"quantityList": [{"epcClass": LOT, "quantity": "5"}]}, "EPCIS-JSON-09", ".quantityList[0].quantity"),
    ({"quantityList": [{"epcClass": LOT, "quantity": 5, "uom": "kgm"}]}, "EPCIS-EVENT-09", "/quantityElement[1]/uom"),
    ({"quantityList": [{"epcClass": LOT, "quantity": 5, "x": 1}]}, "EPCIS-JSON-07", ".quantityList[0].x"),
    ({"type": "QuantityEvent"}, "EPCIS-JSON-08", ".type"),
    ({"type": GONE}, "EPCIS-JSON-10", ".type"),
    ({"eventID": 5}, "EPCIS-JSON-09", ".eventID"),
    ({"sourceList": [{"type": "owning_party"}]}, "EPCIS-JSON-10", ".sourceList[0].source"),
    ({"sourceList": [{"type": "owner", "source": "urn:x:1"}]}, "EPCIS-CBV-01", "/source[1]/@type"),
    ({"bizTransactionList": [{"type": "po"}]}, "EPCIS-JSON-10", ".bizTransactionList[0].bizTransaction"),
    ({"errorDeclaration": {}}, "EPCIS-EVENT-12", "/errorDeclaration/declarationTime"),
    ({"sensorElementList": [{"sensorReport": [{"value": 1}]}]}, "JSON-SCHEMA-02", ".sensorReport[0]"),
]
JSON_DOCUMENTS = [
    ({"schemaVersion": GONE}, "EPCIS-JSON-06", "$.schemaVersion"),
    ({"schemaVersion": 2.0}, "EPCIS-JSON-06", "$.schemaVersion"),
    ({"@context": GONE}, "EPCIS-JSON-15", "$.@context"),
    ({"creationDate": "x"}, "JSON-SCHEMA-05", "$.creationDate"),
    ({"epcisBody": GONE}, "EPCIS-JSON-10", "$.epcisBody"),
]


def changed(item, changes):
    item = {**copy.deepcopy(item), **changes}
    return {key: value for key, value in item.items() if value is not GONE}


def errors(text: str):
    report = validate(Request(Source.memory(text.encode(), "x")))
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]


@pytest.mark.parametrize(("changes", "code", "path"), JSON_EVENTS)
def test_json_events(changes, code, path):
    document = {**DOCUMENT, "epcisBody": {"eventList": [EVENT, changed(EVENT, changes)]}}
    (found,) = errors(json.dumps(document, indent=1))
    assert (found.code, found.where.event, found.where.line) == (code, 2, 20)
    assert found.where.path.endswith(path)
    assert found.where.path.startswith("$.epcisBody.eventList[1]")


@pytest.mark.parametrize(("changes", "code", "path"), JSON_DOCUMENTS)
def test_json_documents(changes, code, path):
    (found,) = errors(json.dumps(changed(DOCUMENT, changes)))
    assert (found.code, found.where.event, found.where.path) == (code, 0, path)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"OBSERVE"', "NaN", "EPCIS-JSON-01"),
        ('"action"', ',"action"', "EPCIS-JSON-01"),
        ('"action"', '"action": "ADD", "action"', "EPCIS-JSON-04"),
    ],
)
def test_what_is_no_json(old, new, code):
    (found,) = errors(json.dumps(DOCUMENT, indent=1).replace(old, new, 1))
    assert (found.code, found.where.event, found.where.line) == (code, 1, 10)


def test_different_faults_of_one_event_are_all_said():
    wrong = changed(EVENT, {"bizStep": "shiping", "epcList": ["1", PACK, "2"], "sensorElementList": [{}]})
    document = {**DOCUMENT, "epcisBody": {"eventList": [EVENT, wrong, wrong]}}
    found = Counter((f.where.event, f.code) for f in errors(json.dumps(document)))
    once = {"EPCIS-CBV-01": 1, "EPCIS-ID-01": 2, "JSON-SCHEMA-02": 1}
    assert found == {(event, code): count for event in (2, 3) for code, count in once.items()}


HEAD = """<?xml version="1.0"?>
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-05-01T10:00:00Z">
<EPCISBody><EventList>
"""
XML_EVENT = f"""<ObjectEvent>
<eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>{PACK}</epc></epcList>
<action>OBSERVE</action>
</ObjectEvent>
"""
TAIL = "</EventList></EPCISBody></e:EPCISDocument>"
QUANTITY = "<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>x</quantity></quantityElement>"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<action>OBSERVE</action>", "", "EPCIS-XML-06"),
        ("OBSERVE", "SEEN", "EPCIS-EVENT-01"),
        ("<eventTime>2026-05-01T08:00:00Z</eventTime>", "", "EPCIS-XML-06"),
        ("2026-05-01T08:00:00Z", "yesterday", "EPCIS-TIME-01"),
        ("<action>", "<unknown>1</unknown><action>", "EPCIS-XML-08"),
        ("</action>", "</action><action>ADD</action>", "EPCIS-XML-09"),
        ("</action>", f"</action><extension>{QUANTITY}</quantityList></extension>", "EPCIS-EVENT-08"),
        (f"<epcList><epc>{PACK}</epc></epcList>", "", "EPCIS-EVENT-02"),
        ("ObjectEvent", "ObjEvent", "EPCIS-XML-07"),
    ],
)
def test_xml_events(old, new, code):
    (found,) = errors(HEAD + XML_EVENT + XML_EVENT.replace(old, new) + TAIL)
    assert found.code == code
    assert 9 <= found.where.line <= 12


@pytest.mark.parametrize(
    ("old", "new"), [('creationDate="2026-05-01T10:00:00Z"', ""), (f"<EPCISBody><EventList>\n{XML_EVENT}", "")]
)
def test_xml_documents(old, new):
    text = (HEAD + XML_EVENT + TAIL).replace(old, new)
    text = text.replace("</EventList></EPCISBody>", "") if "<EPCISBody>" not in text else text
    assert [f.code for f in errors(text)] == ["EPCIS-XML-06"]


def test_a_conversion_names_lines_too(tmp_path):
    document = {**DOCUMENT, "epcisBody": {"eventList": [EVENT, changed(EVENT, {"bizStep": "shiping"})]}}
    source = Source.memory(json.dumps(document, indent=1).encode(), "x")
    report = convert(Request(source, to="epcis-2.0-xml"), tmp_path)
    assert [(f.code, f.where.event, f.where.line) for f in report.findings] == [("EPCIS-CBV-01", 2, 20)]
