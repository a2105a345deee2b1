"""Capturing as many events as possible (``GS1-Capture-Error-Behaviour: proceed``), from request to receivers."""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest
from lxml import etree

from gateway.exchange import failpoints
from tests.exchange.test_commands import gateway
from tests.exchange.test_left_out import ACTION, DIGIT, event, item, linked, xml
from tests.web.served import OTHER, ServedSite
from tests.web.test_capture import XML, is_job
from tests.web.test_refusals import is_problem

PROCEED = {"GS1-Capture-Error-Behaviour": "proceed"}


def capture(site: ServedSite, data: bytes, media: str = "application/xml", **headers: str) -> str:
    with site.client() as client:
        answer = client.post("/capture", content=data, headers={"Content-Type": media, **PROCEED, **headers})
    assert answer.status_code == 202, answer.text
    assert answer.headers["gs1-capture-error-behaviour"] == "proceed"
    return answer.headers["location"]


def job(site: ServedSite, location: str) -> dict[str, Any]:
    with site.client() as client:
        answer = client.get(location)
    assert answer.headers["gs1-capture-error-behaviour"] == "proceed"
    told = answer.json()
    is_job(told)
    assert told["captureErrorBehaviour"] == "proceed"
    return told


def serials(site: ServedSite) -> dict[str, list[str]]:
    """The serial numbers that each target got, in the order of the messages."""
    files = {target: sorted((site.root / "data" / target).iterdir()) for target in ("one", "two")}
    return {
        target: [each for path in paths for each in re.findall(r"107346\.(\d+)", path.read_text())]
        for target, paths in files.items()
    }


@pytest.mark.parametrize("point", ["", "convert.archived", *failpoints.LEFT_OUT_POINTS])
def test_wrong_events_are_left_out_and_each_is_told(site: ServedSite, point: str) -> None:
    """Also where a worker dies on the way."""
    data = xml(event(1), event(2, ACTION, "urn:uuid:two"), event(3), event(4, DIGIT), event(5))
    with site.serving():
        location = capture(site, data)
        lists = capture(site, linked(item(6), item(7, bizStep="shiping")), "application/ld+json")
        before = job(site, location)
        assert (before["running"], before["success"], before["errors"]) == (True, True, [])
        if point:
            process, _ = site.start(point)
            process.join(40)
            assert process.exitcode == -signal.SIGKILL
        assert not site.once()
        told = job(site, location)
        with site.client() as client:
            in_xml = etree.fromstring(client.get(location, headers={"Accept": "application/xml"}).content)
            listed = client.get("/capture").json()
        assert listed == [job(site, lists), told]
    assert serials(site) == {"one": ["1", "3", "5", "6"], "two": ["1", "3", "5", "6"]}
    assert (told["running"], told["success"]) == (False, False)
    assert [(error["event"], error.get("eventID")) for error in told["errors"]] == [(2, "urn:uuid:two"), (4, None)]
    assert in_xml.findtext("captureErrorBehaviour") == "proceed"
    assert [error.findtext("detail") for error in in_xml.iter("error")] == [e["detail"] for e in told["errors"]]
    assert "urn:uuid:two" in told["errors"][0]["detail"]
    where = ("-C", str(site.root))
    assert "2 more were LEFT OUT" in gateway("show", "1", *where)
    assert gateway("show", "1", "--open", "left-out", *where).count("\n") == 2
    assert "LEFT OUT" in gateway("trace", "urn:epc:id:sgtin:0614141.107346.2", *where)
    for verb in ("audit", "archive"):
        gateway(verb, "verify", *where)


def test_what_a_channel_allows(served: ServedSite) -> None:
    with served.client(OTHER) as client:
        answer = client.post("/capture", content=xml(event(1)), headers={**XML, **PROCEED})
        is_problem(answer, 501, "epcisException:ImplementationException")
        assert client.options("/capture").headers["gs1-capture-error-behaviour"] == "rollback"
    with served.client() as client:
        assert client.options("/capture").headers["gs1-capture-error-behaviour"] == "rollback | proceed"


def test_a_key_is_good_for_one_behaviour(served: ServedSite) -> None:
    key = {"Idempotency-Key": "proceed-1"}
    assert len({capture(served, xml(event(77)), **key) for _ in range(2)}) == 1
    with served.client() as client:
        is_problem(client.post("/capture", content=xml(event(77)), headers={**XML, **key}), 422)
