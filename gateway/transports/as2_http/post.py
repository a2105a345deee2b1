"""HTTP for the sending end, on httpx: streamed with a Content-Length, bounded in time, only to registered places."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import httpcore
import httpx

from gateway import __version__
from gateway.errors import TransportError
from gateway.transports.as2 import Content, Headers, Region
from gateway.transports.as2.receipt_read import LARGEST
from gateway.transports.as2_http import failpoints
from gateway.transports.as2_http.sending import Post, Reply
from gateway.transports.as2_http.settings import SCHEMES
from gateway.transports.as2_http.tls import Way
from gateway.transports.https.place import Place
from gateway.transports.https.trouble import explain
from gateway.transports.https.wire import Wire, WireTransport

_ANSWER = 2 * LARGEST


@contextlib.contextmanager
def poster(
    urls: dict[str, bool],
    context: ssl.SSLContext | None = None,
    *,
    answer: float = 240,
    transfer: float = 3600,
    pins: Collection[str] = (),
) -> Iterator[Post]:
    """A function that posts.

    Args:
        urls: addresses of partners, for messages and for receipts; True where private addresses are allowed. No other
            host or port is ever connected to.
        context: TLS settings; by default those of the system.
        answer: seconds to wait for the answer, and between two pieces of it.
        transfer: seconds for one whole exchange.
        pins: SHA-256 of the certificates that the server may show, in capitals, where there is one address only.

    Raises:
        ValueError: an address is no URL of a host.
    """
    places = {Place.of(url, SCHEMES): private for url, private in urls.items()}
    wire = Wire(places, pins, next(iter(places)).host if pins else "")
    timeout = httpx.Timeout(connect=15, write=60, read=answer, pool=15)
    agent = {"User-Agent": f"epcis-gateway/{__version__}", "Accept-Encoding": "identity"}
    transport = WireTransport(wire, context or ssl.create_default_context(), "")
    with httpx.Client(transport=transport, timeout=timeout, headers=agent, trust_env=False) as client:

        def post(url: str, fields: list[tuple[str, str]], body: Content, target: Path) -> Reply:
            wire.deadline = time.monotonic() + transfer
            if not any(place.same(url) for place in places):
                message = f"{url} is not the host and port of the agreement"
                raise TransportError(message)
            chunks = failpoints.halves("as2.sent-half", body.chunks())
            headers = [*fields, ("Content-Length", str(body.size))]
            try:
                with client.stream("POST", url, headers=headers, content=chunks) as answered:
                    return Reply(answered.status_code, Headers(answered.headers.multi_items()), _kept(answered, target))
            except httpx.HTTPError as error:
                reason, retryable, hint = explain(error)
                message = f"{url} did not answer: {reason}"
                raise TransportError(message, hint=hint, retryable=retryable) from error

        yield post


def reach(url: str, way: Way) -> tuple[str, ...]:
    """See whether a partner's server answers at all, without sending it anything; says what TLS showed.

    Raises:
        TransportError: it does not.
    """
    place = Place.of(url, SCHEMES)
    try:
        return Wire({place: way.private}, way.pins, place.host).greet(place, way.context, 15)
    except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:
        reason, retryable, hint = explain(error)
        message = f"{place.shown} cannot be reached: {reason}"
        raise TransportError(message, hint=hint, retryable=retryable) from error


def _kept(answered: httpx.Response, target: Path) -> Region:
    size = 0
    with target.open("wb") as stream:
        for chunk in answered.iter_raw():
            size += len(chunk)
            if size > _ANSWER:
                message = f"the answer is larger than {_ANSWER:,} bytes"
                raise TransportError(message)
            stream.write(chunk)
    return Region.whole(target)
