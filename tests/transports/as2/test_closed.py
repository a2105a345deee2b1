"""A signature in binary inside an envelope that does not notice changes: every byte of it is known or verified.

Otherwise blocks of a recorded message, put into a certificate that nobody looks at, would be taken or not by what they
hold: beside a byte that matters, about 256 tries for a byte of somebody's file.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.transports.as2 import Content, Encryption, Identity, Pin, Scratch, Signing
from gateway.transports.as2.encrypt import encrypt
from gateway.transports.as2.errors import As2Error, DecryptionFailed
from tests.transports.as2.ends import EDI, END, START, Exchange, Wire, data_of, identity, pin
from tests.transports.as2.test_security import signature_in

Change = Callable[[Any], None]


def binary(exchange: Exchange, cipher: str, change: Change, signing: Signing | None = None) -> Wire:
    """A message whose signature part is in binary, changed where no signature covers it, encrypted by somebody."""
    _, plain = exchange.send(encryption=None, **({"signing": signing} if signing else {}))
    signature, before, after = signature_in(plain.bytes)
    content = cms.ContentInfo.load(signature)
    change(content["content"])
    before = before.replace(b"Transfer-Encoding: base64", b"Transfer-Encoding: binary")
    entity = b"Content-Type: " + plain.headers.get("Content-Type").encode() + b"\r\n\r\n"
    entity += before + content.dump(force=True) + after
    with Scratch(exchange.folder) as scratch:
        kind, region = encrypt(Content.of(entity), Encryption((pin("brand"),), cipher), os.urandom, scratch)
        fields = {"content-type": f"application/pkcs7-mime; smime-type={kind}"}
        return plain.changed(region.slice(0, region.size)).with_fields(**fields)


def holds(*certificates: bytes) -> Change:
    def change(signed: Any) -> None:
        signed["certificates"] = [cms.CertificateChoices.load(der) for der in certificates]

    return change


def damaged(der: bytes) -> bytes:
    """A certificate with another byte in its signature, which nobody looks at."""
    return der[:-20] + bytes((der[-20] ^ 1,)) + der[-19:]


def with_unsigned(signed: Any) -> None:
    attribute = cms.CMSAttribute({"type": "1.2.3", "values": [core.OctetString(b"anything")]})
    signed["signer_infos"][0]["unsigned_attrs"] = [attribute]


def with_hashes(signed: Any) -> None:
    signed["digest_algorithms"] = [*signed["digest_algorithms"], {"algorithm": "sha512"}]


def with_version(signed: Any) -> None:
    signed["version"] = 77


CHANGES: dict[str, tuple[Change, bool]] = {
    "as it is": (lambda signed: None, True),  # noqa: ARG005
    "no certificate": (holds(), True),
    "another one that is pinned": (holds(pin("acme").der, pin("acme").der), True),
    "one by itself": (holds(pin("acme").der, pin("stranger").der), True),
    "a damaged one": (holds(damaged(pin("acme").der)), False),
    "a damaged one of others": (holds(pin("acme").der, damaged(pin("stranger").der)), False),
    "many": (holds(*(pin("stranger").der for _ in range(11))), False),
    "unsigned attributes": (with_unsigned, False),
    "hash functions": (with_hashes, False),
    "version": (with_version, False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_binary_signature_may_hold(exchange: Exchange, name: str):
    change, good = CHANGES[name]
    if good:
        assert data_of(exchange.open(binary(exchange, "aes256-cbc", change))) == [EDI]
        return
    with pytest.raises(DecryptionFailed, match=r"in binary, inside an envelope|cannot be read"):
        exchange.open(binary(exchange, "aes256-cbc", change))
    # Where the envelope notices changes it is what it always was: not looked at.
    assert data_of(exchange.open(binary(exchange, "aes256-gcm", change))) == [EDI]


def issued() -> tuple[Identity, bytes, bytes]:
    """A certificate with its key, that of its issuer, and that of the issuer's issuer."""
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("root", "office", "partner")]
    keys = [rsa.generate_private_key(65537, 2048) for _ in names]
    made = []
    for number, (name, key) in enumerate(zip(names, keys, strict=True)):
        above = max(0, number - 1)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(names[above]).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(END)
        made.append(builder.sign(keys[above], hashes.SHA256()))
    root, office, partner = made
    return Identity(partner, keys[2]), office.public_bytes(Encoding.DER), root.public_bytes(Encoding.DER)


def test_a_chain_of_issuers(exchange: Exchange):
    """Each certificate is issued by one that is there; without the last one the bytes of the first are anybody's."""
    ours, office, root = issued()
    leaf = Pin(ours.certificate)
    for held, good in (((leaf.der, office, root), True), ((root, office), True), ((leaf.der, office), False)):
        wire = binary(exchange, "aes128-cbc", holds(*held), Signing(ours))
        if good:
            assert data_of(exchange.open(wire, signers=(leaf,))) == [EDI]
        else:
            with pytest.raises(DecryptionFailed, match="nothing vouches for"):
                exchange.open(wire, signers=(leaf,))


def test_base64_is_told_by_its_bytes(exchange: Exchange):
    """Said to be quoted-printable, bytes may be anything; said to be binary and in base64, they may not."""
    _, plain = exchange.send(encryption=None)
    signature, before, after = signature_in(plain.bytes)
    content = cms.ContentInfo.load(signature)
    with_unsigned(content["content"])
    text = base64.encodebytes(content.dump(force=True))
    quoted = "".join(f"={byte:02X}" for byte in content.dump(force=True)).encode()
    for encoding, body, good in ((b"binary", text, True), (b"quoted-printable", quoted, False)):
        head = before.replace(b"Transfer-Encoding: base64", b"Transfer-Encoding: " + encoding)
        entity = b"Content-Type: " + plain.headers.get("Content-Type").encode() + b"\r\n\r\n" + head + body + after
        with Scratch(exchange.folder) as scratch:
            kind, region = encrypt(Content.of(entity), Encryption((pin("brand"),)), os.urandom, scratch)
            fields = {"content-type": f"application/pkcs7-mime; smime-type={kind}"}
            wire = plain.changed(region.slice(0, region.size)).with_fields(**fields)
        if good:
            assert data_of(exchange.open(wire)) == [EDI]
        else:
            with pytest.raises(As2Error, match="in binary"):
                exchange.open(wire)


def test_elliptic_keys_and_pss(exchange: Exchange):
    """Signatures with other parameters are closed too."""
    exchange.kind = "p256"
    wire = binary(exchange, "aes256-cbc", lambda signed: None, Signing(identity("acme", "p256")))  # noqa: ARG005
    assert data_of(exchange.open(wire)) == [EDI]
    exchange.kind = "rsa"
    wire = binary(exchange, "aes256-cbc", lambda signed: None, Signing(identity("acme"), padding="pss"))  # noqa: ARG005
    assert data_of(exchange.open(wire)) == [EDI]
