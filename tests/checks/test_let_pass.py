"""What the official schemas let pass is converted with a warning; `validate` and what is built here stay strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.checks.rules import LET_PASS, RULES
from gateway.convert import Request, check_output, convert, validate
from gateway.findings import Findings, Severity
from gateway.sources import Source

FORMATS = ("epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json")
TIME = "<eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
PACK = "urn:epc:id:sgtin:9521321.012345.1"
CASE = "urn:epc:id:sscc:9521321.1000000001"
LOT = '<ilmd><m:lotNumber xmlns:m="urn:epcglobal:cbv:mda">L1</m:lotNumber></ilmd>'
CBV = "urn:epcglobal:cbv"


def document(events: str, version: str = "2") -> bytes:
    root = f'xmlns:e="urn:epcglobal:epcis:xsd:{version}" creationDate="2026-05-01T10:00:00Z"'
    body = f"<EPCISBody><EventList>{events}</EventList></EPCISBody>"
    return f'<e:EPCISDocument {root} schemaVersion="{version}.0">{body}</e:EPCISDocument>'.encode()


def objects(inside: str, behind: str = "", action: str = "OBSERVE") -> str:
    return f"<ObjectEvent>{TIME}<epcList>{inside}</epcList><action>{action}</action>{behind}</ObjectEvent>"


def packing(inside: str, action: str = "ADD", parent: str = f"<parentID>{CASE}</parentID>") -> str:
    children = f"<childEPCs>{inside}</childEPCs>"
    return f"<AggregationEvent>{TIME}{parent}{children}<action>{action}</action></AggregationEvent>"


def quantity(epc_class: str) -> str:
    return f"<quantityList><quantityElement><epcClass>{epc_class}</epcClass></quantityElement></quantityList>"


def party(id_: str) -> str:
    return f'<sourceList><source type="{CBV}:sdt:owning_party">{id_}</source></sourceList>'


EPC = f"<epc>{PACK}</epc>"
CASES = {
    "EPCIS-EVENT-02": objects(""),
    "EPCIS-EVENT-03": packing(EPC, parent=""),
    "EPCIS-EVENT-04": packing(f"<epc>{CASE}</epc>"),
    "EPCIS-EVENT-05": objects(EPC * 2),
    "EPCIS-EVENT-07": objects(EPC, LOT),
    "EPCIS-EVENT-13": objects(
        EPC,
        f"<persistentDisposition><unset>{CBV}:disp:stolen</unset><set>{CBV}:disp:stolen</set></persistentDisposition>",
    ),
    "EPCIS-ID-02": objects("<epc>urn:epc:class:lgtin:9521321.012345.L1</epc>"),
    "EPCIS-ID-03": objects(EPC, quantity(PACK)),
    "EPCIS-ID-04": objects(EPC, f"<readPoint><id>{PACK}</id></readPoint>"),
    "EPCIS-ID-05": objects(EPC, party(PACK)),
    "EPCIS-CBV-02": objects(EPC, "<bizStep>https://ref.gs1.org/cbv/BizStep-made_up</bizStep>"),
}


def test_each_rule_has_a_case():
    assert set(CASES) == LET_PASS
    assert {rule.severity for rule in RULES if rule.code in LET_PASS} == {Severity.ERROR}


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("code", CASES)
def test_a_valid_document_is_converted_with_a_warning(code: str, target: str, tmp_path: Path):
    source = Source.memory(document(CASES[code]), "x.xml")
    schema = Findings()
    check_output(source, "epcis-2.0-xml", schema)
    assert not list(schema)  # the case is one: the schema has nothing against it
    report = convert(Request(source, to=target), tmp_path)
    assert [str(f) for f in report.findings if f.severity is Severity.ERROR] == []
    assert code in [f.code for f in report.findings if f.severity is Severity.WARNING]
    outcome = Findings()
    check_output(Source.file(Path(report.outputs[0].path)), target, outcome)
    assert [str(finding) for finding in outcome] == []
    assert code in [f.code for f in validate(Request(source)).findings if f.severity is Severity.ERROR]


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_document_without_events_stays_one(target: str, version: str, tmp_path: Path):
    report = convert(Request(Source.memory(document("", version), "x.xml"), to=target), tmp_path)
    assert [(f.code, f.severity) for f in report.findings] == [("CONVERT-01", "warning")]
    outcome = Findings()
    check_output(Source.file(Path(report.outputs[0].path)), target, outcome)
    assert not list(outcome)


@pytest.mark.parametrize(
    "event",
    [
        objects(EPC).replace("OBSERVE", "SEEN"),
        objects("<epc>1234</epc>"),
        objects("<epc>urn:epc:id:sgtin:9521321.012345.</epc>"),
        objects(EPC, "<bizStep>shiping</bizStep>"),
    ],
)
def test_other_errors_stay_errors(event: str, tmp_path: Path):
    assert convert(Request(Source.memory(document(event), "x.xml"), to="epcis-2.0-xml"), tmp_path).exit_code == 1


def test_a_regulator_gets_nothing_that_is_only_let_pass(tmp_path: Path):
    report = convert(Request(Source.memory(document(CASES["EPCIS-EVENT-05"]), "x.xml"), to="tr-pts"), tmp_path)
    assert "EPCIS-EVENT-05" in [f.code for f in report.findings if f.severity is Severity.ERROR]
