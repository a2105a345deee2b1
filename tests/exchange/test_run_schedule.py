"""Schedules as `gateway run` keeps them, in a world whose clock is ours."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.exchange import workspace
from gateway.exchange.clock import moment, stamp
from tests.exchange.site import AGREEMENT, Site, document, until
from tests.exchange.test_commands import gateway

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = "transport: folder\n    settings: {path: data/in"
DAILY = (
    "transport: folder\n    schedule: {{cron: '30 2 * * *'}}\n    time-zone: Europe/Berlin\n    catch-up: {}\n"
    "    settings: {{path: data/in"
)


def tomorrow(hour: int, minute: int) -> datetime:
    """A time of the day in Berlin."""
    day = datetime.now(BERLIN).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def collections(site: Site) -> list[str]:
    """Ids of the collections that the schedule fired."""
    found = site.engine_rows("select workflow_uuid from workflow_status where name = 'collect' order by 1")
    return [id_ for (id_,) in found if id_.startswith("sched:")]


@pytest.fixture
def stored(tmp_path: Path, store: dict) -> Site:
    return Site(tmp_path / "ws", **store).build()


def begun(site: Site, catch_up: str, last: datetime) -> Site:
    """A site whose schedule has come as far as `last`."""
    site.agree(AGREEMENT.replace(PLAIN, DAILY.format(catch_up)))
    opened = site.workspace()
    opened.ledger.slot("acme-in", stamp(last), "")
    opened.close()
    return site


def test_a_cron_line_in_a_time_zone_fires_and_shows(stored: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = tomorrow(2, 30)
    site = begun(stored, "none", slot - timedelta(days=3))  # the slots between are not made up for
    site.drop("a.xml", document())
    shift = (slot - timedelta(seconds=4) - datetime.now(UTC)).total_seconds()

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=shift)

    monkeypatch.setattr(workspace, "opened", functools.partial(workspace.opened, clock=clock))
    with site.running(shift):
        until(lambda: [m.state for m in site.messages()] == ["done"])
        (channel,) = json.loads(gateway("status", "-C", str(site.root), "--json"))["channels"]
        text = gateway("status", "-C", str(site.root))
    assert collections(site) == [f"sched:acme-in:{slot:%Y%m%dT%H%M%SZ}"]
    following = tomorrow(2, 30).astimezone(BERLIN) + timedelta(days=1)
    assert (
        channel["schedule"],
        channel["last_slot"],
        channel["next_slot"],
        channel["next_local"],
        channel["taken"],
    ) == (
        "30 2 * * * Europe/Berlin",
        stamp(slot),
        stamp(following),
        f"{following:%Y-%m-%d} 02:30:00 {following:%Z}",
        1,
    )
    assert f"{slot:%Y-%m-%d %H:%M:%S}Z" in text
    assert f"{following:%Y-%m-%d} 02:30:00" in text
    assert moment(channel["last_look"]) >= slot


@pytest.mark.parametrize(("catch_up", "fired"), [("none", 0), ("latest", 1), ("all", 3)])
def test_slots_missed_while_the_gateway_was_down(stored: Site, catch_up: str, fired: int) -> None:
    now = tomorrow(12, 0)
    site = begun(stored, catch_up, now - timedelta(days=3))
    site.drop("a.xml", document())
    missed = [tomorrow(2, 30) - timedelta(days=days) for days in (2, 1, 0)]
    with site.running((now - datetime.now(UTC)).total_seconds()):
        until(lambda: site.rows("select last_slot from schedules") == [(stamp(missed[-1]),)])
        until(lambda: len(collections(site)) == fired)
        if fired:
            until(lambda: [m.state for m in site.messages()] == ["done"])
    assert len(collections(site)) == fired
    assert site.delivered() == ({"one": ["a.jsonld"], "two": ["a.xml"]} if fired else {"one": [], "two": []})
    assert (site.inbox / "a.xml").exists() == (not fired)


def test_a_slot_that_is_fired_again_is_one_collection(stored: Site) -> None:
    """As when a leader died after it had fired, and before that was on record."""
    now = tomorrow(12, 0)
    slot = tomorrow(2, 30)
    site = begun(stored, "latest", now - timedelta(days=1))
    ended = "select count(*) from operation_outputs where workflow_uuid like 'sched:%'"
    for _ in range(2):
        with site.running((now - datetime.now(UTC)).total_seconds()):
            until(lambda: site.rows("select last_slot from schedules") == [(stamp(slot),)])
            until(lambda: site.engine_rows(ended) == [(1,)])
        assert collections(site) == [f"sched:acme-in:{slot:%Y%m%dT%H%M%SZ}"]
        opened = site.workspace()
        opened.ledger.slot("acme-in", stamp(now - timedelta(days=1)), "")
        opened.close()
    assert site.engine_rows(ended) == [(1,)]
