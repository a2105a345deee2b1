"""Times in events."""

from __future__ import annotations

import pytest

from gateway.checks import rules
from gateway.checks.run import ORDER, TIME
from gateway.epcis.events import ErrorDeclaration, SensorElement
from gateway.findings import Finding, Severity, Where

NOW = "2026-03-01T12:00:00Z"


def test_a_wrong_time_says_everything(make, check):
    assert check(TIME, make.object(event_time="01.03.2026 10:00")) == [
        Finding(
            "EPCIS-TIME-01",
            Severity.ERROR,
            "eventTime is '01.03.2026 10:00'",
            Where(event=1, path="eventTime"),
            "01.03.2026 10:00",
            "an xsd:dateTime, e.g. 2026-03-01T13:45:00+01:00",
            rules.TIME_FORM.hint,
        )
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"event_time": "2026-03-01T10:00:00.123456+01:00"}, []),
        ({"event_time": "2024-02-29T10:00:00+01:00"}, []),
        ({"event_time": ""}, [("EPCIS-TIME-01", "error", "eventTime")]),
        ({"event_time": "2026-02-29T10:00:00+01:00"}, [("EPCIS-TIME-01", "error", "eventTime")]),
        ({"event_time_zone_offset": ""}, [("EPCIS-TIME-02", "error", "eventTimeZoneOffset")]),
        ({"event_time_zone_offset": "CET"}, [("EPCIS-TIME-02", "error", "eventTimeZoneOffset")]),
        ({"event_time_zone_offset": "Z"}, [("EPCIS-TIME-02", "warning", "eventTimeZoneOffset")]),
        ({"event_time": "2026-03-01T10:00:00"}, [("EPCIS-TIME-03", "warning", "eventTime")]),
        ({"event_time": "2026-03-01T09:00:00Z"}, [("EPCIS-TIME-04", "info", "eventTimeZoneOffset")]),
        ({"event_time": "2026-03-01T09:00:00Z", "event_time_zone_offset": "+00:00"}, []),
        ({"record_time": "2026-03-01T09:59:59+01:00"}, [("EPCIS-TIME-05", "warning", "recordTime")]),
        ({"record_time": "2026-03-01T09:00:00Z"}, []),
        ({"record_time": "x"}, [("EPCIS-TIME-01", "error", "recordTime")]),
        ({"error_declaration": ErrorDeclaration("2026-02-01T09:00:00Z")},
         [("EPCIS-TIME-05", "warning", "errorDeclaration/declarationTime")]),
        ({"event_time": "2026-03-01T12:00:00.5+00:00", "event_time_zone_offset": "+00:00"},
         [("EPCIS-TIME-07", "warning", "eventTime")]),
        ({"event_time": "2026-03-01T12:00:00+00:00", "event_time_zone_offset": "+00:00"}, []),
        ({"event_time": "2026-02-28T24:00:00+01:00"}, [("EPCIS-TIME-08", "info", "eventTime")]),
        ({"sensor_element_list": [SensorElement([("time", "x")], [[("time", "y"), ("value", "z")]])]},
         [("EPCIS-TIME-01", "error", "sensorElementList/sensorElement[1]/sensorMetadata/@time"),
          ("EPCIS-TIME-01", "error", "sensorElementList/sensorElement[1]/sensorReport[1]/@time")]),
    ],
)  # fmt: skip
def test_each_rule(make, check, changes, expected):
    found = check(TIME, make.object(**changes), now=NOW)
    assert [(f.code, f.severity, f.where.path) for f in found] == expected


def test_every_event_with_the_fault_has_its_finding(make, check):
    found = check(TIME, *[make.object(event_time="2026-03-01T10:00:00")] * 3)
    assert [(f.code, f.where.event) for f in found] == [("EPCIS-TIME-03", number) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["2026-03-01T10:00:00+01:00", "2026-03-01T10:00:00.5+01:00", "2026-03-01T10:00:00.25+01:00"], [3]),
        (["2026-03-01T10:00:00+01:00", "2026-03-01T09:30:00Z", "2026-03-01T10:00:00+01:00"], [3]),
        (["2026-03-01T10:00:02+01:00", "2026-03-01T10:00:01+01:00", "2026-03-01T10:00:00+01:00"], [2]),
        (["2026-03-01T10:00:00+01:00", "2026-03-01T10:00:00+01:00", "2026-03-01T10:00:01+01:00"], []),
    ],
)
def test_the_first_event_out_of_order_is_named(make, check, times, expected):
    events = [make.object(event_time=time, event_time_zone_offset="+01:00") for time in times]
    assert [f.where.event for f in check(ORDER, *events) if f.code == "EPCIS-TIME-06"] == expected
