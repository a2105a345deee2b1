"""The message ``eg-masar``: EPCIS 1.2 for Masar, as far as its rules are public."""

from __future__ import annotations

from typing import Final

from gateway.checks import schema_rules
from gateway.findings import LossRule, Rule
from gateway.formats.epcis_xml.losses import LOSS_RULES as EPCIS_LOSSES
from gateway.formats.epcis_xml.rules import RULES as EPCIS_RULES
from gateway.markets import hierarchy
from gateway.markets.base import Message
from gateway.markets.eg.masar import rules, settings
from gateway.markets.eg.masar.compose import compose
from gateway.markets.eg.masar.read import SCHEMA, check, parse, sniff
from gateway.markets.kit import rules as kit_rules

_RULES: Final[tuple[Rule, ...]] = (
    *rules.RULES,
    *hierarchy.RULES,
    *kit_rules.RULES,
    *schema_rules.RULES,
    *EPCIS_RULES,
)
_LOSSES: Final[tuple[LossRule, ...]] = EPCIS_LOSSES

MASAR: Final = Message(
    key="eg-masar",
    title="Egypt: EPCIS 1.2 for Masar, bare, in a StandardBusinessDocument or in SOAP",
    suffix=".xml",
    media_type="application/xml",
    compose=compose,
    check=check,
    parse=parse,
    sniff=sniff,
    grade="B-",
    schema=SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
    loss_rules=_LOSSES,
)
