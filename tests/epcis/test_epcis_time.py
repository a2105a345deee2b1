"""xsd:dateTime as text: forms, zones, order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.epcis.time import (
    Moment,
    has_zone,
    is_end_of_day,
    is_offset,
    normal_offset,
    order_key,
    parse,
    same_offset,
    start_of_next_day,
    with_offset,
)


def test_the_parts_are_kept_as_they_were_written():
    assert parse("2026-03-01T09:05:07.1200+01:00") == Moment(2026, 3, 1, 9, 5, 7, "1200", "+01:00")
    assert parse("-0044-03-15T12:00:00") == Moment(-44, 3, 15, 12, 0, 0, "", "")
    assert parse("12026-03-01T24:00:00Z") == Moment(12026, 3, 1, 24, 0, 0, "", "Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T09:05",
        "2026-03-01 09:05:07Z",
        "2026-03-01T09:05:07z",
        "2026-03-01T09:05:07+0100",
        "2026-03-01T09:05:07+14:01",
        "2026-03-01T09:05:07+15:00",
        "2026-03-01T09:05:07.Z",
        "2026-13-01T09:05:07Z",
        "2026-00-01T09:05:07Z",
        "2026-02-29T09:05:07Z",
        "2026-04-31T09:05:07Z",
        "2026-03-00T09:05:07Z",
        "2026-03-01T25:05:07Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T24:00:00.1Z",
        "2026-03-01T09:60:07Z",
        "2026-03-01T09:05:60Z",
        "0000-03-01T09:05:07Z",
        "02026-03-01T09:05:07Z",
        "26-03-01T09:05:07Z",
        "\u0662026-03-01T09:05:07Z",
        "2026-03-01T09:05:07Z\n",
        " 2026-03-01T09:05:07Z",
    ],
)
def test_what_is_no_time(text):
    assert parse(text) is None
    assert order_key(text) is None
    assert not is_end_of_day(text)
    assert start_of_next_day(text) == text


@given(st.text(alphabet="0123456789-:T.+Z ", max_size=32))
def test_any_text_is_parsed_or_refused(text):
    moment = parse(text)
    assert moment is None or has_zone(text) == bool(moment.zone)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


# hypothesis wants the bound without zone; a year's distance keeps UTC within the calendar
FIRST, LAST = datetime(2, 1, 1), datetime(9998, 1, 1)  # noqa: DTZ001
TIMES = st.datetimes(timezones=ZONES, min_value=FIRST, max_value=LAST)


@given(TIMES, TIMES)
def test_keys_order_as_python_orders(one, other):
    first, second = order_key(one.isoformat()), order_key(other.isoformat())
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


def test_fractions_order_as_numbers_and_naive_times_by_their_offset():
    keys = [order_key(f"2026-03-01T09:05:07.{digits}Z") for digits in ("05", "1", "15", "2")]
    assert keys == sorted(keys)
    assert order_key("2026-03-01T09:05:07.10Z") == order_key("2026-03-01T09:05:07.1Z")
    assert order_key("2026-03-01T09:05:07", "+02:00") == order_key("2026-03-01T07:05:07Z")
    assert order_key("2026-03-01T24:00:00Z") == order_key("2026-03-02T00:00:00Z")
    assert order_key("-0001-02-29T00:00:00Z") < order_key("0001-01-01T00:00:00Z")


def test_offsets():
    good = ["+00:00", "-00:00", "+13:59", "-14:00", "+05:30"]
    bad = ["", "Z", "+14:01", "+1:00", "01:00", "+24:00", "+01:60", "+01:00 "]
    assert [is_offset(text) for text in good + bad] == [True] * len(good) + [False] * len(bad)
    assert (normal_offset("Z"), normal_offset("+02:00"), normal_offset("x")) == ("+00:00", "+02:00", "x")
    assert same_offset("Z", "+00:00")
    assert same_offset("-00:00", "+00:00")
    assert not same_offset("+01:00", "+02:00")


def test_a_time_without_zone_takes_the_offset_of_its_event():
    assert with_offset("2026-03-01T09:05:07.100", "+02:00") == "2026-03-01T09:05:07.100+02:00"
    assert with_offset("2026-03-01T09:05:07", "Z") == "2026-03-01T09:05:07Z"
    assert with_offset("2026-03-01T09:05:07-05:00", "+02:00") == "2026-03-01T09:05:07-05:00"
    with pytest.raises(ValueError, match="no time zone offset"):
        with_offset("2026-03-01T09:05:07", "CET")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T24:00:00+01:00", "2026-03-02T00:00:00+01:00"),
        ("2023-12-31T24:00:00.00", "2024-01-01T00:00:00.00"),
        ("2024-02-28T24:00:00Z", "2024-02-29T00:00:00Z"),
        ("2023-02-28T24:00:00Z", "2023-03-01T00:00:00Z"),
        ("-0001-12-31T24:00:00Z", "0001-01-01T00:00:00Z"),
        ("2026-03-01T23:59:59Z", "2026-03-01T23:59:59Z"),
    ],
)
def test_the_end_of_a_day_becomes_the_start_of_the_next(text, expected):
    assert is_end_of_day(text) == (text != expected)
    assert start_of_next_day(text) == expected
    assert order_key(text) == order_key(expected)


def test_utc_epoch():
    epoch, day = order_key("1970-01-01T00:00:00Z"), order_key("1970-01-02T00:00:00Z")
    assert (
        day.seconds - epoch.seconds
        == (datetime(1970, 1, 2, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days * 86400
    )
