"""Slots, catch-up and clock changes; the clock is ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.agreements.load import Agreements
from gateway.agreements.model import Agreement, CatchUp
from gateway.agreements.timing import Timing, cron, every
from gateway.exchange.clock import moment, stamp
from gateway.exchange.database import Database
from gateway.exchange.ledger import Ledger
from gateway.exchange.queries import Queries
from gateway.exchange.schedule import Scheduler, due, next_slots

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(timing: Timing, start: str, end: str) -> list[str]:
    return [f"{s.astimezone(timing.zone):%m-%d %H:%M %Z}" for s in timing.slots(utc(start), utc(end))]


@pytest.mark.parametrize(
    ("zone", "start", "end", "slots"),
    [
        (BERLIN, "2026-03-28", "2026-03-31", ["03-28 02:30 CET", "03-29 03:30 CEST", "03-30 02:30 CEST"]),
        (BERLIN, "2026-10-24", "2026-10-27", ["10-24 02:30 CEST", "10-25 02:30 CEST", "10-26 02:30 CET"]),
        (NEW_YORK, "2026-03-07T12:00", "2026-03-10T12:00", ["03-08 03:30 EDT", "03-09 02:30 EDT", "03-10 02:30 EDT"]),
        (NEW_YORK, "2026-10-31T12:00", "2026-11-02T12:00", ["11-01 02:30 EST", "11-02 02:30 EST"]),
    ],
)
def test_a_daily_time_fires_once_on_each_local_date(zone: ZoneInfo, start: str, end: str, slots: list[str]) -> None:
    assert local(cron("30 2 * * *", zone), start, end) == slots


def test_the_repeated_hour_of_new_york() -> None:
    assert local(cron("30 1 * * *", NEW_YORK), "2026-10-31T12:00", "2026-11-02T12:00") == [
        "11-01 01:30 EDT",
        "11-02 01:30 EST",
    ]


def test_a_line_of_every_hour_keeps_its_rhythm_in_the_repeated_hour() -> None:
    assert local(cron("0 * * * *", BERLIN), "2026-10-24T23:30", "2026-10-25T02:30") == [
        "10-25 02:00 CEST",
        "10-25 02:00 CET",
        "10-25 03:00 CET",
    ]


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1", "Mon"),
        ("1-3", "Mon Tue Wed"),
        ("5-7", "Fri Sat Sun"),
        ("mon-tue", "Mon Tue"),
        ("*/3", "Wed Sat Sun"),
        ("0,6", "Sat Sun"),
    ],
)
def test_weekdays_mean_what_crontab_means(field: str, days: str) -> None:
    timing = cron(f"0 12 * * {field}", BERLIN)
    week = timing.slots(utc("2026-06-01"), utc("2026-06-08"))  # a Monday to a Monday
    assert " ".join(f"{slot:%a}" for slot in week) == days


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("* * * *", "a cron line has 5 fields"),
        ("61 * * * *", "not a cron line"),
        ("0 0 1 * 1", "both the day of the month and the day of the week"),
        ("0 0 * * 8", "not a cron line: weekdays go from 0"),
        ("@daily", "a cron line has 5 fields"),
    ],
)
def test_lines_that_are_none(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cron(line, BERLIN)


def test_intervals_do_not_move_with_restarts() -> None:
    timing = every(600, BERLIN)
    assert timing.next(utc("2026-06-01T10:03:11")) == utc("2026-06-01T10:10:00")
    assert timing.next(utc("2026-06-01T10:10:00")) == utc("2026-06-01T10:20:00")


def test_latest_finds_the_last_slot_of_a_long_outage_at_once() -> None:
    assert cron("* * * * *", BERLIN).latest(utc("2020-01-01"), utc("2026-06-01T10:00:30")) == utc("2026-06-01T10:00")
    assert cron("0 3 1 1 *", BERLIN).latest(utc("2025-06-01"), utc("2026-05-01")) == utc("2026-01-01T02:00")
    assert cron("0 3 1 1 *", BERLIN).latest(utc("2026-02-01"), utc("2026-05-01")) is None


@pytest.mark.parametrize(
    ("catch_up", "now", "fired"),
    [
        (CatchUp.ALL, "2026-06-01T12:30", ["10:00", "11:00", "12:00"]),
        (CatchUp.LATEST, "2026-06-01T12:30", ["12:00"]),
        (CatchUp.NONE, "2026-06-01T12:30", []),
        (CatchUp.NONE, "2026-06-01T12:00:20", ["12:00"]),
        (CatchUp.ALL, "2026-06-01T09:59", []),
    ],
)
def test_catch_up(catch_up: CatchUp, now: str, fired: list[str]) -> None:
    found = due(cron("0 * * * *", ZoneInfo("UTC")), catch_up, utc("2026-06-01T09:30"), utc(now))
    assert [f"{slot:%H:%M}" for slot in found.fire] == fired
    assert found.reached == (utc("2026-06-01T12:00") if now > "2026-06-01T10" else None)


def test_all_has_a_bound() -> None:
    found = due(cron("* * * * *", ZoneInfo("UTC")), CatchUp.ALL, utc("2026-01-01"), utc("2026-06-01"))
    assert found.fire == (utc("2026-06-01"),)


class Fired(list):
    def __call__(self, channel: str, id_: str) -> None:
        self.append((channel, id_))


def agreements(catch_up: str) -> Agreements:
    return Agreements(
        [
            Agreement.model_validate(
                {
                    "partner": {"id": "p"},
                    "channels": [
                        {
                            "id": "daily",
                            "transport": "folder",
                            "schedule": {"cron": "30 2 * * *"},
                            "time-zone": "Europe/Berlin",
                            "catch-up": catch_up,
                        },
                        {"id": "never", "transport": "folder"},
                    ],
                    "targets": [{"id": "t", "to": "x", "transport": "folder"}],
                }
            )
        ],
        {},
    )


def test_a_schedule_over_restarts(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'l.sqlite'}")
    database.migrate()
    now = utc("2026-10-24T12:00")
    ledger = Ledger(database, lambda: now)
    fired = Fired()

    def scheduler(catch_up: str = "latest") -> Scheduler:
        made = Scheduler(agreements(catch_up), ledger, fired, lambda: now)
        made.begin()
        return made

    running = scheduler()
    assert running.tick() == 0  # it has missed nothing, whatever the time is
    now = utc("2026-10-25T00:30:01")
    assert [running.tick(), running.tick()] == [1, 0]
    now = utc("2026-10-25T01:30:05")  # 02:30 for the second time
    assert running.tick() == 0
    assert fired == [("daily", "sched:daily:20261025T003000Z")]
    now = utc("2026-10-28T06:00")  # down for three days
    fired.clear()
    assert scheduler("latest").tick() == 1
    assert fired == [("daily", "sched:daily:20261028T013000Z")]
    assert scheduler("all").tick() == 0  # those are past
    now = utc("2026-10-30T06:00")
    fired.clear()
    assert scheduler("none").tick() == 0
    assert scheduler("all").tick() == 0
    now = utc("2026-11-01T06:00")
    assert scheduler("all").tick() == 2
    assert [id_ for _, id_ in fired] == ["sched:daily:20261031T013000Z", "sched:daily:20261101T013000Z"]
    assert next_slots(agreements("all"), now) == {"daily": utc("2026-11-02T01:30"), "never": None}
    database.close()


def test_slots_do_not_pile_up_behind_a_slow_peer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'l.sqlite'}")
    database.migrate()
    now = utc("2026-10-24T00:29:50")
    ledger = Ledger(database, lambda: now)
    fired = Fired()
    waiting = True
    scheduler = Scheduler(agreements("all"), ledger, fired, lambda: now, lambda channel: waiting and channel == "daily")
    scheduler.begin()
    now = utc("2026-10-24T00:30:01")
    assert scheduler.tick() == 0
    row = Queries(database).schedules()["daily"]
    assert (moment(row.last_slot), row.last_fired) == (utc("2026-10-24T00:30"), "")
    now = utc("2026-10-26T06:00")  # slots that were missed are fired, as the agreement says
    assert scheduler.tick() == 2
    waiting = False
    now = utc("2026-10-27T01:30:01")
    assert scheduler.tick() == 1
    database.close()


def test_stamps_sort_and_come_back() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert stamp(early) < stamp(late)
    assert moment(stamp(late.astimezone(BERLIN))) == late
    assert stamp(late - timedelta(hours=1)) == "2025-12-31T23:00:00.000005Z"
