"""Interoperation with a real OpenAS2 server: both directions, every combination that it has, equal MICs."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest

from gateway.transports.as2 import Headers
from gateway.transports.as2.errors import As2Error, DecryptionFailed, ReceiptRefused
from gateway.transports.as2_http.sending import State
from tests.peers import openas2
from tests.peers.openas2 import PEER, OpenAs2, Partnership
from tests.transports.as2 import peering
from tests.transports.as2.ends import identity, pin
from tests.transports.as2.peering import DATA, Combination
from tests.transports.as2.sites import Gateway

SIGNS, CIPHERS = ("sha256", "sha512", None), ("aes128-cbc", "aes256-cbc", None)
COMPRESSIONS = ("none", "before", "after")
COMBINATIONS: list[Combination] = list(itertools.product(SIGNS, CIPHERS, COMPRESSIONS, ("sync", "async")))


def us_for(combination: Combination) -> str:
    return peering.us_for(COMBINATIONS, combination)


def partnership(combination: Combination, port: int) -> Partnership:
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
    """Both ends, running."""
    peering.needed(openas2.class_path(), "OpenAS2")
    folder = tmp_path_factory.mktemp("openas2")
    gateway = Gateway("US", folder / "us")
    port = peering.free_ports()
    with gateway.running():
        for combination in COMBINATIONS:
            knows(gateway, us_for(combination), combination, f"http://127.0.0.1:{port + 1}/")
        peering.our_end(gateway, PEER)
        partnerships = [partnership(combination, port) for combination in COMBINATIONS]
        with openas2.serve(folder / "peer", port, identity(PEER), pin("US"), gateway.url, partnerships) as peer:
            yield Site(gateway, peer)


def knows(gateway: Gateway, us: str, combination: Combination, receipt_url: str, **changes: object) -> None:
    peering.knows(gateway, PEER, us, combination, receipt_url, preset="openas2", **changes)


def send(site: Site, us: str, data: bytes, delivery: str) -> State:
    return peering.send(site.gateway, us, site.peer.url, data, delivery)


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
    peering.wait_for(lambda: expected <= set(site.gateway.taken()), site.peer.log, 240)
    records = [entry.json("record") for entry in site.gateway.inbox.entries()]
    assert len(records) == len(COMBINATIONS)
    for record in records:
        combination = COMBINATIONS[int(record["receiver"][2:])]
        assert record["layers"] == peering.layers_of(combination), record
        assert record["digest"] == (combination[0] or "")

    def settled() -> bool:
        log = site.peer.log()
        return log.count(f"received MDN [{GOOD}] [<OPENAS2-") >= len(COMBINATIONS) or "not matched" in log

    peering.wait_for(settled, site.peer.log, 240)
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
