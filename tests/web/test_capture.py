"""Capturing EPCIS documents as GS1 EPCIS 2.0 describes it: 202, a job, its end."""

from __future__ import annotations

import json
import re
import uuid

import jsonschema_rs
import pytest
from lxml import etree

from tests.exchange.site import document
from tests.web.served import ACME, AGREEMENT, OTHER
from tests.web.test_refusals import is_problem

XML = {"Content-Type": "application/xml"}

#: The schemas ``CaptureJob`` and ``RFC7807ProblemResponseBody`` of the OpenAPI description, in JSON Schema.
PROBLEM = {
    "type": "object",
    "required": ["type", "title"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
JOB = {
    "type": "object",
    "required": ["captureID", "running", "success", "createdAt", "errors"],
    "properties": {
        "captureID": {"type": "string"},
        "running": {"type": "boolean"},
        "success": {"type": "boolean"},
        "createdAt": {"type": "string", "format": "date-time"},
        "finishedAt": {"type": "string", "format": "date-time"},
        "errors": {"type": "array", "items": PROBLEM},
    },
}
is_job = jsonschema_rs.validator_for(JOB, validate_formats=True).validate


def serial() -> int:
    return uuid.uuid4().int % 10**12


def capture(client, data: bytes, **headers: str):
    return client.post("/capture", content=data, headers={**XML, **headers})


def test_a_document_becomes_a_job(served):
    with served.client() as client:
        answer = capture(client, document(serial()))
        assert answer.status_code == 202
        assert answer.content == b""
        assert (answer.headers["gs1-epcis-version"], answer.headers["gs1-cbv-version"]) == ("2.0", "2.0")
        told = client.get(answer.headers["location"])
    assert told.headers["gs1-capture-error-behaviour"] == "rollback"
    is_job(told.json())
    assert told.json()["running"] is True
    assert answer.headers["location"] == f"/capture/{told.json()['captureID']}"


def test_the_same_key_names_the_same_job(served):
    data, key = document(serial()), str(uuid.uuid4())
    with served.client() as client:
        locations = {capture(client, data, **{"Idempotency-Key": key}).headers["location"] for _ in range(3)}
    assert len(locations) == 1


def test_good_and_bad_documents(site):
    with site.serving(), site.client() as client:
        good = capture(client, document(1))
        bad = capture(client, document(2).replace(b"<action>ADD", b"<action>ADDD"))
        broken = capture(client, document(3)[:300])
        odd = capture(client, b"%PDF-1.7")
        twice = capture(client, document(1))
        assert {answer.status_code for answer in (good, bad, broken, odd, twice)} == {202}
        site.once()
        jobs = {}
        for name, answer in (("good", good), ("bad", bad), ("broken", broken), ("odd", odd), ("twice", twice)):
            jobs[name] = client.get(answer.headers["location"]).json()
            is_job(jobs[name])
            assert jobs[name]["running"] is False
            assert jobs[name]["finishedAt"] >= jobs[name]["createdAt"]
        listed = client.get("/capture").json()
    assert {name: job["success"] for name, job in jobs.items()} == {
        "good": True,
        "bad": False,
        "broken": False,
        "odd": False,
        "twice": True,
    }
    assert all(bool(job["errors"]) is not job["success"] for job in jobs.values())
    assert any("ADDD" in error["detail"] for error in jobs["bad"]["errors"])
    assert [job["captureID"] for job in listed] == sorted((job["captureID"] for job in jobs.values()), reverse=True)
    assert sum(len(names) for names in site.delivered().values()) == 2


def test_a_receiver_that_fails_is_no_error_of_the_capture(site):
    (site.root / "data" / "one").rmdir()
    with site.serving(), site.client() as client:
        answer = capture(client, document(1))
        assert site.once()  # a peer failed
        job = client.get(answer.headers["location"]).json()
    assert site.messages()[0].state == "failed"
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])


def test_many_errors_are_bounded(site):
    event = re.search(rb"<ObjectEvent>.*</ObjectEvent>", document(1), re.DOTALL).group()
    bad = b"".join(event.replace(b"<action>ADD", b"<action>A%d" % number) for number in range(300))
    site.agree(AGREEMENT.replace("max-size: 100000", "max-size: 1000000"))
    with site.serving(), site.client() as client:
        answer = capture(client, document(1).replace(event, bad))
        site.once()
        job = client.get(answer.headers["location"]).json()
    is_job(job)
    assert len(job["errors"]) == 101
    assert "more errors" in job["errors"][-1]["detail"]


@pytest.mark.corpora
def test_jobs_in_xml_are_valid_against_the_official_schema(site, corpora):
    schema = etree.XMLSchema(etree.parse(corpora / "epcis" / "gs1-EPCIS" / "XSD" / "EPCglobal-epcis-2_0.xsd"))
    for example in (corpora / "epcis" / "gs1-EPCIS" / "XML" / "CaptureJob").glob("*.xml"):
        schema.assertValid(etree.parse(example))  # this is the schema that knows jobs
    states = set()
    with site.serving(), site.client() as client:
        answers = [capture(client, document(1)), capture(client, document(2).replace(b">ADD<", b">A&amp;B<"))]
        for processed in (False, True):
            if processed:
                site.once()
            for answer in answers:
                told = client.get(answer.headers["location"], headers={"Accept": "application/xml"})
                assert told.headers["content-type"] == "application/xml"
                root = etree.fromstring(told.content)
                schema.assertValid(root)
                states.add((root.get("running"), root.get("success")))
                plain = client.get(answer.headers["location"]).json()
                assert root.get("captureID") == plain["captureID"]
                assert [error.findtext("detail") for error in root.iter("error")] == [
                    error["detail"] for error in plain["errors"]
                ]
    assert states == {("true", "true"), ("false", "true"), ("false", "false")}


def test_lists_come_in_pages(site):
    with site.serving(), site.client() as client:
        made = [capture(client, document(number)).headers["location"].rpartition("/")[2] for number in range(5)]
        seen, url = [], "/capture?perPage=2"
        while url:
            page = client.get(url)
            assert len(page.json()) <= 2
            seen += [job["captureID"] for job in page.json()]
            link = page.headers.get("link", "")
            url = link[1:].partition(">")[0]
            assert bool(url) == ('rel="next"' in link)
        for query in (
            "perPage=0",
            "perPage=x",
            "nextPageToken=-1",
            "nextPageToken=1e3",
            "perPage=99999999999999999999",
        ):
            is_problem(client.get(f"/capture?{query}"), 400, "epcisException:ValidationException")
    assert seen == made[::-1]


def test_nobody_sees_jobs_of_others(served):
    with served.client() as acme, served.client(OTHER) as other, served.client("") as nobody:
        location = capture(acme, document(serial())).headers["location"]
        assert acme.get(location).status_code == 200
        is_problem(other.get(location), 404, "epcisException:NoSuchNameException")
        is_problem(nobody.get(location), 401, "epcisException:SecurityException")
        assert location.rpartition("/")[2] not in other.get("/capture?perPage=100").text


def test_what_the_interface_can_do(served):
    with served.client() as client:
        for path in ("/capture", "/capture/1"):
            told = client.options(path)
            assert told.status_code == 204
            assert told.headers["gs1-epcis-capture-limit"] == "*"
            assert told.headers["gs1-epcis-capture-file-size-limit"] == "100000"
            assert told.headers["gs1-capture-error-behaviour"] == "rollback | proceed"
            assert (told.headers["gs1-epcis-min"], told.headers["gs1-epcis-max"]) == ("1.0", "2.0")
            assert told.headers["allow"].startswith("OPTIONS")


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"GS1-EPCIS-Version": "3.0"}, 400, "epcisException:ValidationException"),
        ({"GS1-Capture-Error-Behaviour": "perhaps"}, 400, "epcisException:ValidationException"),
        ({"Content-Type": "text/csv"}, 415, "epcisException:ImplementationException"),
    ],
)
def test_what_it_cannot_do(served, headers, status, kind):
    with served.client() as client:
        is_problem(capture(client, document(serial()), **headers), status, kind)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.0", "2.0.0"])
def test_versions_that_are_taken(served, version):
    with served.client() as client:
        assert capture(client, document(serial()), **{"GS1-EPCIS-Version": version}).status_code == 202


def test_too_large(served):
    with served.client() as client:
        answer = capture(client, document(serial()) + b" " * 100_000)
        is_problem(answer, 413, "epcisException:CaptureLimitExceededException")
        assert answer.headers["gs1-epcis-capture-file-size-limit"] == "100000"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/xml"),
        ("application/json;q=0.5, text/xml", "application/xml"),
        ("application/xml;q=x, application/*", "application/json"),
        ("text/html", ""),
        ("", ""),
        ("application/json;q=0", ""),
    ],
)
def test_what_the_client_wants_to_read(served, accept, media):
    with served.client() as client:
        location = capture(client, document(serial())).headers["location"]
        told = client.get(location, headers={"Accept": accept})
    if media:
        assert told.headers["content-type"] == media
    else:
        is_problem(told, 406, "epcisException:ImplementationException")


def test_json_documents(site):
    event = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": "2026-01-02T09:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
    }
    body = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-02T10:00:00Z",
        "epcisBody": {"eventList": [event]},
    }
    with site.serving(), site.client() as client:
        answer = client.post("/capture", json=body)
        linked = client.post(
            "/capture", content=json.dumps(body).encode() + b"\n", headers={"Content-Type": "application/ld+json"}
        )
        assert not site.once()
        for each in (answer, linked):
            assert client.get(each.headers["location"]).json()["success"] is True
    assert [message.name.rpartition(".")[2] for message in site.messages()] == ["json", "jsonld"]


def test_only_with_leave(site):
    """A key that opens a channel without ``capture`` captures nothing."""
    site.agree((site.root / "agreements" / "acme.yaml").read_text().replace("capture: true", "capture: false"))
    with site.serving(), site.client(ACME) as client:
        for answer in (capture(client, document(1)), client.get("/capture"), client.options("/capture")):
            is_problem(answer, 403, "epcisException:SecurityException")
