"""The message ``us-pdg``: exceptions between shipping and receiving, as the PDG wants them reported."""

from __future__ import annotations

from typing import Final

from gateway.checks import json_schema_rules
from gateway.findings import Rule
from gateway.markets import hierarchy
from gateway.markets.base import Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.us import rules as dscsa_rules
from gateway.markets.us.pdg import rules, settings
from gateway.markets.us.pdg.check import REPORT, check
from gateway.markets.us.pdg.compose import compose

_RULES: Final[tuple[Rule, ...]] = (
    *rules.RULES,
    dscsa_rules.NAMED,
    dscsa_rules.WITHDRAWAL,
    dscsa_rules.TOO_DEEP,
    *hierarchy.RULES,
    *kit_rules.RULES,
    *json_schema_rules.RULES,
)

PDG: Final = Message(
    key="us-pdg",
    title="United States: reports of exceptions between shipping and receiving (PDG, JSON)",
    suffix=".json",
    media_type="application/json",
    compose=compose,
    check=check,
    grade="A",
    schema=REPORT,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
)
