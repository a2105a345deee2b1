"""Submissions that a regulator may have taken: they wait for an operator's word, and go on by it."""

from __future__ import annotations

import contextlib

import pytest

from gateway.answers import SerialAnswer, Verdict
from gateway.cli import settle as command
from gateway.errors import GatewayError, UsageError
from gateway.exchange.ledger import audit
from gateway.exchange.operations import metrics, settling
from gateway.exchange.operations.actions import cancel
from gateway.exchange.operations.settling import Word
from gateway.testing import simulated
from tests.exchange.test_commands import gateway
from tests.submit.runs import once, verdicts
from tests.submit.story import document, made, serials

LOST = ("lost-reply:1@/notes", "unaskable")
DELIVERIES = "SELECT state FROM deliveries ORDER BY id"


def settle(site, *words):
    return gateway("settle", *words, "--why", "asked the help desk", "-C", str(site.root))


def whole(site):
    workspace = site.workspace()
    with workspace.database.read() as session:
        assert [str(fault) for fault in audit.verify(session)] == []
    workspace.close()


@contextlib.contextmanager
def opened(site):
    workspace = site.workspace()
    try:
        yield workspace
    finally:
        workspace.close()


def test_what_is_not_known_waits_and_what_was_not_taken_goes_first(market, place):
    with simulated(market.MARKET, *LOST) as running:
        site = place(running.url)
        site.drop("1.xml", document(made(serials(3))))
        once(site, wait=0, expect=5)
        site.drop("2.xml", document(made(serials(3, 11))))
        site.drop("1-again.xml", document(made(serials(3))))
        once(site, wait=0, expect=5)
        assert running.simulator.posts == 1
        assert site.rows(DELIVERIES) == [("uncertain",), ("waiting",)]
        first, *others = site.messages()
        assert (first.state, first.reason) == (
            "awaiting",
            "it is not known whether regulator took it; find out, then: gateway settle 1",
        )
        assert sorted(message.state for message in others) == ["delivering", "duplicate"]  # not sent as a new one
        assert f"gateway settle {first.id}.001" in gateway("show", "1", "-C", str(site.root))
        assert gateway("messages", "--uncertain", "-C", str(site.root)).count("1.xml") == 1
        assert "uncertain:regulator" in gateway("alerts", "list", "-C", str(site.root))
        with opened(site) as workspace:
            told = metrics.prometheus(metrics.metrics(workspace.queries, workspace.clock()))
        assert 'gateway_uncertain_deliveries{receiver="regulator"} 1\n' in told
        running.simulator.reports.clear()  # it never had them
        assert "not taken; it is sent again" in settle(site, "1", "--not-taken")
        whole(site)
        once(site)
        posts = [body for method, path, *body in running.calls if (method, path) == ("POST", "/notes")]
        assert len(posts) == 3
    sent = site.rows("SELECT name FROM deliveries WHERE state = 'delivered' ORDER BY delivered_at")
    assert [first.id in name for (name,) in sent] == [True, False]
    assert verdicts(site) == {"accepted": 6}
    assert [m.state for m in site.messages() if m.state != "duplicate"] == ["done", "done"]
    assert "uncertain" not in gateway("alerts", "list", "-C", str(site.root))
    whole(site)


def test_what_was_taken_has_the_answer_that_was_found_out(market, place, tmp_path):
    with simulated(market.MARKET, *LOST) as running:
        site = place(running.url)
        site.drop("1.xml", document(made(serials(3))))
        once(site, expect=5)
        results = tmp_path / "packs.csv"
        results.write_text(f"identifier,verdict,code,text\n{serials(1)[0]},rejected,9,unknown pack\n")
        said = settle(site, "1", "--taken", "--reference", "r-7", "--results", str(results), "--others", "accepted")
        assert "taken; the message is failed" in said
        assert verdicts(site) == {"accepted": 2, "rejected": 1}
        (message,) = site.messages()
        assert message.reason == "regulator answered: partial, 1 of 3 identifiers"
        shown = gateway("show", "1", "-C", str(site.root))
        assert "(01)08699999000010(21)SN0001: rejected, 9: unknown pack" in shown
        assert "asked the help desk" in shown
        assert "asked the help desk" in gateway("audit", "list", "--action", "settled", "-C", str(site.root))
        whole(site)
        with pytest.raises(AssertionError, match="nothing of"):  # it is known now
            settle(site, "1", "--taken")
        gateway("resend", "1", "-C", str(site.root))
        once(site, expect=5)
        assert running.simulator.posts == 1  # the transport's memory knows it, too
    assert [delivery for (delivery,) in site.rows(DELIVERIES)] == ["delivered", "delivered"]


def test_what_was_taken_may_be_asked_for_from_then_on(market, place):
    with simulated(market.MARKET, *LOST) as running:
        site = place(running.url, set={"later": "yes"})
        site.drop("1.xml", document(made(serials(3))))
        once(site, expect=5)
        (reference,) = running.simulator.notes
        with pytest.raises(AssertionError, match="asked by its reference"):
            settle(site, "1", "--taken", "--verdict", "pending")
        assert "awaiting" in settle(site, "1", "--taken", "--verdict", "pending", "--reference", reference)
        once(site)
        assert running.simulator.posts == 1
    assert verdicts(site) == {"accepted": 3}
    assert [message.state for message in site.messages()] == ["done"]
    whole(site)


def test_a_crash_between_memory_and_ledger_is_ended_by_the_same_word(market, place, monkeypatch):
    with simulated(market.MARKET, *LOST) as running:
        site = place(running.url)
        site.drop("1.xml", document(made(serials(3))))
        once(site, expect=5)
        with opened(site) as workspace, monkeypatch.context() as patched:
            patched.setattr(settling, "_let_go", _dies)
            with pytest.raises(KeyboardInterrupt):
                settling.settle(workspace, settling.find(workspace, "1"), Word(taken=True))
        assert site.rows(DELIVERIES) == [("uncertain",)]
        settle(site, "1", "--taken")
        assert running.simulator.posts == 1
    assert verdicts(site) == {"accepted": 3}
    assert [message.state for message in site.messages()] == ["done"]
    whole(site)


def _dies(*_):
    raise KeyboardInterrupt


def test_cancelled_and_given_up_submissions_are_not_sent_again_unless_somebody_says_so(market, place):
    answer = {"kind": "ticket", "within": 1, "then": "fail"}
    with simulated(market.MARKET, "lost-reply:1@/notes", "unavailable:99@/notes?", "unavailable:99@/notes") as running:
        site = place(running.url, answer=answer, retry={"attempts": 2, "first": 0, "factor": 1})
        site.drop("1.xml", document(made(serials(3))))
        once(site, expect=5)  # the reply is lost, then the system is away until the last try
        assert site.rows(DELIVERIES) == [("uncertain",)]
        once(site)  # the second later: nobody has settled it in time
        (message,) = site.messages()
        assert message.state == "failed", message.reason
        with opened(site) as workspace, pytest.raises(GatewayError, match="it is not known whether regulator took"):
            settling_replay(workspace)
        assert "not taken; the message is failed" in settle(site, "1", "--not-taken")
        whole(site)
        gateway("replay", "1", "-C", str(site.root))


def settling_replay(workspace):
    from gateway.exchange.operations.replay import replay

    return replay(workspace, "1")


def test_a_cancelled_submission_that_was_tried_is_uncertain(market, place):
    with simulated(market.MARKET, "lost-reply:1@/notes", "unavailable:99@/notes") as running:
        site = place(running.url, retry={"attempts": 9, "first": 600})
        site.drop("1.xml", document(made(serials(3))))
        once(site, wait=0, expect=5)
        assert site.rows(DELIVERIES) == [("waiting",)]
        with opened(site) as workspace:
            cancel(workspace, "1", "a mistake")
        assert site.rows(DELIVERIES) == [("uncertain",)]
        whole(site)
        assert "taken; the message is cancelled" in settle(site, "1", "--taken")
    assert site.rows(DELIVERIES) == [("delivered",)]
    whole(site)


def test_a_reply_that_nobody_understands_is_no_end(market, place):
    with simulated(market.MARKET, "nonsense:1@/notes") as running:
        site = place(running.url)
        site.drop("1.xml", document(made(serials(3))))
        once(site, expect=5)
        assert site.rows(DELIVERIES) == [("uncertain",)]
        assert verdicts(site) == {"unreadable": 3}
        settle(site, "1", "--taken")
        assert running.simulator.posts == 1
    (message,) = site.messages()
    assert (message.state, message.reason) == ("done", "")
    whole(site)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("identifier,verdict\n", "names no identifier"),
        ("pack,verdict\nA,accepted\n", "must name the columns"),
        ("identifier,verdict\nA,perhaps\n", "line 2"),
        ("identifier,verdict\nA,accepted,9,too,many\n", "line 2"),
        ('identifier,verdict\n"A,accepted\n', "is no CSV"),
    ],
)
def test_results_that_cannot_be_read(tmp_path, text, said):
    path = tmp_path / "packs.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        command.read(path)


def test_results_name_packs_of_the_submission_in_any_spelling():
    sent = ["(01)08699999000010(21)SN0001", "(01)08699999000010(21)SN0002"]
    rejected = SerialAnswer(serials(1)[0], Verdict.REJECTED)
    found = settling._serials(Word(taken=True, serials=[rejected]), sent)
    assert [(one.identifier, one.verdict) for one in found] == [(sent[0], "rejected"), (sent[1], "unreadable")]
    with pytest.raises(UsageError, match="twice"):
        settling._serials(Word(taken=True, serials=[rejected, SerialAnswer(sent[0], Verdict.ACCEPTED)]), sent)
    with pytest.raises(UsageError, match="not in the submission"):
        settling._serials(Word(taken=True, serials=[SerialAnswer("X", Verdict.ACCEPTED)]), sent)
