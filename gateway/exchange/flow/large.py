"""Large contents in the flow: converted and checked in a process of their own, indexed in this one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.convert import check_output
from gateway.exchange.archive.store import Archive
from gateway.exchange.flow import apart
from gateway.exchange.flow.apart import Serials
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.epc_index import Indexer
from gateway.exchange.ledger.tables import Message, OutputFile
from gateway.findings import Findings
from gateway.report import Report
from gateway.request import Request
from gateway.sources import Source


def is_large(request: Request) -> bool:
    """Whether a conversion is to be done in a process of its own."""
    return apart.is_large(request.source)


def convert_large(
    database: Database, archive: Archive, request: Request, out: Path, first: Message | None, serials: Serials | None
) -> Report:
    """Convert in a process of its own; index here what it names, where a message is given.

    Args:
        database: the ledger's.
        archive: the bytes.
        request: the conversion.
        out: private folder for the outputs.
        first: the message, if what it names is to be indexed.
        serials: its part in the hierarchy store, which that process asks and fills itself.

    Raises:
        StorageError: the process was killed; try again.
        GatewayError: as `gateway.convert.convert`.
    """
    with archive.folder() as other:
        request = replace(request, source=apart.plain(request.source, other / "input"), hierarchy=None)
        named = other / "named" if first is not None else None
        report, pairs = apart.convert(request, out, named, serials)
        if first is not None and named is not None:
            indexer = Indexer(database, first.number)
            for part in apart.parts(named):
                indexer.put_part(part)
            indexer.put_pairs(pairs)
    return report


def check_made(archive: Archive, output: OutputFile) -> Findings:
    """What its receiver would find wrong with an output, by the schema and rules of its format."""
    source = archive.source(output.sha256, output.name)
    if apart.is_large(source):
        with archive.folder() as folder:
            return apart.check(apart.plain(source, folder / "output"), output.format)
    return _check_here(source, output.format)


def check_file(path: Path, format_: str) -> Findings:
    """The same of a file that was made and lies in a private folder yet."""
    source = Source.file(path)
    return apart.check(source, format_) if apart.is_large(source) else _check_here(source, format_)


def _check_here(source: Source, format_: str) -> Findings:
    findings = Findings()
    check_output(source, format_, findings)
    return findings
