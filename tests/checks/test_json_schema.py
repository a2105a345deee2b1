"""JSON documents against JSON Schemas: what is found, where, and at which cost."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.checks.json_schema import JsonSchema, check_json
from gateway.checks.json_schema_rules import RULES
from gateway.errors import ConfigurationError
from gateway.findings import Finding, Findings
from gateway.formats import FORMATS
from gateway.resources import shipped
from gateway.schemas import _cut, check_schema
from gateway.sources import Source

FORMAT = FORMATS.get("epcis-2.0-json")
SCHEMA = shipped("xsd", *FORMAT.schema)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-05-01T08:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "epcList": ["urn:epc:id:sgtin:9521321.012345.A1"],
}


def document(*events: Any, **changes: Any) -> dict[str, Any]:
    frame = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T10:00:00Z",
    }
    return {**frame, "epcisBody": {"eventList": list(events)}, **changes}


def event(**changes: Any) -> dict[str, Any]:
    """A good event with changes; None removes a key."""
    return {key: value for key, value in {**EVENT, **changes}.items() if value is not None}


def check(value: Any) -> list[Finding]:
    findings = Findings(limit=5000)
    data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
    check_schema(Source.memory(data), FORMAT, findings)
    for finding in findings:
        assert finding.message
        assert finding.hint
    return list(findings)


def told(value: Any) -> list[tuple[str, int, str]]:
    return [(finding.code, finding.where.event, finding.where.path) for finding in check(value)]


def test_good_documents_have_no_findings(fixtures: Path) -> None:
    results = {"queryName": "Q", "resultsBody": {"eventList": [EVENT]}}
    query = {"@context": CONTEXT, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    single = {"@context": CONTEXT, **EVENT}
    for good in (document(), document(EVENT, EVENT), query, single, [single, single]):
        assert check(good) == []
    assert check((fixtures / "checks" / "epcis_json" / "every-key.jsonld").read_bytes()) == []
    assert check(json.dumps(document(EVENT)).encode("utf-16")) == []


IN_EVENT = "$.epcisBody.eventList[1]"


@pytest.mark.parametrize(
    ("wrong", "code", "path", "value", "expected"),
    [
        ({"action": None}, "JSON-SCHEMA-02", "", "", "action"),
        ({"oops": 1}, "JSON-SCHEMA-03", ".oops", "oops", "a key of the standard, or prefix:name, or a URI"),
        ({"ilmd": {"lot": "1"}}, "JSON-SCHEMA-03", ".ilmd.lot", "lot", "a key of the standard, or prefix:name, or a URI"),  # noqa: E501
        ({"readPoint": "urn:a:b"}, "JSON-SCHEMA-04", ".readPoint", "urn:a:b", "an object with an id"),
        (
            {"quantityList": [{"epcClass": "urn:a:b", "quantity": "5"}]},
            "JSON-SCHEMA-04",
            ".quantityList[0].quantity",
            "5",
            "a number",
        ),
        (
            {"eventTime": "2026-05-01T08:00:00"},
            "JSON-SCHEMA-05",
            ".eventTime",
            "2026-05-01T08:00:00",
            "a time with seconds and zone, such as 2026-01-31T12:00:00Z",
        ),
        ({"eventTimeZoneOffset": "Z"}, "JSON-SCHEMA-05", ".eventTimeZoneOffset", "Z",
         "an offset such as +01:00, up to 14:00"),
        ({"bizStep": "shiping"}, "JSON-SCHEMA-05", ".bizStep", "shiping",
         "a standard bizStep, or a URI of one's own"),
        ({"action": "ADDED"}, "JSON-SCHEMA-05", ".action", "ADDED", "ADD, OBSERVE or DELETE"),
        ({"type": "QuantityEvent"}, "JSON-SCHEMA-05", ".type", "QuantityEvent",
         "ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent, AssociationEvent, or a URI"),
        ({"persistentDisposition": {"set": []}}, "JSON-SCHEMA-06", ".persistentDisposition.set", "[]",
         "one or more dispositions, none of them twice"),
        ({"epcList": ["urn:a:b", "urn:a:c", "urn:a:b"]}, "JSON-SCHEMA-07", ".epcList", "urn:a:b",
         "a list of identifiers, none of them twice"),
        ({"epcList": None}, "JSON-SCHEMA-08", "", "",
         "epcList (it may be empty), or a quantityList that is not empty, or a sensorElementList with a readPoint"),
        ({"action": "OBSERVE", "ilmd": {}}, "JSON-SCHEMA-08", ".ilmd", "{}", "no ilmd, unless action is ADD"),
    ],
)  # fmt: skip
def test_each_error_has_rule_place_value_and_expectation(
    wrong: dict[str, Any], code: str, path: str, value: str, expected: str
) -> None:
    (finding,) = check(document(EVENT, event(**wrong), EVENT))
    assert (finding.code, finding.where.event, finding.where.path) == (code, 2, IN_EVENT + path)
    assert (finding.value, finding.expected) == (value, expected)
    assert expected in finding.message or finding.code == "JSON-SCHEMA-03"


def test_the_frame_is_checked_too() -> None:
    assert sorted(told(document(EVENT, creationDate="today", oops=1, epcisHeader={"x": 1}))) == [
        ("JSON-SCHEMA-03", 0, "$.epcisHeader.x"),
        ("JSON-SCHEMA-03", 0, "$.oops"),
        ("JSON-SCHEMA-05", 0, "$.creationDate"),
    ]
    missing = check({"@context": CONTEXT, "type": "EPCISDocument"})
    assert [finding.expected for finding in missing] == ["schemaVersion", "creationDate", "epcisBody"]


def test_single_events_and_lists_need_their_own_context() -> None:
    assert told(EVENT) == [("JSON-SCHEMA-02", 1, "$")]
    good = {"@context": CONTEXT, **EVENT}
    bad = {**good, "action": "X"}
    assert told([good, bad]) == [("JSON-SCHEMA-05", 2, "$[1].action")]
    results = {"queryName": "Q", "resultsBody": {"eventList": [EVENT, event(action="X")]}}
    query = {"@context": CONTEXT, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    assert told(query) == [("JSON-SCHEMA-05", 2, "$.epcisBody.queryResults.resultsBody.eventList[1].action")]


def test_items_that_are_no_events() -> None:
    findings = check(document(EVENT, 5, ["a"]))
    assert [(finding.code, finding.where.event, finding.value) for finding in findings] == [
        ("JSON-SCHEMA-04", 2, "5"),
        ("JSON-SCHEMA-04", 3, '["a"]'),
    ]
    assert findings[0].message == "an item of eventList is '5', expected an event"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"a": NaN}',
        json.dumps(document(EVENT)).encode()[:-20],
        json.dumps(document(EVENT)).encode().replace(b'"ADD"', b'"A\xff"'),
        json.dumps(document(EVENT, EVENT)).encode().replace(b"}, {", b"} {"),
        json.dumps(document(EVENT)).encode().replace(b'["urn:epc', b'["urn:epc" oops "'),
        json.dumps([{"@context": CONTEXT, **EVENT}]).encode() + b"}",
        json.dumps(document(EVENT)).encode().replace(b'"ADD"', b'"ADD"]'),
    ],
)
def test_broken_documents(data: bytes) -> None:
    assert {finding.code for finding in check(data)} & {"JSON-SCHEMA-01", "EPCIS-JSON-01"}


def test_numbers_no_float_can_hold_are_numbers() -> None:
    quantity = b'{"epcClass": "urn:a:b", "quantity": 1e400}'
    data = json.dumps(document(event(quantityList=["Q"]))).encode().replace(b'"Q"', quantity)
    assert check(data) == []


def test_a_far_error_is_found_with_its_line_and_errors_are_bounded() -> None:
    line = json.dumps(EVENT).encode()
    bad = line.replace(b'"ADD"', b'"ADDED"')
    head, tail = json.dumps(document("@")).encode().split(b'"@"')
    (finding,) = check(head + b"\n" + b",\n".join([line] * 7776 + [bad] + [line] * 300) + b"\n" + tail)
    assert (finding.where.event, finding.where.line) == (7777, 7778)
    assert finding.where.path == "$.epcisBody.eventList[7776].action"
    codes = [finding.code for finding in check(head + b",\n".join([bad] * 3000) + tail)]
    assert codes == ["JSON-SCHEMA-05"] * 1000 + ["JSON-SCHEMA-09"]


_MEASURE = """
import resource, sys
from pathlib import Path
from gateway.findings import Findings
from gateway.formats import FORMATS
from gateway.schemas import check_schema
from gateway.sources import Source
for name in sys.argv[1:]:
    findings = Findings()
    check_schema(Source.file(Path(name)), FORMATS.get("epcis-2.0-json"), findings)
    print([finding.where.event for finding in findings], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_document(tmp_path: Path) -> None:
    """Ten times the events, the last one wrong: both passes need no more than they did before."""
    line = json.dumps(event(epcList=[f"urn:epc:id:sgtin:9521321.012345.{number}" for number in range(20)])).encode()
    head, tail = json.dumps(document("@")).encode().split(b'"@"')
    paths = [tmp_path / "small.jsonld", tmp_path / "large.jsonld"]
    for path, size in zip(paths, (3_000, 30_000), strict=True):
        path.write_bytes(head + b",\n".join([line] * size + [line.replace(b"ADD", b"ADDED")]) + tail)
    assert paths[1].stat().st_size > 25_000_000
    run = subprocess.run([sys.executable, "-c", _MEASURE, *paths], check=True, capture_output=True, text=True)
    (small, before), (large, after) = (line.rsplit(" ", 1) for line in run.stdout.splitlines())
    assert (small, large) == ("[3001]", "[30001]")
    assert int(after) - int(before) < 12, run.stdout


def test_one_event_with_many_identifiers() -> None:
    epcs = [f"urn:epc:id:sgtin:9521321.012345.{number}" for number in range(100_000)]
    assert check(orjson.dumps(document(event(epcList=epcs)))) == []
    (finding,) = check(orjson.dumps(document(event(epcList=[*epcs, epcs[777]]))))
    assert finding.value == epcs[777]


def test_schemas_that_cannot_be_used(tmp_path: Path) -> None:
    source = Source.memory(b"{}")
    path = tmp_path / "schema.json"
    with pytest.raises(ConfigurationError, match=r"schema\.json cannot be loaded"):
        check_json(partial(_cut, source), path, Findings())
    path.write_text("{")
    with pytest.raises(ConfigurationError, match=r"schema\.json cannot be loaded"):
        check_json(partial(_cut, source), path, Findings())
    for broken in ({"type": 5}, {"$ref": "https://nowhere.example.com/other.json"}):
        with pytest.raises(ConfigurationError, match="cannot be used"):
            JsonSchema(broken)


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
