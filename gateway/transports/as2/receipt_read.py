"""Reading receipts (MDN) and deciding whether one proves that the partner has what we sent.

Read leniently: folded and odd fields, any spacing, any order of parts, with or without a text part. Judged strictly: a
receipt counts only if it is signed by a pinned certificate where that was asked, names our message, is positive, and
holds our MIC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.transports.as2 import disposition, mic, mime, multipart, transfer
from gateway.transports.as2.content import Region, Scratch
from gateway.transports.as2.disposition import Disposition
from gateway.transports.as2.errors import As2Error, ProcessingFailed, ReceiptRefused, from_partner
from gateway.transports.as2.keys import Pin
from gateway.transports.as2.message import same_message_id
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.mime import Headers
from gateway.transports.as2.open import signature_bytes, variants
from gateway.transports.as2.sign import digest
from gateway.transports.as2.verify import Verified, verify

LARGEST = 1 << 20
"""Largest receipt that is read, in bytes."""

_NOTE = "message/disposition-notification"
_PARTS = 20
_TEXT = 4000


@dataclass(frozen=True)
class ReceiptTerms:
    """What the agreement says about receipts of a partner.

    Attributes:
        signers: the partner's pinned certificates.
        signed: receipts must be signed, since we asked for it.
        allow: weak algorithms that are allowed.
        crlf_variants: try the signed part with one line break less and one more.
    """

    signers: tuple[Pin, ...] = ()
    signed: bool = True
    allow: frozenset[str] = frozenset()
    crlf_variants: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it was read. It proves nothing before `prove`.

    Attributes:
        disposition: what became of the message.
        message_id: id of the message that it is about.
        mic: of what the partner received; None if it states none.
        text: for people, cut to a readable length.
        reporting_ua: the partner's software.
        signature: who signed it; None if nobody.
    """

    disposition: Disposition
    message_id: str
    mic: Mic | None
    text: str = ""
    reporting_ua: str = ""
    signature: Verified | None = None


def is_receipt(headers: Headers, body: Region) -> bool:
    """Whether what came in is a receipt and no message; both may come to one URL."""
    kind = headers.content_type()
    if kind == "multipart/signed":
        try:
            first = multipart.parts(body, headers.parameter("Content-Type", "boundary"), 2)[0]
            kind = mime.split(first)[0].content_type()
        except (As2Error, IndexError):
            return False
    return kind in {"multipart/report", _NOTE}


def read_receipt(headers: Headers, body: Region, terms: ReceiptTerms, scratch: Scratch) -> Receipt:
    """Read a receipt and verify its signature.

    Raises:
        ReceiptRefused: it cannot be read, or it is not signed and had to be.
        AuthenticationFailed: its signer is not pinned, or the signature does not verify.
        IntegrityFailed: it was changed on the way.
    """
    if body.size > LARGEST:
        message = f"the receipt is larger than {LARGEST:,} bytes"
        raise ReceiptRefused(message)
    signature = None
    try:
        if headers.content_type() == "multipart/signed":
            signed, signature = _verified(headers, body, terms, scratch)
            headers, body = mime.split(signed)
        note, text = _note_and_text(headers, body, scratch)
        return _receipt(note, text, signature)
    except (ProcessingFailed, ValueError) as error:
        message = f"the receipt cannot be read: {error}"
        raise ReceiptRefused(message) from error


def _verified(headers: Headers, body: Region, terms: ReceiptTerms, scratch: Scratch) -> tuple[Region, Verified]:
    parts = multipart.parts(body, headers.parameter("Content-Type", "boundary"), 2)
    if len(parts) != 2:  # noqa: PLR2004
        message = "a signed receipt that does not have two parts"
        raise ReceiptRefused(message)
    hashes = [
        (lambda name, content=content: digest(content.chunks(), name)[name])
        for content in variants(parts[0], crlf=terms.crlf_variants)
    ]
    return parts[0], verify(signature_bytes(parts[1], scratch), terms.signers, hashes, terms.allow)


def _note_and_text(headers: Headers, body: Region, scratch: Scratch) -> tuple[Headers, str]:
    """The fields of the notification, and the text for people."""
    parts = [(headers, body)]
    if headers.content_type().startswith("multipart/"):
        found = multipart.parts(body, headers.parameter("Content-Type", "boundary"), _PARTS)
        parts = [mime.split(part) for part in found]
    notes: list[Headers] = []
    text = ""
    for inner, content in parts:
        raw = transfer.decoded(inner, content, scratch)
        if inner.content_type() == _NOTE:
            notes.append(_fields(raw.slice(0, raw.size)))
        elif inner.content_type() == "text/plain" and not text:
            text = raw.head(_TEXT).decode("utf-8", "replace").strip()
    if len(notes) != 1:
        message = f"the receipt holds {len(notes)} notifications, and one is needed"
        raise ReceiptRefused(message)
    return notes[0], text


def _fields(data: bytes) -> Headers:
    """All fields of a notification; some peers put an empty line between them."""
    return mime.parse(b"\r\n".join(line for line in data.splitlines() if line.strip()))


def _receipt(note: Headers, text: str, signature: Verified | None) -> Receipt:
    stated = note.get("Received-Content-MIC")
    if (
        note.count("Disposition") != 1
        or note.count("Received-Content-MIC") > 1
        or note.count("Original-Message-ID") > 1
    ):
        message = "the receipt states a field twice, or no disposition"
        raise ReceiptRefused(message)
    return Receipt(
        disposition.parse(note.get("Disposition")),
        note.get("Original-Message-ID"),
        mic.parse(stated) if stated else None,
        text,
        note.get("Reporting-UA")[:200],
        signature,
    )


def prove(receipt: Receipt, message_id: str, mics: Mapping[str, Mic], terms: ReceiptTerms) -> None:
    """Decide whether a receipt proves that the partner has our message. Nothing happens if it does.

    Args:
        receipt: as read.
        message_id: id of our message.
        mics: what `build` gave for it.
        terms: what the agreement says.

    Raises:
        ReceiptRefused: it does not.
        As2Error: the partner says what was wrong; `by_partner` is set.
    """
    if terms.signed and receipt.signature is None:
        message = f"the receipt must be signed and is not; it says {receipt.disposition}"
        raise ReceiptRefused(message, hint="ask the partner to sign receipts, or agree on unsigned ones")
    if not same_message_id(receipt.message_id, message_id):
        message = f"the receipt is about {receipt.message_id[:300] or 'no message'}, not about {message_id}"
        raise ReceiptRefused(message)
    if not receipt.disposition.good:
        raise from_partner(receipt.disposition, receipt.text)
    if receipt.mic is None:
        message = "the receipt does not say what the partner received: it has no MIC"
        raise ReceiptRefused(message)
    ours = mics.get(receipt.mic.algorithm)
    if ours is None:
        message = f"the receipt has a MIC by {receipt.mic.algorithm}, and we asked for {', '.join(mics) or 'none'}"
        raise ReceiptRefused(message, hint="ask the partner to use the hash function that messages ask for")
    if not ours.same(receipt.mic):
        message = f"the partner received something else: MIC {receipt.mic}, and ours is {ours}"
        raise ReceiptRefused(message)
