"""What X12 and EDIFACT have in common: segments of elements of components, cut out of a stream of bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NoReturn

from msgspec import Struct

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Finding, Rule, Where
from gateway.formats.edi import rules

#: Bytes that are read at once.
CHUNK = 1 << 16
#: No real segment comes near: the longest have some thousand characters.
MAX_SEGMENT = 1 << 20
#: Characters between segments that belong to none: line ends, put there for people.
LINE_ENDS = b"\r\n"

_MOST_DIGITS = 18
#: More characters than any real amount; Decimal gives up at a million.
_LONGEST_AMOUNT = 40

_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_SEGMENT = re.compile(r"segments? ([0-9]+)")
_LEVEL = re.compile(r"segment [0-9]+ \(([A-Z][A-Z0-9]{1,2})")


class Segment(Struct):
    """A segment.

    Attributes:
        number: its number in the file, from 1; a UNA is none.
        tag: e.g. ``HL``, ``LIN``.
        elements: components of each element; a missing element is one empty component.
        repeats: further repetitions by number of the element.
    """

    number: int
    tag: str
    elements: list[list[str]]
    repeats: dict[int, list[list[str]]] = {}

    def value(self, element: int, component: int = 1) -> str:
        """A component, both counted from 1; empty when it is not there."""
        if element > len(self.elements):
            return ""
        components = self.elements[element - 1]
        return components[component - 1] if component <= len(components) else ""

    def parts(self, element: int) -> tuple[str, ...]:
        """The components of an element, counted from 1; none when it is not there."""
        return tuple(self.elements[element - 1]) if element <= len(self.elements) else ()


class Cutter:
    """Cuts a stream at a terminator that may change from interchange to interchange.

    Args:
        stream: the bytes.
        name: name of the file, for findings.
        progress: called with the number of bytes read so far.
    """

    def __init__(self, stream: BinaryIO, name: str, progress: Callable[[int], None] | None = None) -> None:
        self._stream = stream
        self._progress = progress
        self._rest = b""
        self._at = 0
        self._ended = False
        self.name = name
        #: Number of the segment that was cut last.
        self.number = 0

    def peek(self, size: int) -> bytes:
        """The next bytes without taking them, line ends before them left out; fewer at the end of the file."""
        while True:
            while self._at < len(self._rest) and self._rest[self._at] in LINE_ENDS:
                self._at += 1
            if len(self._rest) - self._at >= size or not self._more():
                return self._rest[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """The next bytes."""
        found = self.peek(size)
        self._at += len(found)
        return found

    def until(self, terminator: bytes, release: bytes = b"") -> bytes | None:
        """The bytes before the next terminator that is not released; None when the file ends before it.

        Raises:
            LimitExceeded: there is none within the length of any real segment.
        """
        start = self._at
        while True:
            end = self._rest.find(terminator, start)
            if end >= 0 and not (release and self._released(end, release)):
                found = self._rest[self._at : end]
                self._at = end + 1
                self.number += 1
                return found
            start = end + 1 if end >= 0 else len(self._rest)
            if start - self._at > MAX_SEGMENT:
                message = f"the segment is longer than {MAX_SEGMENT:,} bytes"
                where = segment_place(self.name, self.number + 1)
                raise LimitExceeded(Finding.of(rules.TOO_LONG, message, where=where))
            if end < 0:
                before = self._at
                if not self._more():
                    return None
                start -= before - self._at

    def rest(self) -> bytes:
        """What stands behind the last terminator, shortened."""
        return self._rest[self._at : self._at + 100].strip()

    def fail(self, rule: Rule, message: str, *, value: object = "", expected: str = "", ahead: int = 1) -> NoReturn:
        """End the reading at the segment that comes next.

        Raises:
            InputError: always.
        """
        where = segment_place(self.name, self.number + ahead)
        raise InputError(Finding.of(rule, message, where=where, value=value, expected=expected))

    def text(self, data: bytes, encoding: str) -> str:
        """A segment as text.

        Raises:
            InputError: it is not in this encoding.
        """
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            message = f"the segment is not {encoding}: byte {data[error.start]:#04x} at its place {error.start + 1}"
            self.fail(rules.CHARACTERS, message, value=shown(data), expected=encoding, ahead=0)

    def _released(self, end: int, release: bytes) -> bool:
        """Whether an odd number of release characters stands before a terminator."""
        first = end
        while first > self._at and self._rest[first - 1 : first] == release:
            first -= 1
        return bool((end - first) % 2)

    def _more(self) -> bool:
        if self._ended:
            return False
        read = self._stream.read(CHUNK)
        self._ended = not read
        self._rest = self._rest[self._at :] + read
        self._at = 0
        if self._progress is not None:
            self._progress(self._stream.tell())
        return bool(read)


def checked_tag(cutter: Cutter, tag: str, text: str) -> str:
    """The tag of a segment.

    Raises:
        InputError: it is none.
    """
    if _TAG.fullmatch(tag) is None:
        message = f"{tag[:20]!r} is no segment tag"
        cutter.fail(rules.TAG, message, value=text[:60], expected="two or three capital letters and digits", ahead=0)
    return tag


def segment_place(file: str, number: int, last: int = 0, *, node: str = "", column: str = "") -> Where:
    """The place of a segment, as people and `segment_number` read it."""
    path = f"segments {number}-{last}" if last > number else f"segment {number}"
    return Where(file=file, column=column, path=f"{path} ({node})" if node else path)


def segment_number(where: Where) -> int:
    """The number of the segment that a finding is about, 0 when it is about none."""
    found = _SEGMENT.match(where.path)
    return int(found[1]) if found else 0


def segment_tag(where: Where) -> str:
    """The tag of the segment with which the level of a finding begins (``HL``), empty when it is not told."""
    found = _LEVEL.match(where.path)
    return found[1] if found else ""


def shown(data: bytes) -> str:
    """The beginning of some bytes for a finding."""
    return "".join(chr(b) if 32 <= b < 127 else "." for b in data[:60])  # noqa: PLR2004 - printable ASCII


def without_line_ends(data: bytes) -> bytes:
    """A segment without the line ends around it."""
    return data.strip(LINE_ENDS)


def whole(text: str, otherwise: int = -1) -> int:
    """A count or place in a segment, all longer ones being equally wrong; `otherwise` for what is no number."""
    return int(text[:_MOST_DIGITS]) if text.isdecimal() else otherwise


def amount(text: str, decimal: str, marks: str) -> str | None:
    """An amount with another decimal sign, and a digit before it; None when it is none of the syntax.

    Args:
        text: the amount as it stands in the file.
        decimal: the sign that is wanted.
        marks: decimal marks of the syntax.
    """
    found = re.fullmatch(rf"(-?)([0-9]*)(?:[{marks}]([0-9]*))?", text, re.ASCII)
    if found is None or not (found[2] or found[3]) or len(text) > _LONGEST_AMOUNT:
        return None
    return f"{found[1]}{found[2] or '0'}" + (f"{decimal}{found[3]}" if found[3] else "")


Segments = Iterator[Segment]
