"""X12 interchanges as segments, and back (X12.5, X12.6).

The separators of an interchange stand in its ISA segment, which has a fixed length of 106 characters. There is no
release character: data must not hold separators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from gateway.formats.edi import rules
from gateway.formats.edi.segments import Cutter, Segment, Segments, checked_tag, shown, without_line_ends

ISA_LENGTH = 106
#: Lengths of ISA01 to ISA16.
ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_ISA11 = 82
_ISA12 = 84
#: From this version on ISA11 is the repetition separator; before it was the standard's identifier (U).
_REPETITION_SINCE = "00402"


@dataclass(frozen=True, slots=True)
class Separators:
    """The separators of an interchange.

    Attributes:
        element: data element separator (ISA, fourth character).
        component: component element separator (ISA16).
        terminator: segment terminator (the character behind ISA16).
        repetition: repetition separator (ISA11 from version 00402 on), empty where there is none.
    """

    element: str = "*"
    component: str = ":"
    terminator: str = "~"
    repetition: str = "^"

    @property
    def all(self) -> str:
        """All of them."""
        return self.element + self.component + self.terminator + self.repetition


def is_interchange(head: bytes) -> bool:
    """Whether bytes begin with an ISA segment, line ends and a byte order mark before it left out."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return start.startswith(b"ISA") and len(start) > len(b"ISA") and not start[3:4].isalnum()


def segments(
    stream: BinaryIO, name: str, encoding: str = "utf-8", progress: Callable[[int], None] | None = None
) -> Segments:
    """The segments of all interchanges of a file.

    Args:
        stream: the file.
        name: its name.
        encoding: one in which ASCII characters are single bytes.
        progress: called with the number of bytes read so far.

    Raises:
        InputError: ISA is not as it must be, a segment has no tag or is in another encoding, or the last is cut.
        LimitExceeded: a segment is longer than any real one.
    """
    cutter = Cutter(stream, name, progress)
    if cutter.peek(3) == b"\xef\xbb\xbf":
        cutter.take(3)
    separators = _separators(cutter)
    while True:
        start = cutter.peek(3)
        if start == b"ISA":
            separators = _separators(cutter)
        data = cutter.until(separators.terminator.encode("latin-1"))
        if data is None:
            if cutter.rest():
                cutter.fail(rules.END, "the file ends inside a segment", value=shown(cutter.rest()))
            return
        text = cutter.text(without_line_ends(data), encoding)
        if text:
            yield _segment(cutter, text, separators)
        else:
            cutter.number -= 1  # a terminator too many is no segment


def _segment(cutter: Cutter, text: str, separators: Separators) -> Segment:
    tag, *values = text.split(separators.element)
    checked_tag(cutter, tag, text)
    if tag == "ISA":
        return Segment(cutter.number, tag, [[value] for value in values])
    component, repetition = separators.component, separators.repetition
    elements = [[value] for value in values]
    repeats: dict[int, list[list[str]]] = {}
    if repetition and repetition in text:
        for index, value in enumerate(values):
            first, *more = value.split(repetition)
            elements[index] = first.split(component)
            if more:
                repeats[index + 1] = [one.split(component) for one in more]
    elif component in text:
        elements = [value.split(component) for value in values]
    return Segment(cutter.number, tag, elements, repeats)


def _separators(cutter: Cutter) -> Separators:
    """The separators that the ISA segment ahead declares."""
    isa = cutter.peek(ISA_LENGTH)
    expected = f"ISA with {ISA_LENGTH} characters"
    if not isa.startswith(b"ISA"):
        cutter.fail(rules.HEAD, "the file does not begin with ISA", value=shown(isa), expected=expected)
    if len(isa) < ISA_LENGTH:
        cutter.fail(rules.HEAD, f"ISA is cut after {len(isa)} characters", value=shown(isa), expected=expected)
    at = len("ISA")
    for number, width in enumerate(ISA_WIDTHS, 1):
        if isa[at] != isa[3]:
            message = f"ISA{number:02} does not begin at its place: the separator {chr(isa[3])!r} is missing there"
            cutter.fail(rules.HEAD, message, value=shown(isa), expected=expected)
        at += width + 1
    marks = [isa[3:4], isa[-2:-1], isa[-1:]]
    repetition = isa[_ISA11 : _ISA11 + 1]
    if isa[_ISA12 : _ISA12 + 5] < _REPETITION_SINCE.encode() or repetition.isalnum() or repetition == b" ":
        repetition = b""
    else:
        marks.append(repetition)
    if len(set(marks)) < len(marks) or any(mark.isalnum() or mark in (b" ", b"\x00") for mark in marks):
        said = " ".join(repr(mark.decode("latin-1")) for mark in marks)
        message = f"the separators {said} are not different characters beside letters, digits and blanks"
        cutter.fail(rules.HEAD, message, value=shown(isa), expected="four different separators")
    if any(mark > b"\x7f" for mark in marks):
        cutter.fail(rules.HEAD, "a separator is no ASCII character", value=repr(isa), expected="ASCII separators")
    element, component, terminator = (mark.decode("ascii") for mark in marks[:3])
    return Separators(element, component, terminator, repetition.decode("ascii"))


def written(tag: str, values: Iterable[str | Iterable[str]], separators: Separators) -> str:
    """A segment as text, empty elements at its end left out.

    Args:
        tag: the tag.
        values: the elements; those with components as lists.
        separators: the separators; no value may hold one.

    Raises:
        ValueError: a value holds a separator.
    """
    parts = [tag]
    for value in values:
        components = [value] if isinstance(value, str) else list(value)
        if any(mark in one for one in components for mark in separators.all):
            message = f"{tag}: {components!r} holds one of the separators {separators.all!r}"
            raise ValueError(message)
        while len(components) > 1 and not components[-1]:
            components.pop()
        parts.append(separators.component.join(components))
    while not parts[-1]:
        parts.pop()
    return separators.element.join(parts) + separators.terminator


def written_isa(values: Iterable[str], separators: Separators) -> str:
    """An ISA segment: each element is filled up with blanks to its fixed width; ISA16 is the component separator."""
    widths = zip([*values, separators.component], ISA_WIDTHS, strict=True)
    return separators.element.join(["ISA", *(value.ljust(width) for value, width in widths)]) + separators.terminator
