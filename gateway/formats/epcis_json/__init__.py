"""EPCIS 2.0 JSON-LD (ISO/IEC 19987:2024, clause 10): documents, query documents, single events, lists of events."""

from __future__ import annotations

from gateway.formats.base import Format
from gateway.formats.epcis_json.detect import sniff
from gateway.formats.epcis_json.losses import LOSS_RULES
from gateway.formats.epcis_json.read import read
from gateway.formats.epcis_json.rules import RULES
from gateway.formats.epcis_json.write import write
from gateway.options import CBV, COMPACT, CREATION_DATE, TIME_ZONE

EPCIS_2_0_JSON = Format(
    key="epcis-2.0-json",
    title="EPCIS 2.0 JSON-LD",
    suffix=".jsonld",
    media_type="application/ld+json",
    sniff=sniff,
    read=read,
    write=write,
    settings=(CBV, COMPACT, CREATION_DATE, TIME_ZONE),
    rules=RULES,
    loss_rules=LOSS_RULES,
)

__all__ = ["EPCIS_2_0_JSON", "LOSS_RULES", "RULES"]
