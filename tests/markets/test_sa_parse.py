"""What RSD says about a dispatch becomes EPCIS."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InputError
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.markets.client import Known, play
from gateway.markets.sa import MARKET
from gateway.markets.sa.calls import call, request
from gateway.markets.sa.operations import OPERATIONS
from gateway.markets.sa.parse import parse
from gateway.markets.sa.rsd import RSD, sniff
from gateway.markets.simulation import Rehearsal
from gateway.sources import Source
from gateway.testing import read_back
from tests.markets.sa_story import GLNS, GTIN, commission, composed, move, pack_epc, serial
from tests.markets.test_sa_client import account

WHEN = {"event-time": "2026-11-26T09:00:00+03:00"}


@pytest.fixture(scope="module")
def reply():
    """What DispatchDetail replies about three packs of two lots."""
    server = MARKET.simulation.start(Rehearsal())
    packs = [pack_epc(1), pack_epc(2)]
    made, _ = composed(
        [commission(packs), commission([pack_epc(3)], "LOT002"), move("shipping", [*packs, pack_epc(3)])]
    )
    answers = [play(RSD.client.submit(each, account(), Known("1")), server.reply) for each in made]
    detail = OPERATIONS["dispatch-detail"]
    body = request(detail, DISPATCHNOTIFICATIONID=answers[-1].reference)
    return server.reply(call(detail, body, account())).body


def test_a_dispatch_becomes_a_shipping_event_for_each_lot(reply):
    events, context = read_back(RSD, reply, "detail.xml", WHEN)
    assert not len(context.findings)
    assert [event.epc_list for event in events] == [
        [f"https://id.gs1.org/01/{GTIN}/21/{serial(n)}" for n in (1, 2)],
        [f"https://id.gs1.org/01/{GTIN}/21/{serial(3)}"],
    ]
    first = events[0]
    assert (first.event_time, first.event_time_zone_offset) == ("2026-11-26T09:00:00+03:00", "+03:00")
    assert first.biz_step == "urn:epcglobal:cbv:bizstep:shipping"
    assert first.source_list[0].id == f"https://id.gs1.org/417/{GLNS['plant']}"
    told = {each.local: each.text for each in first.extensions}
    assert told == {
        "lotNumber": "LOT001",
        "itemExpirationDate": "2028-09-30",
        "DISPATCHNOTIFICATIONID": "3",
        "NOTIFICATIONDATE": "2026-11-26",
    }


def test_what_was_dispatched_can_be_accepted_as_a_whole(reply):
    events, _ = read_back(RSD, reply, "detail.xml", WHEN)
    for event in events:
        event.biz_step = "urn:epcglobal:cbv:bizstep:receiving"
    made, context = composed(events[:1], {})
    assert not context.findings.errors
    assert [submission.kind for submission in made] == ["accept-dispatch"]


@pytest.mark.parametrize("given_", [{}, {"event-time": "2026-11-26"}, {"event-time": "2026-11-26T09:00:00"}])
def test_a_time_is_not_invented(reply, given_):
    with pytest.raises(InputError, match="no time") as error:
        read_back(RSD, reply, "detail.xml", given_)
    assert error.value.finding.code == "SA-RSD-24"
    assert "--set event-time=" in error.value.hint


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<RC>00000</RC>", "<RC>60000</RC>", "SA-RSD-25"),
        (GTIN, GTIN[:-1] + "7", "GS1-GTIN-02"),
        (f"<FROMGLN>{GLNS['plant']}", "<FROMGLN>1", "SA-RSD-05"),
        ("2028-09-30", "30.09.2028", "SA-RSD-06"),
        (f"<SN>{serial(1)}", "<SN>", "GS1-SERIAL-02"),
    ],
)
def test_what_is_wrong_in_a_reply_is_said(reply, old, new, code):
    _, context = read_back(RSD, reply.replace(old.encode(), new.encode(), 1), "detail.xml", WHEN)
    assert [finding.code for finding in context.findings] == [code]


def test_other_replies_are_refused_in_words(reply):
    for data in (b"", b"<a/>", reply.replace(b"DispatchDetailService", b"OtherService"), reply[:-9]):
        with pytest.raises(InputError) as error:
            parse(Source.memory(data), Context())
        assert error.value.finding.code == "SA-RSD-01"


def test_a_reply_is_recognised_and_is_in_order(reply):
    assert sniff(reply, "x.xml").score == 95
    findings = Findings()
    RSD.check(reply, findings)
    assert not len(findings)


@given(st.integers(60, 700), st.integers(0, 40), st.binary(max_size=12))
def test_no_bytes_break_the_reading(reply, at, cut, junk):
    with contextlib.suppress(InputError):
        read_back(RSD, reply[:at] + junk + reply[at + cut :], "detail.xml", WHEN)
