"""Delivering over HTTPS to a real server: what is sent, who we say we are, whom we trust, and what answers mean."""

from __future__ import annotations

import base64
import email.utils
import io
import time

import pytest
from pydantic import ValidationError

from gateway.errors import ConfigurationError, TransportError
from gateway.transports import TRANSPORTS
from gateway.transports.https.session import idempotency_key
from tests.peers import web
from tests.peers.pki import Authority
from tests.peers.web import Say

DATA = b"<epcis/>" * 1000
HTTPS = TRANSPORTS.get("https")


def deliver(session, name="a.xml", data=DATA):
    return session.deliver(name, io.BytesIO(data), len(data))


def refused(session, **more) -> TransportError:
    with session as open_session, pytest.raises(TransportError) as caught:
        deliver(open_session, **more)
    return caught.value


def test_a_file_is_sent_whole_with_its_name_type_length_and_key(session, peer):
    with session(peer) as open_session:
        receipt = deliver(open_session, "Größe 1.xml")
    (got,) = peer.got
    assert (got.method, got.path, got.body) == ("POST", "/in", DATA)
    assert got.headers["content-type"] == "application/xml"
    assert got.headers["content-length"] == str(len(DATA))
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.xml"
    assert got.headers["idempotency-key"] == idempotency_key("Größe 1.xml", io.BytesIO(DATA), len(DATA))
    assert got.headers["accept-encoding"] == "identity"
    assert (receipt.name, receipt.size, receipt.repeated) == ("Größe 1.xml", len(DATA), False)
    assert receipt.detail == "200 OK; thank you"


def test_the_key_is_the_same_at_each_try_and_another_for_other_bytes_or_names(session, peer):
    for name, data in [("a.xml", b"1"), ("a.xml", b"1"), ("b.xml", b"1"), ("a.xml", b"2")]:
        with session(peer) as open_session:
            deliver(open_session, name, data)
    first, second, third, fourth = (got.headers["idempotency-key"] for got in peer.got)
    assert first == second
    assert len({first, third, fourth}) == 3


def test_put_to_a_url_with_the_name(session, peer):
    with session(peer, "/box/{name}?v=1", method="PUT", **{"content-type": "text/csv; charset=utf-8"}) as open_session:
        deliver(open_session, "a b&c.csv")
    (got,) = peer.got
    assert (got.method, got.path) == ("PUT", "/box/a b&c.csv")
    assert got.headers["content-type"] == "text/csv; charset=utf-8"


def test_an_empty_file_and_a_large_one(session, peer):
    with session(peer) as open_session:
        deliver(open_session, "empty", b"")
        deliver(open_session, "large.bin", b"x" * (5 << 20))
    assert [len(got.body) for got in peer.got] == [0, 5 << 20]
    assert peer.got[0].headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"username": "cmo", "password": "env:P"}, "Basic " + base64.b64encode("cmo:gehéim".encode()).decode()),
        ({"bearer": "env:T"}, "Bearer token"),
    ],
)
def test_saying_who_we_are(session, peer, settings, expected):
    more = {"headers": {"X-Sender": "4012345000009"}, "secret-headers": {"X-API-Key": "env:K"}}
    env = {"P": "gehéim", "T": "token", "K": "s3cret"}
    with session(peer, env=env, **settings, **more) as open_session:
        deliver(open_session)
    headers = peer.got[0].headers
    assert (headers["authorization"], headers["x-sender"], headers["x-api-key"]) == (
        expected,
        "4012345000009",
        "s3cret",
    )


def test_a_secret_that_cannot_stand_in_a_header_is_refused_and_not_shown(session, peer):
    with (
        session(peer, env={"K": "one\r\nX-Evil: 1"}, **{"secret-headers": {"X-API-Key": "env:K"}}) as open_session,
        pytest.raises(ConfigurationError) as caught,
    ):
        deliver(open_session)
    assert "Evil" not in str(caught.value)
    assert peer.got == []


def test_a_token_is_asked_for(session, peer):
    oauth2 = {"token-url": peer.url("/token"), "client-id": "a:b", "client-secret": "env:S", "scope": "capture"}
    with session(peer, env={"S": "x/y"}, oauth2=oauth2) as open_session:
        deliver(open_session)
    asked, sent = peer.got
    assert asked.body == b"grant_type=client_credentials&scope=capture"
    assert base64.b64decode(asked.headers["authorization"].split()[1]) == b"a%3Ab:x%2Fy"
    assert sent.headers["authorization"] == "Bearer t-1"


def test_a_client_certificate(session, identity, authority, tmp_path):
    ours = authority.issue("acme", passphrase="open sesame")
    settings = {"client-certificate": str(ours.certificate), "client-key": f"file:{ours.key}"}
    with web.serve(identity, clients=authority.certificate) as peer:
        with session(peer, env={"W": "open sesame"}, **settings, **{"client-key-passphrase": "env:W"}) as open_session:
            deliver(open_session)
        with pytest.raises(ConfigurationError, match="and its key cannot be used"), session(peer, **settings):
            pass
        refused(session(peer))  # in TLS 1.3 the server breaks off after the handshake, in its own words
    assert len(peer.got) == 1


@pytest.mark.fault("wrong certificate")
@pytest.mark.parametrize(
    ("issue", "reason"),
    [
        ({"ends": -0.5}, "certificate has expired"),
        ({"begins": 1}, "certificate is not yet valid"),
        ({"hosts": ("partner.example",)}, "Hostname mismatch"),
    ],
)
def test_a_certificate_that_is_not_valid(session, authority, issue, reason):
    hosts = issue.pop("hosts", ("localhost",))
    with web.serve(authority.issue("bad", *hosts, **issue)) as peer:
        error = refused(session(peer))
    assert reason in str(error)
    assert not error.retryable
    assert peer.got == []


@pytest.mark.fault("wrong certificate")
def test_a_certificate_of_a_stranger(session, peer, tmp_path):
    stranger = Authority(tmp_path / "other", "Somebody Else")
    error = refused(session(peer, ca=str(stranger.certificate)))
    assert "its certificate is not valid" in str(error)
    assert not error.retryable
    assert peer.got == []


@pytest.mark.fault("wrong certificate")
def test_pins(session, peer, identity):
    wrong = "AB" * 32
    colons = ":".join(identity.pin[i : i + 2] for i in range(0, 64, 2)).lower()
    with session(peer, pins=[wrong, colons]) as open_session:
        deliver(open_session)
    error = refused(session(peer, pins=[wrong]))
    assert f"has the SHA-256 {identity.pin}" in str(error)
    assert not error.retryable
    assert len(peer.got) == 1


@pytest.mark.fault("wrong certificate")
def test_a_pin_does_not_make_a_bad_certificate_good(session, authority):
    bad = authority.issue("expired", "localhost", ends=-0.5)
    with web.serve(bad) as peer:
        assert "expired" in str(refused(session(peer, pins=[bad.pin])))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_answer_that_all_is_well(session, peer, status):
    body = b"" if status == 204 else b"stored"
    peer.says = [Say(status, body, {"Location": "/box/1"})]
    with session(peer) as open_session:
        receipt = deliver(open_session)
    assert "location: /box/1" in receipt.detail
    assert not receipt.repeated


@pytest.mark.fault("errors of a server")
@pytest.mark.parametrize(
    ("status", "retryable"),
    [(status, False) for status in (400, 401, 403, 404, 405, 413, 415, 422, 501)]
    + [(status, True) for status in (408, 425, 429, 500, 502, 503, 504)],
)
def test_a_refusal(session, peer, status, retryable):
    peer.says = [Say(status, b"serial 0614141.107346.2017 again")]
    error = refused(session(peer))
    assert f"it answers {status}" in str(error)
    assert error.retryable is retryable
    assert "2017" not in str(error)  # it goes to the log
    assert error.detail == "serial 0614141.107346.2017 again"


@pytest.mark.fault("wrong login")
def test_an_html_page_for_401(session, peer):
    page = b"<!DOCTYPE html><html><head><title>Sign in</title></head>\x00\x1b[31m<body>please</body></html>"
    peer.says = [Say(401, page, {"Content-Type": "text/html", "WWW-Authenticate": "Basic"})]
    error = refused(session(peer))
    assert "<" not in str(error)
    assert "check the credentials" in error.hint
    assert "\x1b" not in error.detail


@pytest.mark.fault("errors of a server")
@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-1", 0), ("soon", 0), ("99999999999999", 86400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after(session, peer, value, seconds):
    peer.says = [Say(503, b"", {"Retry-After": value})]
    assert refused(session(peer)).wait == seconds


@pytest.mark.fault("errors of a server")
def test_retry_after_a_date(session, peer):
    peer.says = [Say(429, b"", {"Retry-After": email.utils.formatdate(time.time() + 300, usegmt=True)})]
    assert 290 < refused(session(peer)).wait <= 300


@pytest.mark.parametrize(
    ("conflict", "names_key", "outcome"),
    [
        ("by-key", True, "repeated"),
        ("by-key", False, "refused"),
        ("repeated", False, "repeated"),
        ("retry", True, "retry"),
        ("refuse", True, "refused"),
    ],
)
def test_what_a_conflict_means(session, peer, conflict, names_key, outcome):
    key = idempotency_key("a.xml", io.BytesIO(DATA), len(DATA))
    peer.says = [Say(409, f"have it: {key}".encode() if names_key else b"conflict")]
    if outcome == "repeated":
        with session(peer, conflict=conflict) as open_session:
            assert deliver(open_session).repeated
    else:
        assert refused(session(peer, conflict=conflict)).retryable is (outcome == "retry")


def test_redirections_inside_the_host_are_followed_with_the_file(session, peer):
    peer.by_path = {
        "/in": [Say(308, b"", {"Location": "/v2/in"})],
        "/v2/in": [Say(307, b"", {"Location": peer.url("/v3")})],
    }
    with session(peer) as open_session:
        deliver(open_session)
    assert [(got.path, got.method, got.body == DATA) for got in peer.got] == [
        ("/in", "POST", True),
        ("/v2/in", "POST", True),
        ("/v3", "POST", True),
    ]


@pytest.mark.fault("being led elsewhere")
@pytest.mark.parametrize(
    "location",
    ["https://evil.example/in", "http://localhost/in", "https://127.0.0.1/latest/meta-data", "//evil.example", "x://y"],
)
def test_redirections_elsewhere_are_not_followed(session, peer, location):
    peer.says = [Say(307, b"", {"Location": location})]
    error = refused(session(peer, env={"K": "s3cret"}, **{"secret-headers": {"X-API-Key": "env:K"}}))
    assert "sends us to" in str(error)
    assert not error.retryable
    assert len(peer.got) == 1


def test_redirections_in_a_ring(session, peer):
    peer.by_path = {"/in": [Say(307, b"", {"Location": "/b"})], "/b": [Say(307, b"", {"Location": "/in"})]}
    assert "redirects for ever" in str(refused(session(peer)))
    assert len(peer.got) == 4


def test_a_probe_says_what_it_saw_and_sends_nothing(session, peer, identity):
    with session(peer) as open_session:
        lines = open_session.probe()
    assert lines[0] == f"localhost:{peer.port} answers"
    assert lines[1].startswith("TLSv1.3")
    assert "valid until" in lines[2]
    assert identity.pin in lines[3]
    assert peer.got == []


@pytest.mark.fault("being led elsewhere")
def test_a_private_address_needs_the_agreements_word(session, peer):
    error = refused(session(peer, **{"private-addresses": False}))
    assert "private network" in str(error)
    assert not error.retryable
    assert peer.got == []


def test_no_proxy_of_the_environment_is_used(session, peer, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with session(peer) as open_session:
        deliver(open_session)
    assert len(peer.got) == 1


def test_nothing_is_collected(session, peer):
    with session(peer) as open_session:
        assert list(open_session.offers()) == []


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "http://partner.example/"}, "must begin with https://"),
        ({"url": "https://user:pw@partner.example/"}, "user name"),
        ({"url": "https://partner.example:99999/"}, "port"),
        ({"url": "https://partner.example/a b"}, "without spaces"),
        ({"url": "https:///in"}, "name a host"),
        ({"headers": {"X-API-Key": "s3cret"}}, "by reference"),
        ({"headers": {"Host": "x"}}, "gateway itself"),
        ({"headers": {"X": "a\r\nb"}}, "printable"),
        ({"headers": {"X Y": "a"}}, "no name of a header"),
        ({"secret-headers": {"X-API-Key": "s3cret"}}, "by reference"),
        ({"username": "x"}, "belong together"),
        ({"username": "x", "password": "env:P", "bearer": "env:T"}, "choose one"),
        ({"client-certificate": "a.pem"}, "belong together"),
        ({"pins": ["AB"]}, "SHA-256"),
        ({"proxy": "socks5://x"}, "must begin with http"),
        ({"urll": "x"}, "urll"),
    ],
)
def test_settings_that_cannot_be_right(settings, complaint):
    with pytest.raises(ValidationError) as caught:
        HTTPS.settings.model_validate({"url": "https://partner.example/in", **settings})
    assert complaint in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_address_shows_no_query():
    model = HTTPS.settings.model_validate({"url": "https://partner.example/in?key=1"})
    assert HTTPS.address(model) == "https POST https://partner.example:443/in"
