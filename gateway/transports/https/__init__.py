"""HTTPS, on httpx: deliver files to partners' servers, verified, and nowhere but where the agreement says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.transports.base import Secrets, Transport
from gateway.transports.https.receive import Receiving
from gateway.transports.https.settings import HttpsSettings, address

if TYPE_CHECKING:
    from gateway.transports.https.session import HttpsSession

__all__ = ["HTTPS"]


@contextlib.contextmanager
def connect(settings: HttpsSettings, secrets: Secrets) -> Iterator[HttpsSession | Receiving]:
    """Open a session. The peer is reached when there is something to send.

    Raises:
        ConfigurationError: a secret, certificate or key cannot be read.
    """
    if settings.receive is not None:
        yield Receiving()
        return
    from gateway.transports.https.connecting import connected  # noqa: PLC0415 - httpx: ten MiB of each other worker

    with connected(settings, secrets) as session:
        yield session


HTTPS = Transport("https", "HTTPS servers, verified, with idempotency keys", HttpsSettings, connect, address)
