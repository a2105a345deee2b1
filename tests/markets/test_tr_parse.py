"""Turkey's PTS: transfers and packages that are read."""

from __future__ import annotations

import io
import zipfile

import pytest
from lxml import etree

from gateway.epcis.events import (
    BizTransaction,
    Party,
)
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings
from gateway.formats.base import Limits
from gateway.markets.tr.pts import PTS
from gateway.markets.tr.read import unzip
from gateway.markets.tr.write import package_bytes
from gateway.testing import read_back
from tests.markets.tr_story import DESTINATION, FIXTURES, PLACE, SOURCE, TIME, codes, composed, xml_of


@pytest.mark.parametrize(
    "name", ["good/pallet.xml", "good/minimal.xml", "composed/transfer1.xml", "composed/transfer2.xml"]
)
def test_a_transfer_comes_back_from_epcis_as_it_was(name):
    xml = (FIXTURES / "pts" / name).read_bytes()
    events, context = read_back(PTS, package_bytes(xml, "x.xml"), "x.zip", TIME)
    assert not context.findings.errors
    (made,), context = composed(events)
    assert not context.findings.errors
    assert context.losses.count == 0
    again = etree.fromstring(xml_of(made.data))
    for node in again.iter():
        if node.tag == "carrier" and name == "good/minimal.xml":
            node.attrib.pop("containerType")  # absent there, derived here

    def plain(node):
        return node.tag, dict(node.attrib), (node.text or "").strip(), [plain(child) for child in node]

    assert plain(again) == plain(etree.fromstring(xml))


def test_parsing_gives_aggregations_innermost_first_then_the_shipping():
    xml = (FIXTURES / "pts" / "good" / "pallet.xml").read_bytes()
    events, _ = read_back(PTS, xml, "x.xml", TIME | {"time-zone": "Europe/London", "read-point": "urn:x"})
    link = "https://id.gs1.org"
    assert [(event.parent_id, event.child_epcs) for event in events[:3]] == [
        (f"{link}/00/186999990000000024", [
            f"{link}/01/08699999111013/21/SN0001",
            f"{link}/01/08699999111013/21/SN0002",
            f"{link}/01/08699999111020/21/SN0001",
        ]),
        (f"{link}/00/186999990000000031", [f"{link}/01/08699999111013/21/SN0003"]),
        (f"{link}/00/186999990000000017", [f"{link}/00/186999990000000024", f"{link}/00/186999990000000031"]),
    ]  # fmt: skip
    shipping = events[3]
    assert shipping.epc_list == [f"{link}/00/186999990000000017"]
    assert shipping.source_list == [Party("urn:epcglobal:cbv:sdt:owning_party", f"{link}/414/{SOURCE}")]
    assert [party.id[-13:] for party in shipping.destination_list] == [DESTINATION, PLACE]
    assert shipping.biz_transaction_list == [
        BizTransaction(f"urn:epcglobal:cbv:bt:{SOURCE}:IRS2026000001", "urn:epcglobal:cbv:btt:desadv")
    ]
    assert {(event.event_time, event.event_time_zone_offset) for event in events} == {
        ("2026-11-20T09:30:00+03:00", "+00:00")
    }
    assert {event.read_point.id for event in events} == {"urn:x"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"event-time": "yesterday"}, {"event-time": "2026-11-20T09:30:00"}, TIME | {"time-zone": "Nowhere"}],
)
def test_parsing_without_a_time_is_refused(settings):
    with pytest.raises(InputError) as caught:
        read_back(PTS, (FIXTURES / "pts" / "good" / "minimal.xml").read_bytes(), "x.xml", settings)
    assert caught.value.finding.code == "TR-PTS-21"


def test_other_spellings_are_read_and_told():
    xml = (FIXTURES / "pts" / "bad" / "TR-PTS-18--container-in-words.xml").read_bytes()
    events, context = read_back(PTS, xml.replace(b">S<", b">SALE<"), "x.xml", TIME)
    assert codes(context) == ["TR-PTS-17", "TR-PTS-18"]
    assert not context.findings.errors
    assert events[2].extensions[0].text == "P"
    assert events[3].extensions[0].text == "S"


def zipped(*files, password=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files:
            package.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    data = bytearray(out.getvalue())
    if password:
        data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        zipped(),
        zipped(("a.xml", b"<transfer/>"), ("b.xml", b"<transfer/>")),
        zipped(("a.txt", b"<transfer/>")),
        zipped(("a.xml", b"<transfer/>"), password=True),
        zipped(("a.xml", b"<transfer/>" * 100))[:60],
        b"PK\x03\x04",
    ],
    ids=["empty", "two files", "no XML name", "password", "cut", "four bytes"],
)
def test_a_zip_file_that_is_no_package_is_refused(data):
    findings = Findings()
    PTS.check(data, findings)
    assert [finding.code for finding in findings] == ["TR-PTS-02"]


def test_a_zip_bomb_is_refused():
    with pytest.raises(LimitExceeded) as caught:
        unzip(zipped(("a.xml", b" " * 20_000_000)), Limits())
    assert caught.value.finding.code == "TR-PTS-30"


def test_sniffing_knows_packages_and_bare_xml():
    xml = (FIXTURES / "pts" / "good" / "pallet.xml").read_bytes()
    assert PTS.sniff(xml, "a").score == 95
    assert PTS.sniff(package_bytes(xml, "a.xml"), "a").score == 95
    assert PTS.sniff(package_bytes(b"<other/>", "a.xml"), "a") is None
    assert PTS.sniff(b"PK\x03\x04", "a") is None
