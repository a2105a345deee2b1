"""Encrypting: EnvelopedData with CBC, AuthEnvelopedData with GCM (RFC 5652, 6; RFC 5083; RFC 5084).

The length of everything is known before the first byte is encrypted, so the result is DER and nothing is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from asn1crypto import algos, cms, core
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import modes

from gateway.errors import ConfigurationError
from gateway.transports.as2.algorithms import CIPHERS, HASHES, WEAK, Cipher
from gateway.transports.as2.ber import CONSTRUCTED, CONTEXT, OCTETS, SEQUENCE, SET, head
from gateway.transports.as2.content import Content, Region, Scratch
from gateway.transports.as2.keys import Pin

Random = Callable[[int], bytes]
"""Gives so many random bytes, fit for keys."""

TAG_SIZE = 16
_NONCE_SIZE = 12


class GcmParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """Nonce and length of the tag (RFC 5084, 3.2)."""

    _fields = [("nonce", core.OctetString), ("tag_size", core.Integer, {"default": 12})]  # noqa: RUF012


@dataclass(frozen=True)
class Encryption:
    """How we encrypt.

    Attributes:
        recipients: certificates of the partner; several while certificates roll over, each can decrypt.
        cipher: a name in `CIPHERS`, e.g. ``aes256-cbc``; every peer reads CBC, not all read GCM.
        key_transport: ``pkcs1`` or ``oaep``.
        oaep_digest: hash function of OAEP.
        allow: weak algorithms that the partner's agreement allows.
    """

    recipients: tuple[Pin, ...]
    cipher: str = "aes256-cbc"
    key_transport: Literal["pkcs1", "oaep"] = "pkcs1"
    oaep_digest: str = "sha256"
    allow: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        weak = (WEAK & {self.cipher, self.oaep_digest}) - self.allow
        if self.cipher not in CIPHERS or self.oaep_digest not in HASHES or weak:
            message = f"messages are not encrypted with {self.cipher} ({self.oaep_digest})"
            raise ConfigurationError(message, hint="use aes256-cbc; weak algorithms have to be allowed by name")
        if not self.recipients or not all(
            isinstance(pin.certificate.public_key(), rsa.RSAPublicKey) for pin in self.recipients
        ):
            message = "encryption needs at least one certificate of the partner, and all with RSA keys"
            raise ConfigurationError(message, hint="ask the partner for an RSA certificate to encrypt for")


def encrypt(content: Content, encryption: Encryption, random: Random, scratch: Scratch) -> tuple[str, Region]:
    """Encrypt for all recipients.

    Returns:
        The ``smime-type``, and the CMS structure in a new file.
    """
    cipher = CIPHERS[encryption.cipher]
    key = random(cipher.key_size)
    infos = b"".join(_recipient(pin, key, encryption) for pin in encryption.recipients)
    recipients = head(CONSTRUCTED | SET, len(infos)) + infos
    if cipher.gcm:
        return "authEnveloped-data", scratch.keep(_gcm(content, cipher, key, random(_NONCE_SIZE), recipients))
    return "enveloped-data", scratch.keep(_cbc(content, cipher, key, random(cipher.block), recipients))


def _recipient(pin: Pin, key: bytes, encryption: Encryption) -> bytes:
    public: Any = pin.certificate.public_key()
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    algorithm: Any = {"algorithm": "rsaes_pkcs1v15"}
    if encryption.key_transport == "oaep":
        hashing = HASHES[encryption.oaep_digest]
        scheme = padding.OAEP(padding.MGF1(hashing), hashing, None)
        digest = algos.DigestAlgorithm({"algorithm": encryption.oaep_digest})
        mask = algos.MaskGenAlgorithm({"algorithm": "mgf1", "parameters": digest})
        parameters = algos.RSAESOAEPParams({"hash_algorithm": digest, "mask_gen_algorithm": mask})
        algorithm = {"algorithm": "rsaes_oaep", "parameters": parameters}
    info = cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier("issuer_and_serial_number", pin.identifier()),
            "key_encryption_algorithm": cms.KeyEncryptionAlgorithm(algorithm),
            "encrypted_key": public.encrypt(key, scheme),
        }
    )
    return bytes(info.dump())


def _cbc(content: Content, cipher: Cipher, key: bytes, iv: bytes, recipients: bytes) -> Iterator[bytes]:
    fill = cipher.block - content.size % cipher.block
    yield _heads("enveloped_data", cipher, core.OctetString(iv), recipients, content.size + fill, 0)
    running = LibraryCipher(cipher.algorithm(key), modes.CBC(iv)).encryptor()
    for chunk in content.chunks():
        yield running.update(chunk)
    yield running.update(bytes((fill,)) * fill) + running.finalize()


def _gcm(content: Content, cipher: Cipher, key: bytes, nonce: bytes, recipients: bytes) -> Iterator[bytes]:
    parameters = GcmParameters({"nonce": nonce, "tag_size": TAG_SIZE})
    after = len(head(OCTETS, TAG_SIZE)) + TAG_SIZE
    yield _heads("authenticated_enveloped_data", cipher, parameters, recipients, content.size, after)
    running = LibraryCipher(cipher.algorithm(key), modes.GCM(nonce)).encryptor()
    for chunk in content.chunks():
        yield running.update(chunk)
    yield running.finalize() + head(OCTETS, TAG_SIZE) + running.tag


def _heads(kind: str, cipher: Cipher, parameters: Any, recipients: bytes, size: int, after: int) -> bytes:
    """Everything before the encrypted bytes; `size` of them follow, and `after` bytes of the structure behind them."""
    identifier = core.ObjectIdentifier(cipher.oid).dump() + parameters.dump()
    algorithm = head(CONSTRUCTED | SEQUENCE, len(identifier)) + identifier
    inner = bytes(cms.ContentType("data").dump()) + algorithm + head(CONTEXT, size)
    sequence = head(CONSTRUCTED | SEQUENCE, len(inner) + size) + inner
    version = bytes(cms.CMSVersion("v0").dump())
    enveloped = version + recipients + sequence
    whole = len(enveloped) + size + after
    enveloped = head(CONSTRUCTED | SEQUENCE, whole) + enveloped
    whole = len(enveloped) + size + after
    content_type = bytes(cms.ContentType(kind).dump())
    explicit = content_type + head(CONTEXT | CONSTRUCTED, whole) + enveloped
    return bytes(head(CONSTRUCTED | SEQUENCE, len(explicit) + size + after) + explicit)
