"""Identifiers in events: form, check digit, and the right kind in the right place."""

from __future__ import annotations

import pytest

from gateway.checks import rules
from gateway.checks.run import IDENTIFIERS
from gateway.epcis.events import (
    AssociationEvent,
    Location,
    Party,
    QuantityElement,
    QuantityEvent,
    TransactionEvent,
    TransformationEvent,
)
from gateway.findings import Finding, Severity, Where

TIME = {"event_time": "2026-03-01T10:00:00+01:00", "event_time_zone_offset": "+01:00"}
A = "urn:epc:id:sgtin:9521321.012345.A"
GTIN = "urn:epc:idpat:sgtin:9521321.012345.*"
LOT = "urn:epc:class:lgtin:9521321.012345.L1"
BOX = "urn:epc:id:sscc:9521321.1000000001"
SGLN, PGLN = "urn:epc:id:sgln:9521321.00001.0", "urn:epc:id:pgln:9521321.00001"


@pytest.fixture(scope="module")
def links():
    """A good Digital Link of an SGTIN, and the same with another check digit."""
    from gateway.gs1 import parse_any

    good = parse_any(A).as_digital_link()
    gtin = good.split("/")[4]
    return good, good.replace(gtin, gtin[:-1] + str((int(gtin[-1]) + 1) % 10))


def test_a_lot_among_epcs_says_everything(make, check):
    assert check(IDENTIFIERS, make.object(epc_list=[A, LOT])) == [
        Finding(
            "EPCIS-ID-02",
            Severity.ERROR,
            f"{LOT} is a lot, expected is a single object, e.g. an SGTIN or SSCC",
            Where(event=1, path="epcList/epc[2]"),
            LOT,
            "a single object, e.g. an SGTIN or SSCC",
            rules.CLASS_AS_INSTANCE.hint,
        )
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("09521321123459", "EPCIS-ID-01"),
        ("", "EPCIS-ID-01"),
        ("urn:x:with blank", "EPCIS-ID-01"),
        (GTIN, "EPCIS-ID-02"),
        ("urn:epc:idpat:sgtin:9521321.*.*", "EPCIS-ID-02"),
        (PGLN, "EPCIS-ID-02"),
        (SGLN, "EPCIS-ID-06"),
        ("urn:epc:tag:sgtin-96:3.9521321.012345.1", "EPCIS-ID-07"),
        ("urn:epc:id:sgtn:9521321.012345.1", "EPCIS-ID-07"),
        ("urn:epc:id:sgtin:9521321.12345.1", "GS1-URN-02"),
        ("urn:epc:id:sgtin:9521321.012345", "GS1-URN-01"),
        ("urn:epc:id:sgtin:9521321.012345.A B", "GS1-SERIAL-01"),
        ("urn:epc:id:sgtin:9521321.012345." + "A" * 21, "GS1-SERIAL-02"),
        ("urn:epc:id:sgtin:9521321.012345.A&B", "GS1-URN-03"),
        ("urn:epc:id:sgtin:9521321.012345.", "GS1-SERIAL-02"),
        ("urn:epc:id:sscc:9521321.100000001", "GS1-URN-02"),
        ("urn:epc:id:sscc:9521321.100000000A", "GS1-URN-02"),
        (A + "\n" + A, "GS1-SERIAL-02"),
    ],
)
def test_each_fault_of_an_object_is_found_alone_and_among_good_ones(make, check, text, code):
    def codes(*events):
        return [(f.code, f.where.path) for f in check(IDENTIFIERS, *events)]

    assert codes(make.object(epc_list=[text])) == [(code, "epcList/epc[1]")]
    assert codes(make.object(epc_list=[A, A + "1", text, A + "2"])) == [(code, "epcList/epc[3]")]
    assert codes(make.packing(child_epcs=[BOX, text])) == [(code, "childEPCs/epc[2]")]
    if text:
        assert codes(make.packing(parent_id=text)) == [(code, "parentID")]


def test_check_digits_of_digital_links(make, check, links):
    good, bad = links
    assert check(IDENTIFIERS, make.object(epc_list=[good, good + "1"])) == []
    found = check(IDENTIFIERS, make.object(epc_list=[bad, bad + "1", good]))
    assert [(f.code, f.where.path) for f in found] == [
        ("GS1-GTIN-02", "epcList/epc[1]"),
        ("GS1-GTIN-02", "epcList/epc[2]"),
    ]


@pytest.mark.parametrize(
    ("event", "code", "path"),
    [
        (QuantityEvent(**TIME, epc_class=A, quantity="1"), "EPCIS-ID-03", "epcClass"),
        (TransactionEvent(**TIME, action="ADD", parent_id=LOT), "EPCIS-ID-02", "parentID"),
        (TransactionEvent(**TIME, action="ADD", epc_list=[LOT]), "EPCIS-ID-02", "epcList/epc[1]"),
        (TransformationEvent(**TIME, input_epc_list=[LOT]), "EPCIS-ID-02", "inputEPCList/epc[1]"),
        (TransformationEvent(**TIME, output_epc_list=[LOT]), "EPCIS-ID-02", "outputEPCList/epc[1]"),
        (
            TransformationEvent(**TIME, input_quantity_list=[QuantityElement(A)]),
            "EPCIS-ID-03",
            "inputQuantityList/quantityElement[1]/epcClass",
        ),
        (
            TransformationEvent(**TIME, output_quantity_list=[QuantityElement(BOX)]),
            "EPCIS-ID-03",
            "outputQuantityList/quantityElement[1]/epcClass",
        ),
        (AssociationEvent(**TIME, action="ADD", parent_id=LOT), "EPCIS-ID-02", "parentID"),
        (AssociationEvent(**TIME, action="ADD", parent_id=SGLN, child_epcs=[LOT]), "EPCIS-ID-02", "childEPCs/epc[1]"),
    ],
)
def test_all_places_of_all_events_are_looked_at(check, event, code, path):
    assert [(f.code, f.where.path) for f in check(IDENTIFIERS, event)] == [(code, path)]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"read_point": Location(A)}, "EPCIS-ID-04", "readPoint/id"),
        ({"biz_location": Location(PGLN)}, "EPCIS-ID-04", "bizLocation/id"),
        ({"read_point": Location("9521321000016")}, "EPCIS-ID-01", "readPoint/id"),
        ({"read_point": Location("https://id.gs1.org/414/9521321000010")}, "GS1-GLN-02", "readPoint/id"),
        ({"source_list": [Party("urn:epcglobal:cbv:sdt:location", PGLN)]}, "EPCIS-ID-04", "sourceList/source[1]"),
        ({"destination_list": [Party("owning_party", BOX)]}, "EPCIS-ID-05", "destinationList/destination[1]"),
        (
            {"quantity_list": [QuantityElement(LOT), QuantityElement(A)]},
            "EPCIS-ID-03",
            "quantityList/quantityElement[2]/epcClass",
        ),
    ],
)
def test_kinds_of_places_parties_and_classes(make, check, changes, code, path):
    event = make.object(**changes)
    # The second time it comes from the same place in memory: a fault must not be remembered as good.
    assert [(f.code, f.where.event, f.where.path) for f in check(IDENTIFIERS, event, event)] == [
        (code, 1, path),
        (code, 2, path),
    ]


def test_what_is_right_gives_no_finding(make, check):
    other = [
        "urn:epc:id:bic:ABCU1234567",
        "urn:uuid:1",
        "https://example.com/assets/1",
        "urn:epc:id:grai:9521321.00001.1",
    ]
    assert (
        check(
            IDENTIFIERS,
            make.object(epc_list=[A, A + "%2F", A + ".1", BOX, *other]),
            make.object(quantity_list=[QuantityElement(LOT), QuantityElement(GTIN), QuantityElement("urn:x:y")]),
            make.object(read_point=Location("geo:41.0,29.0"), biz_location=Location("https://example.com/dock")),
            make.object(
                source_list=[Party("owning_party", PGLN), Party("possessing_party", SGLN), Party("location", SGLN)]
            ),
            make.packing(child_epcs=[BOX, BOX[:-1] + "2"]),
            AssociationEvent(**TIME, action="ADD", parent_id=SGLN, child_epcs=[SGLN]),
        )
        == []
    )
