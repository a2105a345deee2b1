"""Pushing files: what is kept, what is answered, and that a second try changes nothing."""

from __future__ import annotations

import concurrent.futures
import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transports import names
from gateway.web.upload import _name
from tests.exchange.site import document
from tests.web.served import ACME, AGREEMENT, OTHER, ServedSite


def some(label: str = "") -> bytes:
    """A content that no other test pushes."""
    return f"gtin;serial;{label}{uuid.uuid4()}\n".encode()


def push(served: ServedSite, data: bytes, channel: str = "acme-push", key: str = ACME, **headers: str):
    named = {"content-type": "text/csv", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = {name: value.encode("latin-1") for name, value in named.items()}
    with served.client(key) as client:
        return client.post(f"/inbox/{channel}", content=data, headers=raw)


def messages(served: ServedSite, data: bytes):
    digest = hashlib.sha256(data).hexdigest()
    return [message for message in served.messages() if message.sha256 == digest]


def test_a_file_is_durable_and_told_of(served):
    data = some()
    answer = push(served, data, content_disposition='attachment; filename="batch 1.csv"')
    assert answer.status_code == 202
    (message,) = messages(served, data)
    assert answer.json() == {
        "message": message.id,
        "name": "batch 1.csv",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "received": message.received_at,
    }
    assert (message.partner, message.channel, message.state) == ("acme", "acme-push", "received")
    assert served.workspace().archive.open(message.sha256).read() == data
    assert answer.headers["location"] == f"/inbox/acme-push/{message.id}"
    with served.client() as client:
        told = client.get(answer.headers["location"]).json()
    assert told == {
        "message": message.id,
        "createdAt": message.received_at,
        "running": True,
        "success": True,
        "errors": [],
    }


def test_a_large_file_in_chunks_without_a_length(served):
    pieces = [some() * 1000 for _ in range(40)]
    with served.client() as client:
        answer = client.post("/inbox/acme-csv", content=iter(pieces), headers={"content-type": "application/zip"})
    assert answer.status_code == 202
    assert answer.json()["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert answer.json()["name"].endswith(".zip")


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_in_either_header(served, header):
    with served.client("") as client:
        value = f"bearer {ACME}" if header == "Authorization" else ACME
        answer = client.post("/inbox/acme-push", content=some(), headers={header: value})
    assert answer.status_code == 202


@pytest.mark.parametrize("number", range(2))
def test_the_same_key_again_gets_the_same_answer_and_one_message(served, number):
    data, key = some(), str(uuid.uuid4())
    first = push(served, data, idempotency_key=key)
    second = push(served, data, idempotency_key=f'"{key}"' if number else key, content_disposition="x; filename=z.csv")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert len(messages(served, data)) == 1


def test_the_same_key_for_other_bytes_is_refused(served):
    data, other, key = some(), some(), str(uuid.uuid4())
    assert push(served, data, idempotency_key=key).status_code == 202
    answer = push(served, other, idempotency_key=key)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert messages(served, other) == []
    assert push(served, data, idempotency_key=key).status_code == 202


def test_keys_of_two_clients_do_not_meet(served):
    key = str(uuid.uuid4())
    for who, channel in ((ACME, "acme-push"), (OTHER, "other-push")):
        assert push(served, some(), channel, who, idempotency_key=key).status_code == 202


def test_the_same_bytes_without_a_key_are_a_duplicate(served):
    data = some()
    first, second = push(served, data).json(), push(served, data).json()
    assert first["message"] != second["message"]
    assert [message.state for message in messages(served, data)] == ["received", "duplicate"]


def test_the_same_bytes_again_where_the_agreement_wants_them(site):
    site.agree(AGREEMENT.replace("transport: https", "duplicates: {content: process}\n    transport: https", 1))
    data, key = some(), str(uuid.uuid4())
    with site.serving():
        for headers in ({}, {}, {"idempotency_key": key}, {"idempotency_key": key}):
            assert push(site, data, **headers).status_code == 202
    assert [message.state for message in site.messages()] == ["received"] * 3


def test_many_at_the_same_time_with_one_key(served):
    data, key = some(), str(uuid.uuid4())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: push(served, data, idempotency_key=key), range(4)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {202}
    assert len(messages(served, data)) == 1


@pytest.mark.fault("path traversal and odd names")
@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=../../etc/passwd", "passwd"),
        (r'attachment; filename="C:\\data\\batch.csv"', "batch.csv"),
        ("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv", "Größe.csv"),
        ("attachment; filename*=UTF-8''a%00b%0d%0a.csv", "ab.csv"),
        ('attachment; filename="' + "x" * 500 + '.csv"', "x" * 146 + ".csv"),
        ("attachment; filename=CON.csv", None),
        ("attachment; filename=..", None),
        ("attachment", None),
        ("\xff\xfe", None),
    ],
)
def test_names_are_made_fit(served, disposition, name):
    answer = push(served, some(), content_disposition=disposition)
    assert answer.status_code == 202
    given_ = answer.json()["name"]
    assert given_ == name if name else given_.startswith("acme-push-")


@given(st.text())
def test_any_name_is_fit_or_none(text):
    for value in (text, f'attachment; filename="{text}"'):
        found = _name(value.encode("latin-1", "replace").decode("latin-1"))
        assert found == "" or names.plain(found) == found


def test_what_becomes_of_it(site):
    """Pushed files go the way of all files: converted, delivered, refused with reasons that the sender may see."""
    with site.serving():
        good = push(site, document(7), content_type="application/xml")
        bad = push(site, document(8).replace(b"ADD", b"ADDD"), content_type="application/xml")
        assert not site.once()
        with site.client() as client:
            told = client.get(good.headers["location"]).json()
            assert (told["running"], told["success"], told["errors"]) == (False, True, [])
            told = client.get(bad.headers["location"]).json()
        assert (told["running"], told["success"]) == (False, False)
        assert any("ADDD" in error["detail"] for error in told["errors"])
        assert all(error["type"] == "epcisException:ValidationException" for error in told["errors"])
    assert [len(names_) for names_ in site.delivered().values()] == [1, 1]


@pytest.mark.parametrize(
    "odd",
    [
        "filename*=idna''xn--a",
        "filename*=punycode''%ff",
        "filename*=undefined''%00",
        f"filename*{'9' * 5000}=x",
    ],
)
def test_a_name_that_cannot_be_read_is_no_name(served, odd):
    answer = push(served, some(), content_disposition=f"attachment; {odd}")
    assert answer.status_code == 202
    assert answer.json()["name"].startswith("acme-push-")
