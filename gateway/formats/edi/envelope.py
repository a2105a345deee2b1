"""Envelopes: interchange, group, message. Counts and control numbers are checked, what is inside is handed on.

X12: ISA GS ST ... SE GE IEA. EDIFACT: UNB [UNG] UNH ... UNT [UNE] UNZ. Both are nested envelopes whose trailer repeats
the number of the header and counts what is inside; only names and places differ (`X12`, `EDIFACT`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.findings import Findings, Rule, Severity
from gateway.formats.edi import rules
from gateway.formats.edi.segments import Segment, segment_place

#: Segments that may stand in an interchange outside of messages (X12.5: acknowledgement, security).
_SERVICE = frozenset({"TA1", "ISB", "ISE", "S1A", "S1E", "S2A", "S2E", "SVA"})
#: Problems that are kept for the answer to one message; no answer lists more.
_KEPT = 100


@dataclass(frozen=True, slots=True)
class Level:
    """One envelope.

    Attributes:
        name: what it is called in findings and columns: interchange, group, message.
        head: tag of the header.
        tail: tag of the trailer.
        control: element of the header with the control number.
        tail_control: element of the trailer that repeats it.
        tail_count: element of the trailer that counts.
        numeric: whether leading zeros of the control number mean nothing.
    """

    name: str
    head: str
    tail: str
    control: int
    tail_control: int = 2
    tail_count: int = 1
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Syntax:
    """The envelopes of a syntax, outermost first; `optional` ones may be missing."""

    name: str
    levels: tuple[Level, Level, Level]
    optional: str = ""


X12 = Syntax(
    "X12",
    (
        Level("interchange", "ISA", "IEA", 13, numeric=True),
        Level("group", "GS", "GE", 6, numeric=True),
        Level("message", "ST", "SE", 2),
    ),
)
EDIFACT = Syntax(
    "EDIFACT",
    (
        Level("interchange", "UNB", "UNZ", 5),
        Level("group", "UNG", "UNE", 5),
        Level("message", "UNH", "UNT", 1),
    ),
    optional="group",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a segment: code of the rule, number of the segment in the file, its tag, message for people."""

    code: str
    segment: int
    tag: str
    message: str


@dataclass(slots=True)
class Envelope:
    """One interchange, group or message that has been read.

    Attributes:
        level: which of them.
        head: its header.
        control: its control number, verbatim.
        count: how many groups or messages are inside; of a message its segments, header and trailer included.
        declared: what the trailer says instead, verbatim; empty when there was no trailer.
        last: number of its last segment.
        inside: the envelopes inside.
        problems: what is wrong with it.
        controls: control numbers of the envelopes inside.
    """

    level: Level
    head: Segment
    control: str
    count: int = 0
    declared: str = ""
    last: int = 0
    inside: list[Envelope] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """Type of a message: ST01, or message type of UNH (S009 0065)."""
        return self.head.value(1) if self.head.tag == "ST" else self.head.value(2, 1)

    @property
    def is_test(self) -> bool:
        """Whether an interchange is marked as a test (ISA15, or 0035 in UNB)."""
        return (self.head.tag == "ISA" and self.head.value(15) == "T") or (
            self.head.tag == "UNB" and self.head.value(11) == "1"
        )

    @property
    def sender(self) -> str:
        """Who sends an interchange: ISA06, or the identification in UNB (0004)."""
        return (self.head.value(6) if self.head.tag == "ISA" else self.head.value(2)).strip()

    def version(self, group: Envelope | None) -> str:
        """Version of a message: ST03 or GS08; version and release of UNH (``D96A``)."""
        if self.head.tag == "ST":
            return self.head.value(3) or (group.head.value(8) if group is not None else "")
        return self.head.value(2, 2) + self.head.value(2, 3)


@dataclass(frozen=True, slots=True)
class Inside:
    """Where a segment of a message stands.

    Attributes:
        message: its message.
        envelopes: interchange, group if there is one, and message.
    """

    message: Envelope
    envelopes: tuple[Envelope, ...]

    @property
    def group(self) -> Envelope | None:
        """The group, if there is one."""
        return next((one for one in self.envelopes if one.level.name == "group"), None)


class Envelopes:
    """Checks envelopes while segments stream by.

    Args:
        syntax: X12 or EDIFACT.
        file: name of the file, for findings.
        findings: takes what is wrong.

    Attributes:
        interchanges: what has been read, for answers (997, CONTRL).
    """

    def __init__(self, syntax: Syntax, file: str, findings: Findings) -> None:
        self.syntax = syntax
        self.interchanges: list[Envelope] = []
        self._file = file
        self._findings = findings
        self._heads = {level.head: index for index, level in enumerate(syntax.levels)}
        self._tails = {level.tail: index for index, level in enumerate(syntax.levels)}
        self._open: list[Envelope] = []
        self._inside: Inside | None = None

    def messages(self, segments: Iterable[Segment]) -> Iterator[tuple[Inside, Segment]]:
        """The segments between header and trailer of each message, with their message."""
        last = None
        for segment in segments:
            last = segment
            tag = segment.tag
            if tag in self._heads:
                self._begin(self._heads[tag], segment)
            elif tag in self._tails:
                self._end(self._tails[tag], segment)
            elif self._inside is not None:
                self._inside.message.count += 1
                self._inside.message.last = segment.number
                yield self._inside, segment
            elif tag in _SERVICE:
                self._report(rules.NOT_READ, f"{tag} stands between messages", segment)
            else:
                self._report(rules.ORDER, f"{tag} stands outside of any message", segment)
        while self._open and last is not None:
            self._unclosed(last)

    def abandon(self, number: int) -> None:
        """The file cannot be read behind this segment: what is open stays without its trailer."""
        while self._open:
            envelope = self._open.pop()
            envelope.last = number
            note(envelope, rules.END, number, envelope.level.tail, f"{envelope.level.tail} was not reached")
        self._inside = None

    def _begin(self, index: int, segment: Segment) -> None:
        level = self.syntax.levels[index]
        while self._open and self.syntax.levels.index(self._open[-1].level) >= index:
            self._unclosed(segment)
        wanted = index - 1
        if wanted >= 0 and self.syntax.levels[wanted].name == self.syntax.optional:
            interchange = self._open[0] if self._open else None
            if interchange is None or not any(one.level.name == self.syntax.optional for one in self._open):
                wanted -= 1
        if wanted >= 0 and (not self._open or self._open[-1].level is not self.syntax.levels[wanted]):
            self._report(rules.ORDER, f"{level.head} stands outside of {self.syntax.levels[wanted].head}", segment)
        envelope = Envelope(level, segment, segment.value(level.control).strip(), last=segment.number)
        if self._open:
            around = self._open[-1]
            if envelope.control in around.controls:
                message = f"the control number {envelope.control!r} stands there already"
                self._report(rules.CONTROL, message, segment, envelope, expected="a number of its own")
            around.controls.add(envelope.control)
            around.inside.append(envelope)
            around.count += 1
        elif index == 0:
            self.interchanges.append(envelope)
        self._open.append(envelope)
        if envelope.is_test:
            where = segment_place(self._file, segment.number)
            message = f"the interchange {envelope.control} is marked as a test"
            self._findings.report(rules.TEST, message, where=where)
        if level.name == "message":
            envelope.count = 1
            self._inside = Inside(envelope, tuple(self._open))

    def _end(self, index: int, segment: Segment) -> None:
        level = self.syntax.levels[index]
        while self._open and self.syntax.levels.index(self._open[-1].level) > index:
            self._unclosed(segment)
        if not self._open or self._open[-1].level is not level:
            self._report(rules.ORDER, f"{level.tail} closes no {level.head}", segment)
            return
        envelope = self._open.pop()
        envelope.last = segment.number
        envelope.declared = declared = segment.value(level.tail_count).strip()
        if level.name == "message":
            envelope.count += 1
            self._inside = None
        control = segment.value(level.tail_control).strip()
        if not _same(control, envelope.control, numeric=level.numeric):
            message = f"{level.tail} has the control number {control!r}, {level.head} has {envelope.control!r}"
            self._report(rules.CONTROL, message, segment, envelope, value=control, expected=envelope.control)
        if not declared.isdecimal() or int(declared[:18]) != envelope.count:
            what = "segments" if level.name == "message" else "groups or messages"
            message = f"{level.tail} counts {declared or 'nothing'}, {envelope.count} {what} are there"
            self._report(rules.COUNT, message, segment, envelope, value=declared, expected=str(envelope.count))

    def _unclosed(self, segment: Segment) -> None:
        envelope = self._open.pop()
        envelope.last = segment.number
        level = envelope.level
        if level.name == "message":
            self._inside = None
        message = f"{level.tail} is missing: the {level.name} {envelope.control} is not closed"
        self._report(rules.END, message, segment, envelope, expected=level.tail)

    def _report(
        self,
        rule: Rule,
        message: str,
        segment: Segment,
        envelope: Envelope | None = None,
        *,
        value: str = "",
        expected: str = "",
    ) -> None:
        where = segment_place(self._file, segment.number)
        self._findings.report(rule, message, where=where, value=value or segment.tag, expected=expected)
        if rule.severity is Severity.ERROR:
            note(envelope or (self._open[-1] if self._open else None), rule, segment.number, segment.tag, message)


def note(envelope: Envelope | None, rule: Rule, segment: int, tag: str, message: str) -> None:
    """Keep a problem with its envelope, for the answer."""
    if envelope is not None and len(envelope.problems) < _KEPT:
        envelope.problems.append(Problem(rule.code, segment, tag, message))


def _same(one: str, other: str, *, numeric: bool) -> bool:
    return one == other or (numeric and bool(one) and one.lstrip("0") == other.lstrip("0"))
