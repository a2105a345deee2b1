# ruff: noqa: DTZ001 - cells of sheets are local times without a zone
"""The named transforms: what they take, what they repair, what they refuse."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import gs1
from gateway.formats.table.cells import shown
from gateway.formats.table.dates import Form, in_zone, offset_of
from gateway.formats.table.spec import FieldSpec
from gateway.formats.table.transforms import TRANSFORMS, Refused, Repaired, Tools
from gateway.gs1.check_digit import append, verify

TOOLS = Tools(gs1.CompanyPrefixes(["8680001"]), ",", "Europe/Berlin")


def apply(name: str, cell, **options):
    return TRANSFORMS.get(name)(FieldSpec(column=["x"], transform=name, **options), TOOLS)(cell)


def refused(name: str, cell, **options) -> str:
    with pytest.raises(Refused) as caught:
        apply(name, cell, **options)
    return caught.value.rule.code


@given(st.integers(0, 99_999), st.integers(0, 9))
def test_gtin_as_text_and_as_number(reference: int, indicator: int) -> None:
    gtin = append(f"{indicator}8680001{reference:05d}")
    assert apply("gtin", gtin) == gtin
    assert apply("gtin", f" {gtin}\u00a0") == gtin
    number = apply("gtin", float(gtin))
    assert isinstance(number, Repaired)
    assert number.value == gtin


@given(st.integers(0, 999_999_999), st.integers(0, 9), st.integers(0, 17), st.integers(1, 9))
def test_sscc_with_one_wrong_digit_is_refused(reference: int, extension: int, place: int, by: int) -> None:
    sscc = append(f"{extension}8680001{reference:09d}")
    assert apply("sscc", sscc) == apply("sscc", "(00)" + sscc) == apply("sscc", "00" + sscc) == sscc
    wrong = sscc[:place] + str((int(sscc[place]) + by) % 10) + sscc[place + 1 :]
    assert refused("sscc", wrong) == "GS1-SSCC-02"


@settings(deadline=None)  # the first call loads the table of company prefixes
@given(st.text("0123456789", max_size=20))
def test_a_key_is_taken_only_when_its_check_digit_proves_it(text: str) -> None:
    try:
        value = apply("gtin", text or "x")
    except Refused:
        return
    value = value.value if isinstance(value, Repaired) else value
    assert verify(value)
    assert value.lstrip("0") == text.lstrip("0")


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("gtin", "9.50E+12", "TABLE-NUM-01"),
        ("gtin", "9,50E+12", "TABLE-NUM-01"),
        ("serial", "8.68E+13", "TABLE-NUM-01"),
        ("sscc", 86800010000000012, "TABLE-NUM-03"),
        ("sscc", True, "TABLE-VALUE-02"),
        ("gtin", 1.5, "TABLE-VALUE-02"),
        ("gtin", dt.date(2026, 1, 1), "TABLE-VALUE-02"),
        ("gtin", "0868000112345A", "GS1-GTIN-01"),
        ("gln", "8680001000013", "GS1-GLN-02"),
        ("serial", 12345.0, "TABLE-NUM-04"),
        ("serial", "A B", "GS1-SERIAL-01"),
        ("serial", "A" * 21, "GS1-SERIAL-02"),
        ("lot", "L" * 21, "GS1-LOT-02"),
        ("text", "a\0b", "TABLE-CHAR-01"),
        ("number", "1.5", "TABLE-VALUE-02"),
        ("date", "x", "TABLE-DATE-01"),
        ("date", 3.0, "TABLE-DATE-01"),
        ("date", dt.datetime(2026, 1, 1, 5), "TABLE-DATE-01"),
    ],
)
def test_refusals(name: str, cell, code: str) -> None:
    assert refused(name, cell) == code


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)))
def test_a_day_in_every_form(day: dt.date) -> None:
    for form, text in (("DD.MM.YYYY", "%d.%m.%Y"), ("MM/DD/YYYY", "%m/%d/%Y"), ("YYMMDD", "%y%m%d")):
        assert apply("date", day.strftime(text), formats=form) == day.isoformat()
    assert apply("date", day) == day.isoformat()
    count = (day - dt.date(1899, 12, 30)).days
    assert apply("date", float(count)).value == day.isoformat()
    assert refused("date", str(count), formats="DD.MM.YYYY") == "TABLE-DATE-01"


@given(st.text("0123456789./-", max_size=12))
def test_a_date_is_read_only_where_it_says_itself(text: str) -> None:
    found = Form.compile("DD.MM.YYYY").read(text)
    if found is not None:
        assert found.strftime("%d.%m.%Y") == text


def test_day_00_is_the_last_of_the_month_only_when_declared() -> None:
    assert apply("date", "280200", formats="YYMMDD", day_00="last") == "2028-02-29"
    assert apply("date", "02/2027", formats="MM/YYYY", day_00="last") == "2027-02-28"
    assert refused("date", "280200", formats="YYMMDD") == "TABLE-DATE-01"


@pytest.mark.parametrize("form", ["DD.MM", "DD.DD.MM.YYYY", "DD.YYYY", "MM YY YYYY"])
def test_a_form_without_year_or_month_is_no_form(form: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        Form.compile(form)


def test_local_times() -> None:
    form = "DD.MM.YYYY hh:mm"
    assert apply("datetime", "25.07.2026 02:30", formats=form) == "2026-07-25T02:30:00+02:00"
    assert refused("datetime", "25.10.2026 02:30", formats=form) == "TABLE-TIME-01"  # twice
    assert refused("datetime", "29.03.2026 02:30", formats=form) == "TABLE-TIME-01"  # never
    assert apply("datetime", "2026-10-25T02:30:00+01:00", formats=form) == "2026-10-25T02:30:00+01:00"
    assert apply("datetime", dt.datetime(2026, 1, 1, 5), zone="Asia/Tokyo") == "2026-01-01T05:00:00+09:00"
    no_zone = TRANSFORMS.get("datetime")(FieldSpec(column=["x"]), Tools())
    with pytest.raises(Refused) as caught:
        no_zone(dt.datetime(2026, 1, 1))
    assert caught.value.rule.code == "TABLE-TIME-02"


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)), st.sampled_from(["Europe/Berlin", "Asia/Kolkata"])
)
def test_a_local_time_that_is_given_back_is_the_same_moment(local: dt.datetime, name: str) -> None:
    from zoneinfo import ZoneInfo

    time = in_zone(local, ZoneInfo(name))
    if time is not None:
        moment = dt.datetime.fromisoformat(time)
        assert moment.replace(tzinfo=None) == local
        assert moment.astimezone(dt.UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None) == local
        assert offset_of(time) == time[-6:]


def test_numbers_text_lookup() -> None:
    assert apply("number", "1.500,50") == "1500.50"
    assert apply("number", "-12,450") == "-12.450"
    assert apply("number", 1500.0) == "1500"
    assert isinstance(apply("text", 7.0), Repaired)
    assert apply("serial", 7.0, numbers="as-shown") == "7"
    assert apply("lookup", "A", table={"A": "active"}) == "active"
    assert refused("lookup", "B", table={"A": "active"}) == "TABLE-VALUE-03"
    assert shown(True) == "TRUE"
