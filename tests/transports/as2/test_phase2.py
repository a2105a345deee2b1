"""Interoperation with phase2 (as2-lib): both directions, every combination that it has, equal MICs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from gateway.transports.as2.errors import ReceiptRefused
from gateway.transports.as2_http.sending import State
from tests.peers import phase2
from tests.peers.phase2 import PEER, Partnership, Phase2
from tests.transports.as2 import peering
from tests.transports.as2.ends import identity, pin
from tests.transports.as2.peering import DATA, Combination
from tests.transports.as2.sites import Gateway

GCM = ("aes128-gcm", "aes256-gcm")
COMBINATIONS: list[Combination] = list(
    itertools.product(
        ("sha256", "sha512", None),
        ("aes128-cbc", "aes256-cbc", *GCM, None),
        ("none", "before", "after"),
        ("sync", "async"),
    )
)


@dataclass
class Site:
    """Our end and the peer."""

    gateway: Gateway
    peer: Phase2


def us_for(combination: Combination) -> str:
    return peering.us_for(COMBINATIONS, combination)


def partnership(combination: Combination, port: int) -> Partnership:
    sign, cipher, compression, mode = combination
    return Partnership(
        us_for(combination),
        (sign or "").replace("sha", "sha-"),
        cipher or "",
        "" if compression == "none" else compression,
        f"http://127.0.0.1:{port + 1}/" if mode == "async" else "",
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    """Both ends, running."""
    peering.needed(phase2.class_path(), "phase2")
    folder = tmp_path_factory.mktemp("phase2")
    gateway = Gateway("US", folder / "us")
    port = peering.free_ports()
    with gateway.running():
        for combination in COMBINATIONS:
            knows(gateway, us_for(combination), combination, f"http://127.0.0.1:{port + 1}/")
        peering.our_end(gateway, PEER)
        stated = [partnership(combination, port) for combination in COMBINATIONS]
        with phase2.serve(folder / "peer", port, identity(PEER), pin("US"), gateway.url, stated) as peer:
            yield Site(gateway, peer)


def knows(gateway: Gateway, us: str, combination: Combination, receipt_url: str, **changes: object) -> None:
    peering.knows(gateway, PEER, us, combination, receipt_url, preset="phase2", **changes)


def test_ours_to_them_in_every_combination(site: Site):
    """Proven means: their receipt is signed by their certificate and holds our MIC."""
    combinations = [combination for combination in COMBINATIONS if combination[1] not in GCM]
    assert len(combinations) == 54
    for number, combination in enumerate(combinations):
        data = DATA + str(number).encode()
        state = peering.send(site.gateway, us_for(combination), site.peer.url, data, f"out-{number}")
        assert state is State.PROVEN, combination
        assert data in site.peer.received(), combination
    assert len(site.peer.received()) == 54


def test_theirs_to_us_in_every_combination(site: Site):
    """They compare the MIC of our receipts with their own, and say so."""
    expected = {DATA + b"in" + us_for(combination).encode() for combination in COMBINATIONS}
    for combination in COMBINATIONS:
        site.peer.send(us_for(combination), DATA + b"in" + us_for(combination).encode())

    def settled() -> bool:
        return len(judged(site, "match") | judged(site, "mismatch")) == len(COMBINATIONS)

    peering.wait_for(settled, site.peer.log)
    assert set(site.gateway.taken()) == expected
    records = [entry.json("record") for entry in site.gateway.inbox.entries()]
    assert len(records) == len(COMBINATIONS)
    for record in records:
        combination = COMBINATIONS[int(record["receiver"][2:])]
        assert record["layers"] == peering.layers_of(combination), record
        assert (record["digest"], record["cipher"]) == (combination[0] or "", combination[1] or ""), record
    # Without a signature it says that it compresses before signing, makes the MIC of the compressed part, and means by
    # the same bytes on the wire something else than where it compresses after signing (RFC 5402, 4.3: expanded).
    wrong = {combination for combination in COMBINATIONS if combination[0] is None and combination[2] == "before"}
    assert judged(site, "mismatch") == wrong
    assert judged(site, "match") == set(COMBINATIONS) - wrong
    assert site.peer.heard("failed") == []


def judged(site: Site, word: str) -> set[Combination]:
    """Combinations of messages of theirs whose receipts they judged so; the peer's message ids end with our id."""
    return {COMBINATIONS[int(words[0].rpartition("_US")[2].rstrip(">"))] for words in site.peer.heard(word)}


BASE = ("sha256", "aes256-cbc", "none", "sync")


def with_changes(site: Site, delivery: str, **changes: object) -> State:
    """Send with other settings."""
    us = us_for(BASE)
    kept = site.gateway.partners[us]
    knows(site.gateway, us, BASE, "", **changes)
    try:
        return peering.send(site.gateway, us, site.peer.url, DATA, delivery)
    finally:
        site.gateway.partners[us] = kept


@pytest.mark.parametrize(
    "changes",
    [
        {"encrypt": {"cipher": "aes256-cbc", "key-transport": "oaep"}},
        {"encrypt": {"cipher": "aes192-cbc"}},
        {"sign": {"digest": "sha384"}, "receipt": {"mode": "sync", "micalgs": ["sha384"]}},
        {"sign": {"digest": "sha256", "padding": "pss"}},
    ],
    ids=["oaep", "aes192", "sha384", "pss"],
)
def test_what_else_they_can_do(site: Site, changes: dict, request: pytest.FixtureRequest):
    assert with_changes(site, f"else-{request.node.callspec.id}", **changes) is State.PROVEN


@pytest.mark.parametrize(
    "changes",
    [
        # They store AuthEnvelopedData as if it were the file, and say "processed"; only the MIC shows what happened.
        {"encrypt": {"cipher": "aes256-gcm"}},
        # They expand before they make the MIC, against RFC 5402, 4.1; the preset allows for it.
        {"expanded-mic": False, "compress": "before"},
    ],
    ids=["gcm", "mic"],
)
def test_what_they_cannot_do(site: Site, changes: dict, request: pytest.FixtureRequest):
    with pytest.raises(ReceiptRefused, match="received something else"):
        with_changes(site, f"cannot-{request.node.callspec.id}", **changes)
