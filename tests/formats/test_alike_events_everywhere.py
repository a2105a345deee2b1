"""Alike events, which readers mark, go through every writer as any others do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.convert import Request, convert
from gateway.epcis.events import NO_PART, ObjectEvent, bare
from gateway.formats.base import Context
from gateway.formats.epcis_xml import EPCIS_1_2_XML
from gateway.formats.table import load
from gateway.sources import Source

HEAD = """<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"
 creationDate="2026-01-01T00:00:00Z"><EPCISBody><EventList>
"""
OBJECT = """<ObjectEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:9521321.012345.A{0}</epc></epcList><action>OBSERVE</action>
<bizStep>urn:epcglobal:cbv:bizstep:inspecting</bizStep></ObjectEvent>
"""
PACKING = """<AggregationEvent><eventTime>2026-05-01T08:00:00Z</eventTime>
<eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<parentID>urn:epc:id:sscc:9521321.{0:010}</parentID>
<childEPCs><epc>urn:epc:id:sgtin:9521321.012345.A{0}</epc></childEPCs><action>ADD</action>
<bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep></AggregationEvent>
"""
DOCUMENT = (
    HEAD
    + "".join(OBJECT.format(n) for n in range(30))
    + "".join(PACKING.format(n) for n in range(30))
    + "</EventList></EPCISBody></epcis:EPCISDocument>"
).encode()
SNX = {
    "sender": "9521321000018", "receiver": "9521321000025", "instance-identifier": "1", "production-line-id": "1",
    "packaging-levels": "0=EA,sscc=CA", "company-prefix": "9521321",
}  # fmt: skip
X12 = {
    "x12-sender": "ZZ:ONE", "x12-receiver": "ZZ:TWO", "x12-control-number": "1", "x12-usage": "T",
    "company-prefix": "9521321",
}  # fmt: skip


def test_the_reader_marks_them_and_a_bare_event_has_no_mark() -> None:
    events = list(EPCIS_1_2_XML.read(Source.memory(DOCUMENT), Context()).events)
    marked = [event for event in events if event.kin is not None]
    assert len(marked) > 50
    assert bare(marked[0]).kin is None
    assert set(ObjectEvent.__struct_fields__) >= NO_PART


@pytest.mark.parametrize(
    ("to", "values", "mapping"),
    [
        ("epcis-1.2-xml", {}, ""),
        ("epcis-2.0-xml", {"epc": "dl"}, ""),
        ("epcis-2.0-json", {"event-id": "hash"}, ""),
        ("tracelink-snx", SNX, ""),
        ("tracelink-snx", {**SNX, "message": "SNXEndOfBatchMessage"}, ""),
        ("tracelink-snx", {**SNX, "message": "SOMSalesShipmentMessage"}, ""),
        ("rfxcel", {"sender": "9521321000018", "receiver": "9521321000025"}, ""),
        ("x12-856", X12, ""),
        ("table", {}, "styles/quantities"),
        ("table", {}, "styles/levels"),
    ],
)
def test_every_writer_takes_them(to: str, values: dict[str, str], mapping: str, tmp_path: Path) -> None:
    chosen = load(mapping) if mapping else None
    request = Request(
        Source.memory(DOCUMENT, "a.xml"), to=to, values=values, mapping=chosen, now="2026-05-02T00:00:00Z"
    )
    report = convert(request, tmp_path)  # a mark that is taken for a part raises
    assert report.events == 60
    assert report.losses.count or report.findings.errors or report.outputs
