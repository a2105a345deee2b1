"""Interoperation with a real OpenAS2 server: both directions, every combination that it has, equal MICs."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import socket
import time
from pathlib import Path

import pytest

from gateway.transports.as2 import Content, File, Headers
from gateway.transports.as2.errors import As2Error, DecryptionFailed, ReceiptRefused
from gateway.transports.as2_http.sending import State
from tests.peers import openas2
from tests.peers.openas2 import PEER, OpenAs2, Partnership
from tests.transports.as2.ends import EDI, identity, pin
from tests.transports.as2.sites import Gateway

SIGNS, CIPHERS = ("sha256", "sha512", None), ("aes128-cbc", "aes256-cbc", None)
COMPRESSIONS = ("none", "before", "after")
COMBINATIONS = list(itertools.product(SIGNS, CIPHERS, COMPRESSIONS, ("sync", "async")))
DATA = EDI + bytes(range(256)) * 4 + b"\r\n\n\r"


def us_for(combination: tuple) -> str:
    return f"US{COMBINATIONS.index(combination):02d}"


def partnership(combination: tuple, port: int) -> Partnership:
    sign, cipher, compression, mode = combination
    return Partnership(
        us_for(combination),
        (sign or "").upper(),
        (cipher or "").removesuffix("-cbc").upper(),
        "" if compression == "none" else compression,
        f"http://127.0.0.1:{port + 1}/" if mode == "async" else "",
    )


class Site:
    """Our end with an id for each combination, and the peer."""

    def __init__(self, gateway: Gateway, peer: OpenAs2) -> None:
        self.gateway, self.peer = gateway, peer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    """Both ends, running. Without Java and Maven CI fails; elsewhere the tests are skipped."""
    if not openas2.class_path():
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs java and mvn, to run OpenAS2")
        pytest.skip("this machine cannot run OpenAS2 (java, mvn and a Maven repository)")
    folder = tmp_path_factory.mktemp("openas2")
    gateway = Gateway("US", folder / "us")
    port = free_ports()
    with gateway.running():
        for combination in COMBINATIONS:
            knows(gateway, us_for(combination), combination, f"http://127.0.0.1:{port + 1}/")
        gateway.partner = lambda them, us: gateway.partners.get(us) if them == PEER else None  # type: ignore[method-assign]
        gateway.reception._partners = gateway.partner
        partnerships = [partnership(combination, port) for combination in COMBINATIONS]
        with openas2.serve(folder / "peer", port, identity(PEER), pin("US"), gateway.url, partnerships) as peer:
            yield Site(gateway, peer)


def free_ports() -> int:
    """The first of two free ports in a row."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return int(port)
            except OSError:
                continue


def knows(gateway: Gateway, us: str, combination: tuple, receipt_url: str, **changes: object) -> None:
    sign, cipher, compression, mode = combination
    receipt = {"mode": mode} | ({"url": gateway.url} if mode == "async" else {})
    if sign:
        receipt["micalgs"] = [sign]
    settings = {
        "preset": "openas2",
        "sign": {"digest": sign} if sign else None,
        "encrypt": {"cipher": cipher} if cipher else None,
        "compress": compression,
        "receipt": receipt,
        "must-sign": sign is not None,
        "must-encrypt": cipher is not None,
        "receipt-url": receipt_url,
        "message-id-domain": "us.example",
    }
    gateway.knows(PEER, **(settings | changes))
    found = gateway.partners.pop(PEER)
    stated = found.settings.model_copy(update={"us": us})
    gateway.partners[us] = type(found)(stated, found.ours, found.theirs)


def wait_for(condition: object, what: object, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


def send(site: Site, us: str, data: bytes, delivery: str) -> State:
    sender, partner = site.gateway.sender, site.gateway.partners[us]
    entry = sender.prepare(partner, (File(Content.of(data), "application/octet-stream", "a b.bin"),), delivery)
    sender.send(entry, partner, site.peer.url)
    wait_for(lambda: sender.state(entry) in {State.PROVEN, State.REFUSED}, site.peer.log)
    return sender.state(entry)


def test_ours_to_them_in_every_combination(site: Site):
    """Proven means: their receipt is signed by their certificate and holds our MIC."""
    before = len(site.peer.received())
    for number, combination in enumerate(COMBINATIONS):
        data = DATA + str(number).encode()
        assert send(site, us_for(combination), data, f"out-{number}") is State.PROVEN, combination
        assert data in site.peer.received(), combination
    assert len(site.peer.received()) - before == len(COMBINATIONS)


def test_theirs_to_us_in_every_combination(site: Site):
    """Their server checks signature and MIC of our receipts, and says so in its log."""
    expected = {DATA + b"in" + str(number).encode() for number in range(len(COMBINATIONS))}
    for number, combination in enumerate(COMBINATIONS):
        site.peer.send(us_for(combination), DATA + b"in" + str(number).encode())
    wait_for(lambda: expected <= set(site.gateway.taken()), site.peer.log, 240)
    records = [entry.json("record") for entry in site.gateway.inbox.entries()]
    assert len(records) == len(COMBINATIONS)
    for record in records:
        sign, cipher, compression, _ = COMBINATIONS[int(record["receiver"][2:])]
        layers = ["encrypted"] * bool(cipher) + ["compressed"] * (compression == "after" and bool(sign))
        layers += ["signed"] * bool(sign) + ["compressed"] * (compression != "none" and "compressed" not in layers)
        assert record["layers"] == layers, record
        assert record["digest"] == (sign or "")

    def settled() -> bool:
        log = site.peer.log()
        return log.count(f"received MDN [{GOOD}] [<OPENAS2-") >= len(COMBINATIONS) or "not matched" in log

    wait_for(settled, site.peer.log, 240)
    assert "MIC not matched" not in site.peer.log()


GOOD = "automatic-action/MDN-sent-automatically; processed"


@pytest.mark.parametrize(
    ("encrypt", "error"),
    [
        # It does not know the type, stores the encrypted bytes as if they were the file, and says "processed"; only
        # the MIC shows that it has something else.
        ({"cipher": "aes256-gcm"}, ReceiptRefused),
        ({"key-transport": "oaep"}, DecryptionFailed),
    ],
)
def test_what_they_cannot_do(site: Site, encrypt: dict, error: type[As2Error]):
    base = ("sha256", "aes256-cbc", "none", "sync")
    us = us_for(base)
    kept = site.gateway.partners[us]
    knows(site.gateway, us, base, "", encrypt=encrypt)
    try:
        with pytest.raises(As2Error) as caught:
            send(site, us, DATA, f"cannot-{error.__name__}")
    finally:
        site.gateway.partners[us] = kept
    assert type(caught.value) is error, caught.value
    assert caught.value.by_partner is (error is DecryptionFailed)


def test_a_repetition_is_known_to_us(site: Site):
    """Their message once more, byte for byte: the stored receipt again, and no second file."""
    entry = next(e for e in site.gateway.inbox.entries() if e.json("record")["layers"] == ["encrypted", "signed"])
    headers = Headers([(name, value) for name, value in entry.json("fields")])
    before = len(site.gateway.taken())
    request, partner = site.gateway.reception.partner(headers)
    site.gateway.now += dt.timedelta(minutes=5)
    outcome = site.gateway.reception.take(headers, entry.region("wire"), request, partner)
    assert outcome.repeated
    assert b"".join(outcome.receipt.body.chunks()) == Path(entry.path / "receipt").read_bytes()
    assert len(site.gateway.taken()) == before
