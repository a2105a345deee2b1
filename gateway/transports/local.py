"""Files on this machine in folders that a partner can write to: no step follows a link that lies there.

A partner who may put files may put links too, and an archive that is a link leads anywhere.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gateway.errors import TransportError
from gateway.transports import names

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def open_plainly(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file that a partner may have put there: a link is not followed, a pipe or device does not block."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)


@contextlib.contextmanager
def inner_folder(root: Path, parts: list[str]) -> Iterator[int]:
    """A folder inside another one, made where it is missing; never through a link, which a partner could have put."""
    handle = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=handle)
            inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def reserve(folder: int, name: str) -> str:
    """A free name, taken by an empty file: renaming over it is atomic, and nothing archived is overwritten."""
    number = 1
    while True:
        target = names.numbered(name, number)
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder))
        except FileExistsError:
            number += 1
        else:
            return target


def move_back(archive: int, target: str, folder: Path, name: str) -> None:
    """Put a file back where it was, or beside what stands there by now."""
    with inner_folder(folder, []) as root:
        os.rename(target, reserve(root, name), src_dir_fd=archive, dst_dir_fd=root)


@contextlib.contextmanager
def exclusive(path: Path, place: str) -> Iterator[BinaryIO]:
    """Open a file for writing from its first byte, alone. What a killed writer left is written over."""
    handle = open_plainly(path, os.O_WRONLY | os.O_CREAT)
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
