"""Formats: a folder each, with a reader into the model, a writer out of it, or both."""

from __future__ import annotations

from gateway.formats.base import Format
from gateway.plugins import Registry

FORMATS: Registry[Format] = Registry(
    "gateway.formats",
    "format",
    Format,
    {
        "epcis-1.2-xml": "gateway.formats.epcis_xml:EPCIS_1_2_XML",
        "epcis-2.0-xml": "gateway.formats.epcis_xml:EPCIS_2_0_XML",
        "epcis-2.0-json": "gateway.formats.epcis_json:EPCIS_2_0_JSON",
        "table": "gateway.formats.table:TABLE",
        "scan": "gateway.formats.scan:SCAN",
        "rfxcel": "gateway.formats.rfxcel:RFXCEL",
        "tracelink-snx": "gateway.formats.tracelink:TRACELINK_SNX",
        "x12-856": "gateway.formats.edi:X12_856",
        "edifact-desadv": "gateway.formats.edi:EDIFACT_DESADV",
    },
)
