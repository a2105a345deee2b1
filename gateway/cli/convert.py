"""``gateway convert``: one file in, one or more files out."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import inputs, outfiles, output, secret_codes
from gateway.cli.lazy import loading
from gateway.findings import LossMode

EPILOG = """\b
Examples:
  gateway convert batch.xlsx --mapping acme-cmo/batch --to epcis-1.2-xml -o batch.xml
  gateway convert batch.xml --to epcis-2.0-json --report batch.report.json > batch.jsonld
  gateway convert batch.xlsx --to tr-pts -o outgoing/
  gateway convert batch.jsonld --to table --mapping acme-cmo/batch -o batch.csv

\b
Exit codes: 0 done, 1 the input has errors, 2 wrong usage, 3 something would be lost
(--loss fail), 4 configuration or plugin, 6 over a limit. On any of them nothing is written."""


@click.command(epilog=EPILOG)
@click.argument("in_", metavar="IN")
@click.option("--to", required=True, metavar="FORMAT", help="Output format or market message (see `gateway list`).")
@inputs.input_options
@click.option(
    "--to-mapping",
    metavar="NAME|FILE",
    default="",
    help="Mapping of the output, if the input is a table, too.",
)
@click.option(
    "-o", "--output", "out", metavar="OUT|DIR", default="-", help="Output file or folder; - is standard output."
)
@click.option(
    "--loss",
    type=click.Choice([mode.value for mode in LossMode]),
    default=LossMode.CARRY.value,
    show_default=True,
    help="What to do with values the target has no place for.",
)
@inputs.schemas_option
@secret_codes.codes_options
@click.option(
    "--report",
    metavar="FILE",
    help="Write the report as JSON, every loss to FILE.losses.jsonl, pictures of doubtful places to FILE.pages/.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    help="Processes for large EPCIS documents; the bytes are equal.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(
    in_: str,
    to: str,
    from_: str,
    mapping: str,
    folder: str | None,
    to_mapping: str,
    values: tuple[str, ...],
    out: str,
    loss: str,
    schemas: Path | None,
    vault: Path | None,
    vault_key: str,
    report: str | None,
    jobs: int,
    quiet: bool,
) -> int:
    """Convert IN (a file, or - for standard input) into FORMAT.

    The format of IN is recognised by its content. Data goes to standard output or OUT, the report to standard error.
    Nothing is written unless everything is right.
    """
    with loading():
        from gateway.convert import Request
        from gateway.jobs import convert

        chosen, candidates = inputs.mappings_of(mapping, folder)
        target, _ = inputs.mappings_of(to_mapping, folder)
    report_path = Path(report) if report else None
    outfiles.check_paths(in_, out, report_path)
    with (
        inputs.source_of(in_) as source,
        outfiles.private_folder(out) as private,
        outfiles.loss_lines(report_path) as loss_sink,
        outfiles.pictures(report_path) as attachments,
        secret_codes.opened(vault, vault_key) as codes,
        output.progress_bar(source.size, f"converting {source.name}") as progress,
    ):
        request = Request(
            source=source,
            to=to,
            from_=from_,
            mapping=chosen,
            to_mapping=target,
            mappings=candidates,
            values=inputs.with_carrier(inputs.pairs(values), to, out),
            loss=LossMode(loss),
            now=inputs.now(),
            progress=progress,
            loss_sink=loss_sink,
            attachments=attachments,
            schemas=schemas,
            codes=codes,
        )
        result = convert(request, private, jobs)
        if not result.failed:
            outfiles.publish(result, out)
    if report_path:
        outfiles.write_report(result, report_path)
    if not quiet or result.failed:
        output.print_report(result, source.name)
    return result.exit_code
