"""Cuts what is too much for one message into as many as the regulator's limits ask for, in order, losing nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def by_count(items: Iterable[T], limit: int) -> Iterator[list[T]]:
    """Parts of at most `limit` items."""
    part: list[T] = []
    for item in items:
        if len(part) == limit:
            yield part
            part = []
        part.append(item)
    if part:
        yield part


def by_weight(items: Iterable[T], limit: int, weight: Callable[[T], int]) -> Iterator[list[T]]:
    """Parts whose weights add up to at most `limit`, e.g. containers with their packs.

    An item that is too heavy alone is a part of its own; the caller finds and reports it.
    """
    part: list[T] = []
    total = 0
    for item in items:
        heavy = weight(item)
        if part and total + heavy > limit:
            yield part
            part, total = [], 0
        part.append(item)
        total += heavy
    if part:
        yield part


def by_kinds(items: Iterable[T], limit: int, kinds: int, kind: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """Parts of at most `limit` items of at most `kinds` different kinds, e.g. serial numbers of at most five lots."""
    part: list[T] = []
    seen: set[Hashable] = set()
    for item in items:
        of_item = kind(item)
        if part and (len(part) == limit or (of_item not in seen and len(seen) == kinds)):
            yield part
            part, seen = [], set()
        part.append(item)
        seen.add(of_item)
    if part:
        yield part


def by_size(
    items: Sequence[T], limit: int, build: Callable[[Sequence[T]], bytes], length: Callable[[T], int]
) -> Iterator[tuple[bytes, Sequence[T]]]:
    """Messages, built of items, of at most `limit` bytes, with the items of each.

    A message of one item that is too large comes out as it is; the caller finds and reports it.

    Args:
        items: in order, at least one.
        limit: bytes of one message.
        build: makes the message of some items; what is packed has a size that is known only then.
        length: about how much an item adds. Only proportions count.
    """
    data = build(items)
    if len(data) <= limit or len(items) == 1:
        yield data, items
        return
    left = min(len(items), max(2, math.ceil(len(data) / limit)))
    share = sum(map(length, items)) / left
    begin, weight = 0, 0.0
    cuts = []
    for at, item in enumerate(items):
        if at > begin and left > 1 and weight + length(item) / 2 > share:
            left -= 1
            cuts.append((begin, at))
            begin, weight = at, 0.0
        weight += length(item)
    if begin == 0:  # one huge item stands before small ones: cut in the middle instead
        begin = len(items) // 2
        cuts.append((0, begin))
    for start, end in (*cuts, (begin, len(items))):
        yield from by_size(items[start:end], limit, build, length)
