"""Saying no: each refusal has its status, is a problem as RFC 7807 defines it, and tells nothing of the inside."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest

from gateway.cli.main import cli
from tests.web import served as served_site
from tests.web.served import ACME, AGREEMENT, OTHER
from tests.web.test_inbox import messages, push, some

MEDIA = "application/problem+json"


def is_problem(answer, status: int, kind: str = "about:blank") -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA
    body = answer.json()
    assert (body["status"], body["type"]) == (status, kind)
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong-key-0123456789-0123456789"},
        {"Authorization": f"Basic {ACME}"},
        {"Authorization": ACME},
        {"X-API-Key": ACME[:-1]},
        {"X-API-Key": f"{ACME} {ACME}"},
        {"X-API-Key": "é\udcff".encode("utf-8", "surrogateescape").decode("latin-1")},
        {"Cookie": ACME},
    ],
)
@pytest.mark.parametrize("path", ["/inbox/acme-push", "/inbox/nowhere", "/inbox/acme-push/1"])
def test_nobody_we_know(served, headers, path):
    data = some()
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    with served.client("") as client:
        answer = client.request("GET" if path.endswith("1") else "POST", path, content=data, headers=encoded)
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert messages(served, data) == []


def test_a_key_in_the_url_opens_nothing(served):
    with served.client("") as client:
        is_problem(client.post(f"/inbox/acme-push?key={ACME}&api_key={ACME}", content=b"x"), 401)


@pytest.mark.parametrize("channel", ["other-push", "nowhere", "one", "acme", "ACME-PUSH"])
def test_another_door(served, channel):
    """A channel of somebody else and one that is not there cannot be told apart."""
    answer = push(served, some(), channel)
    is_problem(answer, 403)
    assert answer.json() == push(served, some(), "also-nowhere").json()


def test_a_message_of_another_channel(served):
    location = push(served, some(), "other-push", OTHER).headers["location"]
    with served.client() as client:
        is_problem(client.get(location), 403)
        is_problem(client.get(location.replace("other-push", "acme-push")), 404)
        is_problem(client.get("/inbox/acme-push/1"), 404)
        is_problem(client.get("/inbox/acme-push/%27%20or%201=1"), 404)


@pytest.mark.fault("oversized")
def test_too_large(served):
    limit = 100_000
    assert push(served, some().ljust(limit, b"x")).status_code == 202
    answer = push(served, some().ljust(limit + 1, b"x"))
    is_problem(answer, 413)
    assert "100,000" in answer.json()["detail"]
    with served.client() as client:
        chunked = (b"y" * 1000 for _ in range(101))
        is_problem(client.post("/inbox/acme-push", content=chunked), 413)


def test_a_length_that_is_said_is_refused_before_a_byte_is_read(served):
    head = f"POST /inbox/acme-push HTTP/1.1\r\nHost: x\r\nX-API-Key: {ACME}\r\nContent-Length: 99999999999\r\n"
    answer = served.raw(f"{head}Expect: 100-continue\r\n\r\n".encode(), 1)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_no_length(served):
    answer = served.raw(
        f"POST /inbox/acme-push HTTP/1.1\r\nHost: x\r\nX-API-Key: {ACME}\r\nConnection: close\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert MEDIA.encode() in answer


@pytest.mark.parametrize("media", ["text/html", "", "image/png; x=text/csv", "text"])
def test_a_type_that_is_not_taken(served, media):
    answer = push(served, some(), "acme-csv", content_type=media)
    is_problem(answer, 415)
    assert "text/csv" in answer.json()["detail"]


def test_types_that_are_taken(served):
    for media in ("text/csv; charset=utf-8", "TEXT/CSV", "application/json"):
        assert push(served, some(), "acme-csv", content_type=media).status_code == 202


def test_packed_bodies_and_empty_ones_and_odd_keys(served):
    is_problem(push(served, some(), content_encoding="gzip"), 415)
    is_problem(push(served, b""), 400)
    is_problem(push(served, some(), idempotency_key="a b"), 400)
    is_problem(push(served, some(), idempotency_key="x" * 201), 400)
    with served.client() as client:
        is_problem(client.post("/inbox/acme-push", content=iter(())), 400)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/inbox/acme-push", {"POST"}),
        ("DELETE", "/inbox/acme-push/1", {"GET", "HEAD"}),
        ("PUT", "/capture", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("POST", "/health/live", {"GET", "HEAD"}),
        ("BREW", "/metrics", {"GET", "HEAD"}),
    ],
)
def test_wrong_methods(served, method, path, allow):
    with served.client() as client:
        answer = client.request(method, path)
    is_problem(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == allow


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/inbox/", "/inbox/a/b/c", "/nowhere", "/capture/", "/%00", "/..%2f..%2f"]
)
def test_places_that_are_not_there(served, path):
    with served.client() as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == MEDIA


def test_many_headers_and_long_urls(served):
    with served.client() as client:
        is_problem(client.get("/health/live", headers={f"X-{n}": "x" for n in range(101)}), 431)
        is_problem(client.get(f"/health/live?{'x' * 2000}"), 414)
        assert client.get("/health/live", headers={f"X-{n}": "x" for n in range(80)}).status_code == 200


def test_a_limit_of_files_a_minute(served):
    answers = [push(served, some(), "acme-rare") for _ in range(5)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1  # two of five may be let in, and four if a minute ends here
    is_problem(refused[0], 429)
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60


@pytest.mark.fault("disk full")
def test_no_room_on_the_disk(site):
    settings = site.root / "gateway.toml"
    settings.write_text(settings.read_text() + "[intake]\nfree-bytes = 9000000000000000\n")
    with site.serving():
        answer = push(site, some())
        is_problem(answer, 503)
        assert answer.headers["retry-after"] == "30"
        with site.client() as client:
            ready = client.get("/health/ready")
            assert ready.status_code == 503
            assert ready.json()["troubles"] == ["the disk of the archive is full or gone"]
            assert client.get("/health/live").status_code == 200
    assert site.messages() == []


def _serve_small(root: Path, _failpoint: str, port: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
    cli.main(["serve", "-C", str(root), "--listen", f"127.0.0.1:{port}"], standalone_mode=False)


@pytest.mark.fault("disk full")
def test_a_disk_that_becomes_full_while_a_file_comes(site, monkeypatch):
    """Its length was not announced, so it could not be refused before."""
    monkeypatch.setattr(served_site, "_serve", _serve_small)
    with site.serving(), site.client() as client:
        headers = {"content-type": "text/csv"}
        answer = client.post("/inbox/acme-csv", content=iter([b"x" * 100_000] * 60), headers=headers)
        is_problem(answer, 503)
        assert answer.headers["retry-after"] == "30"
        assert site.quarantined() == []
        assert client.post("/inbox/acme-csv", content=b"x", headers=headers).status_code == 202


def test_the_hash_of_no_key_at_all_opens_nothing(site):
    """Somebody has hashed an unset variable."""
    nothing = hashlib.sha256(b"").hexdigest()
    site.agree(AGREEMENT.replace(hashlib.sha256(ACME.encode()).hexdigest(), nothing))
    with site.serving():
        assert push(site, some(), key="").status_code == 401
