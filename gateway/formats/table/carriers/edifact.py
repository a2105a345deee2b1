"""EDIFACT despatch advices: one record for each line, package, mark or serial number."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from gateway.formats.base import Context
from gateway.formats.edi import edifact_syntax
from gateway.formats.edi.desadv import DespatchAdvice
from gateway.formats.edi.envelope import EDIFACT as ENVELOPES
from gateway.formats.edi.records import Dialect, Records
from gateway.formats.table import spec as declared
from gateway.formats.table.carriers.base import Sheet
from gateway.formats.table.cells import Cell
from gateway.formats.table.spec import MappingSpec, Table
from gateway.sources import Source


class EdifactCarrier:
    """EDIFACT interchanges."""

    key = "edifact"
    format = "edifact-desadv"

    def recognises(self, head: bytes, name: str) -> bool:  # noqa: ARG002 - as the protocol has it
        """Whether the file begins with UNA or UNB."""
        return edifact_syntax.is_interchange(head)

    def declared(self, table: Table) -> bool:
        """Whether the mapping has ``table.edifact``."""
        return table.edifact is not None

    def sheets(self, source: Source, spec: MappingSpec, context: Context) -> Iterator[Sheet]:
        """All messages of the file as one table."""
        records = Records(source, spec, _dialect(spec), context)
        yield Sheet(records.place, records.blocks())

    def head(self, head: bytes, source: Source | None, spec: MappingSpec, rows: int) -> Sequence[Sequence[Cell]]:  # noqa: ARG002 - as the protocol has it
        """Columns and first rows; none when the messages are of a version that the mapping does not read."""
        return Records(Source.memory(head), spec, _dialect(spec), Context()).head(io.BytesIO(head), rows)


def _dialect(spec: MappingSpec) -> Dialect:
    own = spec.table.edifact or declared.Edifact()
    return Dialect(
        syntax=ENVELOPES,
        segments=edifact_syntax.segments,
        tree=DespatchAdvice,
        kinds=("DESADV",),
        versions=tuple(own.versions),
        senders=tuple(own.senders),
        encoding=own.encoding,
        containers=tuple(own.containers),
    )


EDIFACT = EdifactCarrier()
