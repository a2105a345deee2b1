"""An independent judge: what we write, ``openssl cms`` reads, and the other way round, for all that it knows.

It knows no CompressedData as it is built for Debian; asn1crypto expands that.
"""

from __future__ import annotations

import base64
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import cms

from gateway.transports.as2 import Content, Encryption, Region, Signing, sign
from gateway.transports.as2.compress import compress
from gateway.transports.as2.encrypt import encrypt
from gateway.transports.as2.verify import verify
from tests.transports.as2.ends import EDI, Exchange, Wire, data_of, identity, pem, pin

DATA = b"Content-Type: application/edi-x12\r\n\r\n" + os.urandom(70_000) + b"\n\r\r\n"
CIPHERS = [f"aes{bits}-{mode}" for bits in (128, 192, 256) for mode in ("cbc", "gcm")]
TRANSPORTS = [("pkcs1", "sha256"), ("oaep", "sha1"), ("oaep", "sha256"), ("oaep", "sha384"), ("oaep", "sha512")]
SIGNERS = [("rsa", "pkcs1"), ("rsa", "pss"), ("p256", "pkcs1"), ("p384", "pkcs1")]
DIGESTS = ("sha256", "sha384", "sha512")
ALL = frozenset({"sha1", "3des"})


@pytest.fixture
def openssl(tmp_path: Path):
    """Runs ``openssl cms`` in a folder with the files that are given; gives its output."""
    if not shutil.which("openssl"):
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs the command openssl")
        pytest.skip("this machine has no openssl command")

    def run(*arguments: object, **files: bytes) -> bytes:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        command = ["openssl", "cms", *map(str, arguments), "-out", "out"]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return (tmp_path / "out").read_bytes()

    return run


@pytest.mark.parametrize(
    ("cipher", "transport"),
    [
        *itertools.product([*CIPHERS, "3des"], TRANSPORTS[:2]),
        *(("aes256-cbc", transport) for transport in TRANSPORTS[2:]),
    ],
)
def test_openssl_decrypts_ours(exchange: Exchange, openssl, cipher: str, transport: tuple[str, str]):
    certificate, key = pem("brand", exchange.folder)
    encryption = Encryption((pin("other"), pin("brand")), cipher, *transport, ALL)
    _, region = encrypt(Content.of(DATA), encryption, os.urandom, exchange.scratch())
    out = openssl("-decrypt", "-binary", "-inform", "DER", "-in", region.path, "-recip", certificate, "-inkey", key)
    assert out == DATA


@pytest.mark.parametrize("form", [[], ["-stream"], ["-keyid"], ["-stream", "-keyid"]], ids="-".join)
@pytest.mark.parametrize(
    ("cipher", "transport"),
    [*itertools.product(CIPHERS, (None, "sha256")), ("aes256-cbc", "sha1"), ("aes256-gcm", "sha512")],
)
def test_we_decrypt_openssl(exchange: Exchange, openssl, cipher: str, transport: str | None, form: list[str]):
    brand, other = pem("brand", exchange.folder)[0], pem("other", exchange.folder)[0]
    oaep = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", f"rsa_oaep_md:{transport}"] if transport else []
    kind, bits, mode = "aes", cipher[3:6], cipher[7:]
    name = f"-{kind}-{bits}-{mode}"
    certificates = ["-recip", other, *oaep, "-recip", brand, *oaep]
    out = openssl("-encrypt", "-binary", "-outform", "DER", "-in", "data", name, *form, *certificates, data=DATA)
    assert (out[1:2] == b"\x80") is ("-stream" in form)
    received = opened(exchange, out)
    assert data_of(received) == [DATA.partition(b"\r\n\r\n")[2]]
    assert received.cipher == cipher


def opened(exchange: Exchange, body: bytes, **terms: object):
    fields = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>"), ("Content-Type", "application/pkcs7-mime")]
    wire = Wire.raw(fields, body, exchange.folder / "body")
    return exchange.open(wire, signed=False, **terms)


def test_we_decrypt_triple_des_by_permission(exchange: Exchange, openssl):
    brand = pem("brand", exchange.folder)[0]
    out = openssl("-encrypt", "-binary", "-outform", "DER", "-in", "data", "-des3", "-recip", brand, data=DATA)
    assert opened(exchange, out, allow=ALL).cipher == "3des"


@pytest.mark.parametrize(("kind", "padding"), SIGNERS)
@pytest.mark.parametrize("digest", DIGESTS)
def test_openssl_verifies_ours(exchange: Exchange, openssl, kind: str, padding: str, digest: str):
    certificate, _ = pem("acme", exchange.folder, kind)
    for protection in (True, False):
        signing = Signing(identity("acme", kind), digest, padding, algorithm_protection=protection)
        signature = sign.signed_data(sign.digest([DATA], digest)[digest], signing)
        arguments = ("-verify", "-binary", "-inform", "DER", "-in", "sig", "-content", "data", "-noverify", "-nointern")
        assert openssl(*arguments, "-certfile", certificate, sig=signature, data=DATA) == DATA


@pytest.mark.parametrize(("kind", "padding"), SIGNERS)
@pytest.mark.parametrize(
    ("digest", "form"),
    [
        *itertools.product(DIGESTS, [[], ["-stream"]]),
        *itertools.product(["sha256"], [["-noattr"], ["-keyid"], ["-nocerts"], ["-cades"]]),
    ],
)
def test_we_verify_openssl(exchange: Exchange, openssl, kind: str, padding: str, digest: str, form: list[str]):
    certificate, key = pem("acme", exchange.folder, kind)
    scheme = ["-keyopt", "rsa_padding_mode:pss"] if padding == "pss" else []
    arguments = ("-sign", "-binary", "-outform", "DER", "-in", "data", "-signer", certificate, "-inkey", key)
    if "-stream" in form:
        # Detached signatures are DER in any case; in SMIME form the whole message goes through the streaming code.
        arguments = ("-sign", "-binary", "-outform", "SMIME", "-in", "data", "-signer", certificate, "-inkey", key)
    out = openssl(*arguments, *scheme, "-md", digest, *form, data=DATA)
    if "-stream" in form:
        encoded = re.search(rb'filename="smime\.p7s"\r?\n\r?\n(.*?)\r?\n\r?\n', out, re.DOTALL)[1]
        out = base64.b64decode(encoded)
    found = verify(out, [pin("other"), pin("acme", kind)], [lambda name: sign.digest([DATA], name)[name]], frozenset())
    assert found.signer.fingerprint == pin("acme", kind).fingerprint
    assert found.digest == digest


def test_openssl_reads_a_whole_signed_message(exchange: Exchange, openssl):
    """Text with CRLF; its parser of MIME cannot carry binary content, ours can."""
    certificate, _ = pem("acme", exchange.folder)
    _, wire = exchange.send(EDI, encryption=None)
    whole = (
        b"MIME-Version: 1.0\r\nContent-Type: " + wire.headers.get("Content-Type").encode() + b"\r\n\r\n" + wire.bytes
    )
    out = openssl(
        "-verify",
        "-binary",
        "-crlfeol",
        "-in",
        "whole",
        "-noverify",
        "-nointern",
        "-certfile",
        certificate,
        whole=whole,
    )
    assert out.endswith(EDI)


@pytest.mark.parametrize("stream", [[], ["-stream"]], ids=["DER", "BER"])
def test_we_open_what_openssl_signed_and_encrypted(exchange: Exchange, openssl, stream: list[str]):
    """The way that a peer built on OpenSSL works: sign as SMIME, then encrypt the whole."""
    acme, key = pem("acme", exchange.folder)
    brand, _ = pem("brand", exchange.folder)
    entity = b"Content-Type: application/edi-x12\r\n\r\n" + EDI
    signed = openssl(
        "-sign", "-crlfeol", "-binary", "-in", "data", "-signer", acme, "-inkey", key, *stream, data=entity
    )
    signed = re.sub(rb"(?<!\r)\n", b"\r\n", signed)
    out = openssl(
        "-encrypt", "-aes256", "-binary", "-outform", "DER", "-in", "mime", *stream, "-recip", brand, mime=signed
    )
    fields = [("AS2-From", "A"), ("AS2-To", "B"), ("Message-ID", "<1@a>"), ("Content-Type", "application/pkcs7-mime")]
    received = exchange.open(Wire.raw(fields, out, exchange.folder / "body"))
    assert data_of(received) == [EDI]
    assert received.layers == ("encrypted", "signed")
    assert received.mic.value == sign.digest([entity], "sha256")["sha256"]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 300_000])
def test_asn1crypto_expands_ours(exchange: Exchange, size: int):
    data = os.urandom(size)
    packed = b"".join(compress(Content.of(data), exchange.scratch()).chunks())
    found = cms.ContentInfo.load(packed, strict=True)
    assert found["content_type"].native == "compressed_data"
    assert found["content"].decompressed == data
    assert found.dump(force=True) == packed


def test_what_we_write_is_der(exchange: Exchange, openssl):
    """Written again by openssl, the bytes are the same."""
    encryption = Encryption((pin("brand"),))
    _, region = encrypt(Content.of(DATA), encryption, os.urandom, exchange.scratch())
    signature = sign.signed_data(b"\0" * 32, Signing(identity("acme")))
    for data in (region.slice(0, region.size), signature):
        assert openssl("-cmsout", "-inform", "DER", "-outform", "DER", "-in", "cms", cms=data) == data
    assert isinstance(region, Region)
