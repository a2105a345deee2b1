from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transports.files import FileSettings, settled_offers
from gateway.transports.settle import Entry, Settle, Settling


def look(settling: Settling, now: float, *entries: Entry) -> list[str]:
    settling.look(entries, [entry.name for entry in entries], now)
    return [entry.name for entry in settling.settled(now)]


def entry(name: str = "a", size: int = 1, modified: float = 900.0) -> Entry:
    return Entry(name, name, size, modified)


def test_the_same_in_so_many_looks():
    settling = Settling(Settle(looks=3, min_age=0))
    assert look(settling, 1000, entry()) == []
    assert look(settling, 1001, entry()) == []
    assert look(settling, 1002, entry()) == ["a"]
    assert look(settling, 1003, entry(size=2)) == []
    assert look(settling, 1004, entry(size=2)) == []
    assert look(settling, 1005, entry(size=2, modified=901)) == []


def test_a_file_that_was_away_starts_again():
    settling = Settling(Settle(looks=2, min_age=0))
    assert look(settling, 1000, entry()) == []
    assert look(settling, 1001) == []
    assert look(settling, 1002, entry()) == []
    assert look(settling, 1003, entry()) == ["a"]


def test_old_enough():
    settling = Settling(Settle(looks=1, min_age=101))
    assert look(settling, 1000, entry()) == []
    assert look(settling, 1001, entry()) == ["a"]


@pytest.mark.parametrize("modified", [0.0, 5000.0])
def test_a_time_that_says_nothing_is_replaced_by_watching(modified):
    settling = Settling(Settle(looks=1, min_age=10))
    assert look(settling, 1000, entry(modified=modified)) == []
    assert settling.worth_another_look(1000)
    assert look(settling, 1009, entry(modified=modified)) == []
    assert look(settling, 1010, entry(modified=modified)) == ["a"]
    assert not settling.worth_another_look(1010)


def test_marker_by_stem_and_checksum_together():
    settling = Settling(Settle(marker="{stem}.ok", checksum="{name}.md5"))
    assert look(settling, 0, entry("a.csv"), entry("a.ok")) == []
    assert look(settling, 0, entry("a.csv"), entry("a.ok"), entry("a.csv.md5")) == ["a.csv"]
    assert not settling.worth_another_look(0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def offered(listings, **settle) -> tuple[list[str], float]:
    clock = Clock()
    settings = FileSettings(settle=Settle(**settle))
    offers = settled_offers(lambda: listings(clock.now), settings, Settling(settings.settle), clock, clock.sleep)
    return [offer.name for offer in offers], clock.now - 1000


def test_an_empty_folder_costs_one_look():
    assert offered(lambda _: []) == ([], 0)


def test_a_settled_folder_costs_the_looks():
    assert offered(lambda _: [entry()], looks=3, interval=2) == (["a"], 4)


def test_young_files_are_left_for_the_next_session():
    assert offered(lambda _: [entry(modified=999)], looks=2, interval=1, min_age=60) == ([], 0)


def test_a_growing_file_holds_nothing_up():
    assert offered(lambda now: [entry(), entry("b", int(now), now)], looks=3, interval=1, min_age=0) == (["a"], 2)


def test_files_without_times_that_keep_coming_do_not_hold_a_session_for_ever():
    names, seconds = offered(lambda now: [entry(f"f{now}", 1, 0)], looks=2, interval=1, min_age=5)
    assert names == []
    assert seconds <= 6


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12), st.integers(1, 4))
def test_nothing_settles_before_it_was_the_same_often_enough(states, looks):
    settling = Settling(Settle(looks=looks, min_age=0))
    for number, (size, modified) in enumerate(states):
        found = look(settling, 1000 + number, entry(size=size, modified=modified + 1))
        same = 0
        for state in reversed(states[: number + 1]):
            if state != (size, modified):
                break
            same += 1
        assert bool(found) == (same >= looks)
