"""The folder transport: drop folders on this machine or on a mounted share."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationInfo, field_validator

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Offer, Receipt, Secrets, Transport
from gateway.transports.files import (
    CHECKSUM_FILE_BYTES,
    FileSettings,
    Standing,
    blocks,
    changed,
    check_size,
    choose_name,
    day,
    pour,
    settled_offers,
    sha256,
    unchanged,
)
from gateway.transports.settle import Entry, Settling

_TEMPORARY_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY, errno.EAGAIN}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class FolderSettings(FileSettings):
    """Settings of a drop folder.

    Attributes:
        path: the folder. It must exist: a share that is not mounted must not look like an empty folder.
    """

    path: Path

    @field_validator("path")
    @classmethod
    def _from_the_workspace(cls, value: Path, info: ValidationInfo) -> Path:
        root = (info.context or {}).get("root")
        return Path(root) / value if root else value


class FolderSession:
    """An open drop folder."""

    def __init__(
        self,
        settings: FolderSettings,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._folder = settings.path
        self._place = address(settings)
        self._settling = Settling(settings.settle)
        self._clock = clock
        self._sleep = sleep

    def offers(self) -> Iterator[Offer]:
        """Settled files, oldest first, then by name in natural order."""
        return settled_offers(self._listing, self._settings, self._settling, self._clock, self._sleep)

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write the file's bytes to `target`."""
        check_size(offer, self._settings.max_size)
        checksum = self._checksum(offer)
        with self._trouble(f"read {offer.name!r}"):
            # A link or a device that took the file's place is not followed and does not block.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            try:
                handle = os.open(self._path(offer), flags)
            except FileNotFoundError as error:
                raise changed(offer, self._place) from error
        with os.fdopen(handle, "rb", buffering=0) as source:
            if not _is_offered(offer, os.fstat(handle)):
                raise changed(offer, self._place)
            count = pour(lambda size: self._read(source, size, offer), target, offer, self._place, checksum)
            with self._trouble(f"read {offer.name!r}"):
                after = self._path(offer).lstat()
            if not _is_offered(offer, after) or after.st_ino != os.fstat(handle).st_ino:
                raise changed(offer, self._place)
        return count

    def acknowledge(self, offer: Offer) -> None:
        """Archive or delete the original."""
        path = self._path(offer)
        with self._trouble(f"put away {offer.name!r}"), contextlib.suppress(FileNotFoundError):
            if not _is_offered(offer, path.lstat()):
                return
            # The marker goes first. If it stayed, the next file of this name would look whole from its first byte.
            for template in (self._settings.settle.marker, self._settings.settle.checksum):
                if template:
                    with contextlib.suppress(FileNotFoundError):
                        self._put_away(self._folder / names.fill(template, path.name))
            self._put_away(path)

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Put a file there under `name`, visible only when whole."""
        digest = sha256(blocks(source, size, name))
        with self._trouble(f"write {name!r}"):
            chosen, standing = choose_name(
                name, self._settings, lambda there: self._standing(there, size, digest), self._place
            )
            if standing is not Standing.SAME:
                self._write(chosen, source, size, replace=standing is Standing.OTHER)
            if self._settings.marker:
                (self._folder / names.fill(self._settings.marker, chosen)).touch()
                self._sync()
        return Receipt(chosen, size, repeated=standing is Standing.SAME)

    def probe(self) -> list[str]:
        """Look whether the folder is there and what may be done in it."""
        count = sum(1 for _ in self._listing())
        allowed = [word for word, flag in (("read", os.R_OK), ("write", os.W_OK)) if os.access(self._folder, flag)]
        return [f"{self._place}: {count} files", f"permissions: {', '.join(allowed) or 'none'}"]

    def _listing(self) -> Iterator[Entry]:
        with self._trouble("list the folder"), os.scandir(os.fsencode(self._folder)) as found:
            for item in found:
                with contextlib.suppress(FileNotFoundError):
                    state = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode):
                        yield Entry(*names.from_bytes(item.name), state.st_size, state.st_mtime)

    def _path(self, offer: Offer) -> Path:
        return self._folder / os.fsdecode(names.to_bytes(offer.path))

    def _read(self, source: BinaryIO, size: int, offer: Offer) -> bytes:
        with self._trouble(f"read {offer.name!r}"):
            return source.read(size)

    def _checksum(self, offer: Offer) -> bytes:
        template = self._settings.settle.checksum
        if not template:
            return b""
        with (
            self._trouble(f"read the checksum file of {offer.name!r}"),
            (self._folder / names.fill(template, self._path(offer).name)).open("rb") as stream,
        ):
            return stream.read(CHECKSUM_FILE_BYTES)

    def _put_away(self, path: Path) -> None:
        if self._settings.after == "delete":
            path.unlink()
            return
        folder = self._folder / self._settings.archive / day(self._clock())
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            target = folder / names.numbered(path.name, number)
            # An empty file reserves the name; renaming over it is atomic, and nothing archived is overwritten.
            try:
                target.open("xb").close()
                break
            except FileExistsError:
                number += 1
        try:
            path.rename(target)
        except OSError:
            target.unlink()
            raise

    def _standing(self, name: str, size: int, digest: bytes) -> Standing:
        path = self._folder / name
        try:
            state = path.lstat()
        except FileNotFoundError:
            return Standing.NOTHING
        if not stat.S_ISREG(state.st_mode):
            message = f"a folder, link or device stands in {self._place} under the name {name!r}"
            raise TransportError(message)
        if state.st_size != size:
            return Standing.OTHER
        with path.open("rb") as stream:
            return Standing.SAME if sha256(blocks(stream, size, name)) == digest else Standing.OTHER

    def _write(self, name: str, source: BinaryIO, size: int, *, replace: bool) -> None:
        if shutil.disk_usage(self._folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        temporary = self._folder / names.temporary(name)
        with _exclusive(temporary, self._place) as stream:
            try:
                for block in blocks(source, size, name):
                    stream.write(block)
                stream.flush()
                os.fsync(stream.fileno())
                self._publish(temporary, self._folder / name, replace=replace)
            finally:
                # Still under our lock, so that nobody else's file is removed.
                temporary.unlink(missing_ok=True)
        self._sync()

    def _publish(self, temporary: Path, final: Path, *, replace: bool) -> None:
        if replace:
            temporary.replace(final)
            return
        try:
            # Unlike a rename, a link never replaces what another process put there a moment ago.
            final.hardlink_to(temporary)
        except FileExistsError as error:
            message = f"another file appeared in {self._place} under the name {final.name!r}"
            raise TransportError(message, retryable=True) from error
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            temporary.rename(final)

    def _sync(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _trouble(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot {what} in {self._place}: {error.strerror or error}"
            hint = "free some space" if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
            raise TransportError(message, hint=hint, retryable=error.errno in _TEMPORARY_TROUBLE) from error


def _is_offered(offer: Offer, state: os.stat_result) -> bool:
    return stat.S_ISREG(state.st_mode) and unchanged(offer, state.st_size, state.st_mtime)


@contextlib.contextmanager
def _exclusive(path: Path, place: str) -> Iterator[BinaryIO]:
    """Open a file for writing from its first byte, alone. What a killed writer left is written over."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(handle, "wb") as stream:
        if not (_lock(handle) and _still_named(handle, path)):
            message = f"another process delivers {path.name!r} to {place} just now"
            raise TransportError(message, retryable=True)
        stream.truncate(0)
        yield stream


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some shares have no locks. There the exchange's order of one delivery at a time has to do.
        return error.errno in _NO_LOCKS
    return True


def _still_named(handle: int, path: Path) -> bool:
    """Whether the open file was not renamed or removed by the process that had the lock before us."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def connect(settings: FolderSettings, secrets: Secrets) -> Iterator[FolderSession]:  # noqa: ARG001 - the common form
    """Open a drop folder."""
    if not settings.path.is_dir():
        message = f"there is no {address(settings)}"
        raise TransportError(message, hint="create it, or mount the share it is on")
    yield FolderSession(settings)


def address(settings: FolderSettings) -> str:
    """The folder."""
    return f"folder {settings.path}"


FOLDER = Transport("folder", "drop folders on this machine or a mounted share", FolderSettings, connect, address)
