"""EPCIS 2.0 repositories: following a capture job to its end (GS1 EPCIS 2.0, 12.6; its OpenAPI, ``/capture``).

The repository answers a document with 202 and the URL of a job. The job says whether it is still ``running``, whether
there was ``success`` so far, and which ``errors`` there were; each is a problem as RFC 7807 defines it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from gateway.errors import TransportError
from gateway.findings import Finding, Where, clip
from gateway.transports.base import Receipt
from gateway.transports.https.answers import Answer, read
from gateway.transports.https.place import Place
from gateway.transports.https.settings import Capture
from gateway.transports.https.trouble import explained
from gateway.transports.https.wire import Wire
from gateway.transports.rules import CAPTURE, CAPTURE_UNKNOWN

MOST_ERRORS = 100
MOST_CHARACTERS = 500


def capture_headers(settings: Capture) -> dict[str, str]:
    """What a capture request says of its document, and of what is to happen when an event is wrong."""
    headers = {
        "Accept": "application/json, application/problem+json",
        "GS1-EPCIS-Version": settings.epcis_version,
        "GS1-Capture-Error-Behaviour": settings.error_behaviour,
    }
    return headers | ({"GS1-CBV-Version": settings.cbv_version} if settings.cbv_version else {})


class Job:
    """A capture job at a repository.

    Args:
        settings: how to follow it.
        client: speaks HTTP.
        wire: holds the deadline.
        place: the repository, for people.
    """

    def __init__(self, settings: Capture, client: httpx.Client, wire: Wire, place: str) -> None:
        self._settings = settings
        self._client = client
        self._wire = wire
        self._place = place

    def follow(self, receipt: Receipt, url: str, answer: Answer, who: Mapping[str, str]) -> Receipt:
        """Wait for the end of the job that an answer names.

        The document was taken: nothing here makes a later try send it again.

        Args:
            receipt: for the document that was taken.
            url: where it was sent.
            answer: what came back.
            who: headers that say who we are.

        Raises:
            TransportError: the job ended with errors; they are its findings.
        """
        location = answer.headers.get("location", "")
        if not location or not self._settings.wait:
            return receipt if location else _unknown(receipt, "no job", "the answer names none")
        where = urljoin(url, location)
        id_ = clip(urlsplit(where).path.rstrip("/").rpartition("/")[2], 100)
        if not Place.of(url).same(where):
            return _unknown(receipt, id_, f"it lies at another host: {clip(where)}")
        end = time.monotonic() + self._settings.wait
        trouble = "it is still running"
        while True:
            time.sleep(min(self._settings.poll, max(end - time.monotonic(), 0)))
            job, trouble, over = self._ask(where, who, end)
            if job is not None and not job["running"]:
                return self._ended(receipt, str(job.get("captureID") or id_), job)
            if over or time.monotonic() >= end:
                return _unknown(receipt, id_, trouble)

    def _ask(self, where: str, who: Mapping[str, str], end: float) -> tuple[dict[str, Any] | None, str, bool]:
        """The job, None when it could not be asked for; what is known of it, in words; whether asking again is vain."""
        self._wire.deadline = max(end, time.monotonic() + self._settings.poll)
        headers = {"Accept": "application/json", "GS1-EPCIS-Version": self._settings.epcis_version, **who}
        try:
            with explained("ask for the capture job", self._place):
                response = self._client.send(self._client.build_request("GET", where, headers=headers), stream=True)
                answer = read(response, whole=True)
        except TransportError as error:
            return None, error.message, False
        if not answer.ok:
            lasting = answer.status in range(400, 500) and not answer.may_pass
            return None, f"its URL answers {answer.status_line}", lasting
        job = answer.json()
        if not isinstance(job, dict) or not all(isinstance(job.get(key), bool) for key in ("running", "success")):
            return None, "its URL answers with something else than a job, or with too much", False
        return job, "it is still running", False

    def _ended(self, receipt: Receipt, id_: str, job: Mapping[str, Any]) -> Receipt:
        detail = f"capture job {clip(id_, 100)}"
        if job["success"]:
            return replace(receipt, detail=f"{detail}: all events were captured")
        findings = _findings(job)
        what = "all events were rejected"
        if self._settings.error_behaviour == "proceed":
            what = "not all events were captured"
        error = TransportError(f"{detail} at {self._place}: {what}", hint=CAPTURE.hint)
        error.findings = findings
        error.detail = "; ".join(finding.message for finding in findings[:10])
        raise error


def _unknown(receipt: Receipt, id_: str, why: str) -> Receipt:
    message = f"the outcome of capture job {id_} is not known: {why}"
    finding = Finding.of(CAPTURE_UNKNOWN, message, where=Where(file=receipt.name), value=id_)
    return replace(receipt, detail=f"{receipt.detail}; capture job {id_}: {why}", findings=(finding,))


def _findings(job: Mapping[str, Any]) -> tuple[Finding, ...]:
    errors = job.get("errors")
    problems = errors if isinstance(errors, list) else []
    found = [Finding.of(CAPTURE, _words(problem)) for problem in problems[:MOST_ERRORS]]
    if len(problems) > MOST_ERRORS:
        found.append(Finding.of(CAPTURE, f"… and {len(problems) - MOST_ERRORS:,} more"))
    if isinstance(job.get("errorFile"), str) and job["errorFile"]:
        found.append(Finding.of(CAPTURE, f"the errors are in {clip(job['errorFile'])}"))
    return tuple(found) or (Finding.of(CAPTURE, "the job does not say what was wrong"),)


def _words(problem: object) -> str:
    if not isinstance(problem, dict):
        return clip(str(problem), MOST_CHARACTERS)
    title, detail, kind = (str(problem.get(key) or "") for key in ("title", "detail", "type"))
    return clip(": ".join(part for part in (title, detail) if part) or kind or "no words", MOST_CHARACTERS)
