"""TLS on both ends: pinned servers, authorities, client certificates of each partner, and the commands that serve."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from gateway.errors import ConfigurationError, TransportError
from gateway.settings import load
from gateway.transports.as2_http import AS2
from gateway.transports.as2_http.server import application
from gateway.transports.as2_http.serving import serving
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.as2_http.site import server_tls, site
from gateway.transports.as2_http.store import Store
from gateway.transports.secrets import secrets
from gateway.web.protocol import protocol
from tests.exchange.site import Site
from tests.peers.pki import Authority, Identity
from tests.transports.as2.test_channel import certificates, deliver, settings, stated


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def known(authority: Authority) -> dict[str, Identity]:
    names = {name: authority.issue(name, "127.0.0.1") for name in ("server", "client", "other")}
    return names | {"ended": authority.issue("ended", "127.0.0.1", begins=-20, ends=-1)}


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    acme, brand = tmp_path / "acme-site", tmp_path / "brand-site"
    certificates(acme, "acme", "brand")
    certificates(brand, "brand", "acme")
    return acme, brand


def shown(identity: Identity) -> dict:
    return {"certificate": str(identity.certificate), "key": f"file:{identity.key}", "uses": ["tls"]}


def pinned(identity: Identity) -> dict:
    return {"certificate": str(identity.certificate), "sha256": identity.pin, "uses": ["tls"]}


def listed(us: str, them: str, ours: Identity | None = None, theirs: Identity | None = None, **more) -> dict:
    found = settings(us, them, **more)
    found["ours"] += [shown(ours)] if ours else []
    found["theirs"] += [pinned(theirs)] if theirs else []
    return found


def model(root: Path, values: dict) -> As2Settings:
    return As2Settings.model_validate(values, context={"root": root})


@contextlib.contextmanager
def served(root: Path, server: Identity | None, *stated_: As2Settings) -> Iterator[str]:
    resolve = secrets(root)
    made = site(stated_, resolve)
    certificate, key = (server.certificate, f"file:{server.key}") if server else (None, "")
    context = server_tls(certificate, key, resolve, made.partners)
    with serving(application(made), speaks=protocol(50, 5), context=context) as url:
        yield f"{url}/as2"


def test_a_server_is_known_by_its_pinned_certificate_or_its_authority(roots, authority, known):
    acme, brand = roots
    with served(brand, known["server"], stated(brand, "brand", "acme")) as url:
        assert url.startswith("https://")
        for number, more in enumerate(({"theirs": known["server"]}, {"ca": str(authority.certificate)})):
            to = model(acme, listed("acme", "brand", url=url, **more))
            assert not deliver(acme, to, f"{number}.xml", b"<a/>").repeated
            with AS2.connect(to, secrets(acme)) as session:
                lines = session.probe()
            assert f"SHA-256 of its certificate: {known['server'].pin}" in lines
        both = model(acme, listed("acme", "brand", url=url, theirs=known["server"], ca=str(authority.certificate)))
        assert deliver(acme, both, "0.xml", b"<a/>").repeated
        wrong = [
            ({}, "certificate is not valid"),
            ({"theirs": known["other"]}, "certificate is not valid"),
            ({"theirs": known["other"], "ca": str(authority.certificate)}, "not pinned"),
        ]
        for more, text in wrong:
            to = model(acme, listed("acme", "brand", url=url, **more))
            with pytest.raises(TransportError, match=text) as caught:
                deliver(acme, to, "wrong.xml", b"<a/>")
            assert not caught.value.retryable
    assert {entry.json("record")["payloads"][0]["name"] for entry in Store(brand / "data/as2/in").entries()} == {
        "0.xml",
        "1.xml",
    }


def test_a_pin_that_has_ended_does_not_open_the_door_for_others(roots, known):
    acme, _ = roots
    to = model(acme, listed("acme", "brand", url="https://127.0.0.1:1/as2", theirs=known["ended"]))
    with pytest.raises(ConfigurationError, match="use tls"), AS2.connect(to, secrets(acme)):
        pass


def test_a_partner_must_show_its_own_certificate(roots, known):
    """Signature and encryption are right in all of these; only the certificate of the connection differs."""
    acme, brand = roots
    certificates(brand, "brand", "acme", "stranger")
    mine = model(brand, listed("brand", "acme", theirs=known["client"], must_tls=True))
    others = model(brand, listed("brand", "stranger", theirs=known["other"]))
    with served(brand, known["server"], mine, others) as url:

        def send(name: str, ours: Identity | None) -> None:
            to = model(acme, listed("acme", "brand", ours, known["server"], url=url))
            deliver(acme, to, name, b"<a/>")

        send("right.xml", known["client"])
        for name, ours in (("none.xml", None), ("another-partner.xml", known["other"])):
            with pytest.raises(TransportError, match="403"):
                send(name, ours)
        # A certificate that nobody has listed is refused by TLS itself.
        with pytest.raises(TransportError, match=r"certificate|closed|broke|early"):
            send("unknown.xml", known["server"])
    (entry,) = Store(brand / "data/as2/in").entries()
    assert entry.json("record")["payloads"][0]["name"] == "right.xml"


def test_a_partner_that_need_not_show_one_comes_in_without(roots, known):
    acme, brand = roots
    with served(brand, known["server"], model(brand, listed("brand", "acme", theirs=known["client"]))) as url:
        deliver(acme, model(acme, listed("acme", "brand", theirs=known["server"], url=url)), "a.xml", b"<a/>")


def test_a_receipt_that_comes_later_goes_to_a_pinned_server(roots, known):
    acme, brand = roots
    with served(acme, known["server"], stated(acme, "acme", "brand")) as back:
        incoming = model(brand, listed("brand", "acme", theirs=known["server"], receipt_url=back))
        with served(brand, None, incoming) as url:
            later = {"mode": "async", "url": back}
            to = model(acme, listed("acme", "brand", url=url, receipt=later))
            with pytest.raises(TransportError, match="owes its receipt"):
                deliver(acme, to, "a.xml", b"<a/>")
            (entry,) = Store(acme / "data/as2/out").entries()
            end = time.monotonic() + 20
            while not entry.has("proven") and time.monotonic() < end:
                time.sleep(0.02)
            assert deliver(acme, to, "a.xml", b"<a/>").repeated


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_slow_handshakes_end_and_old_tls_is_refused(roots, known):
    _, brand = roots
    resolve, made = secrets(brand), site([stated(brand, "brand", "acme")], secrets(brand))
    context = server_tls(known["server"].certificate, f"file:{known['server'].key}", resolve, made.partners)
    with serving(application(made), speaks=protocol(50, 5), context=context, handshake_seconds=0.3) as url:
        host, port = url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port)), 10) as slow:
            assert slow.recv(1) == b""
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, verify=old)


def test_what_does_not_fit_together_is_said(roots, known):
    acme, brand = roots
    with pytest.raises(ValidationError, match="must-tls needs"):
        stated(brand, "brand", "acme", must_tls=True)
    mine = model(brand, listed("brand", "acme", theirs=known["client"], must_tls=True))
    with pytest.raises(ConfigurationError, match="no TLS"), served(brand, None, mine):
        pass
    with pytest.raises(ConfigurationError, match=r"under \[as2\] cannot be used"):
        server_tls(known["server"].certificate, f"file:{known['client'].key}", secrets(brand), ())
    lost = model(acme, listed("acme", "brand", url="https://127.0.0.1:1/x", ca="nowhere.pem"))
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem"), AS2.connect(lost, secrets(acme)):
        pass
    Site(acme).build()
    for line, text in (
        ('certificate = "x.pem"', "belong together"),
        ('path = "as2"', "must begin with /"),
        ('key = "hunter2"', "reference"),
        ("port = 1", "unknown key"),
    ):
        (acme / "gateway.toml").write_text(f"[as2]\n{line}\n")
        with pytest.raises(ConfigurationError, match=text):
            load(acme)


def test_the_command_serves_tls(roots, known):
    acme, brand = roots
    values = listed("brand", "acme", theirs=known["client"], must_tls=True)
    channel = f"{{id: acme-as2, transport: as2, settings: {json.dumps(values)}}}"
    out = "{id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}}"
    Site(brand).build(f"partner: {{id: acme}}\nchannels: [{channel}]\ntargets: [{out}]\n")
    table = f'certificate = "{known["server"].certificate}"\nkey = "file:{known["server"].key}"\n'
    with (brand / "gateway.toml").open("a") as stream:
        stream.write(f'[as2]\nlisten = "127.0.0.1:0"\npath = "/inbound"\n{table}')
    line = [sys.executable, "-m", "gateway", "as2", "serve", "-C", str(brand)]
    server = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    try:
        url = re.search(r"https://\S+/inbound", server.stderr.readline())[0]
        to = model(acme, listed("acme", "brand", known["client"], known["server"], url=url))
        assert deliver(acme, to, "a.xml", b"<a/>").size == 4
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        server.stderr.close()
