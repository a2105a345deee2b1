"""The format `scan`: barcodes on scanned or faxed pages (PDF, TIFF, PNG, JPEG) through a mapping.

DataMatrix, GS1-128 and QR codes are read with their place on the page, proved by the rules of GS1, and become rows
of a table (`gateway.formats.table.carriers.scan`). What cannot be proven goes to a person, never into an event.
"""

from __future__ import annotations

from gateway.epcis.document import Document
from gateway.formats.base import Context, Format
from gateway.formats.scan.rules import RULES
from gateway.formats.table.references import SETTINGS
from gateway.sources import Source

__all__ = ["RULES", "SCAN", "read"]


def read(source: Source, context: Context) -> Document:
    """Read pages through ``context.mapping`` (`gateway.formats.table.reading.read`)."""
    from gateway.formats.table.reading import read as read_table  # noqa: PLC0415 - calamine and zoneinfo only when read

    return read_table(source, context)


SCAN = Format(
    key="scan",
    title="Barcodes on scanned or faxed pages (PDF, TIFF, PNG, JPEG) through a mapping",
    suffix=".csv",
    media_type="text/csv",
    read=read,
    settings=SETTINGS,
    rules=RULES,
    needs_mapping=True,
)
