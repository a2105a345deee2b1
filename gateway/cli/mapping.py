"""``gateway mapping``: the workbench for mappings, one file a command."""

from __future__ import annotations

import click

from gateway.cli.lazy import LazyGroup

#: command name -> module and line of help.
COMMANDS: dict[str, tuple[str, str]] = {
    "infer": ("gateway.cli.mapping_infer", "Propose a mapping for a file that nobody has described."),
    "check": ("gateway.cli.mapping_check", "Check mappings, and whether they claim each other's files."),
    "test": ("gateway.cli.mapping_test", "Run mappings on their samples and compare with what is expected."),
    "template": ("gateway.cli.mapping_template", "Make a blank table for the partner, with notes and example rows."),
}

EPILOG = """\b
Examples:
  gateway mapping infer unknown.xlsx -o mappings/my-cmo/batch.yaml
  gateway mapping check mappings/my-cmo/batch.yaml
  gateway mapping test mappings/my-cmo/batch.yaml --update
  gateway mapping template acme-cmo/batch -o blank.xlsx"""


@click.command(cls=LazyGroup, table=COMMANDS, epilog=EPILOG)
def command() -> None:
    """Propose, check, test and hand out mappings (the YAML files that say what a partner's columns mean)."""
