"""A clock that was wrong for a while and is put right: nothing waits for the time that it showed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.agreements.model import Rate
from gateway.exchange.archive.store import Stored
from gateway.exchange.flow.deliveries import AHEAD
from gateway.exchange.flow.holds import Holds
from gateway.exchange.flow.rates import Rates
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables_work import Lease, Passage, Worker
from gateway.exchange.workers import LEADER, Crew

YEARS = 10 * 365 * 86400.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def shared(postgres, blank: str) -> Iterator[Database]:
    database = Database(postgres.url(postgres.create(blank)), password=postgres.password)
    with database.write() as session:
        session.execute(sa.delete(Worker))
    yield database
    database.close()


def receive(ledger: Ledger, name: str) -> str:
    stored = Stored(f"{hash(name) & 0xFFFF:064}", 1)
    configuration = ledger.configuration({"a": "b"})
    return ledger.receive(Arrival("acme", "acme-in", name, name, stored, configuration))[0].id


def test_messages_tell_their_own_time_again(database: Database, clock: Clock) -> None:
    ledger = Ledger(database, clock)
    first = receive(ledger, "a")
    clock.now += timedelta(hours=2)
    second = receive(ledger, "b")
    clock.now = NOON + timedelta(seconds=1)
    third = receive(ledger, "c")  # a small step: ids go on rising, times are true
    assert first < second < third
    clock.now += timedelta(days=3650)
    receive(ledger, "d")
    clock.now = NOON + timedelta(seconds=2)
    fifth = receive(ledger, "e")
    assert fifth.startswith("20260301120002")
    queries = Queries(database)
    assert queries.message(third).received_at == "2026-03-01T12:00:01.000000Z"
    assert queries.message(fifth).received_at == "2026-03-01T12:00:02.000000Z"
    assert [m.name for m in queries.messages()] == ["e", "d", "c", "b", "a"]


def test_tries_that_lie_years_ahead_are_made_now(database: Database, clock: Clock) -> None:
    ledger, holds = Ledger(database, clock), Holds(database, clock)
    message = receive(ledger, "a")
    near, far = ledger.plan(
        message,
        [Plan(target=id_, position=1, partner=id_, name="a", address="", size=1, sha256="0" * 64) for id_ in "xy"],
    )
    ledger.undelivered(near.id, "no", 3600)
    clock.now += timedelta(days=3650)
    ledger.undelivered(far.id, "no", 3600)
    clock.now = NOON
    holds.wake_strays(AHEAD)
    assert holds.wakes() == [far.id]


def test_a_rate_does_not_keep_a_target_shut_for_years(database: Database) -> None:
    rates, rate = Rates(database), Rate(limit=1, seconds=60)
    with database.write() as session:
        session.add(Passage(target="one", delivery="x", at=database.seconds(session) + YEARS))
    assert rates.ask("one", "y", rate) == 0
    assert 0 < rates.ask("one", "z", rate) <= 60


def test_a_lead_that_was_lent_for_years_is_given_to_another(shared: Database) -> None:
    crew = Crew(shared, "w-2", "1", 0.4)
    with shared.write() as session:
        session.add(Lease(task=LEADER, instance="x", worker="w-1", until=shared.seconds(session) + YEARS))
    assert crew.leads()


def test_a_worker_whose_last_beat_lies_years_ahead_is_found_silent(shared: Database) -> None:
    ours, theirs = Crew(shared, "w-2", "1", 0.5), Crew(shared, "w-1", "1", 600)
    theirs.join()
    ours.join()
    with shared.write() as session:
        session.get(Worker, "w-1").beat = shared.seconds(session) + YEARS
    with ours.silent() as gone:
        assert gone is None  # it may be alive: it gets the time of a beat
    time.sleep(0.6)
    with ours.silent() as gone:
        assert gone is not None
    ours.leave()
    theirs.leave()


def test_a_name_whose_last_beat_lies_years_ahead_is_free(shared: Database, monkeypatch) -> None:
    first = Crew(shared, "w-1", "1", 600)
    first.join()
    with shared.write() as session:
        session.get(Worker, "w-1").beat = shared.seconds(session) + YEARS
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    second = Crew(shared, "w-1", "1", 600)
    assert second.join()
    first.leave()
    second.leave()
