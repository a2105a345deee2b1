"""Saudi Arabia's RSD: what every market proves, all rules, limits, requests byte for byte, and requests of events."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

import gateway.markets.sa
from gateway.epcis.element import element
from gateway.epcis.events import ErrorDeclaration, QuantityElement
from gateway.epcis.hierarchy import DocumentHierarchy
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.markets.kit.soap import Service
from gateway.markets.sa import MARKET
from gateway.markets.sa.codes import table
from gateway.markets.sa.compose import _Composer
from gateway.markets.sa.operations import CANCELS, MOST_PRODUCTS, MOST_SERIALS, OPERATIONS, PACKAGE_BYTES, Goods
from gateway.markets.sa.package import check_package
from gateway.markets.sa.rsd import RSD, sniff
from gateway.markets.sa.rules import LOSS_RULES, RULES
from gateway.markets.sa.write import (
    Batch,
    Product,
    batches_xml,
    fields_xml,
    products_xml,
    request_bytes,
    serials_xml,
)
from gateway.options import Options
from gateway.testing import MarketTests
from tests.markets.sa_story import (
    ABROAD,
    DEPOT,
    FIXTURES,
    GLNS,
    GTIN,
    LOCAL,
    PLANT,
    SCHEMAS,
    SISTER,
    STORY,
    checked,
    codes,
    commission,
    composed,
    kinds,
    move,
    pack,
    pack_epc,
    packing,
    request,
    serial,
    sscc,
    story,
)


class TestSa(MarketTests):
    market = MARKET
    package = Path(gateway.markets.sa.__file__).parent
    schemas = SCHEMAS
    fixtures = FIXTURES
    least_good = len(OPERATIONS)
    least_bad = 30

    def test_limit_products(self):
        assert MOST_PRODUCTS == 100_000
        numbers = [f"S{number:06}" for number in range(MOST_PRODUCTS + 1)]
        products = [Product(GTIN, number, "LOT001", "2028-09-30") for number in numbers]
        for count, sizes in ((-1, [99_999]), (0, [100_000]), (1, [100_000, 1])):
            composer = _composer()
            head = f"<TOGLN>{GLNS['depot']}</TOGLN>"
            composer._list(OPERATIONS["dispatch"], head, products[: MOST_PRODUCTS + count])
            made = composer.finish()
            assert [submission.epcs for submission in made] == sizes
            assert [submission.data.count(b"<PRODUCT>") for submission in made] == sizes
        assert checked(made[0].data) == []
        more = made[0].data.replace(b"</PRODUCTLIST>", _listed(made[1]) + b"</PRODUCTLIST>")
        assert checked(more) == ["SA-RSD-09"]

    def test_limit_serials(self):
        assert MOST_SERIALS == 200_000
        numbers = [f"S{number:06}" for number in range(MOST_SERIALS + 1)]
        head = f"<GTIN>{GTIN}</GTIN><XD>2028-09-30</XD><BN>LOT001</BN>"
        for count, sizes in ((-1, [199_999]), (0, [200_000]), (1, [200_000, 1])):
            composer = _composer()
            composer._serials(OPERATIONS["supply"], head, numbers[: MOST_SERIALS + count])
            made = composer.finish()
            assert [submission.data.count(b"<SN>") for submission in made] == sizes
        assert checked(made[0].data) == []
        more = made[0].data.replace(b"</SNREQUESTLIST>", b"<SN>one more</SN></SNREQUESTLIST>")
        assert checked(more) == ["SA-RSD-10"]

    def test_limit_package_bytes(self):
        for size, found in ((PACKAGE_BYTES - 1, []), (PACKAGE_BYTES, []), (PACKAGE_BYTES + 1, ["SA-RSD-21"])):
            findings = Findings()
            check_package(_package(size), findings)
            assert [finding.code for finding in findings] == found


def _composer():
    return _Composer(Context(options=Options.check({}, RSD.settings)), DocumentHierarchy())


def _listed(submission):
    return submission.data.partition(b"<PRODUCTLIST>")[2].partition(b"</PRODUCTLIST>")[0]


def _package(size):
    import base64
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("package.xml", b" " * (size - 120))
    data = packed.getvalue()
    assert len(data) == size
    return base64.b64encode(data).decode()


# Requests, byte for byte.

SEEN = {
    "MD": "2026-11-01",
    "GTIN": GTIN,
    "XD": "2028-09-30",
    "BN": "LOT001",
    "TOGLN": GLNS["depot"],
    "FROMGLN": GLNS["plant"],
    "DISPATCHNOTIFICATIONID": "732162605",
    "DR": "30",
    "EXPLANATION": 'wet < dry & "cold"',
    "COUNTRYCODE": "AE",
    "DOCTORID": "D-1",
    "PRESCRIPTIONID": "R-77",
    "PRESCRIPTIONDATE": "2026-11-25",
    "TRANSFERID": "4711",
    "GETALL": "false",
    "STARTDATE": "2026-11-01",
    "ENDDATE": "2026-11-30",
    "ERRORCODE": "10602",
}
ODD = "!\"%&'()*+,-./:;<=>?"


def _ours_and_zeeps(kind):
    operation = OPERATIONS[kind]
    values = {name: SEEN[name] for name in operation.fields if name in SEEN}
    body = fields_xml(operation, values)
    described = {**values, "GETALL": False} if "GETALL" in values else dict(values)
    if operation.goods is Goods.SERIALS:
        body += serials_xml([ODD, "S2"])
        described["SNREQUESTLIST"] = {"SN": [ODD, "S2"]}
    elif operation.goods is Goods.PRODUCTS:
        body += products_xml([Product(GTIN, "S1", "L<1>", "2028-09-30"), Product(GTIN, ODD)])
        one = {"GTIN": GTIN, "SN": "S1", "BN": "L<1>", "XD": "2028-09-30"}
        described["PRODUCTLIST"] = {"PRODUCT": [one, {"GTIN": GTIN, "SN": ODD}]}
    elif operation.goods is Goods.BATCHES:
        body += batches_xml([Batch(GTIN, "40", "L1", "2028-09-30")], ("GTIN", "QUANTITY", "BN", "XD"))
        described["PRODUCTLIST"] = {"PRODUCT": [{"GTIN": GTIN, "QUANTITY": 40, "BN": "L1", "XD": "2028-09-30"}]}
    elif kind == "package-upload":
        body += "<FILE>UEs=</FILE>"
        described["FILE"] = b"PK"
    return request_bytes(operation, body), Service(operation.description, operation.operation).request(described)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_zeep_builds_the_same_bytes_from_our_service_descriptions(kind):
    ours, zeeps = _ours_and_zeeps(kind)
    assert ours == zeeps
    assert checked(ours) in ([], ["SA-RSD-21"])  # a package of two bytes is none


def test_only_the_root_of_a_request_has_a_namespace():
    root = etree.fromstring(_ours_and_zeeps("dispatch")[0])[0][0]
    assert root.tag == "{http://dtts.sfda.gov.sa/DispatchService}DispatchServiceRequest"
    assert [node.tag for node in root.iter()][1:] == [
        "TOGLN", "PRODUCTLIST", "PRODUCT", "GTIN", "SN", "BN", "XD", "PRODUCT", "GTIN", "SN",
    ]  # fmt: skip


def test_the_table_of_answer_codes_is_whole():
    reasons = table().reasons
    assert len(reasons) == 138
    assert {code for code, reason in reasons.items() if reason.verdict != "rejected"} == {
        "00000", "10201", "10215", "10216",
    }  # fmt: skip
    assert reasons["80509"].retryable
    assert not reasons["11036"].retryable


# From events.


def test_the_story_of_a_batch_is_golden(golden):
    made, context = composed(story(), STORY)
    assert codes(context) == []
    assert kinds(made) == ["supply", "dispatch", "accept", "return", "accept", "deactivation"]
    assert [submission.epcs for submission in made] == [200, 200, 200, 2, 2, 1]
    for number, submission in enumerate(made, 1):
        assert checked(submission.data) == []
        golden(FIXTURES / "rsd" / "composed" / f"{number}-{submission.kind}.xml", submission.data)
    assert composed(story(), STORY)[0] == made


def test_more_packs_than_a_request_takes_come_out_as_several(monkeypatch):
    from gateway.markets.sa import compose as composing

    monkeypatch.setattr(composing, "MOST_PRODUCTS", 3)
    monkeypatch.setattr(composing, "MOST_SERIALS", 5)
    packs = [pack_epc(number) for number in range(7)]
    made, _ = composed([commission(packs), move("shipping", packs)])
    assert [(each.kind, each.epcs) for each in made] == [
        ("supply", 5), ("supply", 2), ("dispatch", 3), ("dispatch", 3), ("dispatch", 1),
    ]  # fmt: skip
    told = [node.text for each in made[2:] for node in request(each).iter("SN")]
    assert told == [serial(number) for number in range(7)]


def test_who_reports_leaves_out_what_others_did():
    made, context = composed(story(), {**STORY, "reporter": GLNS["plant"]})
    assert kinds(made) == ["supply", "dispatch", "accept", "deactivation"]
    assert codes(context) == ["MARKET-03"]


def test_supply_is_one_request_for_each_lot():
    more = [
        commission([pack_epc(3)], "LOT002"),
        commission([pack_epc(4)]),
        commission([pack_epc(5)], made="2026-11-02"),
    ]
    made, _ = composed([commission([pack_epc(1), pack_epc(2), sscc(1)]), *more])
    found = [(request(s).findtext("BN"), request(s).findtext("MD"), len(request(s).findall(".//SN"))) for s in made]
    assert found == [
        ("LOT001", "2026-11-01", 2), ("LOT002", "2026-11-01", 1), ("LOT001", "2026-11-01", 1),
        ("LOT001", "2026-11-02", 1),
    ]  # fmt: skip


def test_an_importer_reports_what_it_receives_from_abroad():
    made, context = composed(
        [
            commission([pack_epc(1)], country="DE"),
            pack(sscc(1), [pack_epc(1)]),
            move("receiving", [sscc(1)], source=ABROAD),
        ],
        {"import-from": GLNS["abroad"]},
    )
    assert kinds(made) == ["import"]
    assert codes(context) == ["MARKET-03"]
    assert [node.text for node in request(made[0])[:4]] == ["2026-11-01", GTIN, "2028-09-30", "LOT001"]


MOVES = [
    (move("shipping", [pack_epc(1)]), {}, "dispatch"),
    (move("shipping", [pack_epc(1)], disposition="returned"), {}, "return"),
    (move("shipping", [pack_epc(1)], to=SISTER), {"own-glns": f"{GLNS['plant']}, {GLNS['sister']}"}, "transfer"),
    (move("shipping", [pack_epc(1)], to=ABROAD), {"export-to": f"{GLNS['abroad']}=AE"}, "export"),
    (move("shipping", [pack_epc(1)], elements=[("COUNTRYCODE", "AE")]), {}, "export"),
    (move("receiving", [pack_epc(1)]), {}, "accept"),
    (move("receiving", [pack_epc(1)]), {"dispatch-notification-id": "7"}, "accept-dispatch"),
    (move("receiving", [pack_epc(1)], elements=[("DISPATCHNOTIFICATIONID", "7")]), {}, "accept-dispatch"),
    (move("dispensing", [pack_epc(1)]), {"operations": "dispensing=consume"}, "consume"),
    (
        move("dispensing", [pack_epc(1)], to="", elements=[("TOGLN", "0" * 13), ("PRESCRIPTIONID", "R1")]),
        {"operations": "dispensing=pharmacy-sale", "prescription-date": "2026-11-25"},
        "pharmacy-sale",
    ),
    (move("holding", [pack_epc(1)], elements=[("rsdOperation", "consume")]), {}, "consume"),
    (move("destroying", [pack_epc(1)], disposition="expired"), {"explanation": "old"}, "deactivation"),
    (
        move("decommissioning", [pack_epc(1)]),
        {"explanation": "x", "deactivation-reasons": "decommissioning=70"},
        "deactivation",
    ),
    (move("void_shipping", [pack_epc(1)]), {}, "dispatch-cancel"),
    (move("void_shipping", [pack_epc(1)], to=ABROAD), {"export-to": f"{GLNS['abroad']}=AE"}, "export-cancel"),
    (move("shipping", [pack_epc(1)], event_id="e", error_declaration=ErrorDeclaration()), {}, "dispatch-cancel"),
    (commission([pack_epc(1)], event_id="e", error_declaration=ErrorDeclaration()), LOCAL, "supply-cancel"),
    (
        move("decommissioning", [pack_epc(1)], event_id="e", error_declaration=ErrorDeclaration()),
        {},
        "deactivation-cancel",
    ),
    (move("receiving", [pack_epc(1)], source=ABROAD, event_id="e", error_declaration=ErrorDeclaration()),
     {"import-from": GLNS["abroad"]}, "import-cancel"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "settings", "kind"), MOVES)
def test_an_event_becomes_its_operation(event, settings, kind):
    made, context = composed([event], settings)
    assert codes(context) == []
    assert kinds(made) == [kind]
    assert checked(made[0].data) == []
    names = [node.tag for node in request(made[0])]
    assert [name for name in names if name not in ("PRODUCTLIST", "SNREQUESTLIST")] == [
        name for name in OPERATIONS[kind].fields if name in names
    ]


def test_every_composed_operation_is_tried():
    tried = {kind for _, _, kind in MOVES} | {"supply", "import"} | {kind for _, _, kind in AMOUNTS}
    cancels = {"transfer-cancel", "pharmacy-sale-cancel", "consume-cancel", "transfer-batch-cancel"}
    from gateway.markets.sa.operations import COMPOSED

    assert set(COMPOSED) - tried == cancels
    for kind in cancels:
        made, context = composed([move("holding", [pack_epc(1)], elements=[("rsdOperation", kind), *NEEDED])], {})
        assert (kinds(made), codes(context)) == (([kind], []) if "batch" not in kind else ([], ["SA-RSD-17"]))


NEEDED = [("PRESCRIPTIONID", "R1")]
LGTIN = "urn:epc:class:lgtin:6281000.011111.LOT001"
EXPIRY = {"expiry-dates": "LOT001=2028-09-30"}
AMOUNTS = [
    (move("shipping", None), {}, "dispatch-batch"),
    (move("void_shipping", None), {}, "dispatch-batch-cancel"),
    (move("receiving", None), {}, "accept-batch"),
    (move("shipping", None, disposition="returned"), {}, "return-batch"),
    (move("shipping", None, to=SISTER), {"own-glns": f"{GLNS['plant']},{GLNS['sister']}"}, "transfer-batch"),
]


@pytest.mark.parametrize(("event", "settings", "kind"), AMOUNTS)
def test_amounts_become_batch_operations(event, settings, kind):
    event.quantity_list = [QuantityElement(LGTIN, "40")]
    made, context = composed([event], {**settings, **EXPIRY})
    assert (kinds(made), codes(context)) == ([kind], [])
    assert checked(made[0].data) == []
    row = request(made[0]).find("PRODUCTLIST/PRODUCT")
    assert [(node.tag, node.text) for node in row] == [
        ("GTIN", GTIN), ("QUANTITY", "40"), ("BN", "LOT001"), ("XD", "2028-09-30"),
    ]  # fmt: skip
    assert made[0].epcs == 40


def test_orders_on_which_sources_differ_are_settings():
    made, _ = composed([commission([pack_epc(1)])], {**LOCAL, "supply-order": "GTIN,BN,MD,XD"})
    assert [node.tag for node in request(made[0])] == ["GTIN", "BN", "MD", "XD", "SNREQUESTLIST"]
    assert checked(made[0].data) == []
    event = move("shipping", None, quantity_list=[QuantityElement(LGTIN, "40")])
    made, _ = composed([event], {**EXPIRY, "batch-order": "GTIN, BN, XD, QUANTITY"})
    assert [node.tag for node in request(made[0]).find(".//PRODUCT")] == ["GTIN", "BN", "XD", "QUANTITY"]
    assert checked(made[0].data) == []


def test_a_pallet_is_expanded_by_what_earlier_messages_told():
    earlier = DocumentHierarchy()
    for event in packing():
        earlier.add(event)
    made, context = composed([move("shipping", [sscc(1), pack_epc(199)])], {}, earlier)
    assert codes(context) == []
    assert [node.text for node in request(made[0]).iter("SN")] == [serial(n) for n in (*range(100), 199)]
    assert {node.text for node in request(made[0]).iter("BN")} == {"LOT001"}


def test_of_a_list_of_pallets_and_their_packs_each_pack_is_told_once():
    made, context = composed([*packing(), move("shipping", [sscc(1), sscc(100), pack_epc(0)])])
    assert codes(context) == []
    assert made[1].epcs == 100


BAD = {
    "SA-RSD-03": [commission([pack_epc(1)], "L")],
    "SA-RSD-04": [commission(["urn:epc:id:sgtin:6281000.011111.1"])],
    "SA-RSD-05": [move("shipping", [pack_epc(1)])],
    "SA-RSD-06": [commission([pack_epc(1)], expiry="30.09.2028")],
    "SA-RSD-07": [commission([pack_epc(1)], expiry="2033-11-02")],
    "SA-RSD-08": [move("shipping", [pack_epc(1), pack_epc(1)])],
    "SA-RSD-12": [move("destroying", [pack_epc(1)], disposition="expired", elements=[("EXPLANATION", "a\x01")])],
    "SA-RSD-14": [move("dispensing", [pack_epc(1)])],
    "SA-RSD-15": [commission([pack_epc(1)], lot="")],
    "SA-RSD-16": [move("shipping", ["urn:epc:id:grai:6281000.00001.1"])],
    "SA-RSD-17": [pack(sscc(1), [pack_epc(1)])],
    "SA-RSD-18": [move("void_shipping", [pack_epc(1)], disposition="returned")],
    "SA-RSD-19": [commission([pack_epc(1)], error_declaration=ErrorDeclaration())],
    "SA-RSD-20": [move("shipping", [sscc(1)])],
    "SA-RSD-22": [commission([pack_epc(1)])],
    "SA-RSD-23": [move("shipping", None, quantity_list=[QuantityElement(LGTIN, "1.5")])],
    "MARKET-02": [move("destroying", [pack_epc(1)])],
    "MARKET-03": [move("holding", [pack_epc(1)])],
    "MARKET-04": [commission([pack_epc(1)])],
    "HIER-01": [pack(sscc(1), [pack_epc(1)]), pack(sscc(2), [pack_epc(1)]), move("shipping", [sscc(1)])],
}
ODD_SETTINGS = {
    "SA-RSD-05": {"own-glns": "6281000000015"},
    "SA-RSD-22": {"supply-order": "GTIN,XD,BN"},
    "MARKET-04": {"operations": "commissioning"},
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_story_gives_its_finding_and_no_file(code):
    made, context = composed(BAD[code], {**LOCAL, **ODD_SETTINGS.get(code, {})})
    assert code in codes(context)
    assert made == []


def test_every_rule_has_a_bad_case():
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "rsd" / "bad").iterdir()}
    elsewhere = {"SA-RSD-09", "SA-RSD-10", "SA-RSD-24", "SA-RSD-25"}  # limits, and reading of replies
    assert {rule.code for rule in RULES} - fixtures - set(BAD) - elsewhere == set()


def test_what_is_missing_is_asked_for_by_name():
    events = [
        commission([pack_epc(1)]),
        move("shipping", [pack_epc(1)], to=""),
        move("receiving", [pack_epc(1)], source=""),
        move("destroying", [pack_epc(1)]),
    ]
    _, context = composed(events, {})
    found = {finding.expected: finding.hint for finding in context.findings if finding.code == "MARKET-02"}
    assert set(found) == {"country of origin", "TOGLN", "FROMGLN", "DR", "EXPLANATION"}
    assert "--set to-gln=" in found["TOGLN"]
    made, context = composed(events[:3], {**LOCAL, "to-gln": GLNS["depot"], "from-gln": GLNS["plant"]})
    assert (kinds(made), codes(context)) == (["supply", "dispatch", "accept"], [])


def test_a_withdrawn_event_is_not_reported():
    wrong = move("shipping", [pack_epc(1)], event_id="e1")
    declared = move("shipping", [pack_epc(1)], event_id="e1", error_declaration=ErrorDeclaration())
    made, _ = composed([commission([pack_epc(1)]), wrong, declared])
    assert kinds(made) == ["supply"]


def test_amounts_without_a_batch_operation_are_listed_as_lost():
    event = commission([pack_epc(1)], quantity_list=[QuantityElement(LGTIN, "5")])
    made, context = composed([event])
    assert kinds(made) == ["supply"]
    assert {summary.code for summary in context.losses.summaries.values()} == {rule.code for rule in LOSS_RULES}


def test_the_vendor_attribute_country_comes_before_the_setting():
    event = commission([pack_epc(1)])
    event.ilmd = [*event.ilmd, element("urn:vendor", "countryOfOrigin", "sa")]
    made, _ = composed([event], {"origin": "DE"})
    assert kinds(made) == ["supply"]


def test_requests_are_recognised_by_their_namespace():
    data = (FIXTURES / "rsd" / "good" / "supply.xml").read_bytes()
    assert sniff(data, "x.xml").score == 95
    assert sniff(data.replace(b"dtts.sfda", b"dtts.other"), "x.xml") is None


def test_cancels_are_known():
    assert set(CANCELS) == {
        "supply", "import", "dispatch", "dispatch-batch", "transfer", "transfer-batch", "pharmacy-sale", "consume",
        "deactivation", "export",
    }  # fmt: skip
    assert RSD.grade == "B"
    assert PLANT != DEPOT


# Packages.

CREATED = {"content": "package", "creation-date": "2026-11-20T12:00:00Z"}


def test_a_document_becomes_a_package_for_its_receiver():
    import base64
    import io
    import zipfile

    from gateway.checks.schema import check_xml
    from gateway.resources import shipped

    made, context = composed([*packing(), move("shipping", [sscc(1), sscc(2)])], CREATED)
    assert codes(context) == []
    assert kinds(made) == ["package-upload"]
    assert checked(made[0].data) == []
    assert request(made[0]).findtext("TOGLN") == GLNS["depot"]
    packed = base64.b64decode(request(made[0]).findtext("FILE"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        (name,) = archive.namelist()
        findings = Findings()
        check_xml(archive.read(name), shipped("xsd", "gs1", "epcis", "1.2", "all.xsd"), findings)
        assert not findings.errors
        assert archive.read(name).count(b"<epc>") == 200 + 200 + 10 + 2
    assert composed([*packing(), move("shipping", [sscc(1), sscc(2)])], CREATED)[0] == made


def test_a_package_needs_one_receiver():
    two = [move("shipping", [pack_epc(1)]), move("shipping", [pack_epc(2)], to=ABROAD)]
    made, context = composed(two, CREATED)
    assert (made, codes(context)) == ([], ["SA-RSD-05"])
    assert codes(composed([], {**CREATED, "to-gln": GLNS["depot"]})[1]) == ["SA-RSD-17"]
    made, _ = composed(two, {**CREATED, "to-gln": GLNS["abroad"]})
    assert request(made[0]).findtext("TOGLN") == GLNS["abroad"]
    assert (composed(packing(), CREATED)[0], codes(composed(packing(), CREATED)[1])) == ([], ["MARKET-02"])
    assert codes(composed([], CREATED)[1]) == ["MARKET-02"]


def test_a_reporter_that_is_no_gln_is_refused():
    made, context = composed(story(), {**STORY, "reporter": "6281000000015"})
    assert made == []
    assert "SA-RSD-05" in codes(context)
