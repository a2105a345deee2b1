"""The memory transport: named boxes inside the process, for tests and rehearsals.

A box behaves like a peer's folder, without settling: what is in it is whole. Faults can be queued to rehearse
failures.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from pydantic import Field

from gateway.transports.base import Offer, Receipt, Secrets, Transport
from gateway.transports.files import (
    FileSettings,
    Standing,
    blocks,
    changed,
    check_size,
    choose_name,
    in_order,
    name_put_away,
    pour,
    sha256,
    unchanged,
)
from gateway.transports.names import fill, numbered
from gateway.transports.settle import Entry

Operation = Literal["connect", "offers", "fetch", "acknowledge", "deliver"]


class MemorySettings(FileSettings):
    """Settings of a memory channel.

    Attributes:
        box: name of the box.
    """

    box: str = Field(min_length=1)


@dataclass
class Box:
    """A peer in memory.

    Attributes:
        files: name -> bytes and modification time.
        archived: what was collected and acknowledged under ``after: archive``, in order.
        faults: what to raise at the next calls: operation -> errors, first come first raised.
    """

    files: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    archived: list[tuple[str, bytes]] = field(default_factory=list)
    faults: dict[Operation, deque[Exception]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def put(self, name: str, data: bytes, modified: float | None = None) -> None:
        """Let the peer put a file into the box."""
        with self.lock:
            self.files[name] = (data, time.time() if modified is None else modified)

    def fail(self, operation: Operation, *errors: Exception) -> None:
        """Let the next calls of an operation fail, each with the next of these errors."""
        self.faults.setdefault(operation, deque()).extend(errors)

    def strike(self, operation: Operation) -> None:
        """Raise the next queued fault of this operation, if there is one."""
        queue = self.faults.get(operation)
        if queue:
            raise queue.popleft()


_BOXES: dict[str, Box] = {}


def box(name: str) -> Box:
    """The box of this name; it is made when it is first asked for."""
    return _BOXES.setdefault(name, Box())


def clear() -> None:
    """Forget all boxes."""
    _BOXES.clear()


class MemorySession:
    """An open connection to a box."""

    def __init__(self, settings: MemorySettings) -> None:
        self._settings = settings
        self._box = box(settings.box)
        self._place = address(settings)
        self._box.strike("connect")

    def offers(self) -> Iterator[Offer]:
        """Every file in the box that the channel takes."""
        self._box.strike("offers")
        with self._box.lock:
            entries = [Entry(name, name, len(data), at) for name, (data, at) in self._box.files.items()]
        stays = self._settings.after == "keep"
        for entry in in_order(entries):
            if self._settings.takes(entry.name):
                yield Offer(entry.name, entry.path, entry.size, entry.modified, stays)

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write the file's bytes to `target`."""
        self._box.strike("fetch")
        check_size(offer, self._settings.max_size)
        with self._box.lock:
            data, modified = self._box.files.get(offer.path, (b"", -1.0))
        if not unchanged(offer, len(data), modified):
            raise changed(offer, self._place)
        pieces = iter((data,))
        return pour(lambda _: next(pieces, b""), target, offer, self._place)

    def acknowledge(self, offer: Offer) -> None:
        """Archive or delete the original."""
        self._box.strike("acknowledge")
        with self._box.lock:
            data, modified = self._box.files.get(offer.path, (b"", -1.0))
            if not unchanged(offer, len(data), modified) or self._settings.after == "keep":
                return
            del self._box.files[offer.path]
            if self._settings.after == "archive":
                self._box.archived.append((offer.name, data))
            elif self._settings.after == "rename":
                wanted = name_put_away(offer.path, self._settings)
                numbers = itertools.count(1)
                name = next(n for i in numbers if (n := numbered(wanted, i)) not in self._box.files)
                self._box.files[name] = (data, modified)

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Put a file into the box."""
        self._box.strike("deliver")
        data = b"".join(blocks(source, size, name))
        with self._box.lock:
            chosen, standing = choose_name(name, self._settings, lambda there: self._standing(there, data), self._place)
            if standing is not Standing.SAME:
                self._box.put(chosen, data)
            if self._settings.marker:
                self._box.put(fill(self._settings.marker, chosen), b"")
        return Receipt(chosen, size, repeated=standing is Standing.SAME)

    def probe(self) -> list[str]:
        """There is nothing to reach."""
        self._box.strike("connect")
        return [f"{self._place}: {len(self._box.files)} files"]

    def _standing(self, name: str, data: bytes) -> Standing:
        if name not in self._box.files:
            return Standing.NOTHING
        there = self._box.files[name][0]
        return Standing.SAME if sha256([there]) == sha256([data]) else Standing.OTHER


@contextlib.contextmanager
def connect(settings: MemorySettings, secrets: Secrets) -> Iterator[MemorySession]:  # noqa: ARG001 - the common form
    """Open a session on a box."""
    yield MemorySession(settings)


def address(settings: MemorySettings) -> str:
    """The box."""
    return f"memory box {settings.box!r}"


MEMORY = Transport("memory", "boxes in memory, for tests and rehearsals", MemorySettings, connect, address)
