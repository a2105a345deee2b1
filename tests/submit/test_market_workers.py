"""Two workers on PostgreSQL and two regulators: one worker is killed, and everything is reported once.

The regulators' simulators run here and count; the workers are processes of their own. `make crash-matrix` passes all
points, the suite two.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.epcis.document import Document, Header
from gateway.exchange import failpoints
from gateway.exchange.ledger import audit
from gateway.exchange.serials.store import SerialStore
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.markets import MARKETS
from gateway.submit import failpoints as submit_failpoints
from gateway.testing import simulated
from tests.exchange.site import Site, until
from tests.exchange.test_crash import EVERYWHERE
from tests.markets import ru_story
from tests.submit.runs import PLUGIN, SETTLED
from tests.submit.story import GTIN, document, made, packed, shipped

POINTS = (
    "deliver.started",
    *submit_failpoints.POINTS,
    "deliver.sent",
    *failpoints.ANSWER_POINTS,
    *failpoints.SERIAL_POINTS,
)
SOME = POINTS if EVERYWHERE else ("market.called", "answer.asked")
SIGNER = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'CMS' + sys.stdin.buffer.read(4))"]
#: Seconds between two questions for an answer.
ASKED_AFTER = 0.4
#: The most pairs of files that are dropped until a worker has come to its point.
MOST = 6
LEFT = (
    "select m.name, m.state, m.reason, d.state, d.error, a.asked, a.error from messages m"
    " left join deliveries d on d.message = m.id left join asking a on a.delivery = d.id order by d.id"
)
ASKING = "select count(*) from asking"
ENDED = "select count(*) from messages where state not in ('received', 'converting', 'delivering', 'awaiting')"


def agreement(partner: str, to: str, settings: dict, **target) -> str:
    folder = {"path": f"data/{partner}", "settle": SETTLED}
    asking = {"first": ASKED_AFTER, "factor": 1, "longest": ASKED_AFTER}
    return json.dumps(
        {
            "partner": {"id": partner},
            "serials": {"client": partner},
            "channels": [
                {"id": f"{partner}-in", "transport": "folder", "settings": folder, "schedule": {"interval": 1}}
            ],
            "targets": [
                {
                    "id": f"{partner}-regulator",
                    "to": to,
                    "transport": "market",
                    "settings": {"plain-http": True, "ask": asking, **settings},
                    "retry": {"attempts": 9, "first": 0.1, "factor": 1},
                    **target,
                }
            ],
        }
    )


def sscc(number: int) -> str:
    return f"urn:epc:id:sscc:8699999.1{number:09}"


def packs(number: int) -> list[str]:
    return [f"{GTIN}F{number}N{pack}" for pack in range(3)]


def drop(site: Site, number: int) -> None:
    """One file packs a pallet, the next one ships it by its number alone."""
    data = document(made(packs(number)), packed(sscc(number), packs(number)))
    place = site.root / "data" / "xx"
    for name, content in ((f"{number:02}-a.xml", data), (f"{number:02}-b.xml", document(shipped([sscc(number)])))):
        (place / f".{name}").write_bytes(content)
        (place / f".{name}").rename(place / name)


def worker(site: Site, name: str, failpoint: str) -> subprocess.Popen:
    words = [sys.executable, "-m", "gateway", "run", "-C", str(site.root), "--worker", name]
    path = f"{PLUGIN}{os.pathsep}{Path.cwd()}"
    more = {"PYTHONPATH": path, "GATEWAY_FAILPOINT": failpoint, "TEST_SECRET": "geheim"}
    return subprocess.Popen(words, env={**os.environ, **more}, stderr=subprocess.DEVNULL)


class Watch:
    """When each call came to a simulator."""

    def __init__(self, simulator) -> None:
        self._reply = simulator.reply
        self.at: dict[tuple[str, str], list[float]] = defaultdict(list)
        simulator.reply = self

    def __call__(self, call):
        self.at[call.method, call.path].append(time.monotonic())
        return self._reply(call)

    def asked_too_soon(self, of: str) -> list[str]:
        """Questions for one answer that came together: as if each worker had asked for itself."""
        return [
            f"{path}: {[round(moment - times[0], 2) for moment in times]}"
            for (method, path), times in self.at.items()
            if method == "GET" and of in path
            if any(later - earlier < ASKED_AFTER / 2 for earlier, later in pairwise(times))
        ]


@pytest.mark.parametrize("point", SOME)
def test_one_of_two_workers_is_killed_and_everything_is_reported_once(
    tmp_path,
    postgres,
    blank,
    market,
    point,
):
    site = Site(tmp_path / "ws", postgres=postgres, template=blank).build()
    settings = site.root / "gateway.toml"  # a busy machine must not make the other one end itself, too
    settings.write_text(settings.read_text().replace("silence = 2", "silence = 5"))
    for name in ("xx", "ru"):
        (site.root / "data" / name).mkdir()
    story = Document(Header(creation_date="2026-11-20T20:00:00Z"), iter(ru_story.story()))
    (site.root / "data" / "ru" / "story.xml").write_bytes(
        b"".join(FORMATS.get("epcis-1.2-xml").write(story, Context()))
    )
    with simulated(market.MARKET) as xx, simulated(MARKETS.get("ru")) as ru:
        watches = Watch(xx.simulator), Watch(ru.simulator)
        (site.root / "agreements" / "acme.yaml").unlink()
        (site.root / "agreements" / "xx.yaml").write_text(
            agreement("xx", "xx-note", {"url": xx.url}, set={"later": "yes"})
        )
        settings = {"url": ru.url, "user": "plant", "password": "env:TEST_SECRET", "sign": {"command": SIGNER}}
        settings |= {"options": {"client-id": "c", "pace": "0", "list-pace": "0"}}
        settings |= {"secret-options": {"client-secret": "env:TEST_SECRET"}}
        (site.root / "agreements" / "ru.yaml").write_text(agreement("ru", "ru-mdlp", settings, set=ru_story.STORY))
        drop(site, 0)
        killed = site.root / "killed"
        workers = [worker(site, name, f"{point}:2:{killed}") for name in ("w-1", "w-2")]
        try:
            files = 1
            while all(one.poll() is None for one in workers) and files < MOST:
                drop(site, files)
                files += 1
                with contextlib.suppress(AssertionError):
                    until(lambda: any(one.poll() is not None for one in workers), 10)
            until(lambda: site.rows(ENDED) + site.rows(ASKING) == [(2 * files + 1,), (0,)], 120)
        except AssertionError:
            pytest.fail("\n".join([str([one.poll() for one in workers]), *map(str, site.rows(LEFT))]))
        finally:
            ends = sorted(str(one.poll()) for one in workers)
            for one in workers:
                one.kill()
                one.wait()
        assert ends == [str(-signal.SIGKILL), "None"], point
        assert Counter((m.partner, m.state) for m in site.messages()) == {("xx", "done"): 2 * files, ("ru", "done"): 1}
        # Each report once, as the regulators count.
        assert set(xx.simulator.reports.values()) <= {2}, "made and shipped are two reports of kind `later`"
        assert xx.simulator.posts == 2 * files
        sent = site.rows("select count(*) from deliveries where target = 'ru-regulator'")
        assert [(Counter(ru.calls)["POST", "/api/v1/documents/send"],)] == sent
        assert watches[0].asked_too_soon("/notes/") == []
        assert watches[1].asked_too_soon("/documents/") == []
    workspace = site.workspace()
    tree = SerialStore(workspace.database).hierarchy("xx")
    assert [tree.contents(sscc(number)) for number in range(files)] == [packs(number) for number in range(files)]
    counted = "select client, count(*) from serial_messages where state = 'complete' group by 1 order by 1"
    assert site.rows(counted) == [("ru", 1), ("xx", 2 * files)]
    with workspace.database.read() as session:
        assert [str(fault) for fault in audit.verify(session)] == []
    workspace.close()
