"""Turkey's ITS: notifications composed of events, golden in both protocols, and a bad case for each rule."""

from __future__ import annotations

import orjson
import pytest
from lxml import etree

from gateway.convert import Request, convert
from gateway.epcis.element import element
from gateway.epcis.events import (
    BizTransaction,
    ErrorDeclaration,
    Party,
    QuantityElement,
    TransactionEvent,
    TransformationEvent,
)
from gateway.errors import UsageError
from gateway.findings import Findings
from gateway.markets.hierarchy import CBV_MDA, DocumentHierarchy
from gateway.markets.tr.its import rules
from gateway.markets.tr.its.message import ITS
from gateway.markets.tr.its.operations import BY_LOCATION, OPERATIONS
from gateway.markets.tr.its.settings import SETTINGS as DECLARED
from gateway.sources import Source
from tests.markets.tr_its_story import GTIN, MADE, SETTINGS, batch, composed, made, step
from tests.markets.tr_story import (
    DESTINATION,
    FIXTURES,
    LGTIN,
    PLACE,
    SOURCE,
    base,
    codes,
    commission,
    pack,
    pack_epc,
    sgln,
    ship,
    sscc,
)

ABROAD = PLACE


def everything():
    """Events for each kind of notification."""
    epcs = [pack_epc(f"SN{number:04}") for number in range(1, 7)]
    return [
        made(epcs[:4]),
        made(epcs[4:], "LOT002", "2028-12-31"),
        pack(sscc(1), [epcs[1], epcs[4]]),
        ship([sscc(1)]),
        step("void_shipping", [epcs[1]]),
        step("receiving", [sscc(1)], "12:00"),
        step("returning", [epcs[2]], "13:00", to=DESTINATION),
        step("destroying", [epcs[3]], "14:00", "DELETE", disposition="damaged"),
        ship([epcs[5]], to=ABROAD),
    ]


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_every_kind_of_notification_is_golden_and_right(golden, protocol):
    events = [event for event in everything() if protocol == "rest" or event.biz_step != "returning"]
    more = {"receiver-fill": "spaces"} if protocol == "soap" else {}
    document = {"document-number": "DOC1", "document-date": "2026-11-20", "export-glns": ABROAD}
    submissions, context = composed(events, document | more, protocol=protocol)
    assert codes(context) == ["MARKET-03"]
    kinds = ["supply", "supply", "dispatch", "dispatchcancel", "accept", "return", "deactivation", "export"]
    assert [each.kind for each in submissions] == [kind for kind in kinds if protocol == "rest" or kind != "return"]
    for number, each in enumerate(submissions):
        suffix = "json" if protocol == "rest" else "xml"
        assert each.name.startswith(f"its-{number + 1:04}-{each.kind}-")
        assert each.name.endswith(f".{suffix}")
        golden(FIXTURES / "its" / "good" / f"{number + 1}-{each.kind}.{suffix}", each.data)
        findings = Findings()
        ITS.check(each.data, findings)
        assert list(findings) == []
    assert [each.data for each in composed(events, document | more, protocol=protocol)[0]] == [
        each.data for each in submissions
    ]


def test_ws_addressing_stands_only_where_the_service_names_it_and_only_when_it_is_asked_for(golden):
    submissions, _ = composed(everything()[:4], protocol="soap", ws_addressing="yes")
    addressed = {each.kind: b"http://www.w3.org/2005/08/addressing" in each.data for each in submissions}
    assert addressed == {"supply": False, "dispatch": True}
    golden(FIXTURES / "its" / "good" / "dispatch-addressed.xml", submissions[-1].data)
    assert submissions[-1].data == composed(everything()[:4], protocol="soap", ws_addressing="yes")[0][-1].data


def test_children_are_unqualified_and_nothing_known_is_nil():
    (supply,), _ = composed([made([pack_epc("SN1")])], protocol="soap")
    root = etree.fromstring(supply.data)[0][0]
    assert root.tag == "{http://its.iegm.gov.tr/bildirim/BR/v1/Uretim}Uretim"
    assert [child.tag for child in root] == ["DT", "MI", "PT", "MD", "GTIN", "XD", "BN", "BELGE", "URUNLER"]
    assert root.find("BELGE").get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


def test_the_paths_of_the_services_are_those_of_their_descriptions():
    known = {each.soap.service.location: kind for kind, each in OPERATIONS.items() if each.soap is not None}
    assert known == BY_LOCATION


def test_production_is_grouped_by_batch_over_events_and_stands_first():
    other = element(CBV_MDA, "productionDate", "2026-10-02")
    events = [
        ship([pack_epc("SN1")]),
        made([pack_epc("SN1"), pack_epc("SN2", "011102")]),
        commission([sscc(9)], "", ""),
        made([pack_epc("SN3")]),
        commission([pack_epc("SN4")], "LOT001", "2028-09-30", other),
    ]
    events[2].ilmd = None
    submissions, context = composed([events[0], *events[1:2], *events[3:]])
    assert not context.findings.errors
    bodies = [orjson.loads(each.data) for each in submissions]
    assert [each.kind for each in submissions] == ["supply", "supply", "supply", "dispatch"]
    assert [body["snlist"] for body in bodies[:3]] == [["SN1", "SN3"], ["SN2"], ["SN4"]]
    assert [body["md"] for body in bodies[:3]] == ["2026-10-01", "2026-10-01", "2026-10-02"]


def test_containers_are_commissioned_without_a_word():
    container = made([sscc(9)])
    container.ilmd = None
    submissions, context = composed([container, made([pack_epc("SN1")])])
    assert [each.epcs for each in submissions] == [1]
    assert codes(context) == []


@pytest.mark.parametrize(("size", "parts"), [(199, [199, 1]), (200, [200]), (201, [200])])
def test_the_batch_size_is_a_setting(size, parts):
    submissions, _ = composed([made([pack_epc(f"SN{number}") for number in range(200)])], batch_size=str(size))
    assert [each.epcs for each in submissions] == parts
    assert [len(orjson.loads(each.data)["snlist"]) for each in submissions] == parts
    assert len({each.name for each in submissions}) == len(parts)


def test_a_pallet_of_an_earlier_message_is_expanded_and_described():
    earlier = DocumentHierarchy()
    for event in batch(4, 2)[:4]:
        earlier.add(event)
    (whole,), context = composed([ship([sscc(1)])], hierarchy=earlier)
    assert not context.findings.errors
    packs = orjson.loads(whole.data)["productList"]
    assert [each["sn"] for each in packs] == ["SN000000", "SN000001", "SN000002", "SN000003"]
    assert packs[0] == {"gtin": packs[0]["gtin"], "bn": "LOT001", "sn": "SN000000", "xd": "2028-09-30"}
    assert composed([ship([sscc(1)])])[0] == []


def test_content_counts_as_of_the_event_and_a_withdrawn_one_does_not_count():
    unpacked = pack(sscc(1), [pack_epc("SN2")])
    unpacked.action, unpacked.event_time = "DELETE", "2026-11-20T10:30:00+03:00"
    events = [
        made([pack_epc("SN1"), pack_epc("SN2")]),
        pack(sscc(1), [pack_epc("SN1"), pack_epc("SN2")]),
        ship([sscc(1)], event_id="e1"),
        unpacked,
        step("void_shipping", [sscc(1)]),
    ]
    submissions, _ = composed(events)
    assert [each.epcs for each in submissions] == [2, 2, 1]
    declared = ship([sscc(1)], event_id="e1", error_declaration=ErrorDeclaration("2026-11-21T00:00:00Z"))
    assert [each.kind for each in composed([*events, declared])[0]] == ["supply", "dispatchcancel"]


def test_a_case_that_is_a_trade_item_is_no_pack():
    case = "urn:epc:id:sgtin:8699999.111101.C1"
    events = [made([pack_epc("SN1"), case]), pack(case, [pack_epc("SN1")]), ship([case])]
    submissions, _ = composed(events)
    assert [(each.kind, each.epcs) for each in submissions] == [("supply", 1), ("dispatch", 1)]


def test_a_transaction_that_names_a_pallet_only_moves_what_is_on_it_and_a_transformation_is_told():
    sale = TransactionEvent(
        **base("10:00"), action="OBSERVE", biz_step="shipping", parent_id=sscc(1), destination_list=parties(DESTINATION)
    )
    changed = TransformationEvent(**base("10:00"), biz_step="commissioning", output_epc_list=[pack_epc("SN9")])
    submissions, context = composed([*one(pack(sscc(1), [pack_epc("SN1")])), sale, changed])
    assert [(each.kind, each.epcs) for each in submissions] == [("supply", 1), ("dispatch", 1)]
    told = [finding.value for finding in context.findings if finding.code == "MARKET-03"]
    assert told == ["packing", "TransformationEvent"]


@pytest.mark.parametrize("kind", ["transfer", "transfercancel"])
def test_transfers_are_notified_when_a_setting_says_so_and_not_by_soap(kind):
    events = one(step("other", [pack_epc("SN1")], to=DESTINATION))
    assert composed(events, notifications=f"other={kind}")[0][-1].kind == kind
    submissions, context = composed(events, notifications=f"other={kind}", protocol="soap")
    assert submissions == []
    assert "TR-ITS-10" in codes(context)


def test_earlier_messages_are_not_asked_about_each_pack_that_is_commissioned():
    class Unasked(DocumentHierarchy):
        def children(self, epc, as_of=""):  # noqa: ARG002 - the signature of all hierarchies
            raise AssertionError(epc)

    submissions, _ = composed(one(), hierarchy=Unasked())
    assert [each.kind for each in submissions] == ["supply"]


def test_settings_and_elements_choose_the_notification():
    sold = step("retail_selling", [pack_epc("SN1")], to=DESTINATION)
    told = ship([pack_epc("SN1")], extensions=[element("urn:v", "itsNotification", "return")])
    back = ship([pack_epc("SN1")], disposition="urn:epcglobal:cbv:disp:returned")
    events = [made([pack_epc("SN1")]), sold, told, back]
    submissions, _ = composed(events, notifications="retail_selling=dispatch")
    assert [each.kind for each in submissions] == ["supply", "dispatch", "return", "return"]


@pytest.mark.parametrize(
    ("disposition", "biz_step", "more", "reason"),
    [
        ("expired", "decommissioning", "", "40"),
        ("urn:epcglobal:cbv:disp:recalled", "destroying", "", "30"),
        ("damaged", "destroying", "", "20"),
        (None, "sampling", "", "10"),
        (None, "sampling", "sampling=60", "60"),
        ("expired", "decommissioning", "expired=50", "50"),
    ],
)
def test_the_reason_of_deactivation_comes_from_the_disposition(disposition, biz_step, more, reason):
    events = [made([pack_epc("SN1")]), step(biz_step, [pack_epc("SN1")], disposition=disposition)]
    submissions, _ = composed(events, deactivation_reasons=more)
    assert orjson.loads(submissions[-1].data)["ds"] == reason


def test_what_an_event_says_comes_before_settings():
    event = commission([pack_epc("SN1")], "L1", "2028-01-01", MADE, element("urn:v", "origin", "imported"))
    (supply,), context = composed([event], production_date="2026-01-01")
    body = orjson.loads(supply.data)
    assert (body["dt"], body["md"]) == ("I", "2026-10-01")
    assert context.losses.count == 0
    plain = commission([pack_epc("SN1")], "L1", "2028-01-01")
    (supply,), _ = composed([plain], production_date="event-date")
    assert orjson.loads(supply.data)["md"] == "2026-11-20"


def test_what_has_no_place_is_listed():
    events = [
        commission([pack_epc("SN1")], "L1", "2028-01-01", MADE, element("urn:v", "colour", "red")),
        pack(sscc(1), [pack_epc("SN1")], child_quantity_list=[QuantityElement(LGTIN, "2")]),
        ship(
            [sscc(1)],
            biz_transaction_list=[BizTransaction("PO1", "po")],
            extensions=[element("urn:v", "truck", "7"), element("urn:v", "documentNumber", "")],
        ),
    ]
    _, context = composed(events)
    losses = {(loss.code, loss.examples[0]) for loss in context.losses.summaries.values()}
    assert losses == {
        ("LOSS-TR-ITS-01", "urn:epc:class:lgtin:8699999.011101.L1 2"),
        ("LOSS-TR-ITS-02", "red"),
        ("LOSS-TR-ITS-03", "po PO1"),
        ("LOSS-TR-ITS-04", "7"),
    }
    assert {code for code, _ in losses} == {rule.code for rule in rules.LOSS_RULES}


def one(*events, serial="SN1"):
    return [made([pack_epc(serial)]), *events]


def parties(*glns):
    return [Party("owning_party", sgln(gln)) for gln in glns]


EXPORTED = ship([pack_epc("SN1")], to=ABROAD)
BAD_STORIES = {
    "TR-ITS-02": (lambda: one(serial="sn-1"), {}),
    "TR-ITS-04": (lambda: one(ship([pack_epc("SN1")], destination_list=[Party("owning_party", sscc(1))])), {}),
    "TR-ITS-05": (lambda: [made([pack_epc("SN1")], "L1", "2026-01-01")], {}),
    "TR-ITS-06": (lambda: [made([pack_epc("SN1")], ""), ship([pack_epc("SN1")])], {}),
    "TR-ITS-07": (lambda: [ship([sscc(1)])], {}),
    "TR-ITS-08": (lambda: [*one(), *one()], {}),
    "TR-ITS-09": (lambda: one(ship([pack_epc("SN1")], destination_list=None)), {}),
    "TR-ITS-10": (lambda: one(step("returning", [pack_epc("SN1")], to=DESTINATION)), {"protocol": "soap"}),
    "TR-ITS-11": (one, {"protocol": "soap", "product-type": "BP"}),
    "TR-ITS-12": (lambda: one(EXPORTED), {"export-glns": ABROAD, "receiver-text": "x" * 101}),
    "TR-ITS-13": (one, {"notifications": "commissioning=praise"}),
    "TR-ITS-14": (lambda: one(step("sampling", [pack_epc("SN1")])), {"deactivation-reasons": "sampling=99"}),
    "TR-ITS-15": (one, {"batch-size": "0"}),
    "TR-ITS-16": (one, {"document-number": "D1"}),
    "TR-ITS-17": (lambda: [pack(sscc(1), [pack_epc("SN1")])], {}),
    "TR-ITS-18": (lambda: one(ship([pack_epc("SN1")], error_declaration=ErrorDeclaration())), {}),
    "TR-ITS-19": (lambda: one(ship([pack_epc("SN1")])), {"destination-gln": SOURCE}),
    "TR-ITS-20": (lambda: one(step("sampling", [pack_epc("SN1")])), {"description": "a\x01b"}),
    "MARKET-02": (one, {"reporter-gln": ""}),
    "MARKET-03": (lambda: [*one(), step("inspecting", [pack_epc("SN1")])], {}),
    "MARKET-04": (one, {"deactivation-reasons": "nonsense"}),
}


@pytest.mark.parametrize("code", BAD_STORIES)
def test_a_bad_story_gives_its_finding_and_no_notification_when_it_is_an_error(code):
    story, settings = BAD_STORIES[code]
    submissions, context = composed(story(), settings)
    assert code in codes(context)
    found = next(finding for finding in context.findings if finding.code == code)
    assert found.severity is next(rule for rule in ITS.rules if rule.code == code).severity
    assert found.hint
    if context.findings.errors or code == "TR-ITS-17":
        assert submissions == []
    else:
        assert submissions


def test_every_rule_has_a_bad_case():
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "its" / "bad").iterdir()}
    assert {rule.code for rule in rules.RULES} - fixtures - set(BAD_STORIES) == set()


@pytest.mark.parametrize("name", ["reporter-gln", "origin", "description", "receiver-text"])
def test_what_is_missing_names_the_setting_once(name):
    events = one(step("sampling", [pack_epc("SN1")]), EXPORTED, EXPORTED)
    _, context = composed(events, {name: "", "export-glns": ABROAD})
    missing = [finding for finding in context.findings if finding.code == "MARKET-02"]
    assert len(missing) == 1
    assert f"--set {name}=" in missing[0].hint
    assert "set:" in missing[0].hint


@pytest.mark.parametrize(("length", "protocol", "good"), [
    (1, "rest", True), (99, "rest", True), (100, "rest", True), (101, "rest", False),
    (99, "soap", False), (100, "soap", True), (101, "soap", False),
])  # fmt: skip
def test_the_text_of_a_receiver_has_its_length(length, protocol, good):
    settings = {"export-glns": ABROAD, "receiver-text": "x" * length, "protocol": protocol}
    submissions, context = composed(one(EXPORTED), settings)
    assert bool(submissions) == good
    assert (codes(context) == []) == good


@pytest.mark.parametrize("serial", ["A", "A" * 20, "0123456789"])
def test_the_longest_serial_number_is_taken(serial):
    submissions, _ = composed(one(serial=serial))
    assert orjson.loads(submissions[0].data)["snlist"] == [serial]


@pytest.mark.parametrize("serial", ["A" * 21, "a", "A.1", "A-1", "A%2F1"])
def test_serial_numbers_that_its_refuses_are_found_early(serial):
    submissions, context = composed(one(serial=serial))
    assert submissions == []
    assert set(codes(context)) <= {"TR-ITS-02", "GS1-SGTIN-01", "GS1-AI-01"} or context.findings.errors


def test_unknown_settings_are_refused_and_all_are_explained():
    with pytest.raises(UsageError):
        composed(one(), {"no-such-setting": "1"})
    assert set(SETTINGS) <= {setting.key for setting in DECLARED}


def test_it_is_a_target_of_a_conversion(tmp_path):
    ilmd = {"lotNumber": "L1", "itemExpirationDate": "2028-01-01", "productionDate": "2026-10-01"}
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-11-20T08:00:00+03:00",
        "eventTimeZoneOffset": "+03:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "epcList": [f"https://id.gs1.org/01/{GTIN}/21/SN1"],
        "ilmd": {f"cbvmda:{name}": value for name, value in ilmd.items()},
    }
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"cbvmda": "urn:epcglobal:cbv:mda:"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T10:00:00Z",
        "epcisBody": {"eventList": [event]},
    }
    text = orjson.dumps(document)
    values = {"reporter-gln": SOURCE, "origin": "made"}
    report = convert(Request(Source.memory(text, "x.jsonld"), to="tr-its", values=values), tmp_path)
    assert (report.exit_code, [str(found) for found in report.findings]) == (0, [])
    (made_file,) = tmp_path.iterdir()
    assert orjson.loads(made_file.read_bytes())["snlist"] == ["SN1"]
