"""The message ``ru-mdlp``: documents of MDLP XML 1.38."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule
from gateway.formats.base import Claim
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.ru import rules, settings
from gateway.markets.ru.check import SCHEMA, check
from gateway.markets.ru.compose import compose
from gateway.markets.ru.documents import CUSTOMS_CODES, DEVICE_CODES, ITEMS, UNPACKED
from gateway.markets.ru.mdlp_client import CLIENT
from gateway.markets.ru.parse import parse_document
from gateway.options import CREATION_DATE, EVENT_TIME

_XSD: Final = "MDLP schema 1.38 of 2025-08-07"
LIMITS: Final = (
    Limit("items", ITEMS, "packs and containers in one document; the schema leaves 915 and 916 open", _XSD),
    Limit("unpacked", UNPACKED, "containers in one document 912", _XSD),
    Limit("customs_codes", CUSTOMS_CODES, "codes in one document 300", _XSD),
    Limit("device_codes", DEVICE_CODES, "codes in one document 10311 or 10319", _XSD),
)
_RULES: Final[tuple[Rule, ...]] = (*rules.RULES, *hierarchy.RULES, *kit_rules.RULES)


def sniff(head: bytes, _name: str) -> Claim | None:
    """Recognise a document of MDLP."""
    if b"<documents" in head and b"action_id=" in head:
        return Claim(90, "root element documents with an action_id")
    return None


MDLP: Final = Message(
    key="ru-mdlp",
    title="Russia: MDLP XML 1.38 (210 220 250-252 300 313 314 331 336 342 381 415 416 431 541 542 552 701 911-916)",
    suffix=".xml",
    media_type="application/xml",
    compose=compose,
    check=check,
    parse=parse_document,
    sniff=sniff,
    grade="A-",
    schema=SCHEMA,
    settings=(*settings.SETTINGS, EVENT_TIME, CREATION_DATE),
    needs=settings.NEEDS,
    rules=_RULES,
    loss_rules=rules.LOSS_RULES,
    limits=LIMITS,
    client=CLIENT,
)
