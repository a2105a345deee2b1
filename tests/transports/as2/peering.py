"""Our end for tests with real servers of others: an id of ours for each combination of what AS2 can do."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import pytest

from gateway.transports.as2 import Content, File
from gateway.transports.as2_http.sending import State
from tests.transports.as2.ends import EDI
from tests.transports.as2.sites import Gateway

DATA = EDI + bytes(range(256)) * 4 + b"\r\n\n\r"
Combination = tuple[str | None, str | None, str, str]
"""Hash function of the signature, cipher, compression, and when the receipt comes; None for not at all."""


def us_for(combinations: list[Combination], combination: Combination) -> str:
    return f"US{combinations.index(combination):02d}"


def layers_of(combination: Combination) -> list[str]:
    """What a message of theirs has to be made of."""
    sign, cipher, compression, _ = combination
    layers = ["encrypted"] * bool(cipher) + ["compressed"] * (compression == "after" and bool(sign))
    return layers + ["signed"] * bool(sign) + ["compressed"] * (compression != "none" and "compressed" not in layers)


def needed(class_path: str, name: str) -> None:
    """Without Java and Maven CI fails; elsewhere the tests are skipped."""
    if not class_path:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs java, javac and mvn, to run {name}")
        pytest.skip(f"this machine cannot run {name} (java, javac, mvn and a Maven repository)")


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


def our_end(gateway: Gateway, peer: str) -> None:
    """Make a gateway answer to all the ids that `knows` gives it."""
    gateway.partner = lambda them, us: gateway.partners.get(us) if them == peer else None  # type: ignore[method-assign]
    gateway.reception._partners = gateway.partner


def knows(gateway: Gateway, peer: str, us: str, combination: Combination, receipt_url: str, **changes: object) -> None:
    sign, cipher, compression, mode = combination
    receipt: dict[str, object] = {"mode": mode} | ({"url": gateway.url} if mode == "async" else {})
    if sign:
        receipt["micalgs"] = [sign]
    settings = {
        "sign": {"digest": sign} if sign else None,
        "encrypt": {"cipher": cipher} if cipher else None,
        "compress": compression,
        "receipt": receipt,
        "must-sign": sign is not None,
        "must-encrypt": cipher is not None,
        "receipt-url": receipt_url,
        "message-id-domain": "us.example",
    }
    gateway.knows(peer, **(settings | changes))
    found = gateway.partners.pop(peer)
    gateway.partners[us] = type(found)(found.settings.model_copy(update={"us": us}), found.ours, found.theirs)


def wait_for(condition: Callable[[], bool], what: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.05)


def send(gateway: Gateway, us: str, url: str, data: bytes, delivery: str, seconds: float = 120) -> State:
    """Send a file and wait for its receipt."""
    sender, partner = gateway.sender, gateway.partners[us]
    entry = sender.prepare(partner, (File(Content.of(data), "application/octet-stream", "a b.bin"),), delivery)
    sender.send(entry, partner, url)
    wait_for(lambda: sender.state(entry) in {State.PROVEN, State.REFUSED}, lambda: entry.json("tries"), seconds)
    return sender.state(entry)
