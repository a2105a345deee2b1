"""Sending a message until its receipt proves that the partner has it.

A delivery is prepared once: its bytes and its message id are stored before the first try and are the same at every
try, so that the partner knows a repetition. What counts is the receipt; an answer of HTTP alone proves nothing. A
receipt that comes later, to our own address, ends the waiting in the same way.
"""

from __future__ import annotations

import datetime as dt
import enum
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway import logs
from gateway.errors import TransportError
from gateway.transports.as2 import (
    As2Error,
    Content,
    File,
    Headers,
    Region,
    Scratch,
    build,
    disposition,
    mic,
    prove,
    read_receipt,
    sign,
)
from gateway.transports.as2.encrypt import Random
from gateway.transports.as2.errors import from_partner
from gateway.transports.as2.message import make_message_id
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.partner import Partner
from gateway.transports.as2_http import failpoints, proof
from gateway.transports.as2_http.store import Entry, Store, fields_of, packed

log = logs.get(__name__)

WIRE, FIELDS, RECORD, TRIES = "wire", "fields", "record", "tries"
RECEIPT, RECEIPT_FIELDS, PROVEN, REFUSED, TOLD = "receipt", "receipt-fields", "proven", "refused", "refusal-told"


class State(enum.StrEnum):
    """How far a delivery is."""

    READY = "ready"
    WAITING = "waiting"
    PROVEN = "proven"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the partner's server answered.

    Attributes:
        status: of HTTP.
        headers: of HTTP.
        body: in a file.
    """

    status: int
    headers: Headers
    body: Region


Post = Callable[[str, list[tuple[str, str]], Content, Path], Reply]
"""Posts fields and bytes to a URL and writes the answer to a file. Raises TransportError if none came."""


class Sender:
    """Sends messages to partners.

    Args:
        store: where deliveries are kept.
        post: speaks HTTP.
        clock: the time, with its zone.
        scratch: folder for what is being built, on the disk of the store.
        wait: how long a receipt that comes later may take before the message is sent again.
        random: source of random bytes.
    """

    def __init__(
        self,
        store: Store,
        post: Post,
        clock: Callable[[], dt.datetime],
        scratch: Path,
        wait: dt.timedelta = dt.timedelta(minutes=20),
        random: Random = os.urandom,
    ) -> None:
        self.store, self._post, self._clock, self._scratch = store, post, clock, scratch
        self._wait, self._random = wait, random

    def prepare(self, partner: Partner, files: tuple[File, ...], delivery: str, subject: str = "") -> Entry:
        """Store the message that a delivery is; the one that is stored already, if it is.

        One that the partner refused is built anew, with the same message id and what is agreed now: the reason may have
        been a certificate.

        Raises:
            ConfigurationError: a certificate that is needed does not count now.
        """
        message_id = make_message_id(delivery, partner.settings.message_id_domain)
        key = _key(partner, message_id)
        found = self.store.find(key)
        if found is not None and not (found.has(TOLD) and self.state(found) is State.REFUSED):
            return found
        if found is not None:
            self.store.retire(found)
        with Scratch(self._scratch) as scratch:
            now = self._clock()
            outgoing = partner.outgoing(files, delivery, now, subject)
            built = build(outgoing, scratch, self._random)
            base, more = proof.kept(built.base, built.body)
            record = {
                "sender": partner.settings.us,
                "receiver": partner.settings.them,
                "message-id": message_id,
                "receipt": partner.settings.receipt.mode,
                "mics": [str(one) for one in built.mics.values()],
                "time": now.isoformat(),
                "files": [file.filename for file in files],
                "subject": subject,
                "signer": outgoing.signing.identity.fingerprint if outgoing.signing else "",
                "recipients": [pin.fingerprint for pin in outgoing.encryption.recipients]
                if outgoing.encryption
                else [],
                "cipher": outgoing.encryption.cipher if outgoing.encryption else "",
                "wire-sha256": sign.digest(built.body.chunks(), "sha256")["sha256"].hex(),
                proof.BASE: base,
            }
            files_: dict[str, bytes | Region | Content] = {
                WIRE: built.body,
                FIELDS: packed(built.fields),
                RECORD: packed(record),
                **more,
            }
            entry = self.store.add(key, files_)[0]
        failpoints.reach("as2.prepared")
        return entry

    def state(self, entry: Entry) -> State:
        """How far a delivery is. It waits while a receipt that comes later still may come."""
        if entry.has(PROVEN):
            return State.PROVEN
        if entry.has(REFUSED):
            return State.REFUSED
        tries = entry.json(TRIES) or []
        later = entry.json(RECORD)["receipt"] == "async" and tries and tries[-1]["status"] // 100 == 2  # noqa: PLR2004
        if later and self._clock() - dt.datetime.fromisoformat(tries[-1]["time"]) < self._wait:
            return State.WAITING
        return State.READY

    def send(self, entry: Entry, partner: Partner, url: str) -> State:
        """Try once, if it is neither proven nor waited for.

        Raises:
            TransportError: it did not arrive as far as we know; `retryable` says whether to try again.
            As2Error: the partner refused it, now or in a receipt that came in the meantime; or its receipt proves
                nothing.
        """
        state = self.state(entry)
        if state in {State.PROVEN, State.WAITING}:
            return state
        if state is State.REFUSED:
            entry.put(TOLD, b"")
            raise _refusal(entry)
        with Scratch(self._scratch) as scratch:
            body = Content.of(entry.region(WIRE))
            reply = self._post(url, fields_of(entry.json(FIELDS)), body, scratch.path())
            failpoints.reach("as2.answered")
            tries = [*(entry.json(TRIES) or []), {"time": self._clock().isoformat(), "status": reply.status}]
            entry.put(TRIES, packed(tries[-100:]))
            _check_status(reply.status, partner.settings.them)
            mode = entry.json(RECORD)["receipt"]
            if mode == "none":
                entry.put(PROVEN, packed({"by": "the HTTP status alone", "status": reply.status}))
            elif mode == "sync":
                try:
                    self._judge(entry, partner, reply.headers, reply.body, scratch)
                except As2Error as error:
                    if error.by_partner:
                        entry.put(TOLD, b"")
                    raise
                failpoints.reach("as2.proven")
            return self.state(entry)

    def receipt(self, headers: Headers, body: Region, partner: Partner) -> Entry | None:
        """Take a receipt that came to our own address.

        Returns:
            The delivery that it is about; None if we have sent this partner no such message.

        Raises:
            As2Error: it proves nothing, or the partner refused the message.
        """
        failpoints.reach("as2.receipt-came")
        with Scratch(self._scratch) as scratch:
            them = partner.settings.them
            try:
                found = read_receipt(headers, body, partner.receipt_terms(self._clock()), scratch)
            except As2Error as error:
                log.warning("AS2 receipt refused", partner=them, reason=str(error))
                raise
            stated = found.message_id.strip().strip("<>")
            entry = self.store.find(_key(partner, f"<{stated}>"))
            if entry is None:
                log.warning("AS2 receipt for what this partner was not sent", partner=them, message_id=stated[:300])
            elif not entry.has(PROVEN):
                self._judge(entry, partner, headers, body, scratch)
                failpoints.reach("as2.receipt-kept")
            return entry

    def _judge(self, entry: Entry, partner: Partner, headers: Headers, body: Region, scratch: Scratch) -> None:
        """Keep a receipt as it came, and what it proves. One that proves nothing changes nothing but the log."""
        record = entry.json(RECORD)
        terms = partner.receipt_terms(self._clock())
        mics = [mic.parse(text) for text in record["mics"]]
        known: dict[str, Mic] = {one.algorithm: one for one in mics}
        try:
            found = read_receipt(headers, body, terms, scratch)
            prove(found, record["message-id"], known, terms)
        except As2Error as error:
            log.warning("AS2 receipt", message_id=record["message-id"], reason=str(error), by_partner=error.by_partner)
            if error.by_partner:
                self._keep(entry, headers, body, REFUSED, {"disposition": str(error.disposition), "said": error.detail})
            raise
        signer = found.signature.signer.fingerprint if found.signature else ""
        if found.signature:
            entry.put(proof.RECEIPT_SIGNER, found.signature.signer.der)
        self._keep(entry, headers, body, PROVEN, {"by": signer or "an unsigned receipt", "mic": str(found.mic)})
        log.info("AS2 message proven", message_id=record["message-id"])

    def _keep(self, entry: Entry, headers: Headers, body: Region, name: str, verdict: dict[str, str]) -> None:
        entry.put(RECEIPT, body)
        entry.put(RECEIPT_FIELDS, packed(headers.fields))
        entry.put(name, packed(verdict | {"time": self._clock().isoformat()}))


def _key(partner: Partner, message_id: str) -> str:
    """Where a delivery is kept. A receipt is only looked up among what its signer was sent."""
    return Store.key(partner.settings.us, partner.settings.them, message_id)


def _refusal(entry: Entry) -> As2Error:
    """The error that a negative receipt was, as it was kept."""
    refused = entry.json(REFUSED)
    said = disposition.parse(refused["disposition"])
    error = type(from_partner(said))(refused["said"], by_partner=True)
    error.disposition = said
    return error


_LATER = {408, 425, 429}
_SERVER = 500
_GOOD = range(200, 300)


def _check_status(status: int, who: str) -> None:
    if status not in _GOOD:
        message = f"{who} answered with the HTTP status {status}"
        raise TransportError(message, retryable=status >= _SERVER or status in _LATER)
