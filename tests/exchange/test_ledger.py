from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.errors import ConfigurationError
from gateway.exchange.archive.store import Stored
from gateway.exchange.ledger.audit_rows import differences
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import Base, DeliveryState, State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock)


def arrival(ledger: Ledger, identity: str = "a|1|0", sha256: str = "a" * 64, channel: str = "in") -> Arrival:
    return Arrival(
        "acme", channel, identity.partition("|")[0], identity, Stored(sha256, 1), ledger.configuration({"x": "y"})
    )


def test_migrations_make_the_tables_of_the_model(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.migrate()


def test_sqlite_is_durable_and_strict(database: Database) -> None:
    with database.read() as session:
        pragma = {
            name: session.scalar(sa.text(f"pragma {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="the ledger cannot be opened"):
        Database(f"sqlite:///{tmp_path / 'x.sqlite'}").migrate()


def test_ids_have_one_width_and_rise_even_when_the_clock_goes_back(ledger: Ledger, clock: Clock) -> None:
    ids = []
    for number in range(12):
        clock.now = NOON - timedelta(hours=number)
        ids.append(ledger.receive(arrival(ledger, f"f{number}|1|0", f"{number:064}"))[0].id)
    assert ids == sorted(ids)
    assert len({len(id_) for id_ in ids}) == 1
    assert ids[0] == "20260301120000000-00000001"


def test_a_known_offer_is_recognised_and_another_content_under_its_identity_is_not(ledger: Ledger) -> None:
    first, new = ledger.receive(arrival(ledger))
    again, new_again = ledger.receive(arrival(ledger))
    assert (new, new_again, again.id) == (True, False, first.id)
    queries = Queries(ledger.database)
    assert queries.acknowledgement_missing("in", "a|1|0")
    ledger.acknowledged("in", "a|1|0")
    assert not queries.acknowledgement_missing("in", "a|1|0")
    changed, new_changed = ledger.receive(arrival(ledger, sha256="b" * 64))
    assert (new_changed, changed.state) == (True, State.RECEIVED)
    assert queries.acknowledgement_missing("in", "a|1|0")


def test_duplicates_are_a_matter_of_one_channel_and_not_of_refused_files(ledger: Ledger) -> None:
    first, _ = ledger.receive(arrival(ledger))
    elsewhere, _ = ledger.receive(arrival(ledger, "b|1|0", channel="other"))
    second, _ = ledger.receive(arrival(ledger, "c|1|0"))
    assert (elsewhere.state, second.state, second.duplicate_of) == (State.RECEIVED, State.DUPLICATE, first.id)
    ledger.move(first.id, State.REFUSED, "wrong")
    third, _ = ledger.receive(arrival(ledger, "d|1|0"))
    assert third.state == State.RECEIVED


def test_a_final_state_stays(ledger: Ledger) -> None:
    message, _ = ledger.receive(arrival(ledger))
    ledger.move(message.id, State.FAILED, "x")
    ledger.move(message.id, State.DONE)
    lineage = Queries(ledger.database).lineage(message.id)
    assert [(entry.state, entry.detail) for entry in lineage.history] == [("received", ""), ("failed", "x")]
    assert lineage.message.closed_at


def test_every_write_may_come_twice(ledger: Ledger) -> None:
    message, _ = ledger.receive(arrival(ledger))
    plans = [Plan("t", 1, "p", "n", "folder x", 1, "a" * 64), Plan("u", 1, "p", "n", "folder x", 1, "a" * 64)]
    for _ in range(2):
        ledger.begin(message.id, "detect", input_sha256=message.sha256)
        ledger.detected(message.id, "table", "acme/batch", "because")
        first, second = ledger.plan(message.id, plans)
        ledger.delivered(first.id, "n")
    assert ledger.close(message.id) is None
    ledger.undelivered(second.id, "away", 30)
    assert ledger.close(message.id) is None
    ledger.undelivered(second.id, "gone", None)
    assert ledger.close(message.id) is State.FAILED
    assert ledger.close(message.id) is None
    lineage = Queries(ledger.database).lineage(message.id)
    assert [(s.step, s.state, s.detail) for s in lineage.stages] == [
        ("detect", "done", "because"),
        ("check", "done", ""),
    ]
    assert [(d.id, d.state, d.attempts, d.error) for d in lineage.deliveries] == [
        (f"{message.id}.001", DeliveryState.DELIVERED, 1, ""),
        (f"{message.id}.002", DeliveryState.FAILED, 2, "gone"),
    ]


def test_a_step_that_fails_for_the_whole_message_ends_at_its_target(ledger: Ledger) -> None:
    message = ledger.receive(arrival(ledger))[0].id
    for target, done in (("one", True), ("two", False)):
        ledger.begin(message, "convert", target=target)
        if done:
            ledger.finish(message, "convert", target=target)
    ledger.finish(message, "convert", failed=True, detail="a bug")
    ledger.finish(message, "check", failed=True, detail="never begun")
    stages = Queries(ledger.database).lineage(message).stages
    assert [(stage.step, stage.target, stage.state, stage.detail) for stage in stages if stage.step != "receive"] == [
        ("convert", "one", "done", ""),
        ("convert", "two", "failed", "a bug"),
        ("check", "", "failed", "never begun"),
    ]
    with ledger.database.read() as session:
        assert list(differences(session)) == []


def test_configuration_is_kept_once_by_hash(ledger: Ledger) -> None:
    one = ledger.configuration({"a": "1", "b": "2"})
    assert one == ledger.configuration({"b": "2", "a": "1"})
    assert one != ledger.configuration({"a": "1", "b": "3"})


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writer:
        writer.execute(sa.text("insert into configurations values ('x', 'y', '{}')"))
        with database.read() as reader:
            assert reader.scalar(sa.text("select count(*) from configurations")) == 0


def test_processes_that_start_together_make_the_tables_once(tmp_path: Path) -> None:
    """`gateway run` and `gateway serve` after an installation or an update."""
    context = multiprocessing.get_context("forkserver")
    together = context.Barrier(4)
    processes = [
        context.Process(target=_migrate, args=(f"sqlite:///{tmp_path / 'new.sqlite'}", together, number))
        for number in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4


def _migrate(url: str, together, number: int) -> None:
    assert alembic.command  # the import must not part them
    database = Database(url)
    together.wait(20)
    time.sleep(number * 0.02)  # so that some begin while others are between two migrations
    database.migrate()
    database.close()
