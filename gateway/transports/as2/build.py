"""Building a message: payload, then what the agreement asks for, from the inside out.

Everything but compressed and encrypted data stays where it lies; the length of the whole is known at the end, so it can
be sent with a Content-Length. Headers are one line each and ASCII.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.transports.as2 import compress, mime
from gateway.transports.as2.algorithms import hash_name
from gateway.transports.as2.content import Content, Scratch
from gateway.transports.as2.encrypt import Encryption, Random, encrypt
from gateway.transports.as2.message import VERSION, ReceiptRequest, write_id, write_message_id
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.sign import Signing, digest, multipart_signed

Fields = list[tuple[str, str]]

_TRANSFER = "Content-Transfer-Encoding"


@dataclass(frozen=True, slots=True)
class File:
    """A file to send.

    Attributes:
        content: its bytes.
        content_type: e.g. ``application/xml``.
        filename: stated to the partner; empty to state none.
        content_id: its name among several files, without angle brackets.
    """

    content: Content
    content_type: str = "application/octet-stream"
    filename: str = ""
    content_id: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A message to build.

    Attributes:
        sender: our AS2 id.
        receiver: the partner's AS2 id.
        message_id: ``<left@right>``; the same for every try of one delivery.
        files: one, or several as multipart/related, the first one being the root (RFC 6362).
        subject: for people.
        date: in the form of RFC 5322; empty to state none.
        signing: how to sign; None for not at all.
        encryption: how to encrypt; None for not at all.
        compression: ``before`` or ``after`` signing, or ``none``.
        receipt: what receipt to ask for; None for none.
        quote_names: state file names in quotes even where they need none.
        bare_mic: the partner makes the MIC of messages that are compressed only without headers, against RFC 5402.
        expanded_mic: the partner makes the MIC of messages that were compressed before signing over what it has
            expanded, against RFC 5402.
    """

    sender: str
    receiver: str
    message_id: str
    files: tuple[File, ...]
    subject: str = ""
    date: str = ""
    signing: Signing | None = None
    encryption: Encryption | None = None
    compression: Literal["none", "before", "after"] = "none"
    receipt: ReceiptRequest | None = None
    quote_names: bool = True
    bare_mic: bool = False
    expanded_mic: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A message or receipt, ready for HTTP.

    Attributes:
        fields: header fields, without those that HTTP adds itself.
        body: the body; its size is the Content-Length.
        mics: what the receipt must hold, by hash function; empty in a receipt.
        base: the bytes that the MICs are made of, as long as the scratch folder lives.
    """

    fields: Fields
    body: Content
    mics: Mapping[str, Mic] = field(default_factory=dict)
    base: Content = field(default_factory=lambda: Content(()))


def build(outgoing: Outgoing, scratch: Scratch, random: Random = os.urandom) -> Built:
    """Build a message.

    Args:
        outgoing: what and how.
        scratch: where compressed and encrypted data go; it must live until the body has been sent or copied.
        random: source of random bytes.

    Raises:
        ValueError: an id or a name cannot be written.
    """
    fields, body = _payload(outgoing, random)
    wanted = {hash_name(spelled) for spelled in outgoing.receipt.micalgs} - {""} if outgoing.receipt else set()
    wanted |= {outgoing.signing.digest} if outgoing.signing else set()
    bare = outgoing.compression == "none" or outgoing.bare_mic
    bare = bare and not (outgoing.signing or outgoing.encryption)
    base = body if bare else _entity(fields, body)
    of_expanded = outgoing.expanded_mic and outgoing.compression == "before"
    hashes = {} if outgoing.signing and not of_expanded else digest(base.chunks(), *wanted)
    if outgoing.compression == "before" or (outgoing.compression == "after" and not outgoing.signing):
        fields, body = _compressed(fields, body, scratch)
    if outgoing.signing:
        entity = _entity(fields, body)
        signed = digest(entity.chunks(), *wanted)
        if not of_expanded:
            base, hashes = entity, signed
        hashed = signed[outgoing.signing.digest]
        fields, body = multipart_signed(entity, hashed, outgoing.signing, boundary(random))
        if outgoing.compression == "after":
            fields, body = _compressed(fields, body, scratch)
    if outgoing.encryption:
        kind, region = encrypt(_entity(fields, body), outgoing.encryption, random, scratch)
        fields, body = _cms(kind, "smime.p7m"), Content.of(region)
    mics = {name: Mic(value, name) for name, value in hashes.items()}
    return Built([*_head(outgoing), *_without_transfer(fields)], body, mics, base)


def boundary(random: Random) -> str:
    """A boundary that no content holds by chance."""
    return f"=_{random(16).hex()}"


def _payload(outgoing: Outgoing, random: Random) -> tuple[Fields, Content]:
    if len(outgoing.files) == 1:
        return _file_fields(outgoing.files[0], quotes=outgoing.quote_names), outgoing.files[0].content
    if not outgoing.files:
        message = "a message needs a file"
        raise ValueError(message)
    mark = boundary(random)
    pieces: list[bytes | Content] = []
    for file in outgoing.files:
        pieces += [
            f"--{mark}\r\n".encode("ascii"),
            mime.block(_file_fields(file, quotes=outgoing.quote_names)),
            file.content,
            b"\r\n",
        ]
    pieces.append(f"--{mark}--\r\n".encode("ascii"))
    root = outgoing.files[0].content_type.partition(";")[0].strip()
    fields = [
        ("Content-Type", f'multipart/related; boundary="{mark}"; type={mime.quoted(root)}'),
        (_TRANSFER, "binary"),
    ]
    return fields, Content.of(*pieces)


def _file_fields(file: File, *, quotes: bool) -> Fields:
    fields = [("Content-Type", file.content_type), (_TRANSFER, "binary")]
    if file.filename:
        fields.append(("Content-Disposition", mime.disposition(file.filename, quotes=quotes)))
    if file.content_id:
        fields.append(("Content-ID", f"<{file.content_id}>"))
    return fields


def _entity(fields: Fields, body: Content) -> Content:
    return Content.of(mime.block(fields), body)


def _compressed(fields: Fields, body: Content, scratch: Scratch) -> tuple[Fields, Content]:
    return _cms("compressed-data", "smime.p7z"), compress.compress(_entity(fields, body), scratch)


def _cms(kind: str, name: str) -> Fields:
    return [
        ("Content-Type", f"application/pkcs7-mime; smime-type={kind}; name={name}"),
        (_TRANSFER, "binary"),
        ("Content-Disposition", f"attachment; filename={name}"),
    ]


def _head(outgoing: Outgoing) -> Fields:
    fields = address(outgoing.sender, outgoing.receiver, outgoing.message_id, outgoing.date)
    fields += [("EDIINT-Features", "multiple-attachments")] if len(outgoing.files) > 1 else []
    fields += [("Subject", outgoing.subject)] if outgoing.subject else []
    fields += outgoing.receipt.fields(write_id(outgoing.sender)) if outgoing.receipt else []
    for name, value in fields:
        mime.checked(name, value)
    return fields


def address(sender: str, receiver: str, message_id: str, date: str) -> Fields:
    """The fields that every message and receipt has.

    Raises:
        ValueError: one cannot be written.
    """
    fields = [
        ("AS2-Version", VERSION),
        ("AS2-From", write_id(sender)),
        ("AS2-To", write_id(receiver)),
        ("Message-ID", write_message_id(message_id)),
        ("MIME-Version", "1.0"),
    ]
    return fields + ([("Date", date)] if date else [])


def _without_transfer(fields: Fields) -> Fields:
    """HTTP carries bytes as they are and has no transfer encoding of MIME (RFC 4130, 5.2.3)."""
    return [(name, value) for name, value in fields if name != _TRANSFER]
