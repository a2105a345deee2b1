"""Turkey's PTS: what every market proves, the golden transfer, limits, and a bad case for every rule."""

from __future__ import annotations

import copy
import io
import random
import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree

import gateway.markets.tr
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import (
    AggregationEvent,
    BizTransaction,
    ErrorDeclaration,
    Location,
    ObjectEvent,
    Party,
    QuantityElement,
)
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings, Losses
from gateway.formats.base import Context, Limits
from gateway.gs1.check_digit import append
from gateway.markets.hierarchy import CBV_MDA
from gateway.markets.tr import MARKET
from gateway.markets.tr.check import check_limited
from gateway.markets.tr.compose import compose_limited
from gateway.markets.tr.pts import PACKAGE_BYTES, PTS
from gateway.markets.tr.read import unzip
from gateway.markets.tr.rules import LOSS_RULES, RULES
from gateway.markets.tr.write import package_bytes
from gateway.options import Options
from gateway.resources import shipped
from gateway.testing import MarketTests, read_back

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "tr"
SCHEMAS = shipped("xsd", "tr")
SOURCE, DESTINATION, PLACE = "8699999000010", "8699999000027", "8699999000034"
PARTIES = {"source-gln": SOURCE, "destination-gln": DESTINATION}
LGTIN = "urn:epc:class:lgtin:8699999.011101.L1"
TIME = {"event-time": "2026-11-20T09:30:00+03:00"}


class TestTr(MarketTests):
    market = MARKET
    package = Path(gateway.markets.tr.__file__).parent
    schemas = SCHEMAS
    fixtures = FIXTURES
    least_good = 2
    least_bad = 27

    def submission(self, path):
        return package_bytes(path.read_bytes(), path.name)

    def test_limit_package_bytes(self):
        """Composed at limit - 1, limit and limit + 1; and checked at them."""
        (whole,), _ = composed(story())
        size = len(whole.data)
        for limit, packages in ((size + 1, 1), (size, 1), (size - 1, 2)):
            made, context = composed(story(), limit=limit)
            assert len(made) == packages
            assert not context.findings.errors
            findings = Findings()
            check_limited(whole.data, findings, limit)
            assert [finding.code for finding in findings] == (["TR-PTS-03"] if limit < size else [])
        assert PACKAGE_BYTES.value == 10_000_000


def pack_epc(serial: str, item: str = "011101") -> str:
    return f"urn:epc:id:sgtin:8699999.{item}.{serial}"


def sscc(number: int) -> str:
    return f"urn:epc:id:sscc:8699999.1{number:09}"


def label(number: int) -> str:
    return "00" + append(f"18699999{number:09}")


def sgln(gln: str) -> str:
    return f"urn:epc:id:sgln:{gln[:7]}.{gln[7:12]}.0"


def base(at: str = "08:00") -> dict:
    return {"event_time": f"2026-11-20T{at}:00+03:00", "event_time_zone_offset": "+03:00"}


def commission(epcs, lot="LOT001", expiry="2028-09-30", *more, **fields):
    ilmd = [element(CBV_MDA, "lotNumber", lot), element(CBV_MDA, "itemExpirationDate", expiry), *more]
    ilmd = [found for found in ilmd if found.text]
    return ObjectEvent(**base(), action="ADD", biz_step="commissioning", epc_list=epcs, ilmd=ilmd, **fields)


def pack(parent, children, **fields):
    return AggregationEvent(**base("09:00"), action="ADD", parent_id=parent, child_epcs=children, **fields)


def ship(epcs, note="urn:epcglobal:cbv:bt:8699999000010:IRS2026000001", to=DESTINATION, **fields):
    values = {
        **base("10:00"),
        "action": "OBSERVE",
        "biz_step": "urn:epcglobal:cbv:bizstep:shipping",
        "epc_list": epcs,
        "source_list": [Party("urn:epcglobal:cbv:sdt:owning_party", sgln(SOURCE))],
        "destination_list": [
            Party("owning_party", f"https://id.gs1.org/417/{to}"),
            Party("https://ref.gs1.org/cbv/SDT-location", sgln(PLACE)),
        ],
        "biz_transaction_list": [BizTransaction(note, "urn:epcglobal:cbv:btt:desadv")] if note else None,
    }
    return ObjectEvent(**{**values, **fields})


def packing():
    """Pallet 1 of cases 11 and 12 (two lots), pallet 2 of case 21 with a loose pack beside it."""
    made = element(CBV_MDA, "productionDate", "2026-10-01")
    return [
        commission([pack_epc(f"SN{n:04}") for n in range(1, 6)], "LOT001", "2028-09-30", made),
        commission([pack_epc(f"SN{n:04}") for n in range(6, 9)], "LOT002", "2028-12-31"),
        pack(sscc(11), [pack_epc("SN0002"), pack_epc("SN0006"), pack_epc("SN0001")]),
        pack(sscc(12), [pack_epc("SN0003"), pack_epc("SN0007")]),
        pack(sscc(21), [pack_epc("SN0004"), pack_epc("SN0008")]),
        pack(sscc(1), [sscc(12), sscc(11)]),
        pack(sscc(2), [sscc(21), pack_epc("SN0005")]),
    ]


def story():
    return [*packing(), ship([sscc(1)]), ship([sscc(2)])]


def composed(events, settings=None, limit=PACKAGE_BYTES.value):
    context = Context(options=Options.check(settings or {}, PTS.settings), losses=Losses())
    return list(compose_limited(Document(Header(), iter(events)), context, limit)), context


def xml_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        (name,) = package.namelist()
        return package.read(name)


def codes(context):
    return sorted({finding.code for finding in context.findings})


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


def end(step, epc, at, action="OBSERVE"):
    return ObjectEvent(**base(at), action=action, biz_step=step, epc_list=[epc])


def one(*events, **more):
    """A case with one pack, and more events."""
    return [commission([pack_epc("SN0001")]), pack(sscc(9), [pack_epc("SN0001")]), *events]


def lot_case(**values):
    return [commission([pack_epc("SN0001")], **values), pack(sscc(9), [pack_epc("SN0001")]), ship([sscc(9)])]


BAD_STORIES = {
    "TR-PTS-03": lambda: one(ship([sscc(9)])),
    "TR-PTS-04": lambda: one(ship([sscc(9)], source_list=None)),
    "TR-PTS-05": lambda: one(
        ship([sscc(9)], source_list=[Party("owning_party", "urn:epc:id:sscc:8699999.1000000001")])
    ),
    "TR-PTS-06": lambda: [
        *one(),
        pack("urn:epc:id:grai:8699999.00001.1", [sscc(9)]),
        ship(["urn:epc:id:grai:8699999.00001.1"]),
    ],
    "TR-PTS-07": lambda: one(ship([pack_epc("SN0001")])),
    "TR-PTS-08": lambda: [ship([sscc(9)])],
    "TR-PTS-09": lambda: lot_case(lot=""),
    "TR-PTS-10": lambda: lot_case(lot="lot-1"),
    "TR-PTS-12": lambda: lot_case(expiry="280930"),
    "TR-PTS-13": lambda: one(ship([sscc(9)]), ship([sscc(9)], "OTHER")),
    "TR-PTS-14": lambda: one(end("decommissioning", pack_epc("SN0001"), "09:30", "DELETE"), ship([sscc(9)])),
    "TR-PTS-15": lambda: one(ship([sscc(9)], "")),
    "TR-PTS-16": lambda: one(ship([sscc(9)], "urn:example:unreadable")),
    "TR-PTS-17": lambda: one(ship([sscc(9)])),
    "TR-PTS-18": lambda: one(ship([sscc(9)])),
    "TR-PTS-19": lambda: [commission([sscc(9)])],
    "TR-PTS-20": lambda: one(ship([sscc(9)])),
    "TR-PTS-22": lambda: one(ship([sscc(9)])),
    "TR-PTS-23": lambda: [pack(sscc(9), ["urn:epc:id:giai:8699999.1"]), ship([sscc(9)])],
    "TR-PTS-24": lambda: one(
        ship([sscc(9)], source_list=[Party("owning_party", sgln(SOURCE)), Party("owning_party", sgln(DESTINATION))])
    ),
    "TR-PTS-25": lambda: [
        commission([pack_epc("SN0001")], "L1", "2026-01-01", element(CBV_MDA, "productionDate", "2026-10-01")),
        pack(sscc(9), [pack_epc("SN0001")]),
        ship([sscc(9)]),
    ],
    "TR-PTS-27": lambda: one(ship([sscc(9)])),
    "TR-PTS-29": lambda: one(ship([sscc(9)], error_declaration=ErrorDeclaration())),
    "GS1-SSCC-01": None,
    "HIER-01": lambda: one(pack(sscc(8), [pack_epc("SN0001")]), ship([sscc(8)])),
    "HIER-02": lambda: one(pack(sscc(8), [sscc(9)]), pack(sscc(9), [sscc(8)]), ship([sscc(8)])),
}
SETTINGS = {
    "TR-PTS-17": {"action-type": "SALE"},
    "TR-PTS-18": {"container-types": "PALLET"},
    "TR-PTS-20": {"note": "\x01"},
    "TR-PTS-22": {"source-gln": DESTINATION},
}
del BAD_STORIES["GS1-SSCC-01"]


@pytest.mark.parametrize("code", BAD_STORIES)
def test_a_bad_story_gives_its_finding_and_no_package_when_it_is_an_error(code):
    limit = 10 if code == "TR-PTS-03" else PACKAGE_BYTES.value
    made, context = composed(BAD_STORIES[code](), SETTINGS.get(code), limit)
    assert code in codes(context)
    assert (made == []) == bool(context.findings.errors)
    rule = next(rule for rule in PTS.rules if rule.code == code)
    found = next(finding for finding in context.findings if finding.code == code)
    assert found.severity is rule.severity
    assert found.hint


def test_every_rule_has_a_bad_case():
    read = {"TR-PTS-02", "TR-PTS-21", "TR-PTS-30"}  # tested below
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "pts" / "bad").iterdir()}
    assert {rule.code for rule in RULES} - fixtures - set(BAD_STORIES) - read == set()


def test_a_voided_shipping_is_refused():
    _, context = composed(one(ship([sscc(9)]), end("void_shipping", sscc(9), "11:00")))
    assert "TR-PTS-14" in codes(context)


def test_a_missing_party_names_the_setting():
    _, context = composed(one(ship([sscc(9)], source_list=None)))
    (found,) = [finding for finding in context.findings if finding.code == "TR-PTS-04"]
    assert "--set source-gln=" in found.hint
    assert "set:" in found.hint
    assert "owning_party" in found.hint


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


@pytest.mark.parametrize(
    "name", ["good/pallet.xml", "good/minimal.xml", "composed/transfer1.xml", "composed/transfer2.xml"]
)
def test_a_transfer_comes_back_from_epcis_as_it_was(name):
    xml = (FIXTURES / "pts" / name).read_bytes()
    events, context = read_back(PTS, package_bytes(xml, "x.xml"), "x.zip", TIME)
    assert not context.findings.errors
    (made,), context = composed(events)
    assert not context.findings.errors
    assert context.losses.count == 0
    again = etree.fromstring(xml_of(made.data))
    for node in again.iter():
        if node.tag == "carrier" and name == "good/minimal.xml":
            node.attrib.pop("containerType")  # absent there, derived here

    def plain(node):
        return node.tag, dict(node.attrib), (node.text or "").strip(), [plain(child) for child in node]

    assert plain(again) == plain(etree.fromstring(xml))


def test_parsing_gives_aggregations_innermost_first_then_the_shipping():
    xml = (FIXTURES / "pts" / "good" / "pallet.xml").read_bytes()
    events, _ = read_back(PTS, xml, "x.xml", TIME | {"time-zone": "Europe/London", "read-point": "urn:x"})
    link = "https://id.gs1.org"
    assert [(event.parent_id, event.child_epcs) for event in events[:3]] == [
        (f"{link}/00/186999990000000024", [
            f"{link}/01/08699999111013/21/SN0001",
            f"{link}/01/08699999111013/21/SN0002",
            f"{link}/01/08699999111020/21/SN0001",
        ]),
        (f"{link}/00/186999990000000031", [f"{link}/01/08699999111013/21/SN0003"]),
        (f"{link}/00/186999990000000017", [f"{link}/00/186999990000000024", f"{link}/00/186999990000000031"]),
    ]  # fmt: skip
    shipping = events[3]
    assert shipping.epc_list == [f"{link}/00/186999990000000017"]
    assert shipping.source_list == [Party("urn:epcglobal:cbv:sdt:owning_party", f"{link}/414/{SOURCE}")]
    assert [party.id[-13:] for party in shipping.destination_list] == [DESTINATION, PLACE]
    assert shipping.biz_transaction_list == [
        BizTransaction(f"urn:epcglobal:cbv:bt:{SOURCE}:IRS2026000001", "urn:epcglobal:cbv:btt:desadv")
    ]
    assert {(event.event_time, event.event_time_zone_offset) for event in events} == {
        ("2026-11-20T09:30:00+03:00", "+00:00")
    }
    assert {event.read_point.id for event in events} == {"urn:x"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"event-time": "yesterday"}, {"event-time": "2026-11-20T09:30:00"}, TIME | {"time-zone": "Nowhere"}],
)
def test_parsing_without_a_time_is_refused(settings):
    with pytest.raises(InputError) as caught:
        read_back(PTS, (FIXTURES / "pts" / "good" / "minimal.xml").read_bytes(), "x.xml", settings)
    assert caught.value.finding.code == "TR-PTS-21"


def test_other_spellings_are_read_and_told():
    xml = (FIXTURES / "pts" / "bad" / "TR-PTS-18--container-in-words.xml").read_bytes()
    events, context = read_back(PTS, xml.replace(b">S<", b">SALE<"), "x.xml", TIME)
    assert codes(context) == ["TR-PTS-17", "TR-PTS-18"]
    assert not context.findings.errors
    assert events[2].extensions[0].text == "P"
    assert events[3].extensions[0].text == "S"


def zipped(*files, password=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files:
            package.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    data = bytearray(out.getvalue())
    if password:
        data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        zipped(),
        zipped(("a.xml", b"<transfer/>"), ("b.xml", b"<transfer/>")),
        zipped(("a.txt", b"<transfer/>")),
        zipped(("a.xml", b"<transfer/>"), password=True),
        zipped(("a.xml", b"<transfer/>" * 100))[:60],
        b"PK\x03\x04",
    ],
    ids=["empty", "two files", "no XML name", "password", "cut", "four bytes"],
)
def test_a_zip_file_that_is_no_package_is_refused(data):
    findings = Findings()
    PTS.check(data, findings)
    assert [finding.code for finding in findings] == ["TR-PTS-02"]


def test_a_zip_bomb_is_refused():
    with pytest.raises(LimitExceeded) as caught:
        unzip(zipped(("a.xml", b" " * 20_000_000)), Limits())
    assert caught.value.finding.code == "TR-PTS-30"


def test_sniffing_knows_packages_and_bare_xml():
    xml = (FIXTURES / "pts" / "good" / "pallet.xml").read_bytes()
    assert PTS.sniff(xml, "a").score == 95
    assert PTS.sniff(package_bytes(xml, "a.xml"), "a").score == 95
    assert PTS.sniff(package_bytes(b"<other/>", "a.xml"), "a") is None
    assert PTS.sniff(b"PK\x03\x04", "a") is None


def mutations(xml):  # noqa: C901 - one branch for each kind
    """The transfer with one thing changed at a time: dropped, doubled, moved, renamed, of another type."""
    tree = etree.fromstring(xml)
    total = len(list(tree.iter()))
    for at in range(total):
        for kind in ("drop", "double", "first", "rename", "empty", "attribute"):
            mutant = copy.deepcopy(tree)
            node = list(mutant.iter())[at]
            parent = node.getparent()
            if kind == "attribute":
                for name in node.attrib:
                    for value in (None, "", "x" * 300, "2028-02-30"):
                        changed = copy.deepcopy(mutant)
                        target = list(changed.iter())[at]
                        target.attrib.pop(name) if value is None else target.set(name, value)
                        yield changed
                node.set("unknown", "1")
            elif kind == "empty":
                node.text = ""
            elif kind == "rename":
                node.tag = "other"
            elif parent is None:
                continue
            elif kind == "drop":
                parent.remove(node)
            elif kind == "double":
                node.addnext(copy.deepcopy(node))
            else:
                parent.insert(0, node)
            yield mutant


@pytest.mark.corpora
def test_our_schema_and_the_official_one_agree_and_what_we_compose_is_valid(corpora):
    official = etree.XMLSchema(etree.parse(corpora / "regulators" / "turkey" / "sanovel" / "PTSDosya.xsd"))
    ours = etree.XMLSchema(etree.parse(SCHEMAS / "pts" / "1.3" / "transfer.xsd"))
    for name in ("good/pallet.xml", "good/minimal.xml", "composed/transfer1.xml", "composed/transfer2.xml"):
        assert official.validate(etree.parse(FIXTURES / "pts" / name)), official.error_log
    verdicts = {True: 0, False: 0}
    sample = corpora / "regulators" / "turkey" / "samples_synthetic" / "pts_transfer.xml"
    for path in (FIXTURES / "pts" / "good" / "pallet.xml", sample):
        for mutant in mutations(path.read_bytes()):
            text = etree.tostring(mutant)
            verdict = official.validate(etree.fromstring(text))
            assert ours.validate(etree.fromstring(text)) == verdict, text
            verdicts[verdict] += 1
    assert min(verdicts.values()) > 40


@pytest.mark.corpora
def test_the_public_sample_is_read_once_its_check_digits_are_right(corpora):
    """All keys of the sample have wrong check digits: that is found, and the only thing that is."""
    xml = (corpora / "regulators" / "turkey" / "samples_synthetic" / "pts_transfer.xml").read_bytes()
    events, context = read_back(PTS, xml, "x.xml", TIME)
    assert codes(context) == ["TR-PTS-05", "TR-PTS-06", "TR-PTS-11"]
    keys = {match.decode() for match in re.findall(rb"[0-9]{20}|0?868[0-9]{10}", xml)}
    for key in keys:
        right = key[:2] + append(key[2:-1]) if len(key) == 20 else append(key[:-1])
        xml = xml.replace(b'"' + key.encode() + b'"', b'"' + right.encode() + b'"')
        xml = xml.replace(b">" + key.encode() + b"<", b">" + right.encode() + b"<")
    events, context = read_back(PTS, xml, "x.xml", TIME)
    assert codes(context) == []
    assert [event.type for event in events] == ["AggregationEvent", "AggregationEvent", "ObjectEvent"]
    assert [len(event.child_epcs) for event in events[:2]] == [2, 1]
