"""Keys and certificates in the forms that people have them, and what cannot be used is said at once."""

from __future__ import annotations

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from gateway.errors import ConfigurationError
from gateway.transports.as2 import Content, Encryption, Identity, Scratch, Signing, keys
from gateway.transports.as2.encrypt import encrypt
from gateway.transports.as2.errors import AuthenticationFailed
from tests.transports.as2.ends import Exchange, data_of, identity, pin

PASSWORD = b"only for tests"


def key_of(name: str, encoding: Encoding = Encoding.PEM, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return identity(name).key.private_bytes(encoding, PrivateFormat.PKCS8, encryption)


def test_certificates_in_every_form():
    one, two = pin("acme").certificate, pin("brand").certificate
    forms = {
        "PEM with text around": b"subject=x\n"
        + one.public_bytes(Encoding.PEM)
        + b"\n# more\n"
        + two.public_bytes(Encoding.PEM),
        "PKCS#7 in DER": pkcs7.serialize_certificates([one, two], Encoding.DER),
        "PKCS#7 in PEM": pkcs7.serialize_certificates([one, two], Encoding.PEM),
    }
    for data in forms.values():
        assert {found.fingerprint for found in keys.certificates(data)} == {
            pin("acme").fingerprint,
            pin("brand").fingerprint,
        }
    assert keys.certificates(one.public_bytes(Encoding.DER))[0].subject == "CN=acme"
    for nothing in (b"", b"x", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"):
        with pytest.raises(ConfigurationError, match="no certificate"):
            keys.certificates(nothing)


@pytest.mark.parametrize(
    ("encoding", "password"), [(Encoding.PEM, None), (Encoding.PEM, PASSWORD), (Encoding.DER, PASSWORD)]
)
def test_identities(encoding: Encoding, password: bytes | None):
    found = keys.identity(pin("acme").der, key_of("acme", encoding, password), password)
    assert found.fingerprint == pin("acme").fingerprint
    assert "key" not in repr(found)


def test_identities_that_do_not_fit():
    with pytest.raises(ConfigurationError, match="does not belong"):
        keys.identity(pin("acme").der, key_of("brand"))
    for password in (None, b"wrong"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            keys.identity(pin("acme").der, key_of("acme", password=PASSWORD), password)
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ConfigurationError, match="cannot be used"):
        keys.identity(pin("acme").der, other)


def test_pkcs12():
    whole = identity("acme")
    data = pkcs12.serialize_key_and_certificates(
        b"acme", whole.key, whole.certificate, None, BestAvailableEncryption(PASSWORD)
    )
    assert keys.identity_from_pkcs12(data, PASSWORD).fingerprint == whole.fingerprint
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        keys.identity_from_pkcs12(data, b"wrong")
    without = pkcs12.serialize_key_and_certificates(b"acme", None, whole.certificate, None, NoEncryption())
    with pytest.raises(ConfigurationError, match="no private key"):
        keys.identity_from_pkcs12(without, None)


def test_a_recipient_named_by_its_key(exchange: Exchange):
    _, region = encrypt(
        Content.of(b"\r\nx"), Encryption((pin("brand"),)), lambda size: b"\1" * size, Scratch(exchange.folder)
    )
    content = cms.ContentInfo.load(region.slice(0, region.size))
    info = content["content"]["recipient_infos"][0].chosen
    (identifier,) = pin("brand").key_identifiers
    for value, fits in ((identifier, True), (b"other", False)):
        info["rid"] = cms.RecipientIdentifier({"subject_key_identifier": cms.OctetString(value)})
        assert pin("brand").named(info["rid"]) is fits
        assert value.hex() in keys.told(info["rid"])


def test_what_we_never_do():
    for digest in ("sha1", "md5", "rot13", "sha224"):
        with pytest.raises(ConfigurationError, match="not signed with"):
            Signing(identity("acme"), digest)
    for cipher in ("3des", "rot13"):
        with pytest.raises(ConfigurationError, match="not encrypted with"):
            Encryption((pin("brand"),), cipher)
    with pytest.raises(ConfigurationError, match="not encrypted with"):
        Encryption((pin("brand"),), oaep_digest="sha1")
    for recipients in ((), (pin("brand", "p256"),)):
        with pytest.raises(ConfigurationError, match="RSA"):
            Encryption(recipients)


def test_a_pinned_key_of_another_kind_verifies_nothing(exchange: Exchange):
    """The same name and number with a key on a curve: the signature of the RSA key is not tried."""
    _, wire = exchange.send(encryption=None)
    curve, right = pin("acme", "p256"), pin("acme")

    class Impostor(keys.Pin):
        def named(self, identifier: object) -> bool:
            return right.named(identifier)

    with pytest.raises(AuthenticationFailed, match="does not fit the key"):
        exchange.open(wire, encrypted=False, signers=(Impostor(curve.certificate),))
    assert data_of(exchange.open(wire, encrypted=False, signers=(curve, right)))
    assert isinstance(identity("acme"), Identity)
