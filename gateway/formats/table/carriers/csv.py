"""CSV and whatever else is text with separators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.formats.base import Context
from gateway.formats.table import csv_rows
from gateway.formats.table.carriers import kinds
from gateway.formats.table.carriers.base import Place, Sheet
from gateway.formats.table.cells import Cell
from gateway.formats.table.guard import unguarded
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source


class CsvCarrier:
    """CSV: the carrier that takes whatever text is nothing else."""

    key = "csv"
    format = "table"

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether the file is none of the kinds that show themselves: CSV has no mark of its own."""
        return kinds.is_text(head, name)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """The one table of the file."""
        dialect = csv_rows.settle_dialect(source, spec, context)
        place = Place(source.name)
        blocks = csv_rows.blocks(source, dialect, context)
        yield Sheet(place, blocks if dialect.formulas == "plain" else unguarded(blocks, place, context.findings))

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """The first rows; none when the beginning cannot be read in the declared encoding."""
        return csv_rows.head(head, spec, rows)


CSV = CsvCarrier()
