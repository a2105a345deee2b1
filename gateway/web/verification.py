"""``/verify`` and ``/checkConnectivity``: other companies ask whether returned packs are genuine (US, DSCSA).

Answers come from the hierarchy store: what the client's own messages told of a pack. Which GTIN, lot and serial number
were asked about is not logged.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import logs
from gateway.exchange.serials.store import SerialStore
from gateway.markets.client import Call
from gateway.markets.us.vrs.responder import KnownPack, Policy, respond
from gateway.settings import Verification

if TYPE_CHECKING:
    from gateway.web.app import Site

log = logs.get(__name__)

_BEARER = "Bearer "


class StoredPacks:
    """The packs that a client's messages commissioned.

    Args:
        store: the hierarchy store.
        client: whose messages count.
    """

    def __init__(self, store: SerialStore, client: str) -> None:
        self._hierarchy = store.hierarchy(client)

    def find(self, gtin: str, serial: str) -> KnownPack | None:
        """A pack that was commissioned; None when it never was."""
        status = self._hierarchy.status(f"https://id.gs1.org/01/{gtin}/21/{quote(serial, safe='')}")
        if not status.commissioned:
            return None
        ilmd = status.attributes or {}
        lot, expiry = ilmd.get("lotNumber", ""), ilmd.get("itemExpirationDate", "")
        return KnownPack(lot, expiry, status.disposition, ended=status.ended)


def policy_of(settings: Verification) -> Policy:
    """How the settings want requests to be answered."""
    return Policy(
        gln=settings.gln,
        requestors=settings.requestors,
        guideline=settings.profile == "us",
        verify_recalled=settings.verify_recalled,
        verify_expired=settings.verify_expired,
    )


async def answer(request: Request) -> Response:
    """Answer one request."""
    site: Site = request.app.state.site
    settings = site.workspace.settings.verification
    key = site.verification_key
    shown = request.headers.get("authorization", "")
    if key and not hmac.compare_digest(shown.encode(), f"{_BEARER}{key}".encode()):
        return Response(None, 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "private, no-cache"})
    # The path as it was sent: a lot or a serial number may hold an escaped slash.
    path = request.scope["raw_path"].decode("ascii", "replace")
    call = Call(request.method, f"{path}?{request.url.query}")
    packs = StoredPacks(SerialStore(site.workspace.database), settings.client)
    reply = await run_in_threadpool(respond, call, packs, policy_of(settings), datetime.now(UTC))
    log.info("verification", status=reply.status, requestor=request.query_params.get("reqGLN", "")[:13])
    return Response(reply.body or None, reply.status, dict(reply.headers))


def routes(settings: Verification) -> list[Route]:
    """The routes, none where nobody may ask."""
    if not settings.client:
        return []
    methods = ["GET", "POST", "PUT", "DELETE"]
    return [
        Route("/verify/{rest:path}", answer, methods=methods),
        Route("/checkConnectivity", answer, methods=methods),
    ]
