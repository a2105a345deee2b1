"""XML with an element for each record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.formats.base import Context
from gateway.formats.table import records
from gateway.formats.table.carriers import kinds
from gateway.formats.table.carriers.base import Place, Sheet
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import MappingSpec
from gateway.sources import Source


class XmlCarrier:
    """Records in XML documents."""

    key = "xml"
    format = "table"

    def recognises(self, head: bytes, name: str) -> bool:
        """Whether the file begins as XML."""
        return kinds.is_xml(head, name)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """The one table of the file."""
        from gateway.formats.table.xml_records import Records  # noqa: PLC0415 - lxml only for XML

        read = Records(spec, source, context)
        base = spec.table.xml.records if spec.table.xml is not None else ""
        place: Place = records.RecordPlace(source.name, base=base, path=read.path)
        yield Sheet(place, records.blocks(read.all(), spec, place, context.findings), read.totals)

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:
        """The names and values of the first records."""
        from gateway.formats.table.xml_records import Records  # noqa: PLC0415

        read = Records(spec, source or Source.memory(head), Context())
        return records.head(read.all(), rows)


XML = XmlCarrier()
