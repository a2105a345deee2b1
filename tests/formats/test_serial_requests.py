"""Requests for serial numbers and answers: built, parsed, and checked against each other and against schemas."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.checks.schema import check_xml
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings
from gateway.formats.base import Limits
from gateway.formats.serial_requests import RULES, dawa, tracelink
from gateway.formats.serial_requests.model import (
    Kind,
    Number,
    NumberAnswer,
    NumberRequest,
    check_answer,
    check_request,
)
from gateway.resources import shipped
from gateway.rulebook import all_rules

GTIN = "09521321000100"
ASKED = NumberRequest(Kind.SGTIN, GTIN, 2, "TX & 1")
ANSWER = NumberAnswer(Kind.SGTIN, GTIN, (Number("A1"), Number("b<2", "K1", "C=")), None, "TX & 1")
SSCC = NumberRequest(Kind.SSCC, "9521321", 10, "TX2", "3")
SOAP_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"

text = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=12).map(
    str.strip
)


def in_body(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data).find(SOAP_BODY)[0])


def valid(data: bytes) -> list[str]:
    findings = Findings()
    check_xml(in_body(data), shipped("xsd", "tracelink", "snrequest", "snrequest.xsd"), findings)
    return [str(finding) for finding in findings]


def codes(check, *args) -> list[str]:
    findings = Findings()
    check(*args, findings)
    return [finding.code for finding in findings]


class TestTracelink:
    def test_a_request(self, golden, fixtures: Path) -> None:
        data = tracelink.build_request(tracelink.Request.of(ASKED, sending_system="S1", receiving_system="R1"))
        assert valid(data) == []
        golden(fixtures / "formats" / "serial_requests" / "tracelink-request.xml", data)
        assert tracelink.parse_request(data).neutral() == ASKED
        assert tracelink.parse_request(in_body(data)).neutral() == ASKED

    def test_ssccs_are_asked_for_by_company_prefix_and_extension_digit(self) -> None:
        data = tracelink.build_request(tracelink.Request.of(SSCC, sending_system="S1", receiving_system="R1"))
        assert b"<Name>COMPANY_PREFIX</Name><Value>9521321|3</Value>" in data
        assert valid(data) == []
        assert tracelink.parse_request(data).neutral() == SSCC

    def test_an_answer(self, golden, fixtures: Path) -> None:
        data = tracelink.build_answer(ANSWER)
        assert valid(data) == []
        golden(fixtures / "formats" / "serial_requests" / "tracelink-answer.xml", data)
        assert tracelink.parse_answer(data) == ANSWER
        assert codes(check_answer, ASKED, ANSWER) == []

    def test_interval_error_and_other_values(self) -> None:
        other = {"ReceivingSystem": "R", "SendingSystem": "S", "ActionCode": "A", "IDType": "GS1_SER", "POLine": "7"}
        found = NumberAnswer(Kind.SSCC, "9521321|3", (), ("1", "9"), "T", "E1", "no <more>", other)
        data = tracelink.build_answer(found)
        assert valid(data) == []
        assert tracelink.parse_answer(data) == found

    def test_china(self) -> None:
        other = {"EncodingType": "CN_EDMC", "ObjectKey/Name": "CN_RESCODE"}
        found = NumberAnswer(None, "123", (Number("1"),), other=other)
        assert valid(tracelink.build_answer(found)) == []
        assert tracelink.parse_answer(tracelink.build_answer(found)) == found
        request = tracelink.Request(
            encoding_type="CN_EDMC", id_type="CN_SER", key_name="CN_RESCODE", key_value="1", size=1
        )
        again = tracelink.parse_request(tracelink.build_request(request))
        assert again == request
        with pytest.raises(InputError) as caught:
            again.neutral()
        assert caught.value.finding.code == "SERIALS-06"

    @given(text, text, text, st.integers(1, 2**31 - 1), st.booleans())
    @settings(max_examples=50, deadline=None)
    def test_any_request_comes_back(self, one: str, two: str, three: str, size: int, synchronous: bool) -> None:
        documents = {"PONumber": three} if three else {}
        request = tracelink.Request(one, two, "GS1_SER", "NTIN", size, "NTIN", three, one, documents, synchronous)
        data = tracelink.build_request(request)
        assert valid(data) == []
        assert tracelink.parse_request(data) == request

    @pytest.mark.parametrize("field", ["id_type", "encoding_type", "key_name"])
    def test_codes_are_those_of_the_schema(self, field: str) -> None:
        with pytest.raises(InputError) as caught:
            tracelink.build_request(tracelink.Request(**{field: "X"}))
        assert caught.value.finding.code == "SERIALS-06"

    @pytest.mark.corpora
    def test_by_the_vendors_schema(self, corpora: Path) -> None:
        path = corpora / "vendors" / "tracelink" / "xsd" / "snrequest_xsd1.offline.xsd"
        schema = etree.XMLSchema(etree.parse(str(path)))
        built = [
            tracelink.build_request(tracelink.Request.of(one, sending_system="S", receiving_system="R"))
            for one in (ASKED, SSCC)
        ]
        built += [
            tracelink.build_answer(ANSWER),
            tracelink.build_answer(NumberAnswer(error_code="1", interval=("1", "2"))),
        ]
        for data in built:
            assert schema.validate(etree.fromstring(in_body(data))), schema.error_log


class TestDawa:
    def test_request_and_answer(self, golden, fixtures: Path) -> None:
        folder = fixtures / "formats" / "serial_requests"
        golden(folder / "dawa-request.xml", dawa.build_request(ASKED))
        golden(folder / "dawa-answer.xml", dawa.build_answer(ANSWER))
        assert dawa.parse_request(dawa.build_request(ASKED)) == ASKED
        found = dawa.parse_answer(dawa.build_answer(ANSWER))
        assert found == NumberAnswer(Kind.SGTIN, GTIN, (Number("A1"), Number("b<2")))

    def test_any_namespace_is_read(self) -> None:
        data = b'<x:SerialNumberResponse xmlns:x="urn:any"><x:GTIN>1</x:GTIN><x:SN> A </x:SN></x:SerialNumberResponse>'
        assert dawa.parse_answer(data) == NumberAnswer(Kind.SGTIN, "1", (Number("A"),))

    @given(st.lists(text, max_size=5), text)
    @settings(max_examples=50, deadline=None)
    def test_any_answer_comes_back(self, serials: list[str], key: str) -> None:
        answer = NumberAnswer(Kind.SGTIN, key, tuple(map(Number, serials)))
        assert dawa.parse_answer(dawa.build_answer(answer)) == answer


PARSERS = [tracelink.parse_request, tracelink.parse_answer, dawa.parse_request, dawa.parse_answer]
FAULT = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>'


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "SERIALS-01"),
        (b"<a", "SERIALS-04"),
        (b"<a><b>", "SERIALS-04"),
        (b"\x00\x01", "SERIALS-01"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "SERIALS-02"),
        (b"<a/>", "SERIALS-04"),
        (FAULT, "SERIALS-05"),
        (FAULT.replace(b"Fault", b"Other"), "SERIALS-04"),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "SERIALS-04"),
    ],
)
def test_what_cannot_be_read(parse, data: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(data)
    assert caught.value.finding.code in (code, "SERIALS-01" if data in (b"<a", b"<a><b>") else code)
    assert caught.value.finding.hint


def test_limits_and_values() -> None:
    with pytest.raises(LimitExceeded) as caught:
        dawa.parse_answer(dawa.build_answer(ANSWER), Limits(input_bytes=20))
    assert caught.value.finding.code == "SERIALS-03"
    for wrong in (b"-1", b"1.5", b"", b"99999999999", "\u0661".encode()):
        data = dawa.build_request(ASKED).replace(b"<Quantity>2<", b"<Quantity>" + wrong + b"<")
        with pytest.raises(InputError) as refused:
            dawa.parse_request(data)
        assert refused.value.finding.code == "SERIALS-06"
    data = tracelink.build_request(tracelink.Request.of(ASKED, sending_system="", receiving_system=""))
    with pytest.raises(InputError):
        tracelink.parse_request(data.replace(b">true<", b">maybe<"))
    with pytest.raises(InputError):
        tracelink.parse_request(data.replace(b"<Size>2</Size>", b"")).neutral()


def test_what_is_not_known_is_kept_or_refused() -> None:
    data = tracelink.build_answer(ANSWER).replace(b"<ObjectKey>", b"<Later><x>1</x></Later><ObjectKey>")
    assert tracelink.parse_answer(data).other == {"Later/x": "1"}
    data = dawa.build_answer(ANSWER).replace(b"</GTIN>", b"</GTIN><Later>2</Later>")
    assert dawa.parse_answer(data).other == {"Later": "2"}
    request = tracelink.build_request(tracelink.Request.of(ASKED, sending_system="S", receiving_system="R"))
    for parse, asked in ((tracelink.parse_request, request), (dawa.parse_request, dawa.build_request(ASKED))):
        wrong = asked.replace(b"</Size>", b"</Size><Later>3</Later>").replace(b"</Gtin>", b"</Gtin><Later>3</Later>")
        with pytest.raises(InputError) as caught:
            parse(wrong)
        assert (caught.value.finding.code, caught.value.finding.value) == ("SERIALS-06", "3")


def test_checks_of_a_request() -> None:
    assert codes(check_request, ASKED) == []
    assert codes(check_request, NumberRequest(Kind.SGTIN, "09521321000101", 0)) == ["SERIALS-07", "GS1-GTIN-02"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NumberAnswer(error_code="E", error_message="no"), ["SERIALS-10"]),
        (NumberAnswer(Kind.SGTIN, "59521321000105", ANSWER.numbers), ["SERIALS-11"]),
        (NumberAnswer(Kind.SGTIN, GTIN, ANSWER.numbers, None, "TX9"), ["SERIALS-11"]),
        (NumberAnswer(Kind.SGTIN, GTIN, ANSWER.numbers[:1]), ["SERIALS-12"]),
        (NumberAnswer(Kind.SGTIN, GTIN, (Number("A1"), Number("A1"))), ["SERIALS-13"]),
        (NumberAnswer(Kind.SGTIN, GTIN, (Number("A1"), Number("A 2"))), ["SERIALS-14"]),
        (NumberAnswer(Kind.SGTIN, GTIN, (), ("1", "2")), []),
    ],
)
def test_checks_of_an_answer(answer: NumberAnswer, expected: list[str]) -> None:
    assert codes(check_answer, ASKED, answer) == expected


def test_every_rule_has_a_case_and_a_page() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.code for rule in RULES if rule.code not in source] == []
    assert {rule.code for rule in RULES} <= set(all_rules())
