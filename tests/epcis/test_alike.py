"""Alike events: what is known of one is known of all, and nobody is taken for another."""

from __future__ import annotations

import pytest
from msgspec import structs

from gateway.epcis.alike import OWN, Alike, remember
from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Kin, Location, ObjectEvent
from gateway.epcis.identifiers import translate
from gateway.epcis.legacy_ilmd import to_ilmd
from gateway.findings import Findings, Losses
from gateway.gs1 import CompanyPrefixes

GTIN = "urn:epc:id:sgtin:9521321.012345."


def event(**parts) -> ObjectEvent:
    given = {"event_time": "2026-01-01T00:00:00Z", "event_time_zone_offset": "+00:00", "action": "ADD"}
    return ObjectEvent(**{**given, "epc_list": [GTIN + "1"], **parts})


def test_own_values_do_not_matter_and_all_others_do() -> None:
    alike: Alike[str] = Alike()
    first = alike.entry(event())
    assert first is not None
    assert alike.entry(event(event_time="2026-01-02T00:00:00Z", epc_list=[GTIN + "2"])) is first
    others = {
        "action": "OBSERVE",
        "event_time_zone_offset": "+01:00",
        "biz_step": "packing",
        "read_point": Location("urn:x:1"),
        "ilmd": [Element("{urn:v}lot", "1")],
        "extensions": [Element("{urn:v}a", "1")],
        "record_time": "2026-01-01T00:00:01Z",
    }
    for name, value in others.items():
        assert alike.entry(event(**{name: value})) is not first, name


def test_every_field_is_either_own_or_compared() -> None:
    for cls in (ObjectEvent, AggregationEvent):
        assert set(OWN) - {"parent_id", "epc_list", "child_epcs"} <= set(cls.__struct_fields__)


def test_a_mark_is_no_part_of_an_event() -> None:
    assert event(kin=Kin()) == event() == event(kin=Kin())
    assert event(kin=Kin()) != event(action="DELETE", kin=Kin())


def test_marked_events_are_known_by_their_mark() -> None:
    alike: Alike[str] = Alike()
    one, other = Kin(), Kin()
    first = alike.entry(event(kin=one))
    assert first is not None
    first.value = "known"
    again = alike.entry(event(kin=one, epc_list=[GTIN + "7"]))
    assert again is first
    assert alike.entry(event(kin=other, biz_step="packing")) is not first


@pytest.mark.parametrize("style", ["dl", "urn"])
def test_who_changes_a_part_takes_the_mark_off(style: str) -> None:
    marked = event(kin=Kin(), read_point=Location("urn:epc:id:sgln:9521321.00000.0"))
    found = list(translate([marked], style, CompanyPrefixes(["9521321"]), Findings(), Losses()))
    assert found[0].kin is None


def test_lot_numbers_brought_to_ilmd_take_the_mark_off() -> None:
    lot = Element("{urn:epcglobal:cbv:mda}lotNumber", "L1")
    marked = structs.replace(event(kin=Kin(), biz_step="commissioning"), extensions=[lot])
    found = list(to_ilmd([marked], "ilmd", Findings()))
    assert found[0].ilmd
    assert found[0].kin is None


def test_what_is_remembered_does_not_grow_with_the_kinds_of_events() -> None:
    alike: Alike[str] = Alike()
    kins: set[Kin] = set()
    for number in range(5000):
        for kin in (None, Kin()):
            alike.entry(event(biz_step=f"urn:x:{number}", kin=kin))
        remember(kins, Kin())
    remembered = (alike._tries, alike._entries, alike._marked, kins)
    assert all(0 < len(one) <= 1024 for one in remembered)
