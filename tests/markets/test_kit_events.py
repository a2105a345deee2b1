"""Events that a composer reads: withdrawn ones count not, and odd packing or times are findings, never a crash."""

from __future__ import annotations

import pytest

from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ErrorDeclaration, Location, ObjectEvent, Party
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Findings, Losses, Rule, Severity
from gateway.formats.base import Context
from gateway.markets import messages
from gateway.markets.kit.events import counting, moment_of, read_all
from gateway.markets.kit.expand import DEEPEST
from gateway.options import Options

NAMELESS = Rule("TEST-01", Severity.ERROR, "nameless")
OWNERS = {
    "source_list": [Party("owning_party", "urn:epc:id:sgln:0399999.00001.0")],
    "destination_list": [Party("owning_party", "urn:epc:id:sgln:0388888.00001.0")],
}
PACK = "urn:epc:id:sgtin:0399999.001111.ABC123"
COMPOSED = list(messages().values())


def base(at="10:00", **more):
    return {
        "event_time": f"2026-11-20T{at}:00+03:00",
        "event_time_zone_offset": "+03:00",
        "read_point": Location("urn:epc:id:sgln:0399999.00001.0"),
        **more,
    }


def sscc(number):
    return f"urn:epc:id:sscc:0399999.1{number:09}"


def commission():
    ilmd = [
        element(CBV_MDA, name, value) for name, value in (("lotNumber", "L1"), ("itemExpirationDate", "2028-09-30"))
    ]
    return ObjectEvent(**base("08:00"), action="ADD", biz_step="commissioning", epc_list=[PACK], ilmd=ilmd)


def tower(levels):
    """A pack in a container in a container, and so on."""
    yield AggregationEvent(**base("09:00"), action="ADD", biz_step="packing", parent_id=sscc(0), child_epcs=[PACK])
    for number in range(1, levels):
        fields = {"action": "ADD", "biz_step": "packing", "parent_id": sscc(number), "child_epcs": [sscc(number - 1)]}
        yield AggregationEvent(**base("09:00"), **fields)


def move(step, top, **more):
    disposition = "returned" if step == "receiving" else "in_transit"
    fields = {**base("12:00"), "action": "OBSERVE", "biz_step": step, "disposition": disposition, "epc_list": [top]}
    return ObjectEvent(**{**fields, **OWNERS, **more})


def composed(message, events):
    context = Context(options=Options.check({}, message.settings), losses=Losses())
    return list(message.compose(Document(Header(), iter(events)), context)), context


@pytest.mark.parametrize("message", COMPOSED, ids=lambda message: message.key)
@pytest.mark.parametrize("step", ["shipping", "receiving", "void_shipping"])
@pytest.mark.parametrize("levels", [DEEPEST + 10, 2000])
def test_packing_deeper_than_any_real_one_is_no_crash(message, step, levels):
    events = [commission(), *tower(levels), move(step, sscc(levels - 1)), move("receiving", sscc(levels - 1))]
    made, context = composed(message, events)
    assert made or list(context.findings)


@pytest.mark.parametrize("message", COMPOSED, ids=lambda message: message.key)
@pytest.mark.parametrize("offset", ["", "3 hours", "Z"])
def test_a_time_without_a_readable_zone_is_no_crash(message, offset):
    odd = {"event_time": "2026-11-20T12:00:00", "event_time_zone_offset": offset}
    events = [commission(), *tower(2), move("shipping", sscc(1), **odd), move("receiving", sscc(1), **odd)]
    made, context = composed(message, events)
    assert made or list(context.findings)


@pytest.mark.parametrize("message", COMPOSED, ids=lambda message: message.key)
def test_a_withdrawal_that_names_nothing_is_an_error_everywhere(message):
    nameless = move("shipping", PACK, error_declaration=ErrorDeclaration("2026-11-20T13:00:00Z"))
    made, context = composed(message, [commission(), move("shipping", PACK), nameless])
    assert not made
    assert any("error declaration" in finding.message for finding in context.findings), message.key


@pytest.mark.parametrize("message", COMPOSED, ids=lambda message: message.key)
def test_a_withdrawn_commissioning_is_not_told(message):
    born = commission()
    born.event_id = "urn:uuid:2"
    taken_back = commission()
    taken_back.event_id, taken_back.error_declaration = "urn:uuid:2", ErrorDeclaration("2026-11-20T13:00:00Z")
    made, _ = composed(message, [born, taken_back])
    assert not any(b"ABC123" in submission.data for submission in made)


def test_events_that_count():
    wrong = move("shipping", PACK, event_id="urn:uuid:1")
    withdrawal = move("shipping", PACK, event_id="urn:uuid:1", error_declaration=ErrorDeclaration())
    nameless = move("shipping", PACK, error_declaration=ErrorDeclaration())
    findings = Findings()
    right = commission()
    hierarchy, events = read_all(Document(Header(), iter([right, wrong, withdrawal, nameless])), findings, NAMELESS)
    assert len(events) == 4
    assert list(counting(events, hierarchy)) == [right]
    assert [finding.code for finding in findings] == ["TEST-01"]


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-11-20T12:00:00", "2026-11-20T12:00:00+03:00"),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"),
    ],
)
def test_the_moment_of_an_event_has_a_zone(time, moment):
    assert moment_of(commission_at(time)) == moment


def commission_at(time):
    event = commission()
    event.event_time = time
    return event
