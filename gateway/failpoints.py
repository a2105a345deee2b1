"""Places where a test may kill the process, to prove that a crash there loses and doubles nothing.

Off unless the environment variable ``GATEWAY_FAILPOINT`` names a point; then the process kills itself with SIGKILL
there, as a power cut would. ``NAME:3`` does so when the point is reached for the third time, and ``NAME:3:stop`` stops
it there (SIGSTOP) until somebody lets it go on, as a machine that sleeps would. ``NAME:1:/PATH`` kills it only if it
can make that file: of several processes one dies. The names are listed where they are used: `exchange.failpoints`,
`transports.as2_http.failpoints`, `submit.failpoints`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

VARIABLE = "GATEWAY_FAILPOINT"

_reached: dict[str, int] = {}


def asked(point: str) -> bool:
    """Whether the environment asks for a point."""
    return os.environ.get(VARIABLE, "").partition(":")[0] == point


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
    return cast("BinaryIO", Halfway(point, stream, size)) if asked(point) else stream


def halves(point: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks themselves, unless the environment asks for this point: then it is reached when half is taken."""
    if not asked(point):
        yield from chunks
        return
    whole = b"".join(chunks)
    yield whole[: len(whole) // 2]
    reach(point)
    yield whole[len(whole) // 2 :]


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
