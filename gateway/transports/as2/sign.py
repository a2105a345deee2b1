"""Signing: SignedData without its content (RFC 5652, 5), and the multipart/signed around both (RFC 1847)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from asn1crypto import algos, cms
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from gateway.errors import ConfigurationError
from gateway.transports.as2 import mime
from gateway.transports.as2.algorithms import HASHES, SIGNING, WEAK, micalg
from gateway.transports.as2.content import Content
from gateway.transports.as2.keys import Identity

_SIGNATURE = (
    ("Content-Type", "application/pkcs7-signature; name=smime.p7s; smime-type=signed-data"),
    ("Content-Transfer-Encoding", "base64"),
    ("Content-Disposition", "attachment; filename=smime.p7s"),
)


@dataclass(frozen=True)
class Signing:
    """How we sign.

    Attributes:
        identity: whose key.
        digest: hash function, ``sha256``, ``sha384`` or ``sha512``; ``sha1`` only if allowed.
        padding: for RSA keys, ``pkcs1`` or ``pss``. Elliptic keys sign with ECDSA.
        allow: weak algorithms that the partner's agreement allows.
        algorithm_protection: name the algorithms in a signed attribute too (RFC 6211); some peers cannot read it.
        old_micalg: spell hash functions as RFC 3851 does.
        time: signing time that is stated; None leaves it out.
    """

    identity: Identity
    digest: str = "sha256"
    padding: Literal["pkcs1", "pss"] = "pkcs1"
    allow: frozenset[str] = frozenset()
    algorithm_protection: bool = True
    old_micalg: bool = False
    time: datetime | None = None

    def __post_init__(self) -> None:
        if self.digest not in SIGNING or (self.digest in WEAK and self.digest not in self.allow):
            message = f"messages are not signed with {self.digest!r}"
            raise ConfigurationError(message, hint="use sha256, sha384 or sha512; sha1 has to be allowed by name")


def digest(chunks: Iterable[bytes], *names: str) -> dict[str, bytes]:
    """Hash values of the same bytes, by the names of the hash functions, in one pass."""
    wanted = {name: hashlib.new(name) for name in names}
    for chunk in chunks:
        for hashing in wanted.values():
            hashing.update(chunk)
    return {name: hashing.digest() for name, hashing in wanted.items()}


def multipart_signed(
    entity: Content, hashed: bytes, signing: Signing, boundary: str
) -> tuple[list[tuple[str, str]], Content]:
    """Headers and body of a signed entity.

    Args:
        entity: what is signed, headers included, exactly as it goes on the wire.
        hashed: its hash value, by `signing.digest`.
        signing: how.
        boundary: what parts the two; it must not occur in the entity.
    """
    spelled = micalg(signing.digest, old_names=signing.old_micalg)
    fields = [
        (
            "Content-Type",
            f'multipart/signed; protocol="application/pkcs7-signature"; micalg={spelled}; boundary="{boundary}"',
        )
    ]
    mark = f"--{boundary}".encode("ascii")
    lines = base64.encodebytes(signed_data(hashed, signing)).replace(b"\n", b"\r\n")
    body = Content.of(
        mark + b"\r\n", entity, b"\r\n" + mark + b"\r\n" + mime.block(_SIGNATURE) + lines + mark + b"--\r\n"
    )
    return fields, body


def signed_data(hashed: bytes, signing: Signing) -> bytes:
    """SignedData in DER over content whose hash value is `hashed`, with our certificate and without the content."""
    digest_algorithm = algos.DigestAlgorithm({"algorithm": signing.digest})
    signature_algorithm = _signature_algorithm(signing)
    attributes = [
        {"type": "content_type", "values": ["data"]},
        {"type": "message_digest", "values": [hashed]},
    ]
    if signing.time is not None:
        attributes.append({"type": "signing_time", "values": [cms.Time({"utc_time": signing.time})]})
    if signing.algorithm_protection:
        protection = {"digest_algorithm": digest_algorithm, "signature_algorithm": signature_algorithm}
        attributes.append({"type": "cms_algorithm_protection", "values": [cms.CMSAlgorithmProtection(protection)]})
    signed_attrs = cms.CMSAttributes(attributes)
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", signing.identity.identifier()),
        "digest_algorithm": digest_algorithm,
        "signed_attrs": signed_attrs,
        "signature_algorithm": signature_algorithm,
        "signature": _signature(signed_attrs.dump(), signing),
    }
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest_algorithm],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", signing.identity.asn1)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def _signature_algorithm(signing: Signing) -> Any:
    if isinstance(signing.identity.key, ec.EllipticCurvePrivateKey):
        return algos.SignedDigestAlgorithm({"algorithm": f"{signing.digest}_ecdsa"})
    if signing.padding == "pkcs1":
        # rsaEncryption: every peer reads it (RFC 3370, 3.2).
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"})
    hashing = {"algorithm": signing.digest}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": algos.DigestAlgorithm(hashing),
            "mask_gen_algorithm": algos.MaskGenAlgorithm(
                {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm(hashing)}
            ),
            "salt_length": HASHES[signing.digest].digest_size,
        }
    )
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})


def _signature(data: bytes, signing: Signing) -> bytes:
    hashing, key = HASHES[signing.digest], signing.identity.key
    if isinstance(key, rsa.RSAPrivateKey):
        if signing.padding == "pkcs1":
            return key.sign(data, padding.PKCS1v15(), hashing)
        return key.sign(data, padding.PSS(padding.MGF1(hashing), hashing.digest_size), hashing)
    return key.sign(data, ec.ECDSA(hashing))
