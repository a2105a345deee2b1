"""What runs in this process, so that work is found which the engine believes to run here and which does not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class AtWork:
    """Knows the ids of the work that runs here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()  # work that was taken over and given back may run twice for a moment
        self._missed: set[str] = set()

    @contextmanager
    def on(self, id_: str) -> Iterator[None]:
        """Note a piece of work while it runs."""
        with self._lock:
            self._running[id_] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[id_] -= 1
                if not self._running[id_]:
                    del self._running[id_]

    def lost(self, believed: Collection[str]) -> set[str]:
        """Of work that is believed to run here, what did not at this look and at the one before.

        One look is not enough: work that was just given to a thread has not begun, and of work that has just ended the
        end is not recorded yet.
        """
        with self._lock:
            missed = {id_ for id_ in believed if id_ not in self._running}
            lost = missed & self._missed
            self._missed = missed - lost
        return lost
