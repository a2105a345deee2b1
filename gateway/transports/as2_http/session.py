"""The transport ``as2``: what the server has taken is collected; deliveries are sent until a receipt proves them."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import BinaryIO

from gateway import logs
from gateway.errors import ConfigurationError, TransportError
from gateway.transports import names
from gateway.transports.as2 import Content, File, Region, Scratch, sign, validity
from gateway.transports.as2.partner import Partner, load
from gateway.transports.as2_http.ping import is_ping
from gateway.transports.as2_http.post import poster, reach
from gateway.transports.as2_http.reception import RECORD
from gateway.transports.as2_http.sending import PROVEN, Post, Sender, State
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.as2_http.store import Entry, Store, sweep
from gateway.transports.as2_http.tls import Way, way
from gateway.transports.base import Offer, Receipt, Secrets

log = logs.get(__name__)

TAKEN = "taken-"
INBOX, OUTBOX, SCRATCH, SERVING, QUARANTINE = "in", "out", "scratch", "serving", "quarantine"
INCIDENTS = "incidents"
OLD = 2 * 86400
"""Seconds after which files for passing belong to nobody any more."""

_PATH = re.compile(r"([0-9a-f]{40})/(payload-\d{4})")
_TYPES = {
    ".xml": "application/xml",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv",
    ".zip": "application/zip",
    ".txt": "text/plain",
    ".edi": "application/edi-x12",
}


def now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


def partner_of(settings: As2Settings, secrets: Secrets) -> Partner:
    """The partner with its certificates and our keys.

    Raises:
        ConfigurationError: a certificate or key cannot be read or is not the one that was confirmed.
    """

    def read(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"the certificate {path} cannot be read: {error.strerror}"
            raise ConfigurationError(message) from error

    return load(settings, read, secrets)


def folder(settings: As2Settings, name: str) -> Path:
    """A folder for the state of all partners of a workspace."""
    path = settings.data / name
    path.mkdir(parents=True, exist_ok=True)
    return path


class As2Session:
    """A session with one partner.

    Args:
        settings: the channel's or target's settings.
        partner: the same with certificates and keys.
        post: speaks HTTP; None where nothing is sent.
        way: how the partner's server is reached; None where nothing is sent.

    Attributes:
        delivered: what the last call of `deliver` was about, also if it failed.
    """

    def __init__(self, settings: As2Settings, partner: Partner, post: Post | None, way: Way | None = None) -> None:
        self._settings, self._partner, self._post, self._way = settings, partner, post, way
        self._inbox, self._outbox = Store(settings.data / INBOX), Store(settings.data / OUTBOX)
        self.delivered: Entry | None = None

    def offers(self) -> Iterator[Offer]:
        """Files of the partner's messages, whole and with their receipt, in the order in which they came."""
        for entry in self._inbox.entries():
            record = entry.json(RECORD)
            if record is None:
                continue  # another channel has just finished it
            if (record["sender"], record["receiver"]) != (self._settings.them, self._settings.us):
                continue
            if is_ping(entry, record):
                log.info("AS2 test message taken", sender=record["sender"], message_id=record["message-id"])
                self._inbox.finish(entry)
                continue
            when = dt.datetime.fromisoformat(record["time"]).timestamp()
            left = [one for one in record["payloads"] if not entry.has(TAKEN + one["file"])]
            if not left:
                self._inbox.finish(entry)  # a crash came between the last file and this
            for one in left:
                yield Offer(one["name"], f"{entry.path.name}/{one['file']}", one["size"], when)

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write a file's bytes to `target`.

        Raises:
            TransportError: there is no such file.
        """
        entry, name = self._found(offer)
        region = entry.region(name)
        return sum(target.write(chunk) for chunk in region.chunks())

    def acknowledge(self, offer: Offer) -> None:
        """The file is durable elsewhere. The message stays, so that it is known when it comes again."""
        entry, name = self._found(offer)
        entry.put(TAKEN + name, b"")
        if all(entry.has(TAKEN + one["file"]) for one in entry.json(RECORD)["payloads"]):
            self._inbox.finish(entry)

    def _found(self, offer: Offer) -> tuple[Entry, str]:
        match = _PATH.fullmatch(offer.path)
        entry = self._inbox.find(match[1]) if match else None
        if match is None or entry is None or not entry.has(match[2]):
            message = f"{offer.path!r} is no file of a message"
            raise TransportError(message)
        return entry, match[2]

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Send a file, unless the partner has it already.

        The same name and bytes are one delivery with one message id, at every try and after every crash.

        Raises:
            TransportError: it is not proven that the partner has it; `retryable` says whether to try again.
        """
        names.plain(name)
        if self._post is None:
            message = "this agreement has no url to send to"
            raise TransportError(message)
        wait = dt.timedelta(seconds=self._settings.wait)
        sender = Sender(self._outbox, self._post, now, folder(self._settings, SCRATCH), wait)
        with Scratch(folder(self._settings, SCRATCH)) as scratch:
            region = _copied(source, size, scratch)
            entry, repeated = self._prepared(sender, name, region)
            self.delivered = entry
            state = sender.send(entry, self._partner, self._settings.url)
        if state is State.WAITING:
            message = f"{self._settings.them} has taken the message and owes its receipt"
            raise TransportError(message, hint="it comes to `gateway as2 serve`", retryable=True)
        self._outbox.finish(entry)
        self.delivered = found = self._outbox.find(entry.path.name) or entry
        return Receipt(name, size, repeated, f"receipt by {found.json(PROVEN)['by']}")

    def _prepared(self, sender: Sender, name: str, region: Region) -> tuple[Entry, bool]:
        # With both ids: the same file for two partners is two messages, and message ids are unique (RFC 4130, 5.3.3).
        ids = f"{self._settings.us}\0{self._settings.them}\0".encode()
        hashed = sign.digest(itertools.chain((ids,), region.chunks()), "sha256")["sha256"].hex()
        kind = self._settings.content_type or _TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream")
        file = File(Content.of(region), kind, name)
        entry = sender.prepare(self._partner, (file,), f"{names.stem(name)[0][:60]}-{hashed[:32]}")
        return entry, sender.state(entry) is State.PROVEN

    def probe(self) -> list[str]:
        """Which certificates are used now, what ends soon, and whether the partner's server can be reached.

        Raises:
            TransportError: it cannot.
            ConfigurationError: a certificate that is needed does not count now.
        """
        partner, time = self._partner, now()
        lines = []
        signing, encryption = partner.signing(time), partner.encryption(time) if self._settings.url else None
        if signing:
            lines.append(f"we sign as {signing.identity.subject}, SHA-256 {signing.identity.fingerprint}")
        if encryption:
            lines += [f"we encrypt for {pin.subject}, SHA-256 {pin.fingerprint}" for pin in encryption.recipients]
        for whose, listed in (("ours", partner.ours), (partner.settings.them, partner.theirs)):
            for ending in validity.endings(listed, time):
                left = "has ended" if ending.stage == 0 else f"ends in {ending.days} days"
                lines.append(f"{ending.listed.pin.subject} ({whose}, {ending.use}) {left}, and nothing follows it")
        if self._settings.url and self._way is not None:
            lines += reach(self._settings.url, self._way)
            lines.append(f"{self._settings.url} can be reached")
        return lines


def _copied(source: BinaryIO, size: int, scratch: Scratch) -> Region:
    """The bytes to send, in a file of their own."""
    region = scratch.keep(iter(lambda: source.read(1 << 18), b""))
    if region.size != size:
        message = f"the file has {region.size:,} bytes, and {size:,} were to be sent"
        raise TransportError(message)
    return region


@contextlib.contextmanager
def connect(settings: As2Settings, secrets: Secrets) -> Iterator[As2Session]:
    """Open a session. The partner is reached when there is something to send.

    Raises:
        ConfigurationError: a certificate or key cannot be read.
    """
    partner = partner_of(settings, secrets)
    if not settings.url:
        yield As2Session(settings, partner, None)
        return
    sweep(folder(settings, SCRATCH), OLD)
    towards = way(settings, partner, now())
    with poster({settings.url: towards.private}, towards.context, pins=towards.pins) as post:
        yield As2Session(settings, partner, post, towards)
