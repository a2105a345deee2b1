"""What can go wrong with a message or its receipt, each with its disposition and what the operator should do.

::

    As2Error
    ├── AuthenticationFailed     processed/error: authentication-failed
    ├── IntegrityFailed          processed/error: integrity-check-failed
    ├── DecryptionFailed         processed/error: decryption-failed
    ├── DecompressionFailed      processed/error: decompression-failed
    ├── InsufficientSecurity     processed/error: insufficient-message-security
    ├── ProcessingFailed         processed/error: unexpected-processing-error
    ├── UnsupportedFormat        failed/failure: unsupported format
    ├── UnsupportedMic           failed/failure: unsupported MIC-algorithms
    ├── SenderIsReceiver         failed/failure: sender-equals-receiver
    └── ReceiptRefused           a receipt that proves nothing: not signed, wrong signer, wrong or absent MIC

The words are those of RFC 4130, 7.5.3 to 7.5.5. What a peer is told is the disposition and `answer`, the same for every
error of a class; `detail` is for the operator alone. A negative receipt of a partner is read into the same classes by
`from_partner`.
"""

from __future__ import annotations

from typing import ClassVar

from gateway.errors import TransportError
from gateway.transports.as2.disposition import Disposition


class As2Error(TransportError):
    """Base of everything that is wrong with an AS2 message or receipt.

    Args:
        detail: what was found, for the operator; never sent to the peer.
        hint: what the operator should do; by default the class's `advice`.
        by_partner: True when a partner said so in its receipt.

    Attributes:
        disposition: what the receipt says.
        answer: the text for people in the receipt.
    """

    disposition: Disposition = Disposition("processed", "error", "unexpected-processing-error")
    answer: ClassVar[str] = "The message could not be processed."
    advice: ClassVar[str] = "look at the message in the archive; if it is right, report this"
    partner_advice: ClassVar[str] = "ask the partner what their system logged for this message id"

    def __init__(self, detail: str = "", *, hint: str = "", by_partner: bool = False) -> None:
        super().__init__(detail or self.answer, hint=hint or (self.partner_advice if by_partner else self.advice))
        self.detail = detail
        self.by_partner = by_partner


class AuthenticationFailed(As2Error):
    """The signature is not one of the partner's, or does not verify."""

    disposition = Disposition("processed", "error", "authentication-failed")
    answer = "The signature of the message could not be verified."
    advice = "ask the partner which certificate they sign with now, and pin it in the agreement"
    partner_advice = "send the partner our signing certificate; they do not trust the one that we sign with"


class IntegrityFailed(As2Error):
    """The signature is genuine, but the content is not the one that was signed."""

    disposition = Disposition("processed", "error", "integrity-check-failed")
    answer = "The content of the message is not the content that was signed."
    advice = "something on the way changed the content, often line ends; ask the partner to send it again as binary"
    partner_advice = "something on the way changes the content, often a proxy; compare the MIC of both sides"


class DecryptionFailed(As2Error):
    """The message could not be decrypted, or what came out of it could not be verified.

    One class, one answer and one way through the code for every reason, so that nobody can find out by asking what
    a changed ciphertext decrypts to.
    """

    disposition = Disposition("processed", "error", "decryption-failed")
    answer = "The message could not be decrypted, or its content could not be verified."
    advice = "compare the certificate that the partner encrypts for with ours; send them the current one"
    partner_advice = "ask the partner for their current encryption certificate"


class DecompressionFailed(As2Error):
    """Compressed data is broken, or expands beyond the limits."""

    disposition = Disposition("processed", "error", "decompression-failed")
    answer = "The content of the message could not be decompressed."
    advice = "if the partner really sends this much, raise the limits of the channel; else ask for the file again"
    partner_advice = "send without compression, or ask the partner for their limits"


class InsufficientSecurity(As2Error):
    """The message lacks a layer that the agreement asks for, or uses an algorithm that it does not allow."""

    disposition = Disposition("processed", "error", "insufficient-message-security")
    answer = "The message is not protected as agreed."
    advice = "ask the partner to sign and encrypt as agreed; allow weak algorithms only by name in the agreement"
    partner_advice = "sign and encrypt as the partner asks; compare algorithms"


class ProcessingFailed(As2Error):
    """Anything else, on our side or in a message that is no proper AS2 message."""


class UnsupportedFormat(As2Error):
    """The message has a form that cannot be read."""

    disposition = Disposition("failed", "failure", "unsupported format")
    answer = "The format of the message is not supported."
    advice = "ask the partner for plain AS2: encrypted, signed, compressed at most once, in this order"
    partner_advice = "send another content type, or without compression"


class UnsupportedMic(As2Error):
    """The sender insists on an algorithm for the receipt that is not known or not allowed."""

    disposition = Disposition("failed", "failure", "unsupported MIC-algorithms")
    answer = "None of the requested MIC algorithms is supported."
    advice = "ask the partner to request sha-256"
    partner_advice = "request sha-256, or sha1 by the partner's flag"


class SenderIsReceiver(As2Error):
    """AS2-From and AS2-To are the same."""

    disposition = Disposition("failed", "failure", "sender-equals-receiver")
    answer = "Sender and receiver of the message are the same."
    advice = "give the two ends different AS2 ids"
    partner_advice = "give the two ends different AS2 ids"


class ReceiptRefused(As2Error):
    """A receipt came, but it does not prove that the partner has what we sent."""

    answer = "The receipt was not accepted."
    advice = "treat the message as not delivered; ask the partner what their system received"


_CLASSES: dict[str, type[As2Error]] = {
    class_.disposition.modifier.lower().replace(" ", "-"): class_
    for class_ in (
        AuthenticationFailed,
        IntegrityFailed,
        DecryptionFailed,
        DecompressionFailed,
        InsufficientSecurity,
        ProcessingFailed,
        UnsupportedFormat,
        UnsupportedMic,
        SenderIsReceiver,
    )
}


def from_partner(disposition: Disposition, text: str = "") -> As2Error:
    """The error that a partner's negative receipt reports.

    Args:
        disposition: a negative one.
        text: what the receipt says for people.
    """
    class_ = _CLASSES.get(disposition.modifier.lower().replace(" ", "-").replace("_", "-"), ProcessingFailed)
    words = " ".join(text.split())[:300]
    error = class_(f"the partner answered {disposition}" + (f": {words}" if words else ""), by_partner=True)
    error.disposition = disposition
    return error
