"""The attachments of a mail, found within limits. No input or output: bytes in, attachments or a refusal out.

The standard library reads the mail; it is slow and hungry on mails that are made for it, so that what such a mail
declares is counted before it is read.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.errors
import email.policy
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesFeedParser

from gateway.errors import GatewayError, InputError, LimitExceeded
from gateway.findings import Finding, Rule, Where
from gateway.transports.imap import filenames, uuencoded
from gateway.transports.rules import MAIL_CLOSED, MAIL_DAMAGED, MAIL_EMPTY, MAIL_LIMIT

# Each line, and each line that begins like a boundary, costs the parser some hundred bytes.
MOST_LINES = 1_000_000
MOST_DASHES = 20_000
LONGEST_HEADER_BLOCK = 1 << 16
LONGEST_HEADER = 1 << 14
CHUNK = 1 << 16

BODY = "body.txt"
_BODIES = frozenset({"text/plain", "text/html", "text/enriched", "text/calendar", "text/rtf"})
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_PIECES = frozenset({"message/partial", "message/external-body"})
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_CUT_OFF = (email.errors.CloseBoundaryNotFoundDefect, email.errors.StartBoundaryNotFoundDefect)
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What to take out of mails.

    Attributes:
        takes: whether an attachment of this name is wanted.
        body: whether the text counts as an attachment where there is no other.
        forwarded: whether mails inside the mail are looked into.
        attachments: most of them.
        depth: of mails and parts in one another.
        parts: most of them.
    """

    takes: Callable[[str], bool]
    body: bool = False
    forwarded: bool = True
    attachments: int = 50
    depth: int = 8
    parts: int = 200


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail: its name as the sender spells it, without folders, and its bytes."""

    name: str
    data: bytes


def refusal(rule: Rule, message: str, mail: str) -> GatewayError:
    """The error for a mail that is not taken."""
    finding = Finding.of(rule, message, where=Where(file=mail))
    return LimitExceeded(finding) if rule is MAIL_LIMIT else InputError(finding)


def attachments(raw: bytes, wish: Wish, label: str = "mail") -> list[Attachment]:
    """The attachments of a mail that are wanted, in their order.

    Raises:
        InputError: they cannot be seen, are damaged, or there are none.
        LimitExceeded: the mail is over a limit.
    """
    _count(raw, wish, label)
    try:
        parser = BytesFeedParser(policy=email.policy.compat32)
        for start in range(0, len(raw), CHUNK):
            # Fed as a whole, the parser holds eight times as much.
            parser.feed(raw[start : start + CHUNK])
        walk = _Walk(wish, label)
        walk.part(parser.close())
    except RecursionError:
        raise refusal(MAIL_LIMIT, "its parts lie too deep in one another", label) from None
    if walk.bodies and not walk.found and wish.body:
        walk.found.append(Attachment(BODY, b"\n".join(walk.bodies)))
    if not walk.found:
        seen = f"; it has {walk.passed_over} others" if walk.passed_over else ""
        raise refusal(MAIL_EMPTY, f"the mail has no attachment that this channel takes{seen}", label)
    return walk.found


def headers(raw: bytes) -> Message:
    """The headers of a mail, out of its first bytes."""
    block = re.split(rb"\r?\n\r?\n", raw[:LONGEST_HEADER_BLOCK], maxsplit=1)[0]
    return email.message_from_bytes(block + b"\n\n", policy=email.policy.compat32)


def _count(raw: bytes, wish: Wish, label: str) -> None:
    """Refuse a mail by what it declares, before it is parsed."""
    nests = len(re.findall(rb"boundary\s*[=*]", raw, re.IGNORECASE)) + len(
        re.findall(rb"message/rfc822", raw, re.IGNORECASE)
    )
    counts = (
        (nests, wish.parts, "parts that hold others"),
        (raw.count(b"\n--"), MOST_DASHES, "lines that begin like a boundary"),
        (raw.count(b"\n") + raw.count(b"\r"), 2 * MOST_LINES, "lines"),
    )
    for count, most, what in counts:
        if count > most:
            raise refusal(MAIL_LIMIT, f"it has {count} {what}; at most {most} are taken", label)


class _Walk:
    """Goes through the parts of one mail."""

    def __init__(self, wish: Wish, label: str) -> None:
        self.found: list[Attachment] = []
        self.bodies: list[bytes] = []
        self.passed_over = 0
        self._wish = wish
        self._label = label
        self._parts = 0

    def part(self, part: Message, depth: int = 0) -> None:
        """One part and what is in it."""
        self._parts += 1
        if depth > self._wish.depth:
            raise refusal(MAIL_LIMIT, f"its parts lie more than {self._wish.depth} deep in one another", self._label)
        if self._parts > self._wish.parts:
            raise refusal(MAIL_LIMIT, f"it has more than {self._wish.parts} parts", self._label)
        longest = max((len(value) for _, value in part.raw_items()), default=0)
        if longest > LONGEST_HEADER:
            reason = f"a header of one of its parts has {longest} characters; at most {LONGEST_HEADER} are read"
            raise refusal(MAIL_LIMIT, reason, self._label)
        kind = part.get_content_type()
        self._refuse_closed(part, kind)
        if any(isinstance(defect, _CUT_OFF) for defect in part.defects):
            raise refusal(MAIL_DAMAGED, "a part of the mail ends before its boundary", self._label)
        inner = part.get_payload()
        if not isinstance(inner, list):
            self._leaf(part, kind)
        elif kind == "multipart/signed":
            # The contents come first, then the signature over them (RFC 1847).
            for child in inner[:1]:
                self.part(child, depth + 1)  # type: ignore[arg-type]
        elif part.get_content_maintype() == "multipart" or (kind == "message/rfc822" and self._wish.forwarded):
            for child in inner:
                self.part(child, depth + 1)  # type: ignore[arg-type]

    def _refuse_closed(self, part: Message, kind: str) -> None:
        smime = str(part.get_param("smime-type", "")).casefold()
        if kind == "multipart/encrypted" or (kind in _ENVELOPES and smime not in {"signed-data", "certs-only"}):
            reason = "the mail is encrypted"
        elif kind in _ENVELOPES and smime == "signed-data":
            reason = "the mail is wrapped in its signature"
        elif kind in _TNEF:
            reason = "the attachments are wrapped in Outlook's winmail.dat"
        elif kind in _PIECES:
            reason = "the mail is only a piece of one, or says that its contents lie elsewhere"
        else:
            return
        raise refusal(MAIL_CLOSED, reason, self._label)

    def _leaf(self, part: Message, kind: str) -> None:
        name = filenames.of(part)
        attached = part.get_content_disposition() == "attachment"
        if not name and not attached and (kind in _BODIES or part.get_content_maintype() == "message"):
            if kind == "text/plain":
                self._text(part)
            return
        if kind in _SIGNATURES or (part.get_content_maintype() == "image" and part["content-id"] and not attached):
            return
        self._take(name or filenames.made_up(kind, self._parts), part)

    def _text(self, part: Message) -> None:
        """The text of a mail. Old programs write files into it (uuencode)."""
        data = self._decoded(part)
        try:
            files = list(uuencoded.files(data))
        except ValueError:
            raise refusal(MAIL_DAMAGED, "a file in the text of the mail (uuencode) is damaged", self._label) from None
        for name, content in files:
            self._take(filenames.plain(name) or filenames.made_up("", self._parts), content)
        if not files and data.strip():
            self.bodies.append(data)

    def _take(self, name: str, content: Message | bytes) -> None:
        if not self._wish.takes(name):
            self.passed_over += 1
            return
        if len(self.found) == self._wish.attachments:
            raise refusal(MAIL_LIMIT, f"it has more than {self._wish.attachments} attachments", self._label)
        data = content if isinstance(content, bytes) else self._decoded(content)
        self.found.append(Attachment(name, data))

    def _decoded(self, part: Message) -> bytes:
        """The bytes of a part. What is damaged is refused: a decoder that is kind gives half a file."""
        encoding = str(part.get("content-transfer-encoding", "")).strip().casefold()
        text = part.get_payload()
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
        if encoding in _PLAIN:
            return data
        if encoding == "quoted-printable":
            return quopri.decodestring(data)
        if encoding == "base64":
            try:
                return base64.b64decode(data.translate(None, b" \t\r\n"), validate=True)
            except binascii.Error:
                raise refusal(MAIL_DAMAGED, "the base64 of an attachment is damaged", self._label) from None
        if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
            try:
                files = list(uuencoded.files(data))
            except ValueError:
                files = []
            if len(files) == 1:
                return files[0][1]
        raise refusal(
            MAIL_DAMAGED, f"an attachment is encoded as {encoding[:40]!r}, and cannot be decoded", self._label
        )
