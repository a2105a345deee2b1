"""``gateway check``: certificates, secrets and who can read them."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.agreements import certificates
from gateway.errors import ConfigurationError
from tests.exchange.site import AGREEMENT, SETTINGS, Site
from tests.exchange.test_commands import gateway

NOW = dt.datetime.now(dt.UTC)


def pem(begins: float, ends: float) -> str:
    """A certificate that is good from and to so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acme")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(7).not_valid_before(NOW + dt.timedelta(days=begins))
    made = built.not_valid_after(NOW + dt.timedelta(days=ends)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (-10, 100, ""),
        (-10, 29, "ends on"),
        (-10, -1, "ended on"),
        (1, 100, "is not good before"),
    ],
)
def test_certificates_must_be_good_for_some_time(begins: float, ends: float, words: str) -> None:
    (found,) = certificates.read("some words\n" + pem(begins, ends))
    said = found.complaint(NOW, 30)
    assert words in said
    assert bool(words) == bool(said)


def test_several_certificates_none_and_broken_ones() -> None:
    assert len(certificates.read(pem(-1, 5) + pem(-1, 90))) == 2
    assert certificates.read("password") == []
    with pytest.raises(ConfigurationError, match="not a certificate"):
        certificates.read(certificates.MARK + "\nx\n-----END CERTIFICATE-----\n")


def test_check_finds_them_wherever_they_are(site: Site) -> None:
    keys = site.root / "keys"
    keys.mkdir()
    (keys / "acme.pem").write_text(pem(-10, 20))
    site.agree(
        AGREEMENT.replace(
            "{id: acme}", "{id: acme, as2-id: ACME, certificates: [{use: sign, certificate: 'file:keys/acme.pem'}]}"
        )
    )
    root = str(site.root)
    assert "partner acme: certificates.0.certificate: the certificate of CN=acme ends on" in gateway(
        "check", "-C", root, expect=4
    )
    assert "right" in gateway("check", "-C", root, "--days", "10")
    (keys / "acme.pem").unlink()
    assert "partner acme: certificates.0.certificate: the file" in gateway("check", "-C", root, expect=4)


def test_check_looks_at_the_key_of_the_archive_and_who_can_read_it(site: Site) -> None:
    (site.root / "gateway.toml").write_text(SETTINGS + '[archive]\nkey = "file:archive.key"\n')
    root = str(site.root)
    assert "gateway.toml: archive: key.0: the file 'archive.key'" in gateway("check", "-C", root, expect=4)
    key: Path = site.root / "archive.key"
    key.write_text("11" * 32)
    key.chmod(0o644)
    assert "others can read archive.key" in gateway("check", "-C", root)
    key.chmod(0o600)
    assert "others" not in gateway("check", "-C", root)


def test_a_channel_of_answers_needs_no_targets_and_others_do(site: Site) -> None:
    head = "partner: {id: its}\nchannels: [{id: its-in, transport: folder, settings: {path: data/its}"
    (site.root / "agreements" / "its.yaml").write_text(head + ", answers: {kind: x12-997}}]\n")
    assert "2 agreements" in gateway("check", "-C", str(site.root))
    for wrong, words in (
        ("}]\n", "give at least one; only channels of `answers` need none"),
        (", answers: {kind: mdn}}]\n", "does not come as a file"),
        (", answers: {kind: csv}}]\n", "give `table` for csv"),
    ):
        (site.root / "agreements" / "its.yaml").write_text(head + wrong)
        assert words in gateway("check", "-C", str(site.root), expect=4)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="this machine has no ssh-keygen")
def test_certificates_of_openssh_are_told_in_time(site: Site) -> None:
    folder = site.root / "keys"
    folder.mkdir()
    for words in (
        ["-t", "ed25519", "-N", "", "-f", str(folder / "authority")],
        ["-t", "ed25519", "-N", "", "-f", str(folder / "ours")],
        ["-s", str(folder / "authority"), "-I", "gateway", "-n", "in,out", "-V", "-1d:+10d", str(folder / "ours.pub")],
    ):
        subprocess.run(["ssh-keygen", "-q", *words], check=True, stdin=subprocess.DEVNULL)
    (folder / "ours").chmod(0o600)
    sftp = (
        "transport: sftp, settings: {host: sftp.example, username: in, key: 'file:keys/ours',"
        f" certificate: 'file:keys/ours-cert.pub', host-key-fingerprints: ['SHA256:{'A' * 43}']}}"
    )
    site.agree(AGREEMENT.replace("transport: folder, settings: {path: data/two}", sftp))
    root = str(site.root)
    said = gateway("check", "-C", root, expect=4)
    assert "target two: certificate: the certificate of 'gateway' for in, out ends on" in said
    assert "right" in gateway("check", "--days", "5", "-C", root)
    (folder / "ours-cert.pub").write_text("ssh-ed25519-cert-v01@openssh.com AAAA nonsense\n")
    assert "not an OpenSSH certificate" in gateway("check", "-C", root, expect=4)
