"""Egypt's EPTTS: what every market proves, all rules of the file, limits, and files composed of events."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway.markets.eg
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, ErrorDeclaration, Location, ObjectEvent, QuantityElement
from gateway.epcis.hierarchy import CBV_MDA
from gateway.findings import Findings, Losses
from gateway.formats.base import Context
from gateway.markets.eg import MARKET
from gateway.markets.eg.compose import compose
from gateway.markets.eg.eptts import EPTTS, sniff
from gateway.markets.eg.rows import HEADER, MOST_LOTS, MOST_SERIALS
from gateway.markets.eg.rules import LOSS_RULES, RULES
from gateway.options import Options
from gateway.resources import shipped
from gateway.testing import MarketTests

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "markets" / "eg"
PLANT, OTHER = "urn:epc:id:sgln:6229999.00001.0", "urn:epc:id:sgln:6229999.00002.0"
LOCAL = {"origin": "local"}


def pack_epc(number):
    return f"urn:epc:id:sgtin:6229999.011111.S{number}"


def sscc(number):
    return f"urn:epc:id:sscc:6229999.1{number:09}"


def base(at):
    time = f"2026-11-20T{at}:00+02:00"
    return {"event_time": time, "event_time_zone_offset": "+02:00", "read_point": Location(PLANT)}


def commission(epcs, lot="LOT001", at="08:00", expiry="2028-09-30", made="2026-11-01", **more):
    values = (("lotNumber", lot), ("itemExpirationDate", expiry), ("productionDate", made))
    ilmd = [element(CBV_MDA, name, value) for name, value in values if value]
    return ObjectEvent(
        **{**base(at), "action": "ADD", "biz_step": "commissioning", "epc_list": epcs, "ilmd": ilmd, **more}
    )


def containers(epcs, at="08:30"):
    return ObjectEvent(**base(at), action="ADD", biz_step="commissioning", epc_list=epcs)


def pack(parent, children, at="09:00", **more):
    return AggregationEvent(**{**base(at), "action": "ADD", "parent_id": parent, "child_epcs": children, **more})


def story():
    """200 packs of two lots, 10 cases, 2 pallets; then shipping, which phase 1 does not take."""
    packs = [pack_epc(n) for n in range(200)]
    cases = [sscc(100 + n) for n in range(10)]
    return [
        commission(packs[:100]),
        commission(packs[100:], "LOT002", at="08:10"),
        containers([*cases, sscc(1), sscc(2)]),
        *(pack(case, packs[n * 20 : (n + 1) * 20]) for n, case in enumerate(cases)),
        pack(sscc(2), cases[5:]),
        pack(sscc(1), cases[:5]),
        ObjectEvent(**base("10:00"), action="OBSERVE", biz_step="shipping", epc_list=[sscc(1)]),
    ]


def composed(events, settings=None):
    context = Context(options=Options.check(LOCAL if settings is None else settings, EPTTS.settings), losses=Losses())
    return list(compose(Document(Header(), iter(events)), context)), context


def codes(context):
    return sorted({finding.code for finding in context.findings})


def checked(data):
    findings = Findings()
    EPTTS.check(data, findings)
    return sorted({finding.code for finding in findings})


def lines(submission):
    return submission.data.decode().splitlines()[1:]


class TestEg(MarketTests):
    market = MARKET
    package = Path(gateway.markets.eg.__file__).parent
    schemas = shipped("xsd", "eg")
    fixtures = FIXTURES
    least_good = 3
    least_bad = 20

    def test_limit_serials(self):
        assert MOST_SERIALS == 50_000
        epcs = [pack_epc(n) for n in range(MOST_SERIALS + 1)]
        for count, sizes in ((-1, [49_999]), (0, [50_000]), (1, [50_000, 1])):
            made, context = composed([commission(epcs[: MOST_SERIALS + count])])
            assert not context.findings.errors
            assert [submission.epcs for submission in made] == sizes
            assert [checked(submission.data) for submission in made] == [[]] * len(sizes)
        (whole,), _ = composed([commission(epcs[:MOST_SERIALS])])
        more = whole.data + lines(composed([commission(epcs[-1:])])[0][0])[0].replace("1,", "50001,", 1).encode()
        assert checked(more) == ["EG-EPTTS-11"]

    def test_limit_lots(self):
        for count, files in ((MOST_LOTS - 1, 1), (MOST_LOTS, 1), (MOST_LOTS + 1, 2)):
            made, _ = composed([commission([pack_epc(n)], f"LOT{n}") for n in range(count)])
            assert len(made) == files
            assert [checked(submission.data) for submission in made] == [[]] * files
        rows = [line for submission in made for line in lines(submission)]
        rows = [f"{number},{row.partition(',')[2]}" for number, row in enumerate(rows, 1)]
        assert checked("\n".join([HEADER, *rows]).encode()) == ["EG-EPTTS-12"]


def test_the_story_of_a_batch_is_golden(golden):
    made, context = composed(story())
    assert codes(context) == ["MARKET-03"]
    (file,) = made
    assert checked(file.data) == []
    assert len(lines(file)) == 200 + 12 + 200 + 10
    golden(FIXTURES / "eptts-csv" / "composed" / "batch.csv", file.data)
    assert composed(story())[0] == made


def test_rows_are_in_the_order_of_time_and_from_the_bottom_up():
    made, _ = composed(
        [
            pack(sscc(1), [sscc(2)]),
            pack(sscc(2), [pack_epc(1)]),
            containers([sscc(1), sscc(2)], "09:00"),
            commission([pack_epc(1)], at="09:00"),
        ]
    )
    rows = [line.split(",") for line in lines(made[0])]
    assert [(row[1], row[6][:4]) for row in rows] == [
        ("commissioning", "(01)"), ("commissioning", "(00)"), ("commissioning", "(00)"), ("packing", "(01)"),
        ("packing", "(00)"),
    ]  # fmt: skip
    assert {row[2] for row in rows} == {"2026-11-20T07:00:00.000Z"}
    assert {row[3] for row in rows} == {"+02:00"}


@pytest.mark.parametrize(
    ("settings", "mark", "expiry"),
    [
        ({"origin": "local"}, "", "2028-09-30T"),
        ({"origin": "imported"}, "I", "2028-09-30T"),
        ({"origin": "local", "local-mark": "0", "date-form": "plain"}, "0", "2028-09-30"),
    ],
)
def test_the_points_on_which_sources_differ_are_settings(settings, mark, expiry):
    made, _ = composed([commission([pack_epc(1)])], settings)
    row = lines(made[0])[0].split(",")
    assert (row[8], row[9]) == (mark, expiry)
    assert checked(made[0].data) == []


BAD = {
    "EG-EPTTS-05": [commission([pack_epc(1)], biz_location=Location(OTHER))],
    "EG-EPTTS-09": [commission([pack_epc(1)], expiry="30.09.2028")],
    "EG-EPTTS-17": [commission(["urn:epc:id:sgtin:6229999.011111.A,B"])],
    "EG-EPTTS-18": [commission([pack_epc(1)], lot="")],
    "EG-EPTTS-19": [pack(pack_epc(1), [pack_epc(2)])],
    "EG-EPTTS-20": story()[-1:],
    "EG-EPTTS-21": [commission([pack_epc(1)], event_time="yesterday")],
    "EG-EPTTS-23": [commission([pack_epc(1)], error_declaration=ErrorDeclaration())],
    "MARKET-03": story()[-1:],
    "HIER-01": [pack(sscc(1), [pack_epc(1)]), pack(sscc(2), [pack_epc(1)])],
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_story_gives_its_finding_and_no_file(code):
    made, context = composed(BAD[code])
    assert code in codes(context)
    assert made == []


def test_every_rule_has_a_bad_case():
    fixtures = {path.name.partition("--")[0] for path in (FIXTURES / "eptts-csv" / "bad").iterdir()}
    limits = {"EG-EPTTS-11", "EG-EPTTS-12"}
    assert {rule.code for rule in RULES} - fixtures - set(BAD) - limits == set()


def test_what_is_missing_is_asked_for_by_name():
    _, context = composed([commission([pack_epc(1)], read_point=None)], {})
    found = {finding.expected: finding.hint for finding in context.findings if finding.code == "MARKET-02"}
    assert set(found) == {"import", "readPointGLN"}
    assert "--set origin=" in found["import"]
    assert "--set location-gln=" in found["readPointGLN"]
    made, _ = composed([commission([pack_epc(1)], read_point=None)], {**LOCAL, "location-gln": "6229999000011"})
    assert checked(made[0].data) == []


def test_what_a_row_has_no_place_for_is_listed():
    event = commission(
        [pack_epc(1)],
        event_time="2026-11-20T08:00:00.1234+02:00",
        quantity_list=[QuantityElement("urn:epc:class:lgtin:6229999.011111.L1", "5")],
    )
    event.ilmd = [*event.ilmd, element("urn:vendor", "colour", "red")]
    made, context = composed([event])
    assert lines(made[0])[0].split(",")[2] == "2026-11-20T06:00:00.123Z"
    assert {summary.code for summary in context.losses.summaries.values()} == {rule.code for rule in LOSS_RULES}


def test_a_withdrawn_event_is_not_reported():
    wrong = pack(sscc(2), [pack_epc(1)], event_id="e1")
    declared = pack(sscc(2), [pack_epc(1)], event_id="e1", error_declaration=ErrorDeclaration())
    made, _ = composed([commission([pack_epc(1)]), wrong, declared])
    assert len(lines(made[0])) == 1


def test_files_are_recognised_by_their_header():
    assert sniff(HEADER.encode() + b"\n1,", "x.csv").score == 100
    assert sniff(HEADER.lower().encode(), "x.csv") is None


@pytest.mark.corpora
def test_the_public_example_is_right(corpora):
    data = (corpora / "regulators" / "egypt-eptts" / "samples" / "phase1_worked_example.csv").read_bytes()
    assert checked(data) == []


def test_however_deep_the_packing_is_the_inner_one_comes_first():
    deep = 1_500
    (made,), _ = composed([pack(sscc(number), [sscc(number + 1)]) for number in range(deep)])
    parents = [line.split(",")[7] for line in lines(made)]
    (innermost,), _ = composed([pack(sscc(deep - 1), [sscc(deep)])])
    assert len(parents) == deep
    assert parents[0] == lines(innermost)[0].split(",")[7]


def test_of_200_packs_with_a_bad_one_exactly_that_one_is_named():
    epcs = [pack_epc(n) for n in range(200)]
    epcs[77] = "urn:epc:id:sgtin:6229999.011111.S,77"
    made, context = composed([commission(epcs)])
    assert made == []
    assert [(finding.code, finding.value) for finding in context.findings] == [("EG-EPTTS-17", "S,77")]
    (good,), _ = composed([commission([pack_epc(n) for n in range(200)])])
    found = Findings()
    EPTTS.check(good.data.replace(b"(21)S77,", b"(21)S 77,"), found)
    assert [(finding.code, finding.where.line, finding.value) for finding in found] == [
        ("EG-EPTTS-02", 79, "(01)06229999111113(21)S 77")
    ]
