"""Lists that lie on disk, so that memory does not grow with them."""

from __future__ import annotations

import marshal
import os
import tempfile
from array import array
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

#: Items that are written and read together.
BLOCK = 64

T = TypeVar("T", bound=tuple[Any, ...])


class Store:
    """A temporary file of blocks, shared by several lists."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - lives as long as the lists
        self._end = 0

    def put(self, items: list[T]) -> tuple[int, int]:
        """Write a block; gives its place and size."""
        data = marshal.dumps(items, 2)  # unlike JSON it keeps any text, and this process alone reads it back
        place, self._end = self._end, self._end + len(data)
        self._file.write(data)
        return place, len(data)

    def get(self, place: int, size: int) -> Any:
        """Read a block."""
        return marshal.loads(os.pread(self._file.fileno(), size, place))  # noqa: S302 - written by `put`

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()


class DiskList(Generic[T]):
    """Tuples of texts, numbers, bytes and other such tuples.

    Args:
        store: where they lie.
        block: how many are written together, and are in memory until then; 0 for `BLOCK`.
    """

    def __init__(self, store: Store, block: int = 0) -> None:
        self._store = store
        self._block = block or BLOCK
        self._waiting: list[T] = []
        self._places = array("q")
        self._at = -1
        self._items: list[T] = []

    def append(self, item: T) -> None:
        """Take an item."""
        self._waiting.append(item)
        if len(self._waiting) == self._block:
            self._places.extend(self._store.put(self._waiting))
            self._waiting = []

    def __len__(self) -> int:
        return len(self._places) // 2 * self._block + len(self._waiting)

    def __iter__(self) -> Iterator[T]:
        return self.part(0, len(self))

    def part(self, start: int, count: int) -> Iterator[T]:
        """Some items that follow each other."""
        end = start + count
        while start < end:
            number, offset = divmod(start, self._block)
            items = self._get(number)
            yield from items[offset : offset + end - start]
            start += len(items) - offset

    def _get(self, number: int) -> list[T]:
        if number * 2 == len(self._places):
            return self._waiting
        if number != self._at:
            self._at = number
            self._items = self._store.get(*self._places[2 * number : 2 * number + 2])
        return self._items
