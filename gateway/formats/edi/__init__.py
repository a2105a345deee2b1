"""The formats `x12-856` and `edifact-desadv`: ship notices as records through a mapping, and the 856 written.

An EDI file has no meaning of its own beyond its segments: partners use them differently, so a mapping says which
column is what (docs/edi.md), and knows its own files. The carriers `x12` and `edifact` of tables hand over the records.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.epcis import hierarchy
from gateway.epcis.document import Document
from gateway.formats.base import Context, Format
from gateway.formats.edi import rules
from gateway.formats.edi.x12_losses import LOSS_RULES, OUT_RULES
from gateway.formats.edi.x12_settings import WRITER_SETTINGS
from gateway.formats.table.references import SETTINGS
from gateway.sources import Source


def read(source: Source, context: Context) -> Document:
    """Read a ship notice through ``context.mapping`` (`gateway.formats.table.reading.read`)."""
    from gateway.formats.table.reading import read as read_table  # noqa: PLC0415 - zoneinfo and more only when read

    return read_table(source, context)


def write_x12(document: Document, context: Context) -> Iterator[bytes]:
    """Write the shipments of a document as X12 856 (`gateway.formats.edi.x12_write.write`)."""
    from gateway.formats.edi.x12_write import write  # noqa: PLC0415 - only when it is written

    return write(document, context)


X12_856 = Format(
    key="x12-856",
    title="X12 856 ship notice; read through a mapping",
    suffix=".x12",
    media_type="application/EDI-X12",
    read=read,
    write=write_x12,
    settings=(*SETTINGS, *WRITER_SETTINGS),
    rules=(*rules.RULES, *OUT_RULES, *hierarchy.RULES),
    loss_rules=LOSS_RULES,
    needs_mapping=True,
)
EDIFACT_DESADV = Format(
    key="edifact-desadv",
    title="EDIFACT DESADV despatch advice; read through a mapping",
    suffix=".edi",
    media_type="application/EDIFACT",
    read=read,
    settings=SETTINGS,
    rules=rules.RULES,
    needs_mapping=True,
)
