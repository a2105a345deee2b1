"""Events to check, all numbers synthetic, and a run of one layer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gateway.checks.run import check_events
from gateway.epcis.events import AggregationEvent, Location, ObjectEvent
from gateway.findings import Findings

GTIN = "urn:epc:id:sgtin:9521321.012345."
SSCC = "urn:epc:id:sscc:9521321.100000000"
PLACE = "urn:epc:id:sgln:9521321.00001.0"


@pytest.fixture
def make():
    """Builders of good events; arguments replace parts."""

    def commissioning(**changes):
        return ObjectEvent(
            **{
                "event_time": "2026-03-01T10:00:00+01:00",
                "event_time_zone_offset": "+01:00",
                "action": "ADD",
                "epc_list": [f"{GTIN}A1", f"{GTIN}A2"],
                "biz_step": "urn:epcglobal:cbv:bizstep:commissioning",
                "disposition": "urn:epcglobal:cbv:disp:active",
                "read_point": Location(PLACE),
                **changes,
            }
        )

    def packing(**changes):
        return AggregationEvent(
            **{
                "event_time": "2026-03-01T11:00:00+01:00",
                "event_time_zone_offset": "+01:00",
                "action": "ADD",
                "parent_id": f"{SSCC}1",
                "child_epcs": [f"{GTIN}A1", f"{GTIN}A2"],
                "biz_step": "urn:epcglobal:cbv:bizstep:packing",
                **changes,
            }
        )

    return SimpleNamespace(object=commissioning, packing=packing, gtin=GTIN, sscc=SSCC, place=PLACE)


@pytest.fixture
def check():
    """Check events in one layer; gives the findings."""

    def run(layer, *events, now=""):
        context = SimpleNamespace(findings=Findings(), now=now)
        assert list(check_events(iter(events), context, (layer,))) == list(events)
        return list(context.findings)

    return run
