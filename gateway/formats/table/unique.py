"""Finds keys that occur twice among any number of keys, in bounded memory.

Each key is kept as its hash, in one of `_PARTS` heaps by the hash's last bits. Full heaps are appended to a temporary
file, eight bytes a key; at the end one heap after the other is looked through. Equal hashes are only suspects: the
caller looks at their keys again.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence

_BUFFER = 1 << 16
_PARTS = 256  # a power of two
_PART_OF = _PARTS - 1
#: About so many marks of a heap are compared at once; only heaps of files with very many rows are larger.
_AT_ONCE = 1 << 16
_ITEM = array("q").itemsize


def mark(key: Hashable) -> int:
    """What stands for a key."""
    return hash(key)


class Unique:
    """Takes keys, and names the marks of those that came more than once."""

    def __init__(self) -> None:
        self._heaps: list[list[int]] = [[] for _ in range(_PARTS)]
        self._put = [heap.append for heap in self._heaps]
        self._waiting = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        self._pieces: list[array[int]] = [array("q") for _ in range(_PARTS)]
        self._written = 0

    def add(self, keys: Collection[Hashable]) -> None:
        """Take keys."""
        put = self._put
        for one in map(hash, keys):
            put[one & _PART_OF](one)
        self._waiting += len(keys)
        if self._waiting >= _BUFFER:
            self._flush()

    def suspects(self) -> set[int]:
        """The marks that came more than once. Ends the object's life."""
        return set().union(*self._twice())

    def few_suspects(self, most: int) -> set[int] | None:
        """As `suspects`, None where they are more than `most`."""
        found: set[int] = set()
        for twice in self._twice():
            found |= twice
            if len(found) > most:
                return None
        return found

    def _flush(self) -> None:
        for heap, pieces in zip(self._heaps, self._pieces, strict=True):
            array("q", heap).tofile(self._file)
            pieces.extend((self._written, len(heap)))
            self._written += len(heap)
            heap.clear()
        self._waiting = 0

    def _twice(self) -> Iterator[set[int]]:
        """The marks that came more than once, heap by heap."""
        for heap, pieces in zip(self._heaps, self._pieces, strict=True):
            marks = array("q", heap)
            for start, count in zip(pieces[::2], pieces[1::2], strict=True):
                self._file.seek(start * _ITEM)
                marks.fromfile(self._file, count)
            for some in _at_once(marks):
                if len(set(some)) < len(some):
                    yield {one for one, count in Counter(some).items() if count > 1}
        self._file.close()


def _at_once(marks: array[int]) -> Iterator[Sequence[int]]:
    """The marks of a heap, equal ones always together."""
    slices = 1 << (len(marks) // _AT_ONCE).bit_length()
    if slices == 1:
        yield marks
        return
    for number in range(slices):
        yield [one for one in marks if one // _PARTS % slices == number]
