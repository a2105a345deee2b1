"""``gateway validate``: what is wrong with a file, and where."""

from __future__ import annotations

import json
from pathlib import Path

import click

from gateway.cli import inputs, output
from gateway.cli.lazy import loading

EPILOG = """\b
Examples:
  gateway validate shipment.xml
  gateway validate batch.csv --mapping acme-cmo/batch --json
  gateway validate shipment.jsonld --schemas official-schemas/

\b
Exit codes: 0 no errors, 1 errors found, 2 wrong usage, 6 over a limit."""


@click.command(epilog=EPILOG)
@click.argument("in_", metavar="IN")
@inputs.input_options
@inputs.schemas_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on standard output.")
def command(
    in_: str,
    from_: str,
    mapping: str,
    folder: str | None,
    values: tuple[str, ...],
    schemas: Path | None,
    as_json: bool,
) -> int:
    """Check IN (a file, or - for standard input): form, schema, identifiers, times, and whether its story holds."""
    with loading():
        from gateway.convert import Request, validate

        chosen, candidates = inputs.mappings_of(mapping, folder)
    with (
        inputs.source_of(in_) as source,
        output.progress_bar(source.size, f"checking {source.name}") as progress,
    ):
        request = Request(
            source=source,
            from_=from_,
            mapping=chosen,
            mappings=candidates,
            values=inputs.pairs(values),
            now=inputs.now(),
            progress=progress,
            schemas=schemas,
        )
        report = validate(request)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        output.print_report(report, source.name, verb="checked")
    return report.exit_code
