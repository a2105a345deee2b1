"""Turkey's PTS: transfers composed of events, against golden files, with losses and limits."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from lxml import etree

from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    ObjectEvent,
    QuantityElement,
)
from gateway.findings import Findings
from gateway.markets.hierarchy import DocumentHierarchy
from gateway.markets.tr.pts import PTS
from gateway.markets.tr.rules import LOSS_RULES
from tests.markets.tr_story import (
    FIXTURES,
    LGTIN,
    PARTIES,
    base,
    codes,
    commission,
    composed,
    end,
    label,
    pack,
    pack_epc,
    packing,
    ship,
    sscc,
    story,
    xml_of,
)


def test_two_shipping_events_with_two_notes_are_two_golden_transfers(golden):
    events = [*packing(), ship([sscc(1)]), ship([sscc(2)], "IRS 2", "8699999000041")]
    settings = {"document-date": "event-date", "note": "a <note>"}
    made, context = composed(events, settings)
    assert codes(context) == []
    assert context.losses.count == 0
    assert [submission.epcs for submission in made] == [5, 3]
    for number, submission in enumerate(made, 1):
        golden(FIXTURES / "pts" / "composed" / f"transfer{number}.xml", xml_of(submission.data))
        findings = Findings()
        PTS.check(submission.data, findings)
        assert list(findings) == []
    assert [s.name.rsplit("-", 1)[0] for s in made] == [
        "pts-8699999000010-8699999000027-IRS2026000001",
        "pts-8699999000010-8699999000041-IRS_2",
    ]


def test_the_same_note_twice_is_one_transfer_and_the_same_bytes_each_time():
    (first,), _ = composed(story())
    (second,), _ = composed(story())
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first.data)) as package:
        assert [entry.date_time for entry in package.infolist()] == [(1980, 1, 1, 0, 0, 0)]
    assert [node.get("carrierLabel") for node in etree.fromstring(xml_of(first.data)).iter("carrier")] == [
        label(1), label(12), label(11), label(2), label(21)
    ]  # fmt: skip


def test_without_a_shipping_event_all_outermost_containers_go_and_the_parties_come_from_settings():
    made, context = composed(packing(), PARTIES)
    assert codes(context) == ["TR-PTS-15", "TR-PTS-27"]
    tree = etree.fromstring(xml_of(made[0].data))
    assert [node.get("carrierLabel") for node in tree.iterchildren("carrier")] == [label(1), label(2)]
    assert [child.tag for child in tree][:4] == ["sourceGLN", "destinationGLN", "actionType", "version"]


def test_a_list_of_all_levels_gives_the_outermost_once():
    events = [*packing(), ship([pack_epc("SN0001"), sscc(11), sscc(12), sscc(1)])]
    (made,), context = composed(events)
    assert not context.findings.errors
    assert len(etree.fromstring(xml_of(made.data)).findall("carrier")) == 1


def test_content_counts_as_of_the_shipping():
    later = AggregationEvent(**base("11:00"), action="DELETE", parent_id=sscc(1))
    (before,), _ = composed(story())
    (after,), context = composed([*story(), later])
    assert before == after
    early = AggregationEvent(**base("09:30"), action="DELETE", parent_id=sscc(1))
    made, context = composed([*story(), early])
    assert made == []
    assert "TR-PTS-08" in codes(context)


def test_container_types_come_from_nesting_or_setting_and_are_left_out_when_unknown():
    deep = [*packing(), pack(sscc(5), [sscc(1)])]

    def types(events, **settings):
        (made,), _ = composed(events, PARTIES | settings)
        return [node.get("containerType") for node in etree.fromstring(xml_of(made.data)).iter("carrier")]

    assert types(packing()) == ["P", "C", "C", "P", "C"]
    one_level = [commission([pack_epc("SN0001")]), pack(sscc(9), [pack_epc("SN0001")])]
    assert types(one_level) == ["C"]
    assert types([*deep]) == ["P", "C", None, None, None, None]
    assert types([*deep], **{"container-types": "P,B,C"}) == ["P", "B", "P", "B", "C", "C"]


def test_an_end_after_the_shipping_does_not_matter_and_a_voiding_before_neither():
    destroyed = ObjectEvent(**base("11:00"), action="DELETE", biz_step="destroying", epc_list=[pack_epc("SN0001")])
    voided = ObjectEvent(**base("09:30"), action="OBSERVE", biz_step="void_shipping", epc_list=[sscc(1)])
    _, context = composed([*story(), destroyed, voided])
    assert not context.findings.errors


def test_a_withdrawn_shipping_is_not_transferred():
    wrong = ship([sscc(2)], event_id="e1")
    declared = ship([sscc(2)], event_id="e1", error_declaration=ErrorDeclaration("2026-11-21T00:00:00Z"))
    (made,), _ = composed([*packing(), wrong, ship([sscc(1)]), declared])
    assert made.epcs == 5


def test_what_a_transfer_has_no_place_for_is_listed():
    events = [
        commission([pack_epc("SN0001")], "L1", "2028-01-01", element("urn:vendor", "colour", "red")),
        pack(sscc(9), [pack_epc("SN0001")], child_quantity_list=[QuantityElement(LGTIN, "2")]),
        end("receiving", sscc(9), "09:30"),
        ship([sscc(9)], read_point=Location("urn:x"), biz_transaction_list=[BizTransaction("PO1", "po")]),
    ]  # fmt: skip
    _, context = composed(events, {"document-number": "IRS1"})
    losses = {(loss.code, loss.field, loss.examples[0]) for loss in context.losses.summaries.values()}
    assert losses == {
        ("LOSS-TR-PTS-01", "ObjectEvent", "ObjectEvent receiving 2026-11-20T09:30:00+03:00"),
        ("LOSS-TR-PTS-02", "quantityElement", "urn:epc:class:lgtin:8699999.011101.L1 2"),
        ("LOSS-TR-PTS-03", "bizTransactionList", "po PO1"),
        ("LOSS-TR-PTS-04", "ilmd/colour", "red"),
    }
    assert {code for code, _, _ in losses} == {rule.code for rule in LOSS_RULES}


def many(pallets, packs=40):
    numbers = random.Random(1)
    events = []
    for pallet in range(pallets):
        serials = [pack_epc(f"{numbers.randrange(10**15):015}") for _ in range(packs)]
        events += [commission(serials), pack(sscc(100 + pallet), serials)]
    return [*events, ship([sscc(100 + pallet) for pallet in range(pallets)])]


@pytest.mark.parametrize("limit", [1500, 2000, 4000])
def test_a_large_transfer_is_split_between_outermost_containers(limit):
    (whole,), _ = composed(many(12))
    parts, context = composed(many(12), limit=limit)
    assert not context.findings.errors
    assert 1 < len(parts) <= 2 * len(whole.data) / limit + 1
    assert all(len(part.data) <= limit for part in parts)
    assert sum(part.epcs for part in parts) == whole.epcs == 480
    trees = [etree.fromstring(xml_of(part.data)) for part in parts]
    labels = [node.get("carrierLabel") for tree in trees for node in tree.iter("carrier")]
    assert labels == [label(100 + pallet) for pallet in range(12)]
    assert {tree.findtext("documentNumber") for tree in trees} == {"IRS2026000001"}
    assert len({part.name for part in parts}) == len(parts)


def test_a_shipping_that_names_only_pallets_is_completed_from_earlier_messages():
    earlier = DocumentHierarchy()
    for event in packing():
        earlier.add(event)
    (whole,), _ = composed([*packing(), ship([sscc(1)])])
    made, context = composed([ship([sscc(1)])], hierarchy=earlier)
    assert not context.findings.errors
    assert [submission.data for submission in made] == [whole.data]
    made, context = composed([ship([sscc(1)])])
    assert made == []
    assert "TR-PTS-08" in codes(context)
