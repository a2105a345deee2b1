"""The story of a batch: what was made, packed, unpacked, ended."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gateway.checks import rules
from gateway.checks.run import LAYERS, STORY, check_events
from gateway.checks.scope import Scope
from gateway.checks.story import Story
from gateway.epcis.events import ErrorDeclaration, TransactionEvent, TransformationEvent
from gateway.findings import Finding, Findings, Severity, Where

A, B = (f"urn:epc:id:sgtin:9521321.012345.A{n}" for n in (1, 2))
BOX1, BOX2, PALLET = (f"urn:epc:id:sscc:9521321.100000000{n}" for n in (1, 2, 3))
TIME = {"event_time": "2026-03-01T12:00:00+01:00", "event_time_zone_offset": "+01:00"}
WITHDRAWN = ErrorDeclaration("2026-03-02T10:00:00Z")


@pytest.fixture
def tell(check):
    """Check a story; gives code, event and path of each finding."""
    return lambda *events: [(f.code, f.where.event, f.where.path) for f in check(STORY, *events)]


def test_a_case_under_two_pallets_says_everything(make, check):
    born = make.object(epc_list=[BOX1])
    first = make.packing(parent_id=PALLET, child_epcs=[BOX1])
    second = make.packing(parent_id=BOX2, child_epcs=[BOX1], where=Where(sheet="Batch", row=7))
    assert check(STORY, born, first, second) == [
        Finding(
            "STORY-02",
            Severity.ERROR,
            f"{BOX1} is packed into {BOX2}, but is in {PALLET} since event 2",
            Where(sheet="Batch", row=7, event=3, path="childEPCs/epc[1]"),
            BOX1,
            PALLET,
            rules.TWO_PARENTS.hint,
        )
    ]


def test_a_whole_story_is_quiet(make, tell):
    assert tell(
        make.object(),
        make.object(epc_list=[BOX1, BOX2, PALLET]),
        make.packing(parent_id=BOX1, child_epcs=[A, B]),
        make.packing(parent_id=PALLET, child_epcs=[BOX1, BOX2]),
        make.object(epc_list=[PALLET], action="OBSERVE"),
        make.packing(parent_id=PALLET, child_epcs=[BOX1], action="DELETE"),
        make.packing(parent_id=BOX1, child_epcs=None, action="DELETE"),
        make.packing(parent_id=BOX2, child_epcs=[A, B]),
        make.object(epc_list=[A], action="DELETE"),
    ) == []  # fmt: skip


def test_commissioned_twice(make, tell):
    assert tell(make.object(), make.object(epc_list=["urn:x:1", B])) == [("STORY-01", 2, "epcList/epc[2]")]
    made = TransformationEvent(**TIME, input_epc_list=["urn:x:1"], output_epc_list=[A])
    assert tell(made, make.object()) == [("STORY-01", 2, "epcList/epc[1]")]


def test_packed_again(make, tell):
    assert tell(make.object(), make.packing(), make.packing(child_epcs=[B])) == [("STORY-03", 3, "childEPCs/epc[1]")]


def test_packed_before_it_was_commissioned(make, tell):
    early = make.packing(event_time="2026-03-01T09:00:00+01:00", child_epcs=[A])
    assert tell(early, make.object()) == [("STORY-04", 2, "epcList/epc[1]")]
    # The order of the document alone is no fault: the times say what happened first.
    assert tell(make.packing(), make.object()) == []


def test_packed_but_never_commissioned(make, check):
    found = check(STORY, make.object(epc_list=["urn:x:1"]), make.packing(where=Where(line=9)))
    assert [(f.code, f.where, f.message) for f in found] == [
        (
            "STORY-05",
            Where(line=9, event=2, path="childEPCs"),
            f"2 children were packed but not commissioned in this document, e.g. {A}",
        )
    ]
    # A document that commissions nothing says nothing about what was commissioned.
    assert check(STORY, make.packing()) == []


def test_used_after_the_end(make, tell):
    end = make.object(epc_list=[A], action="DELETE")
    order = TransactionEvent(**TIME, action="ADD", epc_list=[A])
    assert tell(
        make.object(),
        end,
        make.object(epc_list=[B, A], action="OBSERVE"),
        make.packing(child_epcs=[A]),
        make.object(epc_list=[A]),
        end,
        order,
    ) == [
        ("STORY-06", 3, "epcList/epc[2]"),
        ("STORY-06", 4, "childEPCs/epc[1]"),
        ("STORY-06", 5, "epcList/epc[1]"),
        ("STORY-06", 7, "epcList/epc[1]"),
    ]


def test_a_container_after_its_end(make, tell):
    ended = make.object(epc_list=[BOX1], action="DELETE")
    assert tell(make.object(), ended, make.packing(parent_id=BOX1)) == [("STORY-06", 3, "parentID")]


def test_unpacked_from_another_container(make, tell):
    events = (
        make.object(),
        make.packing(parent_id=BOX1),
        make.packing(parent_id=BOX2, child_epcs=[B], action="DELETE"),
    )
    assert tell(*events) == [("STORY-07", 3, "childEPCs/epc[1]")]


def test_a_container_inside_itself(make, tell):
    events = (
        make.object(epc_list=[BOX1, BOX2, PALLET]),
        make.packing(parent_id=BOX1, child_epcs=[BOX2]),
        make.packing(parent_id=BOX2, child_epcs=[PALLET]),
        make.packing(parent_id=PALLET, child_epcs=[BOX1]),
    )
    assert tell(*events) == [("STORY-08", 4, "childEPCs/epc[1]")]


def test_an_event_id_twice(make, tell):
    one, two = (make.object(event_id="urn:uuid:1", action="OBSERVE") for _ in range(2))
    assert tell(one, two) == [("STORY-09", 2, "eventID")]
    two.error_declaration = WITHDRAWN
    assert tell(one, two) == []


def test_what_was_declared_wrong_did_not_happen(make, tell):
    assert tell(
        make.object(),
        make.object(error_declaration=WITHDRAWN),
        make.object(),
        make.packing(parent_id=BOX1),
        make.packing(parent_id=BOX1, error_declaration=WITHDRAWN),
        make.packing(parent_id=BOX2),
        make.packing(parent_id=BOX2, action="DELETE"),
        make.packing(parent_id=BOX2, action="DELETE", error_declaration=WITHDRAWN),
        make.packing(parent_id=BOX1),
        make.object(action="DELETE"),
        make.object(action="DELETE", error_declaration=WITHDRAWN),
        make.object(action="OBSERVE"),
    ) == [("STORY-02", 9, "childEPCs/epc[1]"), ("STORY-02", 9, "childEPCs/epc[2]")]  # fmt: skip


def test_beyond_the_cap_nothing_is_followed_and_the_report_says_so_once(make):
    findings = Findings()
    scope = Scope(findings)
    story = Story(scope, cap=3)
    for number, event in enumerate([make.object(), make.object(epc_list=["urn:x:1", "urn:x:2", "urn:x:3"])] * 2, 1):
        scope.enter(event, number)
        story.check(event)
    assert [(f.code, f.where.event) for f in findings] == [
        ("STORY-10", 2),
        ("STORY-01", 3),
        ("STORY-01", 3),
        ("STORY-01", 4),
    ]


def test_the_story_is_not_among_the_layers_of_a_conversion(make):
    context = SimpleNamespace(findings=Findings(), now="")
    assert STORY not in LAYERS
    assert len(list(check_events([make.object(), make.object()], context, LAYERS))) == 2
    assert list(context.findings) == []
