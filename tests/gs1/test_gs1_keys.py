"""Every key in every syntax, whole values, numbers synthetic (company prefix 9521321)."""

from __future__ import annotations

import pytest

from gateway.gs1 import (
    CompanyPrefixes,
    Cpi,
    Gdti,
    Giai,
    Ginc,
    Gln,
    Grai,
    Gs1Error,
    Gsin,
    Gsrn,
    Gsrnp,
    Gtin,
    Itip,
    Lgtin,
    Pgln,
    Sgcn,
    Sgln,
    Sgtin,
    Sscc,
    Upui,
    normalise_gtin,
    parse_any,
    parse_urn,
)
from gateway.gs1.element_string import parse
from gateway.gs1.keys import split_elements
from gateway.gs1.registry import key_of

PREFIXES = CompanyPrefixes(["9521321"])
GTIN = "09521321012349"
GLN = "9521321123458"

# object, URN, Digital Link behind https://id.gs1.org/, element string
TABLE = [
    (
        Sgtin(GTIN, "A/b%1"),
        "urn:epc:id:sgtin:9521321.001234.A%2Fb%251",
        f"01/{GTIN}/21/A%2Fb%251",
        f"(01){GTIN}(21)A/b%1",
    ),
    (Gtin(GTIN), "urn:epc:idpat:sgtin:9521321.001234.*", f"01/{GTIN}", f"(01){GTIN}"),
    (Lgtin(GTIN, "L.1:2"), "urn:epc:class:lgtin:9521321.001234.L.1:2", f"01/{GTIN}/10/L.1%3A2", f"(01){GTIN}(10)L.1:2"),
    (
        Sscc("395213210000000125"),
        "urn:epc:id:sscc:9521321.3000000012",
        "00/395213210000000125",
        "(00)395213210000000125",
    ),
    (Sgln(GLN), "urn:epc:id:sgln:9521321.12345.0", f"414/{GLN}", f"(414){GLN}"),
    (Sgln(GLN, "D?1"), "urn:epc:id:sgln:9521321.12345.D%3F1", f"414/{GLN}/254/D%3F1", f"(414){GLN}(254)D?1"),
    (Pgln(GLN), "urn:epc:id:pgln:9521321.12345", f"417/{GLN}", f"(417){GLN}"),
    (Grai(GLN, "<7>"), "urn:epc:id:grai:9521321.12345.%3C7%3E", f"8003/0{GLN}%3C7%3E", f"(8003)0{GLN}<7>"),
    (Grai(GLN), "urn:epc:idpat:grai:9521321.12345.*", f"8003/0{GLN}", f"(8003)0{GLN}"),
    (Giai("9521321A.B&c"), "urn:epc:id:giai:9521321.A.B%26c", "8004/9521321A.B%26c", "(8004)9521321A.B&c"),
    (Gdti(GLN, "d,1"), "urn:epc:id:gdti:9521321.12345.d,1", f"253/{GLN}d%2C1", f"(253){GLN}d,1"),
    (Gdti(GLN), "urn:epc:idpat:gdti:9521321.12345.*", f"253/{GLN}", f"(253){GLN}"),
    (
        Gsrn("952132112345678902"),
        "urn:epc:id:gsrn:9521321.1234567890",
        "8018/952132112345678902",
        "(8018)952132112345678902",
    ),
    (
        Gsrnp("952132112345678902"),
        "urn:epc:id:gsrnp:9521321.1234567890",
        "8017/952132112345678902",
        "(8017)952132112345678902",
    ),
    (
        Cpi("9521321P/Q#-9", "42"),
        "urn:epc:id:cpi:9521321.P%2FQ%23-9.42",
        "8010/9521321P%2FQ%23-9/8011/42",
        "(8010)9521321P/Q#-9(8011)42",
    ),
    (Cpi("9521321PQ"), "urn:epc:idpat:cpi:9521321.PQ.*", "8010/9521321PQ", "(8010)9521321PQ"),
    (Sgcn(GLN, "007"), "urn:epc:id:sgcn:9521321.12345.007", f"255/{GLN}007", f"(255){GLN}007"),
    (Sgcn(GLN), "urn:epc:idpat:sgcn:9521321.12345.*", f"255/{GLN}", f"(255){GLN}"),
    (Ginc('9521321x"y'), "urn:epc:id:ginc:9521321.x%22y", "401/9521321x%22y", '(401)9521321x"y'),
    (Gsin("95213211234567896"), "urn:epc:id:gsin:9521321.123456789", "402/95213211234567896", "(402)95213211234567896"),
    (
        Itip(GTIN, "01", "02", "s+1"),
        "urn:epc:id:itip:9521321.001234.01.02.s+1",
        f"8006/{GTIN}0102/21/s%2B1",
        f"(8006){GTIN}0102(21)s+1",
    ),
    (Itip(GTIN, "01", "02"), "urn:epc:idpat:itip:9521321.001234.01.02.*", f"8006/{GTIN}0102", f"(8006){GTIN}0102"),
    (Upui(GTIN, "u*!"), "urn:epc:id:upui:9521321.001234.u*!", f"01/{GTIN}/235/u%2A%21", f"(01){GTIN}(235)u*!"),
]
IDS = [row[1] for row in TABLE]


@pytest.mark.parametrize(("key", "urn", "path", "elements"), TABLE, ids=IDS)
def test_each_key_is_written_in_every_syntax(key, urn, path, elements):
    assert key.as_urn(PREFIXES) == urn
    assert key.as_digital_link() == f"https://id.gs1.org/{path}"
    assert key.as_element_string() == elements


@pytest.mark.parametrize(("key", "urn", "path", "elements"), TABLE, ids=IDS)
def test_each_key_is_read_from_every_syntax(key, urn, path, elements):
    assert parse_urn(urn) == key
    assert parse_any(urn) == key
    assert parse_any(f"https://id.gs1.org/{path}") == key
    parts, rest = split_elements(parse(elements))
    assert (key_of(parts), rest) == (key, ())
    for text in (urn, f"https://id.gs1.org/{path}", elements, key.as_fnc1("]d2")):
        assert type(key).parse(text) == key


def test_a_urn_keeps_its_own_prefix_length():
    urn = "urn:epc:id:sgtin:952132.1001234.1"
    assert parse_urn(urn) == Sgtin("19521320012347", "1")
    assert parse_urn(urn).as_urn(CompanyPrefixes(["9521320"])) == urn


@pytest.mark.parametrize("length", range(6, 13))
def test_every_prefix_length_is_written_and_read(length):
    prefixes = CompanyPrefixes(["952132112345"[:length]])
    written = [key.as_urn(prefixes) for key in (Sgtin(GTIN[:7] + "1123458", "1"), Sgln(GLN), Pgln(GLN), Grai(GLN, "1"))]
    prefix, rest = "952132112345"[:length], "952132112345"[length:]
    assert written == [
        f"urn:epc:id:sgtin:{prefix}.0{rest}.1",
        f"urn:epc:id:sgln:{prefix}.{rest}.0",
        f"urn:epc:id:pgln:{prefix}.{rest}",
        f"urn:epc:id:grai:{prefix}.{rest}.1",
    ]
    assert [parse_urn(urn).as_urn() for urn in written] == written


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("95200002", "00000095200002"),
        ("952132101233", "00952132101233"),
        ("9521321012349", "09521321012349"),
        ("09521321012349", "09521321012349"),
    ],
)
def test_short_gtins_are_filled_to_14_digits(text, gtin):
    assert normalise_gtin(text) == gtin
    assert Gtin.parse(text) == Gtin(gtin)


def test_keys_of_digits_are_read_alone():
    assert Sscc.parse("395213210000000125") == Sscc("395213210000000125")
    assert Gln.parse(GLN) == Gln(GLN)
    assert Sgln.parse(GLN) == Sgln(GLN, "0")
    assert Pgln.parse(GLN) == Pgln(GLN)
    assert Gln.parse("urn:epc:id:sgln:9521321.12345.0").as_pgln().as_urn() == "urn:epc:id:pgln:9521321.12345"
    assert Gln(GLN).as_sgln("7").as_urn(PREFIXES) == "urn:epc:id:sgln:9521321.12345.7"


@pytest.mark.parametrize(
    ("key_class", "text"),
    [
        (Sgtin, "urn:epc:id:sscc:9521321.3000000012"),
        (Sgtin, f"https://id.gs1.org/01/{GTIN}"),
        (Gtin, f"(01){GTIN}(21)1"),
        (Lgtin, f"(01){GTIN}(10)L(21)1"),
        (Gln, "urn:epc:id:sgln:9521321.12345.7"),
    ],
)
def test_a_key_of_another_kind_is_refused(key_class, text):
    with pytest.raises(Gs1Error) as caught:
        key_class.parse(text)
    assert caught.value.rule.code == "GS1-KEY-03"


def test_other_uris_pass():
    others = [
        "urn:uuid:00000000-0000-4000-8000-000000000001",
        "urn:epc:id:bic:CSQU3054383",
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:idpat:sgtin:9521321.*.*",
        "urn:epc:tag:sgtin-96:3.9521321.001234.1",
        "https://example.org/places/00/door",
        "https://example.org/401/about",
        "http://example.org",
        "09521321012349",
        "",
    ]
    assert [parse_any(text) for text in others] == [None] * len(others)
