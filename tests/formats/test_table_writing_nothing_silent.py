"""Any document: what the table says stands in the document, and what the table does not say stands in the losses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.epcis.element import element
from gateway.epcis.events import AggregationEvent, Event, Location, ObjectEvent
from tests.formats.table_writing import EVENTS, FIELDS, PLACE, PLANT, Written, events_of, mapping

UNITS = [f"urn:epc:id:sgtin:9521321.011001.{letter}" for letter in "ABCD"]
CASES = [f"urn:epc:id:sscc:9521321.000000000{number}" for number in range(1, 5)]
TIMES = ["2026-10-05T09:00:00+02:00", "2026-10-05T10:00:00+02:00"]
LOT = [element("urn:epcglobal:cbv:mda", "lotNumber", "L1")]
SHIPPED = {"column": "Shipped", "transform": "datetime", "required": False}
FIELDS_ALL = {name: field | {"required": False} for name, field in FIELDS.items()} | {"shipped": SHIPPED}
FIELDS_ALL |= {name: FIELDS_ALL[name] | {"otherwise": "event-time"} for name in ("made", "packed")}
LEVELS = {"column": "Level", "objects": {"U": "unit", "B": "box", "P": "pallet"}}
BOXES = EVENTS[0] | {"epcs": "box", "ilmd": {}, "group": []}
OUT = {"event": "ObjectEvent", "action": "OBSERVE", "epcs": "outermost", "time": "shipped", "biz_step": "shipping"}
OUT |= PLACE | {"when": ["shipped"]}
TABLES = {
    "flat": {"csv": {}},
    "blocks": {"csv": {}, "fill_down": ["pallet", "box"]},
    "levels": {"csv": {}, "levels": LEVELS},
    "levels-inherit": {"csv": {}, "levels": LEVELS | {"inherit": ["packed"]}},
    "levels-parent": {"csv": {}, "levels": LEVELS | {"parent": "Within"}},
}
MAPPINGS = {
    name: mapping(table=table, fields=FIELDS_ALL, events=[EVENTS[0], BOXES, *EVENTS[1:], OUT])
    for name, table in TABLES.items()
}


#: What the reader takes for times that a row lacks: a time that no document has.
LATER = {"event-time": "2030-01-01T00:00:00Z"}


@st.composite
def documents(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    place = Location(PLANT)
    for _ in range(draw(st.integers(1, 8))):
        time = draw(st.sampled_from(TIMES))
        common = {"event_time": time, "event_time_zone_offset": "+02:00"}
        if draw(st.booleans()):
            children = draw(st.lists(st.sampled_from(UNITS + CASES), min_size=1, max_size=3, unique=True))
            events.append(
                AggregationEvent(
                    **common,
                    action=draw(st.sampled_from(["ADD", "ADD", "DELETE"])),
                    biz_step="packing",
                    disposition="in_progress",
                    parent_id=draw(st.sampled_from(CASES)),
                    child_epcs=children,
                )
            )
            continue
        epcs = draw(st.lists(st.sampled_from(UNITS + CASES), min_size=1, max_size=4, unique=True))
        made = draw(st.booleans())
        events.append(
            ObjectEvent(
                **common,
                action="ADD" if made else "OBSERVE",
                biz_step="commissioning" if made else "shipping",
                read_point=place,
                biz_location=place,
                epc_list=epcs,
                ilmd=LOT if made and all(":sgtin:" in epc for epc in epcs) else None,
            )
        )
    return events


def facts(events: list[Event]) -> set[tuple[str, ...]]:
    found = set()
    for event in events:
        parent = getattr(event, "parent_id", None) or ""
        epcs = getattr(event, "epc_list", None) or getattr(event, "child_epcs", None) or []
        found |= {(event.type, event.action, event.biz_step or "", event.event_time, parent, epc) for epc in epcs}
    return found


@pytest.mark.parametrize("shape", sorted(TABLES))
@given(document=documents())
@settings(max_examples=120, deadline=None)
def test_the_table_and_the_losses_are_the_document(shape: str, document: list[Event]) -> None:
    written = Written(document, MAPPINGS[shape])
    if written.context.findings.errors:
        assert set(written.codes) <= {f"TABLE-OUT-0{number}" for number in (1, 2, 4, 5, 8)}
        return
    before, after = facts(document), facts(events_of(written.data, MAPPINGS[shape], **LATER))
    if "TABLE-OUT-04" not in written.codes:
        assert after <= before
    lost = {one.event for one in written.lost if one.code in {"LOSS-TABLE-01", "LOSS-TABLE-03"}}
    kept = [event for number, event in enumerate(document, 1) if number not in lost]
    assert facts(kept) <= after
