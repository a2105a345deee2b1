"""What the commands that send by hand share: send once, wait for a receipt that comes later, and tell what it says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import click

from gateway.errors import TransportError, UsageError
from gateway.printable import printable

if TYPE_CHECKING:
    from gateway.exchange.operations.as2_parties import Party
    from gateway.exchange.workspace import Workspace
    from gateway.transports.as2 import Receipt
    from gateway.transports.as2_http.session import As2Session
    from gateway.transports.as2_http.settings import As2Settings
    from gateway.transports.as2_http.store import Entry

LOOK = 0.5  # seconds between two looks for a receipt
WAIT = 60

STATUS = {
    301: "the address has moved: ask the partner for the new one",
    302: "the address has moved, or wants a login: ask the partner for the one that takes AS2",
    400: "is this the address that takes AS2 messages? ask the partner what their log says",
    401: "the partner's server wants a password or a client certificate: ask the partner",
    403: "the partner does not know us under these ids, our address, or our client certificate: compare them",
    404: "the path of the url is wrong: ask the partner for it",
    405: "the path of the url is wrong: ask the partner for it",
    411: "their server wants a Content-Length, which we state: is a proxy between that changes it?",
    413: "the file is too large for the partner's server",
    500: "the partner's server is in trouble: ask them what their log says for this message id",
    502: "the partner's proxy does not reach their AS2 server: ask them",
    503: "the partner's server is busy or down: try again later",
}


@dataclass
class Sent:
    """A message that was sent by hand.

    Attributes:
        entry: where it is kept; None if it could not even be built.
        seconds: how long it took.
        error: why it is not proven to have arrived; None if it is.
        repeated: the partner had it before.
    """

    entry: Entry | None = None
    seconds: float = 0.0
    error: TransportError | None = None
    repeated: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """HTTP status of the last answer; 0 for none."""
        tries = (self.entry.json("tries") if self.entry else None) or [{"status": 0}]
        return int(tries[-1]["status"])

    def hint(self) -> str:
        """What to do about the error."""
        if self.error is None:
            return ""
        return self.error.hint or (STATUS.get(self.status, "") if "HTTP status" in self.error.message else "")


def sending(party: Party) -> As2Settings:
    """How the partner is sent to.

    Raises:
        UsageError: it is not.
    """
    if party.sending is None:
        message = f"no agreement says where {party.them} takes messages"
        raise UsageError(message, hint="give a channel or target of theirs a `url`")
    return party.sending


def send(workspace: Workspace, settings: As2Settings, name: str, source: BinaryIO, size: int, wait: float) -> Sent:
    """Send a file, and wait for its receipt.

    Args:
        workspace: the workspace.
        settings: where and how.
        name: of the file, for the partner.
        source: its bytes.
        size: their number.
        wait: seconds for a receipt that comes later.

    Raises:
        ConfigurationError: a certificate or key cannot be used.
    """
    sent, began = Sent(), time.monotonic()
    with _session(workspace, settings) as session:
        while True:
            source.seek(0)
            try:
                sent.repeated = session.deliver(name, source, size).repeated and not sent.notes
                sent.error = None
            except TransportError as error:
                sent.error = error
            sent.entry = session.delivered
            waits = sent.error is not None and "owes its receipt" in sent.error.message
            if not waits or time.monotonic() - began >= wait:
                break
            sent.notes = ["the receipt comes later, to `gateway as2 serve`"]
            time.sleep(LOOK)
    sent.seconds = time.monotonic() - began
    return sent


@contextmanager
def _session(workspace: Workspace, settings: As2Settings) -> Iterator[As2Session]:
    from gateway.transports.as2_http.session import connect
    from gateway.transports.secrets import secrets

    with connect(settings, secrets(workspace.settings.root)) as session:
        yield session


def tell(sent: Sent, settings: As2Settings) -> None:
    """Print what was sent and what was answered."""
    if sent.entry is not None:
        record = sent.entry.json("record")
        size = sent.entry.region("wire").size if sent.entry.has("wire") else 0
        signed = "signed" if record.get("signer") else "not signed"
        encrypted = f"encrypted by {record['cipher']}" if record.get("cipher") else "not encrypted"
        line("sent", f"{size:,} bytes, {signed}, {encrypted}")
        line("message id", record["message-id"])
    for note in sent.notes:
        line("", note)
    if sent.status:
        line("answer", f"HTTP {sent.status} after {sent.seconds:.1f} s")
    receipt = _receipt(sent, settings)
    if receipt is not None:
        colour = "green" if receipt.disposition.good else "red"
        line("receipt", str(receipt.disposition), colour)
        signer = receipt.signature.signer.subject if receipt.signature else ""
        line("", f"signed with the pinned certificate of {signer}" if signer else "not signed")
        line("", f"MIC {receipt.mic}" if receipt.mic else "no MIC")
        if receipt.reporting_ua:
            line("", f"their system: {receipt.reporting_ua}")
        if receipt.text:
            line("it says", " ".join(receipt.text.split())[:500])


def line(key: str, value: str, colour: str = "") -> None:
    """One line of what happened."""
    click.echo(f"{key:11} {click.style(printable(value), fg=colour or None)}")


def _receipt(sent: Sent, settings: As2Settings) -> Receipt | None:
    """The receipt that is kept with the message, read again; None if there is none, or it is odd."""
    import tempfile
    from pathlib import Path

    from gateway.transports.as2 import Headers, ReceiptTerms, Scratch, read_receipt
    from gateway.transports.as2.algorithms import WEAK
    from gateway.transports.as2_http.evidence import pins_of
    from gateway.transports.as2_http.store import fields_of

    entry = sent.entry
    if entry is None or not entry.has("receipt"):
        return None
    with tempfile.TemporaryDirectory() as folder, Scratch(Path(folder)) as scratch:
        headers = Headers(fields_of(entry.json("receipt-fields")))
        terms = ReceiptTerms(pins_of(entry, settings), signed=False, allow=WEAK, crlf_variants=True)
        try:
            return read_receipt(headers, entry.region("receipt"), terms, scratch)
        except TransportError:
            return None
