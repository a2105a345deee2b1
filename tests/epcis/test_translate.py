"""Identifiers from URN to Digital Link and back, in every place of every event."""

from __future__ import annotations

import pytest

from gateway.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.epcis.identifiers import translate
from gateway.findings import Findings, Loss, Losses, Outcome, Severity, Where
from gateway.gs1 import CompanyPrefixes, parse_any

TIME = {"event_time": "2026-03-01T10:00:00+01:00", "event_time_zone_offset": "+01:00"}
A = "urn:epc:id:sgtin:9521321.012345.A%2F1"
LOT = "urn:epc:class:lgtin:9521321.012345.L1"
BOX = "urn:epc:id:sscc:9521321.1000000001"
SGLN, PGLN = "urn:epc:id:sgln:9521321.00001.X", "urn:epc:id:pgln:9521321.00001"
OWN = "https://example.com/assets/1"
PREFIXES = CompanyPrefixes(["9521321"])


def events(spell):
    """One event of each type, with identifiers in all places."""
    epcs, classes = [spell(A), OWN, spell(BOX)], [QuantityElement(spell(LOT), "1.50")]
    return [
        ObjectEvent(
            **TIME,
            action="ADD",
            epc_list=list(epcs),
            quantity_list=list(classes),
            read_point=Location(spell(SGLN)),
            biz_location=Location(OWN),
            source_list=[Party("owning_party", spell(PGLN))],
            destination_list=[Party("location", spell(SGLN))],
        ),
        AggregationEvent(
            **TIME, action="ADD", parent_id=spell(BOX), child_epcs=[], child_quantity_list=[QuantityElement(spell(LOT))]
        ),
        TransactionEvent(**TIME, action="ADD", parent_id=spell(BOX), epc_list=list(epcs), quantity_list=None),
        TransformationEvent(
            **TIME,
            input_epc_list=list(epcs),
            output_epc_list=[spell(BOX)],
            input_quantity_list=[QuantityElement(spell(LOT))],
            output_quantity_list=[QuantityElement(spell(LOT))],
        ),
        AssociationEvent(**TIME, action="ADD", parent_id=spell(SGLN), child_epcs=list(epcs)),
        QuantityEvent(**TIME, epc_class=spell(LOT), quantity="3"),
    ]


def link(urn):
    return parse_any(urn).as_digital_link()


def run(given, style, prefixes=PREFIXES):
    lost: list[Loss] = []
    findings, losses = Findings(), Losses(sink=lost.append)
    return list(translate(given, style, prefixes, findings, losses)), list(findings), lost


@pytest.mark.parametrize(
    ("source", "style", "target"),
    [(str, "dl", link), (link, "urn", str), (str, "urn", str), (link, "dl", link), (str, "keep", str)],
)
def test_every_identifier_of_every_event_is_spelt(source, style, target):
    assert run(events(source), style) == (events(target), [], [])


def test_what_a_urn_cannot_hold_is_a_loss_with_the_whole_link():
    rich = link(A).replace("/21/", "/10/L1/21/") + "?17=271231"
    moved = link(SGLN).replace("https://id.gs1.org", "https://id.example.com")
    event = ObjectEvent(
        **TIME, action="ADD", event_id="urn:uuid:1", epc_list=[link(BOX), rich], read_point=Location(moved)
    )
    out, findings, lost = run([event, event], "urn")
    assert out[0].epc_list == [BOX, A]
    assert out[0].read_point == Location(SGLN)
    assert findings == []
    reason = "what a Digital Link says beside its key"
    assert lost == [
        Loss("LOSS-C15", Outcome.LOST, "epcList/epc", rich, reason, 1, "urn:uuid:1"),
        Loss("LOSS-C15", Outcome.LOST, "readPoint/id", moved, reason, 1, "urn:uuid:1"),
    ]


def test_every_loss_is_listed_though_the_place_comes_again():
    moved = link(SGLN).replace("https://id.gs1.org", "https://id.example.com")
    given = [ObjectEvent(**TIME, action="ADD", epc_list=[], read_point=Location(moved)) for _ in range(3)]
    out, _, lost = run(given, "urn")
    assert [event.read_point for event in out] == [Location(SGLN)] * 3
    assert [(loss.event, loss.value) for loss in lost] == [(1, moved), (2, moved), (3, moved)]


def test_an_unknown_company_prefix_is_an_error_and_never_a_guess():
    unknown = "https://id.gs1.org/00/000000000000000000"
    event = ObjectEvent(**TIME, action="ADD", epc_list=[link(A), unknown], where=Where(line=5))
    out, findings, lost = run([event], "urn", CompanyPrefixes(["9521321"]))
    assert out[0].epc_list == [A, unknown]
    assert [(f.code, f.severity, f.where) for f in findings] == [
        ("GS1-PREFIX-01", Severity.ERROR, Where(line=5, event=1, path="epcList/epc[2]"))
    ]
    assert lost == []


def test_a_wrong_identifier_stays_and_is_reported_once():
    wrong = "urn:epc:id:sgtin:9521321.12345.1"
    event = ObjectEvent(**TIME, action="ADD", epc_list=[A, wrong], read_point=Location("urn:epc:id:sgln:9521321.1.0"))
    out, findings, _ = run([event], "dl")
    assert out[0].epc_list == [link(A), wrong]
    assert [(f.code, f.where.path) for f in findings] == [
        ("GS1-URN-02", "epcList/epc[2]"),
        ("GS1-URN-02", "readPoint/id"),
    ]


def test_places_and_lists_that_come_again_are_spelt_again():
    given = events(str) + events(str)
    assert run(given, "dl") == (events(link) + events(link), [], [])


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="'url'"):
        translate([], "url", PREFIXES, Findings(), Losses())
