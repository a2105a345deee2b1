"""A session with a mailbox: each attachment that the channel takes is a file, each mail that it does not is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email.message import Message
from typing import BinaryIO, NoReturn

from gateway import logs
from gateway.errors import GatewayError, InputError, LimitExceeded, TransportError
from gateway.findings import Finding, Where
from gateway.transports import names
from gateway.transports.base import Offer, Receipt
from gateway.transports.files import changed, pour
from gateway.transports.imap.connection import Link
from gateway.transports.imap.folder import Folder, Mail
from gateway.transports.imap.mail import Attachment, Wish, attachments, headers, refusal
from gateway.transports.imap.sender import allowed, authenticated, sender
from gateway.transports.imap.settings import ImapSettings, address
from gateway.transports.rules import MAIL_PROOF, MAIL_SENDER, SIZE

REFUSED = -1

log = logs.get(__name__)


class ImapSession:
    """An open mailbox.

    Args:
        settings: the channel's.
        link: a connection that is made anew when it breaks.
    """

    def __init__(self, settings: ImapSettings, link: Link) -> None:
        self._settings = settings
        self._link = link
        self._folder = Folder(settings, link)
        self._place = address(settings)
        self._wish = Wish(
            lambda name: names.matches(name, settings.patterns, settings.ignore),
            settings.body,
            settings.forwarded,
            settings.max_attachments,
            settings.max_depth,
            settings.max_parts,
        )
        self._at_hand: tuple[str, list[Attachment]] = ("", [])
        self._refused: dict[str, GatewayError] = {}
        self._waiting: dict[str, set[int]] = {}

    def offers(self) -> Iterator[Offer]:
        """The attachments of all mails that wait, oldest mail first. A mail that is refused is one offer."""
        mails = self._folder.mails()
        for mail, head in self._folder.headers(mails):
            yield from self._offers_of(mail, headers(head))

    def _offers_of(self, mail: Mail, head: Message) -> Iterator[Offer]:
        number = f"{self._folder.uidvalidity}/{mail.uid}"
        key = f"mail:{self._folder.uidvalidity}:{_message_id(head, mail)}"
        try:
            self._check(mail, head)
            whole = self._folder.whole(mail)
            if whole is None:
                return  # somebody took it away meanwhile
            found = attachments(whole, self._wish, f"mail {number}")
        except (InputError, LimitExceeded) as error:
            path = f"{number}/{REFUSED}/1"
            self._refused[path] = error
            code = error.finding.code
            yield Offer(f"mail {number}", path, mail.size, mail.arrived, stays=True, key=f"{key}:{code}")
            return
        self._at_hand = (number, found)
        for index, one in enumerate(found):
            path = f"{number}/{index}/{len(found)}"
            digest = hashlib.sha256(one.data).hexdigest()
            yield Offer(one.name, path, len(one.data), mail.arrived, stays=True, key=f"{key}:{digest}")

    def _check(self, mail: Mail, head: Message) -> None:
        label = f"mail {self._folder.uidvalidity}/{mail.uid}"
        address_ = sender(head)
        if not allowed(address_, self._settings.senders):
            who = repr(address_) if address_ else "nobody, several, or one that can be read in two ways"
            raise refusal(MAIL_SENDER, f"the mail is from {who}, and the channel does not take that", label)
        if self._settings.trusted_results and not authenticated(head, self._settings.trusted_results, address_):
            message = f"{self._settings.trusted_results} does not say that the mail is from {address_!r}"
            raise refusal(MAIL_PROOF, message, label)
        limit = self._settings.max_size
        if mail.size > limit:
            message = f"the mail has {mail.size} bytes; this channel takes at most {limit}"
            where = Where(file=label)
            raise LimitExceeded(Finding.of(SIZE, message, where=where, value=mail.size, expected=f"<= {limit}"))

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write an attachment's bytes to `target`.

        Raises:
            InputError: the mail is refused; its finding says why.
            LimitExceeded: it is over a limit.
        """
        uidvalidity, uid, index, _ = _parts(offer)
        if index == REFUSED or offer.path in self._refused:
            raise self._refused.get(offer.path) or changed(offer, self._place)
        number = f"{uidvalidity}/{uid}"
        if self._at_hand[0] != number:
            self._at_hand = (number, self._read_again(offer, uidvalidity, uid))
        found = self._at_hand[1]
        if index >= len(found) or not offer.key.endswith(hashlib.sha256(found[index].data).hexdigest()):
            raise changed(offer, self._place)
        pieces = iter((found[index].data,))
        return pour(lambda _: next(pieces, b""), target, offer, self._place)

    def _read_again(self, offer: Offer, uidvalidity: int, uid: int) -> list[Attachment]:
        mail = next((mail for mail in self._folder.mails() if mail.uid == uid), None)
        if mail is None or uidvalidity != self._folder.uidvalidity:
            raise changed(offer, self._place)
        for _, head in self._folder.headers([mail]):
            self._check(mail, headers(head))
        whole = self._folder.whole(mail)
        if whole is None:
            raise changed(offer, self._place)
        return attachments(whole, self._wish, f"mail {uidvalidity}/{uid}")

    def acknowledge(self, offer: Offer) -> None:
        """An attachment is durable here; the mail is put away with the last one."""
        uidvalidity, uid, index, count = _parts(offer)
        number = f"{uidvalidity}/{uid}"
        waiting = self._waiting.setdefault(number, set(range(count)))
        waiting.discard(index)
        if waiting and index != REFUSED:
            return
        self._folder.put_away(uid, uidvalidity, refused=index == REFUSED)
        self._waiting.pop(number, None)
        self._refused.pop(offer.path, None)

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:  # noqa: ARG002 - the common form
        """Mails are not sent: nobody would know whether they arrived."""
        self._one_way(name)

    def _one_way(self, name: str) -> NoReturn:
        message = f"{name!r} cannot be delivered to {self._place}: files are only collected from mailboxes"
        raise TransportError(message, hint="choose another transport for this target")

    def probe(self) -> list[str]:
        """Say what was checked while connecting, and count the mails that wait."""
        count = len(self._folder.mails())
        client = self._link.connection.client
        ways = [word for word in ("MOVE", "UIDPLUS") if word in client.capabilities]
        return [
            *self._link.connection.facts,
            f"{self._place}: {count} mails wait",
            f"the server has {' and '.join(ways) or 'neither MOVE nor UIDPLUS: deleted mails stay there, marked'}",
        ]


def _message_id(head: Message, mail: Mail) -> str:
    """What tells a mail from others wherever it lies; mails without a Message-ID are told by all their headers."""
    stated = " ".join(str(head.get("message-id", "")).split())
    text = stated or f"{mail.size} {head.as_string()}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _parts(offer: Offer) -> tuple[int, int, int, int]:
    try:
        uidvalidity, uid, index, count = (int(part) for part in offer.path.split("/"))
    except ValueError:
        message = f"{offer.path!r} is no place in a mailbox"
        raise TransportError(message) from None
    return uidvalidity, uid, index, count
