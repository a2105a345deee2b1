"""Gives up a connection on which nothing moves.

Timeouts of single reads are not enough: a write into a full connection waits without one, and a server that sends
a byte a minute resets them all. One thread a session looks after the operation that runs.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self


class Watchdog:
    """Watches one session.

    Args:
        abort: breaks the connection, so that whoever waits on it gets an error.
        stall: seconds without progress.
        total: seconds for one operation.
    """

    def __init__(self, abort: Callable[[], None], stall: float, total: float) -> None:
        self._abort = abort
        self._stall = stall
        self._total = total
        self._last: float | None = None
        self._started = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transport-watchdog", daemon=True)
        self.verdict = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self) -> None:
        """Something moved."""
        self._last = time.monotonic()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the operation inside."""
        self._started = time.monotonic()
        self._last = self._started
        try:
            yield
        finally:
            self._last = None

    def _run(self) -> None:
        while not self._stop.wait(min(1.0, self._stall / 4, self._total / 4)):
            now, last = time.monotonic(), self._last
            if last is None:
                continue
            if now - last > self._stall:
                self.verdict = f"nothing moved for {self._stall:g} seconds"
            elif now - self._started > self._total:
                self.verdict = f"the operation took more than {self._total:g} seconds"
            if self.verdict:
                self._abort()
                return
