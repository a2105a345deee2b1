"""Verifying: is this signature by a pinned certificate, and over these bytes?

Exactly one signer is accepted, as AS2 has it, and it must be one of the certificates that the agreement pins. A
certificate inside the signature proves nothing and is only named to the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from gateway.transports.as2 import ber, closed, keys
from gateway.transports.as2.algorithms import HASHES, WEAK
from gateway.transports.as2.errors import AuthenticationFailed, InsufficientSecurity, IntegrityFailed
from gateway.transports.as2.keys import Pin

Check = Callable[[bytes, HashAlgorithm | None], bool]

_SET_TAG = b"\x31"
_OPEN = "ask the partner to send the signature in base64, or with their own certificate only; or to encrypt by AES-GCM"
_MGF1 = "mgf1"
_ECDSA_SUFFIX = "_ecdsa"
_RSA_SUFFIX = "_rsa"


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds.

    Attributes:
        signer: the pinned certificate.
        digest: hash function of the content, e.g. ``sha256``.
        variant: number of the way to read the content that the signature fits; 0 is byte for byte.
    """

    signer: Pin
    digest: str
    variant: int = 0


def verify(
    signature: bytes,
    pins: Iterable[Pin],
    hashers: Iterable[Callable[[str], bytes]],
    allow: frozenset[str],
    *,
    exact: bool = False,
) -> Verified:
    """Verify SignedData without content.

    Args:
        signature: the SignedData, BER or DER.
        pins: certificates of which one must have signed.
        hashers: give the hash value of the content by the name of a hash function, one for each way to read the
            content that is to be tried, in this order.
        allow: weak algorithms that are allowed.
        exact: take it only if it holds nothing but what is verified.

    Raises:
        AuthenticationFailed: no or another signer, several signers, or a signature that does not verify.
        IntegrityFailed: the signature is genuine and the content is another one.
        InsufficientSecurity: the signature uses an algorithm that is not allowed.
    """
    pins = tuple(pins)
    try:
        content = ber.load(cms.ContentInfo, signature)
        with ber.strict_asn1():
            signer = _only_signer(content)
            pin = _pinned(signer, pins)
            name = _digest_name(signer, allow)
            odd = closed.fault(content["content"], signer, pins) if exact else ""
            if odd:
                message = f"a signature in binary, inside an envelope that does not notice changes, with {odd}"
                raise AuthenticationFailed(message, hint=_OPEN)
            check = _checker(pin, signer, name)
            if not signer["signed_attrs"]:
                return Verified(pin, name, _directly(pin, check, [hasher(name) for hasher in hashers]))
            hashed, signed = _attributes(signer, name)
            if not any(check(data, HASHES[name]) for data in signed):
                raise _forged(pin)
            for number, hasher in enumerate(hashers):
                if hasher(name) == hashed:
                    return Verified(pin, name, number)
    except ber.Malformed as error:
        message = f"the signature cannot be read: {error}"
        raise AuthenticationFailed(message) from error
    raise IntegrityFailed


def _directly(pin: Pin, check: Check, hashes: list[bytes]) -> int:
    """Which hash value a signature without attributes is over (RFC 5652, 5.4)."""
    for number, hashed in enumerate(hashes):
        if check(hashed, None):
            return number
    raise _forged(pin)


def _forged(pin: Pin) -> AuthenticationFailed:
    return AuthenticationFailed(f"the signature does not verify with the pinned certificate of {pin.subject}")


def _only_signer(content: Any) -> Any:
    if content["content_type"].native != "signed_data":
        message = "the signature part holds no signature"
        raise AuthenticationFailed(message)
    signers = content["content"]["signer_infos"]
    if len(signers) != 1:
        message = f"the signature has {len(signers)} signers, and one is needed"
        raise AuthenticationFailed(message)
    return signers[0]


def _pinned(signer: Any, pins: Iterable[Pin]) -> Pin:
    pin = keys.named(pins, signer["sid"])
    if pin is None:
        message = f"signed with a certificate that is not pinned: {keys.told(signer['sid'])}"
        raise AuthenticationFailed(message)
    return pin


def _digest_name(signer: Any, allow: frozenset[str]) -> str:
    name = str(signer["digest_algorithm"]["algorithm"].native)
    if name not in HASHES or (name in WEAK and name not in allow):
        message = f"signed with the hash function {name}, which the agreement does not allow"
        raise InsufficientSecurity(message)
    return name


def _attributes(signer: Any, name: str) -> tuple[bytes, list[bytes]]:
    """Hash value of the content, and the bytes that the signature may be over."""
    attributes = signer["signed_attrs"]
    found: dict[str, list[Any]] = {}
    for attribute in attributes:
        found.setdefault(attribute["type"].native, []).extend(attribute["values"])
    kinds, digests = found.get("content_type", []), found.get("message_digest", [])
    if len(kinds) != 1 or len(digests) != 1 or kinds[0].native != "data":
        message = "the signed attributes lack content type or message digest"
        raise AuthenticationFailed(message)
    for protection in found.get("cms_algorithm_protection", []):
        same_signature = protection["signature_algorithm"].native == signer["signature_algorithm"].native
        if protection["digest_algorithm"]["algorithm"].native != name or not same_signature:
            message = "the algorithms are not those that the signer used (RFC 6211)"
            raise AuthenticationFailed(message)
    # The signature is over the attributes in DER with the tag of a set (RFC 5652, 5.4); some peers sign what they send.
    return digests[0].native, [_SET_TAG + attributes.dump()[1:], attributes.untag().dump(force=True)]


def _checker(pin: Pin, signer: Any, name: str) -> Check:
    """A function that says whether the signature is over these bytes, or over this hash value if no hash is given."""
    key = pin.certificate.public_key()
    signature = signer["signature"].native
    if isinstance(key, rsa.RSAPublicKey):
        scheme, hashing = _rsa_scheme(signer["signature_algorithm"], name)

        def attempt(data: bytes, by: HashAlgorithm | None) -> None:
            key.verify(signature, data, scheme, by or Prehashed(hashing))
    elif isinstance(key, ec.EllipticCurvePublicKey):
        _check_name(signer["signature_algorithm"], name, _ECDSA_SUFFIX, {"ec"})

        def attempt(data: bytes, by: HashAlgorithm | None) -> None:
            key.verify(signature, data, ec.ECDSA(by or Prehashed(HASHES[name])))
    else:
        message = "the pinned certificate has a key of an unknown kind"
        raise AuthenticationFailed(message)

    def check(data: bytes, by: HashAlgorithm | None) -> bool:
        try:
            attempt(data, by)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True

    return check


def _rsa_scheme(algorithm: Any, name: str) -> tuple[padding.AsymmetricPadding, Any]:
    if algorithm["algorithm"].native != "rsassa_pss":
        _check_name(algorithm, name, _RSA_SUFFIX, {"rsassa_pkcs1v15"})
        return padding.PKCS1v15(), HASHES[name]
    parameters = algorithm["parameters"]
    hashing = HASHES[parameters["hash_algorithm"]["algorithm"].native]
    mask = parameters["mask_gen_algorithm"]
    mask_name = mask["parameters"]["algorithm"].native
    if hashing.name != HASHES[name].name or mask["algorithm"].native != _MGF1:
        message = "the signature algorithm does not fit the hash function"
        raise AuthenticationFailed(message)
    return padding.PSS(padding.MGF1(HASHES[mask_name]), parameters["salt_length"].native), hashing


def _check_name(algorithm: Any, name: str, suffix: str, plain: set[str]) -> None:
    if algorithm["algorithm"].native not in {name + suffix, *plain}:
        message = f"the signature algorithm {algorithm['algorithm'].native} does not fit the key or the hash function"
        raise AuthenticationFailed(message)
