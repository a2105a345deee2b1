"""The server's own matters: TLS, client certificates, keys, changes while it runs, figures."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import ssl
import subprocess
import sys
import time

import httpx
import pytest

from gateway.errors import ConfigurationError
from gateway.settings import Web
from gateway.web import server
from gateway.web.server import address, serving
from tests.exchange.site import Site, document, until
from tests.peers.pki import Authority
from tests.web.served import ACME, AGREEMENT, ServedSite
from tests.web.test_inbox import push, some


def gateway(*arguments: str, expect: int = 0) -> str:
    command = [sys.executable, "-m", "gateway", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expect, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def start(site: ServedSite) -> None:
    """Start the server in this process."""
    workspace = site.workspace()
    try:
        with serving(workspace, workspace.settings.web):
            pytest.fail("it started")
    finally:
        workspace.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))


def with_tls(site: ServedSite, authority: Authority) -> ServedSite:
    server = authority.issue("server", "localhost", "127.0.0.1")
    web = f'certificate = "{server.certificate}"\nkey = "file:{server.key}"\nclient-ca = "{authority.certificate}"\n'
    settings = site.root / "gateway.toml"
    settings.write_text(settings.read_text() + web)
    return site


def secure(site: ServedSite, authority: Authority, identity=None, key: str = "") -> httpx.Client:
    context = ssl.create_default_context(cafile=authority.certificate)
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    headers = {"X-API-Key": key} if key else {}
    return httpx.Client(base_url=f"https://localhost:{site.port}", verify=context, headers=headers, trust_env=False)


def test_client_certificates_and_keys_over_tls(site, authority, tmp_path):
    known, unknown = authority.issue("acme"), authority.issue("eve")
    stranger = Authority(tmp_path / "stranger").issue("acme")
    pinned = f"        certificates: ['{known.pin}']\n        max-size"
    site.agree(AGREEMENT.replace("        max-size", pinned, 1))
    with with_tls(site, authority).serving():
        with secure(site, authority, None, ACME) as client:
            told = client.get("/metrics").text
            left = dict(re.findall(r'gateway_certificate_days_left\{certificate="(.*)"\} (.*)', told))
            assert left.keys() >= {str(authority.folder / "server.pem"), str(authority.certificate)}
            assert 19 < float(left[str(authority.folder / "server.pem")]) <= 20
        for identity, key, status in ((known, "", 202), (unknown, "", 401), (None, ACME, 202), (None, "", 401)):
            with secure(site, authority, identity, key) as client:
                assert client.post("/inbox/acme-push", content=some()).status_code == status
        with secure(site, authority, known) as client:
            assert client.post("/inbox/acme-csv", content=some()).status_code == 403
        with secure(site, authority, stranger) as client, pytest.raises(httpx.HTTPError):
            client.post("/inbox/acme-push", content=some())
        with pytest.raises(httpx.HTTPError), site.client() as plain:
            plain.get("/health/live")
    assert len(site.messages()) == 2


def shown(site: ServedSite, authority: Authority) -> str:
    """SHA-256 of the certificate that the server shows now."""
    context = ssl.create_default_context(cafile=authority.certificate)
    with (
        socket.create_connection(("127.0.0.1", site.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        return hashlib.sha256(connection.getpeercert(True)).hexdigest().upper()


def test_a_renewed_certificate_is_shown_without_a_restart(site, authority, monkeypatch):
    """Also where the certificate is there before its key, and on connections that are kept."""
    monkeypatch.setattr(server, "RENEWAL", 0)
    settings = with_tls(site, authority)
    workspace = settings.workspace()
    files = authority.folder / "server.pem", authority.folder / "server.key"
    with serving(workspace, workspace.settings.web), secure(site, authority, None, ACME) as client:
        before = shown(site, authority)
        assert client.get("/health/live").status_code == 200
        following = authority.issue("following", "localhost")
        files[0].write_bytes(b"half of a certifi")
        time.sleep(1.5)
        assert shown(site, authority) == before
        files[0].write_bytes(following.certificate.read_bytes())
        time.sleep(1.5)
        assert shown(site, authority) == before  # the key is not there yet
        files[1].write_bytes(following.key.read_bytes())
        until(lambda: shown(site, authority) == following.pin, 10)
        assert client.get("/health/live").status_code == 200
    workspace.close()


def hospital(sender: ServedSite, receiver: ServedSite, authority: Authority, capture: str) -> ServedSite:
    """A workspace whose files are captured at another one."""
    sender.build(f"""\
partner: {{id: maker}}
channels:
  - id: in
    transport: folder
    settings: {{path: data/in, settle: {{looks: 1, interval: 0, min-age: 0}}}}
targets:
  - id: hospital
    to: epcis-2.0-json
    transport: https
    settings:
      url: https://localhost:{receiver.port}/capture
      ca: {authority.certificate}
      private-addresses: true
      secret-headers: {{X-API-Key: "file:key"}}
      capture: {capture}
    retry: {{attempts: 3, first: 0.1}}
""")
    (sender.root / "key").write_text(ACME)
    return sender


def test_two_gateways(site, authority, tmp_path):
    """Ours delivers to ours: the https transport captures at the server, and a second try changes nothing."""
    with_tls(site, authority)
    sender = hospital(ServedSite(tmp_path / "sender"), site, authority, "{wait: 0}")
    sender.drop("a.xml", document(1))
    process, _ = sender.start("deliver.sent")  # the server has it, the sender does not know that
    with site.serving():
        process.join(40)
        assert process.exitcode < 0
        assert not sender.once()
    assert [message.state for message in sender.messages()] == ["done"]
    ((facts,),) = sender.rows("select what from audit where action = 'delivered'")
    assert "202 Accepted; location: /capture/" in str(facts)
    (message,) = site.messages()
    assert message.name.endswith(".jsonld")
    assert not site.once()
    assert [len(names) for names in site.delivered().values()] == [1, 1]


@pytest.mark.parametrize("refuses", [False, True])
def test_the_receivers_job_decides(site, authority, tmp_path, refuses):
    """The receiver's exchange reads the document and finds it good, or not; the sender learns which."""
    if refuses:
        site.agree(AGREEMENT.replace("transport: https", "transport: https\n    format: epcis-1.2-xml", 1))
    with_tls(site, authority)
    sender = hospital(ServedSite(tmp_path / "sender"), site, authority, "{wait: 30, poll: 0.2}")
    sender.drop("a.xml", document(1))
    with site.running():
        site.wait()
        assert sender.once() is refuses
    (message,) = sender.messages()
    assert message.state == ("failed" if refuses else "done")
    codes = {code for (code,) in sender.rows("select code from findings where code like 'TRANSPORT%'")}
    assert codes == ({"TRANSPORT-CAPTURE-01"} if refuses else set())
    ((error,),) = sender.rows("select error from deliveries")
    assert ("all events were rejected" in error) is refuses


def test_changed_agreements_are_taken_up(site):
    new = "new-key-0123456789-0123456789"
    digest = hashlib.sha256(ACME.encode()).hexdigest()
    with site.serving():
        assert push(site, some()).status_code == 202
        assert push(site, some(), key=new).status_code == 401
        site.agree(AGREEMENT.replace(digest, hashlib.sha256(new.encode()).hexdigest()))
        until(lambda: push(site, some(), key=new).status_code == 202, 20)
        assert push(site, some()).status_code == 401


def test_health_and_metrics(site):
    settings = site.root / "gateway.toml"
    settings.write_text(settings.read_text() + 'metrics-key = "file:keys/other"\n')
    with site.serving(), site.client() as client:
        push(site, some())
        assert client.get("/health/live").json() == {"status": "ok"}
        assert client.get("/health/ready").json() == {"status": "ok", "troubles": [], "exchange": False}
        assert client.get("/metrics").status_code == 401
        key = (site.root / "keys" / "other").read_text()
        told = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'gateway_messages{state="received"} 1' in told.text
    assert 'gateway_http_requests_total{method="POST",route="inbox",status="202"} 1' in told.text
    for line in told.text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


@pytest.mark.parametrize(
    ("web", "complaint"),
    [
        ('listen = "0.0.0.0:0"', "in the clear"),
        ('listen = "nowhere"', "no address to listen at"),
        ('listen = "127.0.0.1:0"\nkey = "env:X"', "certificate and key belong together"),
        ('listen = "127.0.0.1:0"\nclient-ca = "x"', "need a certificate"),
        ('listen = "127.0.0.1:0"\ncertificate = "x"\nkey = "file:keys/other"', "cannot be used"),
        ('listen = "127.0.0.1:0"\nlisen = "x"', "did you mean 'listen'"),
        ('listen = "127.0.0.1:0"\nbehind-proxy = "yes"', "must be true or false"),
    ],
)
def test_settings_that_cannot_be_right(site, web, complaint):
    (site.root / "gateway.toml").write_text(f"[web]\n{web}\n")
    with pytest.raises(ConfigurationError) as caught:
        start(site)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("receive", "complaint"),
    [
        ("{}", "nobody could come in"),
        ("{keys: [{name: a}]}", "either key or sha256"),
        ("{keys: [{name: a, key: secret}]}", "by reference"),
        ("{keys: [{name: a, sha256: abc}]}", "64 digits"),
        ("{keys: [{name: A B, key: env:X}]}", "no name"),
        ("{keys: [{name: a, key: env:X}], content-types: [csv]}", "no media type"),
        ("{keys: [{name: a, key: env:X}, {name: a, key: env:Y}]}", "two keys have one name"),
        ("{keys: [{name: a, key: 'file:keys/short'}]}", "less than 20 characters"),
        ("{keys: [{name: a, key: 'file:keys/other'}]}", "one key stands under"),
    ],
)
def test_agreements_that_cannot_be_right(site, receive, complaint):
    (site.root / "keys" / "short").write_text("short")
    target = "targets: [{id: o, to: epcis-2.0-json, transport: folder, settings: {path: data/one}}]\n"
    site.agree(
        f"partner: {{id: acme}}\nchannels: [{{id: c, transport: https, settings: {{receive: {receive}}}}}]\n{target}"
    )
    with pytest.raises(ConfigurationError) as caught:
        start(site)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        ("url: https://a.example/, receive: {keys: [{name: a, key: env:X}]}", "either url"),
        ("method: PUT, receive: {keys: [{name: a, key: env:X}]}", "beside receive"),
        ("url: https://a.example/", "a channel has receive"),
    ],
)
def test_sides_that_do_not_fit(site, part, complaint):
    target = "targets: [{id: o, to: epcis-2.0-json, transport: folder, settings: {path: data/one}}]\n"
    site.agree(f"partner: {{id: acme}}\nchannels: [{{id: c, transport: https, settings: {{{part}}}}}]\n{target}")
    with pytest.raises(ConfigurationError) as caught:
        start(site)
    assert complaint in str(caught.value)


def test_an_encrypted_archive(site):
    settings = site.root / "gateway.toml"
    (site.root / "keys" / "archive").write_text("00112233445566778899aabbccddeeff" * 2)
    settings.write_text(settings.read_text() + '[archive]\nkey = "file:keys/archive"\n')
    data = some()
    with site.serving():
        digest = push(site, data).json()["sha256"]
    kept = site.workspace().archive.locate(digest).read_bytes()
    assert data not in kept
    assert site.workspace().archive.open(digest).read() == data


def test_two_servers_at_one_address(site):
    with site.serving():
        assert "cannot listen" in gateway("serve", "-C", str(site.root), expect=4)
    assert "nobody said where" in gateway("serve", "-C", str(Site(site.root / "plain").build().root), expect=4)


def test_check_knows_the_receiving_side(site):
    assert "files come in through `gateway serve`" in gateway("check", "--online", "-C", str(site.root))
    (site.root / "keys" / "other").write_text("short")
    assert "less than 20 characters" in gateway("check", "-C", str(site.root), expect=4)
    (site.root / "keys" / "other").unlink()
    assert "keys.0.key" in gateway("check", "-C", str(site.root), expect=4)


def test_check_looks_at_certificates(site, authority):
    """Of the server, of those who may be trusted, and our own; also those that end soon."""
    text = (site.root / "agreements" / "acme.yaml").read_text()
    ends = authority.issue("soon", "localhost", ends=10)
    settings = f"{{url: 'https://a.example/', ca: {ends.certificate}}}"
    target = f"  - {{id: h, to: epcis-2.0-json, transport: https, settings: {settings}}}\n"
    site.agree(text + target)
    with_tls(site, authority)
    told = gateway("check", "-C", str(site.root), expect=4)
    assert "target h: ca: the certificate of CN=soon ends on" in told
    assert "gateway.toml: web: certificate: the certificate of CN=server ends on" in told
    gateway("check", "-C", str(site.root), "--days", "5")
    site.agree(text + target.replace(str(ends.certificate), "nowhere.pem"))
    assert "nowhere.pem cannot be read" in gateway("check", "-C", str(site.root), "--days", "5", expect=4)


def test_a_client_that_connects_and_speaks_no_tls(site, authority):
    with with_tls(site, authority).serving(), socket.create_connection(("127.0.0.1", site.port), 10) as connection:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
        assert time.monotonic() - began < 15  # uvicorn's own patience is 60 seconds


def test_a_file_that_is_under_way_when_the_server_stops(site):
    data = some()

    def slowly():
        yield data[:10]
        time.sleep(0.3)
        process.terminate()
        time.sleep(0.3)
        yield data[10:]

    with site.serving() as process, site.client() as client:
        assert client.post("/inbox/acme-push", content=slowly()).status_code == 202
    assert [message.size for message in site.messages()] == [len(data)]


def test_a_new_key():
    lines = dict(line.split() for line in gateway("serve", "--new-key").splitlines())
    assert len(lines["key"]) >= 40
    assert lines["sha256"] == hashlib.sha256(lines["key"].encode()).hexdigest()


def test_addresses():
    assert address("127.0.0.1:80") == ("127.0.0.1", 80)
    assert address("[::1]:8443") == ("::1", 8443)
    for wrong in ("", "8080", "a:b", ":1", "a:99999"):
        with pytest.raises(ConfigurationError):
            address(wrong)
    assert Web().listen == ""
