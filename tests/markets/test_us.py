"""DSCSA: what every market proves, the check of files, and files composed of a batch's events."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree

import gateway.markets.us
from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration, Location, QuantityElement
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.formats.epcis_xml.read import read
from gateway.markets.us import MARKET, rules
from gateway.markets.us.check import MOST_BYTES, check, check_size
from gateway.markets.us.dscsa import DSCSA
from gateway.sources import Source
from gateway.testing import MarketTests, read_back
from tests.markets.us_story import (
    ADDRESS,
    BUYER,
    DOCK,
    FIXTURES,
    MAKER,
    OTHER,
    PRODUCT,
    SCHEMAS,
    case,
    codes,
    commission,
    composed,
    header,
    pack,
    packing,
    ship,
    sscc,
    story,
    unit,
)

PATTERN = "urn:epc:idpat:sgtin:0399999.001111.*"


class TestUnitedStates(MarketTests):
    market = MARKET
    package = Path(gateway.markets.us.__file__).parent
    schemas = SCHEMAS
    fixtures = FIXTURES

    @pytest.mark.parametrize(("size", "said"), [(-1, []), (0, []), (1, ["US-DSCSA-13"])])
    def test_limit_file_bytes(self, size, said):
        findings = Findings()
        check_size(MOST_BYTES + size, findings)
        assert [each.code for each in findings] == said


def checked(data):
    findings = Findings()
    check(data, findings)
    return findings


def listed(data):
    return re.findall(rb"<epc>([^<]+)</epc>", data)


def test_the_whole_batch_goes_in_a_file_that_its_receiver_takes():
    made, context = composed([*packing(), ship([sscc(1), sscc(2)])])
    (file,) = made
    assert not context.findings.errors
    assert not list(checked(file.data))
    assert file.epcs == 200 + 10 + 2
    events, read = read_back(DSCSA, file.data, "in.xml", {})
    assert not read.findings.errors
    assert [event.type for event in events] == ["ObjectEvent"] * 2 + ["AggregationEvent"] * 10 + ["ObjectEvent"] + [
        "AggregationEvent"
    ] * 2 + ["ObjectEvent"]
    assert {epc for event in events for epc in getattr(event, "epc_list", None) or ()} == {
        *map(unit, range(200)),
        *map(case, range(10)),
        sscc(1),
        sscc(2),
    }


def test_each_buyer_is_told_of_what_he_gets_and_of_nothing_else():
    events = [*packing(8, 2), ship([sscc(1)]), ship([sscc(2)], to=OTHER, order="PO2")]
    events[0].event_id = "urn:uuid:0c1b5c1e-3d3b-4c8c-9f0a-1e2f3a4b5c6d"
    made, context = composed(events)
    first, second = made
    assert set(listed(first.data)) == {each.encode() for each in (*map(unit, range(4)), case(0), case(1), sscc(1))}
    assert set(listed(second.data)) == {each.encode() for each in (*map(unit, range(4, 8)), case(2), case(3), sscc(2))}
    assert b"urn:uuid:0c1b5c1e" not in first.data
    assert [(loss.code, loss.count) for loss in context.losses.summaries.values()] == [("LOSS-US-02", 2)]
    assert not list(checked(first.data))
    assert not list(checked(second.data))


def test_an_event_that_is_told_whole_keeps_its_id_and_its_bytes():
    events = [*packing(4, 2), ship([sscc(1), sscc(2)])]
    events[0].event_id = "urn:uuid:0c1b5c1e-3d3b-4c8c-9f0a-1e2f3a4b5c6d"
    made, context = composed(events)
    assert b"<eventID>urn:uuid:0c1b5c1e" in made[0].data
    assert not context.losses.count


def test_the_same_delivery_has_the_same_bytes_and_instance_identifier_each_time():
    one, other = composed(story())[0], composed(story())[0]
    assert one == other


def test_what_was_unpacked_before_the_shipping_stays_here():
    events = packing(4, 2)
    taken = pack(case(0), [unit(0)], "11:00", action="DELETE", biz_step="unpacking")
    made, context = composed([*events, taken, ship([sscc(1)])])
    assert set(listed(made[0].data)) == {each.encode() for each in (unit(1), case(0), sscc(1))}
    assert codes(context) == ["MARKET-03"]
    assert not list(checked(made[0].data))


def test_a_time_without_zone_is_taken_in_the_zone_of_its_event():
    late = pack(case(0), [unit(0)], "12:30", action="DELETE", biz_step="unpacking")
    made, _ = composed([*packing(4, 2), late, ship([sscc(1)], event_time="2026-11-20T12:00:00")])
    assert unit(0).encode() in listed(made[0].data)


def test_the_shipping_alone_where_the_buyer_takes_that():
    made, context = composed(story(), {"content": "ship"})
    assert not context.findings.errors
    assert listed(made[0].data) == [sscc(1).encode()]
    assert [each.code for each in checked(made[0].data)] == ["US-DSCSA-04"]


def test_what_earlier_messages_commissioned_cannot_be_told_in_full():
    made, _ = composed([ship([sscc(1)])])
    assert [each.code for each in checked(made[0].data)] == ["US-DSCSA-04"]
    made, _ = composed([commission([unit(1)]), ship([unit(1), unit(2)])])
    assert [each.code for each in checked(made[0].data)] == ["US-DSCSA-05"]


@pytest.mark.parametrize(
    ("profile", "authority", "written"),
    [
        ("R1.3", "", b'Authority="GS1">urn:epc:id:sgln:0399999.00001.0<'),
        ("R1.3", "sgln", b'Authority="SGLN">urn:epc:id:sgln:0399999.00001.0<'),
        ("R1.2", "", b'Authority="GLN">0399999000017<'),
        ("R1.2", "gs1", b'Authority="GS1">urn:epc:id:sgln:0399999.00001.0<'),
    ],
)
def test_sender_and_receiver_are_named_as_the_release_or_the_partner_wants(profile, authority, written):
    made, context = composed(story(), {"profile": profile, **({"authority": authority} if authority else {})})
    assert not context.findings.errors
    assert written in made[0].data
    assert (b"guidelineVersion" in made[0].data) == (profile == "R1.3")
    assert not list(checked(made[0].data))


def test_a_party_that_cannot_be_named_so_is_an_error():
    _, context = composed(story(), {"sender": "0399999000017"})
    assert codes(context) == ["US-DSCSA-24"]
    made, context = composed(story(), {"sender": "0399999000017", "authority": "gln"})
    assert b'Authority="GLN">0399999000017<' in made[0].data
    _, context = composed(story(), {"sender": "0399999000018"})
    assert codes(context) == ["US-DSCSA-24"]


@pytest.mark.parametrize("key", ["transaction-statement", "drop-shipment"])
def test_what_only_the_seller_can_say_is_asked_for(key):
    made, context = composed(story(), {key: ""})
    assert not made
    assert codes(context) == ["MARKET-02"]
    assert f"--set {key}=" in next(iter(context.findings)).hint


def test_r12_needs_no_drop_shipment_flag():
    made, context = composed(story(), {"profile": "R1.2", "drop-shipment": ""})
    assert not context.findings.errors
    assert b"dropShipment" not in made[0].data


def test_products_are_described_by_document_setting_or_ilmd_in_this_order():
    text = json.dumps(
        {
            "products": {"00399999011112": {**PRODUCT, "strengthDescription": "of the setting"}},
            "locations": {"0388888000016": {"name": "Buyer", **ADDRESS}},
        }
    )
    made, context = composed(story(), {"master-data": text}, header(without=(PATTERN, BUYER)))
    assert not context.findings.errors
    assert b'strengthDescription">of the setting<' in made[0].data
    assert not list(checked(made[0].data))
    _, context = composed(story(), {}, header(without=(PATTERN, BUYER)))
    assert codes(context) == ["US-DSCSA-06", "US-DSCSA-07"]


def test_a_mapping_can_fill_products_from_columns():
    events = packing(4, 2)
    told = {name: value for name, value in PRODUCT.items() if not name.endswith("TypeCode")}
    events[0].ilmd += [element("urn:example", name, value) for name, value in told.items()]
    made, context = composed([*events, ship([sscc(1)])], {"ndc-type": "FDA_NDC_11"}, header(without=(PATTERN,)))
    assert not context.findings.errors
    assert b">FDA_NDC_11<" in made[0].data
    assert not list(checked(made[0].data))


@pytest.mark.parametrize("text", ["{", "[]", '{"product": {}}', '{"products": {"1": 2}}'])
def test_master_data_that_cannot_be_read_is_an_error(text):
    made, context = composed(story(), {"master-data": text})
    assert not made
    assert "US-DSCSA-23" in codes(context)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"source_list": None}, "US-DSCSA-01"),
        ({"destination_list": None}, "US-DSCSA-01"),
    ],
)
def test_without_seller_or_buyer_nothing_is_told(more, code):
    made, context = composed([*packing(4, 2), ship([sscc(1)], **more)])
    assert not made
    assert code in codes(context)


def test_one_who_sells_to_himself_is_no_change_of_ownership():
    _, context = composed([*packing(4, 2), ship([sscc(1)], to=MAKER)])
    assert codes(context) == ["US-DSCSA-02"]


def test_a_document_without_shipping_is_an_error():
    made, context = composed(packing(4, 2))
    assert not made
    assert codes(context) == ["US-DSCSA-21"]


def test_a_voided_shipping_is_not_told():
    void = ship([sscc(1)], "13:00", biz_step="void_shipping")
    made, context = composed([*packing(8, 2), ship([sscc(1)]), ship([sscc(2)], order="PO2"), void])
    assert len(made) == 1
    assert sscc(1).encode() not in made[0].data
    assert codes(context) == ["MARKET-03"]


def test_a_shipping_of_which_a_part_was_voided_is_for_a_person():
    void = ship([sscc(1)], "13:00", biz_step="void_shipping")
    made, context = composed([*packing(8, 2), ship([sscc(1), sscc(2)]), void])
    assert not made
    assert "US-DSCSA-22" in codes(context)


def test_a_withdrawn_event_counts_not():
    wrong = ship([sscc(1)], event_id="urn:uuid:1")
    withdrawal = ship([sscc(1)], event_id="urn:uuid:1", error_declaration=ErrorDeclaration("2026-11-20T14:00:00Z"))
    made, context = composed([*packing(8, 2), wrong, ship([sscc(2)], order="PO2"), withdrawal])
    assert len(made) == 1
    assert sscc(1).encode() not in made[0].data
    nameless = ship([sscc(1)], error_declaration=ErrorDeclaration("2026-11-20T14:00:00Z"))
    _, context = composed([*story(), nameless])
    assert codes(context) == ["US-DSCSA-26"]


def test_goods_that_are_shipped_twice_are_an_error():
    made, context = composed([*packing(4, 2), ship([sscc(1)]), ship([sscc(1)], "13:00")])
    assert not made
    assert codes(context) == ["US-DSCSA-09"]


def test_a_pack_that_is_listed_beside_its_container_is_shipped_once():
    made, context = composed([*packing(4, 2), ship([unit(0), case(0), sscc(1)])])
    assert not context.findings.errors
    assert not list(checked(made[0].data))
    made, context = composed([*packing(4, 2), ship([sscc(1), case(0), unit(0)])])
    assert not context.findings.errors
    assert not list(checked(made[0].data))


def test_one_instance_identifier_does_not_do_for_several_files():
    events = [*packing(8, 2), ship([sscc(1)]), ship([sscc(2)], order="PO2")]
    _, context = composed(events, {"instance-identifier": "I1"})
    assert codes(context) == ["US-DSCSA-25"]
    made, _ = composed(story(), {"instance-identifier": "I1"})
    assert b"InstanceIdentifier>I1<" in made[0].data


def test_a_place_of_goods_on_their_way_is_a_loss():
    made, context = composed([*packing(4, 2), ship([sscc(1)], biz_location=Location(DOCK))])
    assert [loss.code for loss in context.losses.summaries.values()] == ["LOSS-US-01"]
    assert not list(checked(made[0].data))


def test_quantities_of_an_event_that_is_cut_are_a_loss():
    events = [*packing(8, 2), ship([sscc(1)])]
    events[0].quantity_list = [QuantityElement("urn:epc:class:lgtin:0399999.001111.LOT001", "8")]
    _, context = composed(events)
    assert [loss.code for loss in context.losses.summaries.values()] == ["LOSS-US-03"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"direct-purchase": "true"}, "US-DSCSA-18"),
        ({"direct-purchase": "ENTIRELY_DIRECT"}, "MARKET-02"),
        ({"direct-purchase": "PARTIALLY_DIRECT", "direct-purchase-statement": "x"}, "US-DSCSA-18"),
        ({"direct-purchase": "ENTIRELY_DIRECT", "profile": "R1.2"}, "US-DSCSA-18"),
        ({"received-direct-purchase": "ENTIRELY_DIRECT", "profile": "R1.2"}, "US-DSCSA-18"),
        ({"received-direct-purchase": "ENTIRELY_DIRECT"}, "MARKET-02"),
        ({"transaction-date": "20.11.2026"}, "US-DSCSA-18"),
    ],
)
def test_a_direct_purchase_is_told_in_the_form_of_the_release(settings, code):
    made, context = composed(story(), settings)
    assert not made
    assert code in codes(context)


def test_a_circle_of_containers_is_a_finding():
    events = [*packing(4, 2), pack(case(0), [sscc(1)], "11:00"), ship([sscc(1)])]
    made, context = composed(events)
    assert not made
    assert "HIER-02" in codes(context)


def test_packing_deeper_than_any_real_one_is_an_error():
    tower = [pack(sscc(0), [unit(1)]), *(pack(sscc(number), [sscc(number - 1)]) for number in range(1, 60))]
    made, context = composed([commission([unit(1)]), *tower, ship([sscc(59)])])
    assert not made
    assert codes(context) == ["US-DSCSA-27"]


@pytest.mark.corpora
def test_the_official_example_has_no_fault(corpora):
    example = corpora / "regulators" / "us-dscsa" / "GS1_US_Pharma_Example_2_2_1_1.xml"
    assert not list(checked(example.read_bytes()))


@pytest.mark.corpora
def test_composing_the_official_example_anew_says_the_same(corpora):
    example = corpora / "regulators" / "us-dscsa" / "GS1_US_Pharma_Example_2_2_1_1.xml"
    data = example.read_bytes()
    events, _ = read_back(DSCSA, data, example.name, {})
    settings = {"drop-shipment": "", "instance-identifier": "1100220001", "creation-date": "2023-04-01T08:45:16Z"}
    made, context = composed(events, settings, header_of(data))
    assert not context.findings.errors
    assert texts(made[0].data) == texts(data)


def header_of(data):
    return read(Source.memory(data), Context()).header


def texts(data):
    """Names, attributes and texts of all elements, in order."""
    root = etree.fromstring(data)
    return [
        (node.tag, sorted(node.attrib.items()) if node is not root else [], (node.text or "").strip())
        for node in root.iter()
        if isinstance(node.tag, str)
    ]


def test_every_rule_of_the_market_can_come_up():
    """By a fixture or a test here; a rule that cannot is no rule."""
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "dscsa" / "bad").iterdir()}
    here = set(re.findall(r"US-DSCSA-\d\d", Path(__file__).read_text("utf-8")))
    assert {rule.code for rule in rules.RULES} - fixtures - here == set()


@pytest.mark.corpora
def test_our_schema_and_the_official_one_of_epcis_say_the_same(corpora):
    """On the official example, whole and damaged; the official schema of the guideline's own elements is not public."""
    folder = corpora / "epcis" / "gs1-EPCIS" / "XSL" / "1.2" / "XSD"
    official = etree.XMLSchema(etree.parse(folder / "EPCglobal-epcis-1_2.xsd"))
    ours = etree.XMLSchema(etree.parse(SCHEMAS / "dscsa" / "1" / "all.xsd"))
    data = (corpora / "regulators" / "us-dscsa" / "GS1_US_Pharma_Example_2_2_1_1.xml").read_bytes()
    verdicts = [(ours.validate(mutant), official.validate(mutant)) for mutant in damaged(data)]
    assert len(verdicts) > 300
    assert sum(1 for _, theirs in verdicts if not theirs) > 100
    assert sum(1 for mine, theirs in verdicts if mine != theirs) / len(verdicts) <= 0.01


def damaged(data):
    """The document with each element dropped, doubled, behind its neighbour, or with a text that it cannot have."""
    places = [node for node in etree.fromstring(data).iter() if isinstance(node.tag, str)]
    for number, place in enumerate(places[1:], 1):
        if "gs1us" in place.tag or place.tag == "attribute":
            continue
        for damage in ("drop", "double", "swap", "text"):
            root = etree.fromstring(data)
            node = [each for each in root.iter() if isinstance(each.tag, str)][number]
            parent, after = node.getparent(), node.getnext()
            if damage == "drop":
                parent.remove(node)
            elif damage == "double":
                node.addnext(etree.fromstring(etree.tostring(node)))
            elif damage == "swap" and after is not None:
                after.addnext(node)
            elif damage == "text" and not len(node):
                node.text = "not this"
            yield root
