"""Keeping the memory of a process with many threads small."""

from __future__ import annotations

import contextlib
import ctypes
import os

#: `M_ARENA_MAX` of glibc's mallopt(3).
_ARENA_MAX = -8
_ARENAS = 2


def few_arenas() -> None:
    """Let threads share two heaps, where the system's library would give each of them one of its own.

    What one thread has freed, another one can use then: a worker needs 10 to 20 MiB less. Where the operator has set
    ``MALLOC_ARENA_MAX``, or the library is another one than glibc, nothing is changed.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give memory that is free back to the system, where its library can.

    What long work or a large content took stays with the process otherwise, in pieces between what is in use.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
