"""Runs mappings on the samples that lie beside them, and compares what comes out with what is expected.

The test of a mapping is the way that production goes: the same reader, the same checks, the same writer.
"""

from __future__ import annotations

import difflib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.convert import Request, convert
from gateway.errors import UsageError
from gateway.findings import Finding
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.samples import EXPECTED, FINDINGS, beside, samples_of, settings_of
from gateway.sources import Source

#: No clock decides about expected files.
SETTINGS = {"creation-date": "2026-01-01T00:00:00Z"}
_CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """A file beside a sample that is not as it should be.

    Attributes:
        path: the file.
        expected: what it holds, None when it is not there.
        actual: what it would have to hold, None when it should not be there.
    """

    path: Path
    expected: bytes | None
    actual: bytes | None

    @property
    def title(self) -> str:
        """What is wrong, in words."""
        if self.expected is None:
            return f"{self.path.name} is missing"
        if self.actual is None:
            return f"{self.path.name} should not be there"
        return f"{self.path.name} differs"

    def lines(self) -> list[str]:
        """The difference in lines that people read: one value a line; none when a file is new or has to go."""
        if self.expected is None or self.actual is None:
            return []
        before, after = _readable(self.path, self.expected), _readable(self.path, self.actual)
        made = difflib.unified_diff(before, after, "expected", "now", lineterm="", n=_CONTEXT)
        return [line for line in made if not line.startswith("@@")]

    def update(self) -> str:
        """Make the file as it should be; says what was done."""
        if self.actual is None:
            self.path.unlink()
            return f"{self.path.name}: taken away"
        self.path.write_bytes(self.actual)
        return f"{self.path.name}: {'written' if self.expected is None else 'rewritten'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a sample.

    Attributes:
        mapping: name of the mapping.
        sample: the sample.
        events: how many events it gave; 0 when it was refused.
        findings: how many findings.
        refused: whether it was refused, as a sample of wrong input should be.
        differences: what is not as expected.
    """

    mapping: str
    sample: Path
    events: int
    findings: int
    refused: bool
    differences: tuple[Difference, ...]

    @property
    def right(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences


def run(mapping: Mapping) -> Iterator[Outcome]:
    """Run a mapping on all of its samples."""
    for sample in samples_of(mapping):
        yield run_sample(mapping, sample)


def run_sample(mapping: Mapping, sample: Path) -> Outcome:
    """Run a mapping on one sample.

    Raises:
        UsageError: a setting beside the sample has no right form.
        ConfigurationError: the file of settings is wrong.
    """
    values = SETTINGS | settings_of(sample)
    with tempfile.TemporaryDirectory(prefix="gateway-sample-") as folder:
        request = Request(Source.file(sample), to=EPCIS_2_0_JSON.key, from_="table", mapping=mapping, values=values)
        try:
            report = convert(request, Path(folder))
        except UsageError as error:
            message = f"{sample}: {error.message}"
            raise UsageError(message, hint=error.hint) from error
        output = Path(report.outputs[0].path).read_bytes() if not report.failed else None
    said = "".join(f"{_line(finding)}\n" for finding in report.findings).encode() or None
    pairs = ((beside(sample, EXPECTED), output), (beside(sample, FINDINGS), said))
    differences = [Difference(path, _content(path), actual) for path, actual in pairs if _content(path) != actual]
    events = 0 if report.failed else report.events
    return Outcome(mapping.name, sample, events, len(report.findings), report.failed, tuple(differences))


def _line(finding: Finding) -> str:
    return f"{finding.severity.value} {finding.code} {finding.where}: {finding.message}"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _readable(path: Path, data: bytes | None) -> Sequence[str]:
    if data is None:
        return []
    if path.name.endswith(EXPECTED):
        try:
            return json.dumps(json.loads(data), indent=1, ensure_ascii=False).splitlines()
        except ValueError:
            pass  # somebody edited it; the lines as they are show more
    return data.decode("utf-8", "replace").splitlines()
