"""Around all routes: what no request may do, one log line for each, and never a word of the inside in an answer."""

from __future__ import annotations

import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import logs
from gateway.exchange.trouble import frames
from gateway.web.problems import is_epcis, of_status
from gateway.web.watch import Traffic

MOST_HEADERS = 100
LONGEST_PATH = 2000
_ROUTES = ("capture", "inbox", "health", "metrics")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})

_SAFETY = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]

log = logs.get(__name__)


class Guard:
    """An ASGI application around another one.

    Args:
        app: the routes.
        traffic: counts requests.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), *_SAFETY]
            await send(message)

        try:
            refused = _refused(scope)
            if refused:
                answer = of_status(refused).response(epcis=is_epcis(scope["path"]))
                await answer(scope, receive, noting)
            else:
                await self._app(scope, receive, noting)
        except ClientDisconnect:
            status = status or 499  # the client went away; no answer reaches anybody
        except Exception as error:  # noqa: BLE001 - Starlette has answered 500 and raises so that a server can log it
            bug = f"{type(error).__name__}"
            log.error("request failed", path=_route(scope["path"]), bug=bug, at=frames(error))  # noqa: TRY400 - a traceback's text may hold data
        self._note(scope, status, time.monotonic() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope["path"])
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._traffic.requests[method, route, status] += 1
        if route not in {"health", "metrics"}:
            log.info("request", method=method, route=route, status=status, seconds=round(seconds, 3))


def _refused(scope: Scope) -> int:
    if len(scope["headers"]) > MOST_HEADERS:
        return 431
    if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_PATH:
        return 414
    return 0


def _route(path: str) -> str:
    """The first segment of a path, if it is one of ours: what others write there does not go into logs or metrics."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in _ROUTES else "other"
