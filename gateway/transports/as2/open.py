"""Opening a message that came in, layer by layer from the outside.

The layers may be, from the outside: encrypted, compressed, signed, compressed; each at most once, compressed at most
once in all (RFC 5402, 3). What the agreement asks for is checked at the layer where it has to be: "must be encrypted"
means the outermost layer.

Inside CBC, which protects nothing by itself, every failure before a signature has verified is the one
`DecryptionFailed`: otherwise the answers would tell what a changed message decrypts to. That a message is taken tells
something too. So what no signature covers (headers around it, text before the first part) must be plain text: a block
that was changed or put there decrypts to random bytes, and is refused whatever the block behind it holds.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.transports.as2 import ber, compress, decrypt, message, mime, multipart, transfer
from gateway.transports.as2.compress import Limits
from gateway.transports.as2.content import Content, Region, Scratch
from gateway.transports.as2.encrypt import Random
from gateway.transports.as2.errors import (
    As2Error,
    AuthenticationFailed,
    DecryptionFailed,
    InsufficientSecurity,
    ProcessingFailed,
    UnsupportedFormat,
)
from gateway.transports.as2.keys import Identity, Pin
from gateway.transports.as2.message import Request
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.mime import Headers
from gateway.transports.as2.sign import digest
from gateway.transports.as2.verify import Verified, verify

ENCRYPTED, COMPRESSED, SIGNED, PLAIN = "encrypted", "compressed", "signed", "plain"

_CMS_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ATTACHED = frozenset({"multipart/related", "multipart/mixed"})
_SIGNATURE_SIZE = 1 << 20
_SIGNED_PARTS = 2
_BASE64_OF_SEQUENCE = b"M"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\r\n\t ]*")


@dataclass(frozen=True)
class Terms:
    """What the agreement says about messages of a partner.

    Attributes:
        identities: ours, for decrypting; several while certificates roll over.
        signers: the partner's pinned certificates.
        encrypted: messages must be encrypted.
        signed: messages must be signed.
        allow: weak algorithms that are allowed.
        limits: bounds on size.
        gcm_in_enveloped: read AES-GCM inside EnvelopedData, as some peers send it against RFC 5084.
        crlf_variants: try the signed part with one line break less and one more, for peers that sign so.
        bare_mic: the partner makes the MIC of messages that are compressed only without headers, against RFC 5402.
    """

    identities: tuple[Identity, ...] = ()
    signers: tuple[Pin, ...] = ()
    encrypted: bool = True
    signed: bool = True
    allow: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    gcm_in_enveloped: bool = False
    crlf_variants: bool = False
    bare_mic: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """A file in a message.

    Attributes:
        region: its bytes, transfer encoding undone.
        content_type: as the sender states it.
        filename: as the sender spells it; metadata only, never a path.
        content_id: its name inside a multipart/related.
    """

    region: Region
    content_type: str
    filename: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was opened.

    Attributes:
        request: its fields.
        payloads: the files in it; they lie in the scratch folder and go away with it.
        layers: from the outside, e.g. ``("encrypted", "signed")``.
        mic: goes into the receipt.
        cipher: name of the cipher; empty if not encrypted.
        signature: who signed and how; None if nobody.
        base: the bytes that were signed, or that the MIC is made of; they lie in the scratch folder too.
        signed_data: the signature itself, SignedData as it came; empty if nobody signed.
    """

    request: Request
    payloads: tuple[Payload, ...]
    layers: tuple[str, ...]
    mic: Mic
    cipher: str = ""
    signature: Verified | None = None
    base: Content = field(default_factory=lambda: Content(()))
    signed_data: bytes = b""


def open_message(
    headers: Headers, body: Region, terms: Terms, scratch: Scratch, random: Random = os.urandom
) -> Received:
    """Open a message.

    Args:
        headers: of the HTTP request.
        body: of the HTTP request, in a quarantined file.
        terms: what the agreement says.
        scratch: where decrypted and expanded files go.
        random: source of random bytes.

    Raises:
        As2Error: it is refused; the error holds the disposition for the receipt.
    """
    request = message.read_request(headers)
    if request.receipt and request.receipt.micalgs:
        message.choose_micalg(request.receipt, "", terms.allow)
    return _Opening(request, terms, scratch, random).run(headers, body)


@dataclass
class _Opening:
    request: Request
    terms: Terms
    scratch: Scratch
    random: Random
    layers: list[str] = field(default_factory=list)
    signature: Verified | None = None
    mic: Mic | None = None
    base: Content | None = None
    signed_data: bytes = b""
    exact: bool = False

    def run(self, headers: Headers, body: Region) -> Received:
        kind, body = self._kind(headers, body)
        if kind != ENCRYPTED:
            if self.terms.encrypted:
                text = f"the message must be encrypted, and its outermost layer is {kind}"
                raise InsufficientSecurity(text)
            return self._layers(headers, body, kind)
        found = decrypt.envelope(body, self.terms.allow, gcm_in_enveloped=self.terms.gcm_in_enveloped)
        entity, wrong = decrypt.decrypt(found, self.terms.identities, self.random, self.scratch)
        self.layers.append(ENCRYPTED)
        if found.authenticated:
            return self._inside(entity, found.cipher.name)
        self.exact = True
        try:
            received = self._inside(entity, found.cipher.name)
        except As2Error as error:
            if wrong is None and self.signature:
                raise
            raise wrong or _uniform(error) from error
        if wrong is not None:
            raise wrong
        return received

    def _inside(self, entity: Region, cipher: str) -> Received:
        return self._layers(*self._split(entity), entity, cipher)

    def _split(self, entity: Region) -> tuple[Headers, Region, str]:
        """Headers and body of a part, and what it is."""
        headers, start = mime.split(entity)
        kind, body = self._kind(headers, start)
        if kind != PLAIN and self.exact and not self.signature:
            mime.check_text(entity.part(0, start.start - entity.start))
        return headers, body, kind

    def _layers(
        self, headers: Headers, body: Region, kind: str, entity: Region | None = None, cipher: str = ""
    ) -> Received:
        """Peel until the payload is reached; `entity` is the current part with its headers, where it has any."""
        while kind != PLAIN:
            self._check_order(kind)
            self.layers.append(kind)
            if kind == COMPRESSED:
                entity = compress.expand(body, self.terms.limits, self.scratch)
            else:
                entity = self._verified(headers, body)
            headers, body, kind = self._split(entity)
        if self.terms.signed and not self.signature:
            text = "the message must be signed, and it is not"
            raise InsufficientSecurity(text)
        bare = entity is None or (self.terms.bare_mic and self.layers == [COMPRESSED])
        plain = body if bare or entity is None else entity
        mic = self.mic or self._mic(plain, "")
        return Received(
            self.request,
            tuple(self._payloads(headers, body)),
            tuple(self.layers),
            mic,
            cipher,
            self.signature,
            self.base or Content.of(plain),
            self.signed_data,
        )

    def _check_order(self, kind: str) -> None:
        twice = kind in self.layers
        if kind == ENCRYPTED or twice:
            text = f"a layer that is {kind} inside one that is {self.layers[-1]}"
            raise UnsupportedFormat(text)

    def _kind(self, headers: Headers, body: Region) -> tuple[str, Region]:
        """What a part is, and its bytes with the transfer encoding undone where it is a CMS structure."""
        if headers.count("Content-Type") > 1:
            text = "a part with two content types"
            raise ProcessingFailed(text)
        kind = headers.content_type()
        if kind == "multipart/signed":
            return SIGNED, body
        if kind not in _CMS_TYPES:
            return PLAIN, body
        body = transfer.decoded(headers, body, self.scratch)
        try:
            holds = decrypt.content_type(body)
        except ber.Malformed as error:
            text = "a part that is said to be CMS, and is not"
            raise (DecryptionFailed if self.terms.encrypted else ProcessingFailed)(text) from error
        if holds in {decrypt.ENVELOPED, decrypt.AUTH_ENVELOPED}:
            return ENCRYPTED, body
        if holds == "compressed_data":
            return COMPRESSED, body
        text = (
            f"{holds.replace('_', '-')} where encrypted or compressed data was expected; AS2 signs as multipart/signed"
        )
        raise UnsupportedFormat(text)

    def _verified(self, headers: Headers, body: Region) -> Region:
        """The signed part of a multipart/signed."""
        parts = multipart.parts(body, headers.parameter("Content-Type", "boundary"), _SIGNED_PARTS, exact=self.exact)
        if len(parts) != _SIGNED_PARTS:
            text = "a multipart/signed that does not have two parts"
            raise ProcessingFailed(text)
        if self.exact:
            mime.check_text(parts[1].part(0, mime.split(parts[1])[1].start - parts[1].start))
        signed, self.signed_data = parts[0], signature_bytes(parts[1], self.scratch)
        asked = self.request.receipt
        wanted = {message.choose_micalg(asked, "", self.terms.allow)[0]} if asked and asked.micalgs else set()
        readings = list(variants(signed, crlf=self.terms.crlf_variants))
        hashes = [_Hashes(content, wanted) for content in readings]
        exact = self.exact and not _is_base64(parts[1])
        self.signature = verify(self.signed_data, self.terms.signers, hashes, self.terms.allow, exact=exact)
        self.base = readings[self.signature.variant]
        name, spelled = message.choose_micalg(asked, self.signature.digest, self.terms.allow)
        self.mic = Mic(hashes[self.signature.variant](name), name, spelled)
        return signed

    def _mic(self, region: Region, signature: str) -> Mic:
        name, spelled = message.choose_micalg(self.request.receipt, signature, self.terms.allow)
        return Mic(digest(region.chunks(), name)[name], name, spelled)

    def _payloads(self, headers: Headers, body: Region) -> Iterator[Payload]:
        if headers.content_type() not in _ATTACHED:
            yield self._payload(headers, body)
            return
        boundary = headers.parameter("Content-Type", "boundary")
        for part in multipart.parts(body, boundary, self.terms.limits.parts):
            yield self._payload(*mime.split(part))

    def _payload(self, headers: Headers, body: Region) -> Payload:
        region = transfer.decoded(headers, body, self.scratch)
        stated = headers.get("Content-Type", "application/octet-stream")
        return Payload(region, stated, headers.filename(), headers.get("Content-ID").strip("<>"))


def _uniform(error: As2Error) -> DecryptionFailed:
    """What is told instead of an error inside an envelope that is not authenticated."""
    return DecryptionFailed(f"decrypted, but then: {error.message}", hint=error.hint)


class _Hashes:
    """Hash values of a part, each computed once; those that are wanted anyway in the same pass."""

    def __init__(self, content: Content, wanted: set[str]) -> None:
        self._content, self._wanted = content, wanted
        self._known: dict[str, bytes] = {}

    def __call__(self, name: str) -> bytes:
        if name not in self._known:
            self._known |= digest(self._content.chunks(), *({name, *self._wanted} - set(self._known)))
        return self._known[name]


def variants(signed: Region, *, crlf: bool) -> Iterator[Content]:
    """The ways to read a signed part: byte for byte, then, if allowed, with a line break less and one more."""
    yield Content.of(signed)
    if crlf:
        if signed.slice(max(0, signed.size - 2), signed.size) == b"\r\n":
            yield Content.of(signed.part(0, signed.size - 2))
        yield Content.of(signed, b"\r\n")


def _is_base64(part: Region) -> bool:
    """Whether a signature part is nothing but text in base64, whatever its headers say."""
    headers, body = mime.split(part)
    encoded = headers.encoding() in {"base64", *transfer.AS_IT_IS}
    return encoded and bool(_BASE64.fullmatch(body.slice(0, body.size)))


def signature_bytes(part: Region, scratch: Scratch) -> bytes:
    """The SignedData in the second part of a multipart/signed.

    Raises:
        AuthenticationFailed: it is too large or broken.
    """
    try:
        headers, body = mime.split(part)
        if body.size > 2 * _SIGNATURE_SIZE:
            text = "a signature that is too large"
            raise AuthenticationFailed(text)
        region = transfer.decoded(headers, body, scratch)
    except ProcessingFailed as error:
        text = f"the signature part cannot be read: {error.message}"
        raise AuthenticationFailed(text) from error
    raw = region.slice(0, region.size)
    if raw.lstrip().startswith(_BASE64_OF_SEQUENCE):
        # Some peers leave out that the part is in base64.
        try:
            return base64.b64decode(raw.translate(None, b"\r\n\t "), validate=True)
        except binascii.Error as error:
            text = "a signature that is neither DER nor base64"
            raise AuthenticationFailed(text) from error
    return raw
