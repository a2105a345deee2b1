"""EPCIS 2.0 documents: ``/capture`` and its jobs (GS1 EPCIS 2.0, 12.6; the OpenAPI description of its REST binding).

What the binding asks for and the gateway does not do is refused, not ignored: where a channel leaves no events out,
``GS1-Capture-Error-Behaviour: proceed`` gets 501.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway import __version__
from gateway.exchange.ledger.left_out import PROCEED
from gateway.exchange.ledger.tables import Message
from gateway.transports.https.receive import EPCIS_TYPES
from gateway.web.doors import Client, Door
from gateway.web.jobs import ROLLBACK, errors_of, job
from gateway.web.problems import Problem
from gateway.web.upload import announced

if TYPE_CHECKING:
    from gateway.web.app import Site

XML = "application/xml"
JSON = "application/json"
PER_PAGE = 30
MOST_PER_PAGE = 100

_VERSION = re.compile(r"(1\.[012]|2\.0)(\.\d+)?")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


async def root(request: Request) -> Response:
    """``/capture``."""
    return await {"POST": capture, "OPTIONS": discover}.get(request.method, jobs)(request)


async def one(request: Request) -> Response:
    """``/capture/{captureID}``."""
    return await {"OPTIONS": discover}.get(request.method, one_job)(request)


async def capture(request: Request) -> Response:
    """``POST /capture``: 202, and where the job is."""
    site: Site = request.app.state.site
    client = site.client(request)
    door = client.capture()
    behaviour = _error_behaviour(request, door)
    said = announced(request, door)
    if said.media not in EPCIS_TYPES:
        raise Problem(415, f"EPCIS documents come as {', '.join(EPCIS_TYPES)}.")
    asked = PROCEED if behaviour == PROCEED else ""
    message, after = await site.receive(request, client, door, said, asked)
    headers = {"Location": _url(site, message), **_versions(), "GS1-Capture-Error-Behaviour": behaviour}
    return Response(None, 202, headers, background=after)


async def one_job(request: Request) -> Response:
    """``GET /capture/{captureID}``: the state of a job, in JSON or XML."""
    site: Site = request.app.state.site
    media = _wanted(request)
    channels = _channels(site.client(request))
    message = await run_in_threadpool(site.received.message, request.path_params["id"], channels)
    if message is None:
        raise Problem(404, "There is no such capture job.")
    found = await run_in_threadpool(job, message, site.received)
    headers = {**_versions(), "GS1-Capture-Error-Behaviour": found.behaviour}
    if media == XML:
        return Response(found.as_xml(), headers=headers, media_type=XML)
    return JSONResponse(found.as_dict(_url(site, message)), headers=headers)


async def errors(request: Request) -> Response:
    """``GET /capture/{captureID}/errors``: the ``errorFile`` of a job, all of its errors as one list."""
    site: Site = request.app.state.site
    channels = _channels(site.client(request))
    message = await run_in_threadpool(site.received.message, request.path_params["id"], channels)
    if message is None:
        raise Problem(404, "There is no such capture job.")
    found = await run_in_threadpool(job, message, site.received)
    problems = errors_of(message, site.received, site.archive) if found.errors else iter(())
    # The first one is looked for before the answer begins: what goes wrong with the list is then an answer of its own.
    first = await run_in_threadpool(next, problems, None)
    return StreamingResponse(_listed(first, problems), headers=_versions(), media_type=JSON)


async def jobs(request: Request) -> Response:
    """``GET /capture``: the client's jobs, newest first, a page at a time."""
    site: Site = request.app.state.site
    if _wanted(request) != JSON:
        raise Problem(406, "Lists of capture jobs come as application/json.")
    channels = _channels(site.client(request))
    per_page = min(_number(request, "perPage", PER_PAGE), MOST_PER_PAGE)
    before = _number(request, "nextPageToken", 0)
    messages = await run_in_threadpool(site.received.page, channels, before, per_page + 1)
    shown = messages[:per_page]
    body = await run_in_threadpool(
        lambda: [job(message, site.received).as_dict(_url(site, message)) for message in shown]
    )
    headers = _versions()
    if len(messages) > per_page:
        token = shown[-1].number
        headers["Link"] = f'<{site.web.public_url}/capture?perPage={per_page}&nextPageToken={token}>; rel="next"'
    return JSONResponse(body, headers=headers)


async def discover(request: Request) -> Response:
    """``OPTIONS``: what this capture interface can do."""
    site: Site = request.app.state.site
    door = site.client(request).capture()
    allow = "OPTIONS, GET" if "id" in request.path_params else "OPTIONS, POST, GET"
    return Response(None, 204, {**_discovery(door), "Allow": allow})


def _url(site: Site, message: Message) -> str:
    return f"{site.web.public_url}/capture/{message.id}"


def _listed(first: dict[str, Any] | None, others: Iterator[dict[str, Any]]) -> Iterator[str]:
    """A JSON list, piece by piece."""
    yield "["
    if first is not None:
        yield json.dumps(first)
        yield from (f",\n{json.dumps(problem)}" for problem in others)
    yield "]\n"


def _error_behaviour(request: Request, door: Door) -> str:
    """What the client wants done about wrong events.

    Raises:
        Problem: it, or a version, is not what this interface does.
    """
    version = request.headers.get("gs1-epcis-version", "2.0")
    if not _VERSION.fullmatch(version):
        raise Problem(400, "GS1-EPCIS-Version: this interface takes 1.0, 1.1, 1.2 and 2.0.")
    behaviour = request.headers.get("gs1-capture-error-behaviour", ROLLBACK).strip().lower()
    if behaviour == PROCEED and not door.receive.left_out:
        raise Problem(501, "Documents are captured whole or not at all (GS1-Capture-Error-Behaviour: rollback).")
    if behaviour not in (PROCEED, ROLLBACK):
        raise Problem(400, "GS1-Capture-Error-Behaviour is rollback or proceed.")
    return behaviour


def _versions() -> dict[str, str]:
    return {"GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0"}


def _discovery(door: Door) -> dict[str, str]:
    """Headers of the OpenAPI description's ``204CaptureEndpointDiscovery``. Bytes have a limit, events have none."""
    return {
        "GS1-EPCIS-Version": "2.0",
        "GS1-EPCIS-Min": "1.0",
        "GS1-EPCIS-Max": "2.0",
        "GS1-CBV-Version": "2.0",
        "GS1-CBV-Min": "1.0",
        "GS1-CBV-Max": "2.0",
        "GS1-EPC-Format": "Never_Translates",
        "GS1-Vendor-Version": f"epcis-gateway {__version__}",
        "GS1-EPCIS-Capture-Limit": "*",
        "GS1-EPCIS-Capture-File-Size-Limit": str(door.receive.max_size),
        "GS1-Capture-Error-Behaviour": f"{ROLLBACK} | {PROCEED}" if door.receive.left_out else ROLLBACK,
    }


def _channels(client: Client) -> list[str]:
    client.capture()
    return [door.channel for door in client.doors if door.receive.capture]


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not _NUMBER.fullmatch(value):
        raise Problem(400, f"{name} is no number that this interface gave out or takes.")
    return int(value)


def _wanted(request: Request) -> str:
    """JSON or XML, whichever the client prefers (RFC 9110, 12.5.1).

    Raises:
        Problem: neither.
    """
    best, preferred = 0.0, ""
    for part in request.headers.get("accept", "*/*").split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_quality(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        kind = XML if media in {XML, "text/xml"} else JSON if media in {JSON, "application/*", "*/*"} else ""
        if kind and quality > best:
            best, preferred = quality, kind
    if not preferred:
        raise Problem(406, "Capture jobs come as application/json or application/xml.")
    return preferred


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
