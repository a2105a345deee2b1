"""What happened to each object of a document, object by object, in memory that does not grow with the document.

What happens is written down as it comes: the object's identifier, and a `code` that says where in the document it was
and what happened. When there is much of it, it goes to a temporary file in `_PARTS` parts, the same object always into
the same part; at the end one part after the other is read back. One that is large is first divided again. Identifiers
are kept whole, so that no two can be taken for one.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from gateway.findings import Where
from gateway.parts import Parts

#: What happens to an object.
USED: Final = 0
BORN: Final = 1
ENDED: Final = 2
PACKED: Final = 3
UNPACKED: Final = 4
#: It is the parent of a packing.
PARENT: Final = 5
#: What an error declaration withdraws: commissioning, decommissioning, unpacking.
FORGOTTEN: Final = 6
REVIVED: Final = 7
REPACKED: Final = 8
#: Not an object, but the eventID of an event.
EVENT_ID: Final = 9

_KIND_BITS, _NUMBER_SHIFT = 4, 32
_STEP: Final = 1 << _KIND_BITS
#: Masks what happened out of a code.
KINDS: Final = _STEP - 1
_AT_MASK: Final = (1 << (_NUMBER_SHIFT - _KIND_BITS)) - 1

_PART_BITS: Final = 8
_PARTS: Final = 1 << _PART_BITS
#: Entries of a part that are looked at together; a larger one is divided.
_AT_ONCE: Final = 1 << 16
#: A part is divided so often: then it has few different objects, or there are more than any document has.
_DEPTH: Final = 3
_BUFFER: Final = 1 << 15
_RECORDS: Final = 1 << 10
_REMEMBERED: Final = 1 << 12
_LINE: Final = "\n"
_ITEM: Final = 8  # bytes of a code, and of a position


def code_of(number: int, kind: int, at: int = 0) -> int:
    """What happened (`kind`) to the object at place `at` of a list of event `number`, as one number."""
    return number << _NUMBER_SHIFT | at << _KIND_BITS | kind


def number_of(code: int) -> int:
    """The event's number."""
    return code >> _NUMBER_SHIFT


def at_of(code: int) -> int:
    """The object's place in the event's list, from 1; 0 when it stands in none."""
    return code >> _KIND_BITS & _AT_MASK


def kind_of(code: int) -> int:
    """What happened."""
    return code & KINDS


class Log:
    """Takes what happens in the order of the document, and tells it object by object.

    Args:
        depth: how often the part was divided whose entries these are.
    """

    def __init__(self, depth: int = 0) -> None:
        self._depth = depth
        self._keys: list[str] = []
        self._codes = array("q")
        self._parts = Parts(_PARTS)
        self._counts = [0] * _PARTS

    def one(self, key: str, code: int) -> None:
        """Something happened to one object."""
        self._keys.append(key)
        self._codes.append(code)

    def each(self, keys: Sequence[str], number: int, kind: int) -> None:
        """The same happened to each object of a list of event `number`."""
        if len(keys) > _BUFFER:
            for start in range(0, len(keys), _BUFFER):
                self._each(keys[start : start + _BUFFER], code_of(number, kind, start + 1))
        else:
            self._each(keys, number << _NUMBER_SHIFT | _STEP | kind)

    def _each(self, keys: Sequence[str], first: int) -> None:
        self._keys += keys
        self._codes.extend(range(first, first + len(keys) * _STEP, _STEP))
        if len(self._keys) >= _BUFFER:
            self._spill()

    def parts(self) -> Iterator[dict[str, list[int]]]:
        """For some objects at a time: all codes of each, in the order of the document."""
        if not any(self._counts):
            yield _gathered([(self._keys, self._codes)])
            return
        self._spill()
        for part, count in enumerate(self._counts):
            if count <= _AT_ONCE or self._depth == _DEPTH:
                yield _gathered(self._read(part))
                continue
            finer = Log(self._depth + 1)
            for keys, codes in self._read(part):
                finer._take(keys, codes)
            yield from finer.parts()
            finer.close()

    def close(self) -> None:
        """Give the disk space back."""
        self._parts.close()

    def _take(self, keys: list[str], codes: array[int]) -> None:
        """Take some entries of a part that is too large."""
        self._keys += keys
        self._codes += codes
        if len(self._keys) >= _BUFFER:
            self._spill()

    def _spill(self) -> None:
        keys: list[list[str]] = [[] for _ in range(_PARTS)]
        codes = [array("q") for _ in range(_PARTS)]
        shift = self._depth * _PART_BITS
        for key, code in zip(self._keys, self._codes, strict=True):
            part = hash(key) >> shift & _PARTS - 1
            keys[part].append(key)
            codes[part].append(code)
        self._parts.put(map(_packed, keys, codes))
        for part, some in enumerate(keys):
            self._counts[part] += len(some)
        self._keys, self._codes = [], array("q")

    def _read(self, part: int) -> Iterator[tuple[list[str], array[int]]]:
        return map(_unpacked, self._parts.of(part))


def _packed(keys: list[str], codes: array[int]) -> bytes:
    """Entries as bytes: how many there are, their codes, their keys."""
    return b"".join((len(keys).to_bytes(_ITEM), codes.tobytes(), _text(keys))) if keys else b""


def _unpacked(piece: bytes) -> tuple[list[str], array[int]]:
    end = _ITEM + int.from_bytes(piece[:_ITEM]) * _ITEM
    codes = array("q")
    codes.frombytes(piece[_ITEM:end])
    return piece[end:].decode("utf-8", "surrogatepass").split(_LINE), codes


def _text(keys: list[str]) -> bytes:
    text = _LINE.join(keys)
    if text.count(_LINE) >= len(keys):  # a line break in an identifier, which is wrong and reported elsewhere
        text = _LINE.join([repr(key) if _LINE in key else key for key in keys])
    return text.encode("utf-8", "surrogatepass")


def _gathered(pieces: Iterable[tuple[list[str], array[int]]]) -> dict[str, list[int]]:
    gathered: dict[str, list[int]] = defaultdict(list)
    for keys, codes in pieces:
        for key, code in zip(keys, codes, strict=True):
            gathered[key].append(code)
    return gathered


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a finding needs to know of an event that has passed."""

    type: str
    time: str
    offset: str
    parent: str
    where: Where


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class Records:
    """One record for each event, kept in a temporary file."""

    def __init__(self) -> None:
        self._texts = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the object
        self._ends = tempfile.TemporaryFile()  # noqa: SIM115
        self._waiting: list[bytes] = []
        self._last = array("q")
        self._end = 0
        self.get = lru_cache(_REMEMBERED)(self._get)

    def add(self, record: Record) -> None:
        """Take the record of the next event."""
        try:
            text = _encode(record)
        except UnicodeEncodeError:  # half of a surrogate pair, which is wrong and reported elsewhere
            time, offset, parent = (
                part.encode("utf-8", "replace").decode() for part in (record.time, record.offset, record.parent)
            )
            text = _encode(Record(record.type, time, offset, parent, Where(line=record.where.line)))
        self._waiting.append(text)
        self._end += len(text)
        self._last.append(self._end)
        if len(self._waiting) >= _RECORDS:
            self._write()

    def close(self) -> None:
        """Give the disk space back."""
        self._texts.close()
        self._ends.close()

    def _write(self) -> None:
        self._texts.write(b"".join(self._waiting))
        self._last.tofile(self._ends)
        self._waiting, self._last = [], array("q")
        self._texts.flush()
        self._ends.flush()

    def _get(self, number: int) -> Record:
        """The record of event `number`, from 1."""
        if self._waiting:
            self._write()
        ends = array("q", [0]) if number == 1 else array("q")
        ends.frombytes(os.pread(self._ends.fileno(), _ITEM * (2 - len(ends)), max(0, number - 2) * _ITEM))
        return _decode(os.pread(self._texts.fileno(), ends[1] - ends[0], ends[0]))
