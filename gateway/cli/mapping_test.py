"""``gateway mapping test``: do mappings still make of their samples what is expected?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.formats.table.mappings import Mapping
    from gateway.mapping_samples import Outcome

EPILOG = """\b
Examples:
  gateway mapping test
  gateway mapping test acme-cmo/batch
  gateway mapping test mappings/my-cmo/batch.yaml --update
  gateway mapping test --mappings exchange/mappings

\b
The samples of my-cmo/batch.yaml lie in my-cmo/batch/. Beside the sample x.csv stand
  x.csv.expected.jsonld  the events as EPCIS 2.0 JSON; absent when the sample must be refused
  x.csv.findings.txt     what must be said about it, one line a finding; absent when nothing
  x.csv.set.yaml         settings that it needs, as --set would give them

\b
Exit codes: 0 all as expected, 1 something differs, 4 a mapping is wrong."""

MOST_LINES = 40  # of a difference that are printed


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[NAME|FILE|FOLDER]...", nargs=-1)
@click.option("--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your mappings.")
@click.option("--update", is_flag=True, help="Rewrite the expected files, and say what changed. Read the diff.")
def command(names: tuple[str, ...], folder: str | None, update: bool) -> int:
    """Run mappings on the samples beside them and compare the events and findings with the expected files.

    Without names all mappings of --mappings are tested, or else those that ship with the gateway.
    """
    from gateway.formats.table.samples import samples_of
    from gateway.mapping_samples import run

    mappings = _mappings(names, folder)
    width = max((len(mapping.name) for mapping in mappings), default=0)
    ran = wrong = 0
    for mapping in mappings:
        if not samples_of(mapping):
            click.echo(f"none    {mapping.name:{width}}  no samples in {mapping.origin.with_suffix('')}/")
            continue
        if update:
            _writable(mapping)
        for outcome in run(mapping):
            ran += 1
            wrong += not outcome.right
            _print(outcome, width, update=update)
    changed = "updated" if update else "not as expected"
    click.echo(f"{_count(ran, 'sample')} of {_count(len(mappings), 'mapping')}, {wrong:,} {changed}")
    return 0 if update or not wrong else 1


def _mappings(names: Iterable[str], folder: str | None) -> list[Mapping]:
    from gateway.cli.mapping_names import files_in, named
    from gateway.errors import UsageError
    from gateway.formats.table.mappings import all_mappings, load

    folders = [Path(folder)] if folder else []
    if names:
        return [load(name, folders) for name in named(tuple(names))]
    if folder:
        if not files_in(Path(folder)):
            message = f"there is no mapping in the folder {folder}"
            raise UsageError(message, hint="mappings lie in FOLDER/<partner>/<document>.yaml")
        return [load(str(path)) for path in files_in(Path(folder))]
    return all_mappings()


def _writable(mapping: Mapping) -> None:
    """The expected files of an installed release are part of it."""
    from gateway.errors import UsageError

    if "_shipped" in mapping.origin.parts:
        message = f"{mapping.name} ships with the gateway; its expected files are not rewritten"
        raise UsageError(message, hint="copy the mapping and its samples into a folder of your own")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _print(outcome: Outcome, width: int, *, update: bool) -> None:
    result = "refused, as it should be" if outcome.refused else _count(outcome.events, "event")
    findings = f", {_count(outcome.findings, 'finding')}" if outcome.findings else ""
    state = "ok" if outcome.right else "updated" if update else "differs"
    colour = "green" if outcome.right else "yellow" if update else "red"
    if outcome.refused and outcome.differences:
        result = "refused"
    line = f"{state:7} {outcome.mapping:{width}}  {outcome.sample.name}: {result}{findings}"
    click.echo(click.style(line, fg=colour))
    for difference in outcome.differences:
        click.echo(f"        {difference.update() if update else difference.title}")
        lines = difference.lines()
        for text in lines[:MOST_LINES]:
            click.echo(f"          {text}")
        if len(lines) > MOST_LINES:
            click.echo(f"          … and {len(lines) - MOST_LINES:,} more lines")
