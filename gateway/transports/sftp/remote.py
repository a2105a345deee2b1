"""The channel's folder on the server: looking at it, whatever the server can tell, and errors in our words."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Iterator, Sequence

import paramiko
from paramiko.sftp import CMD_LSTAT

from gateway import logs
from gateway.errors import TransportError
from gateway.findings import clip
from gateway.transports import names
from gateway.transports.base import Offer
from gateway.transports.files import changed, unchanged
from gateway.transports.settle import Entry
from gateway.transports.sftp.client import Answer, Client, Request, attributes_of
from gateway.transports.sftp.connection import Link
from gateway.transports.sftp.settings import Quirk, SftpSettings, address
from gateway.transports.sftp.trouble import explained

_KINDS = {"d": stat.S_IFDIR, "l": stat.S_IFLNK, "-": stat.S_IFREG}
_AT_ONCE = 64

State = paramiko.SFTPAttributes | None
"""What the server tells of a file; None when it is not there."""

log = logs.get(__name__)


class Remote:
    """The channel's folder on the server.

    Args:
        settings: the channel's.
        link: the connection, made anew when it breaks.
    """

    def __init__(self, settings: SftpSettings, link: Link) -> None:
        self.settings = settings
        self.place = address(settings)
        self.client: Client = link.connection.client
        self.folder = settings.path.encode().rstrip(b"/") or b"/"
        self._link = link
        self._passed_over: set[bytes] = set()

    @property
    def facts(self) -> tuple[str, ...]:
        """What was checked while connecting, for people."""
        return self._link.connection.facts

    def quirk(self, name: Quirk) -> bool:
        """Whether the server has this quirk."""
        return name in self.settings.quirks

    def at(self, name: bytes) -> bytes:
        """Path of a file in the folder."""
        # Servers without folders know bare names only.
        return name if self.folder == b"." else self.folder.rstrip(b"/") + b"/" + name

    def progress(self) -> None:
        """Something moved."""
        self._link.connection.watchdog.progress()

    def moving(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, with a word to the watchdog for each."""
        for piece in pieces:
            self.progress()
            yield piece

    @contextlib.contextmanager
    def operation(self, what: str) -> Iterator[None]:
        """Do something with the server: on a connection that stands, watched, and with errors in our words."""
        self.client = self._link.live().client
        with self.explained(what), self._link.connection.watchdog.watching():
            yield

    @contextlib.contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """Errors inside become one TransportError that says what we wanted to do."""
        try:
            with explained(what, self.place):
                yield
        except TransportError as error:
            verdict = self._link.connection.watchdog.verdict
            if not verdict or verdict in error.message:
                raise
            message = f"cannot {what} at {self.place}: {verdict}"
            raise TransportError(message, retryable=True) from error

    @contextlib.contextmanager
    def gone_means_changed(self, offer: Offer) -> Iterator[None]:
        """A file that is not there any more went after it was offered."""
        try:
            yield
        except FileNotFoundError as error:
            raise changed(offer, self.place) from error

    def together(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests, in their order; as many at a time as the server can take."""
        most = 1 if self.quirk("no-prefetch") else _AT_ONCE
        answers: list[Answer] = []
        for start in range(0, len(requests), most):
            answers += self.client.together(requests[start : start + most])
            self.progress()
        return answers

    def listing(self) -> Iterator[Entry]:
        """The files in the folder."""
        unknown: list[bytes] = []
        for raw, attributes in self.client.entries(self.folder):
            self.progress()
            if not names.is_plain(raw):
                self._pass_over(raw)
            elif raw == self.settings.archive.encode():
                continue  # ours; some servers do not tell folders from files
            elif attributes.st_size is None or not _tells_kind(attributes):
                unknown.append(raw)
            elif stat.S_ISREG(mode(attributes)):
                yield self._entry(raw, attributes)
        for raw, state in zip(unknown, self.states([self.at(raw) for raw in unknown]), strict=True):
            if state is not None and stat.S_ISREG(mode(state)):
                yield self._entry(raw, state)

    def _entry(self, raw: bytes, attributes: paramiko.SFTPAttributes) -> Entry:
        if attributes.st_size is None:
            message = f"{self.place} tells no size of its files, so that a half file cannot be told from a whole one"
            raise TransportError(message, hint="ask the partner for another server, or for HTTPS or AS2")
        return Entry(*names.from_bytes(raw), attributes.st_size, self.modified(attributes))

    def _pass_over(self, raw: bytes) -> None:
        if raw not in self._passed_over:
            self._passed_over.add(raw)
            log.warning("no name of a file, passed over", place=self.place, name=clip(names.from_bytes(raw)[0]))

    def modified(self, attributes: paramiko.SFTPAttributes) -> float:
        """Modification time, 0 when it means nothing."""
        return 0.0 if self.quirk("no-mtime") else float(attributes.st_mtime or 0)

    def state(self, path: bytes) -> State:
        """What the server tells of a file."""
        (state,) = self.states([path])
        return state

    def states(self, paths: Sequence[bytes]) -> list[State]:
        """What the server tells of some files.

        Raises:
            OSError: it refuses to tell.
        """
        if self.quirk("no-stat"):
            return self._states_by_listing(paths)
        states: list[State] = []
        for answer in self.together([(CMD_LSTAT, path) for path in paths]):
            if isinstance(answer, FileNotFoundError):
                states.append(None)
            elif isinstance(answer, OSError | EOFError):
                raise answer
            else:
                states.append(attributes_of(answer[1]))
        return states

    def _states_by_listing(self, paths: Sequence[bytes]) -> list[State]:
        folders: dict[bytes, dict[bytes, paramiko.SFTPAttributes]] = {}
        states: list[State] = []
        for path in paths:
            folder, slash, name = path.rpartition(b"/")
            folder = folder or (b"/" if slash else self.folder)
            if folder not in folders:
                try:
                    folders[folder] = dict(self.client.entries(folder))
                except FileNotFoundError:
                    folders[folder] = {}
            states.append(folders[folder].get(name))
        return states

    def is_offered(self, offer: Offer, state: State) -> bool:
        """Whether a file is still the version that was offered."""
        return state is not None and unchanged(offer, state.st_size or 0, self.modified(state))


def mode(attributes: paramiko.SFTPAttributes) -> int:
    """Kind and permissions of a file."""
    if attributes.st_mode is not None:
        return attributes.st_mode
    # A server that tells no mode usually shows it in the line made for people; else it is taken for a file.
    return _KINDS.get(_line(attributes)[:1], stat.S_IFREG)


def _tells_kind(attributes: paramiko.SFTPAttributes) -> bool:
    return attributes.st_mode is not None or _line(attributes)[:1] in _KINDS


def _line(attributes: paramiko.SFTPAttributes) -> str:
    return getattr(attributes, "longname", "")


def filled(template: str, name: bytes) -> bytes:
    """Name of a file that stands beside another one, or that another one gets."""
    return names.fill(template, name.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
