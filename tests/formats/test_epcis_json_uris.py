"""Where the XML schemas let any text pass and JSON wants a URI, JSON is refused with the place, and XML is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.convert import Request, check_output, convert
from gateway.findings import Findings
from gateway.sources import Source

TIME = "<eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
PACK = "<epcList><epc>urn:epc:id:sgtin:9521321.012345.{}</epc></epcList><action>OBSERVE</action>"
DECLARED = "<declarationTime>2026-05-01T08:00:00Z</declarationTime>"
PO = 'bizTransaction type="urn:epcglobal:cbv:btt:po"'
REPORT = '<sensorReport type="gs1:Temperature" value="1"/>'


def event(front: str = "", behind: str = "", serial: int = 1) -> str:
    return f"<ObjectEvent>{TIME}{front}{PACK.format(serial)}{behind}</ObjectEvent>"


def sensor(metadata: str = "", report: str = REPORT) -> str:
    content = f"<sensorElement>{metadata}{report}</sensorElement>"
    return event(behind=f"<sensorElementList>{content}</sensorElementList>")


def document(events: str, header: str = "") -> bytes:
    root = 'xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-05-01T10:00:00Z"'
    body = f"{header}<EPCISBody><EventList>{events}</EventList></EPCISBody>"
    return f"<e:EPCISDocument {root}>{body}</e:EPCISDocument>".encode()


CASES = {
    "eventID": event("<eventID>{}</eventID>"),
    "certificationInfo": event("<certificationInfo>{}</certificationInfo>"),
    "correctiveEventID": event(
        "<errorDeclaration>" + DECLARED + "<correctiveEventIDs><correctiveEventID>{}</correctiveEventID>"
        "</correctiveEventIDs></errorDeclaration>"
    ),
    "bizTransaction": event(behind=f"<bizTransactionList><{PO}>{{}}</bizTransaction></bizTransactionList>"),
    "transformationID": f"<TransformationEvent>{TIME}<inputEPCList><epc>urn:epc:id:sgtin:9521321.012345.1</epc>"
    "</inputEPCList><transformationID>{}</transformationID></TransformationEvent>",
    "deviceID": sensor('<sensorMetadata deviceID="{}"/>'),
    "bizRules": sensor('<sensorMetadata bizRules="{}"/>'),
    "uriValue": sensor(report='<sensorReport type="gs1:Temperature" uriValue="{}"/>'),
    "type": sensor(report='<sensorReport type="{}" value="1"/>'),
}


def convert_to(target: str, data: bytes, folder: Path) -> tuple[list[str], list[str], list[str]]:
    folder.mkdir()
    report = convert(Request(Source.memory(data, "x"), to=target), folder)
    findings = Findings()
    for output in report.outputs:
        check_output(Source.file(Path(output.path)), target, findings)
    codes = [finding.code for finding in report.findings if finding.severity == "error"]
    return codes, [output.name for output in report.outputs], [str(finding) for finding in findings]


@pytest.mark.parametrize("value", ["4711", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "a/relative#path"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_no_uri(case: str, value: str, tmp_path: Path):
    data = document(case.replace("{}", value))
    assert convert_to("epcis-2.0-json", data, tmp_path / "json") == (["EPCIS-JSON-33"], [], [])
    assert convert_to("epcis-2.0-xml", data, tmp_path / "xml") == ([], ["x.xml"], [])


@pytest.mark.parametrize("value", ["urn:uuid:1", "https://example.com/a?b=c#d", "a:b", "ni:///sha-256;0f?x=%20"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_one(case: str, value: str, tmp_path: Path):
    data = document(case.replace("{}", value))
    assert convert_to("epcis-2.0-json", data, tmp_path / "json") == ([], ["x.jsonld"], [])


def test_among_alike_events_too(tmp_path: Path):
    """Events that are written by filling a template are looked at as well."""
    ids = ["urn:uuid:1"] * 5 + ["4711"] + ["urn:uuid:1"] * 5
    events = "".join(event(f"<eventID>{id_}</eventID>", serial=n) for n, id_ in enumerate(ids, 1))
    assert convert_to("epcis-2.0-json", document(events), tmp_path / "json")[0] == ["EPCIS-JSON-33"]


@pytest.mark.parametrize(
    ("kind", "id_", "attribute"),
    [("x", "urn:x:1", "urn:x:2"), ("urn:x:1", "x", "urn:x:2"), ("urn:x:1", "urn:x:2", "x")],
)
def test_master_data(kind: str, id_: str, attribute: str, tmp_path: Path):
    element = f'<VocabularyElement id="{id_}"><attribute id="{attribute}">1</attribute></VocabularyElement>'
    words = f'<Vocabulary type="{kind}"><VocabularyElementList>{element}</VocabularyElementList></Vocabulary>'
    data = f"<extension><EPCISMasterData><VocabularyList>{words}</VocabularyList></EPCISMasterData></extension>"
    codes = convert_to("epcis-2.0-json", document(event(), f"<EPCISHeader>{data}</EPCISHeader>"), tmp_path / "json")[0]
    assert codes == ["EPCIS-JSON-33"]
