"""The memory of submissions: what is forgotten in time and what never is, what a backup holds, and by hand."""

from __future__ import annotations

import io
import json
import os
import shutil
from datetime import timedelta

import pytest
import yaml

from gateway.exchange.clock import system
from gateway.exchange.operations import retention
from gateway.exchange.operations.market_retention import prune_markets
from gateway.markets.base import Submission
from gateway.markets.simulation import Rehearsal
from gateway.submit.journal import Account, Journal
from gateway.submit.journal_prune import Pruned, kept, prune
from gateway.testing import simulated, spoken_to
from tests.exchange.test_commands import gateway
from tests.submit.runs import once, verdicts
from tests.submit.story import document, made, serials

LATER = timedelta(days=31)


def note(kind="make", first=1):
    packs = [f"(01)04012345678901(21)SN{number:04d}" for number in range(first, first + 3)]
    return Submission(f"{kind}-{first}.txt", "\n".join([kind, *packs]).encode(), 3, kind)


def send(session, submission):
    return session.submit(submission.name, io.BytesIO(submission.data), len(submission.data), submission.kind)


def replies(folder):
    return sum(1 for _ in folder.glob("*/*/reply-*"))


def test_what_was_taken_is_never_forgotten_and_an_open_question_stays_whole(market, tmp_path):
    refuse = Rehearsal(refuse=frozenset({"SN0011", "SN0012", "SN0013", "SN0001"}))
    with simulated(market.MARKET, "lost-reply:1@/notes", rehearsal=refuse) as running:
        with spoken_to(running, market.NOTE, tmp_path) as session, pytest.raises(Exception, match="not known whether"):
            send(session, note(first=21))
        with spoken_to(running, market.NOTE, tmp_path) as session:
            assert send(session, note()).answer.verdict == "partial"
            assert send(session, note(first=11)).answer.verdict == "rejected"
            assert send(session, note("later", 31)).answer.verdict == "pending"
            account = session._settings.account
        posts, before = running.simulator.posts, replies(tmp_path)
        assert [one.name for one in kept(tmp_path, [Account("xx-note", "https://other.example", "")])] == []
        result = Pruned()
        prune(tmp_path, [account], lambda _: True, result, really=False)
        assert (result.submissions, result.open, replies(tmp_path)) == (2, 2, before)
        result = Pruned()
        prune(tmp_path, [account], lambda one: one.name != "make-1.txt", result, really=True)
        prune(tmp_path, [account], lambda _: True, result, really=True)
        assert (result.submissions, result.open) == (2, 4)
        left = {one.name: one.entry for one in kept(tmp_path, [account])}
        assert sorted(left) == ["later-31.txt", "make-1.txt", "make-21.txt"]
        assert left["make-1.txt"].pruned
        assert not list(left["make-1.txt"].folder.glob("reply-*"))
        with spoken_to(running, market.NOTE, tmp_path) as session:
            again = send(session, note())
        assert (again.repeated, again.answer.verdict, again.answer.serials) == (True, "partial", ())
        assert again.answer.reference
        assert running.simulator.posts == posts
        result = Pruned()
        prune(tmp_path, [account], lambda _: True, result, really=True)
        assert (result.submissions, result.open) == (0, 2)  # nothing more to forget


def test_a_submission_that_is_being_sent_is_left_alone(tmp_path):
    journal = Journal(tmp_path, Account("xx-note", "https://x.example", "u"))
    result = Pruned()
    with journal.entry("a.txt", "0" * 64) as entry:
        entry.doubt()
        entry.dispel()
        entry.unheard()
        prune(tmp_path, [journal._account], lambda _: True, result, really=True)
        assert (entry.folder / "entry.json").exists()
    assert result.submissions == 0
    prune(tmp_path, [journal._account], lambda _: True, result, really=True)
    assert (result.submissions, list(tmp_path.glob("*/*"))) == (1, [])
    with journal.entry("a.txt", "0" * 64) as entry:  # and it can come anew
        assert not entry.known.uncertain


def test_the_memory_of_an_exchange_goes_with_its_messages_and_is_in_a_backup(market, place, tmp_path):
    with simulated(market.MARKET) as running:
        site = place(running.url, agreement={"retention": {"days": 30}})
        site.drop("1.xml", document(made(serials(3))))
        once(site)
        memory = site.root / "data" / "markets"
        assert replies(memory) == 1
        with_hold = site.workspace()
        number = retention.hold(with_hold.database, "partner", "acme", "2026-01-01T00:00:00.000000Z")
        assert forgotten(with_hold) == (0, 1)
        retention.release(with_hold.database, number, "2026-01-02T00:00:00.000000Z")
        assert forgotten(with_hold, timedelta(days=29)) == (0, 1)
        with_hold.close()
        for name, more in (("first", ()), ("second", ("--previous", str(tmp_path / "first")))):
            gateway("backup", "make", str(tmp_path / name), *more, "-C", str(site.root))
            assert replies(tmp_path / name / "data" / "markets") == 1
        shutil.rmtree(site.root)
        gateway("backup", "restore", str(tmp_path / "second"), str(site.root))
        site.inbox.mkdir(exist_ok=True)
        gateway("resend", "1", "-C", str(site.root))
        once(site)
        assert running.simulator.posts == 1  # what came back from the backup knows it
    assert verdicts(site) == {"accepted": 6}
    workspace = site.workspace()
    assert forgotten(workspace) == (1, 0)
    assert "deleted" in gateway("archive", "prune", "-C", str(site.root))
    workspace.close()


def forgotten(workspace, after=LATER):
    """Submissions that are pruned after some days, and replies that are left."""
    now = system() + after
    retention.prune(workspace.database, workspace.archive, workspace.agreements, now)
    return prune_markets(workspace, now).submissions, replies(workspace.settings.data / "markets")


def test_by_hand(market, tmp_path):
    with simulated(market.MARKET, "lost-reply:1@/notes", "unaskable") as running:
        settings = {"url": running.url, "plain-http": True, "memory": "memory"}
        target = {"id": "xx", "to": "xx-note", "transport": "market", "settings": settings}
        agreement = tmp_path / "xx.yaml"
        agreement.write_text(yaml.safe_dump({"targets": [target]}))
        source = tmp_path / "story.xml"
        source.write_bytes(document(made(serials(3))))
        account = ("--market", "xx-note", "--agreement", str(agreement))
        submit = ("submit", str(source), *account, "--wait", "0")
        assert "not known whether" in gateway(*submit)
        assert "not known whether" in gateway(*submit)
        (row,) = (json.loads(line) for line in gateway("submissions", "list", *account, "--json").splitlines())
        assert row["open"] == "may have been taken"
        gateway("submissions", "settle", row["name"], *account, expect=2)
        gateway("submissions", "settle", "other.txt", *account, "--taken", expect=2)
        gateway("submissions", "settle", row["name"], *account, "--taken", "--reference", "r-1")
        assert "r-1" in gateway(*submit)
        assert running.simulator.posts == 1
        assert row["name"] not in gateway("submissions", "list", *account, "--open")
        assert "0 submissions" in gateway("submissions", "prune", *account, "--days", "1")
        for path in (tmp_path / "memory").rglob("entry.json"):
            os.utime(path, (0, 0))
        assert "1 submissions" in gateway("submissions", "prune", *account, "--days", "1")
        assert "r-1" in gateway(*submit)
        assert running.simulator.posts == 1
        (tmp_path / "gateway.toml").write_text("")
        assert "gateway archive prune" in gateway("submissions", "prune", *account, "--days", "1", expect=2)
