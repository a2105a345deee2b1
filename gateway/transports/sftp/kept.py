"""Connections that stay open for a while after their use, for the next file of the same peer.

To connect takes a handful of round trips and tens of milliseconds of processor time at both ends; a small file takes
less. So a connection is kept for `keep-open` seconds after a session, and the next session with the same server, login
and ways of connecting takes it over. It is never shared: one session has it at a time.

What could go wrong with that, and what is done:

* the server closed it meanwhile: it is asked something before it is used, and thrown away if it does not answer soon;
* the server allows only so many connections, and those that wait are among them: when a new one is refused, those that
  wait at that server are closed and it is tried once more;
* the settings changed: other settings are another connection, and its host key is looked at anew. After a reload all
  that wait are closed, so that a changed secret is used at once;
* a session ended in an error: its connection is closed, as one that nobody knows the state of;
* nothing is kept for longer than `LONGEST`, however often it is used.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.errors import TransportError
from gateway.transports.base import Secrets
from gateway.transports.files import FileSettings
from gateway.transports.sftp.connection import Link
from gateway.transports.sftp.session import SftpSession
from gateway.transports.sftp.settings import SftpSettings

#: Connections of one kind that wait at a time, and of all kinds. Each has two threads and a socket.
MOST_ALIKE, MOST = 4, 64

#: Seconds after which a connection is not used again, however well it works.
LONGEST = 300.0

#: Seconds within which a connection that waited must answer.
ANSWERS = 5.0

#: What a connection does not depend on: what is done with files, and how long it is kept.
_NOT_OF_THE_CONNECTION = frozenset(FileSettings.model_fields) | {
    *("path", "read_ahead", "reconnects", "quirks", "keep_open"),
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """What two sessions must have in common to use the same connection."""

    host: str
    port: int
    settings: str = field(repr=False)
    secrets: Secrets


@dataclass(slots=True)
class _Waiting:
    """A connection that nobody uses now.

    Attributes:
        kind: what it is good for.
        link: the connection.
        opened: when it was made, by a clock that only goes on.
        until: when it is closed if nobody wants it.
    """

    kind: _Kind
    link: Link
    opened: float
    until: float


class Kept:
    """Opens sessions, and keeps their connections for the next ones.

    Args:
        clock: seconds, by a clock that only goes on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []  # the one that waits longest first
        self._generation = 0
        self._closed = False
        self._sweeper: threading.Thread | None = None

    @contextlib.contextmanager
    def connect(self, settings: SftpSettings, secrets: Secrets) -> Iterator[SftpSession]:
        """Open a session, on a connection that waits or on a new one.

        Raises:
            TransportError: the server cannot be reached, is not the one expected, or refuses the login.
            ConfigurationError: a secret or key cannot be read.
        """
        kind = _kind(settings, secrets)
        generation = self._generation
        found = self._take(kind)
        if found is None:
            link, opened = self._open(kind, settings, secrets), self._clock()
        else:
            link, opened = found.link, found.opened
            link.renew(settings)
        try:
            yield SftpSession(settings, link)
        except BaseException:
            link.close()
            raise
        now = self._clock()
        until = min(now + settings.keep_open, opened + LONGEST)
        self._keep(_Waiting(kind, link, opened, until), generation, now)

    def drop(self) -> None:
        """Close all connections that wait; those in use are closed after their use."""
        with self._changed:
            self._generation += 1
            dropped, self._waiting = self._waiting, []
            self._changed.notify_all()
        _close(dropped)

    def close(self) -> None:
        """Close all connections that wait, and keep none from here on."""
        self._closed = True
        self.drop()

    def _take(self, kind: _Kind) -> _Waiting | None:
        while True:
            with self._changed:
                # The one that was used last: the others may run out.
                found = next((one for one in reversed(self._waiting) if one.kind == kind), None)
                if found is None:
                    return None
                self._waiting.remove(found)
            if found.until > self._clock() and found.link.answers(ANSWERS):
                return found
            _close([found])

    def _open(self, kind: _Kind, settings: SftpSettings, secrets: Secrets) -> Link:
        try:
            return Link(settings, secrets)
        except TransportError:
            with self._changed:
                there = [one for one in self._waiting if (one.kind.host, one.kind.port) == (kind.host, kind.port)]
                for one in there:
                    self._waiting.remove(one)
            if not there:
                raise
            _close(there)
        return Link(settings, secrets)

    def _keep(self, one: _Waiting, generation: int, now: float) -> None:
        dropped = []
        with self._changed:
            if self._closed or generation != self._generation or one.until <= now or not one.link.usable:
                dropped.append(one)
            else:
                alike = [other for other in self._waiting if other.kind == one.kind]
                if len(alike) >= MOST_ALIKE:
                    dropped.append(alike[0])
                elif len(self._waiting) >= MOST:
                    dropped.append(self._waiting[0])
                for old in dropped:
                    self._waiting.remove(old)
                self._waiting.append(one)
                if self._sweeper is None:
                    self._sweeper = threading.Thread(target=self._sweep, name="sftp-kept", daemon=True)
                    self._sweeper.start()
                self._changed.notify_all()
        _close(dropped)

    def _sweep(self) -> None:
        """Close what nobody wanted; ends when nothing waits."""
        while True:
            with self._changed:
                if not self._waiting:
                    self._sweeper = None
                    return
                now = self._clock()
                over = [one for one in self._waiting if one.until <= now or not one.link.usable]
                self._waiting = [one for one in self._waiting if one not in over]
                if not over:
                    self._changed.wait(min(one.until for one in self._waiting) - now)
            _close(over)


def _kind(settings: SftpSettings, secrets: Secrets) -> _Kind:
    said = settings.model_dump_json(exclude=set(_NOT_OF_THE_CONNECTION))
    return _Kind(settings.host, settings.port, said, secrets)


def _close(connections: list[_Waiting]) -> None:
    for one in connections:
        with contextlib.suppress(Exception):  # it may be broken in any way, and nobody waits for it
            one.link.close()
