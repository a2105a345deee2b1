"""Finds keys that occur twice among any number of keys, in bounded memory.

Each key is kept as eight bytes, its hash as a float: sorting floats is the quickest way there is to part them into
groups. Full buffers are sorted, cut into `_PARTS` ranges and appended to a temporary file; at the end one range after
the other is looked through. Equal hashes are only suspects: the caller looks at their keys again.
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise

_BUFFER = 1 << 16
_PARTS = 256
_RANGE = 2.0**63
_BOUNDS = [-_RANGE + i * (2 * _RANGE / _PARTS) for i in range(1, _PARTS)]
_ITEM = array("d").itemsize


def mark(key: str) -> float:
    """What stands for a key."""
    return float(hash(key))


class Unique:
    """Takes keys, and names the marks of those that came more than once."""

    def __init__(self) -> None:
        self._buffer = array("d")
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        self._pieces: list[array[int]] = [array("q") for _ in range(_PARTS)]
        self._written = 0

    def add(self, keys: Iterable[str]) -> None:
        """Take keys."""
        self._buffer.extend(map(hash, keys))
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def suspects(self) -> set[float]:
        """The marks that came more than once. Ends the object's life."""
        if not self._written:
            found = _twice(self._buffer)
        else:
            self._flush()
            found = set()
            for marks in self._parts():
                found |= _twice(marks)
        self._file.close()
        return found

    def _flush(self) -> None:
        marks = array("d", sorted(self._buffer))
        cuts = [0, *(bisect_left(marks, bound) for bound in _BOUNDS), len(marks)]
        for part, (start, end) in enumerate(pairwise(cuts)):
            self._pieces[part].extend((self._written + start, end - start))
        marks.tofile(self._file)
        self._written += len(marks)
        self._buffer = array("d")

    def _parts(self) -> Iterator[array[float]]:
        for pieces in self._pieces:
            marks = array("d")
            for start, count in zip(pieces[::2], pieces[1::2], strict=True):
                self._file.seek(start * _ITEM)
                marks.fromfile(self._file, count)
            yield marks


def _twice(marks: array[float]) -> set[float]:
    if len(set(marks)) == len(marks):
        return set()
    seen: set[float] = set()
    twice: set[float] = set()
    for one in marks:
        (twice if one in seen else seen).add(one)
    return twice
