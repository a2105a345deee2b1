"""Putting originals away at the server once they are durable here: many at a time, each only if it is still the one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import paramiko
from paramiko.sftp import CMD_LSTAT, CMD_MKDIR, CMD_REMOVE, CMD_RENAME

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Offer
from gateway.transports.files import archive_folders, name_put_away
from gateway.transports.sftp.client import Answer, attributes_of
from gateway.transports.sftp.remote import Remote, filled
from gateway.transports.sftp.trouble import explained


@dataclass(slots=True)
class _Move:
    """A file that is to be put away: the one offered, or (without `offer`) a marker that stands beside it."""

    name: bytes
    offer: Offer | None
    failed: Exception | None = None


class Away:
    """Puts files away as the channel says.

    Args:
        remote: the channel's folder.
        clock: seconds since 1970, for the archive's folder a day.
    """

    def __init__(self, remote: Remote, clock: Callable[[], float]) -> None:
        self._remote = remote
        self._settings = remote.settings
        self._clock = clock
        self._made: set[bytes] = set()

    def put_away(self, offers: Sequence[Offer]) -> list[TransportError | None]:
        """Archive, rename or delete originals; None for each that is done, or needs nothing done."""
        if self._settings.after == "keep":
            return [None] * len(offers)
        files = [_Move(names.to_bytes(offer.path), offer) for offer in offers]
        states = self._remote.states([self._remote.at(file.name) for file in files])
        there = [
            file
            for file, offer, state in zip(files, offers, states, strict=True)
            if self._remote.is_offered(offer, state)
        ]
        # The marker goes first. If it stayed, the next file of this name would look whole from its first byte.
        for template in (self._settings.settle.marker, self._settings.settle.checksum):
            if template:
                self._all_with_companion(there, template)
        self._all([file for file in there if file.failed is None])
        return [self._said(file) for file in files]

    def _all_with_companion(self, files: Sequence[_Move], template: str) -> None:
        companions = [_Move(filled(template, file.name), None) for file in files]
        self._all(companions)
        for file, companion in zip(files, companions, strict=True):
            file.failed = file.failed or companion.failed

    def _all(self, moves: Sequence[_Move]) -> None:
        if not moves:
            return
        if self._settings.after == "delete":
            answers = self._remote.together([(CMD_REMOVE, self._remote.at(move.name)) for move in moves])
            for move, answer in zip(moves, answers, strict=True):
                move.failed = _failure(answer)
            return
        folder = self._archive()
        targets = self._free_names(folder, [name_put_away(_text(move.name), self._settings) for move in moves])
        requests = [
            request
            for move, target in zip(moves, targets, strict=True)
            for request in ((CMD_RENAME, self._remote.at(move.name), target), (CMD_LSTAT, target))
        ]
        answers = self._remote.together(requests)
        for number, (move, target) in enumerate(zip(moves, targets, strict=True)):
            move.failed = _failure(answers[2 * number])
            if isinstance(answers[2 * number], tuple):
                self._check(move, target, answers[2 * number + 1])

    def _check(self, move: _Move, target: bytes, answer: Answer) -> None:
        """A version that its sender put there between our look and our move has not been read: it goes back."""
        if move.offer is None or isinstance(answer, OSError | EOFError):
            return
        if not self._remote.is_offered(move.offer, attributes_of(answer[1])):
            (back,) = self._free_names(b"", [_text(move.name)])
            self._remote.client.rename(target, back)

    def _free_names(self, folder: bytes, wanted: Sequence[str]) -> list[bytes]:
        """Paths in a folder at which nothing stands yet, for files that are to have these names."""
        chosen = [self._remote.at(folder + name.encode("utf-8", "surrogateescape")) for name in wanted]
        number = 1
        while taken := [i for i, state in enumerate(self._remote.states(chosen)) if state is not None]:
            number += 1
            for i in taken:
                name = names.numbered(wanted[i], number).encode("utf-8", "surrogateescape")
                chosen[i] = self._remote.at(folder + name)
        return chosen

    def _archive(self) -> bytes:
        """The archive folder of today, with a slash at its end; it is made if it is not there."""
        path = b""
        for part in archive_folders(self._settings, self._clock()):
            path += part.encode()
            self._make(self._remote.at(path))
            path += b"/"
        return path

    def _make(self, folder: bytes) -> None:
        if folder not in self._made and self._remote.state(folder) is None:
            (answer,) = self._remote.together([(CMD_MKDIR, folder, paramiko.SFTPAttributes())])
            # It may have been made by somebody else a moment ago.
            if isinstance(answer, OSError | EOFError) and self._remote.state(folder) is None:
                message = f"the archive folder cannot be made in {self._remote.place}"
                hint = "ask for it and set `archive-days: false`, or set `after: rename`, `delete` or `keep`"
                raise TransportError(message, hint=hint) from answer
        self._made.add(folder)

    def _said(self, move: _Move) -> TransportError | None:
        if move.failed is None or isinstance(move.failed, FileNotFoundError):
            return None
        try:
            with explained(f"put away {_text(move.name)!r}", self._remote.place):
                raise move.failed
        except TransportError as error:
            if isinstance(move.failed, PermissionError) and not error.hint:
                error.hint = "ask for the right to rename or delete there, or set `after: keep`"
            return error


def _failure(answer: Answer) -> Exception | None:
    return answer if isinstance(answer, OSError | EOFError) and not isinstance(answer, FileNotFoundError) else None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
