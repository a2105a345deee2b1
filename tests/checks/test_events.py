"""Required parts of events: for each rule what is wrong, and what is right and near to it."""

from __future__ import annotations

import pytest

from gateway.checks import RULES, rules
from gateway.checks.run import EVENTS
from gateway.epcis.element import Element
from gateway.epcis.events import (
    AssociationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    Party,
    PersistentDisposition,
    QuantityElement,
    QuantityEvent,
    SensorElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.findings import Finding, Severity, Where, by_code

TIME = {"event_time": "2026-03-01T10:00:00+01:00", "event_time_zone_offset": "+01:00"}
A = "urn:epc:id:sgtin:9521321.012345.A"
LOT = "urn:epc:class:lgtin:9521321.012345.L1"
BOX = "urn:epc:id:sscc:9521321.1000000001"
ORDER = [BizTransaction("urn:epcglobal:cbv:bt:9521321000016:1", "po")]


def test_rules_have_codes_of_their_own():
    assert len(by_code(RULES)) == len(RULES)
    assert all(rule.title and rule.explain and rule.hint for rule in rules.RULES)


def test_a_finding_says_everything(make, check):
    event = make.object(action="PUT", where=Where(line=12, event=3))
    assert check(EVENTS, event) == [
        Finding(
            "EPCIS-EVENT-01",
            Severity.ERROR,
            "the action is 'PUT'",
            Where(line=12, event=3, path="action"),
            "PUT",
            "ADD, OBSERVE or DELETE",
            rules.ACTION.hint,
        )
    ]


def test_events_are_numbered_and_json_paths_are_continued(make, check):
    place = Where(path="$.epcisBody.eventList[1]")
    found = check(EVENTS, make.object(), make.object(action="", where=place))
    assert [(f.message, f.where) for f in found] == [
        ("the event has no action", Where(event=2, path="$.epcisBody.eventList[1]/action"))
    ]


def q(*args):
    return [QuantityElement(*args)]


BAD = [
    ("object", {"epc_list": None}, "EPCIS-EVENT-02", "epcList"),
    ("object", {"epc_list": []}, "EPCIS-EVENT-02", "epcList"),
    (
        "object",
        {"epc_list": None, "sensor_element_list": [SensorElement()], "read_point": None},
        "EPCIS-EVENT-02",
        "epcList",
    ),
    ("object", {"epc_list": [A, A + "2", A]}, "EPCIS-EVENT-05", "epcList/epc[3]"),
    ("object", {"action": "OBSERVE", "ilmd": [Element("{urn:x}y")]}, "EPCIS-EVENT-07", "ilmd"),
    ("object", {"quantity_list": q(LOT, "1,5")}, "EPCIS-EVENT-08", "quantityList/quantityElement[1]/quantity"),
    ("object", {"quantity_list": q(LOT, "-1")}, "EPCIS-EVENT-08", "quantityList/quantityElement[1]/quantity"),
    ("object", {"quantity_list": q(LOT, "NaN")}, "EPCIS-EVENT-08", "quantityList/quantityElement[1]/quantity"),
    ("object", {"quantity_list": q(LOT, "1", "kg")}, "EPCIS-EVENT-09", "quantityList/quantityElement[1]/uom"),
    ("object", {"quantity_list": q(LOT, None, "KGM")}, "EPCIS-EVENT-10", "quantityList/quantityElement[1]/uom"),
    ("object", {"quantity_list": q("", "1")}, "EPCIS-EVENT-11", "quantityList/quantityElement[1]/epcClass"),
    ("object", {"read_point": Location("")}, "EPCIS-EVENT-11", "readPoint/id"),
    ("object", {"biz_location": Location("")}, "EPCIS-EVENT-11", "bizLocation/id"),
    (
        "object",
        {"biz_transaction_list": [BizTransaction("")]},
        "EPCIS-EVENT-11",
        "bizTransactionList/bizTransaction[1]",
    ),
    ("object", {"source_list": [Party("", "urn:x:y")]}, "EPCIS-EVENT-11", "sourceList/source[1]/@type"),
    ("object", {"destination_list": [Party("location", "")]}, "EPCIS-EVENT-11", "destinationList/destination[1]"),
    ("object", {"error_declaration": ErrorDeclaration()}, "EPCIS-EVENT-12", "errorDeclaration/declarationTime"),
    (
        "object",
        {"persistent_disposition": PersistentDisposition(["x:a", "x:b"], ["x:b"])},
        "EPCIS-EVENT-13",
        "persistentDisposition",
    ),
    ("packing", {"parent_id": None}, "EPCIS-EVENT-03", "parentID"),
    ("packing", {"parent_id": None, "action": "DELETE"}, "EPCIS-EVENT-03", "parentID"),
    ("packing", {"child_epcs": []}, "EPCIS-EVENT-02", "childEPCs"),
    ("packing", {"child_epcs": None, "action": "OBSERVE"}, "EPCIS-EVENT-02", "childEPCs"),
    ("packing", {"child_epcs": [A, BOX]}, "EPCIS-EVENT-04", "childEPCs/epc[2]"),
    ("packing", {"child_epcs": [A, A]}, "EPCIS-EVENT-05", "childEPCs/epc[2]"),
]


@pytest.mark.parametrize(("kind", "changes", "code", "path"), BAD)
def test_what_is_missing_or_wrong_is_found(make, check, kind, changes, code, path):
    event = (
        make.object(**changes) if kind == "object" else make.packing(parent_id=changes.pop("parent_id", BOX), **changes)
    )
    assert [(f.code, f.where.path) for f in check(EVENTS, event)] == [(code, path)]


OTHER_BAD = [
    (TransactionEvent(**TIME, action="ADD", epc_list=[A]), "EPCIS-EVENT-06", "bizTransactionList"),
    (TransactionEvent(**TIME, action="ADD", biz_transaction_list=ORDER), "EPCIS-EVENT-02", "epcList"),
    (TransformationEvent(**TIME, input_epc_list=[A]), "EPCIS-EVENT-02", "outputEPCList"),
    (TransformationEvent(**TIME, output_epc_list=[A]), "EPCIS-EVENT-02", "inputEPCList"),
    (TransformationEvent(**TIME, transformation_id="urn:x:1"), "EPCIS-EVENT-02", "inputEPCList"),
    (AssociationEvent(**TIME, action="OBSERVE", child_epcs=[A]), "EPCIS-EVENT-03", "parentID"),
    (AssociationEvent(**TIME, action="ADD", parent_id=BOX), "EPCIS-EVENT-02", "childEPCs"),
    (QuantityEvent(**TIME, epc_class=LOT, quantity="1.5"), "EPCIS-EVENT-08", "quantity"),
    (QuantityEvent(**TIME, epc_class="", quantity="1"), "EPCIS-EVENT-11", "epcClass"),
]


@pytest.mark.parametrize(("event", "code", "path"), OTHER_BAD)
def test_what_other_events_miss_is_found(check, event, code, path):
    assert [(f.code, f.where.path) for f in check(EVENTS, event)] == [(code, path)]


def test_every_rule_of_the_layer_has_a_bad_example():
    found = {code for _, _, code, _ in BAD} | {code for _, code, _ in OTHER_BAD} | {"EPCIS-EVENT-01"}
    assert found == {rule.code for rule in rules.RULES if rule.code.startswith("EPCIS-EVENT-")}


def test_what_is_right_gives_no_finding(make, check):
    good = [
        make.object(),
        make.object(epc_list=None, quantity_list=[*q(LOT, "1.50", "KGM"), *q(LOT), *q(LOT, "1E3"), *q(LOT, ".5")]),
        make.object(action="OBSERVE", epc_list=[], sensor_element_list=[SensorElement()]),
        make.object(ilmd=[Element("{urn:x}y")], action="ADD"),
        make.object(ilmd=[], action="OBSERVE"),
        make.object(error_declaration=ErrorDeclaration("2026-03-02T10:00:00Z"), action="DELETE"),
        make.object(persistent_disposition=PersistentDisposition(["x:a"], ["x:b"])),
        make.packing(),
        make.packing(action="OBSERVE", parent_id=None),
        make.packing(action="DELETE", child_epcs=None),
        make.packing(child_epcs=None, child_quantity_list=q(LOT, "5")),
        TransactionEvent(**TIME, action="ADD", biz_transaction_list=ORDER, epc_list=[A]),
        TransactionEvent(**TIME, action="DELETE", biz_transaction_list=ORDER),
        TransformationEvent(**TIME, input_epc_list=[A], output_quantity_list=q(LOT, "1")),
        TransformationEvent(**TIME, transformation_id="urn:x:1", output_epc_list=[A]),
        AssociationEvent(**TIME, action="DELETE", parent_id=BOX),
        QuantityEvent(**TIME, epc_class=LOT, quantity="100"),
    ]
    assert check(EVENTS, *good) == []
