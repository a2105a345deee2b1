"""Through a proxy, and only through one that the agreement names."""

from __future__ import annotations

import io

import pytest

from gateway.errors import TransportError
from tests.peers import tunnel, web

DATA = b"<epcis/>" * 100_000


def deliver(session, name="a.xml"):
    return session.deliver(name, io.BytesIO(DATA), len(DATA))


def test_a_file_goes_through_the_proxy_to_a_host_that_only_the_proxy_knows(session, peer, authority):
    with web.serve(authority.issue("far", "partner.example")) as far, tunnel.serve() as proxy:
        url = f"https://partner.example:{far.port}/in"
        with session(far, url=url, proxy=f"http://127.0.0.1:{proxy.port}", **{"private-addresses": False}) as opened:
            deliver(opened)
            assert opened.probe()[0].startswith("the proxy 127.0.0.1")
        assert [got.body for got in far.got] == [DATA]
    assert proxy.asked[0] == f"CONNECT partner.example:{far.port} HTTP/1.1"


@pytest.mark.fault("wrong certificate")
def test_the_certificate_is_checked_through_the_proxy_too(session, peer, identity):
    with tunnel.serve() as proxy:
        settings = {"proxy": f"http://127.0.0.1:{proxy.port}", "pins": ["AB" * 32]}
        with session(peer, **settings) as opened, pytest.raises(TransportError, match="not the server expected"):
            deliver(opened)
        with session(peer, **{**settings, "pins": [identity.pin]}) as opened:
            deliver(opened)
    assert len(peer.got) == 1


def test_pins_count_however_an_address_is_written(session, authority):
    with web.serve(authority.issue("six", "2001:DB8::A")) as far, tunnel.serve() as proxy:
        url = f"https://[2001:DB8::A]:{far.port}/in"
        settings = {"proxy": f"http://127.0.0.1:{proxy.port}", "pins": ["AB" * 32], "url": url}
        with session(far, **settings) as opened, pytest.raises(TransportError, match="not the server expected"):
            deliver(opened)
        assert far.got == []


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses(session, peer, status):
    with (
        tunnel.serve(status) as proxy,
        session(peer, proxy=f"http://127.0.0.1:{proxy.port}") as opened,
        pytest.raises(TransportError) as caught,
    ):
        deliver(opened)
    assert "the proxy refuses" in str(caught.value)
    assert str(status) in str(caught.value)
    assert peer.got == []


def test_a_proxy_that_is_not_there(session, peer):
    with session(peer, proxy="http://127.0.0.1:9") as opened, pytest.raises(TransportError) as caught:
        deliver(opened)
    assert caught.value.retryable
