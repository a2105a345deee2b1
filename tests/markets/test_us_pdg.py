"""Exceptions between shipping and receiving: reports composed, messages checked, responses read."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.answers import Verdict
from gateway.epcis import sbdh
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.markets.us.pdg import PDG
from gateway.markets.us.pdg.check import REPORT, RESPONSE, check, read_response
from gateway.options import Options
from gateway.resources import shipped
from tests.markets.us_story import BUYER, MAKER, case, codes, packing, ship, sscc, unit

SAID = {
    "email": "quality@example.com",
    "creation-date": "2026-11-21T09:00:00Z",
    "missing-data-resolution": "Send new data",
    "missing-product-resolution": "Credit account",
    "misalignment-resolution": "Return product",
    "file-id": "FILE1",
}
GTIN = "00399999011112"


def received(epcs, **more):
    return ship(epcs, "18:00", **{"biz_step": "receiving", "disposition": "in_progress", **more})


def composed(events, settings=None, head=None):
    given = {key: value for key, value in {**SAID, **(settings or {})}.items() if value}
    context = Context(options=Options.check(given, PDG.settings))
    return list(PDG.compose(Document(head or Header(), iter(events)), context)), context


def report_of(made):
    (submission,) = made
    findings = Findings()
    check(submission.data, findings)
    assert not list(findings)
    return json.loads(submission.data)


def checked(message):
    findings = Findings()
    check(message if isinstance(message, bytes) else json.dumps(message).encode(), findings)
    return [finding.code for finding in findings]


def test_a_pack_that_did_not_come_and_one_without_data_are_reported():
    came = [unit(number) for number in range(100) if number != 33]
    made, context = composed([*packing(), ship([sscc(1)]), received([*came, unit(150)])])
    assert not context.findings.errors
    report = report_of(made)
    (without_data,) = report["exceptions"]["missing_product_data"]
    assert without_data["product_gtin"] == GTIN
    assert without_data["product_serial"] == "U150"
    assert without_data["observation_source"] == "Scan"
    assert without_data["resolution_request"] == "Send new data"
    (without_product,) = report["exceptions"]["missing_product"]
    assert without_product["product_serial"] == "U33"
    assert without_product["file_id"] == "FILE1"
    assert report["po_number"] == "PO1"
    assert report["timestamp"] == 1795251600
    assert report["sender_information"] == {
        "vp": None,
        "gln": "0388888000016",
        "email": "quality@example.com",
        "phone": None,
    }
    assert report["case_resolved"] is False
    assert made[0].epcs == 2


def test_the_same_comparison_has_the_same_ids_and_another_one_others():
    events = [*packing(4, 2), ship([sscc(1)]), received([unit(0)])]
    assert composed(events)[0] == composed(events)[0]
    one, other = report_of(composed(events)[0]), report_of(composed([*events, received([unit(9)])])[0])
    assert one["exception_case_uuid"] != other["exception_case_uuid"]
    assert report_of(composed(events, {"case": "C1"})[0])["exception_case_uuid"] == "C1"


def test_nothing_is_reported_when_all_came():
    made, context = composed([*packing(4, 2), ship([sscc(1)]), received([sscc(1)])])
    assert not made
    assert codes(context) == ["US-PDG-04"]
    assert not context.findings.errors


def test_a_label_that_differs_from_the_data():
    label = [element("urn:example", "lotNumber", "LOT9"), element("urn:example", "itemExpirationDate", "2029-01-31")]
    events = [*packing(4, 2), ship([sscc(1)]), received([unit(0)], extensions=label), received([unit(1)])]
    report = report_of(composed(events)[0])
    (item,) = report["exceptions"]["data_misalignment"]
    assert item["received_product_lot"] == "LOT9"
    assert item["received_product_expiry"] == "01312029"
    assert item["product_data_lot"] == "LOT001"
    assert item["product_data_expiry"] == "09302028"
    assert item["received_product_serial"] == item["product_data_serial"] == "U0"
    iso = report_of(composed(events, {"expiry-form": "YYYY-MM-DD"})[0])
    assert iso["exceptions"]["data_misalignment"][0]["received_product_expiry"] == "2029-01-31"


def test_a_label_that_says_the_same_is_no_exception():
    label = [element("urn:example", "lotNumber", "LOT001"), element("urn:example", "itemExpirationDate", "2028-09-30")]
    events = [*packing(2, 2), ship([case(0)]), received([unit(0), unit(1)], extensions=label)]
    assert codes(composed(events)[1]) == ["US-PDG-04"]


def test_half_a_label_that_differs_is_asked_for():
    label = [element("urn:example", "lotNumber", "LOT9")]
    made, context = composed([*packing(2, 2), ship([case(0)]), received([unit(0), unit(1)], extensions=label)])
    assert not made
    assert codes(context) == ["MARKET-02"]


@pytest.mark.parametrize("key", ["email", "missing-product-resolution", "file-id"])
def test_what_only_the_buyer_can_say_is_asked_for_once(key):
    made, context = composed([*packing(4, 2), ship([sscc(1)]), received([unit(0)])], {key: ""})
    assert not made
    assert [finding.code for finding in context.findings] == ["MARKET-02"]
    assert f"--set {key}=" in next(iter(context.findings)).hint


def test_the_files_own_id_is_taken_from_its_header():
    head = Header(sbdh=sbdh.build(MAKER, BUYER, "INSTANCE7", "2026-11-20T20:00:00Z"))
    events = [*packing(4, 2), ship([sscc(1)]), received([unit(0)])]
    report = report_of(composed(events, {"file-id": ""}, head)[0])
    assert {item["file_id"] for item in report["exceptions"]["missing_product"]} == {"INSTANCE7"}


@pytest.mark.parametrize(
    ("events", "settings", "code"),
    [
        ([ship([unit(0)])], {}, "US-PDG-05"),
        ([received([unit(0)])], {}, "US-PDG-05"),
        ([ship([unit(0)]), received([unit(1)], order="PO2")], {}, "US-PDG-06"),
        (
            [ship([unit(0)], biz_transaction_list=None), received([unit(1)], biz_transaction_list=None)],
            {},
            "US-PDG-07",
        ),
        ([ship([sscc(9)]), received([unit(1)])], {}, "US-PDG-08"),
        ([ship([unit(0)]), received([unit(1)])], {"sender": "0388888000010"}, "GS1-GLN-02"),
    ],
)
def test_what_cannot_be_compared_is_named(events, settings, code):
    made, context = composed(events, settings)
    assert not made
    assert code in codes(context)


def test_a_purchase_order_may_be_given():
    events = [ship([unit(0)]), received([unit(1)], order="PO2")]
    assert report_of(composed(events, {"po-number": "PO9"})[0])["po_number"] == "PO9"


def test_a_withdrawn_receiving_counts_not():
    wrong = received([unit(2)], event_id="urn:uuid:1")
    taken_back = received([unit(2)], event_id="urn:uuid:1", error_declaration=ErrorDeclaration("2026-11-20T20:00:00Z"))
    events = [*packing(2, 2), ship([case(0)]), received([unit(0), unit(1)]), wrong, taken_back]
    assert codes(composed(events)[1]) == ["US-PDG-04"]


# ---- messages -------------------------------------------------------------------------------------------------------


def good(**changes):
    message = report_of(composed([*packing(4, 2), ship([sscc(1)]), received([unit(0)])])[0])
    return {**message, **changes}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", "EPCIS-JSCHEMA-01"),
        (b"[]", "US-PDG-01"),
        ({"a": 1}, "US-PDG-01"),
        (good(case_resolved=True), "US-PDG-02"),
        (good(exceptions={}), "US-PDG-02"),
        (good(exceptions={"missing_product": good()["exceptions"]["missing_product"] * 2}), "US-PDG-03"),
    ],
)
def test_a_message_that_is_wrong(message, code):
    if code == "EPCIS-JSCHEMA-01":
        code = next(rule.code for rule in PDG.rules if rule.title and "JSON" in rule.title)
    assert code in checked(message)


def test_a_closing_message():
    assert checked(good(exceptions={}, case_resolved=True)) == []


RESPONSE_TEXT = {
    "message_uuid": "m1",
    "exception_case_uuid": "c1",
    "timestamp": 1795251700,
    "sender_information": {"email": "seller@example.com"},
    "po_number": "PO1",
    "response_items": [
        {"exception_item_uuid": "i1", "resolution_response": "Accept", "comments": "credit note follows"},
        {
            "exception_item_uuid": "i2",
            "resolution_response": "Reject",
            "alternative_resolution": {
                "alternative_resolution": "Send product",
                "follow_up": "Email",
                "follow_up_details": "on Monday",
            },
        },
    ],
}


def test_a_response_is_read_item_by_item():
    answer = read_response(json.dumps(RESPONSE_TEXT).encode())
    assert answer.verdict is Verdict.PARTIAL
    assert answer.reference == "m1"
    accepted, rejected = answer.serials
    assert (accepted.identifier, accepted.verdict) == ("i1", Verdict.ACCEPTED)
    assert rejected.reasons[0].meaning == "Send product; Email; on Monday"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        json.dumps({**RESPONSE_TEXT, "response_items": None}).encode(),
        json.dumps({**RESPONSE_TEXT, "response_items": [{"exception_item_uuid": "i1"}]}).encode(),
        json.dumps({**RESPONSE_TEXT, "timestamp": "now"}).encode(),
    ],
)
def test_what_is_no_response_accepts_nothing(data):
    assert read_response(data).verdict is Verdict.UNREADABLE


def test_a_report_is_no_response():
    assert read_response(json.dumps(good()).encode()).verdict is Verdict.UNREADABLE


# ---- the official schemas -------------------------------------------------------------------------------------------


@pytest.mark.corpora
def test_our_schemas_and_the_official_ones_say_the_same(corpora):
    folder = corpora / "regulators" / "us-dscsa" / "pdg-exceptions"
    verdicts = []
    for ours, official, seeds in (
        (REPORT, "report_schema.json", [*samples(folder, "report"), full_report()]),
        (RESPONSE, "response_schema.json", [*samples(folder, "response"), RESPONSE_TEXT]),
    ):
        our = jsonschema_rs.validator_for(json.loads(shipped("xsd", *ours).read_text("utf-8")))
        their = jsonschema_rs.validator_for(json.loads((folder / official).read_text("utf-8")))
        for seed in seeds:
            assert our.is_valid(seed)
            assert their.is_valid(seed)
            verdicts += [(our.is_valid(mutant), their.is_valid(mutant)) for mutant in mutants(seed)]
    assert len(verdicts) > 500
    assert sum(1 for one, other in verdicts if not other) > 100
    assert [pair for pair in verdicts if pair[0] != pair[1]] == []


@pytest.mark.corpora
def test_official_samples_have_no_fault(corpora):
    paths = sorted((corpora / "regulators" / "us-dscsa" / "pdg-exceptions").glob("hda_*.json"))
    assert len(paths) == 4
    assert {path.name: checked(path.read_bytes()) for path in paths} == {path.name: [] for path in paths}


def samples(folder: Path, kind):
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob(f"hda_*{kind}*.json"))]


def full_report():
    """A report with every kind of exception."""
    item = {"exception_item_uuid": "i", "resolution_request": "Send product"}
    ids = iter("abcdefghij")

    def one(values):
        return {**values, "exception_item_uuid": next(ids)}

    count = {**item, "gtin": GTIN, "quantity_ordered": 3, "quantity_received": 4}
    error = {"exception_item_uuid": "i", "resolution_request": None}
    return good(
        other_errors=["torn label"],
        exceptions={
            "missing_product_data": [
                one({**item, "product_gtin": GTIN, "observation_source": "ASN", "product_serial": None})
            ],
            "missing_product": [one({**item, "file_id": "F", "product_gtin": GTIN, "product_serial": "U1"})],
            "data_misalignment": [
                {
                    **item,
                    **{
                        f"{side}_{name}": "x"
                        for side in ("received_product", "product_data")
                        for name in ("gtin", "lot", "expiry", "serial")
                    },
                }
            ],
            "overages": [one(count)],
            "underages": [one(count)],
            "master_data_errors": {
                "gln_errors": [one({**error, "invalid_gln": "1", "proposed_gln": None})],
                "gtin_errors": [one({**error, "invalid_gtin": "1", "proposed_gtin": "2"})],
            },
        },
    )


def mutants(message):
    """The message with each value dropped, or of another type, in turn; and with one more member."""
    for path in paths(message):
        for change in ("drop", 1, "x", None, True, [], {}):
            mutant = copy.deepcopy(message)
            parent = mutant
            for step in path[:-1]:
                parent = parent[step]
            if change == "drop":
                del parent[path[-1]]
            else:
                parent[path[-1]] = change
            yield mutant
    yield {**message, "more": 1}


def paths(value, before=()):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*before, key)
        yield from paths(inner, (*before, key))
