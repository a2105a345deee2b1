"""What all commands share to talk to a person: the report in words, progress, and the files at the end.

Data goes to standard output, everything a person reads goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.errors import UsageError
from gateway.findings import Loss, Outcome, Severity
from gateway.report import Report

SHOWN = 20  # findings printed for a person; the JSON report has them all
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def say(text: str = "", colour: str | None = None) -> None:
    """Print one line for a person."""
    click.echo(click.style(text, fg=colour) if colour else text, err=True)


def print_report(report: Report, name: str, *, verb: str = "converted") -> None:
    """Print a report in words that need no knowledge of EPCIS."""
    findings = sorted(report.findings, key=lambda finding: list(Severity).index(finding.severity))
    for finding in findings[:SHOWN]:
        place = f"{finding.where}: " if str(finding.where) else ""
        say(f"{finding.severity.value:7} {finding.code}  {place}{finding.message}", _COLOURS[finding.severity])
        if finding.hint:
            say(f"        fix: {finding.hint}")
    more = len(report.findings) - min(len(findings), SHOWN)
    if more > 0:
        say(f"        … and {more:,} more; --report FILE writes them all as JSON")
    for loss in report.losses.summaries.values():
        kept = "carried in an extension" if loss.outcome is Outcome.CARRIED else "LEFT OUT"
        say(f"loss    {loss.code}  {loss.field}: {loss.count:,} {_plural('value', loss.count)} {kept}: {loss.reason}")
    errors = report.findings.errors
    read_as = f" (read as {report.format_in})" if report.format_in else ""
    if report.failed:
        why = f"{errors:,} {_plural('error', errors)}" if errors else "something would be lost"
        say(f"{name}{read_as}: refused, {why}; nothing was written", "red")
    else:
        say(f"{name}{read_as}: {verb}, {report.events:,} events with {report.epcs:,} identifiers", "green")
        for output in report.outputs:
            say(
                f"  {output.path or output.name}  {output.format}, {output.bytes:,} bytes, sha256 {output.sha256[:16]}…"
            )


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def write_report(report: Report, path: Path) -> None:
    """Write the report JSON whole or not at all."""
    data = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n"
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(data, encoding="utf-8")
    aside.replace(path)


@contextmanager
def loss_lines(report_path: Path | None) -> Iterator[Callable[[Loss], None] | None]:
    """A sink that writes every loss in full to ``<report>.losses.jsonl``; None when there is no report file."""
    if report_path is None:
        yield None
        return
    path = report_path.with_name(f"{report_path.name}.losses.jsonl")
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", encoding="utf-8") as stream:
        yield lambda loss: print(json.dumps(loss.as_dict(), ensure_ascii=False), file=stream)
    if aside.stat().st_size:
        aside.replace(path)
    else:
        aside.unlink()
        path.unlink(missing_ok=True)


@contextmanager
def private_folder(out: str) -> Iterator[Path]:
    """A folder on the file system of the output, so that publishing is one rename."""
    beside: Path | None = None
    if out != "-":
        target = Path(out)
        beside = target if target.is_dir() or out.endswith(("/", os.sep)) else target.parent
        try:
            beside.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"cannot write to {out}: {error.strerror}"
            raise UsageError(message) from error
    with tempfile.TemporaryDirectory(prefix=".gateway-", dir=beside) as folder:
        yield Path(folder)


def publish(report: Report, out: str) -> None:
    """Put finished outputs where the user asked for them: a file, a folder, or standard output.

    Raises:
        UsageError: several outputs and one file name.
    """
    outputs = report.outputs
    if out == "-":
        if len(outputs) != 1:
            message = f"the conversion makes {len(outputs)} files, standard output holds one"
            raise UsageError(message, hint="give a folder with -o DIR/")
        with Path(outputs[0].path).open("rb") as stream:
            while block := stream.read(1 << 20):
                sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()
        outputs[0].path = ""
        return
    target = Path(out)
    into_folder = target.is_dir() or out.endswith(("/", os.sep))
    if not into_folder and len(outputs) != 1:
        message = f"the conversion makes {len(outputs)} files and {out} is one"
        raise UsageError(message, hint=f"give a folder: -o {out}/")
    for output in outputs:
        final = target / output.name if into_folder else target
        Path(output.path).replace(final)
        output.path, output.name = str(final), final.name


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
