"""The report as a person reads it: grouped, in order, without noise, and in plural only where there are several."""

from __future__ import annotations

from gateway.cli.output import SHOWN, print_report
from gateway.findings import Findings, Rule, Severity, Where
from gateway.report import Report

BAD = Rule("T-01", Severity.ERROR, "bad", hint="mend it")
ODD = Rule("T-02", Severity.WARNING, "odd", hint="look at it")


def words(capsys, report: Report, **verb: str) -> list[str]:
    print_report(report, "in.csv", **verb)
    return capsys.readouterr().err.splitlines()


def test_errors_of_one_code_stand_together_by_row_with_one_hint(capsys):
    report = Report(format_in="table", format_out="epcis-1.2-xml")
    report.findings.report(ODD, "odd cell", where=Where(row=1))
    for row in (9, 2):
        report.findings.report(BAD, "bad cell", where=Where(file="in.csv", row=row))
    assert words(capsys, report) == [
        "error   T-01  in.csv, row 2: bad cell",
        "error   T-01  in.csv, row 9: bad cell",
        "        fix: mend it",
        "warning T-02  row 1: odd cell",
        "        fix: look at it",
        "in.csv (read as table): refused, 2 errors; nothing was written",
    ]


def test_a_flood_of_one_code_does_not_hide_the_others(capsys):
    report = Report(format_in="table", format_out="epcis-1.2-xml", findings=Findings(limit=100))
    for row in range(1, 301):
        report.findings.report(BAD, "bad cell", where=Where(row=row))
    lines = words(capsys, report)
    assert len(lines) == SHOWN + 4
    assert lines[SHOWN + 1 :] == [
        "        … and 95 more of T-01",
        "        … and 200 more findings, counted and not kept",
        "in.csv (read as table): refused, 300 errors; nothing was written",
    ]


def test_one_event_is_no_events(capsys):
    report = Report(format_in="table", format_out="epcis-1.2-xml", events=1, epcs=1)
    assert words(capsys, report) == ["in.csv (read as table): converted, 1 event with 1 identifier"]
    report.epcs = 2
    assert words(capsys, report) == ["in.csv (read as table): converted, 1 event with 2 identifiers"]


def test_a_check_writes_nothing_and_does_not_say_so(capsys):
    report = Report(format_in="table")
    report.findings.report(BAD, "bad cell")
    assert words(capsys, report, verb="checked")[-1] == "in.csv (read as table): checked, 1 error"


def test_values_from_outside_do_not_command_the_terminal(capsys):
    report = Report(format_in="table")
    report.findings.report(BAD, "the cell '\x1b]0;x\x07' is bad", where=Where(file="a\nb"))
    assert words(capsys, report)[0] == r"error   T-01  a\nb: the cell '\x1b]0;x\x07' is bad"
