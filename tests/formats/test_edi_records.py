"""Ship notices as records: levels, columns, envelopes and what is said of broken ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.convert import Request, convert
from gateway.detect import detect
from gateway.errors import InputError
from gateway.findings import Finding
from gateway.formats.base import Context, Limits
from gateway.formats.table import Mapping, all_mappings, load, read
from gateway.formats.table.carriers.edi import EDIFACT, X12
from gateway.formats.table.cells import Gap
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings" / "edi"
ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *261005*1015*^*00501*000000001*0*P*:~"


def spec(*columns: str, fine: str = "item.SN102", **table) -> MappingSpec:
    """A mapping that takes these columns; the amount of a lot tells one row from the next."""
    fields = {f"f{number}": {"column": column, "required": False} for number, column in enumerate(columns)}
    return MappingSpec.model_validate(
        {
            "mapping": "test/edi",
            "version": 1,
            "title": "test",
            "table": table or {"x12": {}},
            "fields": {"gtin": {"column": "item.LIN*UK"}, "fine": {"column": fine, "required": False}, **fields},
            "objects": {"goods": {"quantity": {"gtin": "gtin", "amount": "fine"}}},
            "events": [{"event": "ObjectEvent", "action": "OBSERVE", "epcs": "goods", "time": "f0"}],
        }
    )


def notice(*body: str, kind: str = "856", version: str = "005010") -> bytes:
    """An interchange with one message; counts are right."""
    sets = f"GS*SH*S*R*20261005*1015*1*X*{version}~ST*{kind}*0001~" + "".join(f"{one}~" for one in body)
    return f"{ISA}{sets}SE*{len(body) + 2}*0001~GE*1*1~IEA*1*000000001~".encode()


def advice(*body: str, version: str = "96A") -> bytes:
    """The same for EDIFACT."""
    start = f"UNB+UNOC:3+S:14+R:14+261005:1015+1'UNH+1+DESADV:D:{version}:UN'"
    return (start + "".join(f"{one}'" for one in body) + f"UNT+{len(body) + 2}+1'UNZ+1+1'").encode()


def rows(data: bytes, wanted: MappingSpec, limits: Limits | None = None):
    """The rows as dicts without what is not there, the columns, the findings and the place."""
    context = Context(limits=limits or Limits())
    carrier = X12 if data.startswith(b"ISA") else EDIFACT
    sheet = next(iter(carrier.sheets(Source.memory(data, "f"), wanted, context)))
    header, *blocks = list(sheet.blocks)
    columns = list(header.rows[0])
    found = [
        {name: cell for name, cell in zip(columns, row, strict=True) if cell is not Gap.HERE and cell != ""}
        for block in blocks
        for row in block.rows
    ]
    return found, columns, list(context.findings), sheet.place


def codes(findings: list[Finding]) -> list[str]:
    return [one.code for one in findings]


LEVELS = (
    "BSN*00*N1*20261005*1012",
    "HL*1**S",
    "DTM*011*20261005*0930",
    "N1*SF*Plant*UL*9521321000018",
    "N4*Basel",
    "HL*2*1*T",
    "MAN*GM*T1",
    "HL*3*2*P",
    "MAN*GM*P1",
    "HL*4*3*I",
    "LIN**UK*G1*N4*NDC1",
    "SN1**5*EA",
    "HL*5*2*I",
    "LIN**UK*G2",
    "SN1**7*EA",
    "HL*6*2*P",
    "MAN*GM*P2",
)


def test_a_row_has_the_values_of_all_levels_around_it() -> None:
    wanted = spec("shipment.BSN02", "inside.1", "inside.2", "item.SN103")
    found, columns, findings, place = rows(notice(*LEVELS), wanted)
    assert not findings
    assert [(row.get("item.SN102"), row.get("inside.1"), row.get("inside.2")) for row in found] == [
        ("5", "P1", "T1"),
        ("7", "T1", None),
        (None, "P2", "T1"),
    ]
    assert {row["shipment.BSN02"] for row in found} == {"N1"}
    assert "item.LIN*N4" in columns
    assert "item.LIN*N4" not in found[0]
    assert place.named(2) == "segment 13 (HL 4)"
    assert place.named(3) == "segment 16 (HL 5)"
    assert place.at(2, "c", 3).path == "segments 13-16"
    assert place.at(1, "item.LIN*N4").path == "segment 14"
    assert {"shipment.N1*SF*UL", "shipment.N1*SF.02", "shipment.N1*SF/N401", "shipment.DTM*011.03"} <= set(columns)
    assert not {"tare.MAN*GM", "pack.MAN*GM", "item.HL01", "interchange.ISA06"} & set(columns)


def test_envelope_and_structure_are_columns_where_they_are_asked_for() -> None:
    wanted = spec("interchange.ISA06", "group.GS02", "message.ST02", "item.HL01", "tare.MAN*GM")
    found, _, _, _ = rows(notice(*LEVELS), wanted)
    assert found[0]["interchange.ISA06"] == "SENDER"
    assert found[0]["message.ST02"] == "0001"
    assert found[0]["item.HL01"] == "4"
    assert found[0]["tare.MAN*GM"] == "T1"


def test_levels_may_come_breadth_first() -> None:
    body = ["HL*1**S", "HL*2*1*P", "MAN*GM*P1", "HL*3*1*P", "MAN*GM*P2", "HL*4*2*I", "SN1**1", "HL*5*3*I", "SN1**2"]
    found, _, findings, _ = rows(notice(*body), spec("inside.1"))
    assert not findings
    assert [(row.get("inside.1"), row.get("item.SN102")) for row in found if "item.SN102" in row] == [
        ("P1", "1"),
        ("P2", "2"),
    ]


def test_serial_numbers_make_a_row_each() -> None:
    body = ["HL*1**S", "HL*2*1*I", "LIN**UK*G1", "REF*LT*L1", "REF*SE*A1", "REF*SE*A1", "REF*SE*A2"]
    found, _, findings, place = rows(notice(*body), spec("item.REF*LT", fine="item.REF*SE"))
    assert not findings
    assert [(row["item.REF*SE"], row["item.REF*LT"]) for row in found] == [("A1", "L1"), ("A1", "L1"), ("A2", "L1")]
    assert place.named(4) == "segment 5 (HL 2)"


def test_other_values_that_repeat_are_an_error_only_where_they_are_taken_and_differ() -> None:
    body = ["HL*1**S", "HL*2*1*I", "LIN**UK*G1", "SN1**1", "REF*LT*L1", "REF*LT*L2", "REF*ZZ*1", "REF*ZZ*2"]
    assert codes(rows(notice(*body), spec("item.REF*LT"))[2]) == ["EDI-REPEAT-01"]
    assert not rows(notice(*body), spec("item.SN103"))[2]
    same = [one.replace("L2", "L1") for one in body]
    assert not rows(notice(*same), spec("item.REF*LT"))[2]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (["HL*1*1*S"], ["EDI-HL-02"]),
        (["HL*1**S", "HL*1*1*I"], ["EDI-HL-02"]),
        (["HL***S"], ["EDI-HL-02"]),
        (["HL*1**S", "HL*2*3*I", "SN1**1", "HL*3*2*I", "SN1**1"], ["EDI-HL-01"]),
        (["HL*1**S", "HL*2*1*I", "SN1**8", "HL*3*2*P", "MAN*GM*1", "HL*4*2*P", "MAN*GM*2"], ["EDI-HL-04"]),
        (["HL*1**S", "HL*2*1*I", "SN1**8", "CTT*2*8"], []),
        (["HL*1**S", "HL*2*1*I", "SN1**8", "CTT*1*8"], []),
        (["HL*1**S", "HL*2*1*I", "SN1**8", "CTT*1*sNaN"], ["EDI-SUM-01"]),
        (["HL*1**S", "REF*A:B", "REF", "LIN", "HL*2*1*I", "SN1", "CTT"], []),
        (["HL*1**S", "HL*2*1*I", "SN1**8", "CTT*3*9"], ["EDI-SUM-01", "EDI-SUM-01"]),
        (["HL*1**S", *(f"HL*{n}*{n - 1}*P" for n in range(2, 7))], ["EDI-HL-03"]),
    ],
)
def test_broken_levels(body: list[str], expected: list[str]) -> None:
    _, _, findings, _ = rows(notice(*body), spec("inside.1"), Limits(depth=5))
    assert codes(findings) == expected


def test_ten_thousand_levels_inside_each_other_are_refused_and_not_climbed() -> None:
    body = ["HL*1**S", *(f"HL*{n}*{n - 1}*P" for n in range(2, 10_000)), "MAN*GM*1"]
    _, _, findings, _ = rows(notice(*body), spec("inside.1"))
    assert set(codes(findings)) == {"EDI-HL-03"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"SE*19*", b"SE*18*", ["EDI-COUNT-01"]),
        (b"SE*19*", b"SE*x*", ["EDI-COUNT-01"]),
        (b"SE*19*0001", b"SE*19*1", ["EDI-CONTROL-01"]),
        (b"GE*1*1", b"GE*1*01", []),
        (b"GE*1*1", b"GE*2*2", ["EDI-CONTROL-01", "EDI-COUNT-01"]),
        (b"IEA*1*000000001", b"IEA*1*000000002", ["EDI-CONTROL-01"]),
        (b"SE*19*0001~", b"", ["EDI-END-01"]),
        (b"GE*1*1~", b"", ["EDI-END-01"]),
        (b"IEA*1*000000001~", b"", ["EDI-END-01"]),
        (b"ST*856*0001~", b"", ["EDI-COUNT-01", *["EDI-ORDER-01"] * 18]),
        (b"GS*SH*S*R*20261005*1015*1*X*005010~", b"", ["EDI-ORDER-01", "EDI-ORDER-01"]),
    ],
)
def test_envelopes_are_checked(old: bytes, new: bytes, expected: list[str]) -> None:
    data = notice(*LEVELS)
    assert old in data
    _, _, findings, _ = rows(data.replace(old, new), spec("inside.1"))
    assert sorted(codes(findings))[: len(expected)] == sorted(expected)
    assert bool(findings) == bool(expected)


def test_several_messages_are_one_table() -> None:
    one = notice(*LEVELS).split(b"ST*856", 1)[1].split(b"GE*")[0]
    data = notice(*LEVELS).replace(b"GE*1*1", b"ST*856" + one.replace(b"0001", b"0002") + b"GE*2*1")
    found, _, findings, _ = rows(data, spec("message.ST02"))
    assert not findings
    assert [row["message.ST02"] for row in found if "item.SN102" in row] == ["0001", "0001", "0002", "0002"]


def test_other_messages_and_versions_are_reported() -> None:
    assert codes(rows(notice("B3*1", kind="810"), spec("inside.1"))[2]) == ["EDI-SET-01"]
    wanted = spec("inside.1", x12={"versions": ["004010"]})
    assert codes(rows(notice(*LEVELS), wanted)[2]) == ["EDI-SET-02"]
    assert not rows(notice(*LEVELS, version="004010VICS"), wanted)[2]


ADVICE = (
    "BGM+351+D1+9",
    "DTM+137:20261005:102",
    "RFF+ON:P1",
    "DTM+171:20260901:102",
    "NAD+SF+9521321000018::9++Plant",
    "RFF+VA:CH1",
    "CPS+1",
    "PAC+1++201",
    "PCI+33E",
    "GIN+BJ+S1",
    "CPS+2+1",
    "GIN+BJ+S2",
    "LIN+1++G1:SRV",
    "QTY+12:7:PCE",
    "PCI+36E",
    "QTY+12:3",
    "GIN+BX+L1",
    "PCI+36E",
    "QTY+12:4",
    "GIN+BX+L2",
    "LIN+2++G2:EN",
    "QTY+12:9",
    "GIR+3+A1:BN+L9:BX",
    "GIR+3+A2:BN+L9:BX",
    "CNT+2:2",
)


def test_marks_of_a_line_are_rows_of_their_own() -> None:
    wanted = spec("mark.GIN*BX", "inside.1", "inside.2", "line.LIN*SRV", "line.LIN*EN", edifact={}, fine="mark.QTY*12")
    found, columns, findings, _ = rows(advice(*ADVICE), wanted)
    assert not findings
    assert [(row.get("mark.QTY*12"), row.get("mark.GIN*BX"), row["inside.1"], row["inside.2"]) for row in found] == [
        ("3", "L1", "S2", "S1"),
        ("4", "L2", "S2", "S1"),
        (None, None, "S2", "S1"),
    ]
    assert {"shipment.RFF*ON/DTM*171*102", "shipment.NAD*SF*9", "shipment.NAD*SF.04"} <= set(columns)
    assert {"shipment.NAD*SF/RFF*VA", "line.QTY*12.01-3"} <= set(columns)


def test_the_amount_of_a_line_is_not_that_of_its_marks() -> None:
    wanted = spec("mark.GIN*BX", edifact={}, fine="line.QTY*12")
    assert codes(rows(advice(*ADVICE), wanted)[2]) == ["EDI-HL-04"]


def test_numbers_of_one_gir_belong_together() -> None:
    wanted = spec("line.GIR*3*BX", "line.LIN*EN", edifact={}, fine="line.GIR*3*BN")
    found, _, findings, _ = rows(advice(*ADVICE), wanted)
    assert not findings
    serials = [(row["line.GIR*3*BN"], row["line.GIR*3*BX"]) for row in found if "line.GIR*3*BN" in row]
    assert serials == [("A1", "L9"), ("A2", "L9")]


def test_gin_lists_up_to_five_numbers() -> None:
    body = ["LIN+1++G1:EN", "GIN+BN+A1+A2+A3+A4+A5", "GIN+BN+A6"]
    wanted = spec("line.LIN*EN", edifact={}, fine="line.GIN*BN")
    found, _, _, _ = rows(advice(*body), wanted)
    assert [row["line.GIN*BN"] for row in found] == ["A1", "A2", "A3", "A4", "A5", "A6"]


def test_a_group_is_optional_in_edifact() -> None:
    data = (
        advice(*ADVICE)
        .replace(b"UNH+1", b"UNG+DESADV+S+R+261005:1015+7+UN+D:96A'UNH+1")
        .replace(b"UNZ+1", b"UNE+1+7'UNZ+1")
    )
    assert not rows(data, spec("line.LIN*EN", edifact={}, fine="mark.QTY*12"))[2]
    wrong = data.replace(b"UNE+1+7", b"UNE+2+7")
    assert codes(rows(wrong, spec(edifact={}, fine="mark.QTY*12"))[2]) == ["EDI-COUNT-01"]


def test_a_sender_may_own_a_mapping() -> None:
    sniff = lambda senders: X12.head(notice(*LEVELS), None, spec("inside.1", x12={"senders": senders}), 5)  # noqa: E731
    assert sniff([])
    assert sniff(["OTHER", "SENDER"])
    assert not sniff(["OTHER"])


def sample(name: str) -> Source:
    return Source.file(next(MAPPINGS.rglob(name)))


@pytest.mark.parametrize(("name", "key"), [("shipment-4711.x12", "x12-856"), ("despatch-600.edi", "edifact-desadv")])
@pytest.mark.parametrize("from_", ["", "table", "itself"])
@pytest.mark.parametrize("given", [True, False])
def test_the_report_names_the_format_of_the_file(name: str, key: str, from_: str, given: bool, tmp_path: Path) -> None:
    source = sample(name)
    mapping: Mapping | None = None
    if given:
        folder = next(MAPPINGS.rglob(name)).parent.name
        mapping = load(f"edi/{folder}")
    request = Request(
        source,
        to="epcis-2.0-json",
        from_=key if from_ == "itself" else from_,
        mapping=mapping,
        mappings=() if given else all_mappings(),
        values={"time-zone": "Europe/Zurich"},
        now="2026-10-06T10:00:00Z",
    )
    report = convert(request, tmp_path)
    assert report.format_in == key
    assert not report.failed
    assert json.loads(Path(report.outputs[0].path).read_text())["epcisBody"]["eventList"]


@pytest.mark.parametrize("given", [True, False])
def test_a_file_of_another_format_than_named_is_refused(given: bool, tmp_path: Path) -> None:
    mapping = load("edi/desadv-d01b") if given else None
    request = Request(
        sample("despatch-600.edi"), to="epcis-2.0-json", from_="x12-856", mapping=mapping, mappings=all_mappings()
    )
    report = convert(request, tmp_path)
    assert [finding.code for finding in report.findings] == ["DETECT-01"]
    assert not list(tmp_path.iterdir())


def test_without_a_mapping_nothing_claims_a_file() -> None:
    with pytest.raises(InputError) as caught:
        detect(Source.memory(notice(*LEVELS), "x"))
    assert caught.value.finding.code == "DETECT-01"


def test_a_cut_file_gives_no_event(tmp_path: Path) -> None:
    data = next(MAPPINGS.rglob("shipment-4711.x12")).read_bytes()
    for size in range(200, len(data) - 2, 97):
        values = {"time-zone": "Europe/Zurich"}
        source = Source.memory(data[:size], "cut.x12")
        report = convert(Request(source, to="epcis-2.0-json", mapping=load("edi/x12-856"), values=values), tmp_path)
        assert report.failed
        assert report.findings.errors
        assert not list(tmp_path.iterdir())


def test_a_mapping_says_that_it_reads_no_csv() -> None:
    with pytest.raises(InputError, match="reads X12"):
        read(Source.memory(b"a,b\n1,2\n", "x.csv"), Context(mapping=load("edi/x12-856")))


def test_nothing_is_left_out_silently() -> None:
    """Every value between ST and SE stands in a column, is structure, or is checked."""
    body = ["BSN*00*N1*20261005", "HL*1**S", "TD5**2*ABCD*M", "XYZ*1**a:b", "HL*2*1*I", "LIN*7*UK*G1*ZZ", "SN1**5*EA"]
    more = ["MEA*PD*N*3*KG:X", "N9*ZZ*1**20261005", "REF*ZZ**text", "PID*F*08*VI*1*x", "CTT*2*5*7*KG"]
    _, columns, findings, _ = rows(notice(*body, *more), spec("shipment.BSN02"))
    assert not findings
    assert set(columns) == {
        *("shipment.BSN01", "shipment.BSN02", "shipment.BSN03"),
        *("shipment.TD502", "shipment.TD503", "shipment.TD504", "shipment.XYZ01", "shipment.XYZ03", "shipment.XYZ03-2"),
        *("item.LIN01", "item.LIN*UK", "item.SN102", "item.SN103", "shipment.CTT03", "shipment.CTT04"),
        *("item.MEA*PD*N", "item.MEA*PD*N.04", "item.MEA*PD*N.04-2", "item.N9*ZZ", "item.N9*ZZ.04", "item.REF*ZZ.03"),
        *("item.PID*F*08", "item.PID*F*08.03", "item.PID*F*08.04"),
    }


def test_nothing_of_edifact_is_left_out_silently() -> None:
    body = ["BGM+351::9+D1+9", "FTX+AAI+1+X:Y+a:b", "CPS+1", "HAN+4", "LIN+1+3+G1:EN:1+4", "PIA+5+A:SA+B:SA+C:BP"]
    more = ["GIN+BN+A:B:C", "DTM+36", "DTM+94:20260101", "NAD+SU++name", "AUT+1", "CNT+7:3:KGM"]
    wanted = spec("shipment.BGM02", edifact={}, fine="line.QTY*12")
    _, columns, findings, _ = rows(advice(*body, *more), wanted)
    assert not findings
    assert set(columns) == {
        *("shipment.BGM01", "shipment.BGM01-3", "shipment.BGM02", "shipment.BGM03"),
        *("shipment.FTX*AAI.02", "shipment.FTX*AAI.03", "shipment.FTX*AAI.03-2", "shipment.FTX*AAI"),
        *("shipment.FTX*AAI.04-2", "package.HAN01", "line.LIN01", "line.LIN02", "line.LIN*EN", "line.LIN03-3"),
        *("line.LIN04", "line.PIA*5*SA", "line.PIA*5*BP", "line.GIN*BN", "line.GIN*BN.to", "line.GIN*BN.02-3"),
        *("line.DTM*94.01-2", "line.NAD*SU.03", "line.AUT01", "shipment.CNT*7", "shipment.CNT*7.01-3"),
    }


def test_a_value_that_a_separator_has_split_is_an_error() -> None:
    body = ["HL*1**S", "HL*2*1*I", "LIN**UK*G1", "SN1**5", "REF*LT*A:B"]
    assert codes(rows(notice(*body), spec("item.REF*LT"))[2]) == ["EDI-CHAR-02"]


def test_a_range_of_containers_is_an_error() -> None:
    body = ["HL*1**S", "HL*2*1*P", "MAN*GM*1*5", "HL*3*2*I", "SN1**1"]
    assert codes(rows(notice(*body), spec("inside.1"))[2]) == ["EDI-RANGE-01"]


def test_a_second_shipment_in_a_message_is_an_error() -> None:
    body = ["HL*1**S", "N1*ST*A", "HL*2*1*I", "SN1**1", "HL*3**S", "HL*4*3*I", "SN1**1"]
    assert codes(rows(notice(*body), spec("shipment.N1*ST.02"))[2]) == ["EDI-REPEAT-01"]


def test_a_test_is_marked_and_service_segments_are_told() -> None:
    data = notice(*LEVELS).replace(b"*0*P*:~", b"*0*T*:~TA1*1*2~")
    assert codes(rows(data, spec("inside.1"))[2]) == ["EDI-TEST-01", "EDI-SET-01"]
    test = advice(*ADVICE).replace(b"+1'UNH", b"+1++++++1'UNH")
    assert codes(rows(test, spec("line.LIN*EN", edifact={}, fine="mark.QTY*12"))[2]) == ["EDI-TEST-01"]


def test_a_control_number_stands_once() -> None:
    one = notice(*LEVELS).split(b"ST*856", 1)[1].split(b"GE*")[0]
    data = notice(*LEVELS).replace(b"GE*1*1", b"ST*856" + one + b"GE*2*1")
    assert codes(rows(data, spec("inside.1"))[2]) == ["EDI-CONTROL-01"]


CODES = st.sampled_from("TPI")


@given(st.lists(st.tuples(CODES, st.integers(0, 7)), max_size=30))
def test_any_hierarchy_gives_each_item_once_inside_its_containers(levels: list[tuple[str, int]]) -> None:
    """Levels hang on any container before them, in any order."""
    body, around, open_ones = ["HL*1**S"], {1: []}, [1]
    expected = []
    for number, (code, choice) in enumerate(levels, 2):
        parent = open_ones[choice % len(open_ones)]
        body.append(f"HL*{number}*{parent}*{code}")
        if code == "I":
            body.append(f"SN1**{number}")
            expected.append((str(number), around[parent][::-1]))
        else:
            body.append(f"MAN*GM*C{number}")
            around[number] = [*around[parent], f"C{number}"]
            open_ones.append(number)
    columns = [f"inside.{number}" for number in range(1, 32)]
    found, _, findings, _ = rows(notice(*body), spec(*columns))
    assert not findings
    items = [
        (row["item.SN102"], [row[name] for name in columns if name in row]) for row in found if "item.SN102" in row
    ]
    assert sorted(items) == sorted(expected)
    seen = {row[name] for row in found for name in columns if name in row}
    assert seen == {f"C{number}" for number in open_ones[1:]}


@pytest.mark.parametrize(
    ("text", "x12", "edifact"),
    [
        ("1500", "1500", "1500"),
        ("1.500", "1.500", "1.500"),
        ("1,500", None, "1.500"),
        (".5", "0.5", "0.5"),
        ("-5.", "-5", "-5"),
        ("1,500.0", None, None),
        ("1.500.000", None, None),
        ("five", None, None),
        ("\u0665", None, None),
    ],
)
@pytest.mark.parametrize("sign", [".", ","])
def test_amounts_have_no_separators_of_thousands(text: str, x12: str | None, edifact: str | None, sign: str) -> None:
    for made, table, expected in (
        (notice("HL*1**S", "HL*2*1*I", "LIN**UK*G1", f"SN1**{text}"), {"x12": {}}, x12),
        (advice("LIN+1++G1:EN", f"QTY+12:{text}").replace(b"UNOC", b"UNOW"), {"edifact": {}}, edifact),
    ):
        fine = "item.SN102" if "x12" in table else "line.QTY*12"
        found, _, findings, _ = rows(made, spec("item.X", fine=fine, decimal=sign, **table))
        if expected is None:
            assert codes(findings) == ["EDI-NUM-01"]
        else:
            assert not findings
            assert [row[fine] for row in found] == [expected.replace(".", sign)]


VALUES = st.sampled_from(["", "1", "2", "3", "S", "I", "P", "UK", "BJ", "12", "sNaN", "a:b", "x+y", "-", "102"])
X12_TAGS = ["HL", "LIN", "SN1", "REF", "MAN", "N1", "N4", "DTM", "PID", "CTT", "MEA"]
X12_SERVICE = ["ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"]
EDIFACT_TAGS = ["CPS", "LIN", "QTY", "RFF", "GIN", "GIR", "NAD", "LOC", "DTM", "PCI", "PIA", "CNT"]
EDIFACT_SERVICE = ["UNS", "UNG", "UNE", "UNH", "UNT", "UNZ"]


def any_segment(tags: list[str], separator: str) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(tags), st.lists(VALUES, max_size=6)).map(
        lambda pair: separator.join([pair[0], *pair[1]])
    )


X12_SEGMENTS = any_segment(X12_TAGS * 3 + X12_SERVICE, "*")
EDIFACT_SEGMENTS = any_segment(EDIFACT_TAGS * 3 + EDIFACT_SERVICE, "+")


@given(st.lists(X12_SEGMENTS, max_size=20), st.lists(EDIFACT_SEGMENTS, max_size=20))
def test_no_order_of_segments_ends_in_a_traceback(x12: list[str], edifact: list[str]) -> None:
    for data, wanted in (
        (notice(*x12), spec("inside.1", "item.REF*1", "item.HL02", fine="item.SN102")),
        (advice(*edifact), spec("inside.1", "line.GIR*1*2", "package.CPS01", edifact={}, fine="line.QTY*12")),
    ):
        try:
            found, columns, _, place = rows(data, wanted)
        except InputError as error:
            assert error.finding.code.startswith("EDI-")  # noqa: PT017 - no error at all is right, too
        else:
            assert all(set(row) <= set(columns) for row in found)
            assert all(place.at(number).path for number in range(1, len(found) + 2))


def test_a_container_without_lines_is_told_of_and_lacks_nothing(tmp_path: Path) -> None:
    text = next(MAPPINGS.rglob("despatch-587.edi")).read_text("latin-1")
    count = int(re.search(r"UNT\+(\d+)", text)[1])
    text = text.replace("CNT+2", "CPS+4+1'\nGIN+BJ+395213210000000996'\nCNT+2").replace(
        f"UNT+{count}", f"UNT+{count + 2}"
    )
    source = Source.memory(text.encode("latin-1"), "d.edi")
    values = {"time-zone": "Europe/Zurich", "creation-date": "2026-01-01T00:00:00Z"}
    report = convert(Request(source, to="epcis-2.0-json", mapping=load("edi/desadv-d96a"), values=values), tmp_path)
    assert codes(report.findings) == ["TABLE-HEAD-02"]
    events = json.loads(Path(report.outputs[0].path).read_text())["epcisBody"]["eventList"]
    pallet = next(event for event in events if len(event.get("childEPCs", ())) > 1)
    assert pallet["childEPCs"][-1] == "urn:epc:id:sscc:9521321.3000000099"
