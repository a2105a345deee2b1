"""What is kept beside a message: the bytes that the MIC is made of, the signature, and what was refused."""

from __future__ import annotations

import base64
import datetime as dt
import os
from pathlib import Path

import httpx
import pytest

from gateway.transports.as2 import mic, sign, verify
from gateway.transports.as2_http import proof
from gateway.transports.as2_http.incidents import Incidents
from tests.transports.as2.ends import pin
from tests.transports.as2.sites import Gateway, two

BIG = os.urandom(300_000)


@pytest.mark.parametrize("compress", ["none", "before", "after"])
@pytest.mark.parametrize(("signs", "encrypts"), [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("data", [b"<a/>", BIG], ids=["small", "large"])
def test_the_bytes_of_the_mic_are_kept_on_both_sides(tmp_path: Path, data: bytes, compress, signs: bool, encrypts):
    plain = {} if signs else {"sign": None}
    plain |= {} if encrypts else {"encrypt": None}
    with two(tmp_path, compress=compress, **plain) as (acme, brand):
        brand.knows("acme", receipt_url=acme.url, must_sign=signs, must_encrypt=encrypts)
        assert acme.send("brand", data) == "proven"
        (sent,), (taken,) = acme.outbox.entries(), brand.inbox.entries()
        for entry in (sent, taken):
            record = entry.json("record")
            base = proof.base_of(entry, record)
            stated = [mic.parse(text) for text in record.get("mics", [record.get("mic")])]
            assert stated
            for one in stated:
                assert sign.digest(base.chunks(), one.algorithm)[one.algorithm] == one.value
            assert record["wire-sha256"] == sign.digest(entry.region("wire").chunks(), "sha256")["sha256"].hex()
        if signs:
            record = taken.json("record")
            base = proof.base_of(taken, record)
            signature = base64.b64decode(record["signature"])
            verify.verify(signature, [pin("acme")], [lambda name: sign.digest(base.chunks(), name)[name]], frozenset())
        assert (sent.path / proof.RECEIPT_SIGNER).read_bytes() == pin("brand").der
        # A large payload that is not compressed is kept once.
        sizes = sorted(path.stat().st_size for path in taken.path.iterdir())
        assert sum(sizes) < 2 * len(data) + (len(data) if compress == "before" else 0) + 40_000


def test_bytes_that_were_not_kept_are_not_invented(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        acme.send("brand", BIG)
        (entry,) = brand.inbox.entries()
        record = entry.json("record")
        for path in entry.path.glob("base-*"):
            path.unlink()
        assert proof.base_of(entry, record) is None
        del record["base"]
        assert proof.base_of(entry, record) is None


# ── incidents ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_refused_is_counted_by_partner_and_reason(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        incidents = Incidents(tmp_path / "incidents")
        brand.reception.__init__(
            brand.inbox, brand.partner, lambda: brand.now, brand.folder / "scratch", incidents=incidents
        )
        acme.prepare("brand", b"<a/>")
        (entry,) = acme.outbox.entries()
        fields, body = dict(entry.json("fields")), (entry.path / "wire").read_bytes()
        assert b"; processed\r\n" in httpx.post(brand.url, headers=fields, content=body).content
        other = Gateway("acme", tmp_path / "other")
        other.partners, other.urls = acme.partners, acme.urls
        with other.running():
            other.prepare("brand", b"<b/>")
        (entry,) = other.outbox.entries()
        for _ in range(3):
            body = (entry.path / "wire").read_bytes()
            assert b"processed/error" in httpx.post(brand.url, headers=fields, content=body).content
            brand.now += dt.timedelta(minutes=1)
        httpx.post(brand.url, headers=fields, content=b"x")
        found = {one.kind: one for one in incidents.since(brand.now - dt.timedelta(days=1))}
        assert set(found) == {"duplicate", "decryption-failed"}
        assert (found["duplicate"].count, found["duplicate"].sender) == (3, "acme")
        assert "came before with other content" in found["duplicate"].text
        assert list(incidents.since(brand.now + dt.timedelta(days=1))) == []
        incidents.forget(brand.now - dt.timedelta(seconds=30))
        assert [one.kind for one in incidents.since(brand.now - dt.timedelta(days=1))] == ["decryption-failed"]


def test_a_disk_that_is_full_costs_no_message(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    incidents = Incidents(tmp_path / "file" / "incidents")
    incidents.note("x", ("a", "b"), "<1@x>", "text", "hint", dt.datetime.now(dt.UTC))
    assert list(incidents.since(dt.datetime.min.replace(tzinfo=dt.UTC))) == []
