"""Which items of a long stream have a key that an earlier one has, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import islice
from typing import Any, TypeVar

from gateway.formats.table.disk_list import DiskList, Store
from gateway.formats.table.unique import Unique, mark

#: Into so many parts items are put by the marks of their keys, a power of two; one part at a time is in memory.
_PARTS = 256
#: Items of a part that are in memory while parts are filled.
PART_BLOCK = 16
#: Marks that are remembered; where more repeat, all keys are looked at.
_SUSPECTS = 1 << 15
_BATCH = 1 << 10

T = TypeVar("T", bound=tuple[Any, ...])


def suspects_of(keys: Iterable[Hashable]) -> set[int] | None:
    """The marks that came more than once; None where they are too many to remember, and any may be one of them."""
    unique = Unique()
    keys = iter(keys)
    while some := list(islice(keys, _BATCH)):
        unique.add(some)
    return unique.few_suspects(_SUSPECTS)


def parted(store: Store, items: Iterable[T], suspects: set[int] | None) -> list[DiskList[T]]:
    """Items whose key, the first thing in them, is suspect, in parts; those of one key are in one part, in order."""
    parts: list[DiskList[T]] = [DiskList(store, PART_BLOCK) for _ in range(_PARTS)]
    for item in items:
        own = mark(item[0])
        if suspects is None or own in suspects:
            parts[own % _PARTS].append(item)
    return parts


class Numbers:
    """A set of numbers from 0 on, one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Take a number."""
        byte, bit = divmod(number, 8)
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        byte, bit = divmod(number, 8)
        return byte < len(self._bits) and bool(self._bits[byte] >> bit & 1)

    def __bool__(self) -> bool:
        return bool(self._bits)

    def below(self, end: int) -> int:
        """How many of them are smaller."""
        bits = int.from_bytes(self._bits[: end // 8 + 1], "little")
        return (bits & ((1 << end) - 1)).bit_count()


class Repeats:
    """What repeats in a stream.

    Args:
        entries: gives the stream from its beginning, each time the same: the key of each item, and what should be the
            same in all items of the key.

    Attributes:
        numbers: of the items, counted from 0, whose key an earlier item has.
        differing: keys whose items do not all say the same.
    """

    def __init__(self, entries: Callable[[], Iterable[tuple[Any, Any]]]) -> None:
        self.numbers = Numbers()
        self.differing: set[Any] = set()
        suspects = suspects_of(key for key, _ in entries())
        if suspects is not None and not suspects:
            return
        store = Store()
        for part in parted(store, ((*entry, number) for number, entry in enumerate(entries())), suspects):
            self._look(part)
        store.close()

    def _look(self, part: Iterable[tuple[Any, Any, int]]) -> None:
        first: dict[Any, Any] = {}
        for key, value, number in part:
            if key not in first:
                first[key] = value
                continue
            self.numbers.add(number)
            if first[key] != value:
                self.differing.add(key)
