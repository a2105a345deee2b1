"""One fault, one finding: what a reader or a check has said already is not said again in the words of a schema.

Readers and checks say more of a fault (a code of its own, how to repair it), a schema finds more faults. Both name the
event and the part; where they name the same, the schema's finding is left out. If only the schema calls it an error,
the other finding becomes one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.checks import json_schema_rules, schema_rules
from gateway.findings import Finding, Findings, Severity

Steps = tuple[str | int, ...]

_EVENT: Final = re.compile(r"^\$?\.?(?:epcisBody\.(?:queryResults\.resultsBody\.)?eventList\[\d+\])?")
_STEP: Final = re.compile(r"\[(\d+)\]|@?([^\[\]./]+)")
#: Items of lists have a name in XML and in the paths of checks; in JSON they have none.
_ITEMS: Final = frozenset({"epc", "quantityElement", "bizTransaction", "source", "destination", "sensorElement"})
#: Elements that only group others.
_WRAPPERS: Final = frozenset({"extension", "baseExtension"})
_EVENT_CHECKS: Final = "EPCIS-EVENT-"
_JSON_READER: Final = "EPCIS-JSON-"
_XML_READER: Final = "EPCIS-XML-"
#: Findings of the reader of XML about one element: an unknown event, an unknown part, a repeated part.
_AT_ELEMENT: Final = frozenset({"EPCIS-XML-07", "EPCIS-XML-08", "EPCIS-XML-09"})
_JSON: Final = frozenset(rule.code for rule in json_schema_rules.RULES)
_EXPECTED_NAMES: Final = re.compile(r"[\w@]+")


def add_unsaid(findings: Findings, of_schema: Findings) -> None:
    """Take those findings of a schema that say something new.

    Args:
        findings: of reader and checks; takes the others.
        of_schema: what the schema check found.
    """
    said: dict[int, list[int]] = defaultdict(list)
    for index, finding in enumerate(findings.kept):
        said[finding.where.event].append(index)
    without_event = said[0]
    for finding in of_schema.kept:
        same = [i for i in said.get(finding.where.event, ()) if _is_same(findings.kept[i], finding)]
        if not same and finding.code not in _JSON:  # what is no event has no number for the reader of XML
            same = [i for i in without_event if _on_one_line(findings.kept[i], finding)]
        if not same:
            findings.add(finding)
        elif not any(findings.kept[i].severity is Severity.ERROR for i in same):
            findings.replace(same[0], replace(findings.kept[same[0]], severity=finding.severity))
    for severity, count in of_schema.counts.items():
        findings.leave_out(severity, count - sum(finding.severity is severity for finding in of_schema.kept))


def _is_same(said: Finding, finding: Finding) -> bool:
    return _is_same_json(said, finding) if finding.code in _JSON else _is_same_xml(said, finding)


def _is_same_json(said: Finding, finding: Finding) -> bool:
    if finding.code == json_schema_rules.NOT_JSON.code:
        return said.code.startswith(_JSON_READER) and said.severity is Severity.ERROR
    steps = _steps(finding.where.path)
    if finding.code == json_schema_rules.MISSING.code:
        steps = (*steps, finding.expected.removeprefix("@"))
    if not steps:  # the parts of the event do not go together
        return said.code.startswith(_EVENT_CHECKS)
    known = _steps(said.where.path)
    return bool(known) and (_begins(steps, known) or _begins(known, steps))


def _is_same_xml(said: Finding, finding: Finding) -> bool:
    if _on_one_line(said, finding):
        return True
    missing = said.expected if said.code.startswith(_XML_READER) else said.where.path
    if finding.code == schema_rules.STRUCTURE.code:
        return bool(missing) and missing in _EXPECTED_NAMES.findall(finding.expected)
    # The paths of a schema have no numbers and begin with the event.
    known = [step for step in _steps(said.where.path) if isinstance(step, str)]
    steps = [step for step in _steps(finding.where.path)[1:] if step not in _WRAPPERS and step not in _ITEMS]
    attribute = finding.code == schema_rules.ATTRIBUTE.code and not finding.where.event and _names(said, finding)
    return (bool(known) and known == steps) or attribute


def _names(said: Finding, finding: Finding) -> bool:
    """Whether a reader misses the attribute that the schema misses."""
    return said.code.startswith(_XML_READER) and f"'{said.expected.partition(' ')[0]}'" in finding.message


def _on_one_line(said: Finding, finding: Finding) -> bool:
    """Whether both name the line of one element."""
    return said.code in _AT_ELEMENT and bool(said.where.line) and said.where.line == finding.where.line


def _begins(steps: Sequence[str | int], beginning: Sequence[str | int]) -> bool:
    return tuple(steps[: len(beginning)]) == tuple(beginning)


def _steps(path: str) -> Steps:
    """A path as names and numbers of items (from 0): ``epcList/epc[3]`` and ``$...eventList[7].epcList[2]`` alike."""
    steps: list[str | int] = []
    rest = path[_EVENT.match(path).end() :] if path.startswith("$") else path  # type: ignore[union-attr]  # it may be empty
    item = False
    for number, name in _STEP.findall(rest):
        if number:
            steps.append(int(number) - 1 if item else int(number))
        elif name in _ITEMS and steps and "/" in rest:
            item = True
            continue
        else:
            steps.append(name)
        item = False
    return tuple(steps)
