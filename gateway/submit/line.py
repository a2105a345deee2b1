"""The connection to a regulator's system: a `Call` goes out, a `Reply` comes back, both within bounds."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator

import httpcore
import httpx

from gateway import __version__
from gateway.errors import TransportError
from gateway.markets.client import Call, Reply
from gateway.submit.settings import SCHEMES, MarketSettings, address
from gateway.transports.base import Secrets
from gateway.transports.https import tls
from gateway.transports.https.answers import pause
from gateway.transports.https.place import Place
from gateway.transports.https.trouble import explained
from gateway.transports.https.wire import Wire, WireTransport

#: Nothing was done; come again later.
LATER = frozenset({429, 503})
#: Somebody between us and the system answers; what the system did is not known.
BETWEEN = frozenset({502, 504})

#: Errors after which nothing can have reached the system.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
)


class LostReplyError(TransportError):
    """A call may have reached the system, and its reply never came."""


class Line:
    """Calls to one system.

    Args:
        settings: the system.
        client: speaks HTTP.
        wire: opens the connections of `client`.
        context: TLS settings of `client`.
    """

    def __init__(self, settings: MarketSettings, client: httpx.Client, wire: Wire, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._client = client
        self._wire = wire
        self._context = context
        self._where = address(settings)
        home = Place.of(settings.url, SCHEMES)
        self._places = {(home.scheme, home.host, home.port)}
        self._places |= {("https", place.host, place.port) for place in map(Place.of, settings.places)}

    def begin(self) -> None:
        """From here on the deadline of one exchange counts."""
        self._wire.deadline = time.monotonic() + self._settings.timeouts.transfer

    def call(self, call: Call) -> Reply:
        """Make a call.

        Raises:
            LostReplyError: it may have arrived, and no reply came.
            TransportError: it did not arrive, or the system wants to be asked later.
        """
        url = self._url(call.path)
        what = f"{call.method} {url.partition('?')[0]}"
        try:
            with explained(what, self._where):
                reply = self._exchange(call, url)
        except LostReplyError:
            raise
        except TransportError as error:
            cause = error.__cause__
            if cause is None or isinstance(cause, _NOT_SENT):
                raise
            raise _lost(error) from cause
        if reply.status in LATER:
            later = TransportError(f"cannot {what} at {self._where}: it answers {reply.status}", retryable=True)
            later.wait = pause(reply.headers.get("retry-after", ""))
            raise later
        if reply.status in BETWEEN:
            message = f"cannot {what} at {self._where}: something before it answers {reply.status}"
            raise LostReplyError(message, retryable=True)
        return reply

    def _url(self, path: str) -> str:
        url = self._settings.url.rstrip("/") + path if path.startswith("/") else path
        try:
            place = Place.of(url, SCHEMES)
        except ValueError as error:
            message = f"{self._where} sends us to an address that {error}"
            raise TransportError(message) from None
        if (place.scheme, place.host, place.port) not in self._places:
            message = f"{self._where} sends us to {place.scheme}://{place.host}:{place.port}"
            raise TransportError(message, hint="if that is right, add its address to `places` in the agreement")
        return url

    def _exchange(self, call: Call, url: str) -> Reply:
        headers = {**call.headers, "Content-Length": str(len(call.body))} if call.body else dict(call.headers)
        # Each call has a connection of its own: one that the system closed meanwhile would leave a doubt.
        headers["Connection"] = "close"
        request = self._client.build_request(call.method, url, headers=headers, content=call.body or None)
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._settings.max_reply:
                    message = f"the reply of {self._where} has more than {self._settings.max_reply:,} bytes"
                    raise LostReplyError(message, hint="raise max-reply if it is right")
        finally:
            with contextlib.suppress(httpx.HTTPError):
                response.close()
        return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(body))

    def probe(self) -> list[str]:
        """Connect, and look at the system's certificate. Nothing is sent."""
        settings = self._settings
        place = Place.of(settings.proxy or settings.url, SCHEMES)
        self.begin()
        with explained("connect", self._where):
            facts = self._wire.greet(place, self._context, settings.timeouts.connect)
        return [f"{'the proxy ' if settings.proxy else ''}{place.host}:{place.port} answers", *facts]


def _lost(error: TransportError) -> LostReplyError:
    lost = LostReplyError(error.message, hint=error.hint, retryable=error.retryable)
    lost.wait, lost.detail = error.wait, error.detail
    return lost


@contextlib.contextmanager
def line(settings: MarketSettings, secrets: Secrets) -> Iterator[Line]:
    """Open the line to a system.

    Raises:
        ConfigurationError: a certificate or key cannot be read.
    """
    times = settings.timeouts
    wire = Wire(_places(settings), settings.pins, Place.of(settings.url, SCHEMES).host)
    context = tls.context(settings, secrets)
    with httpx.Client(
        transport=WireTransport(wire, context, settings.proxy),
        timeout=httpx.Timeout(connect=times.connect, write=times.stall, read=times.answer, pool=times.connect),
        headers={"User-Agent": f"epcis-gateway/{__version__}", "Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield Line(settings, client, wire, context)


def _places(settings: MarketSettings) -> dict[Place, bool]:
    """The places that may be connected to; through a proxy, that is the proxy alone."""
    if settings.proxy:
        return {Place.of(settings.proxy, SCHEMES): True}
    private = settings.private_addresses
    places = {Place.of(settings.url, SCHEMES): private or settings.plain_http}
    for url in settings.places:
        places.setdefault(Place.of(url), private)
    return places
