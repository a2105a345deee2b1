"""What a conversion or validation has to say in the end: counts, findings, losses, outputs, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.findings import Findings, Losses
from gateway.leaving import Numbering


@dataclass(frozen=True, slots=True)
class Body:
    """Where the events of a document stand in it: the first from `start` to `behind_first`, the others up to `end`."""

    start: int
    behind_first: int
    end: int


@dataclass(slots=True)
class Output:
    """One file that a conversion made.

    Attributes:
        kind: which of a market message's documents or operations it is, where there are several.
        packs: how many packs a market message speaks of.
    """

    name: str
    format: str
    bytes: int
    sha256: str
    path: str = ""
    body: Body | None = None
    kind: str = ""
    packs: int = 0


@dataclass(slots=True)
class Report:
    """What a conversion or validation has to say, for a person (`text`) and for a program (`as_dict`)."""

    format_in: str = ""
    format_out: str = ""
    events: int = 0
    epcs: int = 0
    findings: Findings = field(default_factory=Findings)
    losses: Losses = field(default_factory=Losses)
    outputs: list[Output] = field(default_factory=list)

    #: How many identifiers the first event has.
    first_epcs: int = 0

    #: IDs of the events that were left out, by number; of those that could not be read nobody knows any.
    left_out_ids: dict[int, str] = field(default_factory=dict)

    #: Which events of the input the outputs hold, where some may be left out.
    numbering: Numbering = field(default_factory=Numbering)

    #: A limit was exceeded, or a loss was refused: the exit code that says so, else 0.
    stopped: int = 0

    @property
    def exit_code(self) -> int:
        """Exit status of a command that ends with this report (docs/exit-codes.md)."""
        return self.stopped or (1 if self.findings.errors else 0)

    @property
    def failed(self) -> bool:
        """Whether the outputs must not be used."""
        return self.exit_code != 0

    def as_dict(self) -> dict[str, Any]:
        """The report JSON (names fixed in docs/reports.md)."""
        return {
            "format_in": self.format_in,
            "format_out": self.format_out,
            "events": self.events,
            "epcs": self.epcs,
            "findings": [finding.as_dict() for finding in self.findings],
            "findings_omitted": self.findings.omitted,
            "losses": [
                {
                    "code": s.code,
                    "outcome": s.outcome.value,
                    "field": s.field,
                    "count": s.count,
                    "examples": s.examples,
                    "reason": s.reason,
                }
                for s in self.losses.summaries.values()
            ],
            "outputs": [
                {"name": o.name, "format": o.format, "bytes": o.bytes, "sha256": o.sha256, "path": o.path}
                for o in self.outputs
            ],
        }
