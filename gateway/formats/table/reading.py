"""Reads a table through a mapping into a Document whose events stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import chain

from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.errors import InputError, UsageError
from gateway.findings import Finding, Findings
from gateway.formats.base import Context
from gateway.formats.table import dates, rules
from gateway.formats.table.assemble import Assembler
from gateway.formats.table.container_log import Name
from gateway.formats.table.events import Builder
from gateway.formats.table.footers import Footers
from gateway.formats.table.mappings import Mapping as TableMapping
from gateway.formats.table.prepare import constants_of, tools_of
from gateway.formats.table.runs import Run
from gateway.formats.table.sheets import OpenSheet, Table, coarse_names
from gateway.formats.table.unique import mark
from gateway.options import CREATION_DATE, READ_POINT
from gateway.sources import Source


def read(source: Source, context: Context) -> Document:
    """Read a table. ``context.mapping`` is the `Mapping` to read it with.

    Raises:
        InputError: the file cannot be read any further.
        LimitExceeded: the file is over a limit.
        UsageError: there is no mapping, or a setting has no right form.
    """
    mapping = context.mapping
    if not isinstance(mapping, TableMapping):
        message = "a table is read through a mapping"
        raise UsageError(message, hint="give --mapping NAME; `gateway list mappings` shows them")
    table = Table(mapping, source, context, tools_of(mapping.spec, context))
    sheets = table.sheets()
    first = next(sheets)  # what is wrong with its header is said at once
    created = _created(context)
    return Document(Header(schema_version="2.0", creation_date=created), _events(table, chain([first], sheets)))


def _created(context: Context) -> str | None:
    given = context.options.get(CREATION_DATE)
    if given and dates.offset_of(given) is None:
        message = f"the setting creation-date={given} is no time with a zone"
        raise UsageError(message, hint="for example creation-date=2026-11-22T10:00:00Z")
    return given or context.now or None


def _events(table: Table, sheets: Iterator[OpenSheet]) -> Iterator[Event]:
    context = table.context
    assembler = _assembler(table, context.findings)
    rows = 0
    totals: list[tuple[Footers, Mapping[str, Decimal], Mapping[str, Decimal]]] = []
    for sheet in sheets:
        before = assembler.tally()
        footers = Footers(table.spec.table.footers, table.spec.table.decimal, context.findings)
        reader = sheet.reader(footers, context.findings)
        for run in reader.runs():
            yield from assembler.take(run)
        rows += reader.rows
        footers.controls(table.spec.table.controls, sheet.totals, sheet.place.at())
        if not reader.refused:
            # Refused rows are not counted; a total that they explain would only distract from them.
            totals.append((footers, before, assembler.tally()))
    if not rows and not context.findings.errors:
        raise InputError(Finding.of(rules.EMPTY, "the table has a header and no rows", where=table.place.at()))
    contradicted = assembler.settle()
    if contradicted:
        _name_contradictions(_again(table), assembler, contradicted, context.findings)
    yield from assembler.finish()
    for footers, first, last in totals:
        footers.compare(assembler.counts(first, last))
    assembler.close()
    suspects = assembler.unique.suspects()
    if suspects:
        _name_duplicates(_again(table), suspects, context.findings)


def _assembler(table: Table, findings: Findings) -> Assembler:
    spec = table.spec
    constants = constants_of(table.mapping, table.tools)
    read_point = table.context.options.get(READ_POINT)
    prefixes = table.tools.prefixes
    builders = [Builder(event, constants, prefixes, read_point, table.place) for event in spec.events]
    return Assembler(
        spec,
        builders,
        {name: index for index, name in enumerate(coarse_names(spec))},
        header=table.header,
        prefixes=prefixes,
        place=table.place,
        findings=findings,
    )


def _again(table: Table) -> Table:
    """The table from its beginning. What is wrong with it has been said."""
    context = table.context
    quiet = Context(context.options, Findings(), context.losses, context.limits, context.now, context.mapping)
    return Table(table.mapping, table.source, quiet, table.tools)


def _runs(table: Table) -> Iterator[Run]:
    footers = Footers(table.spec.table.footers, table.spec.table.decimal, Findings())
    for sheet in table.sheets():
        yield from sheet.reader(footers, Findings()).runs()


def _name_contradictions(
    table: Table, first: Assembler, contradicted: Mapping[str, Collection[Name]], findings: Findings
) -> None:
    """Read the table once more and name the rows that say something else of a container than an earlier row."""
    second = _assembler(table, Findings())
    second.look_again(first, contradicted, findings)
    for run in _runs(table):
        second.look(run)


def _name_duplicates(table: Table, suspects: set[int], findings: Findings) -> None:
    """Read the table once more and name both rows of each key that is there twice."""
    assembler = _assembler(table, Findings())
    fine = next(iter(table.spec.objects.values())).identity[-1]
    seen: dict[str, int] = {}
    for run in _runs(table):
        for key, value, row in assembler.named(run):
            if mark(key) not in suspects:
                continue
            before = seen.setdefault(key, row)
            if before != row:
                where = table.place.at(row, table.header(fine))
                message = f"{value} stands already in {table.place.named(before)}"
                expected = "an identifier that no other row has"
                findings.report(rules.DUPLICATE, message, where=where, value=value, expected=expected)
