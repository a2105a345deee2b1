"""An identifier twice in one list: legal in XML, not in JSON; kept all the same, and given back in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.convert import Request, check_output, convert
from gateway.findings import Findings, LossMode
from gateway.sources import Source

EPCS = [f"urn:epc:id:sgtin:9521321.012345.{n}" for n in "abacab"]
EVENT = (
    "<ObjectEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    f"<epcList>{''.join(f'<epc>{epc}</epc>' for epc in EPCS)}</epcList><action>OBSERVE</action></ObjectEvent>"
)
XML = (
    '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-05-01T10:00:00Z">'
    f"<EPCISBody><EventList>{EVENT * 3}</EventList></EPCISBody></e:EPCISDocument>"
)


def convert_to(to: str, data: bytes, folder: Path, loss: LossMode = LossMode.CARRY):
    folder.mkdir()
    report = convert(Request(Source.memory(data, "x"), to=to, loss=loss), folder)
    return report, Path(report.outputs[0].path).read_bytes() if report.outputs else b""


def test_there_and_back(tmp_path: Path):
    report, there = convert_to("epcis-2.0-json", XML.encode(), tmp_path / "1")
    assert {(f.code, f.severity) for f in report.findings} == {("EPCIS-EVENT-05", "warning")}
    assert [(s.code, s.outcome, s.count) for s in report.losses.summaries.values()] == [("LOSS-C43-JSON", "carried", 9)]
    event = json.loads(there)["epcisBody"]["eventList"][0]
    assert event["epcList"] == [EPCS[0], EPCS[1], EPCS[3]]
    assert (event["gwc:epcList"], event["gwc:epcListAt"]) == ([EPCS[0], EPCS[0], EPCS[1]], [2, 4, 5])
    findings = Findings()
    check_output(Source.memory(there), "epcis-2.0-json", findings)
    assert not list(findings)
    _, back = convert_to("epcis-2.0-xml", there, tmp_path / "2")
    assert back.decode().replace("\n", "").count("".join(f"<epc>{epc}</epc>" for epc in EPCS)) == 3


def test_dropped_ones_are_listed_and_fail_refuses(tmp_path: Path):
    report, data = convert_to("epcis-2.0-json", XML.encode(), tmp_path / "1", LossMode.DROP)
    assert [(s.code, s.outcome, s.count) for s in report.losses.summaries.values()] == [("LOSS-C43-JSON", "lost", 9)]
    assert b"gwc" not in data
    assert convert_to("epcis-2.0-json", XML.encode(), tmp_path / "2", LossMode.FAIL)[0].exit_code == 3


@pytest.mark.parametrize("places", ['["2"]', "[-1]", "[1e3]", "[99999999999999999999]", "{}", "null", "[]", "[2,3]"])
def test_forged_places_are_no_places(places: str, tmp_path: Path):
    _, there = convert_to("epcis-2.0-json", XML.replace(EVENT * 3, EVENT).encode(), tmp_path / "1")
    report, _ = convert_to("epcis-2.0-xml", there.replace(b"[2,4,5]", places.encode()), tmp_path / "2")
    assert report.failed
    assert {f.code for f in report.findings if f.severity == "error"} == {"EPCIS-JSON-07"}
