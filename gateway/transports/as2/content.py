"""Bytes that lie in memory or in files, joined without copying them.

A message is built as a row of pieces: a header in memory, a payload in its file, a signature in memory. Its length is
known before a byte of it is read again, and no piece of a file is ever held whole.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

CHUNK = 256 * 1024
"""Bytes read at a time."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a file.

    Attributes:
        path: the file; nobody changes it while the region is in use.
        start: offset of the first byte.
        size: number of bytes.
    """

    path: Path
    start: int
    size: int

    @classmethod
    def whole(cls, path: Path) -> Region:
        """All of a file."""
        return cls(path, 0, path.stat().st_size)

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.start + self.size

    def part(self, start: int, end: int) -> Region:
        """The bytes from `start` to `end`, both counted from the first byte of this region."""
        return Region(self.path, self.start + start, end - start)

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in order."""
        left = self.size
        with self.path.open("rb", buffering=0) as stream:
            stream.seek(self.start)
            while left and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def head(self, size: int) -> bytes:
        """The first `size` bytes, or all if there are fewer."""
        return self.slice(0, min(size, self.size))

    def slice(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end` in memory; only for what is known to be small."""
        with self.path.open("rb", buffering=0) as stream:
            stream.seek(self.start + start)
            return stream.read(max(0, min(end, self.size) - start))


@dataclass(frozen=True, slots=True)
class Content:
    """A row of pieces."""

    pieces: tuple[bytes | Region, ...]

    @classmethod
    def of(cls, *pieces: bytes | Region | Content) -> Content:
        """Join pieces and rows of pieces."""
        flat: list[bytes | Region] = []
        for piece in pieces:
            flat += piece.pieces if isinstance(piece, Content) else (piece,)
        return cls(tuple(flat))

    @property
    def size(self) -> int:
        """Number of bytes."""
        return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in self.pieces)

    def chunks(self) -> Iterator[bytes]:
        """All bytes, in order."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece.chunks()

    def write_to(self, target: BinaryIO) -> int:
        """Write all bytes; gives their number."""
        return sum(target.write(chunk) for chunk in self.chunks())


class Scratch:
    """A folder of files that nobody outside has named; it goes away with everything in it.

    Args:
        parent: where to make it; a quarantine on the disk that the payload goes to later.
    """

    def __init__(self, parent: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="as2-", dir=parent))
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self) -> Path:
        """A name that is free."""
        self._count += 1
        return self.folder / f"{self._count:04d}"

    def keep(self, chunks: Iterable[bytes]) -> Region:
        """Write chunks to a new file."""
        path = self.path()
        size = 0
        with path.open("wb", buffering=0) as stream:
            for chunk in chunks:
                size += stream.write(chunk)
        return Region(path, 0, size)
