"""What a memory of submissions holds, account by account; and what of it goes when its time is over.

What tells a repetition stays for ever: that a submission was taken, with the regulator's reference. What goes is what
the regulator said of each pack, and its replies to the byte. Where nothing was taken there is nothing to recognise, and
all goes. An open question stays as it is: a submission that may have been taken, and one whose answer has not come.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError, TransportError
from gateway.submit.journal import Account, Entry, Journal


@dataclass(frozen=True, slots=True)
class Kept:
    """One submission in a memory.

    Attributes:
        account: whose it is.
        name: what it is known by.
        sha256: of its bytes and kind (`gateway.submit.journal.digest`).
        at: when something was written about it last, in seconds since 1970.
        entry: what is known of it.
        size: bytes that would go.
    """

    account: Account
    name: str
    sha256: str
    at: float
    entry: Entry
    size: int


@dataclass(slots=True)
class Pruned:
    """What was forgotten, or would be.

    Attributes:
        submissions: how many.
        size: bytes of replies.
        open: how many stay because a question is open.
    """

    submissions: int = 0
    size: int = 0
    open: int = 0


def kept(folder: Path, accounts: Collection[Account]) -> Iterator[Kept]:
    """The submissions of some accounts in a memory. What cannot be read, and what belongs to others, is passed over."""
    journals = {account: Journal(folder, account) for account in accounts}
    for path in _folders(folder):
        with contextlib.suppress(ConfigurationError, TransportError, FileNotFoundError):
            entry = Entry.of(path)
            if entry is None:
                continue
            for account, journal in journals.items():
                if journal.place(entry.name, entry.sha256) == path:
                    at = (path / "entry.json").stat().st_mtime
                    size = sum(reply.stat().st_size for reply in path.glob("reply-*"))
                    yield Kept(account, entry.name, entry.sha256, at, entry, size)


def prune(
    folder: Path, accounts: Collection[Account], due: Callable[[Kept], bool], result: Pruned, *, really: bool
) -> None:
    """Forget what is due, but for open questions.

    Args:
        folder: the memory.
        accounts: whose submissions.
        due: whether the time of one is over.
        result: is counted up.
        really: False only counts.
    """
    for one in kept(folder, accounts):
        if (one.entry.pruned and not one.size) or not due(one):
            continue
        if one.entry.open:
            result.open += 1
            continue
        with contextlib.suppress(TransportError):  # somebody is sending it: another time
            if not really:
                result.submissions, result.size = result.submissions + 1, result.size + one.size
                continue
            with Journal(folder, one.account).entry(one.name, one.sha256) as entry:
                if not entry.open:
                    entry.prune()
                    result.submissions, result.size = result.submissions + 1, result.size + one.size


def _folders(folder: Path) -> Iterator[Path]:
    for outer in _inside(folder):
        yield from _inside(outer)


def _inside(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(each.path) for each in entries if each.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
