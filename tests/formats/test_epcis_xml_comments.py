"""Comments and processing instructions: each is listed, wherever it stands and however the bytes come."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.convert import Request, convert, validate
from gateway.findings import Losses, LossMode
from gateway.formats.epcis_xml.comments import Comments
from gateway.sources import Source

EVENT = (
    "<ObjectEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    "<epcList><epc>urn:epc:id:sgtin:9521321.012345.{}</epc>{}</epcList><action>OBSERVE</action>{}</ObjectEvent>\n"
)
DOCUMENT = """<?xml version="1.0" encoding="{}"?>
<?xml-stylesheet href="x.xsl"?>
<!-- before -->
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-05-01T10:00:00Z">
<!-- in front <ObjectEvent> ?> --><EPCISBody><EventList>
{}
</EventList></EPCISBody>
</e:EPCISDocument>
<!---->
"""
EVENTS = "".join(
    EVENT.format(
        n, "<!-- é -->" if n % 100 == 7 else "", "<v:x xmlns:v='urn:v'><![CDATA[<!-- no -->]]></v:x>" * (n % 2)
    )
    for n in range(1000)
)


def lost(data: bytes, to: str, tmp_path, mode: LossMode = LossMode.CARRY):
    losses = []
    report = convert(Request(Source.memory(data, "x"), to=to, loss=mode, loss_sink=losses.append), tmp_path)
    return report, [(loss.field, loss.value) for loss in losses if loss.code == "LOSS-C31-COMMENT"]


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("to", ["epcis-1.2-xml", "epcis-2.0-json"])
def test_each_is_listed_in_full(encoding, to, tmp_path):
    report, found = lost(DOCUMENT.format(encoding, EVENTS).encode(encoding), to, tmp_path)
    assert report.events == 1000
    text = "é" if encoding != "iso-8859-1" else "\ufffd"  # its bytes are no UTF-8
    comment = "comment()"
    assert found == [
        ("processing-instruction()", 'xml-stylesheet href="x.xsl"'),
        (comment, "before"),
        (comment, "in front <ObjectEvent> ?>"),
        *[(comment, text)] * 10,
        (comment, ""),
    ]


@pytest.mark.parametrize(("mode", "code"), [(LossMode.DROP, 0), (LossMode.FAIL, 3)])
def test_in_every_mode(mode, code, tmp_path):
    report, found = lost(DOCUMENT.format("utf-8", EVENTS).encode(), "epcis-2.0-xml", tmp_path, mode)
    assert (report.exit_code, len(found)) == (code, 14)


def test_a_validation_loses_nothing():
    report = validate(Request(Source.memory(DOCUMENT.format("utf-8", EVENTS).encode(), "x")))
    assert json.loads(json.dumps(report.as_dict()))["losses"] == []


_PARTS = st.sampled_from(
    [
        "<a>",
        "</a>",
        "text",
        "<!-- c -->",
        "<!---->",
        "<?pi x?>",
        "<?pi?>",
        "<![CDATA[ <!-- ]]>",
        "<!-- <?x ?> -->",
        "-->",
    ]
)


@given(st.lists(_PARTS, max_size=12), st.lists(st.integers(0, 200), max_size=8))
def test_however_the_bytes_are_cut(parts, cuts):
    depth, text = 0, "<r>"
    for part in parts:
        depth += (part == "<a>") - (part == "</a>" and depth > 0)
        text += "" if part == "</a>" and text.count("<a>") - text.count("</a>") == 0 else part
    data = (text + "</a>" * (text.count("<a>") - text.count("</a>")) + "</r>").encode()
    root = etree.fromstring(data)
    expected = len(root.xpath("//comment() | //processing-instruction()"))
    losses = Losses()
    comments = Comments(losses, data[:4])
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(places):
        comments.feed(data[start:end])
    assert losses.count == expected
