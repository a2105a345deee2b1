"""The messages of the order management station (OMS, SUZ): orders of codes, and reports of marked packs."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule
from gateway.formats.base import Claim
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.ru import oms_compose, oms_order, oms_rules, oms_settings, rules
from gateway.markets.ru.oms_check import ORDER, UTILISATION, check_order, check_utilisation
from gateway.markets.ru.oms_client import ORDERS, REPORTS

_GUIDE: Final = "SUZ-Oblako 4.0, programmer's guide, API 3.0.27"
_RULES: Final[tuple[Rule, ...]] = (
    *oms_rules.RULES,
    rules.SERIAL,
    rules.IDENTIFIER,
    rules.WITHDRAWAL,
    *hierarchy.RULES,
    *kit_rules.RULES,
)


def _sniff_report(head: bytes, _name: str) -> Claim | None:
    return Claim(90, "sntins of a product group") if _begins(head) and b'"sntins"' in head else None


def _sniff_order(head: bytes, _name: str) -> Claim | None:
    return Claim(90, "products with a cisType") if _begins(head) and b'"cisType"' in head else None


def _begins(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and b'"productGroup"' in head


OMS_UTILISATION: Final = Message(
    key="ru-oms-utilisation",
    title="Russia: OMS API 3.0, report of marked packs with full codes",
    suffix=".json",
    media_type="application/json",
    compose=oms_compose.compose,
    check=check_utilisation,
    sniff=_sniff_report,
    grade="A",
    schema=UTILISATION,
    settings=oms_settings.UTILISATION,
    needs=oms_settings.NEEDS,
    rules=_RULES,
    loss_rules=oms_rules.LOSS_RULES,
    limits=(Limit("codes", oms_compose.CODES, "codes in one report", _GUIDE),),
    client=REPORTS,
)
OMS_ORDER: Final = Message(
    key="ru-oms-order",
    title="Russia: OMS API 3.0, order of codes",
    suffix=".json",
    media_type="application/json",
    compose=oms_order.compose,
    check=check_order,
    sniff=_sniff_order,
    grade="A",
    schema=ORDER,
    settings=oms_settings.ORDER,
    rules=_RULES,
    limits=(
        Limit("order_gtins", oms_order.GTINS, "GTINs in one order", _GUIDE),
        Limit("order_alone", oms_order.ALONE, "codes of the only GTIN of an order", _GUIDE),
        Limit("order_each", oms_order.EACH, "codes of each of several GTINs of an order", _GUIDE),
    ),
    client=ORDERS,
)
