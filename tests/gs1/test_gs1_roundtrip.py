"""Round trips of generated keys through every syntax, over every character of set 82."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.gs1 import (
    CompanyPrefixes,
    Cpi,
    Gdti,
    Giai,
    Ginc,
    Grai,
    Gs1Error,
    Gsin,
    Gsrn,
    Gtin,
    Itip,
    Lgtin,
    Pgln,
    Sgcn,
    Sgln,
    Sgtin,
    Sscc,
    Upui,
    digital_links_to_urns,
    parse_any,
    parse_element_string,
    parse_urn,
    sgtin_urns,
    urns_to_digital_links,
)
from gateway.gs1.charsets import SET_39, SET_82
from gateway.gs1.check_digit import append, compute, verify
from gateway.gs1.keys import split_elements
from gateway.gs1.registry import key_of

PREFIX = "9521321"
PREFIXES = CompanyPrefixes([PREFIX])


def text(longest: int, charset: str = SET_82, shortest: int = 1) -> st.SearchStrategy[str]:
    return st.text(charset, min_size=shortest, max_size=longest)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


indicated_13 = st.tuples(digits(1), digits(5)).map(lambda d: append(d[0] + PREFIX + d[1]))
indicated_17 = st.tuples(digits(1), digits(9)).map(lambda d: append(d[0] + PREFIX + d[1]))
plain_13 = digits(5).map(lambda d: append(PREFIX + d))
plain_18 = digits(10).map(lambda d: append(PREFIX + d))
plain_17 = digits(9).map(lambda d: append(PREFIX + d))

KEYS = st.one_of(
    st.builds(Gtin, indicated_13),
    st.builds(Sgtin, indicated_13, text(20)),
    st.builds(Lgtin, indicated_13, text(20)),
    st.builds(Upui, indicated_13, text(28)),
    st.builds(Itip, indicated_13, digits(2), digits(2), st.none() | text(20)),
    st.builds(Sscc, indicated_17),
    st.builds(Sgln, plain_13, text(20)),
    st.builds(Pgln, plain_13),
    st.builds(Grai, plain_13, st.none() | text(16)),
    st.builds(Gdti, plain_13, st.none() | text(17)),
    st.builds(Sgcn, plain_13, st.none() | text(12, "0123456789")),
    st.builds(Gsrn, plain_18),
    st.builds(Gsin, plain_17),
    st.builds(Giai, st.just(PREFIX + "(10)x")),
    st.builds(Giai, text(23).map(PREFIX.__add__)),
    st.builds(Ginc, text(23).map(PREFIX.__add__)),
    st.builds(Cpi, text(23, SET_39).map(PREFIX.__add__), st.none() | text(12, "0123456789")),
)


@settings(max_examples=200)
@given(KEYS)
def test_every_key_survives_every_syntax(key):
    urn, link = key.as_urn(PREFIXES), key.as_digital_link()
    assert parse_urn(urn) == key
    assert parse_any(link) == key
    assert parse_any(link).as_urn(PREFIXES) == urn
    assert parse_any(urn).as_digital_link() == link
    parts, rest = split_elements(parse_element_string(key.as_fnc1("]d2")))
    assert (key_of(parts), rest) == (key, ())


@given(KEYS)
def test_brackets_survive_or_are_refused(key):
    looks_like_brackets = re.search(r"\([0-9]{2,4}\)", "".join(value for _, value in key.as_elements()))
    if looks_like_brackets:
        with pytest.raises(Gs1Error) as caught:
            key.as_element_string()
        assert caught.value.rule.code == "GS1-ES-04"
    else:
        parts, _ = split_elements(parse_element_string(key.as_element_string()))
        assert key_of(parts) == key


@pytest.mark.parametrize("char", SET_82)
def test_every_character_of_set_82(char):
    key = Sgtin("09521321012349", f"a{char}b")
    urn, link = key.as_urn(PREFIXES), key.as_digital_link()
    assert [parse_any(urn), parse_any(link), Sgtin.parse(key.as_element_string())] == [key] * 3
    escaped = f"%{ord(char):02X}"
    in_urn = escaped if char in '"%&/<>?' else char
    in_link = escaped if char in '!#%&()*+,/:"<>?' else char
    assert urn == f"urn:epc:id:sgtin:9521321.001234.a{in_urn}b"
    assert link == f"https://id.gs1.org/01/09521321012349/21/a{in_link}b"
    assert parse_any(f"https://id.gs1.org/01/09521321012349/21/a%{ord(char):02x}b") == key


@given(indicated_13, st.lists(text(20), max_size=6))
def test_lists_do_what_single_keys_do(gtin, serials):
    keys = [Sgtin(gtin, serial) for serial in serials]
    urns = sgtin_urns(gtin, serials, PREFIXES)
    assert urns == [key.as_urn(PREFIXES) for key in keys]
    links = urns_to_digital_links(urns)
    assert links == [key.as_digital_link() for key in keys]
    assert digital_links_to_urns(links, PREFIXES) == urns


@given(st.lists(KEYS, max_size=8))
def test_mixed_lists_do_what_single_keys_do(keys):
    urns = [key.as_urn(PREFIXES) for key in keys]
    links = [key.as_digital_link() for key in keys]
    assert urns_to_digital_links(urns) == links
    assert digital_links_to_urns(links, PREFIXES) == urns


@given(st.text("0123456789", min_size=1, max_size=20))
def test_a_check_digit_fits_and_no_other_does(payload):
    right = compute(payload)
    assert [d for d in "0123456789" if verify(payload + d)] == [right]


@given(st.text(max_size=60) | st.text("urn:epcidsgt.0123456789%/*(}", max_size=60).map("urn:epc:id:sgtin:".__add__))
def test_no_text_brings_anything_but_a_gs1_error(garbage):
    for read in (parse_any, parse_urn, parse_element_string, Sgtin.parse, Sscc.parse):
        for text_read in (garbage, f"https://id.gs1.org/{garbage}", f"https://example.org/01/{garbage}"):
            with contextlib.suppress(Gs1Error):
                read(text_read)
