"""Conversations with a real server: what is remembered, what is not said twice, and what goes wrong on the way."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
from pydantic import ValidationError

from gateway.answers import Verdict
from gateway.errors import ConfigurationError, TransportError, UsageError
from gateway.markets.base import Submission
from gateway.markets.client import UncertainError
from gateway.markets.simulation import Rehearsal
from gateway.submit import MarketSettings, connect
from gateway.testing import simulated, spoken_to, submitted

PACKS = [f"(01)04012345678901(21)SN{number:04d}" for number in range(1, 6)]


def note(kind: str = "make", packs=PACKS) -> Submission:
    return Submission(f"{kind}.txt", "\n".join([kind, *packs]).encode(), len(packs), kind)


def send(session, submission, **more):
    data = submission.data
    return session.submit(submission.name, io.BytesIO(data), len(data), submission.kind, **more)


def test_an_answer_has_a_word_about_each_pack(market, tmp_path):
    with (
        simulated(market.MARKET, rehearsal=Rehearsal(refuse=frozenset({"SN0003"}))) as running,
        spoken_to(running, market.NOTE, tmp_path) as session,
    ):
        receipt = send(session, note())
    assert receipt.answer.verdict is Verdict.PARTIAL
    assert [one.verdict for one in receipt.answer.serials].count(Verdict.REJECTED) == 1
    assert [str(reason) for reason in receipt.answer.rejected()[0].reasons] == ["9: unknown pack"]
    assert receipt.answer.rejected()[0].identifier == PACKS[2]
    assert b'"code": "9"' in receipt.reply


def test_what_was_answered_is_not_sent_again(market, tmp_path):
    with simulated(market.MARKET) as running:
        for repeated in (False, True):
            with spoken_to(running, market.NOTE, tmp_path) as session:
                receipt = send(session, note())
            assert receipt.repeated is repeated
            assert receipt.answer.good
        assert running.simulator.posts == 1
        with spoken_to(running, market.NOTE, tmp_path) as session:
            again = send(session, note(), again=True)
        assert again.answer.rejected()[0].reasons[0].code == "7"  # somebody wanted it


def test_what_is_refused_as_a_whole_may_be_sent_again(market, tmp_path):
    refuse = frozenset(pack.rpartition("(21)")[2] for pack in PACKS)
    with simulated(market.MARKET, rehearsal=Rehearsal(refuse=refuse)) as running:
        for _ in range(2):
            with spoken_to(running, market.NOTE, tmp_path) as session:
                assert send(session, note()).answer.verdict is Verdict.REJECTED
        assert running.simulator.posts == 2


@pytest.mark.parametrize("fault", ["lost-reply@/notes", "cut@/notes"])
def test_a_lost_reply_is_asked_for_and_nothing_is_reported_twice(market, tmp_path, fault):
    with simulated(market.MARKET, fault) as running:
        with spoken_to(running, market.NOTE, tmp_path) as session, pytest.raises(TransportError) as lost:
            send(session, note())
        assert lost.value.retryable
        assert "not known whether" in lost.value.message
        with spoken_to(running, market.NOTE, tmp_path) as session:
            assert send(session, note()).answer.good
        assert running.simulator.posts == 1
        assert set(running.simulator.reports.values()) == {1}


def test_where_the_system_cannot_be_asked_a_person_has_to_look(market, tmp_path):
    with simulated(market.MARKET, "lost-reply@/notes", "unaskable") as running:
        with spoken_to(running, market.NOTE, tmp_path) as session, pytest.raises(TransportError):
            send(session, note())
        for _ in range(2):
            with spoken_to(running, market.NOTE, tmp_path) as session, pytest.raises(UncertainError) as doubt:
                send(session, note())
            assert not doubt.value.retryable
        assert running.simulator.posts == 1


def test_a_system_that_cannot_be_reached_leaves_no_doubt(market, tmp_path):
    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        session.question("status", {"pack": PACKS[0]})  # logs in
    with (
        spoken_to(running, market.NOTE, tmp_path) as session,
        pytest.raises(TransportError, match="no connection") as gone,
    ):
        send(session, note())
    assert gone.value.retryable
    (entry,) = tmp_path.glob("*/*/entry.json")
    assert json.loads(entry.read_bytes())["uncertain"] is False


def test_busy_systems_are_asked_later(market, tmp_path):
    with (
        simulated(market.MARKET, "unavailable:1@/notes") as running,
        spoken_to(running, market.NOTE, tmp_path) as session,
    ):
        with pytest.raises(TransportError) as busy:
            send(session, note())
        assert busy.value.retryable
        assert busy.value.wait == 1
        assert send(session, note()).answer.good
        assert running.simulator.posts == 1


@pytest.mark.parametrize("fault", ["nonsense@/notes", "html-401@/notes"])
def test_a_reply_that_nobody_understands_is_kept_and_is_no_success(market, tmp_path, fault):
    with simulated(market.MARKET, fault) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        receipt = send(session, note())
        assert receipt.answer.verdict is Verdict.UNREADABLE
        assert not receipt.answer.good
        assert {one.verdict for one in receipt.answer.serials} == {Verdict.UNREADABLE}
        (kept,) = tmp_path.glob("*/*/reply-0001")
        assert kept.read_bytes() == receipt.reply
        running.troubles.clear()
        assert send(session, note()).answer.good  # nonsense: the system is asked first; 401: it took nothing
    assert running.simulator.posts == 1


def test_answers_that_come_later_are_asked_for(market, tmp_path):
    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        first = send(session, note("later"))
        assert first.answer.verdict is Verdict.PENDING
        assert first.answer.reference == "1"
        assert send(session, note("later")).repeated
        assert submitted(session, note("later")).good
        assert running.simulator.posts == 1


def test_a_reply_is_kept_and_a_secret_one_is_not(market, tmp_path):
    with (
        simulated(market.MARKET, rehearsal=Rehearsal("u", "pssst")) as running,
        spoken_to(running, market.NOTE, tmp_path, secrets=lambda _: "pssst", user="u", password="env:X") as session,
    ):
        send(session, note())
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"HTTP 200" in kept
    assert b"t1" not in kept
    assert b"pssst" not in kept


def test_a_wrong_password_is_said(market, tmp_path):
    with (
        simulated(market.MARKET, rehearsal=Rehearsal("u", "other")) as running,
        spoken_to(running, market.NOTE, tmp_path, user="u") as session,
        pytest.raises(TransportError, match="refused") as refused,
    ):
        send(session, note())
    assert not refused.value.retryable


def test_packages_that_wait_are_fetched(market, tmp_path):
    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        offers = list(session.offers())
        assert [(offer.name, offer.path, offer.stays) for offer in offers] == [
            ("n1.txt", "n1", True),
            ("n2.txt", "n2", True),
        ]
        target = io.BytesIO()
        assert session.fetch(offers[1], target) == 6
        assert target.getvalue() == b"second"
        session.acknowledge(offers[1])


def test_questions(market, tmp_path):
    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        assert session.question("status", {"pack": PACKS[0]}) == [{"pack": PACKS[0], "times": "0"}]
        with pytest.raises(UsageError, match="wants pack"):
            session.question("status", {})
        with pytest.raises(UsageError, match="no question"):
            session.question("weather", {})
        assert session.probe()[0].endswith("answers")


def test_a_command_signs(market, tmp_path):
    program = [
        sys.executable,
        "-c",
        "import sys, hashlib; sys.stdout.buffer.write(hashlib.sha1(sys.stdin.buffer.read()).digest())",
    ]
    with simulated(market.MARKET) as running:
        with spoken_to(running, market.NOTE, tmp_path, options={"signed": "yes"}, sign={"command": program}) as session:
            assert send(session, note()).answer.good
        assert len(running.simulator.signatures[0]) == 40
        for command, error, text in (
            ([sys.executable, "-c", "raise SystemExit(3)"], TransportError, "ended with 3"),
            ([sys.executable, "-c", "pass"], TransportError, "no signature"),
            (["/no/such/program"], ConfigurationError, "cannot be started"),
        ):
            with (
                spoken_to(
                    running, market.NOTE, tmp_path / "b", options={"signed": "yes"}, sign={"command": command}
                ) as session,
                pytest.raises(error, match=text),
            ):
                send(session, note())
        slow = {"command": ["sleep", "60"], "seconds": 0.2}
        with (
            spoken_to(running, market.NOTE, tmp_path / "b", options={"signed": "yes"}, sign=slow) as session,
            pytest.raises(TransportError, match="within 0") as late,
        ):
            send(session, note())
        assert late.value.retryable
        assert running.simulator.posts == 1


def test_folders_sign(market, tmp_path):
    import threading
    import time

    inbox, outbox = tmp_path / "to-sign", tmp_path / "signed"
    inbox.mkdir()
    outbox.mkdir()

    def signer():
        while not (found := list(inbox.glob("*.bin"))):
            time.sleep(0.01)
        (outbox / f"{found[0].stem}.sig").write_bytes(b"signature")

    thread = threading.Thread(target=signer)
    thread.start()
    with (
        simulated(market.MARKET) as running,
        spoken_to(
            running,
            market.NOTE,
            tmp_path,
            options={"signed": "yes"},
            sign={"to-sign": str(inbox), "signed": str(outbox), "seconds": 20},
        ) as session,
    ):
        assert send(session, note()).answer.good
        assert running.simulator.signatures == [b"signature".hex()]
    thread.join()
    assert not list(inbox.iterdir())
    assert not list(outbox.iterdir())


def test_two_processes_do_not_send_the_same(market, tmp_path):
    import fcntl

    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        send(session, note())
        (lock,) = tmp_path.glob("*/*/lock")
        held = os.open(lock, os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TransportError, match="another process") as busy:
            send(session, note())
        os.close(held)
        assert busy.value.retryable


def test_a_damaged_memory_stops_everything(market, tmp_path):
    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        send(session, note())
        (entry,) = tmp_path.glob("*/*/entry.json")
        entry.write_bytes(b"{")
        with pytest.raises(ConfigurationError, match="damaged"):
            send(session, note())
        assert running.simulator.posts == 1


def test_a_memory_that_cannot_be_written_stops_before_anything_is_sent(market, tmp_path):
    memory = tmp_path / "file"
    memory.write_text("no folder")
    with (
        simulated(market.MARKET) as running,
        spoken_to(running, market.NOTE, memory) as session,
        pytest.raises(TransportError, match="remembered"),
    ):
        send(session, note())
    assert not running.calls


def test_replies_have_a_bound(market, tmp_path):
    many = [f"(01)04012345678901(21)S{number:06d}" for number in range(50)]
    with (
        simulated(market.MARKET) as running,
        spoken_to(running, market.NOTE, tmp_path, max_reply=1024) as session,
        pytest.raises(TransportError, match="more than 1,024 bytes") as large,
    ):
        send(session, note(packs=many))
    assert not large.value.retryable
    (entry,) = tmp_path.glob("*/*/entry.json")
    assert json.loads(entry.read_bytes())["uncertain"] is True


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"url": "http://127.0.0.1:1"}, "plain-http"),
        ({"url": "http://its.example", "plain-http": True}, "127.0.0.1"),
        ({"url": "https://its.example", "plain-http": True}, "127.0.0.1"),
        ({"message": "tr-nothing"}, "no market message"),
        ({"message": "eg-eptts-csv"}, "no machine"),
        ({"message": ""}, "name the market message"),
        ({"options": {"brunch": "1"}}, "branch"),
        ({"options": {"signed": "perhaps"}}, "cannot be"),
        ({"sign": {"command": ["a"], "to-sign": "b", "signed": "c"}}, "either"),
        ({"sign": {"to-sign": "b"}}, "either"),
        ({"password": "open"}, "by reference"),
        ({"options": {"branch": "1"}, "secret-options": {"branch": "env:B"}}, "stands under"),
        ({"sign": {"command": "sh -c x"}}, "tuple"),
    ],
)
def test_settings_that_cannot_work_are_refused(market, values, text):
    with pytest.raises(ValidationError) as wrong:
        MarketSettings.model_validate({"url": "https://its.example", "message": "xx-note", **values})
    assert text in str(wrong.value)


def test_an_address_on_a_private_network_is_refused(market, tmp_path):
    settings = MarketSettings.model_validate({"url": "https://127.0.0.1:1", "message": "xx-note", "memory": tmp_path})
    with connect(settings, str) as session, pytest.raises(TransportError, match="private"):
        session.question("status", {"pack": "1"})


def test_tls_with_a_certificate_of_the_simulator(market, tmp_path):
    from gateway.web.self_made import context
    from gateway.web.simulate import simulating

    with simulating(market.MARKET.simulation, tls=context(tmp_path)) as running:
        values = {"url": running.url, "message": "xx-note", "memory": tmp_path / "m", "private-addresses": True}
        with (
            connect(MarketSettings.model_validate(values), str) as session,
            pytest.raises(TransportError, match="certificate is not valid"),
        ):
            send(session, note())
        trusting = MarketSettings.model_validate({**values, "ca": str(tmp_path / "simulator.pem")})
        with connect(trusting, str) as session:
            assert send(session, note()).answer.good


def test_only_registered_places_are_followed(market, tmp_path):
    from gateway.markets.client import Call

    def elsewhere(path):
        yield Call("GET", path)

    with simulated(market.MARKET) as running, spoken_to(running, market.NOTE, tmp_path) as session:
        for path in ("https://evil.example/x", "http://127.0.0.1:1/x", "file:///etc/passwd"):
            with pytest.raises(TransportError, match="sends us to"):
                session._driver.run(elsewhere(path))
        session._driver.run(elsewhere("//evil.example/"))
        assert [path for _, path in running.calls] == ["/evil.example/"]


@pytest.mark.parametrize("fault", ["html-401:1@/notes/", "nonsense:1@/notes/"])
def test_a_question_without_an_answer_ends_no_waiting(market, tmp_path, fault):
    with simulated(market.MARKET, fault) as running:
        submission = note("later")
        data = submission.data
        with spoken_to(running, market.NOTE, tmp_path) as session:
            assert send(session, submission).answer.verdict is Verdict.PENDING
        with (
            spoken_to(running, market.NOTE, tmp_path) as session,
            pytest.raises(TransportError, match="no answer") as no,
        ):
            session.ask(submission.name, io.BytesIO(data), len(data), submission.kind)
        assert no.value.retryable
        for _ in range(2):
            with spoken_to(running, market.NOTE, tmp_path) as session:
                answer = session.ask(submission.name, io.BytesIO(data), len(data), submission.kind).answer
        assert answer.good
        assert running.simulator.posts == 1
