"""What a transport is: a way to collect files from a peer and to deliver files to one.

The rules that keep files from being lost, halved or doubled are the same for all of them:

* a file is offered only when it has settled (same size and time over several looks and old enough, or its marker
  file is there);
* `fetch` hands out bytes; only `acknowledge`, called after the bytes are durable here, archives or deletes the
  original;
* `deliver` makes a file visible under its final name only when all its bytes are there (temporary name, then
  rename), and doing it twice with the same name and bytes has no second effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from pydantic import BaseModel, ConfigDict

from gateway.answers import Answer
from gateway.bounded import bounded
from gateway.errors import TransportError
from gateway.findings import Finding

Secrets = Callable[[str], str]
"""Resolves a reference (``env:NAME``, ``file:PATH``, ``keyring:SERVICE/NAME``) to a secret."""


class OneFileError(TransportError):
    """One file cannot be had as it was offered: it changed, went, or is not whole. It says nothing of the others."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that a peer offers and that has settled.

    Attributes:
        name: file name as the peer spells it; metadata only, never used as a local path.
        path: how the transport finds it again.
        size: bytes.
        modified: modification time as the peer states it, seconds since 1970; 0 when unknown.
        stays: acknowledging it may change nothing at the peer (``after: keep``, or a mail that has more attachments),
            so it may be offered again. Who has its `identity` already acknowledges it without fetching it.
        key: identity that the transport gives; without one it is made of path, size and time.
    """

    name: str
    path: str
    size: int
    modified: float = 0.0
    stays: bool = False
    key: str = ""

    @property
    def identity(self) -> str:
        """Tells this version of the file from another one under the same name. A long one ends in its hash."""
        return bounded(self.key or f"{self.path}|{self.size}|{self.modified:.3f}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a delivery came to.

    Attributes:
        name: final name at the peer.
        size: bytes that stand there.
        repeated: True when the file already stood there with these bytes and nothing was sent.
        detail: what the peer answered, cut to a readable length; it may hold serial numbers, so it is never logged.
        findings: what the peer found in the file, or what is not known about its fate.
        answer: what the peer said of the content, where it says that at once (a regulator does); PENDING with a
            reference where it will say it later.
        reply: what it said, as it came, as evidence for `answer`.
    """

    name: str
    size: int
    repeated: bool = False
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    answer: Answer | None = None
    reply: bytes = field(default=b"", repr=False)


class TransportSettings(BaseModel):
    """Base of a transport's settings in an agreement.

    Keys are written with hyphens (``max-size``); unknown keys are errors; values are never echoed in messages.
    Relative local paths count from ``root`` in the validation context (the workspace), else from the current
    folder: ``FOLDER.settings.model_validate(values, context={"root": workspace})``.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        alias_generator=lambda field: field.replace("_", "-"),
    )


class Session(Protocol):
    """An open connection to one peer. Not shared between threads."""

    def offers(self) -> Iterator[Offer]:
        """Settled files, oldest first, then by name in natural order.

        May take a few seconds: it looks several times. Files that have not settled are offered at a later call,
        in this session or in another one.

        Raises:
            TransportError: the folder cannot be listed.
        """

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write the file's bytes to `target` and return their number.

        Raises:
            TransportError: the transfer broke, or the file is not the one offered any more (it grew or went).
                What is in `target` then must be thrown away.
            LimitExceeded: the file is over a limit of the channel, such as ``max-size``.
            InputError: the file is refused for what it is, e.g. a mail of a stranger. Record the finding, then
                `acknowledge`: the transport puts it where refused ones go.
        """

    def acknowledge(self, offer: Offer) -> None:
        """The bytes are durable here: archive or delete the original, as the settings say.

        Harmless if it is gone, or if another file stands under its name by now: that one is offered anew.

        Raises:
            TransportError: it could not be moved or deleted; try again later, the file may be offered again.
        """

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Put a file there under `name`, visible only when whole.

        Args:
            name: final name; a plain file name, no path.
            source: a seekable stream at its first byte.
            size: number of bytes in it.

        Raises:
            TransportError: it could not be delivered, or another file stands under `name` already. A retry with the
                same bytes is always safe: if they did arrive, the receipt says ``repeated``.
        """

    def probe(self) -> list[str]:
        """Say in plain lines what was checked: reachable, host key, login, folders. Raises TransportError."""


def acknowledge_all(session: Session, offers: Sequence[Offer]) -> list[TransportError | None]:
    """Acknowledge many offers: for each the error, or None.

    A session with a method of this name does many at a time, which far servers repay: over 40 ms a single one costs
    a tenth of a second.

    Raises:
        TransportError: the connection broke; some may be acknowledged.
    """
    many: Callable[[Sequence[Offer]], list[TransportError | None]] | None = getattr(session, "acknowledge_all", None)
    if many is not None:
        return many(offers)
    said: list[TransportError | None] = []
    for offer in offers:
        try:
            session.acknowledge(offer)
            said.append(None)
        except TransportError as error:
            said.append(error)
    return said


class Keeper(Protocol):
    """Opens sessions as a transport does, and keeps what they connect by for the next ones. Used by many threads."""

    def connect(self, settings: Any, secrets: Secrets, /) -> AbstractContextManager[Session]:
        """Open a session; the context manager ends it."""

    def drop(self) -> None:
        """Close what waits for its next use: settings or secrets have changed."""

    def close(self) -> None:
        """Close what waits for its next use, and keep nothing from here on."""


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport.

    Attributes:
        key: name in agreements, e.g. ``sftp``.
        title: one line for ``gateway list transports``.
        settings: model of the settings in an agreement's channel.
        connect: opens a session; the context manager closes it.
        address: where the peer is, for people: host, port and folder, without secrets.
        keeper: makes what keeps connections open between sessions, if the transport can.
    """

    key: str
    title: str
    settings: type[TransportSettings]
    connect: Callable[[Any, Secrets], AbstractContextManager[Session]]
    address: Callable[[Any], str]
    keeper: Callable[[], Keeper] | None = None
