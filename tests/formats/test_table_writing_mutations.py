"""Documents of the shipped samples with events left out, repeated, reordered and changed: nothing silent, no crash."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.epcis.events import Event
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.formats.table import all_mappings
from gateway.resources import shipped
from gateway.sources import Source
from tests.formats.table_writing import Written, events_of

MAPPINGS = {one.name: one for one in all_mappings()}
NAMES = ["styles/box-blocks", "styles/levels", "styles/quantities", "styles/returns", "styles/rework"]
TIMES = ["2026-10-05T09:00:00+02:00", "2026-10-05T10:00:00+02:00"]
LATER = {"event-time": "2030-01-01T00:00:00Z"}


@functools.cache
def sample(name: str) -> list[Event]:
    path = next(iter(sorted((shipped("mappings") / name).glob("*.expected.jsonld"))))
    assert EPCIS_2_0_JSON.read is not None
    return list(EPCIS_2_0_JSON.read(Source.file(Path(path)), Context()).events)


def facts(event: Event) -> set[tuple[str, ...]]:
    head = (event.type, getattr(event, "action", ""), event.biz_step or "", event.disposition or "", event.event_time)
    parent = getattr(event, "parent_id", None) or ""
    found = set()
    for name in ("epc_list", "child_epcs"):
        found |= {(*head, parent, epc) for epc in getattr(event, name, None) or ()}
    for name in ("quantity_list", "child_quantity_list"):
        for one in getattr(event, name, None) or ():
            found.add((*head, parent, one.epc_class, one.quantity or "", one.uom or ""))
    return found or {(*head, parent)}


@st.composite
def mutated(draw: st.DrawFn, name: str) -> list[Event]:
    chosen = draw(st.lists(st.sampled_from(range(len(sample(name)))), min_size=1, max_size=14))
    events = []
    for number in chosen:
        event = sample(name)[number]
        if draw(st.integers(0, 5)) == 0:
            event = structs.replace(event, event_time=draw(st.sampled_from(TIMES)))
        for part in ("epc_list", "child_epcs", "quantity_list", "child_quantity_list"):
            items = getattr(event, part, None)
            if items and draw(st.integers(0, 3)) == 0:
                event = structs.replace(event, **{part: items[: draw(st.integers(1, len(items)))]})
        events.append(event)
    return events


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_true_and_what_is_not_is_told(name: str, data: st.DataObject) -> None:
    document = data.draw(mutated(name))
    carrier = "csv" if MAPPINGS[name].spec.table.csv is not None else "xlsx"
    written = Written(document, MAPPINGS[name], carrier=carrier)
    if written.context.findings.errors:
        return
    after: set[tuple[str, ...]] = set()
    for event in events_of(written.data, MAPPINGS[name], f"t.{carrier}", **LATER):
        after |= facts(event)
    if "TABLE-OUT-04" not in written.codes:
        assert after <= set().union(*map(facts, document))
    lost = {one.event for one in written.lost if one.code in {"LOSS-TABLE-01", "LOSS-TABLE-03"}}
    for number, event in enumerate(document, 1):
        place = event.where.event or number
        assert place in lost or facts(event) <= after
