"""SOAP without a network: what zeep builds from our WSDLs, and what is read of envelopes."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.markets.kit.soap import Service, _client, read_envelope, write_envelope

WSDL = ("tr", "its", "soap", "dispatch-cancel.wsdl")
CANCEL = Service(WSDL, "sendDispatchCancellation")
PACK = {"GTIN": "08680000000015", "BN": "B1", "SN": "S1", "XD": "2028-10-31"}


def test_a_request_is_the_same_bytes_each_time_with_and_without_addressing():
    plain = CANCEL.request({"PRODUCTS": {"PRODUCT": [PACK]}})
    assert plain == CANCEL.request({"PRODUCTS": {"PRODUCT": [PACK]}})
    assert plain == (
        b"<?xml version='1.0' encoding='utf-8'?>\n"
        b'<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
        b'<ns0:DispatchCancellationRequest xmlns:ns0="http://its.iegm.gov.tr/p2/cancellation/dispatch">'
        b"<PRODUCTS><PRODUCT><GTIN>08680000000015</GTIN><BN>B1</BN><SN>S1</SN><XD>2028-10-31</XD></PRODUCT></PRODUCTS>"
        b"</ns0:DispatchCancellationRequest></soap-env:Body></soap-env:Envelope>"
    )
    addressed = CANCEL.request({"PRODUCTS": {"PRODUCT": [PACK]}}, CANCEL.addressing("1-2"))
    assert addressed.count(b"http://www.w3.org/2005/08/addressing") == 3
    assert b"MessageID" in addressed
    assert b"urn:uuid:1-2" in addressed
    assert CANCEL.headers() == {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '"http://its.iegm.gov.tr/p2/cancellation/dispatch/ItsRequest"',
    }
    assert CANCEL.location == "/ITSServices/DispatchCancellation"


def test_zeep_can_reach_nothing_and_is_imported_only_when_it_is_used():
    transport = _client(WSDL).transport
    for use in (
        lambda: transport.load("http://localhost/x.wsdl"),
        lambda: transport.get("http://localhost/", {}, {}),
        lambda: transport.post("http://localhost/", b"", {}),
    ):
        with pytest.raises(ValueError, match="nothing is fetched"):
            use()
    code = "import sys, gateway.markets.kit.soap; sys.exit('zeep' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_envelopes_are_opened_and_faults_told():
    assert read_envelope(write_envelope("<a/>")).payload.tag == "a"
    fault = read_envelope(write_envelope("<b/>", "no"))
    assert (fault.payload.tag, fault.fault) == ("b", "no")
    assert read_envelope(write_envelope("<?x y?><!-- z --><a/>")).payload.tag == "a"
    empty = write_envelope("")
    assert read_envelope(empty).payload is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>',
        b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body/></Envelope>',
    ],
)
def test_what_is_no_envelope_is_refused(data):
    with pytest.raises(ValueError):
        read_envelope(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_refused(data):
    with contextlib.suppress(ValueError):
        read_envelope(data)
