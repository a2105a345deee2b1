"""Capturing at an EPCIS 2.0 repository: the job decides, whatever the first answer said."""

from __future__ import annotations

import io
import json
import time

import pytest

from gateway.errors import TransportError
from gateway.transports import TRANSPORTS
from tests.peers.web import Say

DATA = b'{"type": "EPCISDocument"}'
QUICK = {"wait": 1, "poll": 0.1}
TAKEN = Say(202, b"", {"Location": "/capture/id9261379075"})


def job(running: bool, success: bool, **more) -> Say:
    body = {"captureID": "id9261379075", "createdAt": "2026-08-21T17:32:28Z", "running": running, "success": success}
    return Say(200, json.dumps({**body, "errors": [], **more}).encode(), {"Content-Type": "application/json"})


def problem(title: str, detail: str = "") -> dict[str, object]:
    return {"type": "epcisException:ValidationException", "title": title, "status": 400, "detail": detail}


def capture(session, peer, *jobs: Say, taken: Say = TAKEN, env=None, **settings):
    peer.by_path = {"/capture": [taken], "/capture/id9261379075": list(jobs) or [job(False, True)]}
    parts = {"capture": {**QUICK, **settings.pop("capture", {})}, **settings}
    with session(peer, "/capture", env=env, **parts) as open_session:
        return open_session.deliver("a.jsonld", io.BytesIO(DATA), len(DATA))


def failed(session, peer, *jobs: Say, **more) -> TransportError:
    with pytest.raises(TransportError) as caught:
        capture(session, peer, *jobs, **more)
    return caught.value


def test_the_receipt_names_the_job_once_it_has_ended(session, peer):
    receipt = capture(session, peer, job(True, True), job(True, True), job(False, True))
    assert receipt.detail == "capture job id9261379075: all events were captured"
    assert receipt.findings == ()
    sent, *asked = peer.got
    assert sent.headers["gs1-epcis-version"] == "2.0"
    assert sent.headers["gs1-capture-error-behaviour"] == "rollback"
    assert sent.headers["content-type"] == "application/ld+json"
    assert [(got.method, got.path) for got in asked] == [("GET", "/capture/id9261379075")] * 3


def test_what_the_agreement_says_of_the_document(session, peer):
    settings = {"error-behaviour": "proceed", "epcis-version": "1.2", "cbv-version": "1.2"}
    capture(session, peer, capture=settings, bearer="env:T", env={"T": "token"})
    headers = peer.got[0].headers
    assert headers["gs1-capture-error-behaviour"] == "proceed"
    assert (headers["gs1-epcis-version"], headers["gs1-cbv-version"]) == ("1.2", "1.2")
    assert peer.got[1].headers["authorization"] == "Bearer token"


def test_errors_of_the_job_become_findings(session, peer):
    errors = [problem("EPCIS Event Validation Failure", "eventTime 0614141.107346.2017"), problem("Second"), "odd", 7]
    error = failed(session, peer, job(True, False), job(False, False, errors=errors))
    assert not error.retryable
    assert "capture job id9261379075" in str(error)
    assert "all events were rejected" in str(error)
    assert "2017" not in str(error)  # it goes to the log
    assert [(finding.code, finding.message) for finding in error.findings] == [
        ("TRANSPORT-CAPTURE-01", "EPCIS Event Validation Failure: eventTime 0614141.107346.2017"),
        ("TRANSPORT-CAPTURE-01", "Second"),
        ("TRANSPORT-CAPTURE-01", "odd"),
        ("TRANSPORT-CAPTURE-01", "7"),
    ]


def test_many_errors_are_counted(session, peer):
    error = failed(session, peer, job(False, False, errors=[problem("x" * 50, "y" * 50)] * 250))
    assert len(error.findings) == 101
    assert error.findings[-1].message == "… and 150 more"


def test_errors_in_a_file_and_no_words_at_all(session, peer):
    error = failed(session, peer, job(False, False, errors=None, errorFile="https://partner.example/errors/1"))
    assert error.findings[0].message == "the errors are in https://partner.example/errors/1"
    assert failed(session, peer, job(False, False)).findings[0].message == "the job does not say what was wrong"


def test_proceed_with_errors(session, peer):
    error = failed(session, peer, job(False, False), capture={"error-behaviour": "proceed"})
    assert "not all events were captured" in str(error)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (job(True, True), "it is still running"),
        (Say(404, b"gone"), "its URL answers 404 Not Found"),
        (Say(503, b""), "its URL answers 503 Service Unavailable"),
        (Say(200, b"<html>"), "something else than a job"),
        (Say(200, b'{"running": "no", "success": "yes"}'), "something else than a job"),
        (Say(200, b'{"running": false, "success": true, "x": "' + b"y" * 100_000 + b'"}'), "too much"),
    ],
)
def test_a_job_whose_outcome_is_not_known_is_a_finding_and_not_sent_again(session, peer, said, why):
    began = time.monotonic()
    receipt = capture(session, peer, said)
    (finding,) = receipt.findings
    assert finding.code == "TRANSPORT-CAPTURE-02"
    assert finding.severity == "warning"
    assert why in finding.message
    assert "id9261379075" in receipt.detail
    assert time.monotonic() - began < 10
    assert sum(got.method == "POST" for got in peer.got) == 1


def test_a_job_that_recovers(session, peer):
    receipt = capture(session, peer, Say(500, b""), Say(429, b""), Say(200, b"busy"), job(False, True))
    assert receipt.findings == ()


@pytest.mark.parametrize("location", ["https://evil.example/capture/1", "http://localhost/capture/1"])
def test_a_job_at_another_host_is_not_asked_for(session, peer, location):
    receipt = capture(session, peer, taken=Say(202, b"", {"Location": location}))
    assert "another host" in receipt.findings[0].message
    assert len(peer.got) == 1


def test_no_job(session, peer):
    assert "names none" in capture(session, peer, taken=Say(202, b"")).findings[0].message
    receipt = capture(session, peer, capture={"wait": 0})
    assert receipt.findings == ()
    assert "id9261379075" in receipt.detail


def test_a_document_that_is_not_taken(session, peer):
    error = failed(session, peer, taken=Say(413, b'{"type": "epcisException:CaptureLimitExceededException"}'))
    assert "413" in str(error)
    assert "CaptureLimitExceeded" in error.detail


def test_a_capture_endpoint_takes_post():
    with pytest.raises(ValueError, match="takes POST"):
        TRANSPORTS.get("https").settings.model_validate({"url": "https://a.example/", "method": "PUT", "capture": {}})
