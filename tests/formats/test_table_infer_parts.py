"""The parts of inference: dates over columns, header words, dialects, keys, structure; and what cannot be known."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.convert import Request, convert
from gateway.errors import InputError, LimitExceeded
from gateway.formats.table import dates
from gateway.formats.table.infer import dialect, forms, infer, render, words
from gateway.formats.table.mappings import load
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "infer"


def _kit():
    spec = importlib.util.spec_from_file_location("infer_kit", FOLDER / "kit.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["infer_kit"] = module
    spec.loader.exec_module(module)
    return module


kit = _kit()
GTIN = kit.gtin(7)


def propose(rows: list[list[str]], separator: str = ",", name: str = "x.csv", encoding: str = "utf-8"):
    return infer(Source.memory(kit.separated(rows, separator).encode(encoding), name), "a/b")


def kinds(proposal) -> dict[str, str]:
    return {role.look.header: role.kind for role in proposal.roles}


def role(proposal, header: str):
    return next(one for one in proposal.roles if one.look.header == header)


def packs(count: int = 6) -> list[str]:
    return [f"A{number}B{number * 7 % 10}C" for number in range(count)]


# dates

MOMENTS = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 12, 31))  # noqa: DTZ001 - forms have no zone


@given(
    st.sampled_from(["DD.MM.YYYY", "DD/MM/YYYY hh:mm", "MM/DD/YYYY", "YYYY-MM-DD hh:mm:ss", "DD-MM-YY", "YYYY/MM/DD"]),
    st.lists(MOMENTS, min_size=5, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_a_form_is_found_again_when_a_day_above_12_is_there(form: str, moments: list[dt.datetime]) -> None:
    moments = [*moments, moments[0].replace(day=28)]
    code = form.replace("YYYY", "%Y").replace("YY", "%y").replace("MM", "%m").replace("DD", "%d")
    texts = [moment.strftime(code.replace("hh", "%H").replace("mm", "%M").replace("ss", "%S")) for moment in moments]
    found = forms.find(texts)
    assert found.formats == (form,)
    assert not found.rivals
    assert all(dates.Form.compile(form).read(text) for text in texts)


def test_day_and_month_are_never_told_apart_by_one_value() -> None:
    undecided = forms.find(["03/04/2026", "05/06/2026"])
    assert undecided.rivals == ("MDY",)
    assert not undecided.proof
    assert forms.find(["03/04/2026", "05/06/2026", "05/13/2026"]).formats == ("MM/DD/YYYY",)
    assert forms.find(["03/04/2026"], "MDY").formats == ("MM/DD/YYYY",)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("MAR-2029", "MM-YYYY"), ("15-Mar-2029", "DD-MM-YYYY"), ("05 Mar 2029", "DD MM YYYY"),
        ("Mar 05 2029", "MM DD YYYY"),
        ("05MAR2029", "DDMMYYYY"), ("2029-MAR-05", "YYYY-MM-DD"), ("05-MAR-29 10:15", "DD-MM-YY hh:mm"),
    ],
)  # fmt: skip
def test_months_by_name(text: str, form: str) -> None:
    found = forms.find([text])
    assert found.formats == (form,)
    assert not found.rivals
    assert found.steps == forms.MONTH_STEPS


def test_dates_that_contradict_each_other_are_no_form() -> None:
    found = forms.find(["13/01/2026", "01/13/2026"])
    assert not found.formats
    assert found.contradiction == ("13/01/2026 is day first", "01/13/2026 is month first")


def test_six_digits_with_two_readings_say_so() -> None:
    assert forms.find(["281130"]).rivals == ("DDMMYY",)
    assert forms.find(["281131"]).formats == ("DDMMYY",)
    assert forms.find(["993199"]) is None
    assert forms.find(["290228", "281130", "311231"]).formats == ("YYMMDD",)
    # The year 2001 is no year of a medicine: the day comes first here, and so it does in the rest of the file.
    assert forms.find(["011026"]).formats == ("DDMMYY",)
    assert forms.find(["281130"], "DMY").formats == ("DDMMYY",)


@given(st.lists(st.text(max_size=25), max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_texts_are_dates_or_not(texts: list[str]) -> None:
    found = forms.find(texts)
    if found is not None and found.formats:
        for text in texts:
            assert any(dates.Form.compile(form).read(text, day_00=True) for form in found.formats)


# words


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Seriennummer", "serial"), ("N° de série", "serial"), ("Nº de Série", "serial"), ("Número de serie", "serial"),
        ("Numero di serie", "serial"), ("Seri No", "serial"), ("Серийный номер", "serial"), ("序列号", "serial"),
        ("EXP. DATE", "expiry"), ("verw. bis", "expiry"), ("Date de péremption", "expiry"), ("Validade", "expiry"),
        ("Fecha de caducidad", "expiry"), ("Scadenza", "expiry"), ("Son Kullanma Tarihi", "expiry"),
        ("Срок годности", "expiry"), ("有效期至", "expiry"), ("Ch.-B.", "lot"), ("BATCH_NO", "lot"),
        ("Lotto n.", "lot"),
        ("Parti No", "lot"), ("Серия", "lot"), ("批号", "lot"), ("İrsaliye No", "delivery"),
        ("Lieferschein-Nr.", "delivery"), ("ExpiryDate", "expiry"), ("LotNumber", "lot"), ("GTIN14", "gtin"),
        ("Empfänger GLN", "receiver"), ("商品GTIN", "gtin"), ("Код маркировки", "code"),
    ],
)  # fmt: skip
def test_header_words(header: str, kind: str) -> None:
    assert words.meanings(header)[0].kind == kind


@pytest.mark.parametrize(
    ("text", "thing"),
    [("NVE Karton", "case"), ("垛码(SSCC)", "pallet"), ("Caixa de Embarque", "case"), ("PALET", "pallet"), ("Lot", "")],
)
def test_things(text: str, thing: str) -> None:
    assert words.thing(text) == thing


# dialects


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_dialect(separator: str, encoding: str) -> None:
    rows = [["GTIN", "Gültig bis", "Prüfer, Name"]] + [[GTIN, "31.12.2028", "a, b"]] * 5
    text = "".join(separator.join(f'"{cell}"' for cell in row) + "\n" for row in rows)
    found = dialect.guess(text.encode(encoding))
    assert found.csv.delimiter == separator
    assert found.csv.encoding == encoding.removesuffix("-sig")


def test_an_encoding_that_nothing_shows_is_a_question() -> None:
    rows = [["GTIN", "Serial", "Xæø"]] + [[GTIN, one, "z"] for one in packs()]
    proposal = propose(rows, encoding="cp1252")
    assert any(question.about == "encoding" for question in proposal.questions)


# keys and columns


def test_a_wrong_check_digit_in_a_column_of_gtins_is_said() -> None:
    wrong = GTIN[:-1] + str((int(GTIN[-1]) + 1) % 10)
    rows = [["GTIN", "Serial"]] + [[GTIN if n else wrong, one] for n, one in enumerate(packs())]
    proposal = propose(rows)
    assert role(proposal, "GTIN").kind == "gtin"
    assert "will be refused" in role(proposal, "GTIN").doubt


def test_rounded_gtins_give_no_proposal_and_the_reason() -> None:
    rows = [["GTIN", "Serial"]] + [["9.52E+12", one] for one in packs()]
    with pytest.raises(InputError) as error:
        propose(rows)
    assert error.value.finding.code == "TABLE-INFER-02"
    assert "the header says GTIN, but '9.52E+12' is none" in error.value.finding.message


def test_numbers_that_are_gtins_by_chance_stay_serials() -> None:
    serials = [kit.gtin(100 + number) for number in range(12)]
    proposal = propose([["GTIN", "Serial No"]] + [[GTIN, one] for one in serials])
    assert kinds(proposal) == {"GTIN": "gtin", "Serial No": "serial"}


def test_what_nothing_explains_is_asked_and_not_left_out_silently() -> None:
    proposal = propose([["GTIN", "Serial", "Qqq"]] + [[GTIN, one, "hello world"] for one in packs()])
    assert role(proposal, "Qqq").kind == "unknown"
    assert "Qqq" in {question.about for question in proposal.questions}
    assert "ignore" not in proposal.spec["table"]


def test_days_are_no_event_times() -> None:
    rows = [["GTIN", "Serial", "Packed on"]] + [[GTIN, one, "2026-05-13"] for one in packs()]
    proposal = propose(rows)
    assert proposal.settings == ["event-time", "read-point"]
    assert "Packed on" not in str(proposal.spec["fields"])


def test_undecided_dates_are_of_low_confidence_and_stand_in_the_file() -> None:
    rows = [["GTIN", "Serial", "Expiry"]] + [[GTIN, one, "01/02/2028"] for one in packs()]
    proposal = propose(rows)
    assert role(proposal, "Expiry").confidence == "low"
    assert "# low: no value shows whether day or month comes first" in render(proposal)


def test_the_rest_of_the_file_decides_about_day_and_month() -> None:
    rows = [["GTIN", "Serial", "Expiry", "Mfg date"]]
    rows += [[GTIN, one, "01/02/2028", f"05/{13 + n}/2026"] for n, one in enumerate(packs())]
    proposal = propose(rows)
    assert proposal.spec["fields"]["expiry"]["formats"] == ["MM/DD/YYYY"]
    assert "'Mfg date'" in role(proposal, "Expiry").reasons[-1]
    assert not role(proposal, "Expiry").doubt


def test_day_and_time_of_day_in_two_columns() -> None:
    rows = [["GTIN", "Serial", "Exp", "Packed", "Time"]]
    rows += [[GTIN, one, "31/01/2028", "03/04/2026", f"10:0{n}"] for n, one in enumerate(packs())]
    proposal = propose(rows)
    assert proposal.spec["fields"]["packed"] == {
        "join": ["Packed", "Time"], "separator": " ", "transform": "datetime", "formats": ["DD/MM/YYYY hh:mm"],
    }  # fmt: skip
    assert kinds(proposal)["Time"] == "part"


def test_an_expiry_beside_a_time_of_day_is_not_put_together() -> None:
    rows = [["GTIN", "Serial", "Exp", "Time"]] + [[GTIN, one, "31/01/2028", "10:00"] for one in packs()]
    proposal = propose(rows)
    assert kinds(proposal)["Exp"] == "expiry"
    assert "event-time" in proposal.settings


def test_an_amount_is_no_month() -> None:
    rows = [["GTIN", "Lot", "Qty", "Pallet"]]
    rows += [[GTIN, "L1", f"1{n}.25", kit.sscc(n, 3)] for n in range(2)]
    assert kinds(propose(rows))["Qty"] == "quantity"


def test_a_month_with_a_short_year_is_an_expiry() -> None:
    rows = [["GTIN", "Serial", "Exp (MM/YY)"]] + [[GTIN, one, "01/28"] for one in packs()]
    expiry = propose(rows).spec["fields"]["expiry"]
    assert (expiry["formats"], expiry["day_00"]) == (["MM/YY"], "last")


@pytest.mark.parametrize("uri", [kit.sscc_urn(kit.sscc(5)), f"https://id.gs1.org/00/{kit.sscc(5)}"])
def test_identifiers_that_are_uris(uri: str) -> None:
    rows = [["EPC", "ParentEPC"]] + [[kit.sgtin_urn(GTIN, one), uri] for one in packs()]
    objects = propose(rows).spec["objects"]
    assert objects == {"pack": {"epc": "code", "inside": "case"}, "case": {"epc": "case"}}


def test_lot_and_expiry_come_out_of_a_scanned_code() -> None:
    rows = [["Scan", "Box"]] + [[f"(01){GTIN}(21){one}(17)280100(10)L7", kit.sscc(5)] for one in packs()]
    fields = propose(rows).spec["fields"]
    assert fields["lot"]["steps"] == [{"element": "10"}]
    assert fields["expiry"]["formats"] == ["YYMMDD"]


@pytest.mark.parametrize(
    ("code", "left"),
    [
        (f"https://id.gs1.org/01/{GTIN}/21/%s?17=280930&10=LX1", "(10), (17)"),
        (f"(01){GTIN}(21)%s(17)280100(10)L7(11)260901", "(11)"),
    ],
)
def test_what_a_code_holds_and_no_field_reads_is_said(code: str, left: str) -> None:
    proposal = propose([["Code", "Box"]] + [[code % one, kit.sscc(5)] for one in packs()])
    assert any(question.text.startswith(f"the codes hold {left}, too") for question in proposal.questions)


def test_two_columns_of_one_kind_become_a_question() -> None:
    rows = [["GTIN", "Serial", "Lot", "Batch"]] + [[GTIN, one, "L1", "B1"] for one in packs()]
    proposal = propose(rows)
    assert [one.kind for one in proposal.roles].count("lot") == 1
    assert any("could be the lot, too" in question.text for question in proposal.questions)


def test_a_company_prefix_that_no_table_knows_is_asked_for() -> None:
    rows = [["GTIN", "Serial"]] + [["08680001123452", one] for one in packs()]
    assert "company-prefix" in propose(rows).settings
    assert "company-prefix" not in propose([["GTIN", "Serial"]] + [[GTIN, one] for one in packs()]).settings


def test_a_serial_number_above_the_table_is_no_column() -> None:
    rows = [["Serial", "X1Y2Z3"], ["GTIN", "Serial no"]] + [[GTIN, one] for one in packs()]
    assert propose(rows).spec["fields"]["serial"]["column"] == "Serial no"


def test_a_missing_gtin_is_a_setting_of_the_mapping() -> None:
    proposal = propose([["Serial number", "Lot"]] + [[one, "L1"] for one in packs()])
    assert "gtin" in proposal.settings
    assert proposal.spec["fields"]["gtin"] == {"column": "GTIN", "transform": "gtin", "otherwise": "gtin"}
    assert list(proposal.spec["settings"]) == ["gtin"]


def test_a_column_without_header_and_two_with_one_header_are_questions() -> None:
    rows = [["GTIN", "Serial", "", "Lot", "Lot"]] + [[GTIN, one, "x", "L1", "L1"] for one in packs()]
    asked = {question.about: question.text for question in propose(rows).questions}
    assert "no header" in asked["column 3"]
    assert "Lot" in asked


def test_what_is_known_and_not_used_is_asked() -> None:
    rows = [["GTIN", "Serial", "Owner GLN", "Qty"]] + [[GTIN, one, kit.gln(3), "1"] for one in packs()]
    asked = {question.about: question.text for question in propose(rows).questions}
    assert "no proposed event uses it" in asked["Owner GLN"]
    assert "no proposed event uses it" in asked["Qty"]


def test_an_amount_that_can_be_thousands_or_not_is_asked() -> None:
    rows = [["GTIN", "Lot", "Qty", "Pallet"]] + [[GTIN, "L1", "1.250", kit.sscc(n, 3)] for n in range(3)]
    assert any("decimal sign" in question.text for question in propose(rows).questions)
    rows = [["GTIN", "Lot", "Qty", "Pallet"]] + [[GTIN, "L1", "1.250,5", kit.sscc(n, 3)] for n in range(3)]
    assert propose(rows, ";").spec["table"]["decimal"] == ","


def test_returns_are_not_taken_for_commissioning_in_silence() -> None:
    rows = [["Code", "Returned on"]] + [[f"(01){GTIN}(21){one}", "2026-05-13 10:00"] for one in packs()]
    asked = {question.about for question in propose(rows).questions}
    assert {"Returned on", "events"} <= asked


def test_serial_numbers_that_stand_twice_are_a_list_of_what_was_done() -> None:
    rows = [["GTIN", "Serial", "Action"]] + [[GTIN, one, "OUT"] for one in packs(3) * 2]
    with pytest.raises(InputError) as error:
        propose(rows)
    assert "rework.yaml" in error.value.finding.message


# structure


def test_merged_cells_take_the_value_above() -> None:
    rows = [["Pallet", "Case", "GTIN", "Serial"]]
    rows += [
        [kit.sscc(1, 3) if n == 0 else "", kit.sscc(10 + n // 3) if n % 3 == 0 else "", GTIN, one]
        for n, one in enumerate(packs(9))
    ]
    assert propose(rows).spec["table"]["fill_down"] == ["pallet", "case"]


def test_packs_without_a_pallet_are_no_merged_cells() -> None:
    rows = [["Pallet", "Case", "GTIN", "Serial"]]
    rows += [[kit.sscc(1, 3) if n < 6 else "", kit.sscc(10 + n // 3), GTIN, one] for n, one in enumerate(packs(9))]
    spec = propose(rows).spec
    assert "fill_down" not in spec["table"]
    assert spec["fields"]["pallet"]["required"] is False


def test_cases_named_by_gtin_and_serial_number() -> None:
    rows = [["Unit GTIN", "Unit Serial", "Case GTIN", "Case Serial"]]
    rows += [[GTIN, one, kit.gtin(7, 1), f"CS{n // 3}"] for n, one in enumerate(packs())]
    spec = propose(rows).spec
    assert spec["objects"]["case"] == {"epc": "case"}
    assert spec["fields"]["case"]["join"] == ["Case GTIN", "Case Serial"]


def test_a_pallet_above_the_table_contains_all_cases() -> None:
    rows = [["Pallet", kit.sscc(9, 3)], ["GTIN", GTIN], ["Case SSCC", "Serial"]]
    rows += [[kit.sscc(10 + n // 3), one] for n, one in enumerate(packs())]
    spec = propose(rows).spec
    assert spec["fields"]["pallet"] == {"preamble": "Pallet", "transform": "sscc"}
    assert spec["objects"]["case"] == {"sscc": "case", "inside": "pallet"}


def test_a_case_on_two_pallets_is_a_question() -> None:
    rows = [["Pallet SSCC", "Case SSCC", "GTIN", "Serial"]]
    rows += [[kit.sscc(n // 3, 3), kit.sscc(10 + n // 2), GTIN, one] for n, one in enumerate(packs())]
    assert any("is in two of 'Pallet SSCC'" in question.text for question in propose(rows).questions)


def test_shipping_beside_packs() -> None:
    rows = [["GTIN", "Serial", "Case SSCC", "Packed At", "Shipped At", "Ship From GLN", "Ship To GLN", "ASN"]]
    rows += [
        [GTIN, one, kit.sscc(n // 3), "2026-05-13 10:00", "2026-05-14 08:30", kit.gln(1), kit.gln(2, kit.OTHER), "A1"]
        for n, one in enumerate(packs())
    ]
    last = propose(rows).spec["events"][-1]
    assert last["epcs"] == "outermost"
    assert last["when"] == ["shipped", "delivery", "sender", "ship_to"]
    assert last["transactions"] == [{"type": "desadv", "number": "delivery", "issuer": "sender"}]


def test_a_total_is_compared_and_a_signature_is_not() -> None:
    rows = [["GTIN", "Serial", "Lot"]] + [[GTIN, one, "L1"] for one in packs()]
    footers = propose([*rows, ["Total units: 6"], ["Approved by J. Doe"]]).spec["table"]["footers"]
    assert footers == [{"words": ["Total units"], "counts": "pack"}, {"words": ["Approved by J. Doe"]}]


def test_a_short_word_before_a_colon_does_not_become_a_footer() -> None:
    rows = [["Box", "GTIN", "Serial"]] + [["12", GTIN, one] for one in packs()]
    assert propose([*rows, ["QA: ok", "", ""]]).spec["table"]["footers"] == [{"words": ["QA: ok"]}]


def test_a_last_row_like_others_is_no_total() -> None:
    rows = [["Box", "GTIN", "Serial"]] + [["12", GTIN, one] for one in packs()]
    assert "footers" not in propose([*rows, ["P12", GTIN, "Z9Z9"]]).spec["table"]
    footers = propose([*rows, ["P12", "", ""]]).spec["table"].get("footers", [])
    assert footers in ([], [{"words": ["P12"]}])


def test_a_time_that_differs_within_a_case_is_not_the_time_of_packing() -> None:
    rows = [["Case SSCC", "GTIN", "Serial", "Packed at"]]
    rows += [[kit.sscc(n // 3), GTIN, one, f"2026-05-13 10:0{n}"] for n, one in enumerate(packs())]
    proposal = propose(rows)
    assert "event-time" in proposal.settings
    assert [event["time"] for event in proposal.spec["events"]] == ["packed", "event_time", "event_time"]


# bad input


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""), ("a.csv", b"   \n\n"), ("a.csv", b"GTIN,Serial\n"), ("a.json", b'[{"a": 1}]'),
        ("a.xml", b"<a><b>1</b></a>"), ("a.xlsx", b"PK\x03\x04garbage"), ("a.csv", b"\x00\x01\x02" * 500),
        ("a.csv", b"\xff\xfe"), ("a.csv", b'"a,b\n' * 20), ("a.txt", b"one line of words\nand another\n"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 50),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_a_finding(name: str, data: bytes) -> None:
    with pytest.raises((InputError, LimitExceeded)) as error:
        infer(Source.memory(data, name), "a/b")
    assert error.value.finding.hint


def test_headers_with_characters_that_yaml_does_not_take(tmp_path: Path) -> None:
    header = 'Lot\x7f\u2028\u00a0No \\ "quoted" #: ü'
    rows = [["GTIN", "Serial", header]] + [[GTIN, one, "L1"] for one in packs()]
    proposal = propose([[cell.replace('"', "'") for cell in row] for row in rows])
    path = tmp_path / "m.yaml"
    path.write_text(render(proposal), encoding="utf-8")
    spec = load(str(path)).spec
    assert spec == MappingSpec.model_validate(proposal.spec)
    assert spec.fields["lot"].column == [header.replace('"', "'")]


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([GTIN, kit.sscc(3), kit.gln(4), "31.12.2028", "2026-05-13 10:00", "Lot", "Serial", "GTIN", ""]),
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=12), st.sampled_from(",;\t|"))
@settings(max_examples=150, deadline=None)
def test_any_table_gives_a_mapping_that_loads_or_a_finding(tmp_path_factory, rows, separator) -> None:
    text = "\n".join(separator.join(cell.replace("\n", " ").replace('"', "") for cell in row) for row in rows)
    try:
        proposal = infer(Source.memory(text.encode("utf-8", "ignore"), "x.csv"), "a/b")
    except (InputError, LimitExceeded):
        return
    path = tmp_path_factory.mktemp("proposed") / "m.yaml"
    path.write_text(render(proposal), encoding="utf-8")
    assert load(str(path)).spec == MappingSpec.model_validate(proposal.spec)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_proposal_or_a_finding(data: bytes) -> None:
    for name in ("x.csv", "x.xlsx"):
        with contextlib.suppress(InputError, LimitExceeded):
            infer(Source.memory(data, name), "a/b")


HEADERS = [
    "GTIN",
    "Serial",
    "Charge",
    "Exp",
    "Packed at",
    "Hora",
    "Case SSCC",
    "Pallet",
    "Parent",
    "Level",
    "Qty",
    "UOM",
    "GLN",
    "ASN",
    "Code",
    "箱码",
    "x",
    "",
    "Case GTIN",
]
VALUES = {
    "gtin": lambda _: GTIN,
    "serial": lambda n: f"S{n * 7919 % 1000}X",
    "sscc": lambda n: kit.sscc(n // 3),
    "own": lambda n: kit.sscc(n, 3),
    "either": lambda n: kit.sscc(n) if n % 3 else f"U{n}AB",
    "lot": lambda _: "L1",
    "day": lambda _: "31/12/2028",
    "time": lambda n: f"05.1{n % 3}.2026 10:0{n}",
    "clock": lambda n: f"1{n}:00",
    "month": lambda _: "MAR-2028",
    "number": lambda n: str(n + 1),
    "gln": lambda _: kit.gln(3),
    "code": lambda n: f"(01){GTIN}(21)C{n}(10)L1",
    "level": lambda n: "UBP"[n % 3],
    "uri": lambda n: kit.sscc_urn(kit.sscc(n // 2)),
    "nothing": lambda _: "",
}
COLUMN = st.tuples(st.sampled_from(HEADERS), st.sampled_from(sorted(VALUES)), st.sampled_from([0, 0, 2]))


@given(st.lists(COLUMN, min_size=1, max_size=7), st.integers(1, 8), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_columns_give_a_mapping_that_converts_or_refuses(tmp_path_factory, columns, count, above, total) -> None:
    rows = [[header for header, _, _ in columns]]
    rows += [["" if gap and n % gap else VALUES[kind](n) for _, kind, gap in columns] for n in range(count)]
    if above:
        rows.insert(0, ["Packed at:", "10:00"])
    if total:
        rows.append(["Total", str(count)])
    folder = tmp_path_factory.mktemp("proposed")
    try:
        proposal = propose(rows, ";")
    except InputError:
        return
    (folder / "m.yaml").write_text(render(proposal), encoding="utf-8")
    (folder / "out").mkdir()
    values = {"event-time": "2026-11-01T00:00:00Z", "time-zone": "UTC", "creation-date": "2026-01-01T00:00:00Z"}
    values |= {"gtin": GTIN} if "settings" in proposal.spec else {}
    source = Source.memory(kit.separated(rows, ";").encode(), "x.csv")
    mapping = load(str(folder / "m.yaml"))
    report = convert(
        Request(source, to="epcis-2.0-json", from_="table", mapping=mapping, values=values), folder / "out"
    )
    assert report.failed or report.events
