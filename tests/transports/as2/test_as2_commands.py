"""`gateway as2 cert`, `partner`, and what alerts and `gateway check` say, as an operator sees them."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12

from gateway.exchange.operations.alerts import Alerting
from gateway.exchange.workspace import opened
from gateway.transports.as2_http.incidents import Incidents
from gateway.transports.as2_http.new_certificate import new_identity
from tests.peers.pki import Authority
from tests.transports.as2.desk import Desk, run
from tests.transports.as2.ends import identity

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(made: Desk) -> Desk:
    made.agree()
    return made


def test_a_certificate_is_imported_only_when_its_fingerprint_was_confirmed(desk: Desk):
    file = desk.acme / "keys" / "acme.crt"
    line = ("as2", "cert", "import", file, "--name", "again", "-C", desk.brand)
    nobody = run(*line)
    assert (nobody.code, "nobody is at the terminal" in nobody.err) == (2, True)
    for wrong in ("00" * 32, desk.pin(desk.acme)[:15], "x" * 64):
        assert run(*line, "--fingerprint", wrong).code == 2
        assert not (desk.brand / "keys" / "again.crt").exists()
    pin = desk.pin(desk.acme)
    pairs = ":".join(pin[at : at + 2] for at in range(0, 64, 2)).upper()
    right = run(*line, "--fingerprint", f"SHA256 Fingerprint={pairs}")
    assert right.code == 0, right.err
    assert f"{pairs}: confirmed" in right.out
    assert f'sha256: "{pin}"' in right.out
    assert "BEGIN CERTIFICATE" in (desk.brand / "keys" / "again.crt").read_text()
    taken = run(*line, "--fingerprint", pin)
    assert (taken.code, "is there already" in taken.err) == (2, True)
    assert run("as2", "cert", "import", file, "--name", "../x", "--fingerprint", pin, "-C", desk.brand).code == 2


def test_of_a_bundle_the_partners_own_certificate_is_taken(desk: Desk, tmp_path: Path):
    authority = Authority(tmp_path)
    leaf = authority.issue("leaf", "as2.acme.example")
    from gateway.transports.as2 import keys

    both = [keys.certificates(path.read_bytes())[0].certificate for path in (authority.certificate, leaf.certificate)]
    bundle = tmp_path / "bundle.p7b"
    bundle.write_bytes(pkcs7.serialize_certificates(both, Encoding.DER))
    line = ("as2", "cert", "import", bundle, "--use", "tls", "-C", desk.brand)
    assert run(*line, "--fingerprint", keys.certificates(authority.certificate.read_bytes())[0].fingerprint).code == 2
    done = run(*line, "--fingerprint", leaf.pin)
    assert done.code == 0, done.err
    assert "uses: [tls]" in done.out
    stored = (desk.brand / "keys" / "bundle.crt").read_bytes()
    assert [len(keys.certificates(stored)), keys.certificates(stored)[0].fingerprint] == [2, leaf.pin.lower()]
    (tmp_path / "two.pem").write_bytes(b"".join(identity(n).certificate.public_bytes(Encoding.PEM) for n in "ab"))
    assert "2 certificates that may be" in run("as2", "cert", "import", tmp_path / "two.pem", "-C", desk.brand).err
    (tmp_path / "none").write_bytes(b"x")
    assert run("as2", "cert", "import", tmp_path / "none", "-C", desk.brand).code == 4


def test_our_own_key_comes_from_a_pkcs12_file(desk: Desk, tmp_path: Path):
    ours = identity("ours")
    file = tmp_path / "ours.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"x", ours.key, ours.certificate, None, NoEncryption()))
    done = run("as2", "cert", "import", file, "--ours", "-C", desk.brand)
    assert done.code == 0, done.err
    assert "key: file:keys/ours.key" in done.out
    assert (desk.brand / "keys" / "ours.key").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in done.out
    again = run("as2", "cert", "import", file, "--ours", "--name", "brand", "-C", desk.brand)
    assert again.code == 2
    # All or nothing: the key is there, so no certificate comes beside it.
    (desk.brand / "keys" / "half.crt").write_text("mine")
    assert run("as2", "cert", "import", file, "--ours", "--name", "half", "-C", desk.brand).code == 2
    assert not (desk.brand / "keys" / "half.key").exists()


def test_list_show_and_export(desk: Desk):
    listed = run("as2", "cert", "list", "-C", desk.brand)
    assert re.search(r"^theirs\tACME CMO\tencrypt, sign\t.*\tCN=acme\t\w{16}\tin use$", listed.out, re.MULTILINE)
    facts = [json.loads(line) for line in run("as2", "cert", "list", "--json", "-C", desk.brand).out.splitlines()]
    assert {(one["whose"], one["sha256"]) for one in facts} == {
        ("ours", desk.pin(desk.brand)),
        ("theirs", desk.pin(desk.acme)),
    }
    shown = run("as2", "cert", "show", desk.pin(desk.acme)[:10], "-C", desk.brand)
    assert "theirs, for ACME CMO: encrypt, sign; in use" in shown.out
    assert run("as2", "cert", "show", desk.brand / "keys" / "brand.crt", "-C", desk.brand).out.startswith("subject ")
    assert run("as2", "cert", "show", "", "-C", desk.brand).code == 2
    exported = run("as2", "cert", "export", "-C", desk.brand).out
    assert (exported.count("BEGIN CERTIFICATE"), "PRIVATE" in exported) == (1, False)
    assert desk.pin(desk.brand) in exported


def test_partners_and_what_is_missing(desk: Desk):
    listed = run("as2", "partner", "list", "-C", desk.brand).out.splitlines()
    assert listed[1].split("\t") == ["acme", "BrandPharma", "ACME CMO", "acme-as2", "", "standard", "nothing"]
    for name in ("acme", "ACME CMO", "acme-as2"):
        shown = run("as2", "partner", "show", name, "-C", desk.brand)
        assert "theirs encrypt CN=acme" in shown.out
        assert "ours tls       none" in shown.out
    assert run("as2", "partner", "show", "stranger", "-C", desk.brand).code == 2
    desk.agree(more="preset: sterling", sends="must-encrypt: false")
    assert "sets algorithm-protection: False" in run("as2", "partner", "show", "-C", desk.brand).out
    text = (desk.brand / "agreements" / "partner.yaml").read_text()
    (desk.brand / "agreements" / "partner.yaml").write_text(text.replace("ours: [{", "ours: [{uses: [encrypt], "))
    said = run("as2", "partner", "list", "-C", desk.brand).out
    assert "we cannot sign receipts" in said
    checked = run("check", "-C", desk.brand)
    assert (checked.code, "we cannot sign receipts" in checked.err) == (4, True)
    (desk.brand / "agreements" / "partner.yaml").write_text(text.replace("keys/acme.crt", "keys/gone.crt"))
    assert "cannot be read" in run("as2", "partner", "show", "-C", desk.brand).out


# ── what is told in time ──────────────────────────────────────────────────────────────────────────────


def expiring(desk: Desk, days: float, more: str = "") -> None:
    """Brand lists a certificate of Acme that ends in so many days."""
    short = new_identity("short", NOW - dt.timedelta(days=1), 1 + int(days), bits=2048)
    (desk.brand / "keys" / "short.crt").write_bytes(short.certificate.public_bytes(Encoding.PEM))
    path = desk.brand / "agreements" / "partner.yaml"
    entry = f'theirs: [{more}{{certificate: keys/short.crt, sha256: "{short.fingerprint}"}}]'
    path.write_text(re.sub(r"theirs: \[.*\]", entry, path.read_text()))


def alerts(desk: Desk, at: dt.datetime) -> dict[str, tuple[str, int]]:
    with opened(desk.brand, clock=lambda: at) as workspace:
        found = Alerting(workspace).troubles(at)
    return {one.about: (one.text, one.count) for one in found if one.kind in {"certificate", "as2"}}


def test_a_certificate_that_ends_is_told_at_each_stage(desk: Desk):
    expiring(desk, 100)
    counts = []
    for left in (95, 89, 29, 13, 6, 0.5, -1):
        found = alerts(desk, NOW + dt.timedelta(days=100 - left))
        counts.append({count for _, count in found.values()})
        assert all("nothing follows it: gateway as2 cert list" in text for text, _ in found.values())
    assert counts == [set(), {1}, {2}, {3}, {4}, {5}, {6}]


def test_one_that_another_one_follows_is_not_told(desk: Desk):
    follows = f'{{certificate: keys/acme.crt, sha256: "{desk.pin(desk.acme)}"}}, '
    expiring(desk, 5, follows)
    assert alerts(desk, NOW) == {}
    assert run("check", "-C", desk.brand).code == 0
    expiring(desk, 5)
    checked = run("check", "-C", desk.brand)
    assert (checked.code, "ends in 4 days" in checked.err) == (4, True)
    expiring(desk, 60)
    checked = run("check", "-C", desk.brand)
    assert (checked.code, "ends in 59 days" in checked.err) == (0, True)
    assert run("check", "--days", 80, "-C", desk.brand).code == 4


def test_refused_messages_are_told(desk: Desk):
    incidents = Incidents(desk.brand / "data/as2/incidents")
    ids = ("ACME CMO", "BrandPharma")
    for _ in range(2):
        incidents.note("duplicate", ids, "<1@acme.example>\x1b[2J", "came before with other content", "ask", NOW)
    (found,) = alerts(desk, NOW).values()
    assert found[0].startswith("AS2: 2 messages of ACME CMO were refused (message ids that came before")
    shown = run("as2", "partner", "show", "acme", "-C", desk.brand).out
    assert "refused        2 times duplicate" in shown
    assert "\x1b[2J" not in shown
    assert alerts(desk, NOW + dt.timedelta(days=8)) == {}
