"""What the exchange relies on in the engine's library, on both stores; run before its version is raised.

The rules, and where each is tested where it is not here:

1 a killed step; 2 other versions; 3 order over a kill, with two workers in `test_workers`; 4 ids that rise
(`test_ledger` on SQLite, `test_stores` on PostgreSQL); 5 a lane whose worker died (`test_workers`); 6 what kills
workers, also where another worker takes its work over (`test_workers`); 7 a worker that was asleep (`test_workers`);
8 messages while all is down; 9 one id is one run; 10 forks; 11 effects and their record: ours, not the library's; 12
changed steps; 13 rates (`test_operations`); 14 schedules (`test_schedule`, `test_run_schedule`); 15 WAL; 16 JSON; 17
forgetting; 18 no network; 19 what the library gave up.

All of them run on SQLite and on PostgreSQL, but for those that only one of the two can have: several workers (5, 7, and
parts of 3 and 6) need the server, and WAL (15) is a matter of the file.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.exchange.ledger.database import address
from tests.exchange import contract_app
from tests.exchange.site import AGREEMENT, Site, document, until
from tests.exchange.test_commands import gateway


class App:
    """The application of `contract_app` on one store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.log = folder / "log"
        self.processes: list = []

    def start(self, **options: object):
        seen = self.lines().count("launched")
        context = multiprocessing.get_context("forkserver")
        process = context.Process(target=contract_app.run, args=(self.url, str(self.log), options))
        process.start()
        self.processes.append(process)
        until(lambda: self.lines().count("launched") > seen or not process.is_alive())
        return process

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def done(self, *ids: str, last: str = "four") -> bool:
        return all(f"{id_} {last} done" in self.lines() for id_ in ids)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()

    @contextlib.contextmanager
    def client(self):
        opened = contract_app.client(self.url)
        try:
            yield opened
        finally:
            opened.destroy()

    def status(self, id_: str) -> str:
        with self.client() as client:
            (found,) = client.list_workflows(workflow_ids=[id_])
            return found.status


@pytest.fixture(params=["sqlite", "postgres"])
def app(tmp_path: Path, request: pytest.FixtureRequest):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'engine.sqlite'}"
    else:
        server = request.getfixturevalue("postgres")
        database = server.create(request.getfixturevalue("blank"))
        url = address(server.url(database), server.password).render_as_string(hide_password=False)
    app = App(tmp_path, url)
    yield app
    app.stop()


def test_a_killed_step_runs_again_and_the_ones_before_do_not(app: App) -> None:
    process = app.start(kill="m-1/three")
    contract_app.enqueue(app.url, "work", "m-1")
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    app.start()
    until(lambda: app.done("m-1"))
    started = Counter(line.split()[1] for line in app.lines() if line.startswith("m-1 ") and not line.endswith("done"))
    assert started == {"one": 1, "two": 1, "three": 2, "four": 1}
    until(lambda: app.status("m-1") == "SUCCESS")
    with app.client() as client:
        (found,) = client.list_workflows(workflow_ids=["m-1"])
        assert (found.output, found.executor_id, found.queue_partition_key) == ("m-1", "w-1", "p")


def test_another_version_does_not_take_up_the_work(app: App) -> None:
    process = app.start(kill="m-1/two")
    contract_app.enqueue(app.url, "work", "m-1")
    process.join(30)
    other = app.start(version="v-2")
    time.sleep(1)
    assert app.status("m-1") == "PENDING"
    other.kill()
    app.start()
    until(lambda: app.done("m-1"))


def test_order_in_a_partition_over_a_kill(app: App) -> None:
    ids = [f"{number:08}" for number in range(14)]
    process = app.start(kill="00000005/two")
    for number, id_ in enumerate(ids):
        contract_app.enqueue(app.url, "work", id_, "a" if number % 7 else "b")
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    app.start()
    until(lambda: app.done(*ids), 60)
    for partition in ("a", "b"):
        own = [id_ for number, id_ in enumerate(ids) if ("a" if number % 7 else "b") == partition]
        seen = [line.split()[0] for line in app.lines() if line.split()[0] in own]
        assert seen == sorted(seen)  # in order, and never two at once


def test_the_same_id_twice_is_one_run(app: App) -> None:
    app.start()
    for _ in range(3):
        contract_app.enqueue(app.url, "work", "m-1")
    until(lambda: app.done("m-1"))
    contract_app.enqueue(app.url, "work", "m-1")
    time.sleep(0.5)
    assert app.lines().count("m-1 one") == 1


def test_a_message_sent_twice_while_everything_is_down_wakes_once(app: App) -> None:
    process = app.start()
    contract_app.enqueue(app.url, "wait", "m-1")
    until(lambda: app.status("m-1") == "PENDING")
    process.kill()
    process.join()
    with app.client() as client:
        for _ in range(2):
            client.send("m-1", "yes", topic="answer", idempotency_key="mdn-1")
    app.start()
    until(lambda: app.status("m-1") == "SUCCESS")
    assert app.lines().count("m-1 answered yes done") == 1


def test_a_fork_begins_in_the_middle_and_keeps_its_partition(app: App) -> None:
    app.start()
    contract_app.enqueue(app.url, "work", "m-1")
    until(lambda: app.done("m-1"))
    with app.client() as client:
        fork = client.fork_workflow("m-1", 3, queue_name="line", queue_partition_key="p", application_version="v-1")
        until(lambda: app.status(fork.workflow_id) == "SUCCESS")
        (found,) = client.list_workflows(workflow_ids=[fork.workflow_id])
        assert found.queue_partition_key == "p"
    started = Counter(line.split()[1] for line in app.lines() if line.startswith("m-1 ") and not line.endswith("done"))
    assert started == {"one": 1, "two": 1, "three": 2, "four": 2}


def test_changed_steps_under_one_version_are_an_error(app: App) -> None:
    process = app.start(kill="m-1/three")
    contract_app.enqueue(app.url, "work", "m-1")
    process.join(30)
    app.start(steps=("one", "extra", "two", "three", "four"))
    until(lambda: app.status("m-1") == "ERROR")


def test_the_launch_connects_to_nothing_but_the_store(app: App) -> None:
    app.start(watch=True)
    time.sleep(1)
    network = Path(f"{app.log}.net")
    places = set(network.read_text().splitlines()) if network.exists() else set()
    strangers = {place for place in places if "127.0.0.1" not in place and "/" not in place}
    assert strangers == set()


# ---- what the exchange makes of it ------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build()


def test_the_steps_of_the_flow_belong_to_its_version(stored: Site) -> None:
    """Whoever changes these steps raises `VERSION` in exchange/engine_words.py and adds the old one to `OLDER`."""
    from gateway.exchange.engine_words import VERSION

    stored.drop("a.xml", document())
    stored.once()
    found = stored.engine_rows(
        "select workflow_uuid, function_name from operation_outputs order by workflow_uuid, function_id"
    )
    message = stored.messages()[0].id
    assert VERSION == "pipeline-3"
    assert [name for id_, name in found if id_ == message] == ["read", "release", "deliver", "deliver"]
    assert [name for id_, name in found if id_ == f"{message}.001"] == ["attempt"]
    assert stored.engine_rows("select distinct serialization from workflow_status") == [("portable_json",)]


def test_work_of_an_older_version_begins_again(stored: Site) -> None:
    stored.drop("a.xml", document(1))
    stored.drop("b.xml", document(2))
    for point in ("convert.written", "deliver.started:3"):
        process, _ = stored.start(point)
        process.join(40)
        assert process.exitcode == -signal.SIGKILL
        old = "update workflow_status set application_version = 'pipeline-1'"
        if stored.postgres is not None:
            stored.postgres.execute(stored.database, old.replace("update ", "update dbos."))
        else:
            with sqlite3.connect(stored.root / "data" / "engine.sqlite") as connection:
                connection.execute(old)
    assert not stored.once()
    assert [m.state for m in stored.messages()] == ["done", "done"]
    assert stored.delivered() == {"one": ["a.jsonld", "b.jsonld"], "two": ["a.xml", "b.xml"]}


def change(site: Site, sql: str) -> None:
    """Change rows of the engine's own tables."""
    if site.postgres is not None:
        site.postgres.execute(site.database, sql.replace("update ", "update dbos."))
        return
    with contextlib.closing(sqlite3.connect(site.root / "data" / "engine.sqlite")) as connection, connection:
        assert connection.execute(sql).rowcount


@pytest.mark.parametrize("point", ["collect.recorded", "detect.recorded", "convert.recorded", "deliver.recorded"])
def test_an_effect_and_its_record_are_one_where_the_step_runs_twice(stored: Site, point: str) -> None:
    """Rule 11 by other means. The library offers transactions that end together with the record of the step.

    They would bind the flow and the ledger to it. Instead every row has a natural key, and a step that was killed right
    after its transaction, and runs again, finds its rows: one of each.
    """
    stored.drop("a.xml", document())
    process, _ = stored.start(point)
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    assert not stored.once()
    assert [m.state for m in stored.messages()] == ["done"]
    for table, columns in (
        ("stages", "message, step, target"),
        ("outputs", "message, target, position"),
        ("deliveries", "message, target, position"),
        ("history", "message, state"),
        ("offers", "channel, identity"),
        ("epc_rows", "key, message"),
    ):
        rows = stored.rows(f"select {columns}, count(*) from {table} group by {columns}")
        assert rows, table
        assert {row[-1] for row in rows} == {1}, table
    told = stored.rows("select subject, count(*) from audit where action = 'delivered' group by subject")
    assert [count for _, count in told] == [1, 1]
    assert stored.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}


def test_the_engines_file_is_in_wal_mode(site: Site) -> None:
    site.drop("a.xml", document())
    site.once()
    assert site.engine_rows("pragma journal_mode") == [("wal",)]


def test_old_work_is_forgotten_and_the_ledger_keeps_it(stored: Site) -> None:
    stored.drop("a.xml", document(1))
    stored.once()
    own = "select count(*) from workflow_status where name <> 'collect'"
    assert stored.engine_rows(own) == [(3,)]  # the message and its two deliveries
    before = stored.rows("select count(*) from history") + stored.rows("select count(*) from deliveries")
    with stored.running(shift=31 * 86_400):
        until(lambda: stored.engine_rows(own) == [(0,)])
    assert stored.rows("select count(*) from history") + stored.rows("select count(*) from deliveries") == before
    assert [m.state for m in stored.messages()] == ["done"]
    assert not stored.once()
    assert stored.delivered() == {"one": ["a.jsonld"], "two": ["a.xml"]}  # and nothing is done again


@pytest.mark.parametrize("verdict", ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"])
def test_what_the_library_gave_up_becomes_an_operators_work(stored: Site, verdict: str) -> None:
    stored.drop("a.xml", document())
    process, _ = stored.start("convert.started")
    process.join(40)
    assert process.exitcode == -signal.SIGKILL
    change(stored, f"update workflow_status set status = '{verdict}' where name = 'process'")
    stored.once()
    (message,) = stored.messages()
    assert (message.state, message.reason) == ("failed", f"the engine gave up: {verdict}")
    assert f"gateway show {message.number}" in gateway("alerts", "list", "-C", str(stored.root))
    gateway("replay", "1", "-C", str(stored.root))
    assert not stored.once()
    assert stored.messages()[-1].state == "done"


@pytest.mark.parametrize("point", ["convert.started", "deliver.planned", "deliver.enqueued"])
def test_a_message_that_kills_the_worker_is_parked(stored: Site, point: str) -> None:
    stored.drop("a.xml", document(1))
    for _ in range(5):
        process, _ = stored.start(point)
        process.join(40)
        assert process.exitcode == -signal.SIGKILL
    stored.drop("b.xml", document(2))
    stored.once()
    bad, good = stored.messages()
    assert (bad.state, good.state) == ("failed", "done")
    assert bad.reason.startswith("parked: workers died over it 5 times")
    assert "whole" in gateway("audit", "verify", "-C", str(stored.root))
    gateway("replay", "1", "-C", str(stored.root))
    assert not stored.once()
    assert stored.messages()[-1].state == "done"


#: What a full disk does to the engine: work ends, and the end cannot be written.
NO_END = """
create trigger no_end before update on workflow_status when new.status in ('SUCCESS', 'ERROR') and new.name = '{name}'
begin select raise(fail, 'database or disk is full'); end
"""


@pytest.mark.parametrize("name", ["collect", "process", "deliver"])
def test_work_whose_end_cannot_be_written_goes_on_when_it_can(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path / "ws").build(
        AGREEMENT.replace("transport: folder\n", "transport: folder\n    schedule: {interval: 1}\n", 1)
    )
    site.once()  # makes the engine's tables
    with contextlib.closing(sqlite3.connect(site.root / "data" / "engine.sqlite")) as engine:
        engine.execute(NO_END.format(name=name))
        with site.running() as process:
            site.drop("a.xml", document(1))
            until(lambda: "a.xml" in site.delivered()["two"])
            time.sleep(2)
            site.drop("b.xml", document(2))
            time.sleep(2)
            assert "b.xml" not in site.delivered()["two"]  # it stands behind work that does not end
            engine.execute("drop trigger no_end")
            until(lambda: "b.xml" in site.delivered()["two"], 60)
            until(lambda: [message.state for message in site.messages()] == ["done", "done"])
            assert process.is_alive()
    assert site.delivered()["two"] == ["a.xml", "b.xml"]
