"""The hierarchy store: packing, attributes and status over all messages, undone messages, stories across files."""

from __future__ import annotations

import itertools
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ErrorDeclaration, ObjectEvent, TransactionEvent, TransformationEvent
from gateway.epcis.hierarchy import CBV_MDA, DocumentHierarchy
from gateway.exchange.ledger.database import Database
from gateway.exchange.serials import check as serials_check
from gateway.exchange.serials import look as serials_look
from gateway.exchange.serials import record as serials_record
from gateway.exchange.serials.check import check_story
from gateway.exchange.serials.keys import keys_of, pack_list, unpack_list
from gateway.exchange.serials.store import SerialStore, Status
from gateway.findings import Findings
from gateway.gs1.bulk import urns_to_digital_links

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request, tmp_path_factory):
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        database = Database(server.url(server.create()), password=server.password)
    else:
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('serials') / 'ledger.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def store(database):
    return SerialStore(database)


@pytest.fixture
def client():
    """A client of its own for each test: one database serves them all."""
    return f"client-{next(NUMBERS)}"


def epc(serial, item="011101"):
    return f"urn:epc:id:sgtin:8699999.{item}.{serial}"


def sscc(number):
    return f"urn:epc:id:sscc:8699999.1{number:09}"


def at(time="10:00:00"):
    return {"event_time": f"2026-11-20T{time}+03:00", "event_time_zone_offset": "+03:00"}


def born(epcs, lot="L1", time="08:00:00", **more):
    ilmd = [element(CBV_MDA, "lotNumber", lot), element(CBV_MDA, "itemExpirationDate", "2028-09-30")]
    return ObjectEvent(**at(time), action="ADD", biz_step="commissioning", epc_list=epcs, ilmd=ilmd, **more)


def pack(parent, children, time="09:00:00", action="ADD", **more):
    return AggregationEvent(**at(time), action=action, parent_id=parent, child_epcs=children, **more)


def step(name, epcs, time, action="OBSERVE", **more):
    return ObjectEvent(**at(time), action=action, biz_step=f"urn:epcglobal:cbv:bizstep:{name}", epc_list=epcs, **more)


PACKS = [epc(f"SN{n}") for n in range(6)]


def told(store, client):
    """A batch in three messages: commissioning, packing, pallets."""
    store.record(client, "m1", [born(PACKS[:4]), born(PACKS[4:], "L2")])
    store.record(client, "m2", [pack(sscc(1), PACKS[:3]), pack(sscc(2), [PACKS[5], PACKS[3], PACKS[4]])])
    store.record(client, "m3", [pack(sscc(9), [sscc(2), sscc(1)], "09:30:00")])


def test_a_pallet_is_expanded_over_messages(store, client):
    told(store, client)
    tree = store.hierarchy(client)
    assert tree.children(sscc(9)) == [sscc(2), sscc(1)]
    assert tree.contents(sscc(9)) == [PACKS[5], PACKS[3], PACKS[4], *PACKS[:3]]
    assert tree.parent(PACKS[0]) == sscc(1)
    assert tree.parent(sscc(1)) == sscc(9)
    assert tree.parent(sscc(9)) is None
    assert tree.contents(PACKS[0]) == []
    assert tree.attributes(PACKS[5]) == {"lotNumber": "L2", "itemExpirationDate": "2028-09-30"}
    assert tree.attributes("urn:nobody") == {}
    assert store.hierarchy("another").children(sscc(9)) == []


def test_an_object_is_one_in_every_spelling(store, client):
    told(store, client)
    tree = store.hierarchy(client)
    links = urns_to_digital_links([sscc(9), PACKS[0]])
    assert tree.contents(links[0])[-3:] == PACKS[:3]
    assert tree.parent(links[1]) == sscc(1)
    store.record(client, "m4", [pack(None, [links[1]], "11:00:00", "DELETE")])
    assert store.hierarchy(client).parent(PACKS[0]) is None


def test_questions_as_of_a_time_are_about_events_not_messages(store, client):
    told(store, client)
    store.record(
        client, "m4", [pack(sscc(1), [PACKS[1]], "12:00:00", "DELETE"), pack(sscc(2), None, "13:00:00", "DELETE")]
    )
    store.record(client, "late", [pack(sscc(9), None, "09:45:00", "DELETE")])
    tree = store.hierarchy(client)
    assert tree.children(sscc(1), "2026-11-20T11:59:59+03:00") == PACKS[:3]
    assert tree.children(sscc(1), "2026-11-20T09:00:00Z") == [PACKS[0], PACKS[2]]  # 12:00 there
    assert tree.children(sscc(1)) == [PACKS[0], PACKS[2]]
    assert tree.children(sscc(2)) == []
    assert tree.contents(sscc(9), "2026-11-20T09:40:00+03:00") == [PACKS[5], PACKS[3], PACKS[4], *PACKS[:3]]
    assert tree.children(sscc(9)) == []
    assert tree.parent(PACKS[3], "2026-11-20T12:30:00+03:00") == sscc(2)
    assert tree.parent(PACKS[3]) is None
    assert tree.parent(PACKS[3], "2026-11-20T08:30:00+03:00") is None


def test_a_voided_message_never_came_and_can_come_again(store, client):
    told(store, client)
    assert store.void(client, "m2")
    assert not store.void(client, "m2")
    assert not store.void(client, "nobody")
    tree = store.hierarchy(client)
    assert tree.contents(sscc(9)) == [sscc(2), sscc(1)]
    assert tree.parent(PACKS[0]) is None
    store.record(client, "m2", [pack(sscc(1), PACKS[:2])])
    assert store.hierarchy(client).children(sscc(1)) == PACKS[:2]


def test_a_message_is_recorded_once(store, client):
    assert store.record(client, "m1", [born(PACKS)]) == 6
    assert store.record(client, "m1", [born(PACKS)]) == 0
    assert store.hierarchy(client).status(PACKS[0]).messages == ("m1",)


def test_a_message_that_breaks_off_does_not_count_and_can_be_recorded_again(store, client, monkeypatch):
    monkeypatch.setattr(serials_record, "BLOCK", 2)

    def events():
        yield born(PACKS[:2])
        yield born(PACKS[2:4])
        raise OSError

    with pytest.raises(OSError):
        store.record(client, "m1", events())
    assert store.hierarchy(client).status(PACKS[0]) == Status()
    store.record(client, "m1", [born(PACKS[:2], "L9")])
    assert store.hierarchy(client).attributes(PACKS[0])["lotNumber"] == "L9"
    assert not store.hierarchy(client).status(PACKS[2]).known


def test_an_error_declaration_withdraws_an_event_of_another_message_until_it_is_voided_itself(store, client):
    told(store, client)
    store.record(client, "m4", [pack(sscc(7), [PACKS[0]], "10:00:00", event_id="e1")])
    declared = pack(sscc(7), [PACKS[0]], "10:00:00", event_id="e1", error_declaration=ErrorDeclaration())
    assert store.hierarchy(client).parent(PACKS[0]) == sscc(7)
    store.record(client, "m5", [declared])
    assert store.hierarchy(client).parent(PACKS[0]) == sscc(1)
    store.void(client, "m5")
    assert store.hierarchy(client).parent(PACKS[0]) == sscc(7)


def test_status_is_what_the_events_said_last(store, client):
    told(store, client)
    store.record(client, "m4", [step("shipping", [PACKS[0]], "14:00:00", disposition="in_transit")])
    store.record(client, "m5", [step("destroying", [PACKS[0]], "15:00:00", "DELETE", disposition="destroyed")])
    tree = store.hierarchy(client)
    now = tree.status(PACKS[0])
    assert (now.known, now.commissioned, now.ended, now.step, now.disposition) == (
        True,
        True,
        True,
        "destroying",
        "destroyed",
    )
    assert (now.parent, now.messages) == (sscc(1), ("m1", "m2", "m4", "m5"))
    before = tree.status(PACKS[0], "2026-11-20T14:00:00+03:00")
    assert (before.ended, before.step, before.disposition) == (False, "shipping", "in_transit")
    assert tree.status(epc("NOBODY")) == Status()


def test_a_transformation_ends_its_inputs_and_begins_its_outputs(store, client):
    event = TransformationEvent(
        **at(), input_epc_list=[PACKS[0]], output_epc_list=[PACKS[1]], ilmd=[element(CBV_MDA, "lotNumber", "NEW")]
    )
    sold = TransactionEvent(**at("11:00:00"), action="ADD", epc_list=[PACKS[1]], biz_step="shipping")
    store.record(client, "m1", [event, sold])
    tree = store.hierarchy(client)
    assert (tree.status(PACKS[0]).ended, tree.status(PACKS[0]).commissioned) == (True, False)
    assert (tree.status(PACKS[1]).ended, tree.status(PACKS[1]).commissioned) == (False, True)
    assert tree.attributes(PACKS[1]) == {"lotNumber": "NEW"}
    assert tree.status(PACKS[1]).step == "shipping"


def test_whatever_holds_itself_ends(store, client):
    store.record(client, "m1", [pack(sscc(1), [sscc(2), PACKS[0]]), pack(sscc(2), [sscc(1)])])
    assert store.hierarchy(client).contents(sscc(1)) == [PACKS[0]]


def test_two_identifiers_with_one_number_are_two(store, client):
    seen = {}
    for n in range(2_000_000):
        serial = f"S{n * 7919 % 10**9:09}"
        other = seen.setdefault(zlib.crc32(serial.encode()), serial)
        if other != serial:
            break
    one, two = epc(other), epc(serial)
    numbers = keys_of([one, two], lambda stems: dict.fromkeys(stems, 1))
    assert numbers[0] == numbers[1]
    store.record(
        client, "m1", [born([one], "L1"), born([two, PACKS[0]], "L2"), pack(sscc(1), [one]), pack(sscc(2), [two])]
    )
    tree = store.hierarchy(client)
    assert tree.attributes(one)["lotNumber"] == "L1"
    assert tree.attributes(two)["lotNumber"] == "L2"
    assert (tree.parent(one), tree.parent(two)) == (sscc(1), sscc(2))
    store.record(client, "m2", [born([one, two], "L3")])


OBJECTS = st.integers(0, 7).map(lambda n: sscc(n) if n < 4 else epc(f"S{n}"))
EVENTS = st.builds(
    lambda action, parent, children, minute, zone: pack(
        parent, children, f"10:{minute:02}:00", action, **({"event_id": zone} if zone else {})
    ),
    st.sampled_from(["ADD", "ADD", "ADD", "OBSERVE", "DELETE"]),
    st.integers(0, 3).map(sscc),
    st.lists(st.integers(4, 9).map(lambda n: epc(f"S{n}")), max_size=4, unique=True),
    st.integers(0, 5),
    st.sampled_from(["", "", "", "e1"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=12), st.integers(1, 3), st.integers(0, 6), st.booleans())
def test_the_store_says_what_one_document_of_all_messages_would_say(database, events, messages, minute, withdraw):
    client, store, whole = f"client-{next(NUMBERS)}", SerialStore(database), DocumentHierarchy()
    if withdraw:
        events = [*events, pack(None, [], event_id="e1", error_declaration=ErrorDeclaration())]
    for number in range(messages):
        store.record(client, f"m{number}", events[number::messages])
    for number in range(messages):
        for event in events[number::messages]:
            whole.add(event)
    tree = store.hierarchy(client)
    for as_of in ("", f"2026-11-20T10:{minute:02}:00+03:00"):
        for number in range(4):
            assert tree.children(sscc(number), as_of) == whole.children(sscc(number), as_of)
            assert tree.contents(sscc(number), as_of) == whole.contents(sscc(number), as_of)
        for number in range(4, 10):
            assert tree.parent(epc(f"S{number}"), as_of) == whole.parent(epc(f"S{number}"), as_of)


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=50))
def test_lists_come_out_as_they_went_in(epcs):
    assert unpack_list(pack_list(epcs)) == epcs


STORIES = {
    "SERIAL-01": ([born(PACKS)], [born([PACKS[2]], time="08:30:00")]),
    "SERIAL-02": ([born(PACKS)], [born([PACKS[2]], "OTHER")]),
    "SERIAL-03": ([born(PACKS, time="11:00:00")], [pack(sscc(1), PACKS)]),
    "SERIAL-04": ([born(PACKS[1:])], [pack(sscc(1), PACKS)]),
    "SERIAL-05": ([born(PACKS), pack(sscc(1), PACKS)], [pack(sscc(2), [PACKS[0]], "10:00:00")]),
    "SERIAL-06": ([born(PACKS), step("shipping", PACKS, "10:00:00")], [step("shipping", [PACKS[0]], "11:00:00")]),
    "SERIAL-07": (
        [born(PACKS), step("decommissioning", [PACKS[0]], "10:00:00", "DELETE")],
        [step("shipping", PACKS, "11:00:00")],
    ),
}
GOOD = {
    "packed after commissioned": ([born(PACKS)], [pack(sscc(1), PACKS), pack(sscc(9), [sscc(1)], "09:30:00")]),
    "unpacked in between": (
        [born(PACKS), pack(sscc(1), PACKS)],
        [pack(sscc(1), None, "09:30:00", "DELETE"), pack(sscc(2), PACKS, "10:00:00")],
    ),
    "received in between": (
        [born(PACKS), step("shipping", PACKS, "10:00:00"), step("receiving", PACKS, "10:30:00")],
        [step("shipping", [PACKS[0]], "11:00:00")],
    ),
    "destroyed last": ([born(PACKS)], [step("destroying", [PACKS[0]], "10:00:00", "DELETE")]),
    "two in one message": ([born(PACKS)], [pack(sscc(1), PACKS), pack(sscc(2), PACKS, "10:00:00")]),
}


def story(store, client, first, second):
    store.record(client, "m1", first)
    store.record(client, "m2", second)
    findings = Findings()
    check_story(store.database, client, "m2", findings)
    return findings


@pytest.mark.parametrize("code", STORIES)
def test_a_message_that_contradicts_earlier_ones_is_told(store, client, code):
    findings = story(store, client, *STORIES[code])
    assert code in {found.code for found in findings}
    found = next(found for found in findings if found.code == code)
    assert found.where.event >= 1
    if code != "SERIAL-04":
        assert "of m1" in found.expected
    affected = {found.value for found in findings}
    assert len(affected) == (6 if code == "SERIAL-03" else 1)


@pytest.mark.parametrize("code", STORIES)
def test_a_message_is_looked_at_piece_by_piece_with_the_same_result(store, client, code, monkeypatch):
    first, second = STORIES[code]
    second = [*second, *second[:1], step("observing", PACKS, "23:00:00"), step("observing", PACKS[::-1], "23:30:00")]
    whole = [(f.code, f.message, f.value, f.where) for f in story(store, client, first, second)]
    assert whole
    monkeypatch.setattr(serials_check, "_BLOCK", 2)
    monkeypatch.setattr(serials_check, "_EVENTS", 1)
    monkeypatch.setattr(serials_check, "_SEEN", 1)
    monkeypatch.setattr(serials_look, "_KEPT", 1)
    monkeypatch.setattr(serials_look, "_KEPT_EVENTS", 1)
    findings = Findings()
    check_story(store.database, client, "m2", findings)
    assert [(f.code, f.message, f.value, f.where) for f in findings] == whole


@pytest.mark.parametrize("name", GOOD)
def test_a_good_story_over_two_messages_is_silent(store, client, name):
    assert list(story(store, client, *GOOD[name])) == []


def test_a_voided_message_contradicts_nobody(store, client):
    store.record(client, "m0", [born(PACKS)])
    store.void(client, "m0")
    assert list(story(store, client, [born(PACKS[:1])], [born(PACKS[1:])])) == []


def test_the_story_is_checked_in_either_order_of_arrival(store, client):
    findings = story(
        store,
        client,
        [step("shipping", PACKS, "11:00:00")],
        [born(PACKS), step("decommissioning", [PACKS[0]], "10:00:00", "DELETE")],
    )
    assert {found.code for found in findings} == {"SERIAL-07"}


def test_an_unknown_message_has_no_story(store, client):
    findings = Findings()
    check_story(store.database, client, "nobody", findings)
    assert len(findings) == 0
