"""The archive: bytes under their SHA-256, written once, never changed.

``data/archive/ab/cd/abcd…`` holds each content once. A file gets its name only when all its bytes are on the disk:
temporary file, fsync, rename, fsync of the folder. What is half-written stays in ``data/quarantine``, which nobody
reads and which is emptied at the next start.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import ConfigurationError
from gateway.exchange import failpoints
from gateway.sources import Source

BLOCK = 1 << 20
READ_ONLY = 0o440
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class StorageError(ConfigurationError):
    """The disk is full or the archive cannot be written. Nothing is taken from peers until somebody makes room."""

    who = "the operator"


@dataclass(frozen=True, slots=True)
class Stored:
    """A content in the archive."""

    sha256: str
    size: int


class Archive:
    """A content-addressed store of files.

    Args:
        data: folder that holds ``archive`` and ``quarantine``; both are on one file system.
        free_bytes: space that must stay free.
    """

    def __init__(self, data: Path, free_bytes: int = 0) -> None:
        self.root = data / "archive"
        self.quarantine = data / "quarantine"
        self._free_bytes = free_bytes
        with _full_disk_explained(data):
            for folder in (self.root, self.quarantine):
                folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a content lies, whether it is there or not."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Whether a content is there."""
        return self.path(sha256).is_file()

    def require_space(self, size: int) -> None:
        """Refuse early what would fill the disk.

        Raises:
            StorageError: `size` more bytes would leave less than the space that must stay free.
        """
        free = shutil.disk_usage(self.root).free
        if free - size < self._free_bytes:
            message = f"no room for {size:,} bytes: {free:,} are free and {self._free_bytes:,} must stay free"
            raise StorageError(message, hint=f"make room on the disk of {self.root}")

    @contextmanager
    def temporary(self) -> Iterator[BinaryIO]:
        """A file in quarantine, open for writing and reading; it is gone afterwards unless it was kept."""
        with _full_disk_explained(self.root):
            descriptor, name = tempfile.mkstemp(dir=self.quarantine)
            os.close(descriptor)
        path = Path(name)
        stream = path.open("w+b")
        try:
            yield stream
        finally:
            with suppress(OSError):  # on a full disk closing fails once more; the file is given up anyway
                stream.close()
            path.unlink(missing_ok=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A private folder in quarantine; it is gone afterwards.

        Raises:
            StorageError: the disk became full, while the folder was made or while somebody wrote into it.
        """
        with _full_disk_explained(self.root, _NO_ROOM), tempfile.TemporaryDirectory(dir=self.quarantine) as name:
            yield Path(name)

    def keep(self, stream: BinaryIO) -> Stored:
        """Make the bytes of an open quarantine file durable under their hash and return it.

        Raises:
            StorageError: the disk is full; nothing is visible under the hash.
        """
        with _full_disk_explained(self.root):
            stream.flush()
            os.fsync(stream.fileno())
            stream.seek(0)
            stored = _digest(stream)
            self._publish(Path(stream.name), stored)
        return stored

    def put(self, source: Path) -> Stored:
        """Copy a finished file into the archive.

        Raises:
            StorageError: the disk is full; nothing is visible under the hash.
        """
        with _full_disk_explained(self.root), self.temporary() as copy, source.open("rb") as stream:
            shutil.copyfileobj(stream, copy, BLOCK)
            return self.keep(copy)

    def open(self, sha256: str) -> BinaryIO:
        """Open a content for reading.

        Raises:
            StorageError: it is not there.
        """
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError as error:
            message = f"the archive lacks {sha256}"
            raise StorageError(message, hint="restore it from a backup of data/archive") from error

    def source(self, sha256: str, name: str) -> Source:
        """A content as the input of a conversion.

        Args:
            sha256: its hash.
            name: what it is called.
        """
        return Source.file(self.path(sha256), name)

    def verify(self, sha256: str) -> bool:
        """Whether a content is there and still has its hash."""
        if not self.has(sha256):
            return False
        with self.path(sha256).open("rb") as stream:
            return _digest(stream).sha256 == sha256

    def clear_quarantine(self) -> int:
        """Remove what a crash left behind. Only the process that owns the workspace may do so."""
        leftovers = list(self.quarantine.iterdir())
        for path in leftovers:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return len(leftovers)

    def _publish(self, temporary: Path, stored: Stored) -> None:
        final = self.path(stored.sha256)
        for folder in (final.parent.parent, final.parent):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                _sync_folder(folder.parent)
        if final.exists() and final.stat().st_size == stored.size:
            temporary.unlink()
        else:
            temporary.chmod(READ_ONLY)
            temporary.replace(final)
            failpoints.reach("archive.renamed")
        # Also for a content that is there already: the one who put it there may have died before this line.
        _sync_folder(final.parent)


def _digest(stream: BinaryIO) -> Stored:
    digest = hashlib.sha256()
    size = 0
    while block := stream.read(BLOCK):
        digest.update(block)
        size += len(block)
    return Stored(digest.hexdigest(), size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _full_disk_explained(root: Path, only: Collection[int] = ()) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if only and error.errno not in only:
            raise
        message = f"the archive cannot be written: {error.strerror or error}"
        raise StorageError(message, hint=f"make room on the disk of {root}") from error
