"""rfXcel's envelopes: unwrapped to the EPCIS in them with nothing of the envelope lost, and written around EPCIS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec import structs

from gateway.convert import Request, convert
from gateway.detect import detect
from gateway.errors import InputError, LimitExceeded
from gateway.findings import NOWHERE, Losses, LossMode
from gateway.formats import FORMATS
from gateway.formats.base import Context, Limits
from gateway.formats.rfxcel.rules import RULES
from gateway.options import Options
from gateway.sources import Source

RFXCEL = FORMATS.get("rfxcel")
XML = FORMATS.get("epcis-1.2-xml")
FOLDER = Path(__file__).parents[2] / "fixtures" / "formats" / "rfxcel"
ANSWER = (FOLDER / "get-messages.xml").read_bytes()
BARE = (FOLDER / "bare.xml").read_bytes()
NEEDED = {
    "content-struct-ver": "V",
    "sender-id": "S & 1",
    "sender-qualifier": "Q1",
    "sender-type": "T1",
    "receiver-id": "R2",
    "receiver-qualifier": "Q2",
    "receiver-type": "T2",
    "events-env-namespace": "none",
}


def context(values=None, limits=None, format_=RFXCEL):
    return Context(
        options=Options.check(values or {}, format_.settings), losses=Losses(LossMode.CARRY), limits=limits or Limits()
    )


def read(data, values=None, limits=None):
    found = context(values, limits)
    document = RFXCEL.read(Source.memory(data, "m.xml"), found)
    document.events = [structs.replace(event, where=NOWHERE) for event in document.events]
    return document, found


def codes(found):
    return [finding.code for finding in found.findings]


def losses(found):
    return {(code, field): summary.count for (code, _, field), summary in found.losses.summaries.items()}


def test_events_of_all_envelopes(golden) -> None:
    document, found = read(ANSWER)
    assert codes(found) == []
    assert [event.epc_list[0][-2:] for event in document.events] == ["A1", "A2"]
    assert losses(found) == {("LOSS-RFX-01", "soap:Header"): 1, ("LOSS-RFX-02", "document/creationDate"): 1}
    written = b"".join(XML.write(document, context({"layout": "pretty"}, format_=XML)))
    golden(FOLDER / "expected" / "get-messages.as-1.2.xml", written)


def test_every_value_of_the_envelopes_is_kept_but_the_password() -> None:
    document, found = read(ANSWER)
    out = b"".join(XML.write(document, context(format_=XML)))
    kept = {value for tree in [etree.fromstring(out)] for value in values(tree)}
    listed = {example for summary in found.losses.summaries.values() for example in summary.examples}
    missing = set(values(etree.fromstring(ANSWER))) - kept
    assert missing == {"someone", "not-to-be-kept", "1.0"}  # schemaVersion 1.0 becomes 1.2
    assert "not-to-be-kept" not in str(listed)


def values(root):
    for node in root.iter():
        for text in (node.text, node.tail, *node.attrib.values()):
            if text and text.strip():
                yield text.strip()


def test_a_bare_list_with_a_default_namespace_around_it() -> None:
    document, found = read(BARE)
    assert (codes(found), len(document.events), losses(found)) == ([], 1, {})
    (tree,) = document.header.extensions
    assert [part.text for part in tree.walk() if part.local == "msgId"] == ["M-1"]


def test_events_are_those_of_the_document_without_envelope() -> None:
    inner = BARE[BARE.index(b"<epcis:EPCISDocument") : BARE.index(b"</XML_SYS_EVENTS_ENV>")]
    alone = list(XML.read(Source.memory(inner), context(format_=XML)).events)
    assert [structs.replace(event, where=NOWHERE) for event in alone] == read(BARE)[0].events


def test_events_are_numbered_throughout() -> None:
    document = RFXCEL.read(Source.memory(ANSWER), context())
    assert [event.where.event for event in document.events] == [1, 2]


def test_large_documents_go_through_a_file(monkeypatch, tmp_path: Path) -> None:
    from gateway.formats.rfxcel import spool

    before = read(ANSWER)[0].events
    monkeypatch.setattr(spool, "_MEMORY", 100)
    monkeypatch.setattr(spool, "_BLOCK", 50)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    document = RFXCEL.read(Source.memory(ANSWER), context())
    assert list(tmp_path.iterdir())
    assert [structs.replace(event, where=NOWHERE) for event in document.events] == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("soap", ["envelope", "none"])
def test_what_is_written_is_read_again(golden, soap: str) -> None:
    document, _ = read(BARE)
    document.header.extensions = []
    before = list(document.events)
    found = context({**NEEDED, "soap": soap, "message-id": "M-7", "request-id": "Q"})
    data = b"".join(RFXCEL.write(document, found))
    assert (codes(found), found.losses.count) == ([], 0)
    golden(FOLDER / "expected" / f"written-{soap}.xml", data)
    again, result = read(data)
    assert (codes(result), again.events) == ([], before)


def test_lot_and_expiry_in_the_flavour_of_rfxcel() -> None:
    from gateway.epcis.element import element

    document, _ = read(BARE)
    (event,) = document.events
    mda = "urn:epcglobal:cbv:mda"
    event.ilmd = [
        element(mda, "itemExpirationDate", "2028-01-31"),
        element("urn:v", "x", "1"),
        element(mda, "lotNumber", "L"),
    ]
    data = b"".join(RFXCEL.write(document, context(NEEDED)))
    ilmd = data[data.index(b"<ilmd") : data.index(b"</ilmd>")]
    assert ilmd.index(b"gs1ushc:lotNumber") < ilmd.index(b"gs1ushc:itemExpirationDate") < ilmd.index(b">1<")
    assert b'schemaVersion="1.0"' in data
    document.events = [event]
    event.ilmd = [element(mda, "lotNumber", "L", prefix="cbvmda")]
    data = b"".join(RFXCEL.write(document, context({**NEEDED, "ilmd-namespace": "cbvmda", "schema-version": "1.2"})))
    assert b"cbvmda:lotNumber" in data
    assert b'schemaVersion="1.2"' in data


def test_old_envelopes_are_listed_when_new_ones_are_written() -> None:
    document, _ = read(BARE)
    found = context(NEEDED)
    b"".join(RFXCEL.write(document, found))
    assert losses(found) == {("LOSS-C08", "msgEnvelopeList"): 1}


def test_what_is_missing_is_named_with_its_setting() -> None:
    document, _ = read(BARE)
    found = context()
    b"".join(RFXCEL.write(document, found))
    messages = [str(finding) for finding in found.findings]
    assert set(codes(found)) == {"RFX-08"}
    for key in NEEDED:
        assert sum(f"--set {key}=" in message for message in messages) == 1, key


def refused(data: bytes, limits=None) -> str:
    with pytest.raises((InputError, LimitExceeded)) as caught:
        read(data, limits=limits)
    assert caught.value.finding.hint
    return caught.value.finding.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "RFX-01"),
        (b"text", "RFX-01"),
        (ANSWER[:3000], "RFX-01"),
        (ANSWER[:-5], "RFX-01"),
        (ANSWER.replace(b"LOT &amp; A1", b"LOT &nbsp;"), "RFX-01"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + BARE, "RFX-02"),
        (b"<a/>", "RFX-03"),
        (BARE.replace(b"http://xmlns.rfxcel.com", b"http://example.com"), "RFX-03"),
        (BARE.replace(b"<ObjectEvent>", b"<ObjectEvent>" + b"<v>" * 300 + b"</v>" * 300), "RFX-06"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_limits() -> None:
    assert refused(ANSWER, Limits(input_bytes=500)) == "RFX-06"
    assert refused(BARE, Limits(epcs_per_event=0)) == "EPCIS-XML-12"


@pytest.mark.parametrize(
    ("old", "new", "code", "events"),
    [
        (b"XML_SYS_EVENTS_ENV", b"OTHER_ENV", "RFX-05", 1),
        (b"epcis:EPCISDocument", b"epcis:Document", "RFX-05", 0),
        (b'          <XML_SYS_EVENTS_ENV xmlns="">', b'<XML_SYS_EVENTS_ENV xmlns="">text', "RFX-05", 1),
    ],
)
def test_odd_bodies(old: bytes, new: bytes, code: str, events: int) -> None:
    assert old in BARE
    document, found = read(BARE.replace(old, new))
    assert (codes(found), len(document.events)) == ([code], events)


def test_an_empty_body_and_a_fault() -> None:
    start, end = BARE.index(b"          <XML_SYS"), BARE.index(b"        </a:body>")
    assert codes(read(BARE[:start] + BARE[end:])[1]) == ["RFX-05"]
    fault = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>'
    document, found = read(fault)
    assert (codes(found), document.events) == (["RFX-07"], [])
    assert "no" in found.findings.kept[0].message


def test_other_content_of_the_soap_body_is_told() -> None:
    head = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    other = head + b'<o:x xmlns:o="urn:o">1</o:x></s:Body></s:Envelope>'
    assert codes(read(other)[1]) == ["RFX-05"]


def test_attributes_and_foreign_elements_of_the_envelope_are_kept() -> None:
    data = BARE.replace(b'<XML_SYS_EVENTS_ENV xmlns="">', b'<XML_SYS_EVENTS_ENV xmlns="" mode="m1">')
    data = data.replace(b"<a:msgId>", b'<o:other xmlns:o="urn:o"><o:deep at="d1">t1</o:deep></o:other><a:msgId>')
    document, found = read(data)
    assert codes(found) == []
    kept = [part for tree in document.header.extensions for part in tree.walk()]
    assert [part.attributes for part in kept if part.local == "XML_SYS_EVENTS_ENV"] == [[("mode", "m1")]]
    assert [(part.text, part.attributes) for part in kept if part.local == "deep"] == [("t1", [("at", "d1")])]


def test_no_envelope_is_no_success(tmp_path: Path) -> None:
    empty = b'<a:msgEnvelopeList xmlns:a="http://xmlns.rfxcel.com/traceability/api/3"/>'
    report = convert(Request(Source.memory(empty, "m.xml"), to="epcis-1.2-xml", now="2026-03-02T10:00:00Z"), tmp_path)
    assert (report.format_in, report.exit_code) == ("rfxcel", 1)
    assert [finding.code for finding in report.findings] == ["CONVERT-01"]


def test_only_its_own_files_are_claimed() -> None:
    assert RFXCEL.sniff(ANSWER, "").score == 100
    assert RFXCEL.sniff(BARE, "").score == 100
    assert detect(Source.memory(ANSWER)).format == "rfxcel"
    assert detect(Source.memory(BARE)).format == "rfxcel"
    other = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><envelope/></s:Body></s:Envelope>'
    assert RFXCEL.sniff(other, "") is None


@given(st.integers(0, len(ANSWER)), st.integers(0, 40), st.binary(max_size=6))
@settings(max_examples=100, deadline=None)
def test_mutilated_messages_never_crash(at: int, length: int, new: bytes) -> None:
    code = "RFX-"
    try:
        read(ANSWER[:at] + new + ANSWER[at + length :])
    except (InputError, LimitExceeded) as error:
        code = error.finding.code
    assert code.startswith(("RFX-", "EPCIS-XML-"))


@pytest.mark.corpora
def test_what_is_written_is_valid_by_the_vendors_schema(corpora: Path, tmp_path: Path) -> None:
    """The schemas of others that it imports are not there; what it uses of them is written here."""
    mime, xml = "http://www.w3.org/2004/11/xmlmime", "http://www.w3.org/XML/1998/namespace"
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="'
    types = "".join(
        f'<xs:complexType name="{kind}Binary"><xs:simpleContent><xs:extension base="xs:{kind}Binary">'
        '<xs:attribute ref="m:contentType"/></xs:extension></xs:simpleContent></xs:complexType>'
        for kind in ("base64", "hex")
    )
    attribute = '<xs:attribute name="contentType" type="xs:string"/>'
    (tmp_path / "xmlmime.xsd").write_text(f'{head}{mime}" xmlns:m="{mime}">{attribute}{types}</xs:schema>')
    (tmp_path / "xml.xsd").write_text(f'{head}{xml}"><xs:attribute name="lang" type="xs:string"/></xs:schema>')
    for path in (corpora / "vendors" / "rfxcel").glob("*.xsd"):
        text = re.sub(r'<xs:import[^>]*XML/1998/namespace"[^>]*/>', "", path.read_text("utf-8"))
        own = f'<xs:import namespace="{xml}" schemaLocation="xml.xsd"/>'
        (tmp_path / path.name).write_text(re.sub(r"(<xs:schema[^>]*>)", rf"\1{own}", text, count=1), "utf-8")
    schema = etree.XMLSchema(etree.parse(str(tmp_path / "MessagingService.xsd")))
    document, _ = read(BARE)
    data = b"".join(RFXCEL.write(document, context({**NEEDED, "soap": "none", "file-name": "f", "message-id": "1"})))
    assert schema.validate(etree.fromstring(data)), schema.error_log


def test_every_rule_has_a_case() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    own = [rule.code for rule in RULES if rule.code.startswith("RFX-")]
    assert [code for code in own if code not in text] == []
