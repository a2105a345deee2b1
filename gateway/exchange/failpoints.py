"""Places where a test may kill the process, to prove that a crash there loses and doubles nothing.

Off unless the environment variable ``GATEWAY_FAILPOINT`` names one of `POINTS`; then the process kills itself with
SIGKILL at that point, as a power cut would. ``NAME:3`` does so when the point is reached for the third time, and
``NAME:3:stop`` stops it there (SIGSTOP) until somebody lets it go on, as a machine that sleeps would. ``NAME:1:/PATH``
kills it only if it can make that file: of several processes one dies.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any, BinaryIO, cast

VARIABLE = "GATEWAY_FAILPOINT"

#: In the order in which a file passes them; each stands directly before or after something durable.
POINTS = (
    "collect.offered",  # the peer offers a file, nothing is done yet
    "collect.half",  # half of its bytes are in quarantine
    "collect.fetched",  # its bytes are in quarantine
    "archive.renamed",  # its bytes have their final name, the folder is not synced
    "collect.archived",  # its bytes are durable, the ledger does not know it
    "collect.recorded",  # the ledger knows it, the peer is not told
    "collect.acknowledged",  # the peer is told, the ledger does not know that
    "collect.marked",  # the ledger knows that too, the engine has no work yet
    "collect.enqueued",  # the engine has the work
    "detect.started",
    "detect.recorded",
    "convert.started",
    "convert.written",  # outputs lie in a private folder
    "convert.archived",  # outputs are durable, the ledger does not know them
    "convert.recorded",
    "check.recorded",
    "deliver.planned",  # deliveries stand in the ledger, the engine has no work for them
    "deliver.enqueued",
    "deliver.started",
    "deliver.half",  # half of the bytes are on their way
    "deliver.sent",  # the receiver has the file, the ledger does not know it
    "deliver.recorded",
    "close.recorded",
)

#: The same for files that are pushed into `gateway serve`.
SERVE_POINTS = (
    "serve.archived",  # the bytes are durable, the ledger does not know them
    "serve.recorded",  # the ledger knows the file, the client has no answer
    "serve.answered",  # the client has the answer, the ledger does not know that
)

_reached: dict[str, int] = {}


class Halfway:
    """A stream that reaches a point when half of what is to be written to it, or read from it, has gone through."""

    def __init__(self, point: str, stream: BinaryIO, size: int) -> None:
        self._point, self._stream, self._half = point, stream, max(size // 2, 1)

    def write(self, data: bytes) -> int:
        """Write, and reach the point on the way."""
        done = self._stream.write(data[: self._half])
        self._stream.flush()
        self._reach_after(done)
        return done + self._stream.write(data[done:])

    def read(self, size: int = -1) -> bytes:
        """Read, and reach the point on the way: when the rest is asked for."""
        if self._half <= 0:
            reach(self._point)
        data = self._stream.read(min(size, self._half) if size >= 0 and self._half > 0 else size)
        self._half -= len(data)
        return data

    def _reach_after(self, done: int) -> None:
        self._half -= done
        if self._half <= 0:
            reach(self._point)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def halfway(point: str, stream: BinaryIO, size: int) -> BinaryIO:
    """The stream itself, unless the environment asks for this point."""
    wanted = os.environ.get(VARIABLE, "").partition(":")[0] == point
    return cast("BinaryIO", Halfway(point, stream, size)) if wanted else stream


def reach(point: str) -> None:
    """Kill the process if the environment asks for it at this point."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    name, count, what = (*wanted.split(":"), "", "")[:3]
    if name == point:
        _reached[point] = _reached.get(point, 0) + 1
        if what.startswith("/"):
            try:
                os.close(os.open(what, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)
        if _reached[point] == int(count or 1):
            os.kill(os.getpid(), signal.SIGSTOP if what == "stop" else signal.SIGKILL)
            time.sleep(0.2)  # this thread may run on for a moment
