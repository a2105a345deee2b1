"""Things that wait on disk for all that is told of them, in parts small enough to look at one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import IO, Any
from zlib import crc32

import msgspec

#: Into so many parts the smallest things are put; one part at a time is in memory.
PARTS = 64
#: A part that is smaller stays in memory.
_IN_MEMORY = 1 << 18
#: Stands between the kind of row and the key of a thing.
KIND_END = "\x1e"
_encode = msgspec.json.Encoder().encode

Mention = tuple[int, int, list[int], list[str]]
"""Statement, number of the container or -1, and of each thing its place in the document and its key."""
Row = tuple[tuple[int, ...], int, str]
"""Where the row comes, number of what is told of it, key of its thing."""

_MENTIONS = msgspec.json.Decoder(Mention)
_ROWS = msgspec.json.Decoder(Row)


class Partitions:
    """Mentions of things, put together by thing, and then the rows that come of them, in their order."""

    def __init__(self) -> None:
        self._mentions = [_file() for _ in range(PARTS)]
        self._rows: list[IO[bytes]] = []

    def mention(self, statement: int, container: int, first: int, keys: Iterable[tuple[str, str]]) -> None:
        """Keep what a statement tells of things.

        Args:
            statement: number of the statement.
            container: number of the container that it puts them in, -1 for none.
            first: place of the first of them in the document; the others follow it.
            keys: kind of row and key of each.
        """
        parts: dict[int, tuple[list[int], list[str]]] = {}
        for place, (kind, key) in enumerate(keys, first):
            places, some = parts.setdefault(crc32(key.encode()) % PARTS, ([], []))
            places.append(place)
            some.append(f"{kind}{KIND_END}{key}")
        for part, (places, some) in parts.items():
            self._mentions[part].write(_encode((statement, container, places, some)) + b"\n")

    def things(self) -> Iterator[dict[str, tuple[int, list[tuple[int, int]]]]]:
        """The things of one part after another: key, first place, and statements with their containers."""
        for file in self._mentions:
            found: dict[str, tuple[int, list[tuple[int, int]]]] = {}
            file.seek(0)
            for line in file:
                statement, container, places, keys = _MENTIONS.decode(line)
                told = (statement, container)
                for place, key in zip(places, keys, strict=True):
                    known = found.get(key)
                    if known is None:
                        found[key] = (place, [told])
                    else:
                        known[1].append(told)
            yield found
            file.close()

    def keep(self, rows: list[Row]) -> None:
        """Keep the rows of one part."""
        rows.sort()
        file = _file()
        file.writelines(_encode(row) + b"\n" for row in rows)
        self._rows.append(file)

    def reorder(self, rank: dict[int, int]) -> None:
        """Put another number in the place of the first one in the order of each row."""
        before, self._rows = self._rows, []
        for file in before:
            self.keep([((rank[order[0]], *order[1:]), told, key) for order, told, key in _read(file)])
            file.close()

    def rows(self, more: list[Row]) -> Iterator[Row]:
        """All rows and some more, in their order. Ends the object's life."""
        yield from merge(sorted(more), *(_read(file) for file in self._rows))
        for file in self._rows:
            file.close()


def _file() -> IO[Any]:
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _read(file: IO[bytes]) -> Iterator[Row]:
    file.seek(0)
    for line in file:
        yield _ROWS.decode(line)
