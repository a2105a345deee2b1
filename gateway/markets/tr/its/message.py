"""The message ``tr-its``: notifications to ITS."""

from __future__ import annotations

from typing import Final

from gateway.markets import hierarchy
from gateway.markets.base import Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.tr.its import rules, settings
from gateway.markets.tr.its.check import REST_SCHEMA, check
from gateway.markets.tr.its.client import CLIENT
from gateway.markets.tr.its.compose import compose

ITS: Final = Message(
    key="tr-its",
    title="Turkey: notifications to ITS (production, sale, purchase, return, deactivation, export), REST or SOAP",
    suffix=".json",
    media_type="application/json",
    compose=compose,
    check=check,
    grade="A-",
    schema=REST_SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=(*rules.RULES, *hierarchy.RULES, *kit_rules.RULES),
    loss_rules=rules.LOSS_RULES,
    client=CLIENT,
)
