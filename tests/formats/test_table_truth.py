"""Spreadsheets that lie: what is repaired because it is proven, and what is refused because it is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.table.characters import INVISIBLE, as_digits, disguised, plain
from gateway.formats.table.date_order import undecided
from gateway.formats.table.near import nearest
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms import TRANSFORMS, Refused, Repaired, Tools
from gateway.gs1.check_digit import verify
from tests.formats.tables import CASES, GTIN, HEAD, codes, convert, mapping, serials, told

ZERO_WIDTH, NO_BREAK, BOM = "\u200b", "\u00a0", "\ufeff"
CYRILLIC_O, CYRILLIC_S, GREEK_ALPHA = "\u041e", "\u0421", "\u0391"


def transform(name: str, cell, **keys):
    from gateway import gs1

    tools = Tools(gs1.CompanyPrefixes(["9521321"]))
    return TRANSFORMS.get(name)(FieldSpec(column=["x"], transform=name, **keys), tools)(cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9.521321110014E+12", "TABLE-NUM-06"),  # all thirteen digits are there
        ("9,521321110014e+12", "TABLE-NUM-06"),
        ("O9521321110014", "TABLE-CHAR-03"),
        (f"{CYRILLIC_O}952132111{CYRILLIC_O}{CYRILLIC_O}14", "TABLE-CHAR-03"),
        ("０９５２１３２１１１００１４", "TABLE-CHAR-03"),
        ("0952132l1l00l4", "TABLE-CHAR-03"),
        (f"0952{ZERO_WIDTH}1321110014", "TABLE-CHAR-03"),
        (f"0 9521321{NO_BREAK}11001 4", "TABLE-CHAR-03"),
        ('="09521321110014"', "TABLE-CELL-02"),
        ("'09521321110014", "TABLE-CHAR-03"),
        ("9521321110014", ""),  # thirteen digits are a GTIN
        (9521321110014, "TABLE-NUM-02"),
    ],
)
def test_a_gtin_is_put_right_where_its_check_digit_proves_it(cell, code: str) -> None:
    found = transform("gtin", cell)
    if code:
        assert isinstance(found, Repaired)
        assert (found.value, found.rule.code) == (GTIN, code)
    else:
        assert found == GTIN


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9.52E+12", "TABLE-NUM-01"),
        ("9.521321110015E+12", "TABLE-NUM-01"),  # all digits, and the wrong check digit
        ("9.5213211100E+12", "TABLE-NUM-01"),
        ("O9521321110015", "GS1-GTIN-01"),
        ("0952132S110014", "GS1-GTIN-01"),  # an S may be many things
        ('="09521321110015"', "GS1-GTIN-01"),
        ("#REF!", "TABLE-CELL-01"),
        ("########", "TABLE-CELL-01"),
        (95213211100140000, "TABLE-NUM-03"),
    ],
)
def test_a_gtin_without_proof_is_refused(cell, code: str) -> None:
    with pytest.raises(Refused) as caught:
        transform("gtin", cell)
    assert caught.value.rule.code == code


def test_an_sscc_that_lost_digits_and_got_letters() -> None:
    assert transform("sscc", "95213210000000018").value == CASES[0]
    assert transform("sscc", "9.5213210000000018E+16").value == CASES[0]
    assert transform("sscc", "O952132IOOOOOOOO18").value == CASES[0]


@pytest.mark.parametrize("name", ["serial", "lot"])
@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (f"A{CYRILLIC_O}1", "CYRILLIC CAPITAL LETTER O), which looks like 'O'"),
        (f"{GREEK_ALPHA}1", "GREEK CAPITAL LETTER ALPHA), which looks like 'A'"),
        ("Ａ1", "FULLWIDTH LATIN CAPITAL LETTER A), which looks like 'A'"),
        (f"A{ZERO_WIDTH}1", "ZERO WIDTH SPACE), which is not seen"),
        (f"A{BOM}1", "ZERO WIDTH NO-BREAK SPACE), which is not seen"),
    ],
)
def test_serial_and_lot_numbers_are_never_guessed(name: str, cell: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        transform(name, cell)
    assert caught.value.rule.code == "TABLE-CHAR-04"
    assert says in caught.value.message


def test_a_serial_number_in_a_formula_is_a_matter_of_the_mapping() -> None:
    with pytest.raises(Refused) as caught:
        transform("serial", '="0007"')
    assert caught.value.rule.code == "TABLE-CELL-03"
    assert "steps" in caught.value.rule.hint


def test_other_letters_stay_a_matter_of_the_characters_that_gs1_allows() -> None:
    with pytest.raises(Refused) as caught:
        transform("serial", "Ä1")
    assert caught.value.rule.code == "GS1-SERIAL-01"


@pytest.mark.parametrize("cell", [f"(01){GTIN}(21)A{CYRILLIC_O}1", f"urn:epc:id:sgtin:9521321.011001.{CYRILLIC_S}1"])
def test_identifiers_with_a_serial_number_are_never_guessed(cell: str) -> None:
    with pytest.raises(Refused) as caught:
        transform("sgtin", cell)
    assert caught.value.rule.code == "TABLE-CHAR-04"


def test_headers_with_what_is_not_seen_are_found(tmp_path) -> None:
    rows = f"G{ZERO_WIDTH}TIN,{BOM}Se\u00adrial,Lot{NO_BREAK},Expiry,Case\n{GTIN},A1,L1,,\n"
    events, findings = convert(mapping(tmp_path), rows)
    assert (serials(events), findings) == (["A1"], [])


def test_what_is_not_seen_around_a_value_is_left_out_and_said(tmp_path) -> None:
    rows = f"{HEAD}\n{BOM}{GTIN},{ZERO_WIDTH}A1{NO_BREAK},L1,2029-10-31,\n{GTIN},A2,L1,2029-10-31,\n"
    events, findings = convert(mapping(tmp_path), rows)
    assert serials(events) == ["A1", "A2"]
    assert told(findings) == [("TABLE-CHAR-02", 2, "GTIN"), ("TABLE-CHAR-02", 2, "Serial")]
    assert "ZERO WIDTH SPACE" in findings[1].message


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from([*"0123456789OoIlＯ０１", CYRILLIC_O, ZERO_WIDTH, NO_BREAK]), max_size=18))
def test_nothing_but_a_right_check_digit_makes_a_key(text: str) -> None:
    try:
        found = transform("gtin", text) if text.strip() else ""
    except Refused:
        return
    value = found.value if isinstance(found, Repaired) else found
    assert not value or (len(value) == 14 and verify(value) and value.endswith(as_digits(text).lstrip("0")))


@settings(deadline=None)
@given(st.text())
def test_characters_take_any_text(text: str) -> None:
    assert not set(plain(text)) & INVISIBLE
    assert all(isinstance(one, str) for one in disguised(text))


def test_numbers_with_blanks_between_thousands() -> None:
    assert transform("number", f"1{NO_BREAK}012") == "1012"
    assert transform("number", "12 345 678.5") == "12345678.5"
    with pytest.raises(Refused):
        transform("number", "1 0")


EITHER = {"formats": ["DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD"]}


def dated(*dates: str) -> str:
    return "\n".join([HEAD, *(f"{GTIN},A{n},L1,{date}," for n, date in enumerate(dates)), ""])


def test_the_order_of_a_column_is_decided_by_the_dates_that_prove_it(tmp_path) -> None:
    mapped = mapping(tmp_path, expiry=EITHER)
    events, findings = convert(mapped, dated("03/04/2029", "2029-04-05", "04/25/2029"))
    assert [event.ilmd[1].text for event in events[:3]] == ["2029-03-04", "2029-04-05", "2029-04-25"]
    assert told(findings) == [("TABLE-DATE-04", 4, "Expiry")]
    events, findings = convert(mapped, dated("03/04/2029", "25/04/2029"))
    assert [event.ilmd[1].text for event in events[:2]] == ["2029-04-03", "2029-04-25"]


def test_a_column_in_both_orders_or_in_none_is_an_error(tmp_path) -> None:
    mapped = mapping(tmp_path, expiry=EITHER)
    _, findings = convert(mapped, dated("03/04/2029", "25/04/2029", "04/25/2029", "05/05/2029"))
    assert told(findings) == [("TABLE-DATE-03", 2, "Expiry")]
    assert "2029-04-03 (DD/MM/YYYY) or 2029-03-04 (MM/DD/YYYY)" in findings[0].message
    _, findings = convert(mapped, dated("03/04/2029", "05/05/2029"))
    assert told(findings) == [("TABLE-DATE-03", 2, "Expiry")]
    assert not convert(mapped, dated("05/05/2029", "2029-01-02"))[1]  # all have one reading


def test_dates_above_the_table_and_below_it_decide_nothing(tmp_path) -> None:
    table = {"csv": {}, "footers": [{"words": ["Checked"]}]}
    around = "Printed,,,25/12/2029,\n" + dated("03/04/2029") + "Checked,,,26/12/2029,\n"
    _, findings = convert(mapping(tmp_path, table, expiry=EITHER), around)
    assert told(findings) == [("TABLE-HEAD-04", 1, ""), ("TABLE-DATE-03", 3, "Expiry")]


@pytest.mark.parametrize(
    ("formats", "count"),
    [
        (["DD/MM/YYYY"], 0),
        (["DD.MM.YYYY", "YYYY-MM-DD"], 0),
        (["DD/MM/YYYY", "MM.YYYY"], 0),
        (["D/M/YYYY", "M/D/YYYY", "YYYY-MM-DD"], 2),
        (["DD.MM.YY", "YY.MM.DD"], 2),
        (["YYMMDD", "DDMMYY"], 2),
    ],
)
def test_forms_that_contradict_each_other_are_found(formats: list[str], count: int) -> None:
    assert len(undecided(FieldSpec(column=["x"], transform="date", formats=formats))) == count


def test_a_day_count_in_a_text_is_no_date_but_a_hint() -> None:
    with pytest.raises(Refused) as caught:
        transform("date", "46387", formats=["DD.MM.YYYY"])
    assert caught.value.rule.code == "TABLE-DATE-01"
    assert "2026-12-31 (counted from 1900) or 2031-01-01 (counted from 1904)" in caught.value.hint


def test_a_date_with_strange_blanks_and_digits() -> None:
    found = transform("date", f"３1.10.2029{ZERO_WIDTH}", formats=["DD.MM.YYYY"])
    assert (found.value, found.rule.code) == ("2029-10-31", "TABLE-CHAR-03")


def test_the_header_in_the_middle_is_passed_over_and_said(tmp_path) -> None:
    rows = f"{HEAD}\n{GTIN},A1,L1,,\n{BOM}gtin,SERIAL,lot,Expiry,Case\n{GTIN},A2,L1,,\n"
    events, findings = convert(mapping(tmp_path), rows)
    assert serials(events) == ["A1", "A2"]
    assert told(findings) == [("TABLE-HEAD-05", 3, "")]
    shaped = mapping(tmp_path, {"csv": {}, "fill_down": ["case"]})
    events, findings = convert(shaped, rows)
    assert serials(events) == ["A1", "A2"]
    assert told(findings) == [("TABLE-HEAD-05", 3, "")]


@pytest.mark.parametrize("word", ["Total", "Summe:", "Gesamt", "Итого", "合计", "TOTAL UNITS"])
def test_a_total_that_the_mapping_does_not_know(tmp_path, word: str) -> None:
    _, findings = convert(mapping(tmp_path), f"{HEAD}\n{GTIN},A1,L1,,\n{word},1,,,\n")
    assert told(findings) == [("TABLE-COUNT-04", 3, "")]
    assert "table.footers" in findings[0].hint


def test_a_row_of_data_is_no_total(tmp_path) -> None:
    _, findings = convert(mapping(tmp_path), f"{HEAD}\nTotal,A1,L1,2029-10-31,{CASES[0]}\n")
    assert codes(findings) == ["GS1-GTIN-01"]


@pytest.mark.parametrize(
    ("wanted", "there", "looks"),
    [
        (["Batch No"], ["Colour", "Batch-No."], "Batch-No."),
        (["Gültig bis"], ["Colour", "GUELTIG BIS"], "GUELTIG BIS"),
        (["Gültig bis"], ["Colour", "gultig_bis"], "gultig_bis"),
        (["Case SSCC"], ["CaseSSCC"], "CaseSSCC"),
        (["Case SSCC"], ["SSCC (Case)"], "SSCC (Case)"),
        (["Seriennummer"], ["Datum", "Серийный номер"], "Серийный номер"),
        (["Lot"], ["产品批号"], "产品批号"),
        (["Serial"], ["N° de série", "Lot"], "N° de série"),
        (["Serial"], ["Colour", ""], ""),
    ],
)
def test_the_header_that_looks_like_the_missing_one(wanted: list[str], there: list[str], looks: str) -> None:
    assert nearest(wanted, there) == looks


def test_a_missing_column_names_the_header_that_looks_like_it(tmp_path) -> None:
    mapped = mapping(tmp_path, lot={"required": True})
    _, findings = convert(mapped, f"GTIN,Serial,Charge\n{GTIN},A1,L1\n")
    assert codes(findings) == ["TABLE-HEAD-01"]
    assert "needs the column 'Lot' (nearest: 'Charge')" in findings[0].message
    _, findings = convert(mapped, f"GTIN;Seriennummer;Lot;Farbe\n{GTIN};A1;L1;x\n")
    assert "needs the column 'Serial' (nearest: 'Seriennummer')" in findings[0].message


@pytest.mark.parametrize(("above", "code"), [("Units: 2", []), ("Units,2", []), ("units,3", ["TABLE-COUNT-01"])])
def test_a_count_above_the_table_is_compared(tmp_path, above: str, code: list[str]) -> None:
    table = {"csv": {}, "controls": [{"column": "Units", "counts": "unit"}]}
    rows = f"{HEAD}\n{GTIN},A1,L1,,\n{GTIN},A2,L1,,\n"
    assert codes(convert(mapping(tmp_path, table), f"{above}\n{rows}")[1]) == code
    assert codes(convert(mapping(tmp_path, table), rows)[1]) == ["TABLE-COUNT-03"]
    table["controls"][0]["required"] = False
    assert not convert(mapping(tmp_path, table), rows)[1]
