"""Opening sessions with HTTPS servers. Apart from the transport itself, which is known without httpx being loaded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx

from gateway import __version__
from gateway.transports.base import Secrets
from gateway.transports.https import tls
from gateway.transports.https.place import Place
from gateway.transports.https.session import HttpsSession
from gateway.transports.https.settings import HttpsSettings
from gateway.transports.https.wire import Wire, WireTransport


@contextlib.contextmanager
def connected(settings: HttpsSettings, secrets: Secrets) -> Iterator[HttpsSession]:
    """Open a session. The peer is reached when there is something to send.

    Raises:
        ConfigurationError: a secret, certificate or key cannot be read.
    """
    times = settings.timeouts
    wire = Wire(_places(settings), settings.pins, Place.of(settings.url).host)
    context = tls.context(settings, secrets)
    with httpx.Client(
        transport=WireTransport(wire, context, settings.proxy),
        timeout=httpx.Timeout(connect=times.connect, write=times.stall, read=times.answer, pool=times.connect),
        headers={"User-Agent": f"epcis-gateway/{__version__}", "Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield HttpsSession(settings, secrets, client, wire, context)


def _places(settings: HttpsSettings) -> dict[Place, bool]:
    """The places that may be connected to; through a proxy, that is the proxy alone."""
    if settings.proxy:
        return {Place.of(settings.proxy, ("http", "https")): True}
    places = {Place.of(settings.url): settings.private_addresses}
    if settings.oauth2 is not None:
        places.setdefault(Place.of(settings.oauth2.token_url), settings.private_addresses)
    return places
