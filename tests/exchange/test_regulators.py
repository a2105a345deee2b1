"""Regulators' deadlines by a clock of our own: who is asked when, over wrong clocks, and answers that come late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.agreements.answers import Expectation
from gateway.answers import Answer, Verdict
from gateway.exchange.archive.store import Archive, Stored
from gateway.exchange.clock import stamp
from gateway.exchange.flow.deliveries import Deliveries
from gateway.exchange.flow.regulators import AHEAD, MEMORY, MOST, Regulators
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.answers import AnswerBook
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import Delivery, State
from gateway.submit.settings import Asking
from gateway.transports.base import Receipt

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PENDING = Answer(Verdict.PENDING, reference="r1")


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield Ledger(database, clock)
    database.close()


@pytest.fixture
def regulators(ledger: Ledger, tmp_path: Path, clock: Clock) -> Regulators:
    return Regulators(ledger, Archive(tmp_path), AnswerBook(ledger.database, clock))


def target(then: str = "alert", within: int = 3600) -> SimpleNamespace:
    answer = Expectation.model_validate({"kind": "ticket", "within": within, "then": then})
    return SimpleNamespace(answer=answer, settings=SimpleNamespace(ask=Asking(first=5, longest=900)))


def sent(ledger: Ledger, regulators: Regulators, number: int, to: str = "its", of: SimpleNamespace | None = None):
    """A submission that was delivered, and whose answer comes later."""
    stored = Stored(f"{number:064}", 1)
    arrival = Arrival("acme", "in", f"{number}", f"{number}", stored, ledger.configuration({"a": "b"}))
    message, _ = ledger.receive(arrival)
    (delivery,) = ledger.plan(message.id, [Plan(to, 1, to, f"{number}.txt", "a", 1, "a" * 64)])
    receipt = Receipt(delivery.name, 1, answer=PENDING)
    ledger.delivered(delivery.id, delivery.name, regulators.expectation(of or target(), receipt))
    ledger.close(message.id)
    regulators.heard(delivery, of or target(), receipt)
    return delivery


def test_a_system_with_many_open_answers_keeps_no_other_waiting(
    ledger: Ledger, regulators: Regulators, clock: Clock
) -> None:
    for number in range(MOST + 5):
        sent(ledger, regulators, number, "down")
    other = sent(ledger, regulators, 99, "its")
    clock.now += timedelta(seconds=60)
    due = regulators.due(stamp(clock.now))
    assert [target for _, target in due].count("down") == MOST
    assert [row.delivery for row, target in due if target == "its"] == [other.id]


def test_a_question_that_a_wrong_clock_put_years_ahead_is_put_now(
    ledger: Ledger, regulators: Regulators, clock: Clock
) -> None:
    clock.now = NOON.replace(year=2036)
    delivery = sent(ledger, regulators, 1)
    clock.now = NOON
    assert [row.delivery for row, _ in regulators.due(stamp(clock.now))] == [delivery.id]
    regulators.later(delivery.id, target())
    assert regulators.due(stamp(clock.now)) == []
    assert regulators.due(stamp(clock.now + timedelta(seconds=10)))


def test_a_try_that_a_wrong_clock_put_years_ahead_is_made_now(ledger: Ledger, regulators: Regulators, clock: Clock):
    delivery = sent(ledger, regulators, 1)
    clock.now = NOON.replace(year=2036)
    (second,) = ledger.plan(delivery.message, [Plan("its", 1, "its", "1.txt", "a", 1, "a" * 64)])
    deliveries = Deliveries.__new__(Deliveries)
    deliveries.ledger, deliveries.regulators = ledger, regulators
    deliveries.holds = SimpleNamespace(of_target=lambda *_: "")
    deliveries.agreements = None
    clock.now = NOON
    to = SimpleNamespace(id="its", settings=None, rate=None)
    second.state, second.next_try_at = "waiting", stamp(NOON + timedelta(days=1))
    assert deliveries._pause(second, to) == 86400
    second.next_try_at = stamp(NOON.replace(year=2036))
    assert deliveries._pause(second, to) == 0


def test_what_was_given_up_is_asked_for_a_while_and_the_message_stays_failed(
    ledger: Ledger, regulators: Regulators, clock: Clock
) -> None:
    of = target("fail", within=60)
    delivery = sent(ledger, regulators, 1, of=of)
    clock.now += timedelta(seconds=61)
    (missed,) = AnswerBook(ledger.database, clock).overdue()
    assert (missed.delivery.id, Queries(ledger.database).message("1").state) == (delivery.id, State.FAILED)
    assert regulators.waits(delivery.id)
    late = Receipt(delivery.name, 1, answer=Answer(Verdict.ACCEPTED, reference="r1"))
    regulators.heard(delivery, of, late)
    (row,) = [row for row in Queries(ledger.database).lineage("1").answers if row.verdict == "accepted"]
    assert row.standing == "late"
    assert Queries(ledger.database).message("1").state == State.FAILED
    assert not regulators.waits(delivery.id)
    with ledger.database.read() as session:
        assert list(audit.verify(session)) == []
    given_up = sent(ledger, regulators, 2, of=of)
    clock.now += timedelta(seconds=61)
    AnswerBook(ledger.database, clock).overdue()
    clock.now += MEMORY
    assert not regulators.waits(given_up.id)


def test_the_time_of_an_answer_counts_from_the_delivery_over_restarts(
    ledger: Ledger, regulators: Regulators, clock: Clock, tmp_path: Path
) -> None:
    sent(ledger, regulators, 1, of=target(within=60))
    again = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    book = AnswerBook(again, clock)
    clock.now += timedelta(seconds=59)
    assert book.overdue() == []
    clock.now -= timedelta(hours=2)  # somebody sets the clock back: late, and not lost
    assert book.overdue() == []
    clock.now += timedelta(hours=2, seconds=2)
    assert [one.then for one in book.overdue()] == ["alert"]
    assert book.overdue() == []
    assert regulators.due(stamp(clock.now))  # and it is still asked for
    again.close()


def test_a_longest_pause_is_within_what_counts_as_ahead() -> None:
    assert Asking(first=86400, longest=86400).wait(9) < AHEAD.total_seconds()


def test_what_a_delivery_waits_for(ledger: Ledger, regulators: Regulators) -> None:
    """An open answer, a submission that may have been taken, and one that is on its way again; of its target alone."""
    to = target()
    sent(ledger, regulators, 1, "other")
    first, second, third = (sent(ledger, regulators, number) for number in (2, 3, 4))
    assert regulators.before(third, to) == (first.id, to.settings.ask.wait(1))
    regulators.over(first.id)
    assert regulators.before(third, to)[0] == second.id
    regulators.over(second.id)
    assert regulators.before(third, to) == ("", 0.0)
    with ledger.database.write() as session:
        session.get_one(Delivery, first.id).state = "uncertain"
    assert regulators.before(third, to) == (first.id, to.settings.ask.longest)
    with ledger.database.write() as session:
        row = session.get_one(Delivery, first.id)
        row.state, row.again = "planned", 1
    assert regulators.before(third, to)[0] == first.id
    to.settings.ask = Asking(in_order=False)
    assert regulators.before(third, to) == ("", 0.0)


def test_a_held_regulator_is_not_asked(ledger: Ledger, regulators: Regulators, clock: Clock) -> None:
    delivery = sent(ledger, regulators, 1)
    deliveries = Deliveries.__new__(Deliveries)
    deliveries.ledger, deliveries.regulators, deliveries.queries = ledger, regulators, Queries(ledger.database)
    deliveries.holds = SimpleNamespace(of_target=lambda *_: "held: target its by operator")
    deliveries.agreements = SimpleNamespace(target=lambda _: SimpleNamespace(id="its"))
    deliveries.sessions = None  # nobody connects
    clock.now += timedelta(seconds=10)
    deliveries.ask(delivery.id)
    assert regulators.due(stamp(clock.now)) == []
    ((row, _),) = regulators.due(stamp(clock.now + timedelta(seconds=60)))
    assert (row.asked, row.error) == (1, "held: target its by operator")
