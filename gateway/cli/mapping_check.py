"""``gateway mapping check``: are mappings right, and do they keep out of each other's way?"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.errors import ConfigurationError

EPILOG = """\b
Examples:
  gateway mapping check
  gateway mapping check acme-cmo/batch
  gateway mapping check mappings/my-cmo/batch.yaml
  gateway mapping check --mappings exchange/mappings

\b
Exit codes: 0 all right, 4 a mapping is wrong or claims the sample of another. A warning is no error."""


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[NAME|FILE|FOLDER]...", nargs=-1)
@click.option("--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your mappings.")
def command(names: tuple[str, ...], folder: str | None) -> int:
    """Load mappings and say in words what they do; complain with file, line and key.

    Without names all mappings are checked: those that ship with the gateway and those of --mappings.

    A file that two mappings claim would be refused. So each mapping's samples must be claimed by no other, and a
    warning names mappings with columns so alike that they could claim each other's files.
    """
    from gateway.cli.mapping_names import named, with_named
    from gateway.cli.output import say
    from gateway.formats.table.conflicts import conflicts
    from gateway.formats.table.mappings import Mapping, all_mappings, load

    folders = [Path(folder)] if folder else []
    mappings: list[Mapping] = []
    status = 0
    everything = []
    try:
        everything = all_mappings(folders)
    except ConfigurationError as error:
        if not names:
            say(str(error), "red")
            return error.exit_code
        say(f"conflicts are not looked for: {error}", "yellow")
    for name in named(names):
        try:
            mappings.append(load(name, folders))
        except ConfigurationError as error:
            say(str(error), "red")
            status = error.exit_code
    for mapping in mappings or ([] if names else everything):
        click.echo(f"{mapping.name}: {mapping.title}")
        for line in mapping.describe() if names else ():
            click.echo(f"  {line}")
    others = with_named(everything, mappings) if everything else mappings
    about = {mapping.name for mapping in mappings} if names else {mapping.name for mapping in others}
    for conflict in conflicts(others, others):
        if not about & {conflict.mapping, conflict.other}:
            continue
        label, colour = ("error  ", "red") if conflict.proven else ("warning", "yellow")
        say(f"{label} {conflict.mapping}: {conflict.message}", colour)
        if conflict.proven:
            status = ConfigurationError.exit_code
    return status
