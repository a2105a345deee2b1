"""kill -9 of the server around the moment when a file becomes durable: the client sends it again, and there is one."""

from __future__ import annotations

import contextlib
import signal
import uuid
from pathlib import Path

import httpx
import pytest

from gateway.exchange import failpoints
from tests.exchange.site import document, until
from tests.web.served import ServedSite
from tests.web.test_inbox import push

POINTS = ("archive.renamed", *failpoints.SERVE_POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_client_that_got_no_answer_sends_again(site: ServedSite, point: str) -> None:
    headers = {"idempotency_key": str(uuid.uuid4()), "content_type": "application/xml"}
    first = None
    with site.serving(point) as process:
        with contextlib.suppress(httpx.HTTPError):
            first = push(site, document(1), **headers)
        process.join(20)
        assert process.exitcode == -signal.SIGKILL
    assert (first is not None) == (point == "serve.answered")
    with site.serving():
        again = push(site, document(1), **headers)
        assert again.status_code == 202
        assert push(site, document(1), **headers).content == again.content
        assert first is None or first.content == again.content
    assert not site.once()
    (message,) = site.messages()
    assert (message.id, message.state) == (again.json()["message"], "done")
    assert [len(names) for names in site.delivered().values()] == [1, 1]
    assert site.rows("select count(*), count(nullif(acknowledged_at, '')) from offers") == [(1, 1)]


def test_without_a_key_a_second_copy_is_a_duplicate(site: ServedSite) -> None:
    with site.serving("serve.recorded") as process:
        with contextlib.suppress(httpx.HTTPError):
            push(site, document(1), content_type="application/xml")
        process.join(20)
    with site.serving():
        assert push(site, document(1), content_type="application/xml").status_code == 202
    assert not site.once()
    assert [message.state for message in site.messages()] == ["done", "duplicate"]
    assert [len(names) for names in site.delivered().values()] == [1, 1]


def test_a_server_beside_the_exchange_takes_while_it_runs(site: ServedSite) -> None:
    """``gateway run`` serves too, and processes what it takes; stopping it stops both."""
    with site.running():
        site.wait()
        answers = [push(site, document(number), content_type="application/xml") for number in range(3)]
        assert {answer.status_code for answer in answers} == {202}
        until(lambda: {message.state for message in site.messages()} == {"done"}, 30)
        with site.client() as client:
            assert client.get("/health/ready").json() == {"status": "ok", "troubles": [], "exchange": True}
            assert client.get(answers[0].headers["location"]).json()["success"] is True
    assert [len(names) for names in site.delivered().values()] == [3, 3]


def test_the_exchange_may_start_while_a_file_is_pushed(tmp_path: Path) -> None:
    """It empties its quarantine when it starts, and not that of the server."""
    site = ServedSite(tmp_path / "ws").make(web="stall-seconds = 40\n")
    with site.serving():

        def slowly():
            yield document(1)[:100]
            assert not site.once()
            yield document(1)[100:]

        with site.client() as client:
            headers = {"Content-Type": "application/xml"}
            assert client.post("/inbox/acme-push", content=slowly(), headers=headers).status_code == 202
