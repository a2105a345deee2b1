"""Taking a message that came in: authenticate, store, answer; in this order, and each message once.

A partner who does not get our receipt sends again. Then the receipt that was stored with the message is the answer, to
the byte; a message of the same id with other content is refused and told to the operator. A message that was refused is
not remembered, so that the next try has the same chance.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from gateway import logs
from gateway.transports.as2 import (
    Answer,
    As2Error,
    Content,
    Headers,
    Received,
    Region,
    Scratch,
    mic,
    open_message,
    sign,
)
from gateway.transports.as2.build import Built
from gateway.transports.as2.encrypt import Random
from gateway.transports.as2.errors import ProcessingFailed
from gateway.transports.as2.filenames import local_name
from gateway.transports.as2.message import Request, make_message_id, read_request
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.receipt_write import build_receipt
from gateway.transports.as2_http import failpoints, proof
from gateway.transports.as2_http.incidents import Incidents
from gateway.transports.as2_http.store import Entry, Linked, Store, fields_of, packed

log = logs.get(__name__)

Partners = Callable[[str, str], Partner | None]
"""Gives the partner with whom we, under the second id, exchange with the first id; None if there is none."""

Clock = Callable[[], dt.datetime]

_LOOKS = 5

WIRE, FIELDS, RECORD, RECEIPT, RECEIPT_FIELDS = "wire", "fields", "record", "receipt", "receipt-fields"
PRUNED = "pruned"
"""Hashes of the files whose bytes were deleted since their time was over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message.

    Attributes:
        entry: where it is stored; None if it was refused.
        repeated: it was stored before.
        receipt: the answer; None if none was asked for.
        error: why it was refused; None if it was not.
    """

    entry: Entry | None
    repeated: bool = False
    receipt: Built | None = None
    error: As2Error | None = None


class Reused(ProcessingFailed):
    """A message id that came before with other content."""

    advice = "ask the partner; their system gives one id to two messages"


class Reception:
    """Takes messages.

    Args:
        store: where they are kept.
        partners: who may send.
        clock: the time, with its zone.
        scratch: folder for decrypted data, on the disk of the store.
        random: source of random bytes.
        incidents: where refused messages are counted; nowhere by default.
    """

    def __init__(
        self,
        store: Store,
        partners: Partners,
        clock: Clock,
        scratch: Path,
        random: Random = os.urandom,
        incidents: Incidents | None = None,
    ) -> None:
        self.store, self._partners, self._clock = store, partners, clock
        self._scratch, self._random, self._incidents = scratch, random, incidents
        self.waiting = Store(store.root.with_name(f"{store.root.name}-waiting"))

    def partner_of(self, them: str, us: str) -> Partner | None:
        """The partner with these ids; None if there is none."""
        return self._partners(them, us)

    def partner(self, headers: Headers) -> tuple[Request, Partner] | None:
        """Who sends; None for strangers, who are not answered.

        Raises:
            As2Error: it is no AS2 message.
        """
        request = read_request(headers)
        found = self._partners(request.sender, request.receiver)
        return (request, found) if found else None

    def keep(self, headers: Headers, part: Path) -> Entry:
        """Make a message durable whose sender is answered before it is opened; it stays in `waiting` until `done`.

        Args:
            headers: of the request.
            part: its body, on the disk of the store; nobody may change it afterwards.

        Raises:
            OSError: it could not be stored; the partner has to send again.
        """
        files: dict[str, bytes | Linked] = {WIRE: Linked(part), FIELDS: packed(headers.fields)}
        return self.waiting.add(Store.key(uuid.uuid4().hex), files)[0]

    def done(self, entry: Entry) -> None:
        """A message that waited was opened, and its receipt is where it belongs."""
        self.waiting.remove(entry)

    def take(self, headers: Headers, body: Region, request: Request, partner: Partner) -> Outcome:
        """Take a message whose bytes lie in quarantine.

        Raises:
            OSError: it could not be stored; the partner has to send again.
        """
        now = self._clock()
        try:
            with Scratch(self._scratch) as scratch:
                received = open_message(headers, body, partner.terms(now), scratch, self._random)
                return self._kept(headers, body, received, partner, now)
        except As2Error as error:
            log.warning("AS2 message refused", sender=request.sender, message_id=request.message_id, reason=str(error))
            if self._incidents:
                kind = "duplicate" if isinstance(error, Reused) else error.disposition.modifier.replace(" ", "-")
                ids = (request.sender, request.receiver)
                self._incidents.note(kind, ids, request.message_id, error.message, error.hint, now)
            return Outcome(None, receipt=self._receipt(Answer.refusing(request, error), partner, now), error=error)

    def _kept(self, headers: Headers, body: Region, received: Received, partner: Partner, now: dt.datetime) -> Outcome:
        request = received.request
        key = Store.key(request.sender, request.receiver, request.message_id)
        known = self._known(key)
        if known is None:
            receipt = self._receipt(Answer(request, mic=received.mic), partner, now)
            signing = partner.receipt_signing(now) if receipt else None
            by = signing.identity.fingerprint if signing else ""
            failpoints.reach("as2.opened")
            entry, new = self.store.add(key, self._files(headers, body, received, receipt, by, now))
            failpoints.reach("as2.stored")
            if new:
                log.info("AS2 message taken", sender=request.sender, message_id=request.message_id)
                return Outcome(entry, receipt=receipt)
            known = self._known(key)
        if known is None or not _same(known[0], received):
            text = f"the message id {request.message_id} came before with other content"
            raise Reused(text)
        log.info("AS2 message came again", sender=request.sender, message_id=request.message_id)
        # An earlier try that asked for no receipt left none; a certificate that is listed no more proves nothing.
        listed = {"", *(one.pin.fingerprint for one in partner.ours)}
        stored = known[1] if (known[0].json(RECORD) or {}).get("receipt-by", "") in listed else None
        receipt = stored or self._receipt(Answer(request, mic=received.mic), partner, now)
        return Outcome(self.store.find(key), repeated=True, receipt=receipt)

    def _known(self, key: str) -> tuple[Entry, Built | None] | None:
        """A stored message and its receipt; None if there is none."""
        for _ in range(_LOOKS):
            entry = self.store.find(key)
            if entry is None:
                return None
            # Who collects may move the folder while it is read; then it is found at its other place.
            with contextlib.suppress(FileNotFoundError, TypeError):
                receipt = stored_receipt(entry)
                if entry.has(RECORD):
                    return entry, receipt
        message = f"the stored message {key} cannot be read"
        raise OSError(message)

    def _files(
        self, headers: Headers, body: Region, received: Received, receipt: Built | None, by: str, now: dt.datetime
    ) -> dict[str, bytes | Region | Content]:
        """What is stored: the raw message, its files, what was verified, and the receipt, by whose certificate."""
        request, signature = received.request, received.signature
        payloads = [
            {
                "file": f"payload-{number:04d}",
                "name": local_name(payload.filename, f"as2-{Store.key(request.message_id)[:12]}-{number}"),
                "stated": payload.filename,
                "type": payload.content_type,
                "size": payload.region.size,
            }
            for number, payload in enumerate(received.payloads, 1)
        ]
        record = {
            "sender": request.sender,
            "receiver": request.receiver,
            "message-id": request.message_id,
            "subject": request.subject,
            "time": now.isoformat(),
            "layers": received.layers,
            "cipher": received.cipher,
            "mic": str(received.mic),
            "signer": signature.signer.fingerprint if signature else "",
            "digest": signature.digest if signature else "",
            "payloads": payloads,
            "receipt-by": by,
            "deliver-to": request.receipt.deliver_to if request.receipt else "",
            "wire-sha256": _hash(body).hex(),
            "signature": base64.b64encode(received.signed_data).decode("ascii"),
        }
        named = [(str(one["file"]), payload.region) for one, payload in zip(payloads, received.payloads, strict=True)]
        record[proof.BASE], more = proof.kept(received.base, body, named)
        files: dict[str, bytes | Region | Content] = {
            WIRE: body,
            FIELDS: packed(headers.fields),
            RECORD: packed(record),
        }
        files |= dict(named) | more
        if signature:
            files[proof.SIGNER] = signature.signer.der
        if receipt:
            files |= {RECEIPT: receipt.body, RECEIPT_FIELDS: packed(receipt.fields)}
        return files

    def _receipt(self, answer: Answer, partner: Partner, now: dt.datetime) -> Built | None:
        if answer.request.receipt is None:
            return None
        message_id = make_message_id(f"mdn-{uuid.UUID(bytes=self._random(16)).hex}", partner.settings.message_id_domain)
        return build_receipt(answer, message_id, partner.receipt_signing(now), _date(now), self._random)


def _same(entry: Entry, received: Received) -> bool:
    """Whether a message holds what a stored one holds: by the MIC, or by the files if it is asked by another hash.

    Raises:
        OSError: the stored one was moved meanwhile.
    """
    record = entry.json(RECORD)
    if record is None:
        message = f"the stored message {entry.path.name} was moved"
        raise OSError(message)
    before = mic.parse(record["mic"])
    if before.algorithm == received.mic.algorithm:
        return before.same(received.mic)
    pruned = (entry.json(PRUNED) or {"sha256": {}})["sha256"]
    names = [one["file"] for one in record["payloads"]]
    kept = [bytes.fromhex(pruned[name]) if name in pruned else _hash(entry.region(name)) for name in names]
    return kept == [_hash(payload.region) for payload in received.payloads]


def _hash(region: Region) -> bytes:
    return sign.digest(region.chunks(), "sha256")["sha256"]


def stored_receipt(entry: Entry) -> Built | None:
    """The receipt that was stored with a message; None if none was asked for."""
    if not entry.has(RECEIPT):
        return None
    region = entry.region(RECEIPT)
    # In memory: it is small, and its folder may move before it is sent.
    return Built(fields_of(entry.json(RECEIPT_FIELDS)), Content.of(region.slice(0, region.size)))


def _date(now: dt.datetime) -> str:
    return format_datetime(now.astimezone(dt.UTC))
