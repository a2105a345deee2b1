"""Messages on disk, each a folder that appears whole or not at all.

A folder is written under a temporary name, every file of it and it itself are flushed to the disk, then it is renamed.
So after a crash at any instant a message is there with all its files, or it is not there; and of two processes that
store one message at the same time, one wins and the other one finds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.transports.as2 import Content, Region
from gateway.transports.as2.build import Fields
from gateway.transports.as2.content import CHUNK

_HALF = ".half-"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Linked:
    """A file that is stored without copying it; nobody may change it afterwards.

    Attributes:
        path: a file on the same disk.
    """

    path: Path


Stored = bytes | Region | Content | Linked
"""What can be stored as a file."""


class Store:
    """A folder of messages: new ones in it, those that nothing is to be done with any more in ``done`` inside it.

    Args:
        root: where they lie; made if it is not there. What a crash left half is removed by `clean`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        new = [folder for folder in (root / DONE, root, *root.parents) if not folder.is_dir()]
        (root / DONE).mkdir(parents=True, exist_ok=True)
        for folder in new:  # a power cut must not take a folder away with all that it holds
            flush_folder(folder.parent)

    @staticmethod
    def key(*words: str) -> str:
        """Name of a message's folder: a hash of what tells it from all others. No word of it can be a path."""
        return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:40]

    def find(self, key: str) -> Entry | None:
        """A stored message, new or done."""
        # New ones first: a message that is just being finished is then found at its second place.
        places = (self.root / key, self.root / DONE / key)
        return next((Entry(path) for path in places if path.is_dir()), None)

    def entries(self) -> Iterator[Entry]:
        """The new messages, in the order in which they came; without those that others finish meanwhile."""
        found = []
        for path in self.root.iterdir():
            if not path.name.startswith(".") and path.name != DONE:
                with contextlib.suppress(FileNotFoundError):
                    found.append((path.stat().st_mtime_ns, path.name))
        for _, name in sorted(found):
            yield Entry(self.root / name)

    def clean(self) -> None:
        """Remove what a process that died left half. Only when no other process writes here."""
        for path in self.root.glob(f"{_HALF}*"):
            shutil.rmtree(path, ignore_errors=True)

    def add(self, key: str, files: Mapping[str, Stored]) -> tuple[Entry, bool]:
        """Store a message.

        Returns:
            The message, and whether it is this one: False if it was there already, which is then left as it is.

        Raises:
            OSError: the disk is full or broken; nothing is there then.
        """
        half = self.root / f"{_HALF}{uuid.uuid4().hex}"
        half.mkdir()
        try:
            for name, content in files.items():
                write(half / name, content)
            flush_folder(half)
            with self._alone():
                found = self.find(key)
                if found is not None:
                    return found, False
                half.rename(self.root / key)
            flush_folder(self.root)
            return Entry(self.root / key), True
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def finish(self, entry: Entry) -> None:
        """Nothing is to be done with a message any more; it is kept, and known again."""
        with self._alone(), contextlib.suppress(FileNotFoundError):
            entry.path.rename(self.root / DONE / entry.path.name)
            flush_folder(self.root / DONE)
            flush_folder(self.root)

    def remove(self, entry: Entry) -> None:
        """Remove a message that is needed no more."""
        half = self.root / f"{_HALF}{uuid.uuid4().hex}"
        with contextlib.suppress(FileNotFoundError):
            entry.path.rename(half)
            flush_folder(self.root)
        shutil.rmtree(half, ignore_errors=True)

    def retire(self, entry: Entry) -> None:
        """Make room for another message under the same key; this one is kept under a name that nobody looks for."""
        with self._alone():
            entry.path.rename(self.root / DONE / f"{entry.path.name}-{uuid.uuid4().hex}")
            flush_folder(self.root / DONE)
            flush_folder(entry.path.parent)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from adding or finishing."""
        with (self.root / ".lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


class Entry:
    """One stored message."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def region(self, name: str) -> Region:
        """One of its files."""
        return Region.whole(self.path / name)

    def json(self, name: str) -> Any:
        """One of its files that holds values; None if it is not there."""
        with contextlib.suppress(FileNotFoundError):
            return json.loads((self.path / name).read_bytes())
        return None

    def has(self, name: str) -> bool:
        """Whether it has such a file."""
        return (self.path / name).exists()

    def put(self, name: str, content: bytes | Region | Content) -> None:
        """Add or replace a file, by one rename."""
        half = self.path / f"{_HALF}{uuid.uuid4().hex}"
        try:
            write(half, content)
            half.rename(self.path / name)
        finally:
            half.unlink(missing_ok=True)
        flush_folder(self.path)


def sweep(folder: Path, seconds: float) -> None:
    """Remove what a process that died left in a folder for passing files, if it is older than so many seconds."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime >= seconds:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def write(path: Path, content: Stored) -> None:
    """Write a file and flush it to the disk."""
    if isinstance(content, Linked):
        os.link(content.path, path)
        with path.open("rb") as linked:
            os.fsync(linked.fileno())
        return
    with path.open("wb", buffering=CHUNK) as stream:
        for chunk in Content.of(content).chunks():
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())


def flush_folder(path: Path) -> None:
    """Flush the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def packed(value: Any) -> bytes:
    """Values for `Entry.json`."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8")


def fields_of(value: Any) -> Fields:
    """Header fields that `packed` wrote."""
    return [(str(name), str(text)) for name, text in value]
