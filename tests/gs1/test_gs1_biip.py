"""biip reads the same keys by its own code: both must agree."""

from __future__ import annotations

import biip
import pytest
from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.gs1_prefixes import GS1CompanyPrefix
from hypothesis import given
from hypothesis import strategies as st

from gateway.gs1 import Gs1Error, Gtin, Lgtin, Sgln, Sgtin, Sscc, normalise_gtin, parse_element_string
from gateway.gs1.charsets import SET_82
from gateway.gs1.check_digit import append, compute
from gateway.gs1.company_prefix import PUBLISHED

serials = st.text(SET_82, min_size=1, max_size=20)
gtins = st.text("0123456789", min_size=13, max_size=13).map(append)


def pairs(elements) -> list[tuple[str, str]]:
    return [(element.ai.ai, element.value) for element in elements]


@given(st.text("0123456789", min_size=1, max_size=17))
def test_check_digits(payload):
    assert compute(payload) == str(gs1_standard_check_digit(payload))


@given(st.text("0123456789", min_size=8, max_size=14))
def test_gtins(text):
    try:
        ours = normalise_gtin(text)
    except Gs1Error:
        ours = None
    try:
        theirs = biip.gtin.Gtin.parse(text).as_gtin_14()
    except ParseError:
        theirs = None
    assert ours == theirs


@given(gtins, serials, serials)
def test_scanned_messages(gtin, lot, serial):
    text = f"]d201{gtin}10{lot}\x1d21{serial}"
    assert list(parse_element_string(text)) == pairs(GS1Message.parse(text.removeprefix("]d2")).element_strings)


@given(gtins, serials)
def test_element_strings_are_understood(gtin, serial):
    for key, ai in ((Sgtin(gtin, serial), "21"), (Lgtin(gtin, serial), "10")):
        assert pairs(GS1Message.parse(key.as_fnc1()).element_strings) == [("01", gtin), (ai, serial)]


@given(gtins, serials)
def test_digital_links_are_understood(gtin, serial):
    assert pairs(GS1DigitalLinkURI.parse(Sgtin(gtin, serial).as_digital_link()).element_strings) == [
        ("01", gtin),
        ("21", serial),
    ]


@given(gtins, serials)
def test_digital_links_of_biip_are_understood(gtin, serial):
    key = Sgtin(gtin, serial)
    theirs = GS1DigitalLinkURI.parse(key.as_digital_link()).as_canonical_uri()
    assert Sgtin.parse(theirs) == key


def test_prefix_lengths_are_the_published_ones():
    """Every block of the published table, at both ends; GTIN-8 numbers (00000...) are nobody's prefix."""
    unknown = 0
    for head in (f"{block:03}{rest}" for block in range(1000) for rest in ("1" * 9, "0" * 9, "9" * 9)):
        theirs = GS1CompanyPrefix.extract(head)
        if theirs is None or head.startswith("00000"):
            unknown += 1
            with pytest.raises(Gs1Error):
                PUBLISHED.length_of(head)
        else:
            assert PUBLISHED.length_of(head) == len(theirs.value)
    assert 300 < unknown < 2000


def test_biip_splits_where_our_urns_split():
    sscc, gln, gtin = append("39521321000000001"), append("952132112345"), append("0952132112345")
    assert Sscc(sscc).as_urn().split(":")[-1].split(".")[0] == biip.sscc.Sscc.parse(sscc).company_prefix.value
    assert Sgln(gln).as_urn().split(":")[-1].split(".")[0] == biip.gln.Gln.parse(gln).company_prefix.value
    assert Gtin(gtin).as_urn().split(":")[-1].split(".")[0] == biip.gtin.Gtin.parse(gtin).company_prefix.value
