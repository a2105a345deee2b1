"""The answer codes of RSD, read from ``xsd/sa/rsd/1/codes.toml``."""

from __future__ import annotations

from functools import cache

from gateway.answers import Reason
from gateway.markets.kit.codes import CodeTable
from gateway.markets.sa.operations import VERSION
from gateway.resources import shipped


@cache
def table() -> CodeTable:
    """The table."""
    return CodeTable.load(shipped("xsd", "sa", "rsd", VERSION, "codes.toml"))


def reason(code: str) -> Reason:
    """What a code means."""
    return table()(code)
