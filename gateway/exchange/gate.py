"""The gate that all steps pass: it lets those at work finish when the process stops, and no new one begin."""

from __future__ import annotations

import threading
from types import TracebackType


class Gate:
    """Counts the steps at work. Once it is closed, whoever wants to enter waits until the process ends."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    def __enter__(self) -> None:
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def close(self, seconds: float) -> bool:
        """Let nobody in any more; whether everybody left within so many seconds."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: not self._inside, seconds)

    def open(self) -> None:
        """Let steps in again."""
        with self._changed:
            self._closed = False
            self._changed.notify_all()
