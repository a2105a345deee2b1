"""Turkey unattended: the story of a batch goes to ITS, a package of PTS comes in, and the ledger knows each pack."""

from __future__ import annotations

import yaml

from gateway.markets.simulation import Rehearsal
from gateway.markets.tr import MARKET
from gateway.markets.tr.pts import PTS
from gateway.testing import simulated, spoken_to, submitted
from tests.exchange.site import Site
from tests.exchange.test_commands import gateway
from tests.markets.tr_its_story import GTIN, SETTINGS
from tests.markets.tr_story import DESTINATION, SOURCE
from tests.markets.tr_story import composed as transfers
from tests.markets.tr_story import story as transfer_story
from tests.submit.runs import SETTLED, once, verdicts
from tests.submit.test_tr import SECRET, story


def workspace(tmp_path, channel, target):
    one = {"partner": {"id": "acme"}, "channels": [{"id": "acme-in", **channel}], "targets": [target]}
    return Site(tmp_path / "ws").build(yaml.safe_dump(one))


def system(url, user, **more):
    return {"url": url, "plain-http": True, "user": user, "password": "env:ITS_PASSWORD", **more}


def test_each_pack_of_the_story_stands_in_the_ledger_and_the_bad_one_is_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("ITS_PASSWORD", SECRET)
    story(tmp_path)
    refuse = Rehearsal(SOURCE, SECRET, frozenset({"SN000150"}))
    with simulated(MARKET, rehearsal=refuse) as running:
        target = {"id": "its", "to": "tr-its", "transport": "market", "set": SETTINGS}
        target |= {"settings": system(running.url, SOURCE), "retry": {"attempts": 3, "first": 0, "factor": 1}}
        folder = {"transport": "folder", "settings": {"path": "data/in", "settle": SETTLED}}
        site = workspace(tmp_path, folder, target)
        site.drop("story.jsonld", (tmp_path / "story.jsonld").read_bytes())
        once(site, expect=5)
    found = verdicts(site)
    assert found["rejected"] in (1, 2)  # production refuses it, and so does the sale, where that is still sent
    shown = gateway("show", "1", "-C", str(site.root))
    assert f"(01){GTIN}(21)SN000150: rejected, 10306" in shown
    assert "SN000149" not in shown
    assert SECRET not in shown
    assert "its: accepted" in gateway("messages", "--serial", "SN000149", "-C", str(site.root))


def test_a_package_that_pts_holds_is_collected_once_and_becomes_epcis(tmp_path, monkeypatch):
    monkeypatch.setenv("ITS_PASSWORD", SECRET)
    (whole,), _ = transfers(transfer_story())
    with simulated(MARKET) as running:
        with spoken_to(running, PTS, tmp_path / "a", lambda _: SECRET, user=SOURCE, password="env:X") as session:
            assert submitted(session, whole).good
        channel = {"transport": "market", "settings": system(running.url, DESTINATION, message="tr-pts")}
        target = {"id": "own", "to": "epcis-2.0-json", "transport": "folder", "settings": {"path": "data/out"}}
        target["set"] = {"event-time": "2026-11-20T09:30:00+03:00", "creation-date": "2026-11-20T10:00:00Z"}
        site = workspace(tmp_path, channel, target)
        (site.root / "data" / "out").mkdir(parents=True)
        once(site)
        once(site)
        assert [each["fetched"] for each in running.simulator.state()["packages"].values()] == [1]
    (message,) = site.messages()
    assert (message.name, message.state) == ("pts-2.zip", "done")
    (out,) = (site.root / "data" / "out").iterdir()
    assert b"AggregationEvent" in out.read_bytes()
