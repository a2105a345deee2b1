"""One URL for messages and receipts: an ASGI application.

The order is: who is it, limits, quarantine, authenticate, durable, answer. Nothing is opened before all bytes are here,
and nothing is answered with a receipt before it is stored with the message. Strangers get one short answer. A message
that wants its receipt later is made durable and answered at once; then it is opened, and the receipt goes to the
address that the agreement registers, never to another one. If the process dies in between, the next one goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway import logs
from gateway.errors import ConfigurationError
from gateway.transports.as2 import As2Error, Headers, Region, is_receipt
from gateway.transports.as2.build import Built
from gateway.transports.as2.message import read_id
from gateway.transports.as2.partner import Partner
from gateway.transports.as2_http import failpoints
from gateway.transports.as2_http.reception import FIELDS, WIRE, Outcome, Reception
from gateway.transports.as2_http.sending import Sender
from gateway.transports.as2_http.store import Entry, fields_of
from gateway.transports.as2_http.tls import may_come_in
from gateway.transports.https.serving import CERTIFICATE

log = logs.get(__name__)

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one request.

    Attributes:
        bytes: largest body.
        idle: seconds without a byte after which the connection is given up.
        seconds: longest time for a whole body.
        at_once: bodies that are taken at the same time; more are asked to come later.
        each: the same for one partner, so that nobody who knows or uses one partner's ids shuts out the others.
        unopened: messages of one partner that were answered and not opened; more are asked to come later.
    """

    bytes: int = 2 << 30
    idle: float = 30
    seconds: float = 3600
    at_once: int = 16
    each: int = 8
    unopened: int = 64


class Backlog:
    """Counts messages of each partner that were answered and not opened."""

    def __init__(self) -> None:
        self._lock, self._counts = threading.Lock(), Counter[tuple[str, str]]()

    def enter(self, ids: tuple[str, str], most: int) -> bool:
        """Count one more, if there are not so many already."""
        with self._lock:
            if self._counts[ids] >= most:
                return False
            self._counts[ids] += 1
            return True

    def leave(self, ids: tuple[str, str]) -> None:
        """Count one less."""
        with self._lock:
            self._counts[ids] -= 1


@dataclass(frozen=True)
class Site:
    """What the application needs.

    Attributes:
        reception: takes messages.
        sender: takes receipts for what we have sent.
        quarantine: folder for bodies, on the disk of the store.
        deliver: sends a receipt to a registered address; gives True when it arrived.
        limits: bounds.
        opening: works on messages whose sender has been answered.
        delivering: waits for partners to take their receipts; on its own, so that a partner who does not answer holds
            up nothing but receipts.
        stop: makes `deliver` give up.
        closing: set when the process ends.
        now: the time, for client certificates.
        partners: all of them, for the server's TLS.
    """

    reception: Reception
    sender: Sender
    quarantine: Path
    deliver: Callable[[Partner, str, Built], bool]
    limits: Limits = Limits()
    opening: Executor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "as2-opening"))
    delivering: Executor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "as2-receipts"))
    stop: Callable[[], None] = lambda: None
    closing: threading.Event = field(default_factory=threading.Event)
    backlog: Backlog = field(default_factory=Backlog)
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    partners: tuple[Partner, ...] = ()

    def close(self) -> None:
        """End what goes on behind the answers. Messages that were answered are opened before; receipts may be left."""
        self.closing.set()
        self.opening.shutdown()
        self.stop()
        self.delivering.shutdown(cancel_futures=True)


class _TooMuch(Exception):
    """A body over a limit; the value is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def application(site: Site, path: str = "/as2") -> Starlette:
    """The application."""
    site.quarantine.mkdir(parents=True, exist_ok=True)
    site.reception.waiting.clean()
    for entry in site.reception.waiting.entries():  # answered by a process that died
        site.opening.submit(_later, site, entry)
    under_way: Counter[tuple[str, str]] = Counter()

    async def endpoint(request: Request) -> Response:
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        ids = _ids(site, headers, str(request.scope.get("state", {}).get(CERTIFICATE, "")))
        if isinstance(ids, Response):
            return ids
        if under_way.total() >= site.limits.at_once or under_way[ids] >= site.limits.each:
            return PlainTextResponse("come again later\n", 503, {"Retry-After": "30"})
        under_way[ids] += 1
        try:
            return await _taken(site, request, headers)
        finally:
            under_way[ids] -= 1

    return Starlette(routes=[Route(path, endpoint, methods=["POST"])])


def _ids(site: Site, headers: Headers, shown: str) -> tuple[str, str] | Response:
    """Ids of a partner and of ours; or the answer to anybody else, whose body is not even read."""
    try:
        ids = read_id(headers.get("AS2-From")), read_id(headers.get("AS2-To"))
    except As2Error as error:
        log.warning("AS2 request refused", reason=str(error))
        return PlainTextResponse("no AS2 message\n", 400)
    partner = site.reception.partner_of(*ids)
    if partner is None or not may_come_in(partner, shown, site.now()):
        log.warning("AS2 message of a stranger", sender=ids[0], certificate=shown, known=partner is not None)
        return PlainTextResponse("unknown partner\n", 403)
    return ids


async def _taken(site: Site, request: Request, headers: Headers) -> Response:
    part = site.quarantine / uuid.uuid4().hex
    try:
        await _quarantined(request, part, site.limits)
        return await run_in_threadpool(_answered, site, headers, part)
    except _TooMuch as error:
        log.warning("AS2 request stopped at a limit", status=error.status)
        return PlainTextResponse("over a limit\n", error.status, {"Connection": "close"})
    except ClientDisconnect:
        return PlainTextResponse("", 400)
    except OSError as error:
        log.error("AS2 message not stored", reason=str(error))  # noqa: TRY400  the disk, not the code
        return PlainTextResponse("come again later\n", 503, {"Retry-After": "300"})
    finally:
        part.unlink(missing_ok=True)


async def _quarantined(request: Request, part: Path, limits: Limits) -> None:
    """Write the body to a file while it comes, within the limits."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limits.bytes:
        raise _TooMuch(413)
    size, end = 0, time.monotonic() + limits.seconds
    pieces = request.stream().__aiter__()
    with part.open("wb") as stream:
        while True:
            try:
                async with asyncio.timeout(min(limits.idle, max(0.0, end - time.monotonic()))):
                    chunk = await anext(pieces, None)
            except TimeoutError:
                raise _TooMuch(408) from None
            if chunk is None:
                return
            size += len(chunk)
            if size > limits.bytes:
                raise _TooMuch(413)
            stream.write(chunk)


def _answered(site: Site, headers: Headers, part: Path) -> Response:
    body = Region.whole(part)
    try:
        if is_receipt(headers, body):
            return _receipt(site, headers, body)
        found = site.reception.partner(headers)
    except As2Error as error:
        log.warning("AS2 request refused", reason=str(error))
        return PlainTextResponse("no AS2 message\n", 400)
    if found is None:
        log.warning("AS2 message of a stranger", sender=headers.get("AS2-From")[:200])
        return PlainTextResponse("unknown partner\n", 403)
    fields, partner = found
    failpoints.reach("as2.quarantined")
    if fields.receipt is None or not fields.receipt.deliver_to:
        outcome = site.reception.take(headers, body, fields, partner)
        return _now(outcome)
    ids = (fields.sender, fields.receiver)
    if not site.backlog.enter(ids, site.limits.unopened):
        return PlainTextResponse("come again later\n", 503, {"Retry-After": "300"})
    try:
        entry = site.reception.keep(headers, part)
    except OSError:
        site.backlog.leave(ids)
        raise
    failpoints.reach("as2.later-kept")
    site.opening.submit(_later, site, entry).add_done_callback(lambda _: site.backlog.leave(ids))
    return PlainTextResponse("", 200)


def _now(outcome: Outcome) -> Response:
    """The receipt as the answer; without one, the status says all that there is to say."""
    if outcome.receipt is not None:
        return _built(outcome.receipt)
    return PlainTextResponse("", 200) if outcome.error is None else PlainTextResponse("refused\n", 400)


def _built(built: Built) -> Response:
    body = b"".join(built.body.chunks())
    response: Response = Response(body)
    if failpoints.asked("as2.receipt-half"):
        response = StreamingResponse(failpoints.halves("as2.receipt-half", (body,)))
        response.headers["Content-Length"] = str(len(body))
    for name, value in built.fields:
        response.headers[name] = value
    return response


def _receipt(site: Site, headers: Headers, body: Region) -> Response:
    """Take a receipt for a message of ours. The answer is the same whatever it proves."""
    them, us = read_id(headers.get("AS2-From")), read_id(headers.get("AS2-To"))
    partner = site.reception.partner_of(them, us)
    if partner is None:
        return PlainTextResponse("unknown partner\n", 403)
    with contextlib.suppress(As2Error):  # it is logged where it is judged
        site.sender.receipt(headers, body, partner)
    return PlainTextResponse("", 200)


def _later(site: Site, entry: Entry) -> None:
    """Open a message whose sender has been answered, and send the receipt to where it belongs.

    It stays durable until then; what cannot be done now is begun again by the next process.
    """
    failpoints.reach("as2.later-begun")
    try:
        fields = entry.json(FIELDS)
        headers = Headers(fields_of(fields))
        found = site.reception.partner(headers)
        if found is None:  # no agreement knows the partner any more
            site.reception.done(entry)
            return
        request, partner = found
        outcome = site.reception.take(headers, entry.region(WIRE), request, partner)
        if outcome.receipt is None or request.receipt is None:
            site.reception.done(entry)
            return
        site.delivering.submit(_delivered, site, entry, partner, request.receipt.deliver_to, outcome.receipt)
    except (OSError, ConfigurationError) as error:
        log.error("AS2 message not opened; the next start tries again", reason=str(error))  # noqa: TRY400


def _delivered(site: Site, entry: Entry, partner: Partner, url: str, built: Built) -> None:
    """Send a receipt that was wanted later. When all tries are used up, the partner's next try brings it."""
    sent = site.deliver(partner, url, built)
    failpoints.reach("as2.receipt-posted")
    if sent or not site.closing.is_set():
        site.reception.done(entry)
