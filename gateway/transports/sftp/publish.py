"""Delivering a file to a server so that nobody sees half of it, and a second try finds what the first one did."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from typing import BinaryIO

import paramiko

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Receipt
from gateway.transports.files import CHUNK, Standing, blocks, choose_name, sha256
from gateway.transports.sftp.client import POSIX_RENAME
from gateway.transports.sftp.remote import Remote, filled, mode


def publish(remote: Remote, name: str, source: BinaryIO, size: int) -> Receipt:
    """Put a file there under its final name, or find that it is there."""
    chosen, standing = choose_name(
        name, remote.settings, lambda there: _standing(remote, there, source, size), remote.place
    )
    if standing is not Standing.SAME:
        _write(remote, chosen, source, size, replace=standing is not Standing.NOTHING)
    if remote.settings.marker:
        marker = remote.at(filled(remote.settings.marker, chosen.encode()))
        with remote.client.writing(marker, exclusive=False):
            pass  # it is empty
    return Receipt(chosen, size, repeated=standing is Standing.SAME)


def _standing(remote: Remote, name: str, source: BinaryIO, size: int) -> Standing:
    path = remote.at(name.encode())
    state = remote.state(path)
    if state is None:
        return Standing.NOTHING
    if not stat.S_ISREG(mode(state)):
        message = f"a folder or link stands at {remote.place} under the name {name!r}"
        raise TransportError(message)
    cut_off = remote.quirk("no-rename") and state.st_size is not None and state.st_size < size
    if state.st_size not in {None, size} and not cut_off:
        return Standing.OTHER
    # One byte more than ours is enough to know that a file of unknown size is another one.
    with remote.client.reading(path, size + 1, prefetch=False) as read:
        there = sha256(remote.moving(iter(lambda: read(size + 1), b"")))
    if cut_off:
        return Standing.HALF if there == sha256(_first(source, state.st_size or 0)) else Standing.OTHER
    return Standing.SAME if there == sha256(blocks(source, size, name)) else Standing.OTHER


def _first(source: BinaryIO, count: int) -> Iterator[bytes]:
    source.seek(0)
    while count and (block := source.read(min(CHUNK, count))):
        count -= len(block)
        yield block


def _write(remote: Remote, name: str, source: BinaryIO, size: int, *, replace: bool) -> None:
    final = remote.at(name.encode())
    in_place = remote.quirk("no-rename")
    path = final if in_place else _temporary(remote, name)
    ours = not in_place
    try:
        with remote.client.writing(path, exclusive=in_place and not replace) as write:
            ours = True
            write(remote.moving(blocks(source, size, name)))
        _confirm(remote, path, size)
        if not in_place:
            _give_its_name(remote, path, final, replace=replace)
    except BaseException:
        # What cannot be removed now is hidden under its temporary name, and the next try writes over it. Under its
        # final name, it is removed only if it is not what somebody else put there.
        if ours:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                remote.client.remove(path)
        raise


def _temporary(remote: Remote, name: str) -> bytes:
    temporary = names.temporary(name, remote.settings.temporary).encode()
    return temporary if temporary.startswith(b"/") else remote.at(temporary)


def _confirm(remote: Remote, path: bytes, size: int) -> None:
    if remote.quirk("no-confirm"):
        return
    state = remote.state(path)
    if state is None or state.st_size != size:
        found = "no file" if state is None else f"{state.st_size} bytes"
        message = f"{remote.place} has {found} where {size} bytes were written"
        raise TransportError(message, hint="its disk or quota may be full", retryable=True)


def _give_its_name(remote: Remote, temporary: bytes, final: bytes, *, replace: bool) -> None:
    extended = POSIX_RENAME in remote.client.extensions and not remote.quirk("no-posix-rename")
    if replace:
        if extended:
            with contextlib.suppress(OSError):
                remote.client.posix_rename(temporary, final)
                return
        # Servers without OpenSSH's extension rename only to a free name.
        remote.client.remove(final)
        remote.client.rename(temporary, final)
        return
    try:
        # Unlike posix_rename, this never replaces a file that another sender put there a moment ago.
        remote.client.rename(temporary, final)
    except OSError as error:
        if isinstance(error, PermissionError):
            message = f"{remote.place} forbids renaming"
            hint = "if the receiver waits for a marker, set `quirks: [no-rename]` and `marker`"
            raise TransportError(message, hint=hint) from error
        if remote.state(final) is not None:
            message = f"another file appeared at {remote.place} while ours was written"
            raise TransportError(message, retryable=True) from error
        if not extended:
            raise
        remote.client.posix_rename(temporary, final)
