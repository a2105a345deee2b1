"""EDI ship notices, X12 and EDIFACT: one record for each item, pack, mark or serial number."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.formats.base import Context
from gateway.formats.edi import edifact_syntax, envelope, x12_syntax
from gateway.formats.edi.desadv import DespatchAdvice
from gateway.formats.edi.records import Dialect, Records
from gateway.formats.edi.x12_856 import ShipNotice
from gateway.formats.table import spec as declared
from gateway.formats.table.carriers.base import Sheet
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import MappingSpec, Table
from gateway.sources import Source


@dataclass(frozen=True, slots=True)
class EdiCarrier:
    """Interchanges of one syntax.

    Attributes:
        key: key of the carrier, and of its part of ``table``.
        format: the format that its files are reported as.
        knows: whether bytes begin with an interchange.
        dialect: how messages become records, as a mapping declares it.
    """

    key: str
    format: str
    knows: Callable[[bytes], bool]
    dialect: Callable[[Table], Dialect]

    def recognises(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - as the protocol has it
        """Whether the file begins with the header of an interchange."""
        return self.knows(head)

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """All messages of the file as one table."""
        records = Records(source, spec, self.dialect(spec.table), context)
        yield Sheet(records.place, records.blocks())

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """Columns and first rows; none when the sender or the version is not one that the mapping names."""
        return Records(Source.memory(head), spec, self.dialect(spec.table), Context()).head(io.BytesIO(head), rows)


def _x12(table: Table) -> Dialect:
    own = table.x12 or declared.X12()
    return Dialect(
        syntax=envelope.X12,
        segments=x12_syntax.segments,
        tree=ShipNotice,
        kinds=tuple(own.transactions),
        versions=tuple(own.versions),
        senders=tuple(own.senders),
        encoding=own.encoding,
        containers=tuple(own.containers),
    )


def _edifact(table: Table) -> Dialect:
    own = table.edifact or declared.Edifact()
    return Dialect(
        syntax=envelope.EDIFACT,
        segments=edifact_syntax.segments,
        tree=DespatchAdvice,
        kinds=("DESADV",),
        versions=tuple(own.versions),
        senders=tuple(own.senders),
        encoding=own.encoding,
        containers=tuple(own.containers),
    )


X12 = EdiCarrier("x12", "x12-856", x12_syntax.is_interchange, _x12)
EDIFACT = EdiCarrier("edifact", "edifact-desadv", edifact_syntax.is_interchange, _edifact)
