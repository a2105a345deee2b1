"""eventIDs that are hash ids."""

from __future__ import annotations

import pytest

from gateway.checks import event_id_rules as rules
from gateway.checks.event_id import checker
from gateway.checks.scope import Scope
from gateway.epcis.element import Element
from gateway.epcis.event_hash import event_hash
from gateway.epcis.events import BizTransaction, SensorElement
from gateway.epcis.prehash_values import Variant
from gateway.findings import Finding, Findings, Severity, Where

EMPTY = "ni:///sha-256;" + "0" * 64 + "?ver=CBV2.0"


def run(*events, ignore=()):
    findings = Findings()
    scope = Scope(findings)
    check = checker(scope, ignore).check
    for number, event in enumerate(events, 1):
        scope.enter(event, number)
        check(event)
    return list(findings)


def test_a_wrong_id_says_both_values(make):
    event = make.object(event_id=EMPTY)
    computed = event_hash(event)
    assert run(make.object(), event) == [
        Finding(
            "EPCIS-HASH-01",
            Severity.WARNING,
            f"eventID is {EMPTY}, but the event has the hash {computed}",
            Where(event=2, path="eventID"),
            EMPTY,
            computed,
            rules.HASH_DIFFERS.hint,
        )
    ]


def test_a_right_id_says_nothing(make):
    event = make.object()
    event.event_id = event_hash(event)
    upper = make.object(event_id=event.event_id.replace(event.event_id[14:78], event.event_id[14:78].upper()))
    assert run(event, upper, make.packing()) == []


def test_an_id_of_the_reference_implementation_is_right(make):
    event = make.object(
        biz_transaction_list=[BizTransaction("urn:x:1", "po")],
        sensor_element_list=[SensorElement([("time", "2026-03-01T10:00:00Z")])],
    )
    event.event_id = event_hash(event, variant=Variant.REFERENCE)
    assert event.event_id != event_hash(event)
    assert run(event) == []


def test_what_the_document_excludes_does_not_count(make):
    event = make.object()
    event.event_id = event_hash(event)
    event.extensions = [Element("{urn:x}captured", "1")]
    assert [finding.code for finding in run(event)] == ["EPCIS-HASH-01"]
    assert run(event, ignore={"{urn:x}captured"}) == []


def test_a_cut_id(make):
    event_id = "ni:///sha-256;abc?ver=CBV2.0"
    assert [(f.code, f.value, f.where.path) for f in run(make.object(event_id=event_id))] == [
        ("EPCIS-HASH-02", event_id, "eventID")
    ]


@pytest.mark.parametrize(
    "event_id",
    [
        None,
        "",
        "urn:uuid:7b1f3a80-0000-4000-8000-000000000001",
        "ni:///sha-512;abc?ver=CBV2.0",
        "ni:///sha3-256;abc?ver=CBV2.0",
        f"{EMPTY[:-3]}2.1",
    ],
)
def test_other_ids_are_not_looked_at(make, event_id):
    assert run(make.object(event_id=event_id)) == []


def test_codes_are_unique():
    codes = [rule.code for rule in rules.RULES]
    assert len(set(codes)) == len(codes) == 2
