"""Element strings: brackets, separators, and the bare form only where it has one meaning."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.gs1 import Gs1Error, Sgtin, Sscc, format_date, parse_date, parse_element_string
from gateway.gs1.charsets import SET_82
from gateway.gs1.element_string import FNC1, with_brackets, with_fnc1
from gateway.gs1.keys import split_elements

GTIN = "09521321012349"
PACK = (("01", GTIN), ("21", "A(1"), ("17", "261200"), ("10", "L-1"))


def outcome(text, order):
    """The elements read, or the code of the rule under which the text is refused."""
    try:
        return parse_element_string(text, order=order)
    except Gs1Error as error:
        return error.rule.code


@pytest.mark.parametrize(
    "text",
    [
        f"(01){GTIN}(21)A(1(17)261200(10)L-1",
        f"]d201{GTIN}21A(1{FNC1}1726120010L-1",
        f"]C101{GTIN}21A(1{FNC1}1726120010L-1",
        f"]Q301{GTIN}21A(1{FNC1}1726120010L-1{FNC1}",
        f"{FNC1}01{GTIN}21A(1{FNC1}17261200{FNC1}10L-1",
        f"01{GTIN}21A(1{FNC1}1726120010L-1",
    ],
)
def test_spellings_that_leave_no_doubt(text):
    assert parse_element_string(text) == PACK


def test_both_forms_are_written():
    elements = parse_element_string(f"(01){GTIN}(21)A(17)261200(10)L")
    assert with_brackets(elements) == f"(01){GTIN}(21)A(17)261200(10)L"
    assert with_fnc1(elements, "]d2") == f"]d201{GTIN}21A{FNC1}1726120010L"
    assert with_fnc1(elements[:2]) == f"01{GTIN}21A"


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (f"01{GTIN}21ABC", (("01", GTIN), ("21", "ABC"))),
        (f"01{GTIN}1726120010LOT7", (("01", GTIN), ("17", "261200"), ("10", "LOT7"))),
        ("00395213210000000125", (("00", "395213210000000125"),)),
        # No year has a 31 February: this is no expiry date.
        (f"01{GTIN}21ABC17260231", (("01", GTIN), ("21", "ABC17260231"))),
        (f"02{GTIN}3748", (("02", GTIN), ("37", "48"))),
        # 23 characters cannot all be serial number; only one cut leaves a date and a lot.
        (f"01{GTIN}21ABCDEFGHIJKLMNOP17261231", (("01", GTIN), ("21", "ABCDEFGHIJKLMNOP"), ("17", "261231"))),
    ],
)
def test_bare_forms_with_one_reading(text, elements):
    assert parse_element_string(text) == elements


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}21ABC17261231",
        f"01{GTIN}21ABC1726123110LOT7",
        f"01{GTIN}10LOT21ABC",
        f"01{GTIN}21A71012",
    ],
)
def test_bare_forms_with_more_readings_are_refused(text):
    with pytest.raises(Gs1Error) as caught:
        parse_element_string(text)
    assert caught.value.rule.code == "GS1-ES-04"


def test_a_known_order_takes_the_doubt_away():
    text = f"01{GTIN}21ABC1726123110LOT7"
    order = ("01", "21", "17", "10")
    assert parse_element_string(text, order=order) == (("01", GTIN), ("21", "ABC"), ("17", "261231"), ("10", "LOT7"))
    assert parse_element_string(f"01{GTIN}21AB17261231", order=("01", "21"))[1] == ("21", "AB17261231")
    for wrong_order in (("01", "10", "17"), ("21", "01"), ("01", "17")):
        with pytest.raises(Gs1Error) as caught:
            parse_element_string(text, order=wrong_order)
        assert caught.value.rule.code == "GS1-ES-01"


def test_a_known_order_does_not_take_every_doubt_away():
    text = f"01{GTIN}21A17261231171726123110L"
    with pytest.raises(Gs1Error) as caught:
        parse_element_string(f"01{GTIN}21A1726123110B1726123110L", order=("01", "21", "17", "10"))
    assert caught.value.rule.code == "GS1-ES-04"
    with pytest.raises(Gs1Error):
        parse_element_string(text)


@given(st.text(SET_82, min_size=1, max_size=20), st.text(SET_82, min_size=1, max_size=20))
def test_separators_decide_for_every_serial_and_lot(serial, lot):
    pack = (("01", GTIN), ("21", serial), ("10", lot))
    assert parse_element_string(f"]d201{GTIN}21{serial}{FNC1}10{lot}") == pack


@given(st.text(SET_82, min_size=1, max_size=20), st.text(SET_82, min_size=1, max_size=20))
def test_a_bare_form_is_read_right_or_not_at_all(serial, lot):
    pack = (("01", GTIN), ("17", "261231"), ("21", serial), ("10", lot))
    text = "".join(ai + value for ai, value in pack)
    for order in (None, ("01", "17", "21", "10")):
        assert outcome(text, order) in (pack, "GS1-ES-04")


def test_a_hostile_text_is_answered_soon():
    for text in ("10" * 5000, f"01{GTIN}" + "2110" * 40, "(01)" * 5000, "]d2" + "10" * 5000):
        with pytest.raises(Gs1Error):
            parse_element_string(text)


def test_what_is_not_the_key_is_given_too():
    parts, rest = split_elements(parse_element_string(f"(01){GTIN}(10)L(21)S(17)261231"))
    assert (Sgtin.from_parts(parts), rest) == (Sgtin(GTIN, "S"), (("10", "L"), ("17", "261231")))
    parts, rest = split_elements(parse_element_string(f"(02){GTIN}(37)5(00)395213210000000125"))
    assert (Sscc.from_parts(parts), rest) == (Sscc("395213210000000125"), (("02", GTIN), ("37", "5")))


@pytest.mark.parametrize(
    ("text", "year", "date"),
    [
        ("261231", 2026, dt.date(2026, 12, 31)),
        ("270200", 2026, dt.date(2027, 2, 28)),
        ("280200", 2026, dt.date(2028, 2, 29)),
        ("260400", 2026, dt.date(2026, 4, 30)),
        ("760101", 2026, dt.date(2076, 1, 1)),
        ("770101", 2026, dt.date(1977, 1, 1)),
        ("000101", 1999, dt.date(2000, 1, 1)),
        ("490101", 1999, dt.date(2049, 1, 1)),
        ("500101", 1999, dt.date(1950, 1, 1)),
        ("010101", 2051, dt.date(2101, 1, 1)),
    ],
)
def test_dates(text, year, date):
    assert parse_date(text, year=year) == date


@pytest.mark.parametrize("text", ["261301", "260001", "260431", "260229", "26123", "2612311", "26-231", "", "२६१२३१"])
def test_wrong_dates(text):
    with pytest.raises(Gs1Error) as caught:
        parse_date(text, year=2026)
    assert caught.value.rule.code == "GS1-DATE-01"


def test_dates_are_written():
    assert format_date(dt.date(2026, 2, 3)) == "260203"
