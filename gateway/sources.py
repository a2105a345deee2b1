"""The bytes that go into a conversion: a file, or bytes in memory, that can be opened more than once.

Readers may pass over their input twice (to find the header of a JSON document behind its events, or to name
both rows of a duplicate), so a source hands out a fresh stream on each `open`. Standard input is spooled to a
file before it becomes a source.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Source:
    """An input.

    Attributes:
        name: the file's name as its sender gave it. Metadata only: never used as a path.
        path: the file, or None when the bytes are in memory.
        data: the bytes when there is no file.
        opener: opens the input where it is neither, e.g. inside an archive.
        length: number of bytes that `opener` will probably give.
    """

    name: str
    path: Path | None = None
    data: bytes = b""
    opener: Callable[[], BinaryIO] | None = None
    length: int = 0

    @classmethod
    def file(cls, path: Path, name: str = "") -> Source:
        """A source that reads `path`; `name` is its original name when the stored one differs."""
        return cls(name=name or path.name, path=path)

    @classmethod
    def memory(cls, data: bytes, name: str = "") -> Source:
        """A source that reads `data`."""
        return cls(name=name, data=data)

    def open(self) -> BinaryIO:
        """A fresh, seekable stream at the first byte. The caller closes it."""
        if self.opener is not None:
            return self.opener()
        return self.path.open("rb") if self.path is not None else io.BytesIO(self.data)

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """The first bytes, for detection."""
        with self.open() as stream:
            return stream.read(size)

    @property
    def size(self) -> int:
        """Number of bytes; inside an archive what its sender says."""
        if self.opener is not None:
            return self.length
        return self.path.stat().st_size if self.path is not None else len(self.data)


@dataclass(frozen=True, slots=True)
class Cut:
    """Opens some bytes of a source, with others before and behind them. It may be sent to another process.

    Attributes:
        source: where they are from.
        start: the first of them.
        end: behind the last.
        before: what stands before them.
        behind: what stands behind them.
    """

    source: Source
    start: int
    end: int
    before: bytes
    behind: bytes

    def __call__(self) -> BinaryIO:
        """A stream of all of it."""
        with self.source.open() as stream:
            stream.seek(self.start)
            return io.BytesIO(b"".join((self.before, stream.read(self.end - self.start), self.behind)))

    def as_source(self) -> Source:
        """A source that reads it."""
        length = len(self.before) + self.end - self.start + len(self.behind)
        return Source(self.source.name, opener=self, length=length)


class Lines:
    """Follows the events of a JSON document through its text and counts lines.

    Attributes:
        number: the line that was reached.
    """

    def __init__(self, text: BinaryIO) -> None:
        self._text = text
        self.number = 1

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        while size > 0 and (block := self._text.read(min(size, 1 << 16))):
            self.number += block.count(b"\n")
            size -= len(block)

    def of(self, piece: bytes) -> int:
        """The line where the next event begins; passes over the event."""
        first = piece[:1]
        while byte := self._text.read(1):
            if byte == first:
                break
            self.number += byte == b"\n"
        line = self.number
        self.number += piece[:1].count(b"\n")
        self.skip(len(piece) - 1)
        return line
