"""The story of a batch: what was made, packed, unpacked, ended."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.checks import rules, story_log
from gateway.checks.run import LAYERS, STORY, check_events
from gateway.checks.scope import Scope
from gateway.checks.story import Story
from gateway.epcis.events import ErrorDeclaration, TransactionEvent, TransformationEvent
from gateway.errors import InputError
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


def test_a_container_that_was_emptied_is_free(make, tell):
    empty = make.packing(parent_id=BOX1, child_epcs=None, action="DELETE")
    other = make.packing(parent_id=BOX2, child_epcs=None, action="DELETE")
    packed, again = make.packing(parent_id=BOX1), make.packing(parent_id=PALLET)
    assert tell(make.object(), packed, empty, again) == []
    assert [code for code, _, _ in tell(make.object(), packed, other, again)] == ["STORY-02"] * 2
    assert [code for code, _, _ in tell(make.object(), empty, packed, again)] == ["STORY-02"] * 2


def test_too_many_containers_in_containers_are_not_followed_and_the_report_says_so(make):
    findings = Findings()
    scope = Scope(findings)
    story = Story(scope, nested=1)
    events = (
        make.packing(parent_id=BOX1, child_epcs=[BOX2]),
        make.packing(parent_id=BOX2, child_epcs=[PALLET]),
        make.packing(parent_id=PALLET, child_epcs=[BOX1]),
    )
    for number, event in enumerate(events, 1):
        scope.enter(event, number)
        story.check(event)
    story.finish()
    assert [f.code for f in findings] == ["STORY-10"]


def test_of_very_many_findings_the_first_are_kept_and_the_rest_is_counted(make):
    context = SimpleNamespace(findings=Findings(3), now="")
    twice = [make.object(epc_list=[f"urn:x:{n}" for n in range(100)]) for _ in range(2)]
    packed = [make.packing(parent_id=f"urn:box:{n}", child_epcs=[f"urn:y:{n}"]) for n in range(50)]
    assert len(list(check_events([*twice, *packed], context, (STORY,)))) == 52
    assert [(f.code, f.value) for f in context.findings] == [("STORY-01", f"urn:x:{n}") for n in range(3)]
    assert context.findings.counts == {Severity.ERROR: 100, Severity.WARNING: 50, Severity.INFO: 0}
    assert context.findings.omitted == 147


def test_what_breaks_off_is_told_without_what_might_have_come(make):
    def broken():
        yield from (make.object(), make.object(), make.packing(child_epcs=["urn:x:9"]))
        raise InputError(Finding("X", Severity.ERROR, "cut"))

    context = SimpleNamespace(findings=Findings(), now="")
    with pytest.raises(InputError):
        list(check_events(broken(), context, (STORY,)))
    assert {f.code for f in context.findings} == {"STORY-01"}


_OBJECTS = st.sampled_from([f"urn:x:{n}" for n in range(6)])
_DEEDS = st.tuples(
    st.sampled_from(("object", "packing")),
    st.sampled_from(("ADD", "OBSERVE", "DELETE")),
    _OBJECTS,
    st.lists(_OBJECTS, max_size=4, unique=True),
    st.booleans(),
    st.sampled_from(("", "1", "2")),
)


def _events(make, deeds):
    for kind, action, parent, children, withdrawn, event_id in deeds:
        error = WITHDRAWN if withdrawn else None
        parts = {"action": action, "error_declaration": error, "event_id": event_id or None}
        if kind == "object":
            yield make.object(epc_list=children, **parts)
        else:
            yield make.packing(parent_id=parent, child_epcs=children, **parts)


@given(st.lists(_DEEDS, max_size=25))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_waits_on_disk_tells_the_same(make, check, deeds):
    """And keeps the order of the document, whatever the hashes of the identifiers are."""
    whole = check(STORY, *_events(make, deeds))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story_log, "_BUFFER", 2)
        patch.setattr(story_log, "_RECORDS", 2)
        assert check(STORY, *_events(make, deeds)) == whole
        patch.setattr(story_log, "_AT_ONCE", 1)  # and however often parts are divided
        assert check(STORY, *_events(make, deeds)) == whole


@given(st.lists(st.tuples(_OBJECTS, _OBJECTS), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rings_are_those_that_a_simple_search_finds(make, check, packings):
    """Whatever the order of the packings: the short way must not miss one."""
    pairs = [(child, parent) for child, parent in packings if child != parent]
    inside, expected = {}, []
    for number, (child, parent) in enumerate(pairs, 1):
        around = parent
        while around in inside and around != child:
            around = inside[around]
        if around == child:
            expected.append((number, child))
        else:
            inside[child] = parent
    events = [make.packing(child_epcs=[child], parent_id=parent) for child, parent in pairs]
    found = check(STORY, *events)
    assert [(f.where.event, f.value) for f in found if f.code == "STORY-08"] == expected


def test_memory_does_not_grow_with_the_number_of_objects(monkeypatch):
    monkeypatch.setattr(story_log, "_BUFFER", 1 << 10)
    monkeypatch.setattr(story_log, "_AT_ONCE", 1 << 9)

    def peak(count: int) -> int:
        log = story_log.Log()
        tracemalloc.start()
        for start in range(0, count, 100):
            log.each([f"urn:x:{number}" for number in range(start, start + 100)], start, story_log.BORN)
        assert sum(map(len, log.parts())) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        log.close()
        return most

    few = peak(15_000)
    assert peak(150_000) < 1.5 * few


def test_wrong_identifiers_are_followed_too(make, check):
    """Line breaks and halves of surrogate pairs are reported elsewhere; the story must not stumble over them."""
    wrong = ["urn:x:a\nb", "urn:x:\ud800", ""]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story_log, "_BUFFER", 2)
        events = (make.object(epc_list=wrong, event_time="\ud800"), make.object(epc_list=wrong))
        found = check(STORY, *events)
    assert [(f.code, f.where.path) for f in found] == [("STORY-01", f"epcList/epc[{n}]") for n in (1, 2, 3)]


def test_the_story_is_not_among_the_layers_of_a_conversion(make):
    context = SimpleNamespace(findings=Findings(), now="")
    assert STORY not in LAYERS
    assert len(list(check_events([make.object(), make.object()], context, LAYERS))) == 2
    assert list(context.findings) == []
