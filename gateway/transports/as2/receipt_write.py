"""Building receipts (MDN): multipart/report with a disposition-notification, signed where asked (RFC 4130, 7; 3798)."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from gateway.transports.as2 import mime
from gateway.transports.as2.algorithms import SIGNING, WEAK, hash_name
from gateway.transports.as2.build import Built, address, boundary
from gateway.transports.as2.content import Content
from gateway.transports.as2.disposition import PROCESSED, Disposition
from gateway.transports.as2.encrypt import Random
from gateway.transports.as2.errors import As2Error
from gateway.transports.as2.message import Request, write_id
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.sign import Signing, digest, multipart_signed

RECEIVED = "The message was received and stored. Whether its content is right is not said here."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receipt says.

    Attributes:
        request: the fields of the message.
        disposition: what became of it.
        mic: of the message; None where it was not read so far.
        text: for people, ASCII.
    """

    request: Request
    disposition: Disposition = PROCESSED
    mic: Mic | None = None
    text: str = RECEIVED

    @classmethod
    def refusing(cls, request: Request, error: As2Error) -> Answer:
        """The answer to a message that was refused: the words of the error's class, no details."""
        return cls(request, error.disposition, None, error.answer)


def build_receipt(
    answer: Answer, message_id: str, signing: Signing | None, date: str = "", random: Random = os.urandom
) -> Built:
    """Build a receipt.

    Args:
        answer: what it says.
        message_id: of the receipt itself, ``<left@right>``.
        signing: our key; it is used only if the sender asked for a signed receipt, with the hash function that the
            sender prefers.
        date: in the form of RFC 5322; empty to state none.
        random: source of random bytes.

    Raises:
        ValueError: the message id cannot be written.
    """
    request = answer.request
    mark = boundary(random)
    fields = [
        ("Content-Type", f'multipart/report; report-type=disposition-notification; boundary="{mark}"'),
    ]
    body = Content.of(_report(answer, mark))
    if signing and request.receipt and request.receipt.signed:
        signing = replace(signing, digest=_digest(request, signing))
        entity = Content.of(mime.block(fields), body)
        hashed = digest(entity.chunks(), signing.digest)[signing.digest]
        fields, body = multipart_signed(entity, hashed, signing, boundary(random))
    return Built([*address(request.receiver, request.sender, message_id, date), *fields], body)


def _digest(request: Request, signing: Signing) -> str:
    """The first hash function that the sender asks for and that we may sign with."""
    names = [hash_name(spelled) for spelled in request.receipt.micalgs] if request.receipt else []
    allowed = [name for name in names if name in SIGNING and (name not in WEAK or name in signing.allow)]
    return allowed[0] if allowed else signing.digest


def _report(answer: Answer, mark: str) -> bytes:
    request = answer.request
    lines = [
        "Reporting-UA: epcis-gateway",
        f"Original-Recipient: rfc822; {write_id(request.receiver)}",
        f"Final-Recipient: rfc822; {write_id(request.receiver)}",
        f"Original-Message-ID: {_one_line(request.message_id)}",
        f"Disposition: {answer.disposition}",
    ]
    if answer.mic is not None:
        lines.append(f"Received-Content-MIC: {_one_line(str(answer.mic))}")
    text = mime.block((("Content-Type", "text/plain; charset=us-ascii"), ("Content-Transfer-Encoding", "7bit")))
    note = mime.block((("Content-Type", "message/disposition-notification"), ("Content-Transfer-Encoding", "7bit")))
    delimiter = f"--{mark}\r\n".encode("ascii")
    return b"".join(
        (
            delimiter + text + f"{_one_line(answer.text)}\r\n".encode("ascii", "replace") + b"\r\n",
            delimiter + note + "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace") + b"\r\n",
            f"--{mark}--\r\n".encode("ascii"),
        )
    )


def _one_line(value: str) -> str:
    return "".join(c if c.isprintable() else " " for c in value)
