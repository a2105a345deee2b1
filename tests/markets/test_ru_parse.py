"""Russia's MDLP: what MDLP sends becomes events, or findings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.convert import Request, convert
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Severity
from gateway.formats.base import Context, Limits
from gateway.markets.ru.extension import NAMESPACE
from gateway.markets.ru.mdlp import MDLP
from gateway.markets.ru.notifications import MEANINGS
from gateway.sources import Source
from gateway.testing import read_back
from tests.markets.ru_story import FIXTURES, GTIN, GUID, composed, serial

GOOD = FIXTURES / "mdlp" / "good"
LINK = "https://id.gs1.org"
PACK = f"{LINK}/01/{GTIN}/21/{serial(1)}"
TIME = {"event-time": "2026-11-22T09:00:00+03:00"}
IDS = {"subject-ids": f"4699999000014=00000000000101,4699999000021=00000000000202,4699999000038={GUID}"}


def read(name, values=None):
    return read_back(MDLP, (GOOD / f"{name}.xml").read_bytes(), f"{name}.xml", IDS if values is None else values)


@pytest.mark.parametrize("number", MEANINGS)
def test_a_notification_becomes_an_event_that_keeps_all_of_it(number):
    (event,), context = read(number)
    assert not context.findings.errors
    assert event.biz_step == f"urn:epcglobal:cbv:bizstep:{MEANINGS[number].step}"
    assert event.epc_list[0] == PACK
    assert len(event.epc_list) == 2
    assert (event.event_time, event.event_time_zone_offset) == ("2026-11-20T10:00:00+03:00", "+03:00")
    (kept,) = event.extensions
    (document,) = etree.parse(GOOD / f"{number}.xml").getroot()
    told = [(each.local, each.text) for each in kept.walk() if not each.children][:]
    said = [(node.tag, node.text) for node in document.iter() if not len(node)]
    goods = {(each.tag, each.text) for each in document.iter("sgtin", "sscc")}
    assert [pair for pair in told if pair not in goods] == [pair for pair in said if pair not in goods]
    assert kept.attributes == [("action_id", number), ("version", "1.38")]


def test_parties_come_from_the_table_of_ids():
    (event,), _ = read("603")
    assert event.source_list[0].id == event.destination_list[0].id == f"{LINK}/414/4699999000014"
    assert event.read_point.id == f"{LINK}/414/4699999000014"
    assert event.biz_transaction_list[0].id == "urn:epcglobal:cbv:bt:4699999000014:DN-1"
    (event,), _ = read("607")
    assert event.source_list[0].id == f"{LINK}/414/4699999000021"
    (event,), _ = read("603", {})
    assert (event.source_list, event.destination_list, event.read_point, event.biz_transaction_list) == (None,) * 4


def test_what_mdlp_told_is_not_reported_to_mdlp_again():
    events, _ = read("601")
    made, context = composed(events, {**IDS, "documents": "shipping=431"})
    assert made == []
    assert [f.code for f in context.findings] == ["MARKET-03", "RU-MDLP-11"]


def test_a_hierarchy_becomes_packings_innermost_first_at_their_times():
    events, context = read("221", {})
    assert [(f.code, f.severity) for f in context.findings] == [("RU-MDLP-21", Severity.WARNING)]
    assert [(e.action, e.event_time[11:16], len(e.child_epcs)) for e in events] == [
        ("ADD", "09:00", 2), ("ADD", "09:30", 1), ("ADD", "09:40", 1)
    ]  # fmt: skip
    (packs,) = events[0].extensions
    assert [(each.local, each.text) for each in packs.children][-3:] == [
        ("expiration_date", "30.09.2028"), ("sgtin", f"{GTIN}{serial(1)}"), ("sgtin", f"{GTIN}{serial(2)}")
    ]  # fmt: skip


def test_an_answer_about_a_pack_is_an_observation_at_the_time_of_the_question():
    (event,), context = read("211-pack", TIME)
    assert (event.action, event.child_epcs, event.event_time) == ("OBSERVE", [PACK], TIME["event-time"])
    texts = [each.text for each in event.extensions[0].children]
    assert {"in_circulation", "LOT001", "D-1"} < set(texts)
    assert [f.message for f in context.findings] == ["MDLP warns: late"]
    events, _ = read("211-down", TIME)
    assert [len(event.child_epcs) for event in events] == [2, 1]
    events, context = read("211-up", TIME)
    assert (events, len(context.findings.kept)) == ([], 2)
    events, context = read("211-none", {})
    assert (events, len(context.findings.kept)) == ([], 1)
    for values in ({}, {"event-time": "2026-11-22T09:00:00"}):
        with pytest.raises(InputError, match="no time"):
            read("211-pack", values)


def test_a_ticket_and_the_errors_of_a_receipt_are_findings():
    events, context = read("617", {})
    assert events == []
    assert [f.severity for f in context.findings] == [Severity.INFO, Severity.ERROR]
    assert context.findings.kept[1].value == f"{GTIN}{serial(1)}"
    events, context = read("200", {})
    assert events == []
    assert {f.code for f in context.findings} == {"RU-MDLP-21"}


def test_what_is_sent_to_mdlp_is_not_read():
    with pytest.raises(InputError, match="381") as caught:
        read("381")
    assert caught.value.finding.code == "RU-MDLP-22"


def test_what_is_no_document_is_refused():
    for data in (b"", b"<documents", b"<documents version='1.38'/>", b"\x00\xff"):
        with pytest.raises(InputError):
            read_back(MDLP, data, "x.xml", {})
    with pytest.raises(LimitExceeded, match="1000 bytes"):
        MDLP.parse(Source.memory(b"x" * 2000), Context(limits=Limits(event_bytes=1000)))


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 5000), what=st.binary(max_size=8))
def test_a_spoilt_notification_is_read_or_refused_and_nothing_else(at, what):
    data = (GOOD / "601.xml").read_bytes()
    spoilt = data[: at % len(data)] + what + data[at % len(data) + len(what) :]
    try:
        events, _ = read_back(MDLP, spoilt, "x.xml", IDS)
    except InputError:
        return
    assert len(events) <= 2


@pytest.mark.parametrize("target", ["epcis-2.0-json", "epcis-1.2-xml", "epcis-2.0-xml"])
def test_a_notification_is_converted_and_its_prices_are_there(tmp_path, target):
    source = Source.file(GOOD / "601.xml")
    report = convert(Request(source, to=target, values=IDS, now="2026-11-22T09:00:00Z"), tmp_path)
    assert not report.failed, [str(f) for f in report.findings]
    assert (report.format_in, report.events) == ("ru-mdlp", 1)
    (output,) = tmp_path.iterdir()
    assert "110.00" in output.read_text()
    assert NAMESPACE in output.read_text()
