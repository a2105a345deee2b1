"""The hierarchy inside a document: packing, unpacking, time, conflicts, attributes."""

from __future__ import annotations

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ErrorDeclaration, ObjectEvent
from gateway.findings import Findings
from gateway.markets.hierarchy import CBV_MDA, DocumentHierarchy


def pack(parent, children, at="2026-11-20T10:00:00Z", action="ADD", **more):
    return AggregationEvent(
        event_time=at, event_time_zone_offset="+00:00", action=action, parent_id=parent, child_epcs=children, **more
    )


def built(*events, findings=None):
    hierarchy = DocumentHierarchy(findings)
    for event in events:
        hierarchy.add(event)
    return hierarchy


def test_packing_is_told_in_order():
    tree = built(pack("case1", ["b", "a"]), pack("case2", ["c"]), pack("pallet", ["case2", "case1"]))
    assert tree.parent("a") == "case1"
    assert tree.parent("pallet") is None
    assert tree.children("case1") == ["b", "a"]
    assert tree.contents("pallet") == ["c", "b", "a"]
    assert tree.contents("a") == []
    assert tree.roots() == ["pallet"]
    assert tree.ancestors("a") == ["case1", "pallet"]


def test_event_time_counts_not_the_order_in_the_document():
    tree = built(
        pack("case", None, "2026-11-20T12:00:00Z", "DELETE"),
        pack("case", ["a", "b"], "2026-11-20T13:00:00+02:00"),  # 11:00 UTC
        pack("case", ["c"], "2026-11-20T12:30:00Z"),
    )
    assert tree.children("case") == ["c"]
    assert tree.children("case", "2026-11-20T11:00:00Z") == ["a", "b"]
    assert tree.children("case", "2026-11-20T10:59:59Z") == []
    assert tree.children("case", "2026-11-20T12:00:00Z") == []
    assert tree.children("case", "2026-11-20T11:30:00Z") == ["a", "b"]


def test_some_children_can_be_taken_out_with_and_without_naming_the_parent():
    tree = built(
        pack("case", ["a", "b", "c"]),
        pack("case", ["a"], action="DELETE"),
        pack(None, ["c"], action="DELETE"),
        pack("other", ["b"], action="DELETE"),  # b is not in there
    )
    assert tree.children("case") == ["b"]
    assert tree.parent("a") is None


def test_an_observation_tells_a_parent_but_moves_nothing():
    tree = built(pack("case", ["a"]), pack("other", ["a", "b"], action="OBSERVE"))
    assert tree.parent("a") == "case"
    assert tree.parent("b") == "other"


def test_a_second_parent_and_a_circle_are_reported_once():
    findings = Findings()
    tree = built(pack("p1", ["c"]), pack("p2", ["c"]), pack("c", ["p2", "x"]), findings=findings)
    assert tree.parent("c") == "p2"
    assert tree.children("c", "2026-11-21T00:00:00Z") == ["x"]
    assert [finding.code for finding in findings] == ["HIER-01", "HIER-02"]


def test_an_error_declaration_withdraws_the_event_with_its_id():
    wrong = pack("p1", ["a"], event_id="e1")
    right = pack("p2", ["a"], event_id="e2")
    declared = pack("p1", ["a"], event_id="e1", error_declaration=ErrorDeclaration("2026-11-21T00:00:00Z"))
    findings = Findings()
    tree = built(wrong, right, declared, findings=findings)
    assert tree.parent("a") == "p2"
    assert len(findings) == 0


def test_attributes_are_the_ilmd_by_local_name_and_cbv_wins():
    event = ObjectEvent(
        event_time="2026-11-20T10:00:00Z",
        event_time_zone_offset="+00:00",
        action="ADD",
        epc_list=["a", "b"],
        ilmd=[
            element(CBV_MDA, "lotNumber", "L1"),
            element("urn:vendor", "lotNumber", "other"),
            element("urn:vendor", "colour", "red"),
        ],
    )
    tree = built(event)
    assert tree.attributes("b") == {"lotNumber": "L1", "colour": "red"}
    assert tree.attributes("c") == {}
