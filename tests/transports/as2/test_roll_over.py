"""Rehearsal of a roll-over: both ends get new certificates, for signing and encrypting, while messages go both ways."""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx
import pytest

from gateway.transports.as2.errors import DecryptionFailed
from gateway.transports.as2.validity import Listed
from gateway.transports.as2_http.sending import State
from gateway.transports.as2_http.store import fields_of
from tests.transports.as2.ends import EDI, identity, pin
from tests.transports.as2.sites import ALL, Gateway, two

SWITCH = dt.timedelta(days=1)


def changed(gateway: Gateway, them: str, **lists: tuple[Listed, ...]) -> None:
    """What an operator's new agreement comes to; a message under way keeps the old one."""
    gateway.partners[them] = replace(gateway.partners[them], **lists)


def lists_ours(gateway: Gateway, them: str) -> None:
    """A new key beside the old one, used for signing from the switch on."""
    partner = gateway.partners[them]
    new = Listed(identity(f"{gateway.name}-2"), ALL, gateway.now + SWITCH)
    changed(gateway, them, ours=(*partner.ours, new))


def lists_theirs(gateway: Gateway, them: str) -> None:
    """The partner's new certificate beside the old one; we encrypt for both from now on."""
    changed(gateway, them, theirs=(*gateway.partners[them].theirs, Listed(pin(f"{them}-2"), ALL)))


def drops_ours(gateway: Gateway, them: str) -> None:
    changed(gateway, them, ours=gateway.partners[them].ours[1:])


def drops_theirs(gateway: Gateway, them: str) -> None:
    changed(gateway, them, theirs=gateway.partners[them].theirs[1:])


class Traffic:
    """Sends from one end without a pause, until it is stopped; every message has to be proven at its first try."""

    def __init__(self, sender: Gateway, them: str) -> None:
        self.sender, self.them = sender, them
        self.sent = 0
        self.failed: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            number = self.sent + 1
            try:
                state = self.sender.send(self.them, EDI + str(number).encode(), f"rolling-{number}")
                if state is not State.PROVEN:
                    self.failed.append(f"{number} {state}")
            except Exception as error:  # noqa: BLE001  whatever it is, the test tells it
                self.failed.append(f"{number} {type(error).__name__} {error}")
            self.sent = number

    def passes(self) -> None:
        """Wait until a message that was begun after now is done."""
        wanted, end = self.sent + 2, time.monotonic() + 60
        while self.sent < wanted:
            assert time.monotonic() < end, self.failed
            time.sleep(0.01)


ORDERS = {
    "who gets new keys lists them first": ("lists_ours", "lists_theirs"),
    "who hears of them lists them first": ("lists_theirs", "lists_ours"),
}
DROPS = {
    "own keys go first": ("drops_ours", "drops_theirs"),
    "the partner's go first": ("drops_theirs", "drops_ours"),
}


@pytest.mark.parametrize(("listing", "dropping", "first"), list(zip(ORDERS, DROPS, ("acme", "brand"), strict=True)))
def test_no_message_is_lost_while_both_ends_roll_over(tmp_path: Path, listing: str, dropping: str, first: str):
    """Who gets new keys first is switched to them before the other one begins; traffic goes both ways all the time."""
    with two(tmp_path) as (acme, brand):
        ends = {"acme": acme, "brand": brand}
        brand.knows("acme", receipt={"mode": "sync"}, receipt_url=acme.url)
        with Traffic(acme, "brand") as there, Traffic(brand, "acme") as back:

            def step(act: str, owner: str) -> None:
                """One operator does one thing, then messages go both ways."""
                other = "brand" if owner == "acme" else "acme"
                doer, partner = (owner, other) if act.endswith("ours") else (other, owner)
                globals()[act](ends[doer], partner)
                there.passes()
                back.passes()

            for owner in (first, "brand" if first == "acme" else "acme"):
                for act in ORDERS[listing]:
                    step(act, owner)
                for end in ends.values():  # both clocks pass the switch, one after the other
                    end.now += 2 * SWITCH
                    there.passes()
                    back.passes()
                for act in DROPS[dropping]:
                    step(act, owner)
        assert (there.failed, back.failed) == ([], [])
        for traffic, receiver in ((there, brand), (back, acme)):
            assert sorted(receiver.taken()) == sorted(EDI + str(n).encode() for n in range(1, traffic.sent + 1))
            assert len(receiver.partners) == 1
        last = max(acme.outbox.entries(), key=lambda entry: entry.path.stat().st_mtime_ns)
        assert last.json("proven")["by"] == pin("brand-2").fingerprint
        newest = max(brand.inbox.entries(), key=lambda entry: entry.path.stat().st_mtime_ns)
        assert newest.json("record")["signer"] == pin("acme-2").fingerprint


def both_lists(acme: Gateway, brand: Gateway) -> None:
    """Brand gets a new key, and nobody knows the old one any more."""
    for act, end, them in (
        (lists_ours, brand, "acme"),
        (lists_theirs, acme, "brand"),
        (drops_ours, brand, "acme"),
        (drops_theirs, acme, "brand"),
    ):
        if act is drops_ours:
            acme.now += 2 * SWITCH
            brand.now += 2 * SWITCH
        act(end, them)


def test_a_message_that_was_built_before_the_roll_over_goes_after_it(tmp_path: Path):
    """It is encrypted for a key that is gone: it is refused, then built anew under the same id."""
    with two(tmp_path) as (acme, brand):
        entry = acme.prepare("brand", EDI)
        message_id = entry.json("record")["message-id"]
        both_lists(acme, brand)
        with pytest.raises(DecryptionFailed) as caught:
            acme.send("brand", EDI)
        assert caught.value.by_partner
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]
        (again,) = acme.outbox.entries()
        assert again.json("record")["message-id"] == message_id


def test_a_receipt_that_was_lost_before_the_roll_over_comes_by_the_new_key(tmp_path: Path):
    """The partner has the message; its stored receipt is by a certificate that we trust no more."""
    with two(tmp_path) as (acme, brand):
        entry = acme.prepare("brand", EDI)
        body = b"".join(entry.region("wire").chunks())
        assert httpx.post(brand.url, headers=dict(fields_of(entry.json("fields"))), content=body).status_code == 200
        (stored,) = brand.inbox.entries()
        before = (stored.path / "receipt").read_bytes()
        both_lists(acme, brand)
        with pytest.raises(DecryptionFailed):
            acme.send("brand", EDI)
        assert acme.send("brand", EDI) is State.PROVEN
        assert brand.taken() == [EDI]
        assert (stored.path / "receipt").read_bytes() == before
