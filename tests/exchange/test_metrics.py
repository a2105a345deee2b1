from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agreements.load import Agreements
from gateway.agreements.model import Agreement
from gateway.exchange.archive.store import Stored
from gateway.exchange.clock import stamp
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Arrival, Ledger, Plan
from gateway.exchange.ledger.tables import State
from gateway.exchange.operations.metrics import Sample, metrics, prometheus, quantile

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    database.migrate()
    yield Ledger(database, Clock())
    database.close()


def receive(ledger: Ledger, number: int, partner: str = "acme") -> str:
    stored = Stored(f"{number:064}", 1)
    message, _ = ledger.receive(Arrival(partner, "c", "n", f"{number}", stored, ledger.configuration({"a": "b"})))
    return message.id


def test_everything_is_counted_from_the_ledger(ledger: Ledger) -> None:
    clock = ledger.clock
    for number, seconds in enumerate((1, 2, 10), 1):
        clock.now = NOON
        id_ = receive(ledger, number)
        clock.now = NOON + timedelta(seconds=seconds)
        ledger.move(id_, State.DONE if number < 3 else State.REFUSED)
    clock.now = NOON + timedelta(seconds=30)
    waiting = receive(ledger, 4, "other")
    ledger.plan(waiting, [Plan("t", 1, "its", "n", "a", 1, "a" * 64)])
    ledger.collected("c", 4, "no such folder")
    ledger.slot("in", stamp(NOON), "")
    ledger.in_force("w1", "c" * 64, "wrong")
    agreement = Agreement.model_validate(
        {
            "partner": {"id": "acme"},
            "channels": [{"id": "in", "transport": "folder", "schedule": {"interval": 60}}],
            "targets": [{"id": "t", "to": "x", "transport": "folder"}],
        }
    )
    now = NOON + timedelta(seconds=90)
    found = metrics(
        Queries(ledger.database), now, Agreements([agreement], {}), [("file:keys/a", now + timedelta(days=2))]
    )
    got = {(s.name.removeprefix("gateway_"), *s.labels.values()): s.value for s in found}
    assert {key for key, number in got.items() if not number} >= {("messages", "failed"), ("backlog", "acme")}
    assert {key: number for key, number in got.items() if number} == {
        ("messages", "delivering"): 1,
        ("messages", "done"): 2,
        ("messages", "refused"): 1,
        ("backlog", "other"): 1,
        ("oldest_open_seconds", "other"): 60,
        ("deliveries", "planned"): 1,
        ("waiting_deliveries", "its"): 1,
        ("ended", "done"): 2,
        ("ended", "refused"): 1,
        ("latency_seconds", "acme", "0.5"): 2,
        ("latency_seconds", "acme", "0.95"): 10,
        ("latency_seconds", "acme", "1"): 10,
        ("channel_failing", "c"): 1,
        ("channel_seconds_since_look", "c"): 60,
        ("schedule_lag_seconds", "in"): 30,
        ("configuration_refused", "w1"): 1,
        ("certificate_days_left", "file:keys/a"): 2,
    }
    assert all(sample.help for sample in found)
    later = metrics(Queries(ledger.database), now + timedelta(hours=2))
    assert not any(sample.value for sample in later if sample.name == "gateway_ended")


def test_the_text_form_escapes_labels_and_keeps_names_together() -> None:
    text = prometheus([Sample("a", 1, {"x": 'q"\\\n'}), Sample("b", 0.5), Sample("a", 1e9)])
    assert text == ('# HELP a \n# TYPE a gauge\na{x="q\\"\\\\\\n"} 1\na 1000000000\n# HELP b \n# TYPE b gauge\nb 0.5\n')


@given(st.lists(st.integers(), min_size=1), st.floats(0, 1))
def test_a_quantile_is_the_least_value_that_is_not_exceeded_by_its_share(values: list[int], share: float) -> None:
    ordered = sorted(values)
    found = quantile(ordered, share)
    assert found in values
    assert sum(v <= found for v in values) >= len(values) * share
    assert sum(v < found for v in values) < max(len(values) * share, 1)
