"""Conversations with a regulator's system are played without a network."""

from __future__ import annotations

import pytest

from gateway.answers import Answer, Verdict
from gateway.markets.client import Account, Call, Keep, Reply, Sign, Wait, play
from gateway.markets.simulation import Rehearsal
from gateway.options import Setting


def conversation():
    signature = yield Sign(b"document")
    assert (yield Keep("7")) is None
    assert (yield Wait(3)) is None
    reply = yield Call("POST", "/send", body=signature, once=True)
    return Answer(Verdict.ACCEPTED if reply.status == 200 else Verdict.REJECTED, reference=reply.body.decode())


def test_a_conversation_gets_replies_and_signatures_and_gives_an_answer():
    seen = []

    def reply(call):
        seen.append(call)
        return Reply(200, body=b"N1")

    answer = play(conversation(), reply, lambda data: data[::-1])
    assert answer == Answer(Verdict.ACCEPTED, reference="N1")
    assert seen == [Call("POST", "/send", body=b"tnemucod", once=True)]


def test_without_a_signer_a_conversation_that_wants_one_ends():
    with pytest.raises(ValueError, match="signature"):
        play(conversation(), lambda _: Reply(200))


def test_an_account_gives_its_options_and_shows_no_password():
    setting = Setting("profile", "which", ("a", "b"), "a")
    assert Account().option(setting) == "a"
    assert Account(options={"profile": "b"}).option(setting) == "b"
    assert "geheim" not in repr(Account(user="8680001", password="geheim", memory={"token": "geheim"}))


def test_a_rehearsal_draws_the_same_ids_in_each_run():
    first, second = Rehearsal(), Rehearsal()
    assert [first.ids() for _ in range(3)] == [second.ids() for _ in range(3)] == ["1", "2", "3"]
