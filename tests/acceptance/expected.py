"""What the data files say: documents that must be refused, with the findings that must say why."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.corpus import FORMATS, Sample, samples

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Refusal:
    """A schema-valid document that is refused.

    Attributes:
        findings: codes of the error findings, exactly these.
        reason: why, for a person.
    """

    findings: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is said of a document that the official schema refuses.

    Attributes:
        patterns: paths of the documents.
        code: of the finding.
        names: what its message or value must hold.
    """

    patterns: tuple[str, ...]
    code: str
    names: tuple[str, ...]

    def covers(self, sample: Sample) -> bool:
        """Whether this is about a sample."""
        return any(fnmatchcase(sample.name, pattern) for pattern in self.patterns)


@functools.cache
def refusals() -> dict[tuple[str, str], Refusal]:
    """Refused documents, by path and target."""
    found: dict[tuple[str, str], Refusal] = {}
    for entry in _load("refused.yaml"):
        refusal = Refusal(tuple(entry["findings"]), entry["reason"])
        for name in entry["documents"]:
            for target in entry.get("targets", FORMATS):
                assert (name, target) not in found, f"{name} stands twice in refused.yaml"
                found[name, target] = refusal
    return found


def refusal(sample: Sample, target: str) -> Refusal | None:
    """Why a sample is refused, None when it must be converted."""
    return refusals().get((sample.name, target))


@functools.cache
def faults() -> tuple[Fault, ...]:
    """The faults of the invalid documents."""
    return tuple(
        Fault(tuple(entry["documents"]), entry["code"], tuple(entry["names"])) for entry in _load("invalid.yaml")
    )


@functools.cache
def not_restored() -> dict[str, tuple[bool, str]]:
    """Documents that a round trip changes, by path: whether all values come back, and the reason."""
    return {
        name: (bool(entry["values"]), entry["reason"])
        for entry in _load("not_restored.yaml")
        for name in entry["documents"]
    }


def valid() -> list[Sample]:
    """The documents that the official schemas accept."""
    return [sample for sample in samples() if not sample.error]


def invalid() -> list[Sample]:
    """The documents that they refuse."""
    return [sample for sample in samples() if sample.error]


def _load(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((_HERE / name).read_text("utf-8"))
