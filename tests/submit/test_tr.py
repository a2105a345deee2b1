"""Turkey as a user meets it: the story of a batch goes to a simulator of ITS and PTS, and its answers come back."""

from __future__ import annotations

import io
import json
import sys

import pytest
import yaml

from gateway.cli.main import main
from gateway.epcis.document import Document, Header
from gateway.epcis.events import Location
from gateway.formats.base import Context
from gateway.formats.epcis_json.write import write
from gateway.markets.simulation import Rehearsal
from gateway.markets.tr import MARKET
from gateway.markets.tr.pts import PTS
from gateway.options import CREATION_DATE, Options
from gateway.submit import driver
from gateway.testing import simulated, spoken_to, submitted
from tests.markets.tr_its_story import GTIN, SETTINGS, account, batch
from tests.markets.tr_story import DESTINATION, SOURCE, sgln
from tests.markets.tr_story import composed as transfers
from tests.markets.tr_story import story as transfer_story

SECRET = "only-in-this-test"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command through the real entry point; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "_memories", {})
    monkeypatch.setenv("ITS_PASSWORD", SECRET)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gateway", *words])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def agreement(tmp_path, url, **values):
    account = {"url": url, "plain-http": True, "user": SOURCE, "password": "env:ITS_PASSWORD"}
    account["ask"] = {"first": 0.05, "longest": 0.1}
    one = {"id": "its", "to": "tr-its", "transport": "market", "settings": account, "set": SETTINGS | values}
    (tmp_path / "its.yaml").write_text(yaml.safe_dump({"targets": [one]}))


def story(tmp_path, count=200):
    events = batch(count)
    for event in events:
        event.read_point = Location(sgln(SOURCE))
        event.disposition = event.disposition or "active"
        event.biz_step = event.biz_step or "packing"
    context = Context(options=Options({CREATION_DATE.key: "2026-11-20T10:00:00Z"}))
    data = b"".join(
        bytes(block) for block in write(Document(Header(), iter(events)), context) if isinstance(block, bytes)
    )
    (tmp_path / "story.jsonld").write_bytes(data)


SUBMIT = ("submit", "story.jsonld", "--market", "tr-its", "--agreement", "its.yaml")


@pytest.mark.parametrize("protocol", ["rest", "soap"])
def test_the_story_of_a_batch_with_one_bad_pack_of_200(run, tmp_path, protocol):
    story(tmp_path)
    with simulated(MARKET, rehearsal=Rehearsal(SOURCE, SECRET, frozenset({"SN000150"}))) as running:
        agreement(tmp_path, running.url, protocol=protocol)
        code, out, err = run(*SUBMIT, "--json")
        assert code == 7, err
        found = json.loads(out)["submissions"]
        assert [len(one["serials"]) for one in found] == [200, 200, 10, 5]
        assert [one["verdict"] for one in found] == ["partial", "partial", "accepted", "accepted"]
        refused = [each["identifier"] for one in found for each in one["serials"] if each["verdict"] != "accepted"]
        assert refused == [f"(01){GTIN}(21)SN000150"] * 2
        before = running.simulator.state()
        code, out, err = run(*SUBMIT, "--json")
        assert [one["sent_before"] for one in json.loads(out)["submissions"]] == [True] * 4
        assert running.simulator.state() == before
        assert SECRET not in out + err
        code, out, err = run("ask", "tr-its", "status", f"gtin={GTIN}", "serials=SN000150,SN000199", *ASK)
        assert code == 0, err
        assert "sold by you" in out


ASK = ("--agreement", "its.yaml")


def test_a_lost_reply_is_not_sent_again_but_asked_for(run, tmp_path):
    story(tmp_path, 20)
    with simulated(MARKET, "lost-reply@supply") as running:
        agreement(tmp_path, running.url)
        code, out, err = run(*SUBMIT, "--json", "--wait", "20")
        assert code == 0, err
        reason = json.loads(out)["submissions"][0]["serials"][0]["reasons"][0]
        assert "told by the state of the pack" in json.dumps(reason)


def test_a_lost_reply_that_nobody_can_tell_of_ends_it(run, tmp_path):
    story(tmp_path, 20)
    with simulated(MARKET, "lost-reply@UretimBildirim") as running:
        agreement(tmp_path, running.url, protocol="soap")
        code, _, err = run(*SUBMIT, "--wait", "5")
        assert code == 5, err
        assert "not known whether ITS took" in err, err
        assert len(running.simulator.state()["packs"]) == 20


def test_a_page_of_html_for_401_and_a_busy_system_are_survived(run, tmp_path):
    story(tmp_path, 20)
    with simulated(MARKET, "html-401:1@supply", "unavailable:1@dispatch") as running:
        agreement(tmp_path, running.url)
        code, _, err = run(*SUBMIT, "--wait", "30")
        assert code == 0, err


def test_a_package_goes_through_a_real_server_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "_memories", {})
    (whole,), _ = transfers(transfer_story())
    with simulated(MARKET) as running:
        who = {"user": SOURCE, "password": "env:X", "secrets": lambda _: SECRET}
        with spoken_to(running, PTS, tmp_path / "a", **who) as session:
            assert submitted(session, whole).good
        with spoken_to(running, PTS, tmp_path / "b", **(who | {"user": DESTINATION})) as session:
            (offer,) = list(session.offers())
            target = io.BytesIO()
            assert session.fetch(offer, target) == len(whole.data)
            assert target.getvalue() == whole.data
    assert account().today == ""
