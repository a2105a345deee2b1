"""Markets: a folder for each regulator. They never import each other."""

from __future__ import annotations

from gateway.markets.base import Market, Message
from gateway.plugins import Registry

MARKETS: Registry[Market] = Registry(
    "gateway.markets",
    "market",
    Market,
    {
        "tr": "gateway.markets.tr:MARKET",
        "ru": "gateway.markets.ru:MARKET",
        "eg": "gateway.markets.eg:MARKET",
        "us": "gateway.markets.us:MARKET",
        "sa": "gateway.markets.sa:MARKET",
    },
)


def messages() -> dict[str, Message]:
    """All market messages by key."""
    return {message.key: message for market in MARKETS for message in market.messages}


def market_of(key: str) -> Market:
    """The market that a message belongs to.

    Raises:
        KeyError: there is no such message.
    """
    for market in MARKETS:
        if any(message.key == key for message in market.messages):
            return market
    raise KeyError(key)
