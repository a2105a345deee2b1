"""Reads a table through a mapping into a Document whose events stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from zoneinfo import ZoneInfo

from gateway import gs1
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Event
from gateway.errors import ConfigurationError, InputError, UsageError
from gateway.findings import Finding, Findings, Where
from gateway.formats.base import Context
from gateway.formats.table import csv_rows, dates, header, rules, xlsx_rows
from gateway.formats.table.assemble import Assembler
from gateway.formats.table.cells import Block
from gateway.formats.table.columns import Column, SerialColumn
from gateway.formats.table.events import Builder
from gateway.formats.table.footers import Footers
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.runs import Runs
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.formats.table.transforms import TRANSFORMS, Converter, Refused, Repaired, Tools
from gateway.formats.table.unique import mark
from gateway.options import COMPANY_PREFIX, CREATION_DATE, READ_POINT, TIME_ZONE
from gateway.sources import Source


def read(source: Source, context: Context) -> Document:
    """Read a table. ``context.mapping`` is the `Mapping` to read it with.

    Raises:
        InputError: the file cannot be read any further.
        LimitExceeded: the file is over a limit.
        UsageError: there is no mapping, or a setting has no right form.
    """
    mapping = context.mapping
    if not isinstance(mapping, Mapping):
        message = "a table is read through a mapping"
        raise UsageError(message, hint="give --mapping NAME; `gateway list mappings` shows them")
    table = _Table.open(mapping, source, context)
    created = _created(context)
    return Document(Header(schema_version="2.0", creation_date=created), _events(table))


def _created(context: Context) -> str | None:
    given = context.options.get(CREATION_DATE)
    if given and dates.offset_of(given) is None:
        message = f"the setting creation-date={given} is no time with a zone"
        raise UsageError(message, hint="for example creation-date=2026-11-22T10:00:00Z")
    return given or context.now or None


@dataclass(slots=True)
class _Table:
    """A table that has been opened and whose header has been understood."""

    mapping: Mapping
    source: Source
    context: Context
    place: Where
    found: header.Header
    blocks: Iterator[Block]
    tools: Tools

    @classmethod
    def open(cls, mapping: Mapping, source: Source, context: Context) -> _Table:
        """Open the file and find the header."""
        spec = mapping.spec
        place, blocks = _carrier(mapping, source, context)
        first = next(blocks, None)
        if first is None:
            raise InputError(Finding.of(rules.EMPTY, "the table is empty", where=place))
        supplied = {key for key, value in context.options.values.items() if value}
        found = header.check(spec, first.rows, place, supplied, context.findings)
        rest = Block(first.first + found.index + 1, first.rows[found.index + 1 :])
        return cls(mapping, source, context, place, found, chain([rest], blocks), _tools(spec, context))

    def runs(self, findings: Findings) -> tuple[Runs, Footers, list[str]]:
        """A maker of runs, its footers, and the names of the coarse fields in their order."""
        spec = self.mapping.spec
        smallest = next(iter(spec.objects.values()))
        fine = smallest.sgtin[1] if smallest.sgtin else smallest.sscc
        names = [name for name in spec.fields if name != fine]
        footers = Footers(spec.table.footers, spec.table.decimal, findings)
        runs = Runs(
            names=self.found.names,
            coarse=[self._column(name) for name in names],
            fine=(self.found.columns[fine], self._make(fine)),
            footers=footers,
            place=self.place,
            findings=findings,
            limits=self.context.limits,
        )
        return runs, footers, names

    def _column(self, name: str) -> tuple[int, Column] | str:
        field = self.mapping.spec.fields[name]
        index = self.found.columns.get(name)
        return self._otherwise(field) if index is None else (index, self._make(name))

    def _make(self, name: str) -> Column:
        field = self.mapping.spec.fields[name]
        convert: Converter = TRANSFORMS.get(field.transform)(field, self.tools)
        made = SerialColumn if field.transform == "serial" else Column
        return made(
            self.header(name),
            convert,
            required=field.required,
            otherwise=self._otherwise(field),
            setting=field.otherwise,
        )

    def _otherwise(self, field: FieldSpec) -> str:
        value = self.context.options.values.get(field.otherwise, "") if field.otherwise else ""
        if not value:
            return ""
        try:
            return _plain(TRANSFORMS.get(field.transform)(field, self.tools)(value))
        except Refused as refused:
            message = f"the setting {field.otherwise}={value} cannot be used: {refused.message}"
            raise UsageError(message, hint=refused.hint) from refused

    def header(self, name: str) -> str:
        """The header of a field's column, as it stands in the file or else as the mapping has it."""
        index = self.found.columns.get(name)
        if index is not None:
            return self.found.names[index]
        field = self.mapping.spec.fields.get(name)
        return field.column[0] if field is not None else name


def _events(table: _Table) -> Iterator[Event]:
    context = table.context
    runs, footers, names = table.runs(context.findings)
    assembler = _assembler(table, names, context.findings)
    for block in table.blocks:
        for run in runs.of(block):
            yield from assembler.take(run)
    if not runs.rows and not context.findings.errors:
        raise InputError(Finding.of(rules.EMPTY, "the table has a header and no rows", where=table.place))
    yield from assembler.finish()
    if not runs.refused:
        # Refused rows are not counted; a total that they explain would only distract from them.
        footers.compare(assembler.counts(runs.rows))
    suspects = assembler.unique.suspects()
    if suspects:
        _name_duplicates(_Table.open(table.mapping, table.source, _quiet(context)), suspects, context.findings)


def _assembler(table: _Table, names: list[str], findings: Findings) -> Assembler:
    spec = table.mapping.spec
    constants = _constants(table)
    read_point = table.context.options.get(READ_POINT)
    prefixes = table.tools.prefixes
    builders = [Builder(event, constants, prefixes, read_point, table.place) for event in spec.events]
    return Assembler(
        spec,
        builders,
        {name: index for index, name in enumerate(names)},
        header=table.header,
        prefixes=prefixes,
        place=table.place,
        findings=findings,
    )


def _name_duplicates(table: _Table, suspects: set[float], findings: Findings) -> None:
    """Read the table once more and name both rows of each key that is there twice."""
    runs, _, names = table.runs(Findings())
    assembler = _assembler(table, names, Findings())
    smallest = next(iter(table.mapping.spec.objects.values()))
    column = table.header(smallest.sgtin[1] if smallest.sgtin else smallest.sscc)
    seen: dict[str, int] = {}
    for block in table.blocks:
        for run in runs.of(block):
            for epc, value, row in zip(assembler.epcs(run), run.fine, run.numbers, strict=True):
                if mark(epc) not in suspects:
                    continue
                before = seen.setdefault(epc, row)
                if before != row:
                    where = Where(file=table.place.file, sheet=table.place.sheet, row=row, column=column)
                    message = f"{value} stands already in row {before}"
                    expected = "an identifier that no other row has"
                    findings.report(rules.DUPLICATE, message, where=where, value=value, expected=expected)


def _carrier(mapping: Mapping, source: Source, context: Context) -> tuple[Where, Iterator[Block]]:
    table = mapping.spec.table
    place = Where(file=source.name)
    if not source.size:
        raise InputError(Finding.of(rules.EMPTY, "the file is empty", where=place))
    if xlsx_rows.is_workbook(source.head(8), source.name):
        if table.xlsx is None:
            message = f"the file is a workbook, the mapping {mapping.name} reads CSV"
            raise InputError(Finding.of(rules.CARRIER, message, where=place, expected="CSV"))
        name, blocks = xlsx_rows.sheet(source, table.xlsx, context)
        return Where(file=source.name, sheet=name), blocks
    if table.csv is None:
        message = f"the file is no workbook, the mapping {mapping.name} reads XLSX"
        raise InputError(Finding.of(rules.CARRIER, message, where=place, expected="XLSX"))
    return place, csv_rows.blocks(source, table.csv, context)


def _tools(spec: MappingSpec, context: Context) -> Tools:
    zone = context.options.get(TIME_ZONE)
    if zone:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            message = f"there is no time zone {zone!r}"
            raise UsageError(message, hint="give an IANA name, e.g. time-zone=Europe/Istanbul") from error
    configured = context.options.get(COMPANY_PREFIX).split(",")
    try:
        prefixes = gs1.CompanyPrefixes([*configured, *spec.company_prefixes])
    except gs1.Gs1Error as error:
        raise UsageError(error.message, hint=error.hint) from error
    return Tools(prefixes, spec.table.decimal, zone)


def _constants(table: _Table) -> dict[str, str]:
    values = {}
    for name, constant in table.mapping.spec.constants.items():
        convert = TRANSFORMS.get(constant.transform)(FieldSpec(column=[name]), table.tools)
        try:
            values[name] = _plain(convert(constant.value))
        except Refused as refused:
            message = f"{table.mapping.origin}: constants.{name}: {refused.message}"
            raise ConfigurationError(message, hint=refused.hint) from refused
    return values


def _plain(value: str | Repaired) -> str:
    return value.value if isinstance(value, Repaired) else value


def _quiet(context: Context) -> Context:
    return Context(context.options, Findings(), context.losses, context.limits, context.now, context.mapping)
