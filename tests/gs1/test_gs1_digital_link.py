"""Digital Links as others write them, and what they hold beside the key."""

from __future__ import annotations

import pytest

from gateway.gs1 import (
    CompanyPrefixes,
    DigitalLink,
    Giai,
    Gtin,
    Lgtin,
    Sgln,
    Sgtin,
    Sscc,
    Upui,
    digital_links_to_urns,
    parse_any,
    parse_digital_link,
    read_digital_link,
)

GTIN = "09521321012349"
PREFIXES = CompanyPrefixes(["9521321"])


@pytest.mark.parametrize(
    ("text", "key", "stem", "extras", "fragment"),
    [
        (f"https://id.gs1.org/01/{GTIN}/21/1", Sgtin(GTIN, "1"), "https://id.gs1.org", (), ""),
        (f"http://id.gs1.org/01/{GTIN}/21/1", Sgtin(GTIN, "1"), "http://id.gs1.org", (), ""),
        (
            f"https://dl.example.org/a/b/01/{GTIN}/10/L%2F1/21/1?17=261231&linkType=gs1:pip#top",
            Sgtin(GTIN, "1"),
            "https://dl.example.org/a/b",
            (("10", "L/1"), ("17", "261231"), ("linkType", "gs1:pip")),
            "top",
        ),
        (f"https://example.org/gtin/{GTIN[1:]}/ser/1", Sgtin(GTIN, "1"), "https://example.org", (), ""),
        (f"https://example.org/gtin/{GTIN[1:]}/lot/L", Lgtin(GTIN, "L"), "https://example.org", (), ""),
        ("https://id.gs1.org/01/95200002", Gtin("00000095200002"), "https://id.gs1.org", (), ""),
        ("https://id.gs1.org/01/952132101233", Gtin("00952132101233"), "https://id.gs1.org", (), ""),
        (f"https://id.gs1.org/01/{GTIN}/22/2A", Gtin(GTIN), "https://id.gs1.org", (("22", "2A"),), ""),
        (f"https://id.gs1.org/01/{GTIN}/22/2A/10/L", Lgtin(GTIN, "L"), "https://id.gs1.org", (("22", "2A"),), ""),
        (f"https://id.gs1.org/01/{GTIN}/235/T", Upui(GTIN, "T"), "https://id.gs1.org", (), ""),
        ("https://id.gs1.org/sscc/395213210000000125", Sscc("395213210000000125"), "https://id.gs1.org", (), ""),
        ("https://id.gs1.org/414/9521321123458/254/0", Sgln("9521321123458"), "https://id.gs1.org", (), ""),
        ("https://id.gs1.org/gln/9521321123458/glnx/7", Sgln("9521321123458", "7"), "https://id.gs1.org", (), ""),
        ("https://example.org/giai/9521321A", Giai("9521321A"), "https://example.org", (), ""),
        (f"https://example.org/01/x/01/{GTIN}/21/01", Sgtin(GTIN, "01"), "https://example.org/01/x", (), ""),
        (f"https://example.org:8443/01/{GTIN}/21/00", Sgtin(GTIN, "00"), "https://example.org:8443", (), ""),
    ],
)  # fmt: skip
def test_links_of_others_are_read(text, key, stem, extras, fragment):
    assert parse_digital_link(text) == DigitalLink(key, text, stem, extras, fragment)
    assert parse_any(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/00/door",
        "https://example.org/01/1234",
        "https://example.org/gtin/list",
        f"https://example.org/01/{GTIN}/reviews",
        f"https://example.org/01/{GTIN}/reviews/3",
        "https://example.org/8004/about",
        "urn:epc:id:sgtin:9521321.001234.1",
        "https://example.org/?01=09521321012349",
        "https://",
        "http:///",
        "https://example.org#/01/09521321012349",
    ],
)
def test_other_web_addresses_are_nobodys_mistake(text):
    assert read_digital_link(text) is None


def test_what_a_urn_has_no_place_for_is_reported():
    links = [
        f"https://id.gs1.org/01/{GTIN}/21/1",
        "https://example.org/readers/7",
        f"https://id.gs1.org/01/{GTIN}/10/L/21/2",
        f"https://example.org/01/{GTIN}/21/3",
        f"https://id.gs1.org/01/{GTIN}/21/4?17=261231",
        "urn:epc:id:sgtin:9521321.001234.5",
    ]
    lost = []
    urns = digital_links_to_urns(links, PREFIXES, lambda index, link: lost.append((index, link.stem, link.extras)))
    assert urns == [
        "urn:epc:id:sgtin:9521321.001234.1",
        "https://example.org/readers/7",
        "urn:epc:id:sgtin:9521321.001234.2",
        "urn:epc:id:sgtin:9521321.001234.3",
        "urn:epc:id:sgtin:9521321.001234.4",
        "urn:epc:id:sgtin:9521321.001234.5",
    ]
    assert lost == [
        (2, "https://id.gs1.org", (("10", "L"),)),
        (3, "https://example.org", ()),
        (4, "https://id.gs1.org", (("17", "261231"),)),
    ]
