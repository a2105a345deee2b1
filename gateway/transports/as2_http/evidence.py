"""Verifying a message again, years later, from what was kept beside it, and saying what that proves.

Nothing here trusts what the gateway wrote down when the message was exchanged: hashes are made anew from the bytes, and
signatures are verified with the certificate that was pinned then. Weak algorithms count as they did then.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from asn1crypto import cms
from cryptography import x509

from gateway.transports.as2 import (
    As2Error,
    Content,
    Headers,
    Pin,
    ReceiptTerms,
    Region,
    Scratch,
    Terms,
    ber,
    keys,
    mic,
    mime,
    multipart,
    open_message,
    read_receipt,
)
from gateway.transports.as2.algorithms import WEAK
from gateway.transports.as2.message import same_message_id
from gateway.transports.as2.mic import Mic
from gateway.transports.as2.open import Payload, signature_bytes, variants
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.receipt_read import Receipt
from gateway.transports.as2.sign import digest
from gateway.transports.as2.verify import verify
from gateway.transports.as2_http import proof
from gateway.transports.as2_http.reception import FIELDS, PRUNED, RECEIPT, RECEIPT_FIELDS, RECORD, WIRE
from gateway.transports.as2_http.sending import PROVEN, REFUSED
from gateway.transports.as2_http.settings import As2Settings
from gateway.transports.as2_http.store import Entry, fields_of

IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        good: True if it holds, False if it does not, None if it cannot be said.
        text: what it is, in plain words.
    """

    good: bool | None
    text: str


@dataclass
class SignedPart:
    """A signature and what it is over.

    Attributes:
        content: the bytes that were signed.
        signature: SignedData.
        signer: the certificate that it was verified with.
        carried: certificates that came inside it.
    """

    content: Content
    signature: bytes
    signer: Pin | None
    carried: list[Pin]


@dataclass
class Evidence:
    """What is kept of a message, and what it proves.

    Attributes:
        direction: ``in`` or ``out``.
        entry: where it is kept.
        record: what was written down then.
        checks: what was looked at.
        proven: the partner cannot deny it.
        signed: our partner's signature over the message, of what came in.
        receipt: the receipt's signature: ours of what came in, the partner's of what went out.
        base: the bytes that the MIC is made of.
        files: names and bytes of the files in the message.
    """

    direction: str
    entry: Entry
    record: Mapping[str, Any]
    checks: list[Check] = field(default_factory=list)
    proven: bool = False
    signed: SignedPart | None = None
    receipt: SignedPart | None = None
    base: Content | None = None
    files: list[tuple[str, Region]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Something does not hold: the archive was changed or is damaged."""
        return any(check.good is False for check in self.checks)

    def add(self, good: bool | None, text: str) -> bool:  # noqa: FBT001 - the outcome itself
        """Note a check; gives whether it holds."""
        self.checks.append(Check(good, text))
        return bool(good)


def examine(direction: str, entry: Entry, partner: Partner | None, scratch: Scratch) -> Evidence:
    """Verify a message again.

    Args:
        direction: ``in`` for what came in, ``out`` for what went out.
        entry: where it is kept.
        partner: as agreed today, for our keys; None if there is no such agreement any more.
        scratch: for what is decrypted and expanded; the files of the result lie in it.
    """
    found = Evidence(direction, entry, entry.json(RECORD) or {})
    if entry.has(PRUNED):
        found.add(None, f"the bytes were deleted on {entry.json(PRUNED)['time'][:10]}, as the retention says")
    _wire(found)
    found.base = proof.base_of(entry, found.record)
    if found.base is None:
        found.add(None, "the bytes that were signed are not kept")
    (_came_in if direction == IN else _went_out)(found, partner, scratch)
    return found


def _wire(found: Evidence) -> None:
    stated = found.record.get("wire-sha256", "")
    if not stated or not found.entry.has(WIRE):
        found.add(None, "the bytes of the HTTP request are not kept, or no hash of them was")
        return
    good = digest(found.entry.region(WIRE).chunks(), "sha256")["sha256"].hex() == stated
    text = "are those that the record names" if good else "are not those that the record names: they were changed"
    found.add(good, f"the bytes of the HTTP request ({found.entry.region(WIRE).size:,}) {text}")


# ── what came in ──────────────────────────────────────────────────────────────────────────────────────


def _came_in(found: Evidence, partner: Partner | None, scratch: Scratch) -> None:
    record = found.record
    them, when = record.get("sender", "?"), record.get("time", "")
    signature = base64.b64decode(record.get("signature", ""))
    if not signature:
        found.add(None, f"{them} did not sign the message, or the signature is not kept: it proves nothing to others")
        _same_mic(found)
    elif found.base is not None:
        pin = _pin(found.entry, proof.SIGNER)
        found.signed = SignedPart(found.base, signature, pin, carried(signature))
        found.proven = _verified(found, found.signed, f"{them} signed the message", when)
    _contents(found, scratch)
    for number, payload in enumerate(record.get("payloads", ())):
        _same_file(found, payload, number)
    if partner is not None:
        _reopened(found, partner, scratch)
    receipt = _read(found, found.record.get("message-id", ""), scratch, None)
    if receipt:
        found.add(receipt.disposition.good, f"our receipt says: {receipt.disposition}")
        if receipt.mic is not None and found.base is not None:
            same = receipt.mic.same(_mic(found.base, receipt.mic.algorithm))
            text = "is the hash of the signed bytes" if same else "is made of other bytes, as the agreement may say"
            found.add(same or None, f"its MIC {receipt.mic} {text}")


def _same_file(found: Evidence, payload: Mapping[str, Any], number: int) -> None:
    if not found.entry.has(payload["file"]) or number >= len(found.files):
        return
    kept = digest(found.entry.region(payload["file"]).chunks(), "sha256")
    good = kept == digest(found.files[number][1].chunks(), "sha256")
    text = "are those inside what was signed" if good else "are NOT those inside what was signed"
    found.add(good, f"the file {payload['name']}: its {payload['size']:,} bytes {text}")


def _reopened(found: Evidence, partner: Partner, scratch: Scratch) -> None:
    """Decrypt the bytes of the wire again, if a key that is still listed opens them."""
    entry, signer = found.entry, _pin(found.entry, proof.SIGNER)
    if not entry.has(WIRE) or not entry.has(FIELDS) or found.base is None:
        return
    now = dt.datetime.fromisoformat(found.record["time"])
    terms = replace(partner.terms(now), signers=(signer,) if signer else (), encrypted=False, signed=False, allow=WEAK)
    try:
        opened = open_message(Headers(fields_of(entry.json(FIELDS))), entry.region(WIRE), terms, scratch)
    except As2Error:
        text = "no key of ours that is listed today opens the bytes of the HTTP request; the signature needs none"
        found.add(None, text)
        return
    good = _hash(opened.base) == _hash(found.base)
    text = "holds" if good else "does NOT hold"
    found.add(good, f"decrypted again with our key, the HTTP request {text} the bytes that are kept as signed")


# ── what went out ─────────────────────────────────────────────────────────────────────────────────────


def _went_out(found: Evidence, partner: Partner | None, scratch: Scratch) -> None:
    record, entry = found.record, found.entry
    them = record.get("receiver", "?")
    _contents(found, scratch)
    _same_mic(found)
    if not entry.has(RECEIPT):
        proven = entry.json(PROVEN)
        said = f"only {proven['by']} says that it arrived" if proven else "no receipt has come"
        found.add(None, f"{said}: nothing proves that {them} has it")
        return
    verdict = entry.json(PROVEN) or entry.json(REFUSED) or {}
    receipt = _read(found, record.get("message-id", ""), scratch, partner, them, verdict.get("time", ""))
    if receipt is None:
        return
    if not found.add(receipt.disposition.good, f"it says: {receipt.disposition}"):
        return
    if receipt.mic is None or found.base is None:
        found.add(None, "it does not say what was received, or the bytes that it is about are not kept")
        return
    good = receipt.mic.same(_mic(found.base, receipt.mic.algorithm))
    text = "is the hash of what we sent" if good else "is NOT the hash of what we sent"
    found.add(good, f"its MIC {receipt.mic} {text}")
    found.proven = good and found.receipt is not None and not found.failed


def _same_mic(found: Evidence) -> None:
    """Whether the bytes that are kept are those whose hash was written down."""
    base = found.base
    for one in stated_mic(found.record) if base is not None else ():
        good = base is not None and digest(base.chunks(), one.algorithm)[one.algorithm] == one.value
        text = "has" if good else "does NOT have"
        found.add(good, f"what is kept of the message {text} the {one.algorithm} that was written down then")


# ── both ──────────────────────────────────────────────────────────────────────────────────────────────


def _contents(found: Evidence, scratch: Scratch) -> None:
    """The files inside the bytes that were signed."""
    if found.base is None:
        return
    fields = found.entry.json(FIELDS) or []
    try:
        payloads = list(_payloads(found, Headers(fields_of(fields)), scratch))
    except (As2Error, OSError) as error:
        found.add(None, f"the files inside cannot be read: {error}")
        return
    stated = found.record.get("files") or [one["name"] for one in found.record.get("payloads", ())]
    for number, payload in enumerate(payloads):
        name = payload.filename or (stated[number] if number < len(stated) else "")
        found.files.append((name or f"file-{number + 1}", payload.region))


def _payloads(found: Evidence, headers: Headers, scratch: Scratch) -> Iterator[Payload]:
    base = found.base or Content(())
    region = scratch.keep(base.chunks())
    address = [(name, headers.get(name)) for name in ("AS2-From", "AS2-To", "Message-ID")]
    if found.record.get(proof.BASE) == [{"file": WIRE}]:
        inside, body = headers, region
    else:
        try:
            inside, body = mime.split(region)
        except As2Error:  # a MIC without headers, by a partner's flag
            yield Payload(region, "application/octet-stream")
            return
    own = [(name, value) for name, value in inside.fields if name.lower().startswith("content-")]
    terms = Terms(encrypted=False, signed=False, allow=WEAK)
    yield from open_message(Headers([*address, *own]), body, terms, scratch).payloads


def _read(
    found: Evidence, message_id: str, scratch: Scratch, partner: Partner | None, them: str = "", when: str = ""
) -> Receipt | None:
    """Read the receipt again; `them` is its signer, empty if that is us."""
    entry = found.entry
    if not entry.has(RECEIPT):
        return None
    headers, body = Headers(fields_of(entry.json(RECEIPT_FIELDS))), entry.region(RECEIPT)
    who = them or "we"
    if headers.content_type() == "multipart/signed":
        try:
            parts = multipart.parts(body, headers.parameter("Content-Type", "boundary"), 2)
            signature = signature_bytes(parts[1], scratch)
        except (As2Error, IndexError) as error:
            found.add(False, f"the receipt cannot be read: {error}")
            return None
        inside = carried(signature)
        pin = _pin(entry, proof.RECEIPT_SIGNER) or _listed(signature, partner)
        pinned = pin is not None or not them
        pin = pin or _named(signature, inside)
        for content in variants(parts[0], crlf=True):
            found.receipt = SignedPart(content, signature, pin, inside)
            probe = Evidence(found.direction, entry, found.record)
            good = _verified(probe, found.receipt, f"{who} signed the receipt", when)
            if good:
                break
        found.checks += probe.checks
        if not pinned:
            found.add(None, "the certificate of the receipt is not one that was pinned")
            found.receipt = None
    else:
        found.add(None, "the receipt is not signed: it proves nothing to others")
    try:
        pins = (found.receipt.signer,) if found.receipt and found.receipt.signer else ()
        receipt = read_receipt(headers, body, ReceiptTerms(pins, signed=False, allow=WEAK, crlf_variants=True), scratch)
    except As2Error as error:
        found.add(False if found.receipt else None, f"the receipt: {error.message}")
        return None
    if not same_message_id(receipt.message_id, message_id):
        found.add(False, f"the receipt is about {receipt.message_id[:300]}, not about this message")
        return None
    return receipt


def _verified(found: Evidence, part: SignedPart, what: str, when: str) -> bool:
    """Verify a signature, and look whether its certificate was valid then."""
    if part.signer is None:
        return found.add(None, f"{what}, but its certificate is not kept")
    try:
        verify(part.signature, [part.signer], [lambda name: digest(part.content.chunks(), name)[name]], WEAK)
    except As2Error as error:
        return found.add(False, f"NOT true that {what}: {error.message}")
    made = part.signer.certificate
    found.add(True, f"{what} with the key of {part.signer.subject}, SHA-256 {part.signer.fingerprint}")
    if when:
        moment = dt.datetime.fromisoformat(when)
        valid = made.not_valid_before_utc <= moment <= made.not_valid_after_utc
        until = f"{made.not_valid_before_utc:%Y-%m-%d} to {made.not_valid_after_utc:%Y-%m-%d}"
        text = "was valid" if valid else "was NOT valid"
        found.add(valid or None, f"that certificate {text} when it came ({until})")
    return True


def carried(signature: bytes) -> list[Pin]:
    """The certificates inside a SignedData; they prove nothing by themselves, and complete a chain."""
    try:
        with ber.strict_asn1():
            inside = ber.load(cms.ContentInfo, signature)["content"]["certificates"]
            ders = [one.chosen.dump() for one in inside or () if one.name == "certificate"]
        return [Pin(x509.load_der_x509_certificate(der)) for der in ders]
    except (ber.Malformed, ValueError):
        return []


def _named(signature: bytes, pins: list[Pin]) -> Pin | None:
    try:
        with ber.strict_asn1():
            signers = ber.load(cms.ContentInfo, signature)["content"]["signer_infos"]
            return keys.named(pins, signers[0]["sid"])
    except ber.Malformed:
        return None


def _listed(signature: bytes, partner: Partner | None) -> Pin | None:
    return _named(signature, [one.pin for one in partner.theirs]) if partner else None


def _pin(entry: Entry, name: str) -> Pin | None:
    if not entry.has(name):
        return None
    region = entry.region(name)
    try:
        return Pin(x509.load_der_x509_certificate(region.slice(0, region.size)))
    except (ValueError, binascii.Error):
        return None


def _mic(content: Content, name: str) -> Mic:
    return Mic(digest(content.chunks(), name)[name], name)


def _hash(content: Content) -> bytes:
    hashing = hashlib.sha256()
    for chunk in content.chunks():
        hashing.update(chunk)
    return hashing.digest()


def stated_mic(record: Mapping[str, Any]) -> list[Mic]:
    """The MICs that were written down."""
    return [mic.parse(text) for text in record.get("mics", [record["mic"]] if "mic" in record else [])]


def pins_of(entry: Entry, settings: As2Settings) -> tuple[Pin, ...]:
    """The certificate that the receipt of a delivery was verified with; before that, all of the partner's."""
    kept = _pin(entry, proof.RECEIPT_SIGNER)
    if kept is not None:
        return (kept,)
    return tuple(keys.certificates(one.certificate.read_bytes())[0] for one in settings.theirs)
