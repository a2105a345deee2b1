"""Bad input: findings with a code and a place, never a traceback."""

from __future__ import annotations

import json

import pytest

from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits
from gateway.formats.epcis_json import EPCIS_2_0_JSON, LOSS_RULES, RULES
from gateway.sources import Source

EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-01-01T00:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.1"],
}
GOOD = json.dumps(EVENT)


def document(*events: str, head: str = "") -> bytes:
    return (
        '{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"v":"https://v.example/"}],'
        f'"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-01-01T00:00:00Z",{head}'
        f'"epcisBody":{{"eventList":[{",".join(events)}]}}}}'
    ).encode()


def read(data: bytes, **limits: int) -> tuple[int, list[tuple[str, int]]]:
    """Number of events that could be read, and code and event number of each finding."""
    context = Context(limits=Limits(**limits))
    events = list(EPCIS_2_0_JSON.read(Source.memory(data), context).events)
    assert all(finding.hint or finding.expected for finding in context.findings if finding.severity == "error")
    return len(events), [(finding.code, finding.where.event) for finding in context.findings]


def changed(**more: object) -> str:
    return json.dumps({**EVENT, **more})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in EVENT.items() if name != key})


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (
            '{"type":"ObjectEvent","type":"ObjectEvent"' + GOOD[1:].replace('"type": "ObjectEvent"', "", 1),
            "EPCIS-JSON-04",
        ),
        (GOOD.replace('"action"', '"action": "ADD", "action"'), "EPCIS-JSON-04"),
        (GOOD.replace('"action"', '"action" : "ADD", "action"'), "EPCIS-JSON-04"),
        (GOOD[:-1] + ',"ilmd":{"v:a":"1","v:a":"2"}}', "EPCIS-JSON-04"),
        (GOOD[:-1] + ',"v:n":NaN}', "EPCIS-JSON-01"),
        (GOOD[:-1] + ',"v:n":-Infinity}', "EPCIS-JSON-01"),
        (GOOD[:-1] + ',"v:n":"\\ud800"}', "EPCIS-JSON-01"),
        (GOOD[:-1] + ',"bizStep":"\\ud800"}', "EPCIS-JSON-01"),
        (GOOD[:-1] + ",}", "EPCIS-JSON-01"),
        ('"text"', "EPCIS-JSON-09"),
        ("17", "EPCIS-JSON-09"),
        (changed(type="MadeUpEvent"), "EPCIS-JSON-08"),
        (changed(type="QuantityEvent"), "EPCIS-JSON-08"),
        (changed(type=1), "EPCIS-JSON-09"),
        (without("type"), "EPCIS-JSON-10"),
        (without("eventTime"), "EPCIS-JSON-10"),
        (without("eventTimeZoneOffset"), "EPCIS-JSON-10"),
        (without("action"), "EPCIS-JSON-10"),
        (changed(bizStep=None), "EPCIS-JSON-09"),
        (changed(bizStep=["shipping"]), "EPCIS-JSON-09"),
        (changed(epcList="urn:x:1"), "EPCIS-JSON-09"),
        (changed(epcList=["urn:x:1", 2]), "EPCIS-JSON-09"),
        (changed(readPoint="urn:x:1"), "EPCIS-JSON-09"),
        (changed(readPoint={}), "EPCIS-JSON-10"),
        (changed(quantityList=[{"epcClass": "urn:x:1", "quantity": "5"}]), "EPCIS-JSON-09"),
        (changed(quantityList=[{"epcClass": "urn:x:1", "amount": 5}]), "EPCIS-JSON-07"),
        (changed(sourceList=[{"source": "urn:x:1"}]), "EPCIS-JSON-10"),
        (changed(sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": "x"}]}]), "EPCIS-JSON-09"),
        (changed(sensorElementList=[{"sensorReport": [{"bare": 1}]}]), "EPCIS-JSON-07"),
        (changed(ilmd={"lotNumber": "A"}), "EPCIS-JSON-07"),
        (changed(errorDeclaration=[]), "EPCIS-JSON-09"),
        (changed(**{"gwc:surprise": {}, "@context": {"gwc": "https://epcis-gateway.org/ns/carry#"}}), "EPCIS-JSON-07"),
    ],
)
def test_a_bad_event_is_named_and_the_next_one_is_read(event, code):
    count, findings = read(document(GOOD, event, GOOD))
    assert (count, findings) == (2, [(code, 2)])


def test_a_key_without_namespace_is_an_error_but_its_value_is_kept():
    context = Context()
    (event,) = EPCIS_2_0_JSON.read(Source.memory(document(changed(myField="x"))), context).events
    assert [f.code for f in context.findings] == ["EPCIS-JSON-07"]
    assert [(e.name, e.text) for e in event.extensions] == [("myField", "x")]


def test_bytes_that_are_not_utf8_spoil_one_event_only():
    bad = GOOD.replace("107346.1", "107346.X").encode().replace(b"X", b"\xff").decode("latin-1")
    data = document(GOOD, bad, GOOD).decode().encode("latin-1")
    assert read(data) == (2, [("EPCIS-JSON-02", 2)])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "EPCIS-JSON-01"),
        (b"no json", "EPCIS-JSON-01"),
        (b'{"type":"EPCISDocument"', "EPCIS-JSON-01"),
        (b"{}", "EPCIS-JSON-05"),
        (b'"text"', "EPCIS-JSON-05"),
        (b'{"type":5}', "EPCIS-JSON-05"),
        (document(GOOD).replace(b"EPCISDocument", b"Other"), "EPCIS-JSON-05"),
        (document(GOOD) + b"x", "EPCIS-JSON-01"),
        (document(GOOD) + document(GOOD), "EPCIS-JSON-01"),
        (document(GOOD, head='"sender":"a","sender":"b",'), "EPCIS-JSON-04"),
        (document(GOOD, head='"sender":5,'), "EPCIS-JSON-09"),
        (document(GOOD, head='"unknown":5,'), "EPCIS-JSON-07"),
        (document(GOOD, head='"epcisHeader":{"bare":1},'), "EPCIS-JSON-07"),
        (b"[" + GOOD.encode() + b"] x", "EPCIS-JSON-01"),
        ("﻿".encode("utf-16-le") + b"\x7b\x00\x22", "EPCIS-JSON-02"),
    ],
)
def test_a_broken_frame_ends_reading_with_one_finding(data, code):
    with pytest.raises(InputError) as error:
        read(data)
    assert error.value.finding.code == code


def test_a_document_without_a_list_is_an_error():
    assert read(b'{"@context":[],"type":"EPCISDocument","schemaVersion":"2.0","epcisBody":{}}') == (
        0,
        [("EPCIS-JSON-10", 0)],
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_unicode_is_read_with_a_warning(encoding):
    data = document(changed(**{"v:x": "é\U0001f600"})).decode().encode(encoding)
    assert read(data) == (1, [("EPCIS-JSON-03", 0)])


@pytest.mark.parametrize("version", ['"1.2"', "2.0", "null"])
def test_another_schema_version_is_a_warning(version):
    data = document(GOOD).replace(b'"schemaVersion":"2.0"', f'"schemaVersion":{version}'.encode())
    assert read(data) == (1, [("EPCIS-JSON-06", 0)])


def test_undeclared_and_protected_prefixes():
    count, findings = read(document(changed(**{"who:x": "1"}), changed(**{"who:x": "2"})))
    assert (count, findings) == (2, [("EPCIS-JSON-11", 0)])
    count, findings = read(document(changed(**{"@context": {"cbvmda": "https://other.example/"}})))
    assert (count, findings) == (1, [("EPCIS-JSON-12", 1)])


def test_limits():
    epcs = changed(epcList=[f"urn:x:{number}" for number in range(20)])
    with pytest.raises(LimitExceeded):
        read(document(epcs), epcs_per_event=10)
    with pytest.raises(LimitExceeded):
        read(document(GOOD), input_bytes=100)
    deep = GOOD[:-1] + ',"v:a":' + '{"v:a":' * 60 + "1" + "}" * 60 + "}"
    assert read(document(deep)) == (1, [])
    with pytest.raises(LimitExceeded):
        read(document(deep), depth=50)


def test_rules_have_one_code_each():
    for rules in (RULES, LOSS_RULES):
        assert len({rule.code for rule in rules}) == len(rules)
