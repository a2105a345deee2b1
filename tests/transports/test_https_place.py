"""Which addresses a host name may lead to."""

from __future__ import annotations

import ipaddress
import socket

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TransportError
from gateway.transports.https.place import Place, fill, refused
from gateway.transports.https.wire import Wire

NEVER = ["169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "240.0.0.1", "::ffff:169.254.169.254"]
PRIVATE = ["127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:127.0.0.1"]
PRIVATE += ["64:ff9b::7f00:1", "2002:7f00:1::"]
PUBLIC = ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"]


@pytest.mark.fault("being led elsewhere")
@pytest.mark.parametrize("text", NEVER)
def test_addresses_that_are_nobody(text):
    address = ipaddress.ip_address(text)
    assert refused(address, private=True)
    assert refused(address, private=False)


@pytest.mark.fault("being led elsewhere")
@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses(text):
    address = ipaddress.ip_address(text)
    assert "private" in refused(address, private=False)
    assert not refused(address, private=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text):
    assert not refused(ipaddress.ip_address(text), private=False)


@pytest.mark.fault("being led elsewhere")
def test_only_registered_places_are_connected_to():
    wire = Wire({Place.of("https://partner.example/in"): True})
    for host, port in [("other.example", 443), ("partner.example", 80), ("127.0.0.1", 443)]:
        with pytest.raises(TransportError, match="is not the host and port"):
            wire.connect_tcp(host, port)


@pytest.mark.fault("being led elsewhere")
def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    """A name that leads elsewhere at the second look (DNS rebinding) is looked up once."""
    looks = []

    def look(host, port, **_):
        looks.append(host)
        address = "127.0.0.1" if len(looks) > 1 else "93.184.216.34"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected = []

    def connect(_self, host, *_args):
        connected.append(host)
        message = "nobody there"
        raise httpcore.ConnectError(message)

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(httpcore.ConnectError):
        Wire({Place.of("https://partner.example/in"): False}).connect_tcp("partner.example", 443)
    assert looks == ["partner.example"]
    assert connected == ["93.184.216.34"]


@given(st.text())
def test_a_url_is_a_place_or_is_refused(text):
    try:
        place = Place.of(text)
    except ValueError:
        return
    assert place.host
    assert 0 <= place.port <= 65535


@given(st.text(min_size=1))
def test_a_name_in_a_url_stays_one_segment(name):
    name = name.encode("utf-8", "replace").decode()
    filled = fill("https://partner.example/box/{name}", name)
    rest = filled.removeprefix("https://partner.example/box/")
    assert not set(rest) & set("/?#\\ \r\n")
    assert filled.isascii()


@pytest.mark.parametrize("other", ["https://a.example:443/x", "https://A.example/y?z"])
def test_the_same_place(other):
    assert Place.of("https://a.example/in").same(other)


@pytest.mark.parametrize(
    "other", ["http://a.example/", "https://b.example/", "https://a.example:8443/", "https://a.example.evil/", "x", ""]
)
def test_another_place(other):
    assert not Place.of("https://a.example/in").same(other)
