"""The fast way for plain events gives what the parser gives, wherever the input is cut and whatever it looks like."""

from __future__ import annotations

import re

import pytest

from gateway.epcis.events import Event
from gateway.errors import GatewayError
from gateway.findings import Where
from gateway.formats.base import Context
from gateway.formats.epcis_xml import EPCIS_1_2_XML, pieces
from gateway.formats.epcis_xml.read_plain import PlainReader
from gateway.sources import Source

HEAD = """<?xml version="1.0" encoding="{encoding}"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:v="http://ns.vendor.example/"
 xmlns:w="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-01-01T00:00:00Z"{more}>
<EPCISBody><EventList>
"""
TAIL = "</EventList></EPCISBody></epcis:EPCISDocument>"
EVENT = """<ObjectEvent>
  <eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
  <baseExtension><eventID>urn:uuid:1</eventID></baseExtension>
  <epcList><epc>urn:epc:id:sgtin:0614141.107346.1</epc>
    <epc>urn:epc:id:sgtin:0614141.107346.2</epc></epcList>
  <action>ADD</action>
  <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
  <readPoint><id>urn:epc:id:sgln:0614141.00000.0</id></readPoint>
  <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">urn:x:1</bizTransaction>
    <bizTransaction>urn:x:2</bizTransaction></bizTransactionList>
  <extension>
    <quantityList><quantityElement><epcClass>urn:epc:idpat:sgtin:0614141.107346.*</epcClass>
      <quantity>1.50</quantity><uom>KGM</uom></quantityElement></quantityList>
    <sourceList><source type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:0614141.00000.0</source></sourceList>
    <ilmd><v:lot>A 1</v:lot><v:time>2026:01</v:time></ilmd>
  </extension>
  <v:truck>one</v:truck><v:truck> two </v:truck>
</ObjectEvent>
"""
PACKING = """<AggregationEvent><eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>Z</eventTimeZoneOffset>
<parentID>urn:epc:id:sscc:0614141.1234567890</parentID><childEPCs><epc>urn:a:b</epc></childEPCs><action>ADD</action>
</AggregationEvent>
"""


def document(events: str, more: str = "", encoding: str = "UTF-8") -> bytes:
    return (HEAD.format(more=more, encoding=encoding) + events + TAIL).encode(encoding)


def outcome(data: bytes, block: int) -> tuple[list[Event], list[object], str]:
    context = Context()
    pieces.Pieces.__init__.__defaults__ = (block,)
    events: list[Event] = []
    failure = ""
    try:
        events.extend(EPCIS_1_2_XML.read(Source.memory(data), context).events)
    except GatewayError as error:
        failure = str(error)
    return events, [*context.findings, *context.losses.summaries.values()], failure


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events went the fast way."""
    found = [0]
    read = PlainReader.read

    def counted(*args: object) -> object:
        result = read(*args)
        found[0] += result is not None
        return result

    monkeypatch.setattr(pieces.Pieces.__init__, "__defaults__", (pieces.BLOCK,))
    monkeypatch.setattr(PlainReader, "read", counted)
    return found


def both(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as exact:
        exact.setattr(PlainReader, "read", lambda *_: None)
        wanted = outcome(data, 1 << 16)
    for block in (1 << 16, 1000, 97, 8):
        assert outcome(data, block) == wanted


def test_plain_events_take_the_fast_way(count: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    data = document((EVENT + PACKING) * 10)
    both(data, monkeypatch)
    count[0] = 0
    events, said, failure = outcome(data, 1 << 16)
    assert (len(events), said, failure, count[0]) == (20, [], "", 19)
    lines = [m.start() for m in re.finditer(rb"<(Object|Aggregation)Event>", data)]
    assert [e.where for e in events] == [
        Where(line=data.count(b"\n", 0, at) + 1, event=number) for number, at in enumerate(lines, 1)
    ]


@pytest.mark.parametrize(
    "odd",
    [
        EVENT.replace("<v:truck>one", "<v:truck>&lt;one&gt; &amp; more &#x41;"),
        EVENT.replace("<v:truck>one", "<v:truck>w:CURIE"),
        EVENT.replace("<v:truck>one</v:truck>", "<v:a><v:b>nested</v:b></v:a>"),
        EVENT.replace("<v:truck>one</v:truck>", "<v:truck>one</v:trucks>"),
        EVENT.replace("<v:truck>one</v:truck>", "<v:truck/><u:x>no such prefix</u:x>"),
        EVENT.replace("<v:truck>one</v:truck>", "<w:truck>one</w:truck>"),
        EVENT.replace("<v:truck>one</v:truck>", "<v:_x0031_a>one</v:_x0031_a>"),
        EVENT.replace("<v:truck>one</v:truck>", "<truck>one</truck>"),
        EVENT.replace("<action>ADD</action>", ""),
        EVENT.replace("<action>ADD", "<action> ADD\n"),
        EVENT.replace("<action>ADD", "<action>]]>"),
        EVENT.replace("<action>ADD", "<action>\u00e4"),
        EVENT.replace("<action>ADD", "<action><![CDATA[ADD]]>"),
        EVENT.replace("<action>ADD</action>", "<action>ADD</action><action>OBSERVE</action>"),
        EVENT.replace("<ObjectEvent>", '<ObjectEvent xmlns="urn:x">'),
        EVENT.replace("<ObjectEvent>", '<ObjectEvent xmlns:v="urn:other">'),
        EVENT.replace("<ObjectEvent>", "<ObjectEvent >").replace("</ObjectEvent>", "</ObjectEvent\n>"),
        EVENT.replace("ObjectEvent", "w:ObjectEvent"),
        EVENT.replace("<epcList>", "<epcList/><epcList>"),
        "<ObjectEvent/>",
        "<ObjectEvent/><!-- </ObjectEvent>" + EVENT + "-->",
        "<!--" + EVENT + "-->",
        "<!-- </ObjectEvent>" + EVENT * 2 + "-->",
        "<?pi </ObjectEvent>" + EVENT + "?>",
        "<v:own><![CDATA[</ObjectEvent>" + EVENT + "]]></v:own>",
        "<v:own>" + EVENT * 2 + "</v:own>",
        "<v:AnEvent>x</v:AnEvent>",
        EVENT.replace("<action>", "<!-- </ObjectEvent>" + EVENT + " --><action>"),
        EVENT.replace("</ObjectEvent>", "<v:w>" + EVENT + "</v:w></ObjectEvent>"),
        "<extension><TransformationEvent><eventTime>2026-05-01T08:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset></TransformationEvent>" + EVENT + "</extension>",
        "text between events",
        "</EventList><EventList>",
        "</EventList></EPCISBody><EPCISBody><EventList>",
        "</EventList>",
        "<ObjectEvent>" + " " * 3000 + EVENT,
        EVENT.replace("\n", "\r\n"),
        EVENT[:-5],
        "\x0b",
    ],
)
@pytest.mark.parametrize("more", ["", ' xmlns="urn:default"'])
def test_odd_events_among_plain_ones_change_nothing(odd: str, more: str, monkeypatch: pytest.MonkeyPatch) -> None:
    both(document(EVENT * 2 + odd + EVENT + PACKING + odd + EVENT, more), monkeypatch)


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1", "windows-1252", "US-ASCII"])
def test_encodings(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    both(document((EVENT + PACKING) * 3, encoding=encoding), monkeypatch)


def test_line_ends_do_not_pile_up(count: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_MOST_SKIPPED", 100)
    data = document(EVENT * 60)
    both(data, monkeypatch)
    count[0] = 0
    outcome(data, 1000)
    assert 40 < count[0] < 59
