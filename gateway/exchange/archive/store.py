"""The archive: bytes under their SHA-256, written once, never changed.

``data/archive/ab/cd/abcd…`` holds each content once. A file gets its name only when all its bytes are on the disk:
temporary file, fsync, rename, fsync of the folder. What is half-written stays in ``data/quarantine``, which nobody
reads and which is emptied at the next start.

With a key, contents are encrypted at rest (`gateway.exchange.archive.sealed`) and their names end in ``.gcm``; the
hash is always that of the content. Both kinds may lie side by side. While a file is at work, its bytes lie plain in
quarantine.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gateway import private
from gateway.errors import ConfigurationError
from gateway.exchange import failpoints
from gateway.exchange.archive.sealed import Damaged, Keys, plain_size
from gateway.sources import Source

BLOCK = 1 << 20
READ_ONLY = 0o440
SEALED = ".gcm"
LOCK = "archive.lock"
ASIDE = "aside"
DAY = 86400.0  # seconds
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
        keys: encrypt with these; None for plain files.
        worker: name of the worker, where several work beside each other: each has a quarantine of its own.
    """

    def __init__(self, data: Path, free_bytes: int = 0, keys: Keys | None = None, worker: str = "") -> None:
        self.root = data / "archive"
        self.quarantine = data / "quarantine" / worker
        self._free_bytes = free_bytes
        self._keys = keys
        self._lock = data / LOCK
        with _full_disk_explained(data):
            new = not self.root.is_dir()
            for folder in (self.root, self.quarantine):
                private.folder(folder)
            if new:  # a power cut must not take the folder away with all that it holds
                for parent in (data, data.parent):
                    _sync_folder(parent)

    def path(self, sha256: str) -> Path:
        """Where a content lies when it is not encrypted, whether it is there or not."""
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def locate(self, sha256: str) -> Path | None:
        """The file that holds a content, plain or encrypted; None when it is not there."""
        plain = self.path(sha256)
        return next((path for path in (_sealed(plain), plain) if path.is_file()), None)

    def has(self, sha256: str) -> bool:
        """Whether a content is there."""
        return self.locate(sha256) is not None

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

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Work beside the exchange, which empties its quarantine when it starts: in a quarantine of one's own.

        What a process left there that died is removed when it is a day old.
        """
        shared = self.quarantine
        with _full_disk_explained(self.root):
            parent = self.root.parent / ASIDE
            private.folder(parent)
            for left in parent.iterdir():
                with suppress(OSError):
                    if time.time() - left.stat().st_mtime > DAY:
                        shutil.rmtree(left)
            own = tempfile.mkdtemp(dir=parent)
        try:
            self.quarantine = Path(own)
            yield
        finally:
            self.quarantine = shared
            shutil.rmtree(own, ignore_errors=True)

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
            self._publish(stream, stored)
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
        path = self._there(sha256)
        try:
            stream = path.open("rb")
        except FileNotFoundError:
            path = self._there(sha256)  # it was encrypted at this moment, and has its other name now
            stream = path.open("rb")
        if path.suffix != SEALED:
            return stream
        try:
            return self._readable().open(stream)
        except Damaged as error:
            stream.close()
            message = f"the archive's file of {sha256} is damaged"
            raise StorageError(message, hint="restore it from a backup of data/archive") from error

    def source(self, sha256: str, name: str) -> Source:
        """A content as the input of a conversion.

        Args:
            sha256: its hash.
            name: what it is called.

        Raises:
            StorageError: it is not there.
        """
        path = self._there(sha256)
        if path.suffix != SEALED and self._keys is None:
            return Source.file(path, name)
        # With a key the file may get its other name at any moment (`seal_all`).
        return Source(name, opener=partial(self.open, sha256), length=_content_size(path))

    def verify(self, sha256: str) -> bool:
        """Whether a content is there and still has its hash.

        Raises:
            ConfigurationError: it is encrypted with a key that is not given.
        """
        try:
            with self.open(sha256) as stream:
                return _digest(stream).sha256 == sha256
        except (StorageError, Damaged):
            return False

    def contents(self) -> Iterator[tuple[str, Path]]:
        """Hash and file of everything that is there, in the order of the hashes."""
        for path in sorted(self.root.glob("??/??/*")):
            yield path.name.removesuffix(SEALED), path

    def seal_all(self) -> int:
        """Encrypt, with the key of now, what is plain or was encrypted with an older key; returns how many were.

        A content is there under one of its names at any time. Safe to break off and begin again.
        """
        count = 0
        for sha256, path in self.contents():
            if not path.is_file():
                continue  # pruned meanwhile
            if path.suffix == SEALED:
                with path.open("rb") as stream:
                    if self._readable().is_current(stream):
                        continue
            with self.open(sha256) as stream, self.temporary() as copy:
                shutil.copyfileobj(stream, copy, BLOCK)
                copy.flush()
                copy.seek(0)
                self._place(copy, _sealed(self.path(sha256)))
            if path.suffix != SEALED:
                path.unlink(missing_ok=True)
                _sync_folder(path.parent)
            count += 1
        return count

    def drop(self, sha256: str, unless_newer: float) -> bool:
        """Delete a content, unless somebody put it there, or found it there, after a moment (seconds since 1970).

        Whoever puts the same bytes there at this instant either finds them gone, or makes them new enough to stay.
        """
        with self._locked(fcntl.LOCK_EX):
            plain = self.path(sha256)
            there = [path for path in (_sealed(plain), plain) if path.is_file()]
            if not there or any(path.stat().st_mtime > unless_newer for path in there):
                return False
            for path in there:  # both, where encrypting broke off in between
                path.unlink()
            _sync_folder(plain.parent)
        return True

    def clear_quarantine(self) -> int:
        """Remove what a crash left behind. Only the process that owns the workspace may do so."""
        leftovers = list(self.quarantine.iterdir())
        for path in leftovers:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return len(leftovers)

    def _publish(self, temporary: BinaryIO, stored: Stored) -> None:
        final = self.path(stored.sha256)
        for folder in (final.parent.parent, final.parent):
            if not folder.is_dir():
                folder.mkdir(private.FOLDER, exist_ok=True)
                _sync_folder(folder.parent)
        with self._locked(fcntl.LOCK_SH):
            known = self.locate(stored.sha256)
            if known is not None and _content_size(known) == stored.size:
                os.utime(known)  # new enough for `drop` to let it stay
            else:
                self._place(temporary, final if self._keys is None else _sealed(final))
                failpoints.reach("archive.renamed")
        # Also for a content that is there already: the one who put it there may have died before this line.
        _sync_folder(final.parent)

    def _place(self, temporary: BinaryIO, final: Path) -> None:
        """Give the bytes of an open quarantine file their name, encrypted where the name says so."""
        if final.suffix != SEALED:
            path = Path(temporary.name)
            path.chmod(READ_ONLY)
            path.replace(final)
            return
        with self.temporary() as sealed:
            temporary.seek(0)
            self._readable().seal(temporary, sealed)
            sealed.flush()
            os.fsync(sealed.fileno())
            path = Path(sealed.name)
            path.chmod(READ_ONLY)
            path.replace(final)

    def _there(self, sha256: str) -> Path:
        path = self.locate(sha256)
        if path is None:
            message = f"the archive lacks {sha256}"
            raise StorageError(message, hint="restore it from a backup of data/archive")
        return path

    def _readable(self) -> Keys:
        if self._keys is None:
            message = "the archive holds encrypted files, and no key is set"
            raise ConfigurationError(message, hint="set `key` under [archive] in gateway.toml")
        return self._keys

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        with private.appended(self._lock) as stream:
            fcntl.flock(stream.fileno(), kind)
            yield


def _sealed(plain: Path) -> Path:
    return plain.with_name(plain.name + SEALED)


def _content_size(path: Path) -> int:
    size = path.stat().st_size
    return plain_size(size) if path.suffix == SEALED else size


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
