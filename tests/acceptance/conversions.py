"""Conversions of corpus documents, each done once a test run. The gateway is used by its public door only."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway.convert import Request, convert
from gateway.findings import Loss, LossMode, Outcome
from gateway.report import Report
from gateway.sources import Source
from tests.acceptance.corpus import JSON, Sample, schema_error
from tests.acceptance.meter import missing
from tests.acceptance.shape import difference, events_only, json_tree, xml_tree

#: Stands where a document has to be built from bare events; nothing else may use it.
NOW = "2026-01-01T00:00:00Z"

#: Lot and expiry stay where they are; to move them to ILMD is a rule of its own with tests of its own.
VALUES = {"legacy-ilmd": "keep"}

#: Findings that say how a time of 1.2 was written for 2.0: without zone, at 24:00:00.
RESPELT_TIMES = {"EPCIS-XML-13", "EPCIS-XML-14", "EPCIS-JSON-22", "EPCIS-JSON-24"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a conversion gave.

    Attributes:
        report: the gateway's report.
        output: the bytes, empty when it was refused.
        losses: every loss in full.
    """

    report: Report
    output: bytes
    losses: tuple[Loss, ...]

    @property
    def errors(self) -> list[str]:
        """Codes of the error findings, each once."""
        return sorted({finding.code for finding in self.report.findings if finding.severity == "error"})

    @property
    def told(self) -> str:
        """Everything the report says, for a failed test."""
        return "\n".join(str(finding) for finding in self.report.findings)


def run(data: bytes, format_: str, target: str, mode: LossMode = LossMode.CARRY, name: str = "document") -> Result:
    """Convert bytes."""
    losses: list[Loss] = []
    request = Request(
        Source.memory(data, name), to=target, from_=format_, now=NOW, loss=mode, loss_sink=losses.append, values=VALUES
    )
    with tempfile.TemporaryDirectory() as folder:
        report = convert(request, Path(folder))
        output = b"".join(path.read_bytes() for path in Path(folder).iterdir())
    return Result(report, output, tuple(losses))


@functools.cache
def converted(sample: Sample, target: str, mode: LossMode = LossMode.CARRY) -> Result:
    """Convert a sample, once."""
    return run(sample.data, sample.format, target, mode, Path(sample.name).name)


@functools.cache
def output_error(sample: Sample, target: str, mode: LossMode = LossMode.CARRY) -> str:
    """Why the official schema refuses the output, empty when it does not."""
    return schema_error(target, converted(sample, target, mode).output)


@functools.cache
def not_accounted(sample: Sample, target: str, mode: LossMode = LossMode.CARRY) -> tuple[tuple[str, str], ...]:
    """Values of the sample that are neither in the output nor among the losses.

    What was *carried* must be in the output; only what was *lost* may be missing there.
    """
    result = converted(sample, target, mode)
    losses = [(loss.field, loss.value) for loss in result.losses if loss.outcome is Outcome.LOST]
    times = {finding.value for finding in result.report.findings if finding.code in RESPELT_TIMES}
    return tuple(missing(sample.data, result.output, losses, times))


@functools.cache
def round_trip(sample: Sample, via: str) -> tuple[Result, str]:
    """There and back again with carry: the way back, and the first thing that is not as it was (empty: nothing)."""
    there = converted(sample, via)
    back = run(there.output, via, sample.format)
    if back.report.failed:
        return back, f"the way back was refused: {back.told}"
    if sample.format == JSON:
        source, returned = json_tree(sample.data), json_tree(back.output)
        if isinstance(source, list):
            returned = events_only(returned)
        return back, difference(source, returned)
    by_name = via == JSON
    return back, difference(xml_tree(sample.data, by_name=by_name), xml_tree(back.output, by_name=by_name))
