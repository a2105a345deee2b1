"""EDIFACT interchanges as segments, and back (ISO 9735, syntax versions 1 to 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from gateway.formats.edi import rules
from gateway.formats.edi.segments import Cutter, Segment, Segments, checked_tag, shown, without_line_ends

#: Character sets of UNB (data element 0001) and the encodings in which they are read (ISO 9735, UN/EDIFACT D.01B).
ENCODINGS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}
_UNA_LENGTH = 9
_SYNTAX = re.compile(rb"UNB.(UNO[A-Z])")
_WITH_REPETITION = "4"


@dataclass(frozen=True, slots=True)
class Separators:
    """The service characters of an interchange.

    Attributes:
        component: component data element separator.
        element: data element separator.
        decimal: decimal mark.
        release: release character; a blank when there is none.
        repetition: repetition separator; a blank when there is none.
        terminator: segment terminator.
    """

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    repetition: str = " "
    terminator: str = "'"


def is_interchange(head: bytes) -> bool:
    """Whether bytes begin with UNA or UNB, line ends and a byte order mark before them left out."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return start.startswith((b"UNA", b"UNB")) and len(start) > len(b"UNB") and not start[3:4].isalnum()


def segments(
    stream: BinaryIO, name: str, encoding: str = "", progress: Callable[[int], None] | None = None
) -> Segments:
    """The segments of all interchanges of a file; a UNA is not among them.

    Args:
        stream: the file.
        name: its name.
        encoding: what to read instead of the character set that UNB declares.
        progress: called with the number of bytes read so far.

    Raises:
        InputError: UNA or UNB is not as it must be, a segment has no tag or is in another encoding, or is cut.
        LimitExceeded: a segment is longer than any real one.
    """
    cutter = Cutter(stream, name, progress)
    if cutter.peek(3) == b"\xef\xbb\xbf":
        cutter.take(3)
    separators, used = Separators(), ""
    while True:
        if not used or cutter.peek(3) in (b"UNA", b"UNB"):
            separators, used = _head(cutter, encoding)
        release = separators.release.strip().encode("ascii")
        data = cutter.until(separators.terminator.encode("ascii"), release)
        if data is None:
            if cutter.rest():
                cutter.fail(rules.END, "the file ends inside a segment", value=shown(cutter.rest()))
            return
        text = cutter.text(without_line_ends(data), used)
        if not text:
            cutter.number -= 1  # a terminator too many is no segment
            continue
        segment = _segment(cutter, text, separators)
        if segment.tag == "UNB" and segment.value(1, 2) == _WITH_REPETITION and separators.repetition == " ":
            separators = Separators(
                separators.component,
                separators.element,
                separators.decimal,
                separators.release,
                "*",
                separators.terminator,
            )
        yield segment


def _head(cutter: Cutter, encoding: str) -> tuple[Separators, str]:
    """The service characters and the encoding that UNA and UNB ahead declare."""
    separators = Separators()
    start = cutter.peek(_UNA_LENGTH)
    if start.startswith(b"UNA"):
        cutter.take(_UNA_LENGTH)
        marks = start[3:].decode("latin-1")
        needed = [mark for mark in marks[:2] + marks[3:] if mark != " "]
        wrong = len(start) < _UNA_LENGTH or " " in (marks[0], marks[1], marks[5])
        if wrong or len(set(needed)) < len(needed) or any(mark.isalnum() or mark > "\x7f" for mark in needed):
            message = "UNA does not hold different service characters at its six places"
            cutter.fail(rules.HEAD, message, value=shown(start), expected="UNA:+.? '")
        separators = Separators(*marks)
    unb = cutter.peek(len("UNB+UNOC"))
    found = _SYNTAX.match(unb)
    if found is None or unb[3:4] != separators.element.encode("ascii"):
        expected = f"UNB{separators.element}UNO…"
        cutter.fail(rules.HEAD, "there is no UNB with a character set", value=shown(unb), expected=expected)
    declared = found[1].decode("ascii")
    if not encoding and declared not in ENCODINGS:
        message = f"the character set {declared} is not known"
        cutter.fail(rules.CHARACTERS, message, value=declared, expected=", ".join(ENCODINGS))
    return separators, encoding or ENCODINGS[declared]


def _segment(cutter: Cutter, text: str, separators: Separators) -> Segment:
    release = separators.release
    plain = release == " " or release not in text
    values = text.split(separators.element) if plain else _split(text, separators.element, release)
    tag = values.pop(0).partition(separators.component)[0]
    checked_tag(cutter, tag, text)
    elements: list[list[str]] = []
    repeats: dict[int, list[list[str]]] = {}
    for number, value in enumerate(values, 1):
        alone = plain or release not in value
        more: list[str] = []
        if separators.repetition != " " and separators.repetition in value:
            mark = separators.repetition
            value, *more = value.split(mark) if alone else _split(value, mark, release)  # noqa: PLW2901
        first, *rest = (_components(one, separators, plain=alone) for one in (value, *more))
        elements.append(first)
        if rest:
            repeats[number] = rest
    return Segment(cutter.number, tag, elements, repeats)


def _components(value: str, separators: Separators, *, plain: bool) -> list[str]:
    if plain:
        return value.split(separators.component)
    return [_unreleased(one, separators.release) for one in _split(value, separators.component, separators.release)]


def _split(text: str, mark: str, release: str) -> list[str]:
    """The parts between separators that are not released; release characters stay."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == release:
            at += 2
            continue
        if text[at] == mark:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _unreleased(text: str, release: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text[at] == release and at + 1 < len(text):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out)


def written(tag: str, values: Iterable[str | Iterable[str]], separators: Separators) -> str:
    """A segment as text, service characters in values released, empty elements at its end left out."""
    parts = [tag]
    for value in values:
        components = [_released(one, separators) for one in ([value] if isinstance(value, str) else value)]
        while len(components) > 1 and not components[-1]:
            components.pop()
        parts.append(separators.component.join(components))
    while not parts[-1]:
        parts.pop()
    return separators.element.join(parts) + separators.terminator


def _released(text: str, separators: Separators) -> str:
    marks = {separators.component, separators.element, separators.release, separators.terminator}
    marks |= {separators.repetition}
    marks.discard(" ")
    return "".join(separators.release + one if one in marks else one for one in text)
