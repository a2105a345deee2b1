"""EPCIS 2.0 JSON-LD (ISO/IEC 19987:2024, clause 10): documents, query documents, single events, lists of events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from gateway.epcis.document import Document
from gateway.formats.base import Context, Format, Limits
from gateway.formats.epcis_json.detect import sniff
from gateway.formats.epcis_json.losses import LOSS_RULES
from gateway.formats.epcis_json.rules import OF_DOCUMENT, RULES
from gateway.options import CBV, COMPACT, CREATION_DATE, TIME_ZONE
from gateway.sources import Source


def _read(source: Source, context: Context) -> Document:
    from gateway.formats.epcis_json.read import read  # noqa: PLC0415 - a conversion to JSON reads something else

    return read(source, context)


def _split(source: Source, limits: Limits, size: int) -> Iterator[Source]:
    from gateway.formats.epcis_json.split import split  # noqa: PLC0415 - only for large documents

    return split(source, limits, size)


def _write(document: Document, context: Context) -> Iterable[bytes]:
    from gateway.formats.epcis_json.write import write  # noqa: PLC0415 - a conversion from JSON writes something else

    return write(document, context)


def _event_lines(source: Source, numbers: Collection[int]) -> dict[int, int]:
    from gateway.formats.epcis_json.lines import event_lines  # noqa: PLC0415 - only when something is wrong

    return event_lines(source, numbers)


EPCIS_2_0_JSON = Format(
    key="epcis-2.0-json",
    title="EPCIS 2.0 JSON-LD",
    suffix=".jsonld",
    media_type="application/ld+json",
    sniff=sniff,
    read=_read,
    write=_write,
    split=_split,
    settings=(CBV, COMPACT, CREATION_DATE, TIME_ZONE),
    rules=RULES,
    loss_rules=LOSS_RULES,
    schema=("gs1", "epcis-json", "2.0", "epcis.json"),
    event_lines=_event_lines,
    epcis=True,
    packed=True,
    of_document=OF_DOCUMENT,
)

__all__ = ["EPCIS_2_0_JSON", "LOSS_RULES", "RULES"]
