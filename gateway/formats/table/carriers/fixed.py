"""Fixed-width lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway import gs1
from gateway.findings import Findings
from gateway.formats.base import Context
from gateway.formats.table import csv_guess, fixed_lines, records, text_encoding
from gateway.formats.table.carriers.base import Sheet
from gateway.formats.table.carriers.kinds import is_text
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import FieldSpec, MappingSpec
from gateway.sources import Source

#: Transforms whose values prove by themselves that they stand at the right place.
_PROVING = frozenset({"gtin", "sscc", "gln", "date", "datetime"})


class FixedCarrier:
    """Lines whose values stand at fixed places."""

    key = "fixed"
    format = "table"

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether the file is text and neither JSON nor XML: fixed-width lines have no mark of their own."""
        return is_text(head, name)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """The one table of the file."""
        place = records.RecordPlace(source.name, is_line=True)
        read = fixed_lines.Lines(spec, source.name, context.findings)
        found = read.records(fixed_lines.lines(source, spec, context))
        yield Sheet(place, records.blocks(found, spec, place, context.findings), read.totals)

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """The first rows, when their kinds of lines, keys and dates are those of the mapping; else none."""
        declared = spec.table.fixed.encoding if spec.table.fixed is not None else ""
        encoding = text_encoding.of_head(head, declared, csv_guess.expected_words(spec))
        if not encoding:
            return []
        try:
            text = csv_guess.whole_lines(head, encoding)
        except UnicodeDecodeError:
            return []
        findings = Findings()
        read = fixed_lines.Lines(spec, "", findings).records(iter(text.splitlines()))
        found = records.head(read, rows)
        # A line of an unknown kind may be what is wrong with a file of ours; a foreign file has nothing else.
        return found if len(found) > 1 + findings.errors and _proven(found, spec) else []


def _proven(rows: Sequence[Sequence[Cell]], spec: MappingSpec) -> bool:
    """Whether in the first row all columns have right values whose transforms can tell, and there are such columns."""
    names, first = rows[0], rows[1]
    told = [
        _takes(field, spec, first[names.index(column)])
        for field in spec.fields.values()
        for column in field.column
        if column in names and field.transform in _PROVING and first[names.index(column)] != ""
    ]
    return bool(told) and all(told)


def _takes(field: FieldSpec, spec: MappingSpec, cell: Cell) -> bool:
    from gateway.formats.table.transforms import TRANSFORMS, Refused, Tools  # noqa: PLC0415 - lists need none
    from gateway.formats.table.transforms.steps import prepared  # noqa: PLC0415

    tools = Tools(gs1.CompanyPrefixes(spec.company_prefixes), spec.table.decimal, "UTC")
    try:
        prepared(field, TRANSFORMS.get(field.transform)(field, tools))(cell)
    except Refused:
        return False
    return True


FIXED = FixedCarrier()
