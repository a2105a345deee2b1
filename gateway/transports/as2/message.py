"""The fields of an AS2 message: ids, message id, and what receipt the sender asks for (RFC 4130, 6 and 7.3)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from gateway.transports.as2 import algorithms
from gateway.transports.as2.errors import ProcessingFailed, SenderIsReceiver, UnsupportedMic
from gateway.transports.as2.mime import Headers

ID_SIZE = 128
"""Longest AS2 id (RFC 4130, 6.2)."""

MESSAGE_ID_SIZE = 255
"""Longest message id that is written (RFC 4130, 5.3.3); longer ones are read up to `_READ_SIZE`."""

VERSION = "1.2"
"""RFC 6017: like 1.1, which stands for compression, and EDIINT-Features are stated."""

_READ_SIZE = 998
_ATOM = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]+>")
_ODD = re.compile(r"[^A-Za-z0-9._+-]")
_HASHED = 32
_COMMA = re.compile(r"\s*,\s*")


def write_id(value: str) -> str:
    """An AS2 id as it stands in a header: with quotes if it has spaces, quotes or backslashes.

    Raises:
        ValueError: it is empty, too long or not printable ASCII.
    """
    if not _PRINTABLE.fullmatch(value) or len(value) > ID_SIZE:
        message = f"{value[:200]!r} is no AS2 id: 1 to {ID_SIZE} printable ASCII characters"
        raise ValueError(message)
    if _ATOM.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_id(value: str) -> str:
    """The AS2 id in a header, with or without quotes; upper and lower case are different.

    Raises:
        ProcessingFailed: there is none, or it is too long.
    """
    found = _QUOTED.fullmatch(value.strip())
    plain = _ESCAPE.sub(r"\1", found[1]) if found else value.strip()
    if not plain or len(plain) > ID_SIZE:
        message = "AS2-From or AS2-To is absent or too long"
        raise ProcessingFailed(message)
    return plain


def write_message_id(value: str) -> str:
    """A message id as we write it.

    Raises:
        ValueError: it is not of the form ``<left@right>`` in printable ASCII, or too long.
    """
    if not _MESSAGE_ID.fullmatch(value) or len(value) > MESSAGE_ID_SIZE or value.count("@") != 1:
        message = f"{value[:300]!r} is no message id: <left@right>, at most {MESSAGE_ID_SIZE} characters"
        raise ValueError(message)
    return value


def make_message_id(left: str, domain: str) -> str:
    """The message id of a delivery: always the same for the same words.

    Characters that a message id cannot hold, and what would make it too long, are replaced by a hash of the whole.
    """
    plain = _ODD.sub("-", left)[: MESSAGE_ID_SIZE - len(domain) - _HASHED - 4]
    if plain != left or not left:
        plain = f"{plain}-{hashlib.sha256(left.encode('utf-8', 'surrogatepass')).hexdigest()[:_HASHED]}"
    return write_message_id(f"<{plain}@{domain}>")


def same_message_id(one: str, other: str) -> bool:
    """Whether two message ids are the same, with or without angle brackets."""
    return one.strip().strip("<>").strip() == other.strip().strip("<>").strip() != ""


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """What receipt a sender asks for.

    Attributes:
        signed: the receipt is to be signed.
        micalgs: hash functions by preference, as the sender spells them; empty if not stated.
        deliver_to: URL for an asynchronous receipt; empty for one in the HTTP answer. The caller must compare it with
            what the agreement registers: it comes from outside.
        to: Disposition-Notification-To; says only that a receipt is wanted.
    """

    signed: bool = True
    micalgs: tuple[str, ...] = ("sha-256",)
    deliver_to: str = ""
    to: str = ""

    def fields(self, to: str) -> list[tuple[str, str]]:
        """The header fields of the request."""
        found = [("Disposition-Notification-To", self.to or to)]
        if self.signed:
            micalgs = ", ".join(self.micalgs)
            found.append(
                (
                    "Disposition-Notification-Options",
                    f"signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, {micalgs}",
                )
            )
        if self.deliver_to:
            found.append(("Receipt-Delivery-Option", self.deliver_to))
        return found


@dataclass(frozen=True, slots=True)
class Request:
    """The fields of a message that came in.

    Attributes:
        sender: AS2-From.
        receiver: AS2-To.
        message_id: as it stands there.
        subject: for people.
        receipt: what receipt is asked for; None for none.
    """

    sender: str
    receiver: str
    message_id: str
    subject: str
    receipt: ReceiptRequest | None


def read_request(headers: Headers) -> Request:
    """Read the fields of a message.

    Raises:
        ProcessingFailed: a field that AS2 needs is absent or there twice.
        SenderIsReceiver: both ids are the same.
    """
    for name in ("AS2-From", "AS2-To", "Message-ID"):
        if headers.count(name) != 1 or not headers.get(name):
            message = f"the field {name} is needed once, and it is there {headers.count(name)} times"
            raise ProcessingFailed(message)
    sender, receiver = read_id(headers.get("AS2-From")), read_id(headers.get("AS2-To"))
    message_id = headers.get("Message-ID")
    if len(message_id) > _READ_SIZE:
        message = f"the message id is longer than {_READ_SIZE} characters"
        raise ProcessingFailed(message)
    if sender == receiver:
        raise SenderIsReceiver
    return Request(sender, receiver, message_id, headers.get("Subject")[:_READ_SIZE], read_receipt_request(headers))


def read_receipt_request(headers: Headers) -> ReceiptRequest | None:
    """What receipt is asked for; None for none."""
    to = headers.get("Disposition-Notification-To")
    if not to:
        return None
    options = _options(headers.get("Disposition-Notification-Options"))
    signed = "pkcs7-signature" in [value.lower() for value in options.get("signed-receipt-protocol", [])]
    micalgs = tuple(options.get("signed-receipt-micalg", []))
    return ReceiptRequest(signed, micalgs, headers.get("Receipt-Delivery-Option"), to)


def _options(value: str) -> dict[str, list[str]]:
    """``name=importance, value, value; ...`` as names and values (RFC 3798, 2.2); the importance is left out."""
    found: dict[str, list[str]] = {}
    for part in value.split(";"):
        name, equals, rest = part.partition("=")
        values = [item.strip("\"' ") for item in _COMMA.split(rest.strip())]
        if equals and values[:1] and values[0].lower() in {"optional", "required"}:
            found[name.strip().lower()] = [item for item in values[1:] if item][:20]
        elif equals:
            found[name.strip().lower()] = [item for item in values if item][:20]
    return found


def choose_micalg(request: ReceiptRequest | None, signature: str, allow: frozenset[str]) -> tuple[str, str]:
    """Hash function of the MIC: by our name, and as the sender spells it.

    The first one that the sender names and that is allowed; if it names none, that of its signature, else SHA-256.

    Raises:
        UnsupportedMic: the sender names hash functions, and none of them is allowed.
    """
    named = request.micalgs if request else ()
    for spelled in named:
        name = algorithms.hash_name(spelled)
        if name and (name not in algorithms.WEAK or name in allow):
            return name, spelled
    if named:
        message = f"the sender asks for a MIC by {', '.join(named)[:200]}"
        raise UnsupportedMic(message)
    name = signature or "sha256"
    return name, algorithms.micalg(name)
