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
from tests.markets import ru_story, sa_story, tr_its_story

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


@pytest.mark.parametrize("key", CASES)
def test_one_bad_pack_in_200_is_refused_and_shown(tmp_path, key):
    events, values, user, more, serial = CASES[key]
    document = Document(Header(creation_date="2026-11-20T20:00:00Z"), iter(events()))
    data = b"".join(FORMATS.get("epcis-1.2-xml").write(document, Context()))
    market = MARKETS.get(key.partition("-")[0])
    with simulated(market, rehearsal=Rehearsal(refuse=frozenset({bad_one(key, serial)}))) as running:
        settings = {
            "url": running.url, "plain-http": True, "user": user, "password": "env:TEST_SECRET",
            "ask": {"first": 0.1, "longest": 0.2}, **more,
        }  # fmt: skip
        target = {"id": "regulator", "to": key, "transport": "market", "set": values, "settings": settings}
        channel = {"path": "data/in", "settle": {"looks": 1, "interval": 0, "min-age": 0}}
        agreement = {
            "partner": {"id": "acme"},
            "serials": True,
            "channels": [{"id": "acme-in", "transport": "folder", "settings": channel}],
            "targets": [target],
        }
        site = Site(tmp_path / "ws").build(yaml.safe_dump(agreement))
        site.drop("story.xml", data)
        words = [sys.executable, "-m", "gateway", "once", "-C", str(site.root), "--wait", "60"]
        environment = {**os.environ, "TEST_SECRET": "geheim"}
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=environment, check=False)
        assert done.returncode == 5, done.stdout + done.stderr
        assert "geheim" not in done.stdout + done.stderr
    refused = site.rows("SELECT DISTINCT identifier FROM results WHERE verdict NOT IN ('accepted', 'warning')")
    assert len(refused) == 1, gateway("show", "1", "-C", str(site.root))
    assert serial in refused[0][0]
    counted = site.rows("SELECT count(DISTINCT key) FROM results WHERE verdict IN ('accepted', 'warning')")[0][0]
    assert counted >= 199
    assert f"{refused[0][0]}: rejected" in gateway("show", "1", "-C", str(site.root))
    assert "regulator: rejected" in gateway("messages", "--serial", serial, "-C", str(site.root))
