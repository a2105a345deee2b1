"""Batches: every event once and in order, few and small enough to hold, and errors at their place."""

from __future__ import annotations

import pytest

from gateway.epcis.batches import batches
from gateway.epcis.events import ObjectEvent
from gateway.errors import InputError
from gateway.findings import Finding, Rule, Severity

RULE = Rule("TEST-01", Severity.ERROR, "A document must not be cut")


def event(*epcs: str) -> ObjectEvent:
    return ObjectEvent(event_time="", event_time_zone_offset="", action="ADD", epc_list=list(epcs))


def test_all_events_in_order() -> None:
    events = [event(str(number)) for number in range(1000)]
    found = list(batches(iter(events)))
    assert [one for batch in found for one in batch] == events
    assert 1 < max(map(len, found)) < 200


def test_large_events_are_not_piled_up() -> None:
    large = event(*map(str, range(6000)))
    assert [len(batch) for batch in batches([large, large, event("1")])] == [1, 1, 1]


def test_an_error_is_raised_behind_the_events_before_it() -> None:
    def broken():
        yield event("1")
        yield event("2")
        raise InputError(Finding.of(RULE, "cut"))

    stream = batches(broken())
    assert [one.epc_list for one in next(stream)] == [["1"], ["2"]]
    with pytest.raises(InputError, match="cut"):
        next(stream)
