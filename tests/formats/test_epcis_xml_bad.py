"""Broken and hostile documents: findings with a place, the right error class, never a traceback or unbounded work."""

from __future__ import annotations

import pytest

from gateway.epcis.events import ObjectEvent
from gateway.errors import InputError, LimitExceeded
from gateway.formats.base import Context, Limits
from gateway.formats.epcis_xml import EPCIS_1_2_XML, EPCIS_2_0_XML
from gateway.sources import Source

DATE = 'creationDate="2026-05-01T10:00:00Z"'
EVENT = """<ObjectEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:9521234.012345.1</epc></epcList><action>ADD</action></ObjectEvent>
"""


def document(events: str = EVENT, *, prolog: str = "", root: str = "", header: str = "", version: str = "1.2") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{prolog}<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="{version}" {DATE}{root}>
{header}<EPCISBody><EventList>
{events}</EventList></EPCISBody></e:EPCISDocument>
""".encode()


def read(data: bytes, limits: Limits | None = None) -> tuple[list[ObjectEvent], list[tuple[str, int, int]]]:
    context = Context(limits=limits or Limits())
    events = list(EPCIS_1_2_XML.read(Source.memory(data), context).events)
    return events, [(f.code, f.where.line, f.where.event) for f in context.findings]


def refused(data: bytes, limits: Limits | None = None) -> tuple[str, int]:
    with pytest.raises((InputError, LimitExceeded)) as caught:
        read(data, limits)
    finding = caught.value.finding
    assert finding.message
    assert finding.hint
    return finding.code, finding.where.line


def test_a_good_document_has_no_findings_and_knows_its_lines() -> None:
    events, findings = read(document(EVENT * 3))
    assert findings == []
    assert [(e.where.line, e.where.event) for e in events] == [(4, 1), (6, 2), (8, 3)]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "EPCIS-XML-01", 0),
        (b"no xml at all", "EPCIS-XML-01", 1),
        (b"<a", "EPCIS-XML-03", 1),
        (b"<a/>", "EPCIS-XML-03", 1),
        (b'<EPCISDocument schemaVersion="1.2"/>', "EPCIS-XML-03", 1),
        (document()[:-30], "EPCIS-XML-01", 6),
        (document(EVENT + "</oops>"), "EPCIS-XML-01", 6),
        (document("<ObjectEvent><eventTime>&nbsp;</eventTime></ObjectEvent>"), "EPCIS-XML-01", 4),
        (document("<ObjectEvent>\x01</ObjectEvent>"), "EPCIS-XML-01", 4),
        (document().replace(b"UTF-8", b"UTF-16"), "EPCIS-XML-01", 1),
        (document("<ObjectEvent>\xff</ObjectEvent>").replace(b"\xc3\xbf", b"\xff"), "EPCIS-XML-01", 4),
        (document(prolog="<!DOCTYPE project>\n"), "EPCIS-XML-02", 0),
        (document(prolog='<!DOCTYPE x SYSTEM "file:///etc/passwd">\n'), "EPCIS-XML-02", 0),
    ],
)
def test_fatal_errors(data: bytes, code: str, line: int) -> None:
    assert refused(data) == (code, line)


def test_an_error_behind_events_comes_with_the_iterator() -> None:
    data = document(EVENT * 3000)[:-200]
    context = Context()
    events = iter(EPCIS_1_2_XML.read(Source.memory(data), context).events)
    with pytest.raises(InputError) as caught:
        for number, _ in enumerate(events, 1):  # noqa: B007 - its last value counts
            pass
    assert number > 2000
    assert caught.value.finding.where.line > 4000


def test_entities_never_grow_and_never_reach_out() -> None:
    bomb = "<!DOCTYPE b [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" if n else "<!ENTITY a0 '&a;&a;'>" for n in range(12)
    )
    assert refused(document(prolog=bomb + "]>\n", root=' x="&a11;"'))[0] == "EPCIS-XML-02"
    outside = "<!DOCTYPE b [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>\n"
    assert refused(document("<ObjectEvent>&x;</ObjectEvent>", prolog=outside))[0] == "EPCIS-XML-02"


def test_depth_is_bounded() -> None:
    deep = "<v:a xmlns:v='urn:v'>" * 150 + "</v:a>" * 150
    event = EVENT.replace("</ObjectEvent>", deep + "</ObjectEvent>")
    assert refused(document(event))[0] == "EPCIS-XML-12"
    for bottomless in (document("<a>" * 100_000), document("<ObjectEvent>" * 100_000)):
        assert refused(bottomless)[0] == "EPCIS-XML-01"


def test_sizes_are_bounded() -> None:
    data = document(EVENT * 2000)
    assert refused(data, Limits(input_bytes=100_000))[0] == "EPCIS-XML-12"
    assert refused(document("<ObjectEvent>" + " " * 200_000), Limits(event_bytes=100_000))[0] == "EPCIS-XML-12"
    many = EVENT.replace("<epc>", "<epc>x</epc><epc>")
    assert refused(document(many), Limits(epcs_per_event=1))[0] == "EPCIS-XML-12"
    assert len(read(data, Limits(event_bytes=100_000))[0]) == 2000  # the bound is on each event, not on all


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (EVENT.replace("<eventTime>2026-05-01T08:00:00Z</eventTime>", ""), "EPCIS-XML-06"),
        (EVENT.replace("<action>ADD</action>", ""), "EPCIS-XML-06"),
        (EVENT.replace("ObjectEvent", "ObjectEvnt"), "EPCIS-XML-07"),
    ],
)
def test_a_bad_event_is_reported_and_reading_goes_on(event: str, code: str) -> None:
    events, findings = read(document(EVENT + event + EVENT))
    assert len(events) == 2
    assert [f[:2] for f in findings] == [(code, 6)]


def test_odd_but_readable_documents() -> None:
    ok = document()
    assert read(ok.replace(b"<action>", b"<oops>1</oops><action>"))[1] == [("EPCIS-XML-08", 5, 1)]
    assert read(ok.replace(b"<action>", b"<action>OBSERVE</action><action>"))[1] == [("EPCIS-XML-09", 5, 1)]
    assert read(document(version="2.0"))[1] == [("EPCIS-XML-04", 2, 0)]
    assert read(ok.replace(b' creationDate="2026-05-01T10:00:00Z"', b""))[1] == [("EPCIS-XML-06", 2, 0)]
    qualified = ok.replace(b"e:EPCISDocument", b"EPCISDocument").replace(b"xmlns:e=", b"xmlns=")
    events, findings = read(qualified)
    assert [f[0] for f in findings] == ["EPCIS-XML-05"]
    plain, _ = read(ok)
    assert events == plain


@pytest.mark.parametrize("version", ["1", "1.0", "1.1", "1.2"])
def test_versions_of_one_namespace(version: str) -> None:
    context = Context()
    header = EPCIS_1_2_XML.read(Source.memory(document(version=version)), context).header
    assert header.schema_version == {"1": "1.0"}.get(version, version)
    assert not list(context.findings)


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252"])
def test_declared_encodings(encoding: str) -> None:
    text = document(EVENT.replace("012345.1", "012345.é")).decode().replace("UTF-8", encoding)
    events, findings = read(text.encode(encoding))
    assert findings == []
    assert events[0].epc_list == ["urn:epc:id:sgtin:9521234.012345.é"]


def test_vendor_content_may_use_the_names_of_events() -> None:
    inner = '<v:ObjectEvent xmlns:v="urn:v"><ObjectEvent>x</ObjectEvent></v:ObjectEvent>'
    events, findings = read(document(EVENT.replace("</ObjectEvent>", inner + "</ObjectEvent>") + EVENT))
    assert findings == []
    assert [len(event.extensions) for event in events] == [1, 0]
    assert events[0].extensions[0].children[0].text == "x"


def test_claims() -> None:
    one, two = EPCIS_1_2_XML.sniff, EPCIS_2_0_XML.sniff
    assert one is not None
    assert two is not None
    ok = document()
    assert (one(ok, ""), two(ok, "")) == (one(ok, "x.csv"), None)
    assert one(ok, "").score == 100
    assert two(ok.replace(b"xsd:1", b"xsd:2"), "").score == 100
    assert one(ok.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "").score == 100
    assert one(b"a;b;c\n", "x.xml") is None
    assert one(b'<EPCISDocument schemaVersion="1.2">', "").score == 60


def test_control_messages_are_refused() -> None:
    data = b"""<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2"
    creationDate="2026-05-01T10:00:00Z"><EPCISBody><q:Poll><queryName>x</queryName><params/></q:Poll></EPCISBody></q:EPCISQueryDocument>"""
    events, findings = read(data)
    assert events == []
    assert [f[0] for f in findings] == ["EPCIS-XML-10"]


def test_without_a_creation_date_nothing_is_invented() -> None:
    data = document().replace(b' creationDate="2026-05-01T10:00:00Z"', b"")
    context = Context()
    with pytest.raises(InputError) as caught:
        b"".join(EPCIS_1_2_XML.write(EPCIS_1_2_XML.read(Source.memory(data), context), context))
    assert caught.value.finding.code == "EPCIS-XML-15"
