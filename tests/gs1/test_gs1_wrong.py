"""Wrong identifiers: each with its exact rule, the value read and what was expected."""

from __future__ import annotations

import pytest

from gateway.findings import Finding, Severity, Where, by_code
from gateway.gs1 import (
    RULES,
    CompanyPrefixes,
    Giai,
    Gln,
    Gs1Error,
    Gtin,
    Lgtin,
    Sgln,
    Sgtin,
    Sscc,
    gln_to_sgln_urn,
    normalise_gtin,
    parse_any,
    parse_digital_link,
    parse_element_string,
    parse_urn,
    sgtin_urns,
    sscc_urn,
)
from gateway.gs1.rules import GTIN_CHECK

GTIN = "09521321012349"

WRONG = [
    (normalise_gtin, "9.52132E+12", "GS1-GTIN-01"),
    (normalise_gtin, "521321012349", "GS1-GTIN-02"),
    (normalise_gtin, "952132101234", "GS1-GTIN-02"),
    (normalise_gtin, "95213210123", "GS1-GTIN-01"),
    (normalise_gtin, "", "GS1-GTIN-01"),
    (normalise_gtin, "٠٩٥٢١٣٢١٠١٢٣٤٩", "GS1-GTIN-01"),
    (normalise_gtin, "09521321012346", "GS1-GTIN-02"),
    (Gtin.parse, "9521321012348", "GS1-GTIN-02"),
    (Gtin.parse, "9.52132E+12", "GS1-GTIN-01"),
    (Gtin.parse, "", "GS1-GTIN-01"),
    (Gtin.parse, "(hello)", "GS1-ES-01"),
    (lambda g: sgtin_urns(g, ["1"]), "9.52132E+12", "GS1-GTIN-01"),
    (Sscc.parse, "39521321000000012", "GS1-SSCC-01"),
    (Gln.parse, "952132112345", "GS1-GLN-01"),
    (Sgln.parse, "my site", "GS1-GLN-01"),
    (Sgtin.parse, "hello", "GS1-ES-01"),
    (Giai.parse, "hello", "GS1-ES-01"),
    (Sscc.parse, "395213210000000124", "GS1-SSCC-02"),
    (Sscc, "39521321000000012", "GS1-SSCC-01"),
    (Sscc, "39521321000000012X", "GS1-SSCC-01"),
    (sscc_urn, "395213210000000124", "GS1-SSCC-02"),
    (Gln, "952132112345", "GS1-GLN-01"),
    (Gln, "9521321123459", "GS1-GLN-02"),
    (gln_to_sgln_urn, "9521321123459", "GS1-GLN-02"),
    (lambda s: Sgtin(GTIN, s), "", "GS1-SERIAL-02"),
    (lambda s: Sgtin(GTIN, s), "x" * 21, "GS1-SERIAL-02"),
    (lambda s: Sgtin(GTIN, s), "a b", "GS1-SERIAL-01"),
    (lambda s: Sgtin(GTIN, s), "ab\n", "GS1-SERIAL-01"),
    (lambda s: Sgtin(GTIN, s), "a#b", "GS1-SERIAL-01"),
    (lambda s: Sgtin(GTIN, s), "\u0410", "GS1-SERIAL-01"),
    (lambda s: Sgtin(GTIN, s), "\ud800", "GS1-SERIAL-01"),
    (lambda s: Lgtin(GTIN, s), "L 1", "GS1-LOT-01"),
    (lambda s: Lgtin(GTIN, s), "x" * 21, "GS1-LOT-02"),
    (lambda s: sgtin_urns(GTIN, ["1", s]), "a b", "GS1-SERIAL-01"),
    (parse_urn, "urn:uuid:1", "GS1-URN-04"),
    (parse_urn, "urn:epc:id:bic:CSQU3054383", "GS1-URN-04"),
    (parse_urn, "urn:epc:idpat:sgtin:9521321.*.*", "GS1-URN-04"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234", "GS1-URN-01"),
    (parse_urn, "urn:epc:id:sgtin:9521321.01234.1", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:sgtin:95213.00012345.1", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:sgtin:9521321012345..1", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:sgtin:9521321.00123A.1", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.", "GS1-SERIAL-02"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a/b", "GS1-URN-03"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a%2", "GS1-URN-03"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a%2Db", "GS1-URN-03"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a%+2b", "GS1-URN-03"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a#b", "GS1-SERIAL-01"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.a b", "GS1-SERIAL-01"),
    (parse_urn, "urn:epc:id:sgtin:9521321.001234.x23456789012345678901", "GS1-SERIAL-02"),
    (parse_urn, "urn:epc:class:lgtin:9521321.001234.a b", "GS1-LOT-01"),
    (parse_urn, "urn:epc:id:sscc:9521321.30000000123", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:sscc:9521321.3000000012.1", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:itip:9521321.001234.1.02.s", "GS1-URN-02"),
    (parse_urn, "urn:epc:id:giai:9521321.", "GS1-URN-01"),
    (parse_urn, "urn:epc:id:giai:9521321.x234567890123456789012345", "GS1-KEY-01"),
    (parse_urn, "urn:epc:id:cpi:9521321.ab.1", "GS1-KEY-01"),
    (parse_urn, "urn:epc:id:cpi:9521321.AB.x", "GS1-SERIAL-01"),
    (parse_digital_link, "ftp://id.gs1.org/01/" + GTIN, "GS1-DL-01"),
    (parse_digital_link, "https://id.gs1.org", "GS1-DL-01"),
    (parse_digital_link, "https://id.gs1.org/01/", "GS1-GTIN-01"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21", "GS1-DL-01"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/1/10/L", "GS1-DL-02"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/235/1/21/1", "GS1-DL-02"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/1/21/1", "GS1-DL-02"),
    (parse_digital_link, "https://id.gs1.org/00/395213210000000125/21/1", "GS1-DL-02"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/a%2", "GS1-DL-03"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/a%20b", "GS1-SERIAL-01"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/%FF", "GS1-SERIAL-01"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/21/", "GS1-SERIAL-02"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}/", "GS1-DL-01"),
    (lambda s: Sgtin(GTIN, s), None, "GS1-KEY-03"),
    (lambda s: Lgtin(GTIN, s), None, "GS1-LOT-02"),
    (parse_digital_link, f"https://id.gs1.org/01/{GTIN}1", "GS1-GTIN-01"),
    (parse_digital_link, "https://id.gs1.org/8003/9521321123458", "GS1-KEY-01"),
    (parse_any, "https://id.gs1.org/01/09521321012346", "GS1-GTIN-02"),
    (parse_any, "https://example.org/shop/01/09521321012346", "GS1-GTIN-02"),
    (parse_any, f"https://example.org/01/{GTIN}/21/1/10/L", "GS1-DL-02"),
    (parse_element_string, "", "GS1-ES-01"),
    (parse_element_string, "hello", "GS1-ES-01"),
    (parse_element_string, "(hello)", "GS1-ES-01"),
    (parse_element_string, "]d2", "GS1-ES-01"),
    (parse_element_string, "(05)1", "GS1-ES-02"),
    (parse_element_string, f"]d201{GTIN}05", "GS1-ES-02"),
    (parse_element_string, "(01)123", "GS1-ES-03"),
    (parse_element_string, f"(01){GTIN}(21)", "GS1-ES-03"),
    (parse_element_string, f"(01){GTIN}(17)261331", "GS1-ES-03"),
    (parse_element_string, f"]d201{GTIN}17260231", "GS1-ES-03"),
    (parse_element_string, f"(01){GTIN}(21)a b", "GS1-ES-03"),
    (parse_element_string, f"(01){GTIN}(21)1(21)2", "GS1-ES-05"),
    (parse_element_string, "(01)09521321012346", "GS1-GTIN-02"),
    (parse_element_string, f"01{GTIN}21ABC1726123110L1", "GS1-ES-04"),
    (Sgtin.parse, "(17)261231", "GS1-ES-01"),
    (lambda p: CompanyPrefixes([p]), "95213", "GS1-PREFIX-02"),
    (lambda p: CompanyPrefixes([p]), "95213A1", "GS1-PREFIX-02"),
]


@pytest.mark.parametrize(("read", "value", "code"), WRONG, ids=[f"{row[2]}-{row[1]!a}" for row in WRONG])
def test_wrong_values_have_their_rule(read, value, code):
    with pytest.raises(Gs1Error) as caught:
        read(value)
    error = caught.value
    assert error.rule.code == code
    assert error.rule in RULES
    assert error.hint
    assert error.expected


def test_the_finding_says_everything():
    with pytest.raises(Gs1Error) as caught:
        normalise_gtin("09521321012346")
    where = Where(sheet="Packs", row=7, column="GTIN")
    assert caught.value.finding(where) == Finding(
        code="GS1-GTIN-02",
        severity=Severity.ERROR,
        message="the check digit of GTIN 09521321012346 is 6, computed is 9",
        where=where,
        value="09521321012346",
        expected="09521321012349",
        hint=GTIN_CHECK.hint,
    )


def test_every_rule_has_one_code_and_a_hint():
    assert len(by_code(RULES)) == len(RULES)
    assert all(rule.hint and rule.explain for rule in RULES)
