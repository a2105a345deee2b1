"""Each market end to end: a batch's story comes in, submissions go to the simulator, one bad pack in 200 is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from gateway.epcis.document import Document, Header
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.markets import MARKETS
from gateway.markets.simulation import Rehearsal
from gateway.testing import simulated
from tests.exchange.site import Site
from tests.exchange.test_commands import gateway
from tests.markets import ru_story, sa_story, tr_its_story, us_story

SIGNER = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'CMS' + sys.stdin.buffer.read(4))"]
RU = {
    "options": {"client-id": "c", "pace": "0", "list-pace": "0"},
    "secret-options": {"client-secret": "env:TEST_SECRET"},
    "sign": {"command": SIGNER},
}


def of_the_plant():
    """What the plant tells RSD; what its partner tells needs the partner's account."""
    return sa_story.story()[: len(sa_story.packing()) + 1]


CASES = {
    "tr-its": (tr_its_story.batch, tr_its_story.SETTINGS, tr_its_story.SOURCE, {}, "SN000142"),
    "ru-mdlp": (ru_story.story, ru_story.STORY, "plant", RU, ru_story.serial(142)),
    "sa-rsd": (of_the_plant, sa_story.STORY, f"{sa_story.GLNS['plant']}0001", {}, sa_story.serial(142)),
}


def bad_one(key: str, serial: str) -> str:
    """The bad pack as the market's simulator is told of it."""
    return f"{ru_story.GTIN}{serial}" if key == "ru-mdlp" else serial


def written(events) -> bytes:
    """A document as a partner sends it."""
    document = Document(Header(creation_date="2026-11-20T20:00:00Z"), iter(events))
    return b"".join(FORMATS.get("epcis-1.2-xml").write(document, Context()))


def unattended(tmp_path, target) -> Site:
    """A workspace with one regulator, whose messages' serial numbers are kept."""
    channel = {"path": "data/in", "settle": {"looks": 1, "interval": 0, "min-age": 0}}
    agreement = {
        "partner": {"id": "acme"},
        "serials": True,
        "channels": [{"id": "acme-in", "transport": "folder", "settings": channel}],
        "targets": [target],
    }
    return Site(tmp_path / "ws").build(yaml.safe_dump(agreement))


def once(site, expect: int = 0) -> None:
    """``gateway once`` as a process of its own; no secret is in what it prints."""
    words = [sys.executable, "-m", "gateway", "once", "-C", str(site.root), "--wait", "60"]
    environment = {**os.environ, "TEST_SECRET": "geheim"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert "geheim" not in done.stdout + done.stderr


@pytest.mark.parametrize("key", CASES)
def test_one_bad_pack_in_200_is_refused_and_shown(tmp_path, key):
    events, values, user, more, serial = CASES[key]
    market = MARKETS.get(key.partition("-")[0])
    with simulated(market, rehearsal=Rehearsal(refuse=frozenset({bad_one(key, serial)}))) as running:
        settings = {
            "url": running.url, "plain-http": True, "user": user, "password": "env:TEST_SECRET",
            "ask": {"first": 0.1, "longest": 0.2}, **more,
        }  # fmt: skip
        target = {"id": "regulator", "to": key, "transport": "market", "set": values, "settings": settings}
        site = unattended(tmp_path, target)
        site.drop("story.xml", written(events()))
        once(site, expect=5)
    refused = site.rows("SELECT DISTINCT identifier FROM results WHERE verdict NOT IN ('accepted', 'warning')")
    assert len(refused) == 1, gateway("show", "1", "-C", str(site.root))
    assert serial in refused[0][0]
    counted = site.rows("SELECT count(DISTINCT key) FROM results WHERE verdict IN ('accepted', 'warning')")[0][0]
    assert counted >= 199
    assert f"{refused[0][0]}: rejected" in gateway("show", "1", "-C", str(site.root))
    assert "regulator: rejected" in gateway("messages", "--serial", serial, "-C", str(site.root))


def test_returned_packs_are_verified_with_what_earlier_messages_told(tmp_path):
    """Us-vrs asks about returned packs; lots and expiries stand in the hierarchy store, one pack in 200 is refused."""
    returned = us_story.ship(
        [us_story.unit(number) for number in range(200)], "15:00", biz_step="receiving", disposition="returned"
    )
    refuse = Rehearsal(refuse=frozenset({"U142"}))
    with simulated(MARKETS.get("us"), rehearsal=refuse) as running:
        settings = {"options": {"requestor-gln": "0388888000016"}, "url": running.url, "plain-http": True}
        target = {"id": "regulator", "to": "us-vrs", "transport": "market", "settings": settings}
        site = unattended(tmp_path, target)
        site.drop("1-packed.xml", written(us_story.packing()))
        site.drop("2-returned.xml", written([returned]))
        once(site, expect=5)
        asked = len(running.calls)
    packed, back = sorted(site.messages(), key=lambda message: message.name)
    assert (packed.state, back.state) == ("done", "failed"), (packed.reason, back.reason)
    assert back.reason == "regulator answered: partial, 1 of 200 identifiers"
    assert asked == 200
    refused = site.rows("SELECT identifier, verdict FROM results WHERE verdict NOT IN ('accepted', 'warning')")
    assert refused == [("(01)00399999011112(21)U142", "rejected")]
    assert "U142: rejected" in gateway("show", str(back.number), "-C", str(site.root))
