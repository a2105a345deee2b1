"""Lists of keys: same results as single keys, first wrong one named, nothing taken for granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.gs1 import (
    CompanyPrefixes,
    Gs1Error,
    Sgtin,
    bad_serials,
    gln_to_sgln_urn,
    sgtin_urns,
    sscc_urn,
    urns_to_digital_links,
    wrong_keys,
)
from gateway.gs1.charsets import SET_82

GTIN = "09521321012349"
PREFIXES = CompanyPrefixes(["9521321"])
STEM = "urn:epc:id:sgtin:9521321.001234."


def test_sgtin_urns():
    assert sgtin_urns(GTIN, ["1", "a/b", "%2F", 'x"<>?&'], PREFIXES) == [
        f"{STEM}1",
        f"{STEM}a%2Fb",
        f"{STEM}%252F",
        f"{STEM}x%22%3C%3E%3F%26",
    ]
    assert sgtin_urns(GTIN, [], PREFIXES) == []
    assert sgtin_urns("9521321012349", ["1"], PREFIXES) == [f"{STEM}1"]


def test_sscc_and_gln():
    assert sscc_urn("395213210000000125", PREFIXES) == "urn:epc:id:sscc:9521321.3000000012"
    assert gln_to_sgln_urn("9521321123458", PREFIXES) == "urn:epc:id:sgln:9521321.12345.0"
    assert gln_to_sgln_urn("9521321123458", PREFIXES, "a/1") == "urn:epc:id:sgln:9521321.12345.a%2F1"


def test_bad_serials_are_named_by_index():
    serials = ["A1", "", "B 2", "C3", "x" * 21, "\u00c4", "D\n", "E#", "F/%"]
    assert bad_serials(serials) == [1, 2, 4, 5, 6, 7]
    assert bad_serials([]) == []
    assert bad_serials(["A", "B\nC"]) == [1]


@given(st.lists(st.text(st.sampled_from(SET_82 + " #\n\u00e9"), max_size=22), max_size=5))
def test_bad_serials_agrees_with_single_keys(serials):
    wrong = []
    for index, serial in enumerate(serials):
        try:
            Sgtin(GTIN, serial)
        except Gs1Error:
            wrong.append(index)
    assert bad_serials(serials) == wrong


def test_what_is_no_urn_of_a_key_stays():
    others = ["urn:uuid:1", f"https://x.example/01/{GTIN}/21/1", "urn:epc:idpat:sgtin:9521321.*.*", "", STEM[:-3]]
    assert urns_to_digital_links(others[:4]) == others[:4]
    assert urns_to_digital_links([f"{STEM}a%2fb", "urn:uuid:1", f"{STEM}1"]) == [
        f"https://id.gs1.org/01/{GTIN}/21/a%2Fb",
        "urn:uuid:1",
        f"https://id.gs1.org/01/{GTIN}/21/1",
    ]


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("", "GS1-SERIAL-02"),
        ("x" * 21, "GS1-SERIAL-02"),
        ("a b", "GS1-SERIAL-01"),
        ("a\nb", "GS1-SERIAL-01"),
        ("a/b", "GS1-URN-03"),
        ("a%2", "GS1-URN-03"),
        ("a%2D", "GS1-URN-03"),
        ("%2525252525252525252525252525252525252525252525252525252525252525", "GS1-SERIAL-02"),
    ],
)
def test_one_wrong_serial_among_many_stops_the_list(tail, code):
    urns = [f"{STEM}{number}" for number in range(50)]
    urns.insert(20, STEM + tail)
    with pytest.raises(Gs1Error) as caught:
        urns_to_digital_links(urns)
    assert caught.value.rule.code == code
    assert [(index, error.rule.code) for index, error in wrong_keys(urns)] == [(20, code)]


def test_wrong_keys_looks_at_every_kind():
    uris = [
        f"{STEM}1",
        f"{STEM}2",
        "urn:epc:id:sgtin:9521321.01234.1",
        "urn:epc:id:sgtin:9521321.01234.2",
        "urn:epc:id:sscc:9521321.3000000012",
        "urn:epc:id:sscc:9521321.300000001",
        "urn:epc:id:sscc:95213.213000000012",
        f"https://id.gs1.org/01/{GTIN}/21/1",
        "https://id.gs1.org/01/09521321012346/21/1",
        "urn:uuid:1",
        "https://example.org/00/door",
        "urn:epc:id:sgln:9521321.12345.0",
        "urn:epc:id:sgln:9521321.123456.0",
    ]
    assert [(index, error.rule.code) for index, error in wrong_keys(uris)] == [
        (2, "GS1-URN-02"),
        (3, "GS1-URN-02"),
        (5, "GS1-URN-02"),
        (6, "GS1-URN-02"),
        (8, "GS1-GTIN-02"),
        (12, "GS1-URN-02"),
    ]
