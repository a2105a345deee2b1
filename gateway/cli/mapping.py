"""``gateway mapping``: work on mappings without converting anything."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.mapping_template import template

EPILOG = """\b
Examples:
  gateway mapping check acme-cmo/batch
  gateway mapping check mappings/my-cmo/batch.yaml"""


@click.group(epilog=EPILOG)
def command() -> None:
    """Check mappings (the YAML files that say what a partner's columns mean)."""


@command.command(epilog=EPILOG)
@click.argument("names", metavar="NAME|FILE...", nargs=-1, required=True)
@click.option("--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your mappings.")
def check(names: tuple[str, ...], folder: str | None) -> int:
    """Load each mapping and say in words what it does; complain with file, line and key."""
    from gateway.cli.output import say
    from gateway.errors import ConfigurationError
    from gateway.formats.table.mappings import load

    folders = [Path(folder)] if folder else []
    status = 0
    for name in names:
        try:
            mapping = load(name, folders)
        except ConfigurationError as error:
            say(str(error), "red")
            status = error.exit_code
            continue
        click.echo(f"{mapping.name}: {mapping.title}")
        for line in mapping.describe():
            click.echo(f"  {line}")
    return status


command.add_command(template)
