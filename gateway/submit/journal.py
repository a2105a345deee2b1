"""What was said to a regulator about each submission: the memory that outlives a crash.

A folder for each submission, found by its name, its bytes and the account::

    <memory>/<two digits>/<key>/entry.json   what is known; written aside, flushed, renamed
                               /reply-0001   each reply as it came, unless it is secret or the one before it

`Entry.uncertain` is on the disk before a call with an effect is made. It goes only together with what the reply led to,
so that a crash between the two leaves the doubt, never a second report.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import orjson

from gateway import private
from gateway.answers import Answer, Verdict
from gateway.errors import ConfigurationError, TransportError
from gateway.markets.client import Known

_IDS = uuid.UUID("8f1b7a52-4f0e-5b61-9d5f-6a0c2c1f7e90")  # our own name space: any fixed one will do
_ENTRY, _LOCK, _REPLY = "entry.json", "lock", "reply-{:04d}"
#: Replies that are kept of one submission: all of a day's questions for an answer that does not come are too many.
MOST_REPLIES = 500
_GOOD = frozenset({Verdict.ACCEPTED, Verdict.WARNING})


@dataclass(frozen=True, slots=True)
class Account:
    """Of which account a submission is.

    Attributes:
        message: market message.
        url: the system's address.
        user: who logs in.
    """

    message: str
    url: str
    user: str


@dataclass(slots=True)
class _Stored:
    id: str
    name: str
    sha256: str
    reference: str = ""
    uncertain: bool = False
    asked: int = 0
    replies: int = 0
    answer: Answer | None = None
    pruned: bool = False


@dataclass(slots=True)
class Entry:
    """What is known of one submission. Nobody else changes it while it is open.

    Attributes:
        folder: where it is kept.
        last: the last reply that was kept.
    """

    folder: Path
    _stored: _Stored
    last: bytes = b""
    _doubt: bool = field(default=False)
    _replied: bool = field(default=False)

    @property
    def known(self) -> Known:
        """What a conversation is told of earlier tries."""
        return Known(self._stored.id, self._stored.reference, uncertain=self._stored.uncertain)

    @property
    def answer(self) -> Answer | None:
        """The answer, where sending again would be wrong: something is accepted, or the answer comes later."""
        found = self._stored.answer
        if found is None or self._stored.pruned:
            return found
        accepted = found.verdict in {*_GOOD, Verdict.PARTIAL, Verdict.PENDING}
        return found if accepted or any(serial.verdict in _GOOD for serial in found.serials) else None

    @classmethod
    def of(cls, folder: Path) -> Entry | None:
        """What stands in a folder, to look at; None when nothing does.

        Raises:
            ConfigurationError: it cannot be read.
        """
        return _read(folder)

    @property
    def name(self) -> str:
        """What the submission is known by."""
        return self._stored.name

    @property
    def sha256(self) -> str:
        """Its `digest`."""
        return self._stored.sha256

    @property
    def pruned(self) -> bool:
        """Whether only that it was taken is still known."""
        return self._stored.pruned

    @property
    def heard(self) -> Answer | None:
        """The last answer, whatever it was."""
        return self._stored.answer

    def doubt(self) -> None:
        """A call with an effect is about to be made."""
        self._doubt, self._replied = True, False
        if not self._stored.uncertain:
            self._stored.uncertain = True
            self._write()

    def dispel(self) -> None:
        """Its reply came, or it cannot have arrived. It counts with the next thing that is remembered."""
        self._doubt, self._replied = False, True

    def unheard(self) -> None:
        """The conversation gives up. If the reply to a call with an effect came, nothing was taken."""
        if self._replied:
            self._stored.uncertain = False
            self._write()

    def not_sent(self) -> None:
        """The call cannot have arrived: there is no doubt, unless there was one before."""
        self._doubt = False
        self._stored.uncertain = False
        self._write()

    def keep(self, reference: str) -> None:
        """Remember the regulator's reference."""
        self._stored.reference, self._stored.uncertain = reference, self._doubt
        self._write()

    def close(self, answer: Answer, *, refused: bool = False) -> None:
        """Remember an answer.

        Args:
            answer: the answer.
            refused: the last reply says that nothing was taken (an HTTP status of 400 to 499).
        """
        stored = self._stored
        stored.answer = answer
        stored.reference = answer.reference or stored.reference
        # What could not be read may have been taken.
        stored.uncertain = self._doubt or (answer.verdict is Verdict.UNREADABLE and not refused and stored.uncertain)
        if answer.verdict is Verdict.REJECTED and self.answer is None:
            stored.reference = ""  # nothing was taken: sent again, it is a new submission
        self._write()

    def take(self, status: int, media: str, body: bytes) -> None:
        """Keep a reply."""
        content = f"HTTP {status}\r\nContent-Type: {media}\r\n\r\n".encode("utf-8", "replace") + body
        if content == self.last or self._stored.replies >= MOST_REPLIES:
            return
        self.last = content
        self._stored.replies += 1
        path = self.folder / _REPLY.format(self._stored.replies)
        _put(path, content)

    def settle(self, answer: Answer) -> None:
        """A person has found out what became of it: that counts as what the regulator said."""
        self._doubt = False
        self._stored.uncertain = False
        self.close(answer)

    def forget(self) -> None:
        """Begin anew: somebody has found out that the regulator has nothing of it."""
        self._stored = _Stored(self._stored.id, self._stored.name, self._stored.sha256, replies=self._stored.replies)
        self._write()

    @property
    def open(self) -> bool:
        """Whether there is a question left: nobody knows whether it was taken, or the answer has not come."""
        stored = self._stored
        unanswered = stored.answer is None or stored.answer.verdict is Verdict.PENDING
        return stored.uncertain or (unanswered and bool(stored.reference or stored.answer))

    def prune(self) -> None:
        """Forget what was said, but not that it was: what is known to be taken is never sent again.

        Of what was not taken nothing is needed, and nothing stays.
        """
        replies = sorted(self.folder.glob("reply-*"))
        if self.answer is None:
            for path in (self.folder / _ENTRY, *replies, self.folder / _LOCK):
                path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            return
        if not self._stored.pruned:
            self._stored.answer, self._stored.pruned = replace(self.answer, serials=()), True
            self._write()
        for path in replies:
            path.unlink(missing_ok=True)

    def _write(self) -> None:
        _put(self.folder / _ENTRY, orjson.dumps(msgspec.to_builtins(self._stored)))


class Journal:
    """The memory of one account.

    Args:
        folder: where it is.
        account: whose.
    """

    def __init__(self, folder: Path, account: Account) -> None:
        self._folder = folder
        self._account = account

    @contextlib.contextmanager
    def entry(self, name: str, sha256: str) -> Iterator[Entry]:
        """What is known of a submission, for us alone.

        Raises:
            TransportError: another process is sending it at this moment.
            ConfigurationError: it cannot be read or written.
        """
        folder = self.place(name, sha256)
        with _locked(folder, name):
            yield _read(folder) or Entry(folder, _Stored(str(uuid.uuid5(_IDS, f"{sha256}/{name}")), name, sha256))

    def uncertain(self, name: str, sha256: str) -> bool:
        """Whether the system may have a submission, without our knowing it. Others may be sending it at this moment.

        Raises:
            ConfigurationError: it cannot be read.
        """
        found = _read(self.place(name, sha256))
        return found is not None and found.known.uncertain

    def place(self, name: str, sha256: str) -> Path:
        """The folder of a submission."""
        account = self._account
        parts = (account.message, account.url, account.user, name, sha256)
        key = hashlib.sha256(orjson.dumps(parts)).hexdigest()
        return self._folder / key[:2] / key[:40]


def digest(data: bytes, kind: str) -> str:
    """What tells the bytes of a submission of a kind from all others."""
    found = hashlib.sha256(data)
    if kind:
        found.update(b"\0" + kind.encode())
    return found.hexdigest()


@contextlib.contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    """A folder for us alone.

    Raises:
        TransportError: another process has it.
    """
    while True:
        with _explained(folder.parent.parent):
            private.folder(folder)
            try:
                lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            except FileNotFoundError:
                continue  # it was pruned at this moment
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                message = f"another process is sending {name!r}"
                raise TransportError(message, retryable=True) from None
            if not _same(lock, folder / _LOCK):
                continue  # it was pruned between both
            yield
            return
        finally:
            os.close(lock)


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _read(folder: Path) -> Entry | None:
    path = folder / _ENTRY
    try:
        with _explained(folder):
            if not path.exists():
                return None
            stored = msgspec.convert(orjson.loads(path.read_bytes()), _Stored)
            last = folder / _REPLY.format(stored.replies)
            return Entry(folder, stored, last.read_bytes() if stored.replies and last.exists() else b"")
    except (orjson.JSONDecodeError, msgspec.ValidationError):
        # Written whole or not at all: this was somebody else. Beginning anew could report packs twice.
        message = f"{path} is damaged: what was said to the regulator is not known"
        raise ConfigurationError(message, hint="ask the regulator; if it has nothing of it, delete the file") from None


def _put(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with _explained(path.parent):
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"what is said to regulators cannot be remembered in {folder}: {error.strerror or error}"
        trouble = TransportError(message, hint="nothing is sent without that; see `memory` in the agreement")
        trouble.retryable = True
        raise trouble from error
