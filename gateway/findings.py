"""What the gateway has to say about a file: findings (what is wrong with it) and losses (what a target cannot hold).

Both hang on stable codes. A `Rule` is the page behind a finding's code, a `LossRule` the page behind a loss's;
modules declare them as constants and never write a code twice. ``gateway list rules`` prints them all.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from dataclasses import field as default
from typing import Any

from msgspec import Struct

from gateway.secret import HIDDEN, is_secret


class Severity(enum.StrEnum):
    """How bad a finding is. An error stops the file; a warning and an info do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with a stable code.

    Attributes:
        code: stable for ever, e.g. ``GS1-GTIN-02``. Tests and partners rely on it.
        severity: severity of a finding under this rule unless the caller says otherwise.
        title: the rule in one line.
        explain: why the rule exists, with its clause or source.
        hint: how the sender can repair it.
    """

    code: str
    severity: Severity
    title: str
    explain: str = ""
    hint: str = ""


class Where(Struct, frozen=True, gc=False):
    """A place in a file. Only what is known is set; numbers count from 1.

    A Struct, because every event has one: it costs a tenth of what a frozen dataclass does.

    Attributes:
        file: name of the file or archive member, metadata only.
        sheet: worksheet name.
        row: row as a spreadsheet program numbers it.
        last_row: last row of a range that starts at `row`.
        column: column header, or its letter where there is no header.
        line: line in a text file.
        event: number of the EPCIS event in its document.
        path: path inside the event or message, e.g. ``epcList/epc[3]`` or ``$.epcisBody.eventList[2]``.
    """

    file: str = ""
    sheet: str = ""
    row: int = 0
    last_row: int = 0
    column: str = ""
    line: int = 0
    event: int = 0
    path: str = ""

    def __str__(self) -> str:
        parts = []
        if self.file:
            parts.append(self.file)
        if self.sheet:
            parts.append(f"sheet {self.sheet!r}")
        if self.row:
            parts.append(f"rows {self.row}-{self.last_row}" if self.last_row > self.row else f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column!r}")
        if self.line:
            parts.append(f"line {self.line}")
        if self.event:
            parts.append(f"event {self.event}")
        if self.path:
            parts.append(self.path)
        return ", ".join(parts)

    def as_dict(self) -> dict[str, str | int]:
        """The known parts, for JSON."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value}


NOWHERE = Where()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with, or worth knowing about, an input.

    Attributes:
        code: the rule's stable code.
        severity: error, warning or info.
        message: one sentence that names what was read and what was expected.
        where: the place.
        value: the value read, verbatim, cut to a readable length.
        expected: what would have been right.
        hint: how to repair it.
    """

    code: str
    severity: Severity
    message: str
    where: Where = NOWHERE
    value: str = ""
    expected: str = ""
    hint: str = ""

    @classmethod
    def of(
        cls,
        rule: Rule,
        message: str,
        *,
        where: Where = NOWHERE,
        value: object = "",
        expected: str = "",
        hint: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """Build a finding under a rule; severity and hint come from the rule unless given."""
        return cls(
            code=rule.code,
            severity=severity or rule.severity,
            message=message,
            where=where,
            value=clip(str(value)),
            expected=expected,
            hint=hint or rule.hint,
        )

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where != NOWHERE else ""
        hint = f"\n    fix: {self.hint}" if self.hint else ""
        return f"{self.severity.value} {self.code} {place}{self.message}{hint}"

    def as_dict(self) -> dict[str, Any]:
        """The finding as it stands in the JSON report."""
        out: dict[str, Any] = {"code": self.code, "severity": self.severity.value, "message": self.message}
        out["where"] = self.where.as_dict()
        if self.value:
            out["value"] = self.value
        if self.expected:
            out["expected"] = self.expected
        out["hint"] = self.hint
        return out


class Findings:
    """Collects findings while a file streams by. Keeps the first `limit` of them and counts the rest.

    The count is kept per severity, so that a file with a million bad rows still has the right verdict
    while its report stays readable.
    """

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.kept: list[Finding] = []
        self.counts: dict[Severity, int] = dict.fromkeys(Severity, 0)

    def add(self, finding: Finding) -> None:
        """Take one finding."""
        self.counts[finding.severity] += 1
        # An error displaces nothing, but a flood of warnings must not hide the first errors.
        if len(self.kept) < self.limit or (
            finding.severity is Severity.ERROR and self.counts[Severity.ERROR] <= self.limit
        ):
            self.kept.append(finding)

    def report(
        self,
        rule: Rule,
        message: str,
        *,
        where: Where = NOWHERE,
        value: object = "",
        expected: str = "",
        hint: str = "",
        severity: Severity | None = None,
    ) -> None:
        """Build a finding under `rule` and take it."""
        self.add(Finding.of(rule, message, where=where, value=value, expected=expected, hint=hint, severity=severity))

    def replace(self, index: int, finding: Finding) -> None:
        """Say one of the kept findings in another way."""
        self.counts[self.kept[index].severity] -= 1
        self.counts[finding.severity] += 1
        self.kept[index] = finding

    def leave_out(self, severity: Severity, count: int) -> None:
        """Count findings that are so many that their finder did not keep them."""
        self.counts[severity] += count

    @property
    def errors(self) -> int:
        """How many error findings there were, kept or only counted."""
        return self.counts[Severity.ERROR]

    @property
    def omitted(self) -> int:
        """How many findings were counted but not kept."""
        return sum(self.counts.values()) - len(self.kept)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.kept)

    def __len__(self) -> int:
        return sum(self.counts.values())


class Outcome(enum.StrEnum):
    """What became of a value that the target has no standard place for."""

    CARRIED = "carried"
    LOST = "lost"


class LossMode(enum.StrEnum):
    """What to do with a value that the target has no standard place for (``--loss``)."""

    CARRY = "carry"
    DROP = "drop"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class LossRule:
    """Why a kind of value cannot be kept by a target.

    Attributes:
        code: stable, e.g. ``LOSS-C04``.
        title: what is concerned, in one line.
        explain: why the target has no place for it, with the clause.
    """

    code: str
    title: str
    explain: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """One value that was carried in an extension place, or left out.

    Attributes:
        code: the loss rule's code.
        outcome: carried or lost.
        field: EPCIS path of the value, e.g. ``sensorElementList``.
        value: the complete value as XML, JSON or text.
        reason: one sentence for a person.
        event: number of the event, 0 for the document.
        event_id: the event's eventID if it has one.
    """

    code: str
    outcome: Outcome
    field: str
    value: str
    reason: str
    event: int = 0
    event_id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The loss as a line of ``<report>.losses.jsonl``: nothing is cut."""
        return {
            "code": self.code,
            "outcome": self.outcome.value,
            "field": self.field,
            "value": self.value,
            "reason": self.reason,
            "event": self.event,
            "eventID": self.event_id,
        }


@dataclass(slots=True)
class LossSummary:
    """All losses of one kind in one field, as the report shows them."""

    code: str
    outcome: Outcome
    field: str
    reason: str
    count: int = 0
    examples: list[str] = default(default_factory=list)


class Losses:
    """Collects losses: a bounded summary for the report, and every single one to a `sink` in full.

    Args:
        mode: what the caller asked for.
        sink: called with each loss, e.g. to append a line to ``<report>.losses.jsonl``.
    """

    EXAMPLES = 3

    def __init__(self, mode: LossMode = LossMode.CARRY, sink: Callable[[Loss], None] | None = None) -> None:
        self.mode = mode
        self._sink = sink
        self.summaries: dict[tuple[str, Outcome, str], LossSummary] = {}

    def carries(self) -> bool:
        """Whether writers should put homeless values into an extension place (mode ``carry``)."""
        return self.mode is LossMode.CARRY

    def add(
        self,
        rule: LossRule,
        outcome: Outcome,
        field: str,
        value: str,
        *,
        event: int = 0,
        event_id: str = "",
        reason: str = "",
    ) -> None:
        """Take one loss. In mode ``fail`` the caller refuses the output when `count` is not 0."""
        self.take(Loss(rule.code, outcome, field, value, reason or rule.title, event, event_id))

    def take(self, loss: Loss) -> None:
        """Take one loss that was made elsewhere. What is secret is counted, and not shown."""
        if is_secret(loss.field):
            loss = replace(loss, value=HIDDEN)
        key = (loss.code, loss.outcome, loss.field)
        summary = self.summaries.get(key)
        if summary is None:
            summary = self.summaries[key] = LossSummary(loss.code, loss.outcome, loss.field, loss.reason)
        summary.count += 1
        if len(summary.examples) < self.EXAMPLES:
            summary.examples.append(clip(loss.value))
        if self._sink is not None:
            self._sink(loss)

    @property
    def count(self) -> int:
        """How many values were carried or lost."""
        return sum(summary.count for summary in self.summaries.values())


def clip(value: str, length: int = 200) -> str:
    """Cut a value for a report: the first `length` characters and how many there were."""
    return value if len(value) <= length else f"{value[:length]}… ({len(value)} characters)"


def by_code(rules: Iterable[Rule | LossRule]) -> dict[str, Rule | LossRule]:
    """Index rules by code; two rules with one code are a mistake of ours."""
    index: dict[str, Rule | LossRule] = {}
    for rule in rules:
        if rule.code in index and index[rule.code] != rule:
            message = f"two rules have the code {rule.code}"
            raise ValueError(message)
        index[rule.code] = rule
    return index
