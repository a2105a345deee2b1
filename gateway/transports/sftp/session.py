"""A session with an SFTP server: collect from, or deliver to, the channel's folder."""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

import paramiko

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Offer, Receipt
from gateway.transports.files import (
    CHECKSUM_FILE_BYTES,
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
from gateway.transports.sftp.connection import Connection
from gateway.transports.sftp.settings import SftpSettings, address
from gateway.transports.sftp.trouble import explained

_KINDS = {"d": stat.S_IFDIR, "l": stat.S_IFLNK, "-": stat.S_IFREG}


class SftpSession:
    """An open connection to an SFTP server.

    Args:
        settings: the channel's.
        connection: an open connection.
        clock: seconds since 1970.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        settings: SftpSettings,
        connection: Connection,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._client = connection.client
        self._place = address(settings)
        self._folder = settings.path.encode().rstrip(b"/") or b"/"
        self._settling = Settling(settings.settle)
        self._clock = clock
        self._sleep = sleep
        self._made: set[bytes] = set()

    def offers(self) -> Iterator[Offer]:
        """Settled files, oldest first, then by name in natural order."""
        return settled_offers(self._listing, self._settings, self._settling, self._clock, self._sleep)

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write the file's bytes to `target`."""
        check_size(offer, self._settings.max_size)
        name = names.to_bytes(offer.path)
        checksum = self._checksum(offer, name)
        what = f"read {offer.name!r}"
        prefetch = "no-prefetch" not in self._settings.quirks
        with (
            self._operation(what),
            self._gone_means_changed(offer),
            self._client.reading(self._at(name), offer.size, prefetch=prefetch) as read,
        ):

            def next_block(size: int) -> bytes:
                self._connection.watchdog.progress()
                with self._explained(what):
                    return read(size)

            count = pour(next_block, target, offer, self._place, checksum)
            if not self._is_offered(offer, self._state(self._at(name))):
                raise changed(offer, self._place)
        return count

    def acknowledge(self, offer: Offer) -> None:
        """Archive or delete the original."""
        name = names.to_bytes(offer.path)
        with self._operation(f"put away {offer.name!r}"):
            if not self._is_offered(offer, self._state(self._at(name))):
                return
            # The marker goes first. If it stayed, the next file of this name would look whole from its first byte.
            for template in (self._settings.settle.marker, self._settings.settle.checksum):
                if template:
                    self._put_away(_filled(template, name))
            self._put_away(name)

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Put a file there under `name`, visible only when whole."""
        with self._operation(f"write {name!r}"):
            chosen, standing = choose_name(
                name, self._settings, lambda there: self._standing(there, source, size), self._place
            )
            if standing is not Standing.SAME:
                self._write(chosen, source, size, replace=standing is Standing.OTHER)
            if self._settings.marker:
                marker = self._at(_filled(self._settings.marker, chosen.encode()))
                self._client.write(marker, (), exclusive=False, progress=self._connection.watchdog.progress)
        return Receipt(chosen, size, repeated=standing is Standing.SAME)

    def probe(self) -> list[str]:
        """Say what was checked while connecting, and list the folder."""
        count = sum(1 for _ in self._listing())
        return [*self._connection.facts, f"{self._place}: {count} files"]

    def _listing(self) -> Iterator[Entry]:
        with self._operation("list the folder"):
            for raw, attributes in self._client.entries(self._folder):
                self._connection.watchdog.progress()
                if stat.S_ISREG(_mode(attributes)):
                    yield Entry(*names.from_bytes(raw), attributes.st_size or 0, self._modified(attributes))

    def _modified(self, attributes: paramiko.SFTPAttributes) -> float:
        return 0.0 if "no-mtime" in self._settings.quirks else float(attributes.st_mtime or 0)

    def _at(self, name: bytes) -> bytes:
        return self._folder.rstrip(b"/") + b"/" + name

    def _state(self, path: bytes) -> paramiko.SFTPAttributes | None:
        try:
            return self._client.lstat(path)
        except FileNotFoundError:
            return None

    def _is_offered(self, offer: Offer, state: paramiko.SFTPAttributes | None) -> bool:
        return state is not None and unchanged(offer, state.st_size or 0, self._modified(state))

    def _checksum(self, offer: Offer, name: bytes) -> bytes:
        template = self._settings.settle.checksum
        if not template:
            return b""
        with (
            self._operation(f"read the checksum file of {offer.name!r}"),
            self._client.reading(self._at(_filled(template, name)), CHECKSUM_FILE_BYTES, prefetch=False) as read,
        ):
            return read(CHECKSUM_FILE_BYTES)

    def _put_away(self, name: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self._settings.after == "delete":
                self._client.remove(self._at(name))
                return
            archive = self._at(self._settings.archive.encode())
            folder = archive + b"/" + day(self._clock()).encode()
            self._make(archive)
            self._make(folder)
            plain, number = name.decode("utf-8", "surrogateescape"), 1
            while True:
                target = folder + b"/" + names.numbered(plain, number).encode("utf-8", "surrogateescape")
                if self._state(target) is None:
                    break
                number += 1
            self._client.rename(self._at(name), target)

    def _make(self, folder: bytes) -> None:
        if folder not in self._made and self._state(folder) is None:
            try:
                self._client.mkdir(folder)
            except OSError:
                if self._state(folder) is None:  # else somebody else made it a moment ago
                    raise
        self._made.add(folder)

    def _standing(self, name: str, source: BinaryIO, size: int) -> Standing:
        path = self._at(name.encode())
        state = self._state(path)
        if state is None:
            return Standing.NOTHING
        if not stat.S_ISREG(_mode(state)):
            message = f"a folder or link stands at {self._place} under the name {name!r}"
            raise TransportError(message)
        if state.st_size is not None and state.st_size != size:
            return Standing.OTHER
        # One byte more than ours is enough to know that a file of unknown size is another one.
        with self._client.reading(path, size + 1, prefetch=False) as read:
            there = sha256(self._moving(iter(lambda: read(size + 1), b"")))
        return Standing.SAME if there == sha256(blocks(source, size, name)) else Standing.OTHER

    def _moving(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._connection.watchdog.progress()
            yield piece

    def _write(self, name: str, source: BinaryIO, size: int, *, replace: bool) -> None:
        final = self._at(name.encode())
        in_place = "no-rename" in self._settings.quirks
        path = final if in_place else self._at(names.temporary(name).encode())
        try:
            self._client.write(
                path,
                blocks(source, size, name),
                exclusive=in_place and not replace,
                progress=self._connection.watchdog.progress,
            )
            self._confirm(path, size)
            if not in_place:
                self._publish(path, final, replace=replace)
        except BaseException:
            # What cannot be removed now is hidden under its temporary name, and the next try writes over it.
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                self._client.remove(path)
            raise

    def _confirm(self, path: bytes, size: int) -> None:
        if "no-confirm" in self._settings.quirks:
            return
        state = self._state(path)
        if state is None or state.st_size != size:
            found = "no file" if state is None else f"{state.st_size} bytes"
            message = f"{self._place} has {found} where {size} bytes were written"
            raise TransportError(message, hint="its disk or quota may be full", retryable=True)

    def _publish(self, temporary: bytes, final: bytes, *, replace: bool) -> None:
        if replace:
            try:
                self._client.posix_rename(temporary, final)
            except OSError:
                # Servers without OpenSSH's extension rename only to a free name.
                self._client.remove(final)
                self._client.rename(temporary, final)
            return
        try:
            # Unlike posix_rename, this never replaces a file that another sender put there a moment ago.
            self._client.rename(temporary, final)
        except OSError as error:
            if isinstance(error, PermissionError):
                message = f"{self._place} forbids renaming"
                hint = "if the receiver waits for a marker, set `quirks: [no-rename]` and `marker`"
                raise TransportError(message, hint=hint) from error
            if self._state(final) is not None:
                message = f"another file appeared at {self._place} while ours was written"
                raise TransportError(message, retryable=True) from error
            self._client.posix_rename(temporary, final)

    @contextlib.contextmanager
    def _gone_means_changed(self, offer: Offer) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise changed(offer, self._place) from error

    @contextlib.contextmanager
    def _operation(self, what: str) -> Iterator[None]:
        with self._explained(what), self._connection.watchdog.watching():
            yield

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            with explained(what, self._place):
                yield
        except TransportError as error:
            verdict = self._connection.watchdog.verdict
            if not verdict or verdict in error.message:
                raise
            message = f"cannot {what} at {self._place}: {verdict}"
            raise TransportError(message, retryable=True) from error


def _mode(attributes: paramiko.SFTPAttributes) -> int:
    if attributes.st_mode is not None:
        return attributes.st_mode
    # A server that tells no mode usually shows it in the line made for people; else it is taken for a file.
    line = getattr(attributes, "longname", "")
    return _KINDS.get(line[:1], stat.S_IFREG)


def _filled(template: str, name: bytes) -> bytes:
    return names.fill(template, name.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
