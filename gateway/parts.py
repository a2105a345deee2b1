"""A temporary file of many parts that grow side by side, read back one part at a time.

What belongs together goes into one part, batch by batch. Memory holds nothing of it, not even where it lies: that
stands in a second file.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

_ITEM: Final = array("q").itemsize


class Parts:
    """A file of parts.

    Args:
        count: how many parts there are.
    """

    def __init__(self, count: int) -> None:
        self._row = (count + 1) * _ITEM  # where the first part of a batch begins, and where each of them ends
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        self._places = tempfile.TemporaryFile()  # noqa: SIM115
        self._written = 0
        self._batches = 0

    def put(self, pieces: Iterable[bytes]) -> None:
        """Write a batch: one piece for each part, in their order; pieces may be empty."""
        places = array("q", [self._written])
        for piece in pieces:
            self._file.write(piece)
            self._written += len(piece)
            places.append(self._written)
        places.tofile(self._places)
        self._batches += 1

    def of(self, part: int) -> Iterator[bytes]:
        """The pieces of a part, in the order in which they came; those that are empty are left out."""
        self._file.flush()
        self._places.flush()
        for batch in range(self._batches):
            place = array("q", os.pread(self._places.fileno(), 2 * _ITEM, batch * self._row + part * _ITEM))
            if place[0] < place[1]:
                yield os.pread(self._file.fileno(), place[1] - place[0], place[0])

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()
        self._places.close()
