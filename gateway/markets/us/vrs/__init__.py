"""The message ``us-vrs``: verification of saleable returns by GS1 Lightweight Messaging."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule
from gateway.markets import hierarchy
from gateway.markets.base import Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.us import rules as dscsa_rules
from gateway.markets.us.vrs import rules, settings
from gateway.markets.us.vrs.check import check
from gateway.markets.us.vrs.client import CLIENT
from gateway.markets.us.vrs.compose import compose
from gateway.markets.us.vrs.model import SCHEMA

_RULES: Final[tuple[Rule, ...]] = (
    *rules.RULES,
    dscsa_rules.WITHDRAWAL,
    dscsa_rules.TOO_DEEP,
    *hierarchy.RULES,
    *kit_rules.RULES,
)

VRS: Final = Message(
    key="us-vrs",
    title="United States: verification of saleable returns, GS1 Lightweight Messaging 1.1",
    suffix=".json",
    media_type="application/json",
    compose=compose,
    check=check,
    grade="A",
    schema=SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
    client=CLIENT,
)
