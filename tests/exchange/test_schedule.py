"""Slots, catch-up and clock changes; the clock is ours."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.agreements.load import Agreements
from gateway.agreements.model import Agreement, CatchUp, Schedule
from gateway.agreements.timing import Timing, cron, every
from gateway.agreements.windows import Opening, window
from gateway.exchange.clock import moment, stamp
from gateway.exchange.ledger.database import Database
from gateway.exchange.ledger.queries import Queries
from gateway.exchange.ledger.record import Ledger
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


@pytest.fixture
def database(tmp_path: Path, store: dict) -> Iterator[Database]:
    """A ledger on each of the stores."""
    server = store.get("postgres")
    if server:
        database = Database(server.url(server.create(store["template"])), password=server.password)
    else:
        database = Database(f"sqlite:///{tmp_path / 'l.sqlite'}")
    database.migrate()
    yield database
    database.close()


def test_a_schedule_over_restarts(database: Database) -> None:
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


@pytest.mark.parametrize(
    ("day", "slots"),
    [
        ("2026-03-28T12:00", ["20260329T013000Z", "20260330T003000Z"]),  # 02:30 is not there: 03:30 of the summer
        ("2026-10-24T12:00", ["20261025T003000Z", "20261026T013000Z"]),  # 02:30 comes twice: the first one
    ],
)
def test_two_leaders_fire_a_slot_under_one_id_over_both_clock_changes(
    database: Database, day: str, slots: list[str]
) -> None:
    """One that has lost the lead and does not know it yet, and the one that has it."""
    now = utc(day)
    ledger = Ledger(database, lambda: now)
    fired = Fired()
    leaders = [Scheduler(agreements("latest"), ledger, fired, lambda: now) for _ in range(2)]
    for leader in leaders:
        leader.begin()
    for _ in range(4 * 40):
        now += timedelta(minutes=15)
        for leader in leaders:
            leader.tick()
    assert Counter(id_ for _, id_ in fired) == {f"sched:daily:{slot}": 2 for slot in slots}


def test_slots_do_not_pile_up_behind_a_slow_peer(database: Database) -> None:
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


def test_a_clock_that_was_a_year_ahead_stops_no_schedule(database: Database) -> None:
    """What was fired meanwhile is fired again at its time, under another id: its first one would have no effect."""
    now = utc("2026-10-24T12:00")
    ledger = Ledger(database, lambda: now)
    fired = Fired()
    scheduler = Scheduler(agreements("latest"), ledger, fired, lambda: now)
    scheduler.begin()
    now = utc("2027-10-24T12:00")
    assert scheduler.tick() == 1
    now = utc("2026-10-24T12:01")
    assert scheduler.tick() == 0
    now = utc("2026-10-25T00:30:01")
    assert [scheduler.tick(), scheduler.tick()] == [1, 0]
    assert fired == [
        ("daily", "sched:daily:20271024T003000Z"),
        ("daily", "sched:daily:20261025T003000Z~20261024T120100Z"),
    ]


def test_a_restart_after_a_clock_was_ahead(database: Database) -> None:
    now = utc("2027-10-24T12:00")
    ledger = Ledger(database, lambda: now)
    fired = Fired()
    Scheduler(agreements("latest"), ledger, fired, lambda: now).begin()
    now = utc("2026-10-24T12:00")
    scheduler = Scheduler(agreements("latest"), ledger, fired, lambda: now)
    scheduler.begin()
    assert scheduler.tick() == 0
    now = utc("2026-10-25T00:30:01")
    assert scheduler.tick() == 1


def test_a_small_step_back_fires_nothing_twice(database: Database) -> None:
    now = utc("2026-10-24T12:00")
    fired = Fired()
    scheduler = Scheduler(agreements("latest"), Ledger(database, lambda: now), fired, lambda: now)
    scheduler.begin()
    now = utc("2026-10-25T00:30:01")
    assert scheduler.tick() == 1
    now -= timedelta(seconds=80)
    assert scheduler.tick() == 0
    now += timedelta(seconds=90)
    assert scheduler.tick() == 0


def test_stamps_sort_and_come_back() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
    assert stamp(early) < stamp(late)
    assert moment(stamp(late.astimezone(BERLIN))) == late
    assert stamp(late - timedelta(hours=1)) == "2025-12-31T23:00:00.000005Z"


@pytest.mark.parametrize(
    ("line", "moments"),
    [
        ("mon-fri 06:00-20:00", {"06-01T05:59": False, "06-01T06:00": True, "06-01T19:59": True, "06-01T20:00": False}),
        ("sat,sun 00:00-24:00", {"06-05T23:59": False, "06-06T00:00": True, "06-07T23:59": True, "06-08T00:00": False}),
        ("fri 22:00-02:00", {"06-05T23:00": True, "06-06T01:59": True, "06-06T02:00": False, "06-05T01:00": False}),
        ("fri-mon 12:00-13:00", {"06-08T12:00": True, "06-07T12:30": True, "06-09T12:00": False}),
        ("06:00-20:00", {"06-07T12:00": True, "12-25T12:00": False}),  # a day off
    ],
)
def test_windows_count_by_the_clock_of_the_zone(line: str, moments: dict[str, bool]) -> None:
    opening = Opening((window(line),), frozenset({date(2026, 12, 25)}), BERLIN)
    for text, allowed in moments.items():
        local_time = datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN)
        assert opening.allows(local_time.astimezone(UTC)) == allowed, text


@pytest.mark.parametrize(
    "line", ["25:00-26:00", "06:00-06:00", "24:00-02:00", "funday 06:00-20:00", "6-20", "06:70-07:00"]
)
def test_windows_that_are_none(line: str) -> None:
    with pytest.raises(ValueError, match=r"window|time of the day|days"):
        window(line)


def scheduled(zone: str = "Europe/Berlin", **schedule: object) -> Timing:
    timing = Schedule.model_validate(schedule).timing(ZoneInfo(zone))
    assert timing is not None
    return timing


def test_an_interval_in_working_hours_without_holidays() -> None:
    timing = scheduled(interval=4 * 3600, windows=["mon-fri 08:00-18:00"], holidays=["2026-06-02"])
    assert local(timing, "2026-05-29T12:00", "2026-06-04T00:00") == [
        "06-01 10:00 CEST",
        "06-01 14:00 CEST",
        "06-03 10:00 CEST",
        "06-03 14:00 CEST",
    ]


def test_a_closed_weekend_is_passed_at_once() -> None:
    timing = scheduled(interval=1, windows=["mon-fri 08:00-18:00"])
    began = time.perf_counter()
    assert timing.next(utc("2026-06-05T16:00:00")) == utc("2026-06-08T06:00:00")
    assert timing.latest(utc("2026-06-01"), utc("2026-06-07T12:00")) == utc("2026-06-05T15:59:59")
    assert time.perf_counter() - began < 20
    assert scheduled(cron="0 3 * * *", windows=["12:00-13:00"]).next(utc("2026-01-01")) is None


def test_only_days_off() -> None:
    timing = scheduled(cron="0 3 * * *", holidays=["2026-06-02", "2026-06-03"])
    assert local(timing, "2026-06-01T00:00", "2026-06-04T12:00") == ["06-01 03:00 CEST", "06-04 03:00 CEST"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("line", ["30 2 * * *", "*/15 1-3 * * *", "0 1,2,3 * * *", "59 1 * * *", "0 0 * * *"])
def test_each_local_slot_once_over_both_clock_changes(zone: str, line: str) -> None:
    """What a clock on the wall would show at each slot never comes twice, and no slot is lost."""
    timing = cron(line, ZoneInfo(zone))
    for start, end in (("2026-03-01", "2026-04-05"), ("2026-10-20", "2026-11-05")):
        found = [slot.astimezone(timing.zone) for slot in timing.slots(utc(start), utc(end))]
        shown = [f"{slot:%Y-%m-%d %H:%M}" for slot in found]
        assert len(set(shown)) == len(shown)
        by_day = Counter(slot.date() for slot in found[1:-1])
        usual = max(by_day.values())
        inner = sorted(by_day)[1:-1]
        fewer = [day for day in inner if by_day[day] != usual]
        assert len(inner) > 10
        # Only in spring two slots may become one: 02:00 does not exist and is what 03:00 shows.
        assert all(day.month == 3 for day in fewer), fewer
        if "," not in line and "-" not in line:
            assert fewer == []
