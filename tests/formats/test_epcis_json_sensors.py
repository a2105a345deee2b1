"""Sensor elements that the JSON Schema does not allow are carried with their places, and come back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.epcis.document import Document, Header
from gateway.epcis.events import Location, ObjectEvent, SensorElement
from gateway.findings import Findings, Losses, LossMode
from gateway.formats import FORMATS
from gateway.formats.base import Context
from gateway.schemas import check_schema
from gateway.sources import Source

GOOD = SensorElement(None, [[("type", "Temperature"), ("value", "2.50"), ("uom", "CEL")]])
UNTYPED = SensorElement([("deviceID", "urn:x:1")], [[("exception", "ERROR_CONDITION")], [("type", "Speed")]])
EMPTY = SensorElement([("time", "2026-03-01T10:00:00+01:00")], [])


def written(elements: list[SensorElement], mode: LossMode, **parts: Any) -> tuple[bytes, Context]:
    event = ObjectEvent(
        event_time="2026-03-01T10:00:00+01:00",
        event_time_zone_offset="+01:00",
        action="OBSERVE",
        sensor_element_list=elements,
        read_point=Location("urn:epc:id:sgln:9521321.00001.0"),
        **parts,
    )
    context = Context(losses=Losses(mode))
    document = Document(Header(creation_date="2026-03-01T11:00:00Z"), [event])
    return b"".join(FORMATS.get("epcis-2.0-json").write(document, context)), context


@pytest.mark.parametrize(
    "elements", [[UNTYPED], [EMPTY], [GOOD, UNTYPED, GOOD], [EMPTY, GOOD, UNTYPED], [GOOD, EMPTY, EMPTY], [GOOD], []]
)
def test_they_come_back_in_their_places(elements: list[SensorElement]) -> None:
    data, context = written(elements, LossMode.CARRY, epc_list=["urn:epc:id:sgtin:9521321.012345.1"])
    assert not context.findings.errors
    assert context.losses.count == sum(element is not GOOD for element in elements)
    findings = Findings()
    check_schema(Source.memory(data), FORMATS.get("epcis-2.0-json"), findings, None)
    assert elements == [] or not findings.errors, [finding.message for finding in findings]
    [event] = FORMATS.get("epcis-2.0-json").read(Source.memory(data), Context()).events
    assert event.sensor_element_list == elements


def test_an_event_without_objects_stays_valid() -> None:
    data, _ = written([UNTYPED], LossMode.CARRY)
    findings = Findings()
    check_schema(Source.memory(data), FORMATS.get("epcis-2.0-json"), findings, None)
    assert not findings.errors, [finding.message for finding in findings]


def test_without_carrying_they_are_lost_with_their_values() -> None:
    data, context = written([GOOD, UNTYPED], LossMode.DROP)
    [event] = json.loads(data)["epcisBody"]["eventList"]
    assert len(event["sensorElementList"]) == 1
    [summary] = context.losses.summaries.values()
    assert summary.outcome == "lost"
    assert "ERROR_CONDITION" in summary.examples[0]
    assert "urn:x:1" in summary.examples[0]
