"""TraceLink's messages become events: every message, every spelling, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from gateway.convert import Request, convert
from gateway.findings import Severity
from gateway.formats.tracelink.names import PREFIXES
from gateway.sources import Source
from tests.formats.tracelink_help import SHIPMENT, SNX, XML, codes, context, errors, read, write

MESSAGES = {
    "assigned": (6, ["TL-SNX-12"]),
    "assigned-other-prefixes": (6, ["TL-SNX-12", "TL-SNX-11"]),
    "updated-decommissioned": (1, []),
    "updated-deactivated": (1, []),
    "updated-destroyed": (1, []),
    "updated-encoded": (1, []),
    "disaggregated": (2, []),
    "shipment": (1, ["TL-SNX-18"]),
}


def source(fixtures: Path, name: str) -> bytes:
    return (fixtures / "formats" / "tracelink" / f"{name}.xml").read_bytes()


def read_fixture(fixtures: Path, name: str):
    return read(source(fixtures, name), SHIPMENT if name == "shipment" else {"company-prefix": "9521321"})


@pytest.mark.parametrize("name", MESSAGES)
def test_events_of_a_message(fixtures: Path, golden, name: str) -> None:
    document, events, found = read_fixture(fixtures, name)
    assert (len(events), codes(found)) == MESSAGES[name]
    assert found.losses.count == 0
    options = {"layout": "pretty"}
    written = b"".join(XML.write(document, context(options, format_=XML)))
    golden(fixtures / "formats" / "tracelink" / "expected" / f"{name}.as-1.2.xml", written)


def test_prefixes_and_attributes_do_not_matter(fixtures: Path) -> None:
    """Another prefix for each namespace, the default one too, and serial numbers that do not explain themselves."""
    _, one, _ = read_fixture(fixtures, "assigned")
    _, other, _ = read_fixture(fixtures, "assigned-other-prefixes")
    for event in (*one, *other):
        for top in event.extensions:
            for part in top.walk():
                part.prefix = ""
                part.attributes = [pair for pair in part.attributes if pair[0] != "filterValue"]
                shells = ("SerialNumber", "ParentSerialNumber", "SerialNumberList")
                part.children = [c for c in part.children if c.local not in shells]
    assert other == one


@pytest.mark.parametrize("name", MESSAGES)
def test_every_value_of_a_message_is_somewhere(fixtures: Path, name: str) -> None:
    missing = missing_values(source(fixtures, name), *read_fixture(fixtures, name))
    assert missing == []


def missing_values(data: bytes, document, events, found) -> list[str]:
    """Texts and attributes of a message, as a plain parser sees them, that are neither in the document nor reported."""
    out = b"".join(XML.write(document, context({"creation-date": "2000-01-01T00:00:00Z"}, format_=XML))).decode()
    known = {text.strip() for text in _values(out.encode())}
    known |= {finding.value for finding in found.findings}
    lost = []
    for text in _values(data):
        if text in known or f"{text}Z" in known:
            continue
        if text.startswith(("01", "00")) and _as_epc(text, out):
            continue
        # A company prefix, a place or an item is in the URNs; Quantity is the number of children.
        if f":{text}." in out or f":{text}<" in out or text in ("AI(01)+AI(21)", "AI(00)", "SGLN", "GTIN-14", "GLN"):
            continue
        if text in {str(len(event.child_epcs)) for event in events if hasattr(event, "child_epcs")}:
            continue
        if text.isdigit() and (f":{text[1:8]}.{text[0]}{text[8:13]}." in out or f"{text[:7]}.{text[7:12]}" in out):
            continue
        if any(text in time for time in _times(document)):
            continue
        lost.append(text)
    return lost


def _values(data: bytes):
    for node in etree.fromstring(data, etree.XMLParser(remove_comments=True)).iter():
        if node.text and node.text.strip():
            yield node.text.strip()
        yield from (value for value in node.attrib.values() if value != "PO")


def _as_epc(text: str, out: str) -> bool:
    if text.startswith("00"):
        return f"{text[3:10]}.{text[2]}{text[10:19]}<" in out
    serial = text[18:].replace("/", "%2F")
    return f"{text[3:10]}.{text[2]}{text[10:15]}.{serial}<" in out


def _times(document) -> list[str]:
    tree = document.header.sbdh
    return [part.text for part in tree.walk() if part.text] if tree is not None else []


def test_the_check_of_values_can_fail(fixtures: Path) -> None:
    data = source(fixtures, "updated-encoded")
    document, events, found = read_fixture(fixtures, "updated-encoded")
    assert missing_values(data.replace(b"Written by a test", b"lost"), document, events, found) == ["lost"]


def test_vendor_content_is_in_the_vendors_own_namespaces(fixtures: Path) -> None:
    for name in MESSAGES:
        _, events, _ = read_fixture(fixtures, name)
        for event in events:
            assert {top.namespace for top in event.extensions} <= set(PREFIXES)


def test_packing_comes_bottom_up(fixtures: Path) -> None:
    _, events, found = read_fixture(fixtures, "assigned")
    parents = [event.parent_id for event in events if event.type == "AggregationEvent"]
    assert parents == ["urn:epc:id:sgtin:9521321.500010.C1", "urn:epc:id:sscc:9521321.1000000020"]
    assert "TL-SNX-12" in codes(found, Severity.INFO)


def test_times_without_zone_are_utc_whatever_the_offset(fixtures: Path) -> None:
    data = source(fixtures, "assigned").replace(b"08:10:00Z", b"08:10:00")
    _, events, found = read(data)
    assert [(event.event_time, event.event_time_zone_offset) for event in events][2] == (
        "2026-03-02T08:10:00Z",
        "+01:00",
    )
    assert "TL-SNX-11" in codes(found)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("encoded", ("OBSERVE", "urn:epcglobal:cbv:bizstep:encoding", "urn:epcglobal:cbv:disp:encoded")),
        ("deactivated", ("DELETE", "urn:epcglobal:cbv:bizstep:decommissioning", "urn:epcglobal:cbv:disp:inactive")),
        ("destroyed", ("DELETE", "urn:epcglobal:cbv:bizstep:destroying", "urn:epcglobal:cbv:disp:destroyed")),
        ("decommissioned", ("DELETE", "urn:epcglobal:cbv:bizstep:decommissioning", "urn:epcglobal:cbv:disp:damaged")),
    ],
)
def test_statuses(fixtures: Path, status: str, meaning: tuple[str, str, str]) -> None:
    _, (event,), _ = read_fixture(fixtures, f"updated-{status}")
    assert (event.action, event.biz_step, event.disposition) == meaning


def test_decommissioned_alone_says_no_disposition(fixtures: Path) -> None:
    data = source(fixtures, "updated-decommissioned").replace(b"<cmn:ItemAttribute>DAMAGED</cmn:ItemAttribute>", b"")
    _, (event,), _ = read(data)
    assert event.disposition is None


def test_header_becomes_the_documents_header(fixtures: Path) -> None:
    document, _, _ = read_fixture(fixtures, "assigned")
    texts = [part.text for part in document.header.sbdh.walk() if part.text]
    assert {"9521321000018", "9521321000025", "CN-0001", "2026-03-02T10:15:00Z"} <= set(texts)
    assert [item.local for item in document.header.extensions] == ["FileTransactionType"]


def test_a_header_time_without_zone_stays_in_the_sbdh(fixtures: Path, tmp_path: Path) -> None:
    data = source(fixtures, "assigned").replace(b"10:15:00Z", b"10:15:00")
    document, _, _ = read(data)
    assert document.header.creation_date is None
    assert "2026-03-02T10:15:00" in [part.text for part in document.header.sbdh.walk()]
    report = convert(Request(Source.memory(data), to="epcis-2.0-json", now="2026-03-02T11:00:00Z"), tmp_path)
    assert not report.failed
    written, found = write(document)
    assert errors(found) == []
    assert b"<cmn:FileTime>10:15:00</cmn:FileTime>" in written


class TestCompanyPrefix:
    def test_unknown_gives_digital_links_and_says_so(self, fixtures: Path) -> None:
        sscc = b"00" + b"0" * 18
        data = source(fixtures, "disaggregated").replace(b"00195213210000000206", sscc)
        data = data.replace(b'companyPrefix="9521321" filterValue="7"', b"")
        _, events, found = read(data)
        assert events[1].parent_id == f"https://id.gs1.org/00/{'0' * 18}"
        assert codes(found) == ["TL-SNX-10"]

    def test_a_wrong_one_is_a_warning_and_stays(self, fixtures: Path) -> None:
        data = source(fixtures, "disaggregated").replace(b'companyPrefix="9521321"', b'companyPrefix="4000001"')
        _, events, found = read(data, {"company-prefix": "9521321"})
        assert events[0].parent_id == "urn:epc:id:sgtin:9521321.500010.C1"
        assert codes(found, Severity.WARNING)[:1] == ["TL-SNX-09"]
        assert ("companyPrefix", "4000001") in events[0].extensions[0].children[0].attributes

    def test_the_messages_own_counts_more_than_the_table(self, fixtures: Path) -> None:
        data = source(fixtures, "disaggregated").replace(b'companyPrefix="9521321"', b'companyPrefix="952132100"')
        _, events, _ = read(data, {"company-prefix": "9521321"})
        assert events[0].parent_id == "urn:epc:id:sgtin:952132100.5010.C1"


class TestShipment:
    def test_the_time_of_the_order(self, fixtures: Path) -> None:
        values = {"event-time": "transaction", "time-zone": "Europe/Berlin", "company-prefix": "9521321"}
        _, (event,), _ = read(source(fixtures, "shipment"), values)
        assert (event.event_time, event.event_time_zone_offset) == ("2026-03-05T09:30:00+01:00", "+01:00")

    def test_the_issuer_makes_the_number_a_urn(self, fixtures: Path) -> None:
        _, (event,), _ = read(source(fixtures, "shipment"), {**SHIPMENT, "transaction-issuer": "9521321000025"})
        (one,) = event.biz_transaction_list
        assert (one.id, one.type) == ("urn:epcglobal:cbv:bt:9521321000025:PO-77", "urn:epcglobal:cbv:btt:po")

    def test_parties(self, fixtures: Path) -> None:
        _, (event,), _ = read_fixture(fixtures, "shipment")
        assert [(p.type[-12:], p.id) for p in event.source_list] == [
            ("owning_party", "urn:epc:id:sgln:9521321.00001.0"),
            ("sdt:location", "urn:epc:id:sgln:9521321.00001.0"),
        ]
        assert [p.id for p in event.destination_list] == ["urn:epc:id:sgln:9521321.00002.0"]


def test_only_its_own_files_are_claimed(fixtures: Path) -> None:
    for name in MESSAGES:
        assert SNX.sniff(source(fixtures, name), "").score == 100
    wrong = source(fixtures, "assigned").replace(b"urn:tracelink:mapper:sl:serial_number_exchange", b"urn:other")
    assert SNX.sniff(wrong, "") is None
    assert SNX.sniff(b"<transfer/>", "") is None
