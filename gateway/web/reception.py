"""Making durable what was pushed, before its sender hears of it.

``quarantine -> archive (durable) -> ledger (durable) -> answer``. The process may die between any two of these. The
client then has no answer and sends the file again: with the same idempotency key it gets the answer that it missed, and
there is one message; without a key the same bytes become a message in state ``duplicate``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from gateway import logs
from gateway.bounded import bounded
from gateway.exchange import failpoints
from gateway.exchange.archive.store import Archive
from gateway.exchange.ledger.intake import Arrival, OtherContentError
from gateway.exchange.ledger.record import Ledger
from gateway.exchange.ledger.tables import Message
from gateway.web.doors import Client, Door
from gateway.web.problems import Problem

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A file in quarantine and what is known of it.

    Attributes:
        client: who pushed it.
        door: into which channel.
        name: its name.
        key: idempotency key, empty for none.
        error_behaviour: what is to be done about wrong events (`gateway.exchange.ledger.tables.Message`).
    """

    client: Client
    door: Door
    name: str
    key: str
    error_behaviour: str = ""

    def identity(self) -> str:
        """Tells this push from another one; the same at each try when the client gives a key."""
        return bounded(f"http|{self.client.name}|{self.key or f'|{uuid.uuid4().hex}'}")


class Reception:
    """Takes pushed files into the archive and the ledger. Its methods wait for the disk.

    Args:
        ledger: where arrivals are recorded.
        archive: where bytes become durable.
    """

    def __init__(self, ledger: Ledger, archive: Archive) -> None:
        self._ledger = ledger
        self._archive = archive

    @contextmanager
    def quarantine(self, size: int) -> Iterator[BinaryIO]:
        """A file to write into; it is gone afterwards unless it was secured.

        Raises:
            StorageError: there is no room for so many bytes.
        """
        self._archive.require_space(size)
        with self._archive.temporary() as stream:
            yield stream

    def secure(self, stream: BinaryIO, pushed: Pushed, configuration: str) -> tuple[Message, str]:
        """Make a file in quarantine durable; returns its message and the identity to confirm with.

        Raises:
            Problem: its idempotency key was used for another file.
            StorageError: the disk is full; nothing of the file is visible.
        """
        stored = self._archive.keep(stream)
        failpoints.reach("serve.archived")
        door = pushed.door
        arrival = Arrival(
            door.partner,
            door.channel,
            pushed.name,
            pushed.identity(),
            stored,
            configuration,
            pushed.error_behaviour,
        )
        try:
            message, new = self._ledger.receive(arrival, same_content=door.same_content, once=bool(pushed.key))
        except OtherContentError:
            why = "This Idempotency-Key was used for another file or request. Give each of them a key of its own."
            raise Problem(422, why) from None
        failpoints.reach("serve.recorded")
        event = "pushed" if new else "pushed again"
        log.info(event, message=message.id, channel=door.channel, client=pushed.client.name, size=message.size)
        return message, arrival.identity

    def confirm(self, door: Door, identity: str) -> None:
        """The client was told."""
        failpoints.reach("serve.answered")
        self._ledger.acknowledged(door.channel, identity)
