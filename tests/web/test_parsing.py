"""Whatever a client says in headers, and whatever stands in a finding: an answer, and well-formed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from starlette.requests import Request

from gateway.web.capture import JSON, XML, _wanted
from gateway.web.jobs import Job, _words
from gateway.web.problems import Problem


def request(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", accept.encode("latin-1", "replace"))]})


@given(st.text() | st.lists(st.sampled_from([XML, JSON, "*/*", ";q=0", ";q=1", ",", "text/xml", " "])).map("".join))
def test_any_accept_is_understood_or_refused(accept):
    try:
        assert _wanted(request(accept)) in {JSON, XML}
    except Problem as problem:
        assert problem.status == 406  # noqa: PT017 - either of both is right


@given(st.text(), st.text())
def test_any_words_are_well_formed(id_, detail):
    job = Job(id_.replace("\x00", ""), False, False, "2026-01-01T00:00:00Z", "", "rollback", (_words(400, detail),))
    if not id_.isprintable():
        return  # ids are our own
    root = etree.fromstring(job.as_xml().encode())
    assert root.get("captureID") == id_
    assert len(root.findall("errors/error")) == 1
