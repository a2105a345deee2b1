"""Decrypting, with one way through for every failure.

Nobody who sends changed messages may learn from us whether a key or a padding was right. So a key that cannot be
unwrapped is replaced by a random one, a wrong padding does not stop the work, and what went wrong is one error; the
reader in `open.py` extends this to everything inside an envelope that is not authenticated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, core
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import modes

from gateway.transports.as2 import ber, keys
from gateway.transports.as2.algorithms import CIPHERS_BY_OID, HASHES, Cipher
from gateway.transports.as2.ber import CONTEXT, OCTETS, OID, SEQUENCE, SET, Reader
from gateway.transports.as2.content import Region, Scratch
from gateway.transports.as2.encrypt import TAG_SIZE, GcmParameters, Random
from gateway.transports.as2.errors import DecryptionFailed, InsufficientSecurity
from gateway.transports.as2.keys import Identity

ENVELOPED, AUTH_ENVELOPED = "enveloped_data", "authenticated_enveloped_data"

_RECIPIENTS = 100
_WRONG = "the key does not fit, or the message is damaged"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What lies around encrypted bytes.

    Attributes:
        region: where the structure lies.
        cipher: cipher of the content.
        nonce: initialization vector or nonce.
        recipients: all RecipientInfos.
        content: offset of the encrypted octet string; -1 if there is none.
        attributes: authenticated attributes in DER with the tag of a set; empty if there are none.
        tag: authentication tag of GCM.
        tag_inside: the tag is the end of the encrypted bytes, as some peers do in EnvelopedData.
    """

    region: Region
    cipher: Cipher
    nonce: bytes
    recipients: Any
    content: int
    attributes: bytes = b""
    tag: bytes = b""
    tag_inside: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether a change of the encrypted bytes is noticed before any of them is used."""
        return self.cipher.gcm


def content_type(region: Region) -> str:
    """What a CMS structure holds, e.g. ``enveloped_data``.

    Raises:
        Malformed: it is no CMS structure.
    """
    with Reader(region) as reader:
        reader.enter(SEQUENCE)
        with ber.strict_asn1():
            return str(cms.ContentType.load(reader.small(OID), strict=True).native)


def envelope(region: Region, allow: frozenset[str], *, gcm_in_enveloped: bool = False) -> Envelope:
    """Read what lies around the encrypted bytes.

    Raises:
        DecryptionFailed: it cannot be read, or the cipher is unknown.
        InsufficientSecurity: the cipher is not allowed.
    """
    try:
        with Reader(region) as reader:
            return _envelope(reader, region, allow, gcm_in_enveloped)
    except ber.Malformed as error:
        message = f"the encrypted structure cannot be read: {error}"
        raise DecryptionFailed(message) from error


def _envelope(reader: Reader, region: Region, allow: frozenset[str], gcm_in_enveloped: bool) -> Envelope:  # noqa: FBT001
    reader.enter(SEQUENCE)
    with ber.strict_asn1():
        kind = cms.ContentType.load(reader.small(OID), strict=True).native
    reader.enter(CONTEXT)
    reader.enter(SEQUENCE)
    reader.small()  # version; says nothing that the fields do not say
    if reader.peek_tag() == CONTEXT:
        reader.small()  # certificates of the originator
    recipients = ber.load(cms.RecipientInfos, reader.small(SET))
    reader.enter(SEQUENCE)
    reader.small(OID)
    cipher, nonce, tag_size = _algorithm(reader.small(SEQUENCE), allow)
    content = -1 if reader.at_end() else reader.skip_octets(CONTEXT)
    reader.leave()
    attributes = tag = b""
    if kind == AUTH_ENVELOPED:
        if reader.peek_tag() == CONTEXT | 1:
            attributes = _set_of_attributes(reader.small())
        with ber.strict_asn1():
            tag = core.OctetString.load(reader.small(OCTETS), strict=True).native
    while not reader.at_end():
        reader.small()  # attributes that nobody protects
    reader.finish()
    tag_inside = cipher.gcm and kind == ENVELOPED
    wrong_tag = kind == AUTH_ENVELOPED and len(tag) != tag_size
    if (
        kind not in {ENVELOPED, AUTH_ENVELOPED}
        or ((kind == AUTH_ENVELOPED) is not cipher.gcm and not (tag_inside and gcm_in_enveloped))
        or wrong_tag
    ):
        message = f"{cipher.name} inside {kind}"
        raise DecryptionFailed(message)
    return Envelope(region, cipher, nonce, recipients, content, attributes, tag, tag_inside)


def _set_of_attributes(data: bytes) -> bytes:
    """The attributes as they are authenticated: in DER, with the tag of a set (RFC 5083, 2.2)."""
    with ber.strict_asn1():
        ber.check(data)
        return bytes(cms.CMSAttributes.load(b"\x31" + data[1:], strict=True).dump(force=True))


def _algorithm(data: bytes, allow: frozenset[str]) -> tuple[Cipher, bytes, int]:
    value = ber.load(cms.EncryptionAlgorithm, data)
    with ber.strict_asn1():
        oid = value["algorithm"].dotted
        cipher = CIPHERS_BY_OID.get(oid)
        if cipher is None or (cipher.weak and cipher.name not in allow):
            message = f"encrypted with {cipher.name if cipher else oid}, which the agreement does not allow"
            raise InsufficientSecurity(message)
        raw = value["parameters"].dump()
        if not cipher.gcm:
            nonce = core.OctetString.load(raw, strict=True).native
            if len(nonce) != cipher.block:
                message = "an initialization vector of the wrong length"
                raise ber.Malformed(message)
            return cipher, nonce, 0
        parameters = GcmParameters.load(raw, strict=True)
        nonce, size = parameters["nonce"].native, parameters["tag_size"].native
        if not 12 <= size <= TAG_SIZE or not 8 <= len(nonce) <= 128:  # noqa: PLR2004  RFC 5084, 3.2
            message = "GCM parameters out of range"
            raise ber.Malformed(message)
        return cipher, nonce, size


def decrypt(
    found: Envelope, identities: Iterable[Identity], random: Random, scratch: Scratch
) -> tuple[Region, DecryptionFailed | None]:
    """Decrypt into a new file.

    Returns:
        The file, and what was wrong with key or padding. With CBC the caller goes on as if nothing had been, and
        raises that error at the end; with GCM a wrong file is not returned.

    Raises:
        DecryptionFailed: the message is authenticated and the tag does not fit.
    """
    try:
        key, error = _content_key(found, tuple(identities), random)
    except ber.Malformed as malformed:
        key, error = random(found.cipher.key_size), DecryptionFailed(f"the recipients cannot be read: {malformed}")
    if not found.authenticated:
        return _unpadded(scratch.keep(_deciphered(found, key)), found.cipher.block, error)
    try:
        return scratch.keep(_decrypted(found, key)), None
    except DecryptionFailed as wrong:
        raise error or wrong from None


def _content_key(
    found: Envelope, identities: tuple[Identity, ...], random: Random
) -> tuple[bytes, DecryptionFailed | None]:
    """The content's key, or a random one and what the operator should know."""
    spare = random(found.cipher.key_size)
    seen: list[str] = []
    with ber.strict_asn1():
        if len(found.recipients) > _RECIPIENTS:
            message = "a message for too many recipients"
            raise DecryptionFailed(message)
        for info in found.recipients:
            if info.name != "ktri":
                seen.append(f"a recipient of kind {info.name}")
                continue
            identity = keys.named(identities, info.chosen["rid"])
            if identity is None:
                seen.append(keys.told(info.chosen["rid"]))
                continue
            key = _unwrapped(identity, info.chosen)  # type: ignore[arg-type]
            fits = len(key) == found.cipher.key_size
            return (key if fits else spare), (None if fits else DecryptionFailed(_WRONG))
    ours = ", ".join(f"{identity.certificate.serial_number:x}" for identity in identities) or "none"
    message = f"encrypted for {'; '.join(seen[:5]) or 'nobody'}; the serial numbers of our certificates: {ours}"
    return spare, DecryptionFailed(message)


def _unwrapped(identity: Identity, info: Any) -> bytes:
    """The unwrapped key; anything else if it cannot be unwrapped. The library hides wrong PKCS#1 paddings."""
    if not isinstance(identity.key, rsa.RSAPrivateKey):
        return b""
    algorithm = info["key_encryption_algorithm"]
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm["algorithm"].native == "rsaes_oaep":
        parameters = algorithm["parameters"]
        hashing = HASHES.get(parameters["hash_algorithm"]["algorithm"].native)
        mask = HASHES.get(parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native)
        label = parameters["p_source_algorithm"]["parameters"].native
        if hashing is None or mask is None:
            return b""
        scheme = padding.OAEP(padding.MGF1(mask), hashing, label or None)
    elif algorithm["algorithm"].native != "rsaes_pkcs1v15":
        return b""
    try:
        return identity.key.decrypt(info["encrypted_key"].native, scheme)
    except (ValueError, UnsupportedAlgorithm):
        return b""


def _octets(found: Envelope) -> Iterator[bytes]:
    if found.content < 0:
        return
    with Reader(found.region) as reader:
        yield from reader.octets(CONTEXT, found.content)


def _deciphered(found: Envelope, key: bytes) -> Iterator[bytes]:
    running = LibraryCipher(found.cipher.algorithm(key), modes.CBC(found.nonce)).decryptor()
    for chunk in _octets(found):
        yield running.update(chunk)
    try:
        yield running.finalize()
    except ValueError:
        yield b"\0"  # the last block is not full; an odd length tells `_unpadded`


def _unpadded(output: Region, block: int, error: DecryptionFailed | None) -> tuple[Region, DecryptionFailed | None]:
    last = output.slice(max(0, output.size - block), output.size)
    fill = last[-1] if last else 0
    right = bool(last) and not output.size % block and 0 < fill <= block and last.endswith(bytes((fill,)) * fill)
    wrong = error or (None if right else DecryptionFailed(_WRONG))
    return output.part(0, output.size - (fill if right else 0)), wrong


def _decrypted(found: Envelope, key: bytes) -> Iterator[bytes]:
    mode = modes.GCM(found.nonce, min_tag_length=12)
    running = LibraryCipher(found.cipher.algorithm(key), mode).decryptor()
    running.authenticate_additional_data(found.attributes)
    kept = b""
    try:
        for chunk in _octets(found):
            if found.tag_inside:
                held = kept + chunk
                chunk, kept = held[:-TAG_SIZE], held[-TAG_SIZE:]  # noqa: PLW2901
            yield running.update(chunk)
        yield running.finalize_with_tag(found.tag or kept)
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed(_WRONG) from error
