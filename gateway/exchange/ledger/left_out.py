"""Which events of a message were left out because its sender asked for that, and why; the list that is kept of them.

The list is a file in the archive: a line of JSON for each event, in the order of the document. It lies there like an
output, so that the audit trail, the checks of the archive and its retention know it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.exchange.archive.store import Archive
from gateway.exchange.ledger.tables import OutputFile
from gateway.findings import Finding
from gateway.formats import FORMATS
from gateway.leaving import Leaving, Separating, Wrong
from gateway.report import Report

#: The list stands under this name among a message's outputs; no target can have it.
LIST: Final = "(left out)"

#: The format of the list, and its name.
FORMAT: Final = "left-out"
NAME: Final = "left-out.jsonl"

#: What a sender may ask for: as many events as possible (GS1 EPCIS 2.0, ``GS1-Capture-Error-Behaviour``).
PROCEED: Final = "proceed"

#: An error, and the ID of the event that it is about.
Told = tuple[Finding, str]


def is_separable(format_: str) -> bool:
    """Whether a document of this format is a list of events, each with its own errors."""
    return format_ in FORMATS and FORMATS.get(format_).epcis


def leaving(without: Iterable[int], most: int) -> Leaving:
    """Tells a conversion which events to leave out, and how many may be wrong."""
    formats = [format_ for format_ in FORMATS if format_.epcis]
    return Leaving(
        frozenset(without),
        most,
        frozenset(rule.code for format_ in formats for rule in format_.of_document),
        frozenset(rule.code for format_ in formats for rule in format_.strays),
    )


@dataclass(slots=True)
class Entry:
    """An event that is left out.

    Attributes:
        by: the target that could not get it; the first one, where there are several.
        wrong: what is wrong with it.
        id: its eventID, empty where it has none or cannot be read.
    """

    by: str
    wrong: Wrong
    id: str = ""


@dataclass(slots=True)
class LeftOut:
    """The events of one message that are left out.

    Attributes:
        most: how many may be.
        entries: the events by number.
        strays: what stood among the events and was none.
    """

    most: int
    entries: dict[int, Entry] = field(default_factory=dict)
    strays: dict[Finding, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries) + len(self.strays)

    def leaving(self) -> Leaving:
        """What a conversion is told."""
        return leaving(self.entries, self.most)

    def take(self, target: str, report: Report) -> bool:
        """Take what a conversion for a target found wrong with single events; whether that was anything new."""
        findings = report.findings
        if not isinstance(findings, Separating):
            return False
        for number, id_ in report.left_out_ids.items():
            self.entries[number].id = id_
        before = len(self)
        for number, wrong in findings.wrong.items():
            self.entries.setdefault(number, Entry(target, wrong))
        for finding in findings.strays:
            self.strays.setdefault(finding, target)
        return len(self) > before

    def contradicts(self, by: str, findings: Iterable[Finding]) -> bool:
        """Take errors that were found behind the conversions; whether each of them is about one event, and new."""
        found: dict[int, Wrong] = {}
        for finding in findings:
            found.setdefault(finding.where.event, Wrong()).add(finding)
        if not found or 0 in found or any(number in self.entries for number in found):
            return False
        if len(self) + len(found) > self.most:
            return False
        self.entries.update((number, Entry(by, wrong)) for number, wrong in found.items())
        return True

    def told(self, by: str, most: int) -> list[Told]:
        """What was wrong for a target, in the order of the document, at most so many errors."""
        return self._told(lambda target: target == by, most)

    def told_to_others(self, than: str, most: int) -> list[Told]:
        """What was wrong for other targets than this one."""
        return self._told(lambda target: target != than, most)

    def _told(self, is_wanted: Callable[[str], bool], most: int) -> list[Told]:
        errors = [
            (finding, entry.id)
            for _, entry in sorted(self.entries.items())
            if is_wanted(entry.by)
            for finding in entry.wrong.findings
        ]
        return [*errors, *((finding, "") for finding, target in self.strays.items() if is_wanted(target))][:most]

    def write(self, path: Path) -> None:
        """Write the list."""
        with path.open("x", encoding="utf-8") as stream:
            for line in self._lines():
                stream.write(f"{json.dumps(line, ensure_ascii=False)}\n")

    def _lines(self) -> Iterator[dict[str, Any]]:
        for number, entry in sorted(self.entries.items()):
            yield _line(number, entry.id, entry.by, entry.wrong.errors, entry.wrong.findings)
        for finding, target in self.strays.items():
            yield _line(0, "", target, 1, [finding])


def _line(number: int, id_: str, by: str, errors: int, findings: Sequence[Finding]) -> dict[str, Any]:
    said = [finding.as_dict() for finding in findings]
    return {"event": number, "eventID": id_, "by": by, "errors": errors, "findings": said}


def lines(archive: Archive, outputs: Iterable[OutputFile]) -> Iterator[dict[str, Any]]:
    """The lines of a message's list; none where nothing was left out.

    Raises:
        StorageError: the archive has lost it.
    """
    for output in outputs:
        if output.target == LIST:
            with archive.open(output.sha256) as stream:
                yield from map(json.loads, stream)


def numbers(archive: Archive, outputs: Iterable[OutputFile]) -> frozenset[int]:
    """The numbers of the events of a message that were left out.

    Raises:
        StorageError: the archive has lost the list.
    """
    return frozenset(line["event"] for line in lines(archive, outputs)) - {0}
