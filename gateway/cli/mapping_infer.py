"""``gateway mapping infer``: a mapping for a file that nobody has described, with the reasons for each decision."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.formats.table.infer import Proposal
    from gateway.report import Report
    from gateway.sources import Source

EPILOG = """\b
Examples:
  gateway mapping infer unknown.xlsx -o mappings/my-cmo/batch.yaml
  gateway mapping infer unknown.csv --json > proposal.json

\b
Exit codes: 0 proposed, 1 no table was recognised, 2 wrong usage, 6 over a limit."""

WIDTH = 120  # of the table, where there is no terminal
#: Stand for settings that were not given, in the trial run only.
STAND_INS = {"event-time": "2000-01-01T00:00:00Z", "time-zone": "UTC"}
#: Settings for which nothing can stand.
NEEDED = ("company-prefix", "gtin")
_NAME = re.compile(r"[^a-z0-9]+")


@click.command(epilog=EPILOG)
@click.argument("sample", metavar="SAMPLE")
@click.option("-o", "--output", "out", metavar="FILE", default="-", help="File of the mapping; - is standard output.")
@click.option(
    "--name", metavar="PARTNER/DOCUMENT", default="", help="Name of the mapping; else by folder and file of -o."
)
@click.option("--set", "values", metavar="KEY=VALUE", multiple=True, help="Settings for the trial run on the sample.")
@click.option("--json", "as_json", is_flag=True, help="Print the proposal as JSON on standard output.")
def command(sample: str, out: str, name: str, values: tuple[str, ...], as_json: bool) -> int:
    """Propose a mapping for SAMPLE: CSV and other separated text, or XLSX.

    Values decide first (check digits, dates, patterns over whole columns), then headers in nine languages, then how
    columns hang together. A table on standard error says what each column was taken for, how sure that is, and why.
    What the sample cannot say is listed as a question and stands as a comment in the mapping; nothing is guessed
    silently. The mapping runs at once: it is tried on the sample in the end.
    """
    from gateway.errors import UsageError
    from gateway.formats.table.infer import infer, render

    settings = inputs.pairs(values)
    target = None if out == "-" else Path(out)
    if target is not None and target.exists():
        message = f"{target} is there already"
        raise UsageError(message, hint="a mapping that somebody corrected is not overwritten; choose another file")
    with inputs.source_of(sample) as source:
        proposal = infer(source, _name_of(name, target, source.name))
        text = render(proposal)
        if target is not None:
            _write(target, text)
        report = _trial(text, source, settings)
    if as_json:
        document = proposal.as_dict() | {"trial": {"events": report.events, **_codes(report)}}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif target is None:
        click.echo(text, nl=False)
    _print(proposal)
    _print_trial(report, proposal, settings, sample, target)
    return 0


def _name_of(name: str, target: Path | None, sample: str) -> str:
    """The mapping's name: as given, else by its place, else by the sample."""
    from gateway.errors import UsageError

    if name:
        if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name):
            message = f"{name!r} is no name of a mapping"
            raise UsageError(message, hint="a name is <partner>/<document> in small letters, digits and hyphens")
        return name
    partner = _word(target.resolve().parent.name, "new") if target is not None else "new"
    return f"{partner}/{_word(target.stem if target is not None else Path(sample).stem, 'table')}"


def _word(text: str, otherwise: str) -> str:
    return _NAME.sub("-", text.lower()).strip("-") or otherwise


def _write(target: Path, text: str) -> None:
    from gateway.errors import UsageError

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        message = f"cannot write {target}: {error.strerror or error}"
        raise UsageError(message) from error


def _trial(text: str, source: Source, settings: Mapping[str, str]) -> Report:
    """Read the sample with what was proposed."""
    import tempfile

    from gateway.convert import Request, convert
    from gateway.formats.table.mappings import load

    with tempfile.TemporaryDirectory(prefix="gateway-infer-") as folder:
        path = Path(folder, "proposal.yaml")
        path.write_text(text, encoding="utf-8")
        private = Path(folder, "out")
        private.mkdir()
        values = {**STAND_INS, **settings}
        request = Request(
            source, to="epcis-2.0-json", from_="table", mapping=load(str(path)), values=values, now=inputs.now()
        )
        return convert(request, private)


def _codes(report: Report) -> dict[str, object]:
    return {"errors": report.findings.errors, "findings": [finding.as_dict() for finding in report.findings]}


def _print(proposal: Proposal) -> None:
    """The table of columns, and the questions."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gateway.cli.output import say
    from gateway.printable import printable

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in ("column", "taken as", "sure", "why"):
        table.add_column(title, overflow="fold")
    colours = {"high": "green", "medium": "yellow", "low": "red"}
    for role in proposal.roles:
        if not role.look.header and not role.look.filled:
            continue
        place = f"{role.look.header} (above)" if role.above else role.look.header
        used = proposal.fields_of(role) or role.kind in {"level", "parent", "mixed", "part"}
        table.add_row(
            Text(printable(place)),
            role.title if used else f"{role.title}, left out",
            Text(role.confidence, style=colours[role.confidence]),
            Text(printable("; ".join(role.reasons))),
        )
    terminal = sys.stderr.isatty()
    console = Console(file=io.StringIO(), highlight=False, width=None if terminal else WIDTH, force_terminal=terminal)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        say(line.rstrip())
    for note in proposal.notes:
        say(f"note  {printable(note)}")
    for number, question in enumerate(proposal.questions, 1):
        say(f"{number:4}  {printable(question.about)}: {printable(question.text)}", "yellow")


def _print_trial(
    report: Report, proposal: Proposal, settings: Mapping[str, str], sample: str, target: Path | None
) -> None:
    """What came of the sample, and the next command."""
    from gateway.cli.output import say
    from gateway.findings import Severity
    from gateway.printable import printable

    stand_ins = [key for key in proposal.settings if key in STAND_INS and key not in settings]
    tried = "tried on the sample" + (f" with stand-ins for {' and '.join(stand_ins)}" if stand_ins else "")
    needed = [key for key in NEEDED if key in proposal.settings and key not in settings]
    if needed:
        say(f"not tried on the sample, which needs --set {'= and --set '.join(needed)}=", "yellow")
    elif report.failed:
        errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
        first = printable(f"{errors[0].where}: {errors[0].message}")
        say(f"{tried}: {report.findings.errors:,} errors, the first is {first}", "red")
    else:
        say(f"{tried}: {report.events:,} events with {report.epcs:,} identifiers", "green")
    if target is not None:
        say(f"written: {target}")
        given = "".join(f" --set {key}={settings.get(key, '…')}" for key in proposal.settings)
        say(f"next: gateway convert {sample} --mapping {target} --to epcis-2.0-json{given}")
