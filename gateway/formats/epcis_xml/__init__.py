"""EPCIS XML: 1.2 (which reads 1.0 and 1.1 too) and 2.0. One reader and one writer serve both; the version is data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.epcis.document import Document
from gateway.formats.base import Claim, Context, Format, Limits
from gateway.formats.epcis_xml.losses import LOSS_RULES
from gateway.formats.epcis_xml.names import V1, V2, Version
from gateway.formats.epcis_xml.rules import OF_DOCUMENT, RULES, UNKNOWN_EVENT
from gateway.formats.epcis_xml.sniff import sniff
from gateway.options import CBV, COMPACT, CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER
from gateway.sources import Source

_SETTINGS = (CBV, COMPACT, CREATION_DATE, SENDER, RECEIVER, INSTANCE_IDENTIFIER)


def _read(source: Source, context: Context) -> Document:
    from gateway.formats.epcis_xml.read import read  # noqa: PLC0415 - lxml is not needed to write

    return read(source, context)


def _split(source: Source, limits: Limits, size: int) -> Iterator[Source]:
    from gateway.formats.epcis_xml.split import split  # noqa: PLC0415 - only for large documents

    return split(source, limits, size)


def _format(version: Version, title: str) -> Format:
    def claim(head: bytes, _name: str) -> Claim | None:
        return sniff(head, version)

    def write_version(document: Document, context: Context) -> Iterable[bytes]:
        from gateway.formats.epcis_xml.write import write  # noqa: PLC0415 - not needed to read

        return write(document, context, version)

    return Format(
        f"epcis-{version.number}-xml",
        title,
        ".xml",
        "application/xml",
        sniff=claim,
        read=_read,
        write=write_version,
        split=_split,
        settings=_SETTINGS,
        rules=RULES,
        loss_rules=LOSS_RULES,
        schema=("gs1", "epcis", version.number, "all.xsd"),
        epcis=True,
        packed=True,
        of_document=OF_DOCUMENT,
        strays=(UNKNOWN_EVENT,),
    )


EPCIS_1_2_XML = _format(V1, "EPCIS 1.2 XML; reads 1.0 and 1.1 too")
EPCIS_2_0_XML = _format(V2, "EPCIS 2.0 XML")
