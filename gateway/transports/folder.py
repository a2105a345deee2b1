"""The folder transport: drop folders on this machine or on a mounted share."""

from __future__ import annotations

import contextlib
import errno
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
from gateway.transports.base import Offer, OneFileError, Receipt, Secrets, Transport
from gateway.transports.files import (
    CHECKSUM_FILE_BYTES,
    FileSettings,
    Standing,
    archive_folders,
    blocks,
    changed,
    check_size,
    choose_name,
    name_put_away,
    pour,
    settled_offers,
    sha256,
    unchanged,
)
from gateway.transports.local import exclusive, inner_folder, move_back, open_plainly, reserve
from gateway.transports.settle import Entry, Settling

_TEMPORARY_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY, errno.EAGAIN}
_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or raise the quota",
    errno.EACCES: "give the user that the gateway runs as the right to read, write and rename there",
    errno.EPERM: "give the user that the gateway runs as the right to read, write and rename there",
    errno.EROFS: "the disk is mounted read-only; to collect from it all the same, set `after: keep`",
    errno.EXDEV: "both folders must lie on one disk, so that a file appears there whole or not at all",
    errno.ELOOP: "a link stands there; links are not followed",
    errno.ENOTDIR: "a link or a file stands where a folder should",
}
_OF_ONE_FILE = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.ELOOP}
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
        self._settling = Settling(settings.settle, fold_names=settings.fold_names)
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
            try:
                handle = open_plainly(self._path(offer))
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
        """Archive, rename or delete the original, as the settings say."""
        path = self._path(offer)
        if self._settings.after == "keep":
            return
        with self._trouble(f"put away {offer.name!r}"), contextlib.suppress(FileNotFoundError):
            if not _is_offered(offer, path.lstat()):
                return
            # The marker goes first. If it stayed, the next file of this name would look whole from its first byte.
            for template in (self._settings.settle.marker, self._settings.settle.checksum):
                if template:
                    with contextlib.suppress(FileNotFoundError):
                        self._put_away(names.fill(template, path.name))
            self._put_away(path.name, offer)

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
                os.close(
                    open_plainly(self._folder / names.fill(self._settings.marker, chosen), os.O_WRONLY | os.O_CREAT)
                )
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
            os.fdopen(open_plainly(self._folder / names.fill(template, self._path(offer).name)), "rb") as stream,
        ):
            return stream.read(CHECKSUM_FILE_BYTES)

    def _put_away(self, name: str, offer: Offer | None = None) -> None:
        """Move or delete a file; with `offer`, one that was replaced in the meantime is put back."""
        if self._settings.after == "delete":
            (self._folder / name).unlink()
            return
        with inner_folder(self._folder, archive_folders(self._settings, self._clock())) as archive:
            target = reserve(archive, name_put_away(name, self._settings))
            try:
                os.rename(self._folder / name, target, dst_dir_fd=archive)
            except OSError:
                os.unlink(target, dir_fd=archive)
                raise
            if offer and not _is_offered(offer, os.stat(target, dir_fd=archive, follow_symlinks=False)):
                # Its sender replaced it after our last look: the new version has not been read yet.
                move_back(archive, target, self._folder, name)

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
        with os.fdopen(open_plainly(path), "rb") as stream:
            return Standing.SAME if sha256(blocks(stream, size, name)) == digest else Standing.OTHER

    def _write(self, name: str, source: BinaryIO, size: int, *, replace: bool) -> None:
        temporary = self._folder / names.temporary(name, self._settings.temporary)
        if shutil.disk_usage(temporary.parent).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with exclusive(temporary, self._place) as stream:
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
        try:
            handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError:
            return  # a letter box: files may be put in, but not looked at; the file's own bytes are on the disk
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
            hint = _HINTS.get(error.errno or 0, "")
            kind = OneFileError if error.errno in _OF_ONE_FILE else TransportError
            raise kind(message, hint=hint, retryable=error.errno in _TEMPORARY_TROUBLE) from error


def _is_offered(offer: Offer, state: os.stat_result) -> bool:
    return stat.S_ISREG(state.st_mode) and unchanged(offer, state.st_size, state.st_mtime)


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
