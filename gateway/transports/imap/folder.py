"""The mails in a folder of a server: which ones there are, their headers, their bytes, and putting them away."""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imap_tools.utils import encode_folder

from gateway.errors import TransportError
from gateway.transports.imap.connection import Connection, Link
from gateway.transports.imap.mail import LONGEST_HEADER_BLOCK
from gateway.transports.imap.settings import ImapSettings, address

_MANY = 1000
_HEADERS_AT_ONCE = 50
_NUMBER = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_UIDVALIDITY = re.compile(rb"(\d+)")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the folder.

    Attributes:
        uid: its number, as long as the folder keeps its numbers.
        size: bytes.
        arrived: when the server got it, seconds since 1970.
    """

    uid: int
    size: int
    arrived: float


class Folder:
    """The folder of a channel.

    Args:
        settings: the channel's.
        link: the connection, made anew when it breaks.
    """

    def __init__(self, settings: ImapSettings, link: Link) -> None:
        self._settings = settings
        self._link = link
        self._place = address(settings)
        self._selected: Connection | None = None
        self.uidvalidity = 0

    def mails(self) -> list[Mail]:
        """The mails that wait, oldest first."""
        with self._link.operation("list the mails") as connection:
            client = self._client(connection)
            query = "UNDELETED"
            if self._settings.after == "flag":
                query += f" UNKEYWORD {self._settings.keyword}"
            uids = _checked(client.uid("SEARCH", query))[0].split()
            found = []
            for start in range(0, len(uids), _MANY):
                wanted = b",".join(uids[start : start + _MANY]).decode()
                for about, _ in _items(_checked(client.uid("FETCH", wanted, "(UID RFC822.SIZE INTERNALDATE)"))):
                    found.append(self._mail(about))
                connection.watchdog.progress()
        return sorted(found, key=lambda mail: (mail.arrived, mail.uid))

    def _mail(self, about: bytes) -> Mail:
        uid, size, date = _NUMBER.search(about), _SIZE.search(about), _DATE.search(about)
        if uid is None or size is None:
            message = f"{self._place} answers without UID and size of a mail"
            raise TransportError(message)
        when = imaplib.Internaldate2tuple(b'1 (INTERNALDATE "' + date[1] + b'")') if date else None
        return Mail(int(uid[1]), int(size[1]), time.mktime(when) if when else 0.0)

    def headers(self, mails: Sequence[Mail]) -> Iterator[tuple[Mail, bytes]]:
        """The mails with their first bytes, which hold their headers; those that went in the meantime are left out."""
        for start in range(0, len(mails), _HEADERS_AT_ONCE):
            some = {mail.uid: mail for mail in mails[start : start + _HEADERS_AT_ONCE]}
            got = self._again("read the headers of mails", some, f"BODY.PEEK[HEADER]<0.{LONGEST_HEADER_BLOCK}>")
            for uid, mail in some.items():
                if uid in got:
                    yield mail, got[uid]

    def whole(self, mail: Mail) -> bytes | None:
        """All bytes of a mail, None if somebody took it away after it was listed.

        Raises:
            TransportError: the connection broke more than once.
        """
        # A server that gives more than it listed is not read to the end.
        return self._again("read a mail", {mail.uid: mail}, f"BODY.PEEK[]<0.{mail.size + 1}>").get(mail.uid)

    def _again(self, what: str, mails: dict[int, Mail], part: str) -> dict[int, bytes]:
        """Read a part of some mails; if the connection breaks meanwhile, on a new one."""
        try:
            return self._read(what, mails, part)
        except TransportError:
            if not self._link.broken:
                raise
        return self._read(what, mails, part)

    def _read(self, what: str, mails: dict[int, Mail], part: str) -> dict[int, bytes]:
        with self._link.operation(what) as connection:
            answer = self._client(connection).uid("FETCH", ",".join(map(str, mails)), f"(UID {part})")
            found = {}
            for about, data in _items(_checked(answer)):
                uid = _NUMBER.search(about)
                if uid is not None and data is not None:
                    found[int(uid[1])] = data
            return found

    def put_away(self, uid: int, uidvalidity: int, *, refused: bool) -> None:
        """Move, flag or delete a mail. Harmless if it is gone."""
        with self._link.operation("put a mail away") as connection:
            client = self._client(connection)
            if uidvalidity != self.uidvalidity:
                return  # its number means another mail now; it is offered anew
            if self._settings.after == "flag":
                _checked(client.uid("STORE", str(uid), "+FLAGS.SILENT", f"({self._settings.keyword})"))
            elif self._settings.after == "delete" and not refused:
                _delete(client, uid)
            else:
                self._move(connection, uid, self._settings.rejected if refused else self._settings.processed)

    def _move(self, connection: Connection, uid: int, folder: str) -> None:
        client = connection.client
        # imap-tools moves where the server cannot by removing all mails that anybody marked as deleted.
        verb = "MOVE" if "MOVE" in client.capabilities else "COPY"
        target = encode_folder(folder)
        kind, _ = client.uid(verb, str(uid), target)  # type: ignore[arg-type] # bytes are right
        if kind != "OK":
            if not connection.box.folder.exists(folder):
                connection.box.folder.create(folder)
            _checked(client.uid(verb, str(uid), target))  # type: ignore[arg-type] # as above
        if verb == "COPY":
            _delete(client, uid)

    def _client(self, connection: Connection) -> imaplib.IMAP4:
        """The connection with our folder open.

        Raises:
            TransportError: it cannot be opened, or its mails got new numbers since it was opened before.
        """
        client = connection.client
        if self._selected is not connection:
            _checked(client.select(f'"{encode_folder(self._settings.folder).decode().strip(chr(34))}"'))
            _, said = client.response("UIDVALIDITY")
            number = _UIDVALIDITY.search(said[0]) if said and said[0] else None
            if number is None:
                message = f"{self._place} gives its mails no numbers that last (UIDVALIDITY)"
                raise TransportError(message)
            before, self.uidvalidity = self.uidvalidity, int(number[1])
            self._selected = connection
            if before not in {0, self.uidvalidity}:
                message = f"the mails in {self._place} got new numbers meanwhile"
                raise TransportError(message, retryable=True)
        return client


def _delete(client: imaplib.IMAP4, uid: int) -> None:
    """Delete one mail, and no other that somebody marked. A server without UIDPLUS keeps it, marked."""
    _checked(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
    if "UIDPLUS" in client.capabilities:
        _checked(client.uid("EXPUNGE", str(uid)))


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, said = answer
    if kind != "OK":
        words = b" ".join(part for part in said if isinstance(part, bytes)).decode("utf-8", "replace")
        raise imaplib.IMAP4.error(words or kind)
    return [b"" if part is None else part for part in said]


def _items(answer: list[Any]) -> Iterator[tuple[bytes, bytes | None]]:
    """What is said of each mail, and the bytes that came with it. imaplib hands them out in pieces."""
    about: bytes | None = None
    data: bytes | None = None
    for piece in answer:
        if isinstance(piece, tuple):
            if about is not None:
                yield about, data
            about, data = piece[0], piece[1]
        elif about is not None and data is not None:
            yield about + piece, data
            about, data = None, None
        elif piece:
            yield piece, None
    if about is not None:
        yield about, data
