"""What all commands share to talk to a person: the report in words, and progress.

Data goes to standard output, everything a person reads goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click

from gateway.findings import Finding, Outcome, Severity
from gateway.printable import printable
from gateway.report import Report

SHOWN = 5  # findings of one code that are printed for a person; the JSON report has the first thousand
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def say(text: str = "", colour: str | None = None) -> None:
    """Print one line for a person."""
    click.echo(click.style(text, fg=colour) if colour else text, err=True)


def print_report(report: Report, name: str, *, verb: str = "converted") -> None:
    """Print a report in words that need no knowledge of EPCIS."""
    for group in _groups(report.findings):
        _print_group(group)
    omitted = report.findings.omitted
    if omitted:
        say(f"        … and {omitted:,} more {_plural('finding', omitted)}, counted and not kept")
    for loss in report.losses.summaries.values():
        kept = "carried in an extension" if loss.outcome is Outcome.CARRIED else "LEFT OUT"
        say(f"loss    {loss.code}  {loss.field}: {loss.count:,} {_plural('value', loss.count)} {kept}: {loss.reason}")
    errors = report.findings.errors
    read_as = f" (read as {report.format_in})" if report.format_in else ""
    name = printable(name)
    if report.failed:
        why = f"{errors:,} {_plural('error', errors)}" if errors else "something would be lost"
        nothing = "; nothing was written" if report.format_out else ""
        say(f"{name}{read_as}: {'refused' if report.format_out else verb}, {why}{nothing}", "red")
    else:
        events, epcs = report.events, report.epcs
        counts = f"{events:,} {_plural('event', events)} with {epcs:,} {_plural('identifier', epcs)}"
        # A market message is checked without being turned into events.
        say(f"{name}{read_as}: {verb}{f', {counts}' if report.events or report.format_out else ''}", "green")
        for output in report.outputs:
            place = printable(output.path or "standard output")
            say(f"  {place}  {output.format}, {output.bytes:,} bytes, sha256 {output.sha256[:16]}…")


def _groups(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one code together, errors first, and in each group by row."""
    groups: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code), []).append(finding)
    order = list(Severity)
    for group in groups.values():
        group.sort(key=lambda finding: (finding.where.row, finding.where.line, finding.where.event))
    return sorted(groups.values(), key=lambda group: order.index(group[0].severity))


def _print_group(group: list[Finding]) -> None:
    first = group[0]
    shown = group if len(group) <= SHOWN + 1 else group[:SHOWN]  # "and 1 more" would take as long as the one
    for finding, following in zip(shown, [*shown[1:], None], strict=True):
        place = f"{printable(str(finding.where))}: " if str(finding.where) else ""
        text = f"{finding.severity.value:7} {finding.code}  {place}{printable(finding.message)}"
        say(text, _COLOURS[finding.severity])
        if finding.hint and (following is None or following.hint != finding.hint):
            say(f"        fix: {finding.hint}")
    more = len(group) - len(shown)
    if more:
        say(f"        … and {more:,} more of {first.code}")


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


@contextmanager
def progress_bar(size: int, label: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on a terminal for inputs that take a while; plain lines elsewhere."""
    if size < 8 << 20:
        yield None
        return
    if not sys.stderr.isatty():
        tenth = max(size // 10, 1)
        reported = 0

        def line(done: int) -> None:
            nonlocal reported
            if done // tenth > reported:
                reported = done // tenth
                say(f"{label}: {min(done * 100 // size, 100)} % of {size:,} bytes read")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=size)
        yield lambda done: bar.update(task, completed=done)
