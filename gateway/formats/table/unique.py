"""Finds keys that occur twice among any number of keys, in bounded memory.

Each key is kept as its hash, in one of `_PARTS` heaps by some bits of it. Full heaps are appended to a temporary file,
eight bytes a key; at the end one heap after the other is looked through. A heap that has become large is first divided
again by other bits. Equal hashes are only suspects: the caller looks at their keys again.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator

from gateway.parts import Parts

_BUFFER = 1 << 16
_PART_BITS = 8
_PARTS = 1 << _PART_BITS
_PART_OF = _PARTS - 1
#: Marks of a heap that are compared at once; a larger one is divided.
_AT_ONCE = 1 << 15
#: A heap is divided so often: then it has few different marks, or there are more keys than any file has.
_DEPTH = 3


def mark(key: Hashable) -> int:
    """What stands for a key."""
    return hash(key)


class Unique:
    """Takes keys, and names the marks of those that came more than once.

    Args:
        depth: how often the heap was divided whose marks these are.
    """

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._heaps: list[list[int]] = [[] for _ in range(_PARTS)]
        self._put = [heap.append for heap in self._heaps]
        self._waiting = 0
        self._counts = [0] * _PARTS
        self._parts = Parts(_PARTS)

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
        found: set[int] = set()
        for twice in self._twice():
            found |= twice
        return found

    def few_suspects(self, most: int) -> set[int] | None:
        """As `suspects`, None where they are more than `most`."""
        found: set[int] = set()
        for twice in self._twice():
            found |= twice
            if len(found) > most:
                return None
        return found

    def _take(self, marks: array[int]) -> None:
        """Take some marks of a heap that is too large."""
        put, shift = self._put, self._depth * _PART_BITS
        for one in marks:
            put[one >> shift & _PART_OF](one)
        self._waiting += len(marks)
        if self._waiting >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._parts.put(array("q", heap).tobytes() for heap in self._heaps)
        for part, heap in enumerate(self._heaps):
            self._counts[part] += len(heap)
            heap.clear()
        self._waiting = 0

    def _twice(self) -> Iterator[set[int]]:
        """The marks that came more than once, heap by heap."""
        if any(self._counts):
            self._flush()
        for part, heap in enumerate(self._heaps):
            if not self._counts[part]:
                yield _repeated([heap])
            elif self._counts[part] <= _AT_ONCE or self._depth == _DEPTH:
                yield _repeated(self._marks(part))
            else:
                finer = Unique(self._depth + 1)
                for marks in self._marks(part):
                    finer._take(marks)
                yield from finer._twice()
        self._parts.close()

    def _marks(self, part: int) -> Iterator[array[int]]:
        for piece in self._parts.of(part):
            marks = array("q")
            marks.frombytes(piece)
            yield marks


def _repeated(lists: Iterable[Collection[int]]) -> set[int]:
    """What is more than once in some lists; memory holds each mark once."""
    seen: set[int] = set()
    twice: set[int] = set()
    for some in lists:
        new = set(some)
        if len(new) < len(some):
            twice |= {one for one, count in Counter(some).items() if count > 1}
        if not seen.isdisjoint(new):
            twice |= seen & new
        seen |= new
    return twice
