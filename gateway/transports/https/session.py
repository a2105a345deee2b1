"""Delivering a file over HTTPS: streamed from disk, with a key that makes a second try harmless."""

from __future__ import annotations

import hashlib
import ssl
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NoReturn
from urllib.parse import quote, urljoin

import httpx

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Offer, Receipt, Secrets
from gateway.transports.files import blocks
from gateway.transports.https.answers import REDIRECTIONS, Answer, read, refusal
from gateway.transports.https.capture import Job, capture_headers
from gateway.transports.https.identify import identification
from gateway.transports.https.place import Place, fill
from gateway.transports.https.settings import HttpsSettings, address
from gateway.transports.https.trouble import explained
from gateway.transports.https.wire import Wire

CONFLICT = 409
MOST_REDIRECTIONS = 3

_TYPES = {
    ".xml": "application/xml",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv",
    ".zip": "application/zip",
    ".txt": "text/plain",
}
_KEYS = uuid.UUID("5a6d4f0e-2a36-5d0c-9d0e-0b1f6c0d7d11")  # our own name space: any fixed one will do


class HttpsSession:
    """A session with one peer.

    Args:
        settings: the target's settings.
        secrets: resolves references.
        client: speaks HTTP.
        wire: opens the connections of `client`.
        context: TLS settings of `client`.
    """

    def __init__(
        self, settings: HttpsSettings, secrets: Secrets, client: httpx.Client, wire: Wire, context: ssl.SSLContext
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._client = client
        self._wire = wire
        self._context = context
        self._place = address(settings)

    def offers(self) -> Iterator[Offer]:
        """Nothing: files are not collected over HTTPS."""
        return iter(())

    def fetch(self, offer: Offer, target: BinaryIO) -> int:  # noqa: ARG002 - the common form
        """Nothing was offered."""
        self._one_way()

    def acknowledge(self, offer: Offer) -> None:  # noqa: ARG002 - the common form
        """Nothing was offered."""
        self._one_way()

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Send a file.

        Raises:
            TransportError: it did not arrive as far as we know; `retryable` says whether to try again.
        """
        names.plain(name)
        self.begin()
        key = idempotency_key(name, source, size)
        who = identification(self._settings, self._secrets, self._client)
        url = fill(self._settings.url, name)
        answer = self.send(url, self.headers(name, size, key, who), source, size, name)
        receipt = self.receipt(answer, name, size, key)
        if self._settings.capture is None or receipt.repeated:
            return receipt
        return Job(self._settings.capture, self._client, self._wire, self._place).follow(receipt, url, answer, who)

    def begin(self) -> None:
        """From here on the deadline of one exchange counts."""
        self._wire.deadline = time.monotonic() + self._settings.timeouts.transfer

    def headers(self, name: str, size: int, key: str, more: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request that carries a file."""
        settings = self._settings
        headers = {
            "Content-Type": settings.content_type or media_type(name),
            "Content-Length": str(size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            **more,
        }
        if settings.capture is not None:
            headers |= capture_headers(settings.capture)
        if settings.idempotency_header:
            headers[settings.idempotency_header] = key
        return headers

    def send(self, url: str, headers: Mapping[str, str], source: BinaryIO, size: int, name: str) -> Answer:
        """Send a request with a file, following redirections inside the same host."""
        home = Place.of(url)
        with explained(f"deliver {name!r}", self._place):
            for _ in range(MOST_REDIRECTIONS + 1):
                content = blocks(source, size, name)
                request = self._client.build_request(self._settings.method, url, headers=headers, content=content)
                answer = read(self._client.send(request, stream=True))
                target = urljoin(url, answer.headers.get("location", "")).partition("#")[0]
                if answer.status not in REDIRECTIONS or target == url or not home.same(target):
                    return answer
                url = target
        message = f"cannot deliver {name!r} at {self._place}: it redirects for ever"
        raise TransportError(message)

    def receipt(self, answer: Answer, name: str, size: int, key: str) -> Receipt:
        """What an answer to a file means.

        Raises:
            TransportError: the file did not arrive.
        """
        if answer.ok:
            return Receipt(name, size, detail=answer.detail)
        meaning = self._settings.conflict
        if answer.status == CONFLICT and (
            meaning == "repeated" or (meaning == "by-key" and answer.names(key) and self._settings.idempotency_header)
        ):
            return Receipt(name, size, repeated=True, detail=answer.detail)
        error = refusal(answer, f"deliver {name!r}", self._place)
        if answer.status == CONFLICT:
            error.retryable = meaning == "retry"
            error.hint = error.hint or "if this peer says 409 to what it has already, set `conflict: repeated`"
        raise error

    def probe(self) -> list[str]:
        """Connect, and look at the peer's certificate. Nothing is sent."""
        settings = self._settings
        place = Place.of(settings.proxy or settings.url, ("http", "https"))
        self.begin()
        with explained("connect", self._place):
            facts = self._wire.greet(place, self._context, settings.timeouts.connect)
        return [f"{'the proxy ' if settings.proxy else ''}{place.host}:{place.port} answers", *facts]

    def _one_way(self) -> NoReturn:
        message = f"{self._place} does not offer files"
        raise TransportError(message)


def idempotency_key(name: str, source: BinaryIO, size: int) -> str:
    """A key that is the same for the same name and bytes, at each try and after each crash."""
    digest = hashlib.sha256()
    for block in blocks(source, size, name):
        digest.update(block)
    return str(uuid.uuid5(_KEYS, f"{digest.hexdigest()}/{name}"))


def media_type(name: str) -> str:
    """The media type of a file, by the suffix of its name."""
    return _TYPES.get(names.stem(name)[1].lower(), "application/octet-stream")
