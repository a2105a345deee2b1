"""The tables of a file: opened one after another, their headers understood, their rows numbered through."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from gateway.errors import InputError, UsageError
from gateway.findings import Finding, Findings, Where
from gateway.formats.base import Context
from gateway.formats.table import date_order, header, rules
from gateway.formats.table.carriers import CARRIERS, carriers_of
from gateway.formats.table.carriers.base import Carrier, Place, Totals
from gateway.formats.table.cells import Block, shown
from gateway.formats.table.columns import Bad, Column, SerialColumn
from gateway.formats.table.footers import Footers
from gateway.formats.table.mappings import Mapping
from gateway.formats.table.runs import Run, Runs
from gateway.formats.table.shape import OWN, Shape, needed
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.formats.table.transforms import TRANSFORMS, Converter, Refused, Repaired, Tools
from gateway.formats.table.transforms.steps import prepared
from gateway.sources import Source

#: A mapping with this sheet name reads all sheets that have its header.
ALL = "*"


@dataclass(frozen=True)
class Places(Place):
    """The places of several sheets whose rows are numbered through.

    Attributes:
        starts: for each sheet the number of rows before it.
        sheets: the place of each sheet.
    """

    starts: list[int] = field(default_factory=list)
    sheets: list[Place] = field(default_factory=list)

    def add(self, before: int, place: Place) -> None:
        """Go on with another sheet."""
        self.starts.append(before)
        self.sheets.append(place)

    def at(self, row: int = 0, column: str = "", last_row: int = 0) -> Where:
        """The place in its own sheet. A range ends with the sheet in which it begins."""
        place, before = self._of(row)
        if not before and len(self.sheets) == 1:
            return place.at(row, column, last_row)
        if last_row and self._of(last_row)[0] is not place:
            last_row = 0
        return place.at(max(row - before, 0), column, max(last_row - before, 0))

    def named(self, row: int) -> str:
        """A row inside a sentence."""
        place, before = self._of(row)
        more = f" of sheet {place.sheet!r}" if len(self.sheets) > 1 and place.sheet else ""
        return place.named(row - before) + more

    def _of(self, row: int) -> tuple[Place, int]:
        if not self.sheets:
            return Place(self.file), 0
        if len(self.sheets) == 1:
            return self.sheets[0], 0
        index = max(bisect_right(self.starts, max(row - 1, 0)) - 1, 0)
        return self.sheets[index], self.starts[index]


class Table:
    """A file that is read through a mapping.

    Args:
        mapping: the mapping.
        source: the file.
        context: settings, findings and limits.
        tools: what transforms share.
    """

    def __init__(self, mapping: Mapping, source: Source, context: Context, tools: Tools) -> None:
        self.mapping = mapping
        self.spec = mapping.spec
        self.source = source
        self.context = context
        self.tools = tools
        #: Where all rows come from.
        self.place = Places(source.name)
        #: How many rows have been read.
        self.rows = 0
        self._found: header.Header | None = None
        #: Forms of dates that the sheet has settled, by field.
        self._formats: dict[str, list[str]] = {}

    def sheets(self) -> Iterator[OpenSheet]:
        """The sheets of the file, one after the other; each must have been read before the next is asked for.

        Raises:
            InputError: the file is empty, or a sheet has no header.
        """
        carrier = _carrier(self.mapping, self.source)
        supplied = {key for key, value in self.context.options.values.items() if value}
        xlsx = self.spec.table.xlsx
        any_sheet = carrier.key == "xlsx" and xlsx is not None and ALL in xlsx.sheet
        skipped: list[tuple[Place, Block]] = []
        empty: Place | None = None
        for sheet in carrier.sheets(self.source, self.spec, self.context):
            first = next(sheet.blocks, None)
            if first is None:
                empty = empty or sheet.place
                continue
            if any_sheet and header.find(self.spec, first.rows[: self.spec.table.header_within]) is None:
                skipped.append((sheet.place, first))
                continue
            self.place.add(self.rows, sheet.place)
            self.tools = replace(self.tools, day_0=sheet.day_0)
            self._found = header.check(self.spec, first.rows, sheet.place, supplied, self.context.findings)
            for name, (cell, where) in self._found.totals.items():
                sheet.totals.setdefault(name, []).append((shown(cell), where))
            rest = Block(first.first + self._found.index + 1, first.rows[self._found.index + 1 :])
            self._settle_dates(carrier, sheet.place)
            yield OpenSheet(self, self._found, sheet.place, chain([rest], sheet.blocks), self.rows, sheet.totals)
        if self._found is None:
            for place, first in skipped:
                header.check(self.spec, first.rows, place, supplied, self.context.findings)
            raise InputError(Finding.of(rules.EMPTY, "the table is empty", where=(empty or self.place).at()))
        for place, _ in skipped:
            message = f"the sheet {place.sheet!r} is not converted: it does not have the header of the mapping"
            self.context.findings.report(rules.SHEET_UNREAD, message, where=place.at())

    def _settle_dates(self, carrier: Carrier, place: Place) -> None:
        """Look through the sheet once more where its dates have to tell in which order they are written."""
        self._formats = {}
        found = self._found
        columns = date_order.columns_of(self.spec.fields, found.columns) if found is not None else {}
        if found is None or not columns:
            return
        quiet = Context(self.context.options, limits=self.context.limits)
        sheet = next(
            (one for one in carrier.sheets(self.source, self.spec, quiet) if one.place.at() == place.at()), None
        )
        footers = Footers(self.spec.table.footers, self.spec.table.decimal, Findings())
        for block in sheet.blocks if sheet is not None else ():
            # What stands above the header or in a footer says nothing about the column.
            rows = [
                (row, number)
                for row, number in zip(block.rows, block.numbers, strict=True)
                if number > found.index + 1
                and len(row) >= len(found.names)
                and not footers.takes(row, place.at(number))
            ]
            for name, column in columns.items():
                index = found.columns[name]
                column.take([row[index] for row, _ in rows], [number for _, number in rows])
        for name, column in columns.items():
            self._formats[name] = column.decided(self.spec.fields[name].formats)
            if len(self._formats[name]) < len(self.spec.fields[name].formats):
                value, row = next(iter(column.proof.values()))
                message = f"dates were read as {' or '.join(self._formats[name])}, which {value!r} proves"
                where = place.at(row, self.header(name))
                self.context.findings.report(rules.DATE_ORDER_FOUND, message, where=where, value=value)

    def header(self, name: str) -> str:
        """The header of a field's column, as it stands in the file or else as the mapping has it."""
        if self._found is not None and name in self._found.columns:
            return self._found.names[self._found.columns[name]]
        declared = self.spec.fields.get(name)
        return declared.title if declared is not None else name

    def column(self, name: str) -> Column:
        """The converter of a field's cells."""
        declared = self.spec.fields[name]
        if name in self._formats:
            declared = declared.model_copy(update={"formats": self._formats[name]})
        convert: Converter = prepared(declared, TRANSFORMS.get(declared.transform)(declared, self.tools))
        plain_serial = declared.transform == "serial" and not declared.steps
        made = SerialColumn if plain_serial else Column
        return made(
            self.header(name),
            convert,
            required=declared.required,
            otherwise=self.otherwise(declared),
            setting=declared.otherwise,
        )

    def otherwise(self, declared: FieldSpec) -> str:
        """The value of a field whose cell is empty.

        Raises:
            UsageError: the setting that supplies it has no right form.
        """
        setting = self.context.options.values.get(declared.otherwise, "") if declared.otherwise else ""
        value = setting or declared.default
        if not value:
            return ""
        try:
            return plain(TRANSFORMS.get(declared.transform)(declared, self.tools)(value))
        except Refused as refused:
            what = f"the setting {declared.otherwise}={value}" if setting else f"the default {value!r} of the mapping"
            message = f"{what} cannot be used: {refused.message}"
            raise UsageError(message, hint=refused.hint) from refused


@dataclass(slots=True)
class OpenSheet:
    """A sheet whose header has been understood.

    Attributes:
        table: the file.
        found: the header.
        place: where the sheet is.
        blocks: the rows below the header.
        before: rows of the sheets before.
        totals: what the document says of itself; complete when the rows are read.
    """

    table: Table
    found: header.Header
    place: Place
    blocks: Iterator[Block]
    before: int
    totals: Totals

    def reader(self, footers: Footers, findings: Findings) -> SheetReader:
        """Reads the rows."""
        return SheetReader(self, footers, findings)


class SheetReader:
    """Reads the rows of one sheet.

    Args:
        sheet: the sheet.
        footers: recognises rows that are no data.
        findings: takes what is wrong.
    """

    def __init__(self, sheet: OpenSheet, footers: Footers, findings: Findings) -> None:
        self._sheet = sheet
        self._table = table = sheet.table
        self._findings = findings
        found, spec = sheet.found, table.spec
        self._shape = Shape(spec, found, footers, table.place, findings) if needed(spec) else None
        if self._shape is None:
            names, columns = found.names, found.columns
        else:
            names = self._shape.names
            columns = {name: index for index, name in enumerate([*self._shape.fields, OWN])}
            # Its rows have been looked through already.
            footers = Footers((), spec.table.decimal, findings)
        fine = next(iter(spec.objects.values())).identity[-1]
        self._runs = Runs(
            names=names,
            coarse=[self._coarse(name, columns) for name in coarse_names(spec)],
            fine=(columns[fine], table.column(fine)),
            footers=footers,
            place=table.place,
            findings=findings,
            limits=table.context.limits,
        )

    @property
    def rows(self) -> int:
        """How many data rows were taken."""
        return self._runs.rows

    @property
    def refused(self) -> int:
        """How many were refused."""
        return self._runs.refused + (self._shape.refused if self._shape is not None else 0)

    def runs(self) -> Iterator[Run]:
        """The runs of all rows. Bad rows are reported and left out."""
        table, shape, before = self._table, self._shape, self._sheet.before
        for read in self._sheet.blocks:
            block = read.moved(before)
            table.rows = max(table.rows, block.first + len(block) - 1)
            yield from self._runs.of(shape.of(block) if shape is not None else block)
        if shape is not None:
            yield from self._runs.of(shape.rest())

    def _coarse(self, name: str, columns: dict[str, int]) -> tuple[int, Column] | str:
        if name == OWN:
            return (columns[OWN], Column(OWN, shown, required=False))
        if name in columns:
            return (columns[name], self._table.column(name))
        if name in self._sheet.found.preamble:
            return self._preamble(name)
        return self._table.otherwise(self._table.spec.fields[name])

    def _preamble(self, name: str) -> str:
        cell, where = self._sheet.found.preamble[name]
        column = self._table.column(name)
        value = column.value(cell)
        if isinstance(value, Bad):
            raise InputError(
                Finding.of(
                    value.rule, value.message, where=where, value=shown(cell), expected=value.expected, hint=value.hint
                )
            )
        for _, repaired in column.repairs:
            expected = repaired.value
            self._findings.report(repaired.rule, repaired.message, where=where, value=shown(cell), expected=expected)
        return value


def coarse_names(spec: MappingSpec) -> list[str]:
    """The fields whose values rows have in common, in their order, and the row's own level where there are levels."""
    fine = next(iter(spec.objects.values())).identity[-1]
    names = [name for name in spec.fields if name != fine]
    return [*names, OWN] if needed(spec) else names


def plain(value: str | Repaired) -> str:
    """The value, without what is to be said of it."""
    return value.value if isinstance(value, Repaired) else value


def _carrier(mapping: Mapping, source: Source) -> Carrier:
    """The first carrier that the mapping declares and that knows the file."""
    place = Place(source.name).at()
    if not source.size:
        raise InputError(Finding.of(rules.EMPTY, "the file is empty", where=place))
    head = source.head()
    declared = list(carriers_of(mapping.spec.table))
    for carrier in declared:
        if carrier.recognises(head, source.name):
            return carrier
    kind = next((carrier.key.upper() for carrier in CARRIERS if carrier.recognises(head, source.name)), "")
    reads = " or ".join(carrier.key.upper() for carrier in declared)
    message = f"the file is {kind or 'of an unknown kind'}, the mapping {mapping.name} reads {reads}"
    raise InputError(Finding.of(rules.CARRIER, message, where=place, expected=reads))
