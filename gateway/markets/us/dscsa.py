"""The message ``us-dscsa``: transaction information and statement as EPCIS 1.2."""

from __future__ import annotations

from typing import Final

from gateway.checks import schema_rules
from gateway.epcis.document import Document
from gateway.findings import LossRule, Rule
from gateway.formats.base import Context
from gateway.formats.epcis_xml import losses as xml_losses
from gateway.formats.epcis_xml import rules as xml_rules
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.us import rules, settings
from gateway.markets.us.check import MOST_BYTES, SCHEMA, check
from gateway.markets.us.compose import compose
from gateway.sources import Source

_RULES: Final[tuple[Rule, ...]] = (
    *rules.RULES,
    *hierarchy.RULES,
    *kit_rules.RULES,
    *schema_rules.RULES,
    *xml_rules.RULES,
)
_LOSSES: Final[tuple[LossRule, ...]] = (*rules.LOSS_RULES, *xml_losses.LOSS_RULES)


def parse(source: Source, context: Context) -> Document:
    """Read a file: it is EPCIS 1.2."""
    from gateway.formats.epcis_xml.read import read  # noqa: PLC0415 - lxml is not needed to compose

    return read(source, context)


DSCSA: Final = Message(
    key="us-dscsa",
    title="United States: transaction information and statement, GS1 US guideline R1.3 or R1.2 (EPCIS 1.2)",
    suffix=".xml",
    media_type="application/xml",
    compose=compose,
    check=check,
    parse=parse,
    grade="A",
    schema=SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
    loss_rules=_LOSSES,
    limits=(Limit("file_bytes", MOST_BYTES, "bytes in a file, more is a warning", "TraceLink, files that come in"),),
)
