"""The message ``eg-eptts-csv``: the file of phase 1."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule
from gateway.formats.base import Claim
from gateway.markets import hierarchy
from gateway.markets.base import Limit, Message
from gateway.markets.eg import rules, settings
from gateway.markets.eg.check import check
from gateway.markets.eg.compose import compose
from gateway.markets.eg.rows import HEADER, MOST_LOTS, MOST_SERIALS, SCHEMA
from gateway.markets.kit import rules as kit_rules

_GUIDE: Final = "guide EDREX:NP.CIP.004/2026 v2, as quoted"
_RULES: Final[tuple[Rule, ...]] = (*rules.RULES, *hierarchy.RULES, *kit_rules.RULES)


def sniff(head: bytes, _name: str) -> Claim | None:
    """Recognise a file by its header."""
    return Claim(100, "the header line of EPTTS") if head.startswith(HEADER.encode()) else None


EPTTS: Final = Message(
    key="eg-eptts-csv",
    title="Egypt: EPTTS phase 1, commissioning and packing (CSV for upload)",
    suffix=".csv",
    media_type="text/csv",
    compose=compose,
    check=check,
    sniff=sniff,
    grade="B+",
    schema=SCHEMA,
    settings=settings.SETTINGS,
    needs=settings.NEEDS,
    rules=_RULES,
    loss_rules=rules.LOSS_RULES,
    limits=(
        Limit("serials", MOST_SERIALS, "different serial numbers in a file", _GUIDE),
        Limit("lots", MOST_LOTS, "lots of items that a file commissions", _GUIDE),
    ),
)
