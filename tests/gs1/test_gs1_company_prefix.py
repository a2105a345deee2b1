"""Where a company prefix ends: configured, published, or an error; never a guess."""

from __future__ import annotations

import pytest

from gateway.gs1 import CompanyPrefixes, Gln, Gs1Error, Gtin, Sgtin, Sscc
from gateway.gs1.check_digit import append
from gateway.gs1.company_prefix import PUBLISHED

# The block 02 is for numbers inside one company: GS1 publishes no prefix length for it.
UNPUBLISHED = "020012345678"


def test_configured_prefixes_come_before_the_published_table():
    assert PUBLISHED.length_of("952132112345") == 7
    assert CompanyPrefixes(["95213211"]).length_of("952132112345") == 8
    assert CompanyPrefixes(["020012345"]).length_of(UNPUBLISHED) == 9


def test_the_longest_configured_prefix_wins():
    prefixes = CompanyPrefixes(["952132", "952132112", " 9521321 "])
    assert prefixes.configured == ("952132", "952132112", "9521321")
    assert [prefixes.length_of(digits) for digits in ("952132112345", "952132199999", "952132999999")] == [9, 7, 6]
    assert prefixes.length_of("952132112345") == 9


def test_the_setting_is_a_list_with_commas():
    assert CompanyPrefixes.from_setting("9521321, 0614141,").configured == ("9521321", "0614141")
    assert CompanyPrefixes.from_setting("").configured == ()


@pytest.mark.parametrize("digits", [UNPUBLISHED, "9521", "", "95213211234X", "000009520000"])
def test_unknown_prefixes_are_an_error_that_names_the_setting(digits):
    with pytest.raises(Gs1Error) as caught:
        PUBLISHED.length_of(digits)
    assert caught.value.rule.code == "GS1-PREFIX-01"
    assert "company-prefix" in caught.value.hint


def test_gtin_8_has_no_company_prefix_in_the_table():
    gtin = Gtin.parse(append("9520000"))
    with pytest.raises(Gs1Error) as caught:
        gtin.as_urn()
    assert "GTIN-8" in caught.value.hint
    assert gtin.as_urn(CompanyPrefixes(["00000952"])) == "urn:epc:idpat:sgtin:00000952.00000.*"


def test_keys_ask_with_the_digits_from_the_prefix_on():
    prefixes = CompanyPrefixes(["0200123"])
    gtin, sscc = append("5020012345678"), append("50200123456789012")
    assert Sgtin(gtin, "1").as_urn(prefixes) == "urn:epc:id:sgtin:0200123.545678.1"
    assert Sscc(sscc).as_urn(prefixes) == "urn:epc:id:sscc:0200123.5456789012"
    assert Gln(append(UNPUBLISHED)).as_urn(prefixes) == "urn:epc:id:sgln:0200123.45678.0"
    for key in (Sgtin(gtin, "1"), Sscc(sscc), Gln(append(UNPUBLISHED))):
        with pytest.raises(Gs1Error):
            key.as_urn()


def test_the_cache_stays_small():
    prefixes = CompanyPrefixes(["9521321"])
    for number in range(70_000):
        prefixes.length_of(f"9521321{number:05}")
    assert len(prefixes._cache) <= 65536
