"""TraceLink's SNX and SOM messages: four of them are read, three are written. docs/vendor-formats.md says the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.epcis.document import Document
from gateway.formats.base import Context, Format
from gateway.formats.tracelink.losses import LOSS_RULES
from gateway.formats.tracelink.rules import RULES
from gateway.formats.tracelink.settings import READING, WRITING
from gateway.formats.tracelink.sniff import sniff
from gateway.sources import Source


def _read(source: Source, context: Context) -> Document:
    from gateway.formats.tracelink.read import read  # noqa: PLC0415 - lxml is not needed to write

    return read(source, context)


def _write(document: Document, context: Context) -> Iterable[bytes]:
    from gateway.formats.tracelink.write import write  # noqa: PLC0415 - not needed to read

    return write(document, context)


TRACELINK_SNX: Final = Format(
    "tracelink-snx",
    "TraceLink SNX and SOM XML: disposition assigned and updated, disaggregated, sales shipment, end of batch",
    ".xml",
    "application/xml",
    sniff=sniff,
    read=_read,
    write=_write,
    settings=(*READING, *WRITING),
    rules=RULES,
    loss_rules=LOSS_RULES,
    packed=True,
)
