"""``gateway mapping template``: a blank table for a partner."""

from __future__ import annotations

from pathlib import Path

import click

EPILOG = """\b
Examples:
  gateway mapping template acme-cmo/batch -o blank.xlsx
  gateway mapping template acme-cmo/batch -o blank.csv --no-examples"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="NAME|FILE")
@click.option("-o", "--output", "out", metavar="OUT", required=True, help="The file to write: .xlsx or .csv.")
@click.option("--examples/--no-examples", default=True, show_default=True, help="Two rows that show what is meant.")
@click.option("--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your mappings.")
def command(name: str, out: str, examples: bool, folder: str | None) -> int:
    """Make a blank table for a partner to fill in.

    Columns, what stands above them, notes and checks come from the mapping; the mapping reads the filled-in file.
    """
    from gateway.cli import outfiles
    from gateway.cli.output import say
    from gateway.formats.table.mappings import load
    from gateway.formats.table.template import template as make

    outfiles.check_paths("-", out, None)
    mapping = load(name, [Path(folder)] if folder else [])
    made = make(mapping, Path(out).suffix.lower().removeprefix("."), with_examples=examples)
    path = Path(out)
    aside = path.with_name(f".{path.name}.part")
    with outfiles.writing_to(out):
        try:
            aside.write_bytes(made.data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    for note in made.notes:
        say(note)
    return 0
