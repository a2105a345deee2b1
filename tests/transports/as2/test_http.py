"""The HTTP ends: two gateways over loopback, and everything that may go wrong on the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import os
import shutil
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.errors import TransportError
from gateway.transports.as2 import Answer, As2Error, Content, Headers, Region, Signing, build_receipt, mic
from gateway.transports.as2.disposition import PROCESSED, Disposition
from gateway.transports.as2.errors import AuthenticationFailed, DecryptionFailed, ProcessingFailed, ReceiptRefused
from gateway.transports.as2.message import read_request
from gateway.transports.as2.validity import Listed, Use
from gateway.transports.as2_http import store as store_module
from gateway.transports.as2_http.post import poster
from gateway.transports.as2_http.receipts import Receipts
from gateway.transports.as2_http.reception import stored_receipt
from gateway.transports.as2_http.sending import State
from gateway.transports.as2_http.server import Limits, Site, application
from gateway.transports.as2_http.serving import serving
from gateway.transports.as2_http.store import Entry, Store, fields_of
from tests.transports.as2.ends import EDI, identity, pin
from tests.transports.as2.sites import Gateway, two

HEAD = b"POST /as2 HTTP/1.1\r\nHost: x\r\nAS2-From: acme\r\nAS2-To: brand\r\n"


def wait_for(condition: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def wire(gateway: Gateway, delivery: str = "1") -> tuple[dict[str, str], bytes]:
    """What a prepared message looks like for a bare HTTP client."""
    entry = next(entry for entry in gateway.outbox.entries() if f"<{delivery}@" in entry.json("record")["message-id"])
    return dict(fields_of(entry.json("fields"))), (entry.path / "wire").read_bytes()


def test_there_and_back(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]
        (stored,) = brand.inbox.entries()
        record = stored.json("record")
        assert record["layers"] == ["encrypted", "signed", "compressed"]
        assert record["payloads"][0]["name"] == "batch.xml"
        assert (stored.path / "signer.der").read_bytes() == acme.partners["brand"].ours[0].pin.der
        (sent,) = acme.outbox.entries()
        assert sent.json("proven")["by"] == brand.partners["acme"].ours[0].pin.fingerprint
        assert (sent.path / "receipt").read_bytes() == (stored.path / "receipt").read_bytes()
        assert acme.send("brand", EDI) is State.PROVEN
        assert len(acme.post.posts) == 1


def test_large_files_are_streamed(tmp_path: Path):
    data = os.urandom(20_000_000)
    with two(tmp_path, compress="none") as (acme, brand):
        assert acme.send("brand", data) is State.PROVEN
        assert brand.taken() == [data]


@pytest.mark.parametrize("mode", ["none", "unsigned"])
def test_other_receipts(tmp_path: Path, mode: str):
    receipt = {"mode": "none"} if mode == "none" else {"mode": "sync", "signed": False}
    with two(tmp_path, receipt=receipt) as (acme, brand):
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]


def test_a_receipt_that_comes_later(tmp_path: Path):
    with two(tmp_path, asynchronous=True) as (acme, brand):
        assert acme.send("brand", EDI) is State.WAITING
        (entry,) = acme.outbox.entries()
        wait_for(lambda: acme.sender.state(entry) is State.PROVEN)
        assert brand.taken() == [EDI]
        assert acme.send("brand", EDI) is State.PROVEN


def test_when_it_does_not_come_the_same_message_goes_again(tmp_path: Path):
    with two(tmp_path, asynchronous=True) as (acme, brand):
        brand.knows("acme", receipt_url="")
        assert acme.send("brand", EDI) is State.WAITING
        wait_for(lambda: brand.taken() == [EDI])
        assert acme.send("brand", EDI) is State.WAITING
        assert len(acme.post.posts) == 1
        acme.now += dt.timedelta(minutes=21)
        brand.knows("acme", receipt_url=acme.url)
        assert acme.send("brand", EDI) is State.WAITING
        (entry,) = acme.outbox.entries()
        wait_for(lambda: acme.sender.state(entry) is State.PROVEN)
        assert brand.taken() == [EDI]
        assert len(acme.post.posts) == 2


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"]
)
def test_receipts_go_to_registered_hosts_only(tmp_path: Path, url: str):
    with two(tmp_path, receipt={"mode": "async", "url": url}) as (acme, brand):
        assert acme.send("brand", EDI) is State.WAITING
        wait_for(lambda: brand.taken() == [EDI])
        time.sleep(0.3)
        assert brand.post.posts == []


def test_a_repetition_gets_the_same_receipt(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        acme.prepare("brand", EDI)
        fields, body = wire(acme)
        answers = {httpx.post(brand.url, headers=fields, content=body).content for _ in range(3)}
        assert len(answers) == 1
        assert brand.taken() == [EDI]


@pytest.mark.parametrize("asked", ["sha256", "SHA2_256", "sha-512", "none"])
def test_a_repetition_that_asks_in_other_words(tmp_path: Path, asked: str):
    """The hash function is spelled otherwise, or is another one, or the first try wanted no receipt."""
    with two(tmp_path) as (acme, brand):
        acme.prepare("brand", EDI)
        fields, body = wire(acme)
        quiet = {name: value for name, value in fields.items() if not name.startswith("Disposition")}
        first = httpx.post(brand.url, headers=quiet if asked == "none" else fields, content=body)
        options = fields["Disposition-Notification-Options"].replace("sha-256", asked.replace("none", "sha-256"))
        again = httpx.post(brand.url, headers=fields | {"Disposition-Notification-Options": options}, content=body)
        assert b"; processed\r\n" in again.content
        assert again.content == first.content or asked == "none"
        assert brand.taken() == [EDI]
        more = Gateway("acme", tmp_path / "more")
        with more.running():
            more.partners = acme.partners
            more.prepare("brand", EDI + b"more")
        fields, body = wire(more)
        refused = httpx.post(brand.url, headers=fields | {"Disposition-Notification-Options": options}, content=body)
        assert b"processed/error" in refused.content


def test_another_message_under_the_same_id_is_refused(tmp_path: Path):
    with two(tmp_path / "1") as (acme, brand):
        acme.prepare("brand", EDI)
        assert httpx.post(brand.url, headers=wire(acme)[0], content=wire(acme)[1]).status_code == 200
        again = Gateway("acme", tmp_path / "2")
        with again.running():
            again.urls, again.partners = acme.urls, acme.partners
            with pytest.raises(ProcessingFailed) as caught:
                again.send("brand", EDI + b"more")
            assert caught.value.by_partner
        assert brand.taken() == [EDI]


def test_a_failed_try_does_not_block_the_next(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        right = brand.partners["acme"]
        brand.partners["acme"] = type(right)(right.settings, right.ours, ())
        with pytest.raises(DecryptionFailed) as caught:
            acme.send("brand", EDI)
        assert caught.value.by_partner
        (entry,) = acme.outbox.entries()
        assert acme.sender.state(entry) is State.REFUSED
        assert entry.json("refused")["disposition"].endswith("decryption-failed")
        brand.partners["acme"] = right
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]


def test_a_stranger_who_repeats_a_message(tmp_path: Path):
    """The recorded message of a partner under another name: refused before anything is looked up or stored."""
    with two(tmp_path) as (acme, brand):
        acme.send("brand", EDI)
        fields, body = wire(acme)
        assert httpx.post(brand.url, headers=fields | {"AS2-From": "nobody"}, content=body).status_code == 403
        brand.knows("stranger")
        answer = httpx.post(brand.url, headers=fields | {"AS2-From": "stranger"}, content=body)
        assert b"decryption-failed" in answer.content
        assert b"Received-Content-MIC" not in answer.content
        assert brand.taken() == [EDI]


def test_what_is_no_message(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        assert httpx.post(brand.url, content=b"x").status_code == 400
        assert httpx.get(brand.url).status_code == 405
        assert httpx.post(brand.url.replace("/as2", "/other"), content=b"x").status_code == 404
        acme.prepare("brand", EDI)
        fields, _ = wire(acme)
        assert b"decryption-failed" in httpx.post(brand.url, headers=fields, content=b"x").content
        quiet = {name: value for name, value in fields.items() if not name.startswith("Disposition")}
        assert httpx.post(brand.url, headers=quiet, content=b"x").status_code == 400
        assert brand.taken() == []


def test_too_large_with_and_without_a_length(tmp_path: Path):
    with two(tmp_path, limits=Limits(bytes=100_000)) as (acme, brand):
        acme.prepare("brand", EDI)
        fields, _ = wire(acme)
        assert httpx.post(brand.url, headers=fields, content=b"x" * 100_001).status_code == 413
        assert httpx.post(brand.url, headers=fields, content=iter([b"x" * 50_000] * 3)).status_code == 413
        assert list((brand.folder / "quarantine").iterdir()) == []
        assert acme.send("brand", EDI) is State.PROVEN


def test_a_client_that_drips(tmp_path: Path):
    with two(tmp_path, limits=Limits(idle=0.3, seconds=1)) as (_, brand):
        host, port = brand.url.split("/")[2].split(":")
        # The limits are 0.3 s and 1 s; how much later it is noticed depends on what else the machine does.
        for pause, most in ((30, 20), (0.1, 20)):
            with socket.create_connection((host, int(port)), 10) as client:
                client.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
                start = time.monotonic()
                client.settimeout(pause)
                answer = b""
                while not answer and time.monotonic() - start < most + 5:
                    try:
                        answer = client.recv(1000)
                    except TimeoutError:
                        client.sendall(b"x")
                assert b" 408 " in answer
                assert time.monotonic() - start < most
        wait_for(lambda: not list((brand.folder / "quarantine").iterdir()))


def test_a_client_that_goes_away(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        host, port = brand.url.split("/")[2].split(":")
        for _ in range(3):
            with socket.create_connection((host, int(port)), 10) as client:
                client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nx")
        wait_for(lambda: not list((brand.folder / "quarantine").iterdir()))
        assert acme.send("brand", EDI) is State.PROVEN


def test_more_at_once_than_allowed(tmp_path: Path):
    with two(tmp_path, limits=Limits(at_once=1)) as (acme, brand):
        host, port = brand.url.split("/")[2].split(":")
        with socket.create_connection((host, int(port)), 10) as client:
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nx")
            wait_for(lambda: list((brand.folder / "quarantine").iterdir()))
            with pytest.raises(TransportError) as caught:
                acme.send("brand", EDI)
            assert caught.value.retryable
        wait_for(lambda: not list((brand.folder / "quarantine").iterdir()))
        assert acme.send("brand", EDI) is State.PROVEN


def test_one_partner_cannot_shut_out_another(tmp_path: Path):
    """Nor can anybody who knows its ids and sends a byte now and then."""
    with two(tmp_path, limits=Limits(at_once=3, each=2)) as (acme, brand), contextlib.ExitStack() as stack:
        brand.knows("other")
        other = Gateway("other", tmp_path / "other")
        stack.enter_context(other.running())
        other.knows("brand")
        other.urls["brand"] = brand.url
        host, port = brand.url.split("/")[2].split(":")
        for _ in range(2):
            client = stack.enter_context(socket.create_connection((host, int(port)), 10))
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nx")
        wait_for(lambda: len(list((brand.folder / "quarantine").iterdir())) == 2)
        with pytest.raises(TransportError, match="503"):
            acme.send("brand", EDI)
        assert other.send("brand", EDI) is State.PROVEN


def test_strangers_are_not_even_read(tmp_path: Path):
    with two(tmp_path) as (_, brand):
        host, port = brand.url.split("/")[2].split(":")
        for head, status in ((HEAD.replace(b"acme", b"nobody"), b" 403 "), (HEAD.replace(b"AS2", b"X"), b" 400 ")):
            with socket.create_connection((host, int(port)), 10) as client:
                client.sendall(head + b"Content-Length: 1000000000\r\n\r\nx")
                assert status in client.recv(1000)
        fields = {"AS2-From": "nobody", "AS2-To": "brand"}
        assert httpx.post(brand.url, headers=fields, content=b"x" * 20_000_000).status_code == 403


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with two(tmp_path) as (acme, brand):

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        acme.prepare("brand", EDI)
        monkeypatch.setattr(brand.inbox, "add", full)
        with pytest.raises(TransportError) as caught:
            acme.send("brand", EDI)
        assert caught.value.retryable
        monkeypatch.undo()
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]


def test_nobody_answers(tmp_path: Path):
    with two(tmp_path) as (acme, brand):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            acme.urls["brand"] = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            silent.close()
            with pytest.raises(TransportError) as caught:
                acme.send("brand", EDI)
        assert caught.value.retryable
        acme.urls["brand"] = brand.url + "-is-not-there"
        with pytest.raises(TransportError, match="404") as caught:
            acme.send("brand", EDI)
        assert not caught.value.retryable
        acme.urls["brand"] = brand.url
        assert acme.send("brand", EDI) is State.PROVEN
        (entry,) = acme.outbox.entries()
        assert [one["status"] for one in entry.json("tries")] == [404, 200]


def test_receipts_that_prove_nothing(tmp_path: Path):
    """To our address, and in the answer; the delivery stays open."""
    with two(tmp_path, asynchronous=True) as (acme, brand):
        acme.prepare("brand", EDI)
        (entry,) = acme.outbox.entries()
        forged = b"Original-Message-ID: <1@gateway.invalid>\r\nDisposition: a/b; processed\r\n"
        fields = {"AS2-From": "brand", "AS2-To": "acme", "Content-Type": "message/disposition-notification"}
        assert httpx.post(acme.url, headers=fields, content=forged).status_code == 200
        assert acme.sender.state(entry) is State.READY
        assert httpx.post(acme.url, headers=fields | {"AS2-From": "nobody"}, content=forged).status_code == 403
        headers = Headers(list(fields.items()))
        with pytest.raises(ReceiptRefused):
            acme.sender.receipt(headers, _file(tmp_path, forged), acme.partners["brand"])
    with two(tmp_path / "sync") as (acme, brand):
        (tmp_path / "sync" / "x").mkdir()
        other = Gateway("stranger", tmp_path / "sync" / "x")
        brand.partners["acme"] = type(brand.partners["acme"])(
            brand.partners["acme"].settings,
            (*_ours(other), *brand.partners["acme"].ours[:0]),
            brand.partners["acme"].theirs,
        )
        with pytest.raises((AuthenticationFailed, DecryptionFailed)):
            acme.send("brand", EDI)
        (entry,) = acme.outbox.entries()
        assert acme.sender.state(entry) is State.READY


def _ours(gateway: Gateway) -> tuple:
    gateway.knows("brand")
    return gateway.partners["brand"].ours


def _file(folder: Path, data: bytes) -> Region:
    path = folder / "receipt-file"
    path.write_bytes(data)
    return Region.whole(path)


def test_a_receipt_for_what_we_never_sent(tmp_path: Path):
    with two(tmp_path, asynchronous=True) as (acme, brand):
        acme.send("brand", EDI)
        wait_for(lambda: acme.sender.state(next(acme.outbox.entries())) is State.PROVEN)
        (stored,) = brand.inbox.entries()
        receipt = stored_receipt(stored)
        other = Gateway("acme", tmp_path / "other")
        other.partners = acme.partners
        with other.running():
            body = _file(tmp_path, b"".join(receipt.body.chunks()))
            assert other.sender.receipt(Headers(receipt.fields), body, acme.partners["brand"]) is None


def answered(entry: Entry, receiver: str, signer: str, **says: object) -> tuple[dict[str, str], bytes]:
    """A receipt for a delivery, ready to be posted: by whom it says it is, and who signs it."""
    request = replace(read_request(Headers(fields_of(entry.json("fields")))), receiver=receiver)
    built = build_receipt(Answer(request, **says), "<receipt@test>", Signing(identity(signer)))
    return dict(built.fields), b"".join(built.body.chunks())


@pytest.mark.parametrize("verdict", [PROCESSED, DecryptionFailed.disposition], ids=["good", "bad"])
def test_a_receipt_of_another_partner_decides_nothing(tmp_path: Path, verdict: Disposition):
    """It is genuine, and by somebody whom we know; but it was not this one who was sent the message."""
    with two(tmp_path, asynchronous=True) as (acme, _), capture_logs() as logs:
        acme.knows("rival")
        entry = acme.prepare("brand", EDI)
        ours = mic.parse(entry.json("record")["mics"][0])
        headers, body = answered(entry, "rival", "rival", disposition=verdict, mic=ours)
        assert httpx.post(acme.url, headers=headers, content=body).status_code == 200
        assert acme.sender.state(entry) is State.READY
        assert "not sent" in logs[-1]["event"]
        headers, body = answered(entry, "brand", "rival", disposition=verdict, mic=ours)
        assert httpx.post(acme.url, headers=headers, content=body).status_code == 200
        assert acme.sender.state(entry) is State.READY
        assert "not pinned" in logs[-1]["reason"]
        headers, body = answered(entry, "brand", "brand", disposition=verdict, mic=ours)
        assert httpx.post(acme.url, headers=headers, content=body).status_code == 200
        assert acme.sender.state(entry) is (State.PROVEN if verdict.good else State.REFUSED)


def test_what_was_refused_later_is_told_once_and_then_built_anew(tmp_path: Path):
    """The partner's certificate was wrong; with the right one the file goes on its way again."""
    with two(tmp_path, asynchronous=True) as (acme, brand):
        right = acme.partners["brand"]
        acme.partners["brand"] = type(right)(
            right.settings, right.ours, (Listed(pin("brand"), {Use.SIGN}), Listed(pin("stranger"), {Use.ENCRYPT}))
        )
        assert acme.send("brand", EDI) is State.WAITING
        (entry,) = acme.outbox.entries()
        wait_for(lambda: acme.sender.state(entry) is State.REFUSED)
        with pytest.raises(DecryptionFailed, match="the partner answered") as caught:
            acme.send("brand", EDI)
        assert caught.value.by_partner
        assert len(acme.post.posts) == 1
        with pytest.raises(DecryptionFailed):
            acme.sender.send(entry, right, brand.url)
        acme.partners["brand"] = right
        assert acme.send("brand", EDI) is State.WAITING
        (again,) = acme.outbox.entries()
        wait_for(lambda: acme.sender.state(again) is State.PROVEN)
        assert again.json("record")["message-id"] == "<1@gateway.invalid>"
        assert brand.taken() == [EDI]
        (kept,) = (acme.outbox.root / "done").iterdir()
        assert (kept / "refused").exists()


def test_no_other_host_is_ever_connected_to(tmp_path: Path):
    with poster({"http://127.0.0.1:9/as2": True}) as post, pytest.raises(TransportError, match="not the host"):
        post("http://127.0.0.1:10/as2", [], Content.of(b"x"), tmp_path / "x")
    with poster({"http://127.0.0.1:9/as2": False}) as post, pytest.raises(TransportError, match="private"):
        post("http://127.0.0.1:9/as2", [], Content.of(b"x"), tmp_path / "x")
    with pytest.raises(ValueError, match="must begin with"), poster({"ftp://x/": True}):
        pass


def test_an_answer_without_end(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(100_000)
                client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try:
                    while True:
                        client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with poster({url: True}) as post, pytest.raises(TransportError, match="larger than"):
            post(url, [], Content.of(b"x"), tmp_path / "x")
        thread.join()


# ── crashes ───────────────────────────────────────────────────────────────────────────────────────────


def _dies(folder: Path, fields: list, body: bytes, at: int) -> None:
    """Take a message, and die at the n-th flush to the disk: before, between and behind every durable step."""
    brand = Gateway("brand", folder)
    brand.knows("acme")
    count = iter(range(1000))
    flush = os.fsync

    def dying(descriptor: int) -> None:
        if next(count) == at:
            os._exit(9)
        flush(descriptor)

    store_module.os.fsync = dying
    request, partner = brand.reception.partner(Headers(fields))
    brand.reception.take(Headers(fields), _file(folder, body), request, partner)
    os._exit(0)


def test_killed_at_every_step_between_receiving_and_the_receipt(tmp_path: Path):
    """Then the partner sends again: one delivery, and from then on one receipt, whatever died before."""
    with two(tmp_path) as (acme, _):
        acme.prepare("brand", EDI)
        fields, body = wire(acme)
    context = multiprocessing.get_context("fork")
    codes = []
    for at in range(20):
        folder = tmp_path / f"killed-{at}"
        folder.mkdir()
        child = context.Process(target=_dies, args=(folder, list(fields.items()), body, at))
        child.start()
        child.join(120)
        codes.append(child.exitcode)
        brand = Gateway("brand", folder)
        brand.knows("acme")
        brand.inbox.clean()
        assert len(list(brand.inbox.entries())) in {0, 1}
        receipts = []
        for _ in range(2):
            request, partner = brand.reception.partner(Headers(list(fields.items())))
            outcome = brand.reception.take(Headers(list(fields.items())), _file(folder, body), request, partner)
            receipts.append(b"".join(outcome.receipt.body.chunks()))
        assert brand.taken() == [EDI]
        assert receipts[0] == receipts[1]
        assert not list(brand.inbox.root.glob(".half-*"))
        if child.exitcode == 0:
            break
    assert codes[-1] == 0
    assert codes.count(9) >= 8


def _dies_sending(folder: Path, url: str, at: int) -> None:
    acme = Gateway("acme", folder)
    acme.knows("brand")
    acme.urls["brand"] = url
    count = iter(range(1000))
    flush = os.fsync

    def dying(descriptor: int) -> None:
        if next(count) == at:
            os._exit(9)
        flush(descriptor)

    store_module.os.fsync = dying
    with acme.running():
        acme.send("brand", EDI)
    os._exit(0)


def test_killed_at_every_step_of_sending(tmp_path: Path):
    """After the restart the same message goes again; the partner has it once, and it ends proven."""
    with two(tmp_path) as (_, brand):
        context = multiprocessing.get_context("fork")
        for at in range(40):
            folder = tmp_path / f"sender-{at}"
            child = context.Process(target=_dies_sending, args=(folder, brand.url, at))
            child.start()
            child.join(120)
            assert child.exitcode in {0, 9}
            acme = Gateway("acme", folder)
            acme.knows("brand")
            acme.urls["brand"] = brand.url
            acme.outbox.clean()
            with acme.running():
                for tries in range(2):
                    try:
                        assert acme.send("brand", EDI) is State.PROVEN
                    except ProcessingFailed:
                        assert tries == 0
            if child.exitcode == 0:
                break
            for entry in list(brand.inbox.entries()):
                assert brand.taken() == [EDI]
                shutil.rmtree(entry.path)
        assert child.exitcode == 0
        assert at >= 8


def test_a_message_that_moves_while_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The exchange finishes it between finding and reading; the partner still gets the stored receipt."""
    with two(tmp_path) as (acme, brand):
        acme.prepare("brand", EDI)
        fields, body = wire(acme)
        first = httpx.post(brand.url, headers=fields, content=body).content
        (entry,) = brand.inbox.entries()
        find, stale = brand.inbox.find, [entry, entry]
        monkeypatch.setattr(brand.inbox, "find", lambda key: stale.pop() if stale else find(key))
        brand.inbox.finish(entry)
        assert httpx.post(brand.url, headers=fields, content=body).content == first
        assert stale == []
        stale[:] = [entry] * 99
        assert httpx.post(brand.url, headers=fields, content=body).status_code == 503


def test_a_partner_who_takes_no_receipts_holds_up_nobody(tmp_path: Path):
    """Many messages that want their receipts at a place that never answers; others are served at once."""
    with two(tmp_path) as (acme, brand), socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        brand.knows("acme", receipt_url=url)
        acme.knows("brand", receipt={"mode": "async", "url": url})
        for number in range(12):
            assert acme.send("brand", EDI, f"later-{number}") is State.WAITING
        wait_for(lambda: len(brand.taken()) == 12)
        acme.knows("brand")
        start = time.monotonic()
        assert acme.send("brand", EDI, "now") is State.PROVEN
        assert time.monotonic() - start < 25  # a receipt's partner may take 30 s


def test_the_end_does_not_wait_for_partners(tmp_path: Path):
    """Messages that were answered are stored before the process ends; receipts nobody takes are left."""
    post_nothing = threading.Event()

    def refuse(*_: object) -> None:
        post_nothing.set()
        message = "nobody is there"
        raise TransportError(message, retryable=True)

    with two(tmp_path) as (acme, brand):
        acme.knows("brand", receipt={"mode": "async", "url": acme.url})
        receipts = Receipts(refuse, tmp_path, (0.0, 600.0))
        other = Site(brand.reception, brand.sender, tmp_path / "q", receipts, stop=receipts.stop)
        with serving(application(other)) as url:
            acme.urls["brand"] = f"{url}/as2"
            assert acme.send("brand", EDI) is State.WAITING
            assert post_nothing.wait(60)
        start = time.monotonic()
        other.close()
        assert time.monotonic() - start < 60  # of the 600 s that the receipt would wait
        assert brand.taken() == [EDI]


def test_what_died_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "old-folder").mkdir()
    for path in (tmp_path / "old", tmp_path / "new", tmp_path / "old-folder" / "x"):
        path.write_bytes(b"x")
    for name in ("old", "old-folder"):
        os.utime(tmp_path / name, (1, 1))
    store_module.sweep(tmp_path, 1000)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    store_module.sweep(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_folders_themselves_survive_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flushed: list[Path] = []
    monkeypatch.setattr(store_module, "flush_folder", flushed.append)
    Store(tmp_path / "data" / "as2")
    assert set(flushed) == {tmp_path, tmp_path / "data", tmp_path / "data" / "as2"}
    Store(tmp_path / "data" / "as2")
    assert len(flushed) == 3


def test_two_processes_store_one_message(tmp_path: Path):
    store = Store(tmp_path / "s")
    first, new = store.add("k", {"a": b"1"})
    second, again = store.add("k", {"a": b"2"})
    assert (new, again) == (True, False)
    assert (second.path / "a").read_bytes() == b"1"
    assert first.path == second.path
    store.retire(first)
    assert store.find("k") is None
    assert store.add("k", {"a": b"3"})[1]
    assert store.find("other") is None
    assert isinstance(As2Error(), TransportError)


def answered_before_it_was_opened(acme: Gateway, brand: Gateway) -> None:
    """What a process leaves that died after its answer and before it opened a message."""
    fields, body = wire(acme)
    part = brand.folder / "quarantine" / "part"
    part.write_bytes(body)
    brand.reception.keep(Headers(list(fields.items())), part)
    part.unlink()


def started_again(brand: Gateway, receipts: object) -> Site:
    again = Site(brand.reception, brand.sender, brand.folder / "q", receipts)
    application(again)
    return again


def test_what_was_answered_and_not_opened_is_opened_at_the_next_start(tmp_path: Path):
    """The sender has its 200 and does nothing more; the file and the receipt come all the same."""
    with two(tmp_path, asynchronous=True) as (acme, brand):
        entry = acme.prepare("brand", EDI)
        answered_before_it_was_opened(acme, brand)
        assert brand.taken() == []
        again = started_again(brand, Receipts(brand.post, brand.folder / "scratch", (0.0,)))
        wait_for(lambda: acme.sender.state(entry) is State.PROVEN)
        assert brand.taken() == [EDI]
        wait_for(lambda: list(brand.reception.waiting.entries()) == [])
        again.close()
        assert not list(brand.reception.waiting.root.glob(".half-*"))


def test_a_receipt_that_the_end_of_the_process_held_up_is_sent_at_the_next_start(tmp_path: Path):
    with two(tmp_path, asynchronous=True) as (acme, brand):
        entry = acme.prepare("brand", EDI)
        answered_before_it_was_opened(acme, brand)
        held = threading.Event()

        def nobody(*_: object) -> bool:
            held.set()
            again.closing.wait(60)
            return False

        again = started_again(brand, nobody)
        assert held.wait(60)
        again.close()
        assert brand.taken() == [EDI]
        assert len(list(brand.reception.waiting.entries())) == 1
        last = started_again(brand, Receipts(brand.post, brand.folder / "scratch", (0.0,)))
        wait_for(lambda: acme.sender.state(entry) is State.PROVEN)
        wait_for(lambda: list(brand.reception.waiting.entries()) == [])
        last.close()
        assert brand.taken() == [EDI]


def test_what_waits_for_a_partner_who_is_none_any_more(tmp_path: Path):
    with two(tmp_path, asynchronous=True) as (acme, brand):
        acme.prepare("brand", EDI)
        answered_before_it_was_opened(acme, brand)
        brand.partners.clear()
        started_again(brand, Receipts(brand.post, brand.folder / "scratch", ())).close()
        assert list(brand.reception.waiting.entries()) == []
        assert brand.taken() == []


def test_a_message_that_cannot_be_opened_now_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The disk is full after the answer: it is opened when it is not."""
    with two(tmp_path, asynchronous=True) as (acme, brand):

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(brand.inbox, "add", full)
            assert acme.send("brand", EDI) is State.WAITING
            time.sleep(0.2)
        assert brand.taken() == []
        started_again(brand, Receipts(brand.post, brand.folder / "scratch", (0.0,))).close()
        assert brand.taken() == [EDI]
        assert list(brand.reception.waiting.entries()) == []


def test_answered_messages_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What wants its receipt later is answered before it is opened: so many of one partner, then it has to wait."""
    with two(tmp_path, Limits(unopened=2), asynchronous=True) as (acme, brand):
        going_on, take = threading.Event(), brand.reception.take

        def slowly(*arguments: object) -> object:
            assert going_on.wait(60)
            return take(*arguments)

        monkeypatch.setattr(brand.reception, "take", slowly)
        assert [acme.send("brand", EDI, str(number)) for number in range(2)] == [State.WAITING] * 2
        with pytest.raises(TransportError, match="503") as caught:
            acme.send("brand", EDI, "2")
        assert caught.value.retryable
        going_on.set()
        wait_for(lambda: len(brand.taken()) == 2)
        time.sleep(0.1)
        assert acme.send("brand", EDI, "2") is State.WAITING
        wait_for(lambda: len(brand.taken()) == 3)
