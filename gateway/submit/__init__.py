"""Bringing submissions to regulators' systems: runs the conversations of `gateway.markets.client` over HTTPS.

A market says what is to be asked for and what replies mean. Here is what it must not know: connections, secrets,
signers, the clock, and the memory that outlives a crash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.submit.settings import MarketSettings, address
from gateway.transports.base import Secrets, Transport

if TYPE_CHECKING:
    from gateway.submit.session import MarketSession

__all__ = ["MARKET", "MarketSettings", "connect"]


@contextlib.contextmanager
def connect(settings: MarketSettings, secrets: Secrets) -> Iterator[MarketSession]:
    """Open a session with a regulator's system. It is reached when there is something to say.

    Raises:
        ConfigurationError: a secret, certificate or key cannot be read.
    """
    # Not before: httpx takes ten MiB of workers that report to nobody.
    from gateway.submit.driver import Driver  # noqa: PLC0415
    from gateway.submit.line import line  # noqa: PLC0415
    from gateway.submit.session import MarketSession  # noqa: PLC0415

    with line(settings, secrets) as opened:
        yield MarketSession(settings, Driver(settings, secrets, opened))


MARKET = Transport("market", "regulators' systems, as each market speaks to its own", MarketSettings, connect, address)
