"""Reading many small files of a far server at a time.

Each request costs the way there and back, and a small file needs five of them: at 40 ms that is five files a second,
whatever the bandwidth. So when a small file is asked for, those that were offered right after it are opened and read
in the same three rounds. What is irregular (a file that changed, a short answer, an error) is left to the ordinary way,
which says what is wrong.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_DATA, CMD_LSTAT, CMD_OPEN, CMD_READ, SFTP_FLAG_READ, int64

from gateway.transports import names
from gateway.transports.base import Offer
from gateway.transports.sftp.client import REQUEST, Answer, Request, attributes_of
from gateway.transports.sftp.remote import Remote

SMALL = 1 << 18
ROUND = 1 << 20  # bytes of one round; half the connection's window, or both sides would wait for each other


class Ahead:
    """Small files, read before they are asked for.

    Args:
        remote: the channel's folder.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        settings = remote.settings
        # Nothing is read ahead where that would go wrong or read what nobody wants.
        off = settings.quirks & {"no-prefetch", "no-stat"} or settings.settle.checksum or settings.after == "keep"
        self._most = 0 if off else settings.read_ahead
        self._upcoming: deque[Offer] = deque()
        self._ready: dict[str, tuple[Offer, bytes]] = {}

    def watch(self, offers: Iterator[Offer]) -> Iterator[Offer]:
        """The offers, while remembering those that come next."""
        self._upcoming = upcoming = deque(itertools.islice(offers, self._most + 1))
        while upcoming:
            yield upcoming[0]
            upcoming.popleft()
            upcoming.extend(itertools.islice(offers, 1))

    def take(self, offer: Offer) -> bytes | None:
        """The bytes of a file, if it is one of several small ones; None if it has to be read the ordinary way."""
        if offer.path not in self._ready and self._upcoming and self._upcoming[0] == offer:
            self._read([one for one in self._upcoming if one.size <= SMALL])
        there, data = self._ready.pop(offer.path, (None, b""))
        return data if there == offer else None

    def _read(self, offers: Sequence[Offer]) -> None:
        self._ready.clear()
        room = ROUND
        chosen = []
        for offer in offers:
            room -= offer.size + REQUEST  # a server may send a whole block where it should send the rest
            if room < 0:
                break
            chosen.append(offer)
        if len(chosen) > 1 and chosen[0] == self._upcoming[0]:
            for offer, data in zip(chosen, self._round(chosen), strict=True):
                if data is not None:
                    self._ready[offer.path] = (offer, data)

    def _round(self, offers: Sequence[Offer]) -> list[bytes | None]:
        paths = [self._remote.at(names.to_bytes(offer.path)) for offer in offers]
        nothing = paramiko.SFTPAttributes()
        opened = self._together([(CMD_OPEN, path, SFTP_FLAG_READ, nothing) for path in paths])
        handles = [answer[1].get_binary() if isinstance(answer, tuple) else None for answer in opened]
        reads = [
            # One byte more than the file should have, to see that it has grown.
            (CMD_READ, handle, int64(at), min(REQUEST, offer.size + 1 - at))
            for offer, handle in zip(offers, handles, strict=True)
            if handle is not None
            for at in range(0, offer.size + 1, REQUEST)
        ]
        answers = iter(self._together(reads))
        # Only now: a server may answer requests in another order, and must not close a file that is being read.
        closes: list[Request] = [(CMD_CLOSE, handle) for handle in handles if handle is not None]
        states = self._together([*closes, *((CMD_LSTAT, path) for path in paths)])[len(closes) :]
        return [
            self._whole(offer, list(itertools.islice(answers, offer.size // REQUEST + 1)), state)
            if handle is not None
            else None
            for offer, handle, state in zip(offers, handles, states, strict=True)
        ]

    def _together(self, requests: Sequence[Request]) -> list[Answer]:
        answers = self._remote.client.together(requests)
        self._remote.progress()
        return answers

    def _whole(self, offer: Offer, answers: Sequence[Answer], state: Answer) -> bytes | None:
        """The bytes, if there are as many as offered, in an unbroken row, and the file is still the one offered."""
        if not isinstance(state, tuple):
            return None
        pieces = [
            answer[1].get_binary() if isinstance(answer, tuple) and answer[0] == CMD_DATA else b"" for answer in answers
        ]
        data = b"".join(pieces)
        unbroken = all(len(piece) == REQUEST for piece in pieces[: offer.size // REQUEST])
        whole = len(data) == offer.size and unbroken
        return data if whole and self._remote.is_offered(offer, attributes_of(state[1])) else None
