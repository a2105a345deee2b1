"""Vocabulary values in events."""

from __future__ import annotations

import pytest

from gateway.checks import rules
from gateway.checks.run import VOCABULARY
from gateway.epcis.events import BizTransaction, ErrorDeclaration, Party, PersistentDisposition, SensorElement
from gateway.findings import Finding, Severity, Where


def test_a_misspelt_bare_word_is_an_error_with_the_nearest_word(make, check):
    assert check(VOCABULARY, make.object(biz_step="shiping")) == [
        Finding(
            "EPCIS-CBV-01",
            Severity.ERROR,
            "'shiping' is no standard bizStep",
            Where(event=1, path="bizStep"),
            "shiping",
            "shipping",
            f"did you mean 'shipping'? {rules.BARE_WORD.hint}",
        )
    ]


def test_a_misspelling_under_the_prefix_of_gs1_is_an_error_in_its_own_spelling(make, check):
    value = "urn:epcglobal:cbv:bizstep:decomissioning"
    near = "urn:epcglobal:cbv:bizstep:decommissioning"
    assert check(VOCABULARY, make.object(biz_step=value)) == [
        Finding(
            "EPCIS-CBV-02",
            Severity.ERROR,
            f"{value!r} is no standard bizStep, though it stands under a prefix of GS1",
            Where(event=1, path="bizStep"),
            value,
            near,
            f"did you mean {near!r}? {rules.NOT_STANDARD.hint}",
        )
    ]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"disposition": "aktive"}, "EPCIS-CBV-01", "disposition"),
        ({"disposition": ""}, "EPCIS-CBV-01", "disposition"),
        ({"disposition": "urn:epcglobal:cbv:disp:loading"}, "EPCIS-CBV-02", "disposition"),
        (
            {"biz_transaction_list": [BizTransaction("x:1", "po"), BizTransaction("x:2", "urn:epcglobal:cbv:btt:RMA")]},
            "EPCIS-CBV-02",
            "bizTransactionList/bizTransaction[2]/@type",
        ),
        ({"source_list": [Party("owner", "x:1")]}, "EPCIS-CBV-01", "sourceList/source[1]/@type"),
        (
            {"destination_list": [Party("https://ref.gs1.org/cbv/SDT-owner", "x:1")]},
            "EPCIS-CBV-02",
            "destinationList/destination[1]/@type",
        ),
        ({"error_declaration": ErrorDeclaration("t", "oops")}, "EPCIS-CBV-01", "errorDeclaration/reason"),
        (
            {"persistent_disposition": PersistentDisposition(["active", "x"], [])},
            "EPCIS-CBV-01",
            "persistentDisposition/set[2]",
        ),
        (
            {"persistent_disposition": PersistentDisposition([], ["x"])},
            "EPCIS-CBV-01",
            "persistentDisposition/unset[1]",
        ),
        (
            {"sensor_element_list": [SensorElement(reports=[[("type", "Speed"), ("component", "w")]])]},
            "EPCIS-CBV-01",
            "sensorElementList/sensorElement[1]/sensorReport[1]/@component",
        ),
    ],
)
def test_every_field_is_looked_at(make, check, changes, code, path):
    assert [(f.code, f.where.path) for f in check(VOCABULARY, make.object(**changes))] == [(code, path)]


@pytest.mark.parametrize(
    "value",
    [
        "packing",
        "cbv:BizStep-packing",
        "https://ref.gs1.org/cbv/BizStep-packing",
        "https://example.com/rework",
        "urn:x:y",
        None,
    ],
)
def test_standard_spellings_and_own_uris_are_good(make, check, value):
    assert check(VOCABULARY, make.object(biz_step=value), make.object(biz_step=value)) == []


def test_every_event_with_the_fault_has_its_finding(make, check):
    found = check(VOCABULARY, *[make.object(biz_step="shiping")] * 3)
    assert [f.where.event for f in found] == [1, 2, 3]
