"""The routes of the server. Every request goes: limits, who is it, quarantine, durable, answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway import logs
from gateway.exchange.archive.store import Archive, StorageError
from gateway.exchange.ledger.received import Received
from gateway.exchange.ledger.tables import Message
from gateway.exchange.workspace import Workspace
from gateway.settings import Web
from gateway.transports.base import Secrets
from gateway.transports.https.serving import CERTIFICATE
from gateway.web import capture, verification, watch
from gateway.web.doors import Client, Door, Doors
from gateway.web.guard import Guard
from gateway.web.jobs import job
from gateway.web.problems import Problem, is_epcis, of_status
from gateway.web.reception import Pushed, Reception
from gateway.web.upload import Announced, Gate, Pace, announced, take

log = logs.get(__name__)
SOON = "30"


@dataclass
class Site:
    """What the routes need.

    Attributes:
        workspace: settings, agreements and ledger.
        archive: takes bytes, with a quarantine of its own.
        secrets: resolves references to keys.
    """

    workspace: Workspace
    archive: Archive
    secrets: Secrets
    gate: Gate = field(default_factory=Gate)
    traffic: watch.Traffic = field(default_factory=watch.Traffic)

    def __post_init__(self) -> None:
        self.received = Received(self.workspace.database)
        self.reception = Reception(self.workspace.ledger, self.archive)
        self.web: Web = self.workspace.settings.web
        key = self.workspace.settings.verification.key
        self.verification_key = self.secrets(key) if key else ""
        self.metrics_key = self.secrets(self.web.metrics_key) if self.web.metrics_key else ""
        self._agreements = self.workspace.agreements
        self.doors = Doors(self._agreements, self.secrets)
        self.configuration = self.workspace.ledger.configuration(self._agreements.files)

    def refresh(self) -> None:
        """Take up agreements that came into force; what is wrong with their keys leaves the old ones in force."""
        agreements = self.workspace.agreements
        if agreements is self._agreements:
            return
        self._agreements = agreements
        try:
            self.doors = Doors(agreements, self.secrets)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the doors of before stay open
            log.error("the keys of the changed agreements cannot be used", error=str(error))  # noqa: TRY400 - no traceback
            return
        self.configuration = self.workspace.ledger.configuration(agreements.files)

    def client(self, request: Request) -> Client:
        """Who asks.

        Raises:
            Problem: nobody that we know.
        """
        self.refresh()
        return self.doors.client(request.headers, getattr(request.state, CERTIFICATE, ""))

    async def receive(
        self, request: Request, client: Client, door: Door, said: Announced, error_behaviour: str = ""
    ) -> tuple[Message, BackgroundTask]:
        """Take the file of a request; its message, and what is to be done after the answer.

        Args:
            request: the request.
            client: who pushes it.
            door: the channel that it goes into.
            said: what the request says of it.
            error_behaviour: what is to be done about wrong events in it.

        Raises:
            Problem: it cannot be taken.
        """
        pace = Pace(self.web.stall_seconds, self.web.upload_seconds)
        name = said.file_name(f"{door.channel}-{said.key[:40] or int(time.time())}".replace("/", "-"))
        pushed = Pushed(client, door, name, said.key, error_behaviour)
        try:
            with self.gate.inside(door), self.reception.quarantine(said.length or 0) as stream:
                size = await take(request, door, stream, pace)
                self.traffic.bytes += size  # not in one line: others count while this one waits
                message, identity = await run_in_threadpool(self.reception.secure, stream, pushed, self.configuration)
        except (StorageError, OSError) as error:  # the latter while the file is written: the disk became full
            reason = error.message if isinstance(error, StorageError) else error.strerror
            log.error("not taken", channel=door.channel, reason=reason)  # noqa: TRY400 - no traceback
            raise Problem(503, "The file cannot be stored now.", Retry_After=SOON) from None
        return message, BackgroundTask(self.reception.confirm, door, identity)


async def push(request: Request) -> Response:
    """``POST /inbox/{channel}``: any file."""
    site: Site = request.app.state.site
    client = site.client(request)
    door = client.door(request.path_params["channel"])
    message, after = await site.receive(request, client, door, announced(request, door))
    body = {
        "message": message.id,
        "name": message.name,
        "size": message.size,
        "sha256": message.sha256,
        "received": message.received_at,
    }
    where = f"{site.web.public_url}/inbox/{door.channel}/{message.id}"
    return JSONResponse(body, 202, {"Location": where}, background=after)


async def fate(request: Request) -> Response:
    """``GET /inbox/{channel}/{message}``: what became of a pushed file."""
    site: Site = request.app.state.site
    door = site.client(request).door(request.path_params["channel"])
    message = await run_in_threadpool(site.received.message, request.path_params["message"], [door.channel])
    if message is None:
        raise Problem(404, "There is no such message in this channel.")
    told = (await run_in_threadpool(job, message, site.received)).as_dict()
    told["message"] = told.pop("captureID")
    del told["captureErrorBehaviour"]
    return JSONResponse(told)


async def live(_: Request) -> Response:
    """``GET /health/live``: the process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """``GET /health/ready``: files can be taken."""
    site: Site = request.app.state.site
    troubles = await run_in_threadpool(watch.ready, site.workspace, site.archive)
    exchange = bool(await run_in_threadpool(site.workspace.running))
    body = {"status": "not ready" if troubles else "ok", "troubles": troubles, "exchange": exchange}
    return JSONResponse(body, 503 if troubles else 200)


async def metrics(request: Request) -> Response:
    """``GET /metrics``: figures for Prometheus."""
    site: Site = request.app.state.site
    if not watch.allowed(request.headers.get("authorization", ""), site.metrics_key):
        raise Problem(401, "Show the key for metrics (Authorization: Bearer KEY).", WWW_Authenticate="Bearer")
    ledger = await run_in_threadpool(watch.metrics, site.workspace)
    own = "".join(f"{line}\n" for line in site.traffic.lines(site.gate.under_way))
    return PlainTextResponse(ledger + own, media_type=watch.MEDIA)


def refusal(request: Request, problem: Exception) -> Response:
    """The answer for a `Problem`, a refusal of Starlette's own, or what went wrong here."""
    if isinstance(problem, HTTPException):
        problem = of_status(problem.status_code, problem.headers)
    elif isinstance(problem, StorageError):
        log.error("no answer", reason=problem.message)
        problem = Problem(503, "The ledger cannot be read now.", Retry_After=SOON)
    elif not isinstance(problem, Problem):
        problem = of_status(500)
    return problem.response(epcis=is_epcis(request.url.path))


def application(site: Site) -> Guard:
    """The whole server as an ASGI application."""
    routes = [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
        Route("/capture", capture.root, methods=["GET", "POST", "OPTIONS"]),
        Route("/capture/{id}", capture.one, methods=["GET", "OPTIONS"]),
        Route("/capture/{id}/errors", capture.errors, methods=["GET"]),
        Route("/inbox/{channel}", push, methods=["POST"]),
        Route("/inbox/{channel}/{message}", fate, methods=["GET"]),
        *verification.routes(site.workspace.settings.verification),
    ]
    handlers = {HTTPException: refusal, Problem: refusal, StorageError: refusal, Exception: refusal}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.site = site
    return Guard(app, site.traffic)
