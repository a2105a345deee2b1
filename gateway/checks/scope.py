"""What a check knows while it looks at one event, and how it reports."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.epcis.alike import Group
from gateway.epcis.events import Event
from gateway.epcis.place import inside
from gateway.findings import NOWHERE, Findings, Rule, Severity, Where

Check = Callable[[Event], None]
Quiet = Callable[[Group], bool]


def nothing(_: Group) -> bool:
    """For checks that look at nothing which alike events may differ in."""
    return True


@dataclass(frozen=True, slots=True)
class Checker:
    """A check, and the short way for events that are alike (`gateway.epcis.alike`).

    Attributes:
        check: looks at all of an event.
        quiet: for events alike to one about which there was nothing to say: whether there is surely nothing to say
            about their own times, ids and objects either. False says only that `check` has to look. None for a check
            that has to see every event.
    """

    check: Check
    quiet: Quiet | None = nothing


@dataclass(slots=True)
class Scope:
    """Turns what a check says into a finding with a place.

    Attributes:
        findings: where findings go.
        now: clock reading of the conversion, ISO 8601 with zone; empty when nobody gave one.
        number: number of the event in its document, from 1.
        where: place of the event in its source, as its reader says it.
        lenient: codes of rules under which an error is only a warning.
    """

    findings: Findings
    now: str = ""
    number: int = 0
    where: Where = NOWHERE
    lenient: Collection[str] = ()

    def enter(self, event: Event, number: int) -> None:
        """Go on to the next event."""
        self.where = event.where
        self.number = number

    def place(self, path: str = "") -> Where:
        """The place of a value inside the event; path as in ``epcList/epc[3]``."""
        return inside(self.where, self.number, path)

    def report(
        self,
        rule: Rule,
        message: str,
        *,
        path: str = "",
        value: object = "",
        expected: str = "",
        hint: str = "",
        severity: Severity | None = None,
    ) -> None:
        """Report a finding at a path of the current event."""
        if severity is None and rule.code in self.lenient:
            severity = Severity.WARNING
        self.findings.report(
            rule,
            message,
            where=self.place(path),
            value=value,
            expected=expected,
            hint=hint,
            severity=severity,
        )
