"""Containers that lie on disk, brought together by what their rows say.

Containers of one group mostly follow each other, and then the list of such stretches is the list of groups. Stretches
whose key comes back are put together part by part; of a group, memory holds where its stretches lie.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from gateway.formats.table.disk_list import DiskList, Store
from gateway.formats.table.gather import Key
from gateway.formats.table.repeats import PART_BLOCK, parted, suspects_of
from gateway.formats.table.unique import mark

Seen = tuple[str | None, str, int, Key]
"""Kind of the row, None where the container is only mentioned; EPC, number of the row, and what it says of it."""
_Stretch = tuple[Key, int, int, bytes]
"""Key, first row, last row, and for each stretch the number of its first container and how many there are."""
_NUMBERS = "q"


@dataclass(slots=True)
class Gathered:
    """A group of containers.

    Attributes:
        key: what they have in common.
        first: the first row in which one of them was seen first.
        last: the last such row.
        epcs: their EPCs, to be read once and before the next group.
    """

    key: Key
    first: int
    last: int
    epcs: Iterable[str]


def gathered(known: DiskList[Seen], key_of: Callable[[Key], Key | None]) -> Iterator[Gathered]:
    """The groups in the order of their first containers, and the containers of each in their order.

    Args:
        known: the containers.
        key_of: the key of a container with these values, None where it is of no group.
    """
    store = Store()
    stretches: DiskList[_Stretch] = DiskList(store)
    for one in _stretches(known, key_of):
        stretches.append(one)
    for key, first, last, places in _groups(store, stretches):
        yield Gathered(key, first, last, _epcs(known, array(_NUMBERS, places)))
    store.close()


def _stretches(known: Iterable[Seen], key_of: Callable[[Key], Key | None]) -> Iterator[_Stretch]:
    key: Key | None = None
    start = first = last = number = 0
    for number, (_, _, row, values) in enumerate(known):
        own = key_of(values)
        if own != key:
            if key is not None:
                yield key, first, last, array(_NUMBERS, (start, number - start)).tobytes()
            key, start, first, last = own, number, row, row
        elif row > last:
            last = row
    if key is not None:
        yield key, first, last, array(_NUMBERS, (start, number + 1 - start)).tobytes()


def _groups(store: Store, stretches: DiskList[_Stretch]) -> Iterator[_Stretch]:
    suspects = suspects_of(one[0] for one in stretches)
    if suspects is not None and not suspects:
        yield from stretches
        return
    sources: list[Iterable[_Stretch]] = []
    for part in parted(store, stretches, suspects):
        together: DiskList[_Stretch] = DiskList(store, PART_BLOCK)
        for one in _together(part):
            together.append(one)
        sources.append(together)
    if suspects is not None:
        sources.append(one for one in stretches if mark(one[0]) not in suspects)
    yield from merge(*sources, key=_start)


def _together(part: Iterable[_Stretch]) -> Iterator[_Stretch]:
    found: dict[Key, tuple[int, int, bytearray]] = {}
    for key, first, last, places in part:
        if key in found:
            before = found[key]
            before[2].extend(places)
            found[key] = (before[0], max(before[1], last), before[2])
        else:
            found[key] = (first, last, bytearray(places))
    for key, (first, last, all_places) in found.items():
        yield key, first, last, bytes(all_places)


def _start(stretch: _Stretch) -> int:
    return array(_NUMBERS, stretch[3][:8])[0]


def _epcs(known: DiskList[Seen], places: array[int]) -> Iterator[str]:
    for start, count in zip(places[::2], places[1::2], strict=True):
        for one in known.part(start, count):
            yield one[1]
