"""Events that are left out of a document because something is wrong with them, so that the others can go on.

A conversion that may leave events out (`Leaving`) sorts its errors: those of one event, and those of the document. Of a
wrong event nothing reaches the writer, and the conversion fails all the same, because what was written may rest on the
event: its caller leaves the event out and converts again, until there is nothing wrong with what is left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from gateway.findings import Finding, Findings, Rule, Severity

#: Findings that are kept of one event; more are counted.
MOST_OF_EVENT: Final = 5

TOO_MANY = Rule(
    "LEFT-OUT-01",
    Severity.ERROR,
    "Only so many events of a document may be wrong",
    "Where a sender asks for it, events that are wrong are left out and the others go on. A document in which very many"
    " are wrong has a fault of its own, and is refused as a whole.",
    "mend the document and send it again, or raise `left-out` of the channel",
)
NONE_LEFT = Rule(
    "LEFT-OUT-02",
    Severity.ERROR,
    "At least one event of a document must be right",
    "A document whose events are all left out would look like a success to its receivers.",
    "mend the events and send the document again",
)
INSEPARABLE = Rule(
    "LEFT-OUT-03",
    Severity.ERROR,
    "What is wrong must be separable from the rest",
    "Each time that wrong events were left out, others became wrong. The document is refused as a whole.",
    "mend the events and send the document again",
)
RULES: Final = (TOO_MANY, NONE_LEFT, INSEPARABLE)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What may be left out of a document.

    Attributes:
        without: numbers of the events that are left out as soon as they were read.
        most: how many events may be wrong, those of `without` included.
        of_document: codes of rules under which an error is the document's, even where it names an event.
        strays: codes of rules about what stands among the events and is none; its reader leaves it out.
    """

    without: Collection[int] = ()
    most: int = 10_000
    of_document: frozenset[str] = frozenset()
    strays: frozenset[str] = frozenset()


@dataclass(slots=True)
class Wrong:
    """What is wrong with one event.

    Attributes:
        findings: the first errors.
        errors: how many there are.
    """

    findings: list[Finding] = field(default_factory=list)
    errors: int = 0

    def add(self, finding: Finding) -> None:
        """One more error."""
        self.errors += 1
        if len(self.findings) < MOST_OF_EVENT:
            self.findings.append(finding)


class Separating(Findings):
    """Collects findings, and sorts errors by the events that they are about.

    Args:
        leaving: what may be left out.
        limit: how many findings are kept.

    Attributes:
        wrong: the wrong events by number.
        strays: what stands among the events and is none.
        of_document: how many errors are the document's.
    """

    def __init__(self, leaving: Leaving, limit: int = 1000) -> None:
        super().__init__(limit)
        self._leaving = leaving
        self.wrong: dict[int, Wrong] = {}
        self.strays: list[Finding] = []
        self.of_document = 0

    def add(self, finding: Finding) -> None:
        """Take one finding. What is said of events that are left out anyway was said before."""
        number = finding.where.event
        is_error = finding.severity is Severity.ERROR
        if is_error and finding.code in self._leaving.strays and len(self.strays) < self._leaving.most:
            self.strays.append(finding)
            return
        if number and finding.code not in self._leaving.of_document:
            if number in self._leaving.without:
                return
            if is_error:
                self._of_event(number, finding)
        elif is_error:
            self.of_document += 1
        super().add(finding)

    def stop(self, finding: Finding) -> None:
        """Take the error that ended reading: it is the document's, whatever event it names."""
        self.of_document += 1
        super().add(finding)

    def leave_out(self, severity: Severity, count: int) -> None:
        """Count findings that their finder did not keep; nobody knows which events they are about."""
        super().leave_out(severity, count)
        if severity is Severity.ERROR:
            self.of_document += count

    def name_lines(self, lines: Mapping[int, int]) -> None:
        """Give what is said of wrong events the lines of these, where it has none."""
        for number, wrong in self.wrong.items():
            line = lines.get(number, 0)
            if line:
                wrong.findings[:] = [
                    found if found.where.line else replace(found, where=structs.replace(found.where, line=line))
                    for found in wrong.findings
                ]

    def _of_event(self, number: int, finding: Finding) -> None:
        wrong = self.wrong.get(number)
        if wrong is None:
            if len(self.wrong) + len(self._leaving.without) >= self._leaving.most:
                if not self.of_document:
                    text = f"more than {self._leaving.most:,} events of the document are wrong"
                    super().add(Finding.of(TOO_MANY, text, value=self._leaving.most))
                self.of_document += 1
                return
            wrong = self.wrong[number] = Wrong()
        wrong.add(finding)


class Numbering:
    """Which event of a document the events of an output are, where some were left out.

    Kept as the places at which the difference of the two numbers changes: a document that lacks nothing has one.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._shifts: list[int] = []
        self._count = 0

    def add(self, number: int) -> None:
        """The event `number` of the document is the next one of the output."""
        self._count += 1
        shift = number - self._count
        if not self._shifts or self._shifts[-1] != shift:
            self._starts.append(self._count)
            self._shifts.append(shift)

    def of(self, place: int) -> int:
        """The number in the document of the output's event at this place (from 1); 0 where there is none."""
        if not 0 < place <= self._count:
            return 0
        return place + self._shifts[bisect_right(self._starts, place) - 1]
