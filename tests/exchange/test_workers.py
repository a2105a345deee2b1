"""Several workers on PostgreSQL: names, the leader, a worker that dies, one that was only asleep."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.exchange.flow.interruptions import Interruptions
from gateway.exchange.flow.steps import DEATHS
from gateway.exchange.ledger.database import Database
from gateway.exchange.workers import Crew, seen
from tests.exchange.site import Site, document, until

SLOW_CHANNEL = """\
partner: {id: acme}
channels:
  - id: acme-in
    transport: folder
    schedule: {interval: 1}
    settings: {path: data/in, settle: {looks: 1, interval: 0, min-age: 0}}
targets:
  - {id: one, to: epcis-2.0-json, transport: folder, settings: {path: data/one}, retry: {attempts: 2, first: 60}}
  - {id: two, to: epcis-1.2-xml, transport: folder, settings: {path: data/two}}
"""


@pytest.fixture
def database(postgres) -> Iterator[Database]:
    database = Database(postgres.url(postgres.create()), password=postgres.password)
    database.migrate()
    yield database
    database.close()


class Lost(list):
    def __call__(self) -> None:
        self.append(1)


def crew(database: Database, name: str, silence: float = 600, lost=None) -> Crew:
    return Crew(database, name, "pipeline-0", silence, lost if lost is not None else Lost())


def test_one_leads_until_it_leaves(database: Database) -> None:
    first, second = crew(database, "w-1"), crew(database, "w-2")
    assert [first.join(), second.join()] == [False, False]
    assert [first.leads(), second.leads(), first.leads()] == [True, False, True]
    assert [(worker.name, worker.leads, worker.process) for worker in seen(database)] == [
        ("w-1", True, os.getpid()),
        ("w-2", False, os.getpid()),
    ]
    first.leave()
    assert [worker.name for worker in seen(database)] == ["w-2"]
    assert crew(database, "w-3").leads()
    assert not crew(database, "w-1").join()  # it had left


def test_the_lead_of_one_that_does_not_renew_it_goes_to_another(database: Database) -> None:
    first, second = crew(database, "w-1", silence=0.4), crew(database, "w-2", silence=0.4)
    assert first.leads()
    until(second.leads, 5)
    assert not first.leads()


def test_a_silent_worker_loses_its_work_once_and_notices(database: Database) -> None:
    lost = Lost()
    asleep, other = crew(database, "w-1", 600, lost), crew(database, "w-2", 0.3)
    asleep.join()
    other.join()
    assert asleep.beat()
    time.sleep(0.4)
    with other.silent() as gone:
        assert gone is not None
        assert (gone.name, gone.died) == ("w-1", True)
    assert not asleep.beat()
    asleep._beaten -= 1000  # as after a long sleep
    asleep.sure()
    assert lost == [1]
    with other.silent() as gone:
        assert gone is None
    other.leave()


def test_what_a_takeover_did_not_finish_is_taken_up_again(database: Database) -> None:
    asleep, other = crew(database, "w-1"), crew(database, "w-2", 0.3)
    asleep.join()
    time.sleep(0.4)
    with pytest.raises(RuntimeError), other.silent():
        raise RuntimeError
    with other.silent() as gone:
        assert gone is not None


def test_a_worker_that_left_is_taken_over_without_blame(database: Database) -> None:
    first, second = crew(database, "w-1"), crew(database, "w-2")
    first.join()
    first.leave()
    with second.silent() as gone:
        assert gone is not None
        assert not gone.died


def test_a_name_that_is_alive_elsewhere_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    crew(database, "w-1").join()
    assert crew(database, "w-1").join()  # here a lock tells, and the one before has died
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    with pytest.raises(UsageError, match="runs already, on"):
        crew(database, "w-1").join()


def test_a_second_worker_needs_another_name(shared_site: Site) -> None:
    with shared_site.running(worker="w-1"):
        until(lambda: shared_site.workspace().running())
        process, _ = shared_site.start(worker="w-1")
        process.join(30)
        assert process.exitcode == 1
        assert not shared_site.once(worker="w-2")


def dropped(site: Site, first: int, last: int) -> None:
    for serial in range(first, last):
        site.drop(f"{serial:02}.xml", document(serial))
        os.utime(site.inbox / f"{serial:02}.xml", (1_700_000_000 + serial,) * 2)


def in_order(site: Site) -> bool:
    rows = site.rows("select message, target from deliveries where state = 'delivered' order by delivered_at, id")
    return all(
        (ids := [message for message, target in rows if target == wanted]) == sorted(ids) for wanted in ("one", "two")
    )


@pytest.mark.parametrize("point", ["convert.written:3", "deliver.started:4"])
def test_one_of_two_workers_is_killed(shared_site: Site, point: str) -> None:
    shared_site.agree(SLOW_CHANNEL)
    dropped(shared_site, 0, 12)
    victim = shared_site.run(point, worker="w-1")
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    began = time.monotonic()
    with shared_site.running(worker="w-2"):
        until(lambda: [m.state for m in shared_site.messages()] == ["done"] * 12, 60)
    assert time.monotonic() - began < 60
    names = [f"{serial:02}" for serial in range(12)]
    assert shared_site.delivered() == {"one": [f"{n}.jsonld" for n in names], "two": [f"{n}.xml" for n in names]}
    assert in_order(shared_site)
    assert shared_site.rows("select count(*) from workers") == [(1,)]
    assert [path.name for path in (shared_site.root / "data" / "quarantine").iterdir()] == ["w-2"]


def test_what_has_killed_workers_too_often_is_parked_by_the_one_that_takes_over(shared_site: Site) -> None:
    shared_site.agree(SLOW_CHANNEL)
    dropped(shared_site, 0, 2)
    victim = shared_site.run("convert.started", worker="w-1")
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    first = shared_site.messages()[0].id
    workspace = shared_site.workspace()
    for _ in range(DEATHS - 1):  # it has killed others before
        Interruptions(workspace.database).add(first)
    workspace.close()
    with shared_site.running(worker="w-2"):
        until(lambda: [m.state for m in shared_site.messages()] == ["failed", "done"], 60)
    assert shared_site.messages()[0].reason.startswith(f"parked: workers died over it {DEATHS} times")
    assert shared_site.rows(f"select count from interruptions where work = '{first}'") == [(DEATHS,)]


@pytest.mark.parametrize("point", ["deliver.started:2:stop", "convert.written:2:stop", "collect.recorded:2:stop"])
def test_a_worker_that_was_asleep_does_nothing_twice(shared_site: Site, point: str) -> None:
    # One receiver: what another thread is in the middle of when the machine falls asleep, it will finish.
    shared_site.agree(SLOW_CHANNEL.partition("  - {id: two")[0])
    dropped(shared_site, 0, 4)
    asleep = shared_site.run(point, worker="w-1")
    until(lambda: stopped(asleep.pid), 60)
    try:
        with shared_site.running(worker="w-2"):
            until(lambda: [m.state for m in shared_site.messages()] == ["done"] * 4, 60)
            for folder in (shared_site.one, shared_site.two):  # the receivers take the files away
                for path in folder.iterdir():
                    path.unlink()
            os.kill(asleep.pid, signal.SIGCONT)
            asleep.join(30)
            assert asleep.exitcode == 5
    finally:
        asleep.kill()
    assert shared_site.delivered() == {"one": [], "two": []}
    assert [m.state for m in shared_site.messages()] == ["done"] * 4
    assert shared_site.rows("select count(*), count(distinct name) from outputs") == [(4, 4)]


def stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"
