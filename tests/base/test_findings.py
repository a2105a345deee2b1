"""Findings, losses and the report: verdicts, bounds and JSON."""

from __future__ import annotations

import pytest

from gateway.findings import (
    Finding,
    Findings,
    Loss,
    Losses,
    LossMode,
    LossRule,
    Outcome,
    Rule,
    Severity,
    Where,
    by_code,
    clip,
)
from gateway.report import Report

DIGIT = Rule("X-01", Severity.ERROR, "A digit", "why", "how")
SPACE = Rule("X-02", Severity.WARNING, "No space")
NO_PLACE = LossRule("LOSS-X", "no place for it")


def test_a_finding_takes_severity_and_hint_from_its_rule_unless_told_otherwise():
    plain = Finding.of(DIGIT, "read 'a'", where=Where(sheet="S", row=3, column="GTIN"), value="a", expected="0-9")
    assert plain == Finding(
        "X-01", Severity.ERROR, "read 'a'", Where(sheet="S", row=3, column="GTIN"), "a", "0-9", "how"
    )
    assert Finding.of(DIGIT, "m", severity=Severity.INFO, hint="other").as_dict() == {
        "code": "X-01",
        "severity": "info",
        "message": "m",
        "where": {},
        "hint": "other",
    }


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where(), ""),
        (Where(sheet="Batch", row=7, column="GTIN"), "sheet 'Batch', row 7, column 'GTIN'"),
        (Where(row=7, last_row=9), "rows 7-9"),
        (Where(file="a.xml", line=12, event=3, path="epcList/epc[2]"), "a.xml, line 12, event 3, epcList/epc[2]"),
    ],
)
def test_a_place_reads_as_a_person_would_say_it(where, text):
    assert str(where) == text


def test_the_collector_keeps_the_first_and_counts_the_rest():
    findings = Findings(limit=2)
    for number in range(5):
        findings.report(SPACE, f"w{number}")
    assert [finding.message for finding in findings] == ["w0", "w1"]
    assert (len(findings), findings.omitted, findings.errors) == (5, 3, 0)


def test_a_flood_of_warnings_does_not_hide_errors():
    findings = Findings(limit=1)
    findings.report(SPACE, "w")
    findings.report(SPACE, "w")
    findings.report(DIGIT, "e")
    assert [finding.message for finding in findings] == ["w", "e"]
    assert findings.errors == 1


def test_losses_are_summed_in_the_report_and_whole_in_the_sink():
    lines: list[Loss] = []
    losses = Losses(LossMode.CARRY, lines.append)
    for number in range(5):
        losses.add(NO_PLACE, Outcome.CARRIED, "sensorElementList", "v" * 300, event=number + 1, event_id=f"e{number}")
    assert losses.count == 5
    (summary,) = losses.summaries.values()
    assert (summary.code, summary.count, len(summary.examples)) == ("LOSS-X", 5, 3)
    assert summary.examples[0].endswith("… (300 characters)")
    assert [len(loss.value) for loss in lines] == [300] * 5
    assert lines[0].as_dict() == {
        "code": "LOSS-X",
        "outcome": "carried",
        "field": "sensorElementList",
        "value": "v" * 300,
        "reason": "no place for it",
        "event": 1,
        "eventID": "e0",
    }


def test_the_report_json_has_the_fixed_names():
    report = Report(format_in="table", format_out="tr-pts", events=2, epcs=9)
    report.findings.report(DIGIT, "m")
    assert list(report.as_dict()) == [
        "format_in",
        "format_out",
        "events",
        "epcs",
        "findings",
        "findings_omitted",
        "losses",
        "outputs",
    ]
    assert report.exit_code == 1
    report.stopped = 6
    assert report.exit_code == 6


def test_one_code_cannot_have_two_rules():
    assert by_code([DIGIT, DIGIT, SPACE]) == {"X-01": DIGIT, "X-02": SPACE}
    with pytest.raises(ValueError, match="two rules have the code X-01"):
        by_code([DIGIT, Rule("X-01", Severity.INFO, "other")])


def test_clip_says_how_long_the_value_was():
    assert clip("a" * 200) == "a" * 200
    assert clip("a" * 201) == "a" * 200 + "… (201 characters)"
