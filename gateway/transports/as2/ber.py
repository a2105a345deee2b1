"""Reading ASN.1 from a file piece by piece, and the heads of what is written.

The large octet strings of CMS are never held in memory; everything small goes to asn1crypto. Both encodings are read:
DER, and BER with indefinite lengths and octet strings in segments, which many peers send (X.690, 8.1.3.6, 8.7.3).
Sizes, depths and numbers of elements are bounded, so that hostile input costs little.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from gateway.transports.as2.content import CHUNK, Region

OCTETS, OID, SEQUENCE, SET = 0x04, 0x06, 0x10, 0x11
CONTEXT = 0x80
CONSTRUCTED = 0x20

SMALL = 1 << 20
"""Largest element that is read into memory, in bytes."""

_BUFFER = 64 * 1024
_TRAILING = 32
_DEPTH = 40
_ELEMENTS = 20_000
_SEGMENT_DEPTH = 8
_SEGMENT_FREE = 1000
_SEGMENT_MEAN = 32
_LENGTH_BYTES = 8
_LOW_TAG = 0x1F
_INDEFINITE = -1
_EOC = b"\x00\x00"


class Malformed(ValueError):
    """The bytes are not the ASN.1 that was expected. Only used inside this package."""


@contextlib.contextmanager
def strict_asn1() -> Iterator[None]:
    """Turn whatever asn1crypto raises on odd input, now or when a field is first looked at, into `Malformed`."""
    try:
        yield
    except Malformed:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        message = f"malformed ASN.1 ({type(error).__name__})"
        raise Malformed(message) from error


def head(tag: int, length: int) -> bytes:
    """Tag and DER length of an element."""
    if length < CONTEXT:
        return bytes((tag, length))
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big")


@dataclass(frozen=True, slots=True)
class Head:
    """Tag and length as read.

    Attributes:
        tag: class and number, without the constructed bit.
        constructed: whether it holds other elements.
        length: bytes of its contents, -1 if it ends with a mark.
        start: offset of the tag.
        body: offset of the contents.
    """

    tag: int
    constructed: bool
    length: int
    start: int
    body: int

    @property
    def end(self) -> int:
        """Offset behind the contents; -1 if unknown."""
        return self.body + self.length if self.length >= 0 else -1


class Reader:
    """Pulls elements from a region of a file. All methods raise `Malformed`."""

    def __init__(self, region: Region) -> None:
        self._size = region.end
        self._stream = region.path.open("rb", buffering=_BUFFER)
        self._at = region.start
        self._stream.seek(self._at)
        self._open: list[Head] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size) if self._at + size <= self._size else b""
        if len(data) != size:
            message = "the data ends too early"
            raise Malformed(message)
        self._at += size
        return data

    def _seek(self, at: int) -> None:
        if at > self._size:
            message = "the data ends too early"
            raise Malformed(message)
        self._at = at
        self._stream.seek(at)

    def head(self) -> Head:
        """Read the next tag and length."""
        start = self._at
        first, second = self._take(2)
        if first & _LOW_TAG == _LOW_TAG:
            message = "a tag that CMS does not use"
            raise Malformed(message)
        length = second
        if second == CONTEXT:
            length = _INDEFINITE
        elif second > CONTEXT:
            count = second & 0x7F
            if count > _LENGTH_BYTES:
                message = "a length that no file has"
                raise Malformed(message)
            length = int.from_bytes(self._take(count), "big")
        found = Head(first & ~CONSTRUCTED, bool(first & CONSTRUCTED), length, start, self._at)
        if length == _INDEFINITE and not found.constructed:
            message = "a primitive element without a length"
            raise Malformed(message)
        limit = self._open[-1].end if self._open and self._open[-1].length >= 0 else self._size
        if found.end > limit:
            message = "an element that is longer than what holds it"
            raise Malformed(message)
        return found

    def enter(self, tag: int) -> Head:
        """Go into a constructed element of this tag."""
        found = self.head()
        if found.tag != tag or not found.constructed:
            message = f"tag {found.tag:#04x} where {tag:#04x} was expected"
            raise Malformed(message)
        self._open.append(found)
        return found

    def at_end(self) -> bool:
        """Whether the element that was entered last holds nothing more."""
        inside = self._open[-1]
        if inside.length >= 0:
            return self._at >= inside.end
        mark = self._take(2)
        self._seek(self._at - 2)
        return mark == _EOC

    def leave(self) -> None:
        """Come out of the element that was entered last; it must be read to its end."""
        if not self.at_end():
            message = "more elements than expected"
            raise Malformed(message)
        if self._open.pop().length < 0:
            self._take(2)

    def finish(self) -> None:
        """Come out of everything; nothing but a few line breaks may follow."""
        while self._open:
            self.leave()
        left = self._size - self._at
        if left > _TRAILING or self._take(left).strip(b"\r\n"):
            message = "something follows the structure"
            raise Malformed(message)

    def small(self, tag: int | None = None) -> bytes:
        """The next element as it is, with its tag; at most `SMALL` bytes."""
        found = self.head()
        if tag is not None and found.tag != tag:
            message = f"tag {found.tag:#04x} where {tag:#04x} was expected"
            raise Malformed(message)
        end = found.end if found.length >= 0 else self._behind(found)
        if end - found.start > SMALL:
            message = "an element that is too large"
            raise Malformed(message)
        self._seek(found.start)
        return self._take(end - found.start)

    def peek_tag(self) -> int:
        """Tag of the next element, without the constructed bit."""
        tag = self._take(1)[0]
        self._seek(self._at - 1)
        return tag & ~CONSTRUCTED

    def _behind(self, found: Head) -> int:
        """Offset behind an element without length, found by walking through it."""
        self._seek(found.start)
        data = self._stream.read(min(SMALL, self._size - found.start))
        return found.start + _walk(data, 0, len(data), 0, [0])

    def skip_octets(self, tag: int) -> int:
        """Pass over an octet string of any size; gives the offset of its tag."""
        start = self._at
        found = self._octets_head(tag)
        if found.length >= 0 and not found.constructed:
            self._seek(found.end)
        else:
            for _ in self._segments(found, 0, [0, 0]):
                pass
        return start

    def octets(self, tag: int, at: int | None = None) -> Iterator[bytes]:
        """The bytes of an octet string of any size, in chunks.

        Args:
            tag: its tag, `OCTETS` or an implicit one.
            at: where it starts; by default the next element.
        """
        if at is not None:
            self._seek(at)
            self._open.clear()
        found = self._octets_head(tag)
        gathered: list[bytes] = []
        size = 0
        for segment in self._segments(found, 0, [0, 0]):
            gathered.append(segment)
            size += len(segment)
            if size >= CHUNK:
                yield b"".join(gathered)
                gathered, size = [], 0
        yield b"".join(gathered)

    def _octets_head(self, tag: int) -> Head:
        found = self.head()
        if found.tag != tag:
            message = f"tag {found.tag:#04x} where an octet string was expected"
            raise Malformed(message)
        return found

    def _segments(self, found: Head, depth: int, seen: list[int]) -> Iterator[bytes]:
        """Bytes of a string; `seen` counts segments and their bytes."""
        if not found.constructed:
            left = found.length
            while left:
                chunk = self._take(min(left, CHUNK))
                left -= len(chunk)
                yield chunk
            seen[0] += 1
            seen[1] += found.length
            if seen[0] > _SEGMENT_FREE and seen[0] * _SEGMENT_MEAN > seen[1]:
                message = "an octet string in too many small segments"
                raise Malformed(message)
            return
        if depth >= _SEGMENT_DEPTH:
            message = "an octet string in segments of segments"
            raise Malformed(message)
        self._open.append(found)
        while not self.at_end():
            yield from self._segments(self._octets_head(OCTETS), depth + 1, seen)
        self.leave()


def check(data: bytes) -> bytes:
    """See to it that `data` is one element, neither deep nor of many parts, before asn1crypto reads it."""
    if _walk(data, 0, len(data), 0, [0]) != len(data):
        message = "something follows the element"
        raise Malformed(message)
    return data


def load(spec: Any, data: bytes) -> Any:
    """Read a small element with asn1crypto. Use what comes back inside `strict_asn1`."""
    with strict_asn1():
        return spec.load(check(data), strict=True)


def _walk(data: bytes, at: int, limit: int, depth: int, seen: list[int]) -> int:
    """Offset behind the element at `at`; `seen` counts elements."""
    at, end, constructed = _one(data, at, limit)
    seen[0] += 1
    if depth > _DEPTH or seen[0] > _ELEMENTS:
        message = "ASN.1 that is too deep or has too many elements"
        raise Malformed(message)
    if not constructed:
        return end
    if end >= 0:
        while at < end:
            at = _walk(data, at, end, depth + 1, seen)
        return end
    while data[at : min(at + 2, limit)] != _EOC:
        at = _walk(data, at, limit, depth + 1, seen)
    return at + 2


def _one(data: bytes, at: int, limit: int) -> tuple[int, int, bool]:
    """Offset of the contents and of the end (-1 if it ends with a mark), and whether it is constructed."""
    if at + 2 > limit:
        message = "the data ends too early"
        raise Malformed(message)
    first, length = data[at], data[at + 1]
    at += 2
    if first & _LOW_TAG == _LOW_TAG:
        message = "a tag that CMS does not use"
        raise Malformed(message)
    constructed = bool(first & CONSTRUCTED)
    if length == CONTEXT:
        if not constructed:
            message = "a primitive element without a length"
            raise Malformed(message)
        return at, _INDEFINITE, True
    if length > CONTEXT:
        count = length & 0x7F
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > limit:
        message = "an element that is longer than what holds it"
        raise Malformed(message)
    return at, at + length, constructed
