"""EPCIS 1.2 for Masar: three envelopes, the public rules, what is unknown as settings; there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.checks.schema import check_xml
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration, ObjectEvent, Party, QuantityElement, SensorElement
from gateway.errors import InputError
from gateway.findings import Findings, Losses
from gateway.formats.base import Context
from gateway.markets.eg.masar import MASAR, rules, settings
from gateway.markets.eg.masar.compose import compose
from gateway.markets.eg.masar.read import parse, sniff
from gateway.options import Options
from gateway.resources import shipped
from gateway.sources import Source
from gateway.testing import read_back
from tests.markets.test_eg import FIXTURES, OTHER, PLANT, base, commission, containers, pack, pack_epc, sscc

PARTIES = {"sender": "6229999000011", "receiver": "6229999000028"}
GIVEN = {**PARTIES, "creation-date": "2026-11-20T12:00:00Z"}
ENVELOPES = ("bare", "sbd", "soap", "soap-sbd")


def ship(epcs, at="10:00", **more):
    values = {
        **base(at),
        "action": "OBSERVE",
        "biz_step": "shipping",
        "epc_list": epcs,
        "source_list": [Party("owning_party", PLANT)],
        "destination_list": [Party("owning_party", OTHER)],
    }
    return ObjectEvent(**{**values, **more})


def packed(parent, children, at="09:00", **more):
    return pack(parent, children, at, biz_step="packing", **more)


def story():
    """200 packs in 10 cases on 2 pallets, shipped; two come back and one is destroyed, which is not reported."""
    packs = [pack_epc(n) for n in range(200)]
    cases = [sscc(100 + n) for n in range(10)]
    return [
        commission(packs[:100]),
        commission(packs[100:], "LOT002", at="08:10"),
        containers([*cases, sscc(1), sscc(2)]),
        *(packed(case, packs[n * 20 : (n + 1) * 20]) for n, case in enumerate(cases)),
        packed(sscc(1), cases[:5]),
        packed(sscc(2), cases[5:]),
        ship([sscc(1), sscc(2)]),
        ObjectEvent(**base("11:00"), action="OBSERVE", biz_step="receiving", epc_list=packs[:2]),
        ObjectEvent(**base("12:00"), action="DELETE", biz_step="decommissioning", epc_list=packs[:1]),
    ]


def composed(events, given=None, header=None):
    options = Options.check(GIVEN if given is None else given, MASAR.settings)
    context = Context(options=options, losses=Losses(), now="2026-11-20T12:00:00Z")
    return list(compose(Document(header or Header(), iter(events)), context)), context


def codes(context):
    return sorted({finding.code for finding in context.findings})


def checked(data):
    findings = Findings()
    MASAR.check(data, findings)
    return sorted({finding.code for finding in findings})


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_the_story_of_a_batch_comes_out_in_every_envelope_and_back(envelope, golden):
    (made,), context = composed(story(), {**GIVEN, "envelope": envelope})
    assert codes(context) == ["MARKET-03"]
    assert checked(made.data) == []
    golden(FIXTURES / "masar" / "composed" / f"{envelope}.xml", made.data)
    events, read = read_back(MASAR, made.data, "x.xml", {})
    assert not read.findings.errors
    assert len(events) == 16
    assert [event.type for event in events] == ["ObjectEvent"] * 3 + ["AggregationEvent"] * 12 + ["ObjectEvent"]
    assert events[0].epc_list == [pack_epc(n) for n in range(100)]
    assert composed(story(), {**GIVEN, "envelope": envelope})[0] == [made]


def test_envelopes_are_what_they_are_called():
    roots = {}
    for envelope in ENVELOPES:
        (made,), _ = composed(story(), {**GIVEN, "envelope": envelope})
        root = etree.fromstring(made.data)
        path = [etree.QName(root).localname]
        while path[-1] != "EPCISDocument":
            root = root[-1]
            path.append(etree.QName(root).localname)
        roots[envelope] = path
        ids = root.getroottree().findall(".//{*}InstanceIdentifier")
        assert len(ids) == 1
        assert len(ids[0].text) == 36
        official = Findings()
        check_xml(etree.tostring(root), shipped("xsd", "gs1", "epcis", "1.2", "all.xsd"), official)
        assert not official.errors
    assert roots == {
        "bare": ["EPCISDocument"],
        "sbd": ["StandardBusinessDocument", "EPCISDocument"],
        "soap": ["Envelope", "Body", "EPCISDocument"],
        "soap-sbd": ["Envelope", "Body", "StandardBusinessDocument", "EPCISDocument"],
    }


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_the_header_is_read_from_where_it_stands(envelope):
    (made,), _ = composed(story(), {**GIVEN, "envelope": envelope, "instance-identifier": "BATCH-1"})
    header = parse(Source.memory(made.data, "x.xml"), Context()).header
    from gateway.epcis import sbdh

    assert [party.identifier for party in sbdh.senders(header.sbdh)] == [PARTIES["sender"]]
    assert [party.identifier for party in sbdh.receivers(header.sbdh)] == [PARTIES["receiver"]]
    assert sbdh.identification(header.sbdh).instance_identifier == "BATCH-1"


def test_a_file_for_each_step_is_a_setting():
    made, _ = composed(story(), {**GIVEN, "files": "step", "instance-identifier": "B"})
    assert [submission.kind for submission in made] == ["commissioning", "packing", "shipping"]
    assert [checked(submission.data) for submission in made] == [[], [], []]
    assert [b">B-%d<" % n in each.data for n, each in enumerate(made, 1)] == [True] * 3


def test_steps_are_a_setting_and_those_without_a_public_rule_are_said():
    made, context = composed(story(), {**GIVEN, "steps": "commissioning,packing,shipping,receiving"})
    assert codes(context) == ["MARKET-03"]
    assert checked(made[0].data) == ["EG-MASAR-07"]


def test_events_are_put_in_the_order_of_the_steps():
    (made,), _ = composed([ship([sscc(1)]), packed(sscc(1), [pack_epc(1)]), commission([pack_epc(1)])])
    steps = [node.text.rpartition(":")[2] for node in etree.fromstring(made.data).iter("bizStep")]
    assert steps == ["commissioning", "packing", "shipping"]


BAD = {
    "EG-MASAR-03": [commission([pack_epc(1)])],
    "EG-MASAR-04": [commission([pack_epc(1)], lot="")],
    "EG-MASAR-05": [packed(pack_epc(1), [pack_epc(2)])],
    "EG-MASAR-06": [ship([pack_epc(1)], destination_list=None)],
    "EG-MASAR-08": story()[-1:],
    "EG-MASAR-09": [commission([pack_epc(1)], error_declaration=ErrorDeclaration())],
    "EG-MASAR-11": [ship(["urn:epc:id:grai:6229999.00001.1"])],
    "MARKET-02": [commission([pack_epc(1)])],
    "HIER-01": [packed(sscc(1), [pack_epc(1)]), packed(sscc(2), [pack_epc(1)])],
}
ODD = {"EG-MASAR-03": {**GIVEN, "receiver": "6229999000029"}, "MARKET-02": {"sender": PARTIES["sender"]}}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_story_gives_its_finding_and_no_file(code):
    made, context = composed(BAD[code], ODD.get(code))
    assert code in codes(context)
    assert made == []


MORE_BAD = {
    "EG-MASAR-04": [
        commission([pack_epc(1)], action="OBSERVE"),
        commission([pack_epc(1)], expiry=""),
        commission([pack_epc(1)], expiry="30.09.2028"),
    ],
    "EG-MASAR-05": [packed(sscc(1), [pack_epc(1)], action="DELETE"), packed(None, [pack_epc(1)])],
    "EG-MASAR-06": [
        ship([pack_epc(1)], action="ADD"),
        ship([pack_epc(1)], source_list=[Party("possessing_party", PLANT)]),
        ship([pack_epc(1)], source_list=[Party("owning_party", "urn:example:us")]),
    ],
    "EG-MASAR-11": [ship(["urn:epc:id:sscc:6229999.1"]), ship(["https://example.com/a"])],
}


@pytest.mark.parametrize(("code", "index"), [(code, n) for code, some in MORE_BAD.items() for n in range(len(some))])
def test_every_part_of_a_rule_is_tried(code, index):
    made, context = composed([MORE_BAD[code][index]])
    assert (codes(context), made) == ([code], [])


def test_every_rule_has_a_bad_case():
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "masar" / "bad").iterdir()}
    assert {rule.code for rule in rules.RULES} - fixtures - set(BAD) == set()


def test_a_withdrawn_event_is_not_reported():
    wrong = ship([pack_epc(1)], event_id="e1")
    declared = ship([pack_epc(1)], event_id="e1", error_declaration=ErrorDeclaration())
    (made,), _ = composed([commission([pack_epc(1)]), wrong, declared])
    assert made.data.count(b"<bizStep>") == 1


def test_what_epcis_1_2_has_no_place_for_is_left_out_and_listed():
    event = commission([pack_epc(1)], sensor_element_list=[SensorElement(reports=[[("value", "5")]])])
    event.extensions = [element("urn:vendor", "colour", "red")]
    (made,), context = composed([event])
    assert context.losses.count
    assert {summary.outcome for summary in context.losses.summaries.values()} == {"lost"}
    assert b"sensor" not in made.data
    assert b"colour" in made.data  # legal in EPCIS 1.2: kept
    assert {summary.code for summary in context.losses.summaries.values()} <= {rule.code for rule in MASAR.loss_rules}
    assert checked(made.data) == []


def test_amounts_stay():
    event = ship([pack_epc(1)], quantity_list=[QuantityElement("urn:epc:class:lgtin:6229999.011111.L1", "5")])
    (made,), _ = composed([event])
    assert b"<quantity>5</quantity>" in made.data


def test_wrapped_documents_are_recognised_and_bare_ones_are_epcis():
    heads = {}
    for envelope in ENVELOPES:
        (made,), _ = composed(story(), {**GIVEN, "envelope": envelope})
        heads[envelope] = sniff(made.data, "x.xml")
    assert heads["bare"] is None
    assert {heads[name].score for name in ENVELOPES[1:]} == {60}


def test_a_bomb_is_refused_before_it_grows():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert checked(bomb) == ["EG-MASAR-02"]
    with pytest.raises(InputError):
        parse(Source.memory(bomb), Context())


@given(st.binary(max_size=300), st.integers(0, 4000), st.integers(0, 40))
def test_no_bytes_break_the_check(junk, at, cut):
    data = (FIXTURES / "masar" / "good" / "soap-sbd.xml").read_bytes()
    for spoilt in (junk, data[:at] + junk + data[at + cut :]):
        MASAR.check(spoilt, Findings())


def test_settings_say_what_is_unknown():
    assert settings.DEFAULT_STEPS == ("commissioning", "packing", "shipping")
    assert MASAR.grade == "B-"
