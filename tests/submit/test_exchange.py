"""The exchange and a regulator: files come by SFTP, submissions go out, answers for each pack stand in the ledger.

The exchange runs in processes of their own, some of which are killed; the regulator's simulator runs here and counts.
"""

from __future__ import annotations

import json
import os
import time

import pytest

from gateway.markets.simulation import Rehearsal
from gateway.testing import simulated
from tests.exchange.test_commands import gateway
from tests.peers import openssh
from tests.submit.runs import SETTLED, once, verdicts
from tests.submit.story import CASE, PALLET, document, made, packed, serials, shipped


def test_one_bad_pack_of_200_is_refused_and_shown(market, place, tmp_path):
    refuse = Rehearsal(refuse=frozenset({"SN0142"}))
    with simulated(market.MARKET, rehearsal=refuse) as running:
        if not openssh.available():
            assert os.environ.get("CI") != "true", "CI needs an OpenSSH server at /usr/sbin/sshd"
            site = place(running.url)
            site.drop("batch.xml", document(made(serials(200))))
            once(site, expect=5)
        else:
            with openssh.serve(tmp_path / "openssh") as server:
                (server.root / "in").mkdir()
                (server.root / "in" / "batch.xml").write_bytes(document(made(serials(200))))
                settings = {**server.settings(), "path": "in", "settle": SETTLED}
                site = place(running.url, {"transport": "sftp", "settings": settings})
                once(site, expect=5)
        assert running.simulator.posts == 2
    assert verdicts(site) == {"accepted": 199, "rejected": 1}
    (message,) = site.messages()
    assert message.state == "failed"
    assert "1 of 100 identifiers" in message.reason
    shown = gateway("show", "1", "-C", str(site.root))
    assert "(01)08699999000010(21)SN0142: rejected, 9: unknown pack" in shown
    assert "SN0141" not in shown
    for spelling in ("urn:epc:id:sgtin:8699999.000001.SN0142", "(01)08699999000010(21)SN0142", "SN0142"):
        assert "regulator: rejected, 9: unknown pack" in gateway("messages", "--serial", spelling, "-C", str(site.root))
    assert "regulator: accepted" in gateway("messages", "--serial", "SN0141", "-C", str(site.root))
    number = site.rows("SELECT id FROM answers WHERE verdict = 'partial'")[0][0]
    assert '"code": "9"' in gateway("show", "1", "--open", f"answer.{number}", "-C", str(site.root))


def test_answers_that_come_later_are_asked_for(market, place):
    with simulated(market.MARKET) as running:
        site = place(running.url, set={"later": "yes"})
        site.drop("batch.xml", document(made(serials(105))))
        once(site)
        assert running.simulator.posts == 2
        # The second note goes only when the first one is answered.
        asked = [call for call in running.calls if call[1].startswith("/notes")]
        assert asked[-3:] == [("POST", "/notes"), ("GET", "/notes/2"), ("GET", "/notes/2")]
    assert verdicts(site) == {"accepted": 105}
    assert [message.state for message in site.messages()] == ["done"]
    assert site.rows("SELECT * FROM asking") == []


def test_a_regulator_that_never_answers_is_given_up(market, place):
    with simulated(market.MARKET, "never") as running:
        site = place(running.url, set={"later": "yes"}, answer={"kind": "ticket", "within": 1, "then": "fail"})
        site.drop("batch.xml", document(made(serials(5))))
        once(site, wait=0)
        assert [message.state for message in site.messages()] == ["awaiting"]
        time.sleep(1)
        once(site, wait=0)
    assert [message.state for message in site.messages()] == ["failed"]
    assert running.simulator.posts == 1


@pytest.mark.parametrize("point", ["deliver.sent", "answer.unheard"])
def test_kill_9_between_sending_and_recording_reports_nothing_twice(market, place, point):
    with simulated(market.MARKET) as running:
        site = place(running.url)
        site.drop("batch.xml", document(made(serials(5))))
        once(site, f"{point}:1")
        once(site)
        assert running.simulator.posts == 1
        assert set(running.simulator.reports.values()) == {1}
    assert verdicts(site) == {"accepted": 5}
    assert [message.state for message in site.messages()] == ["done"]


def test_kill_9_while_the_answer_is_asked_for(market, place):
    with simulated(market.MARKET) as running:
        site = place(running.url, set={"later": "yes"})
        site.drop("batch.xml", document(made(serials(5))))
        once(site, "answer.asked:2")
        once(site)
        assert running.simulator.posts == 1
    assert verdicts(site) == {"accepted": 5}


def test_a_lost_reply_a_busy_system_and_a_slow_one(market, place):
    with simulated(market.MARKET, "lost-reply:1@/notes", "unavailable:1@/token", "slow:1@/notes") as running:
        site = place(running.url)
        site.drop("batch.xml", document(made(serials(5))))
        once(site)
        assert running.simulator.posts == 1
    assert verdicts(site) == {"accepted": 5}


def test_where_nobody_can_be_asked_a_person_looks_and_says_so(market, place):
    with simulated(market.MARKET, "lost-reply:1@/notes", "unaskable") as running:
        site = place(running.url)
        site.drop("batch.xml", document(made(serials(5))))
        once(site, expect=5)
        assert running.simulator.posts == 1
        (message,) = site.messages()
        assert message.state == "awaiting"
        assert "it is not known whether the note was taken" in gateway("show", "1", "-C", str(site.root))


def test_a_page_of_html_is_kept_and_no_success(market, place):
    with simulated(market.MARKET, "html-401@/notes") as running:
        site = place(running.url)
        site.drop("batch.xml", document(made(serials(5))))
        once(site, expect=5)
    assert verdicts(site) == {"unreadable": 5}
    (message,) = site.messages()
    assert message.state == "failed"
    assert "unreadable" in message.reason
    assert "Sign in" in gateway("show", "1", "--open", "answer.1", "-C", str(site.root))
    assert json.loads(gateway("show", "1", "--json", "-C", str(site.root)))["answers"][0]["verdict"] == "unreadable"


def test_what_the_regulator_holds_for_us_is_collected_once(market, place):
    with simulated(market.MARKET) as running:
        settings = {"url": running.url, "plain-http": True, "message": "xx-note"}
        site = place(running.url, {"transport": "market", "settings": settings})
        once(site)
        once(site)
    assert sorted(message.name for message in site.messages()) == ["n1.txt", "n2.txt"]
    assert {message.state for message in site.messages()} == {"refused"}  # no format of ours


def test_a_shipping_message_that_names_a_pallet_reports_its_packs(market, place):
    with simulated(market.MARKET) as running:
        site = place(running.url, agreement={"serials": True})
        site.drop("1.xml", document(made(serials(5)), packed(CASE, serials(5)), packed(PALLET, [CASE])))
        site.drop("2.xml", document(shipped([PALLET])))
        once(site)
        assert running.simulator.posts == 2
    assert [message.state for message in site.messages()] == ["done", "done"]
    assert verdicts(site) == {"accepted": 10}
