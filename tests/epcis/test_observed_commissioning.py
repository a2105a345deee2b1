"""Commissioning with the action OBSERVE is told, and changed only when somebody says so."""

from __future__ import annotations

import pytest

from gateway.epcis.events import ObjectEvent
from gateway.epcis.observed_commissioning import ADD, COMMISSIONING_ACTION, KEEP, with_action
from gateway.findings import Findings, Where


def event(action="OBSERVE", step="urn:epcglobal:cbv:bizstep:commissioning"):
    return ObjectEvent(
        event_time="2026-03-01T10:00:00Z",
        event_time_zone_offset="+00:00",
        action=action,
        epc_list=["urn:epc:id:sgtin:9521321.000010.1"],
        biz_step=step,
        where=Where(line=5),
    )


def run(mode, *events):
    findings = Findings()
    return [found.action for found in with_action(events, mode, findings)], findings.kept


def test_it_is_told_once_with_the_first_place():
    actions, (finding,) = run(KEEP, event("ADD"), event(), event())
    assert actions == ["ADD", "OBSERVE", "OBSERVE"]
    assert (finding.code, finding.severity, finding.where) == (
        "EPCIS-ACTION-01",
        "warning",
        Where(line=5, event=2, path="action"),
    )
    assert finding.message == "2 commissioning events with the action OBSERVE were kept"
    assert f"--set {COMMISSIONING_ACTION.key}=add" in finding.hint


@pytest.mark.parametrize("step", ["commissioning", "https://ref.gs1.org/cbv/BizStep-commissioning"])
def test_the_setting_changes_it(step):
    actions, (finding,) = run(ADD, event(step=step))
    assert actions == ["ADD"]
    assert (finding.code, finding.severity) == ("EPCIS-ACTION-02", "info")


@pytest.mark.parametrize(
    "other",
    [
        event("ADD"),
        event("DELETE"),
        event(step="decommissioning"),
        event(step="urn:epcglobal:cbv:bizstep:decommissioning"),
        event(step=None),
        event(step="x-commissioning"),
    ],
)
def test_other_events_are_left_alone(other):
    action = other.action
    assert run(ADD, other) == ([action], [])
