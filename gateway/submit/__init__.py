"""Bringing submissions to regulators' systems: runs the conversations of `gateway.markets.client` over HTTPS.

A market says what is to be asked for and what replies mean. Here is what it must not know: connections, secrets,
signers, the clock, and the memory that outlives a crash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gateway.submit.driver import Driver
from gateway.submit.line import line
from gateway.submit.session import MarketSession
from gateway.submit.settings import MarketSettings, address
from gateway.transports.base import Secrets, Transport

__all__ = ["MARKET", "MarketSession", "MarketSettings", "connect"]


@contextlib.contextmanager
def connect(settings: MarketSettings, secrets: Secrets) -> Iterator[MarketSession]:
    """Open a session with a regulator's system. It is reached when there is something to say.

    Raises:
        ConfigurationError: a secret, certificate or key cannot be read.
    """
    with line(settings, secrets) as opened:
        yield MarketSession(settings, Driver(settings, secrets, opened))


MARKET = Transport("market", "regulators' systems, as each market speaks to its own", MarketSettings, connect, address)
