"""The message ``sa-rsd``: requests to the services of RSD."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule
from gateway.formats.base import Claim
from gateway.formats.epcis_xml.losses import LOSS_RULES as EPCIS_LOSSES
from gateway.formats.epcis_xml.rules import RULES as EPCIS_RULES
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message
from gateway.markets.kit import rules as kit_rules
from gateway.markets.sa import rules, settings
from gateway.markets.sa.check import SCHEMA, check
from gateway.markets.sa.client import CLIENT
from gateway.markets.sa.compose import compose
from gateway.markets.sa.operations import MOST_PRODUCTS, MOST_SERIALS, NAMESPACE, PACKAGE_BYTES
from gateway.markets.sa.parse import DETAIL, ROOT, parse

LIMITS: Final = (
    Limit("products", MOST_PRODUCTS, "products in one request", "RSD answer code 80610"),
    Limit("serials", MOST_SERIALS, "serial numbers in one Supply or Import", "RSD answer code 80609"),
    Limit("package_bytes", PACKAGE_BYTES, "bytes of a package", "RSD answer codes 20009 and 21004"),
)
_RULES: Final[tuple[Rule, ...]] = (*rules.RULES, *hierarchy.RULES, *kit_rules.RULES, *EPCIS_RULES)


def sniff(head: bytes, _name: str) -> Claim | None:
    """Recognise a request by the namespace of its root element."""
    if NAMESPACE.encode() in head and b"ServiceRequest" in head:
        return Claim(95, "a request in a namespace of RSD")
    if DETAIL.encode() in head and ROOT.encode() in head:
        return Claim(95, "the reply of RSD's DispatchDetail")
    return None


RSD: Final = Message(
    key="sa-rsd",
    title="Saudi Arabia: RSD, requests to its services (SOAP 1.1)",
    suffix=".xml",
    media_type="text/xml",
    compose=compose,
    check=check,
    parse=parse,
    sniff=sniff,
    grade="B",
    schema=SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
    loss_rules=(*rules.LOSS_RULES, *EPCIS_LOSSES),
    limits=LIMITS,
    client=CLIENT,
)
