"""The shipped family acme-cmo: good sheets give every serial once, broken ones their findings."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.epcis.events import AggregationEvent, ObjectEvent
from gateway.errors import InputError, LimitExceeded
from gateway.findings import Severity
from gateway.formats.base import Context
from gateway.formats.table import RULES, all_mappings, load, read
from gateway.gs1 import RULES as GS1_RULES
from gateway.sources import Source

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "mappings" / "acme-cmo"
BAD = sorted(path for path in (FOLDER / "bad").glob("*") if path.suffix in {".csv", ".xlsx"})
GOOD = [("batch-tr.xlsx", "acme-cmo/batch"), ("batch-tr.csv", "acme-cmo/batch"), ("batch-us.csv", "acme-cmo/batch-us")]


def convert(path: Path, mapping: str = "acme-cmo/batch"):
    context = Context(mapping=load(mapping))
    try:
        events = list(read(Source.file(path), context).events)
    except (InputError, LimitExceeded) as error:
        context.findings.add(error.finding)
        events = []
    return events, context.findings


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_source_gives_its_findings(path: Path, golden) -> None:
    _, findings = convert(path)
    assert len(findings) >= 1
    known = {rule.code for rule in (*RULES, *GS1_RULES)}
    for finding in findings:
        assert finding.code in known
        assert finding.hint, finding
        assert finding.where.file == path.name
    actual = json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False) + "\n"
    golden(path.with_name(path.name + ".findings.json"), actual.encode())


def test_there_are_bad_sources() -> None:
    assert len(BAD) >= 35


def test_only_harmless_bad_sources_have_no_errors() -> None:
    harmless = {path.name for path in BAD if not convert(path)[1].errors}
    assert harmless == {
        "header-unknown.csv",
        "header-preamble.csv",
        "sheet-unread.xlsx",
    }


@pytest.mark.parametrize(("name", "mapping"), GOOD)
def test_every_serial_is_commissioned_once_and_packed_once(name: str, mapping: str) -> None:
    events, findings = convert(FOLDER / name, mapping)
    assert not list(findings)
    commissioned = Counter(epc for e in events if e.biz_step == "commissioning" for epc in e.epc_list)
    packed = Counter(epc for e in events if isinstance(e, AggregationEvent) for epc in e.child_epcs)
    assert len(commissioned) == 1533
    assert set(commissioned.values()) == {1}
    assert set(packed.values()) == {1}
    pallets = {epc for epc in commissioned if "sscc:8680001.1" in epc}
    assert len(pallets) == 3
    assert set(packed) == set(commissioned) - pallets
    assert max(len(e.epc_list) for e in events if isinstance(e, ObjectEvent)) == 500


def test_twins_say_the_same() -> None:
    def bare(name: str):
        events, _ = convert(FOLDER / name)
        return [
            (type(e), e.event_time, e.read_point, getattr(e, "epc_list", None), getattr(e, "child_epcs", None))
            for e in events
        ]

    assert bare("batch-tr.xlsx") == bare("batch-tr.csv")


def test_the_order_is_bottom_up() -> None:
    events, _ = convert(FOLDER / "batch-tr.xlsx")
    known: set[str] = set()
    contained: set[str] = set()
    for event in events:
        if isinstance(event, AggregationEvent):
            assert event.parent_id in known
            assert known.issuperset(event.child_epcs)
            contained.update(event.child_epcs)
        elif event.biz_step == "commissioning":
            known.update(event.epc_list)
        else:
            assert event.biz_step == "shipping"
            assert not contained.intersection(event.epc_list)
    assert [e.biz_step for e in events][-1] == "shipping"


@pytest.mark.parametrize(("name", "mapping"), GOOD)
def test_a_mapping_claims_its_own_samples_and_no_others(name: str, mapping: str) -> None:
    source = Source.file(FOLDER / name)
    claims = {one.name: one.claims(source.head(), source.name, source) for one in all_mappings()}
    assert [key for key, claim in claims.items() if claim] == [mapping]
    assert claims[mapping].score >= 50


def test_the_generator_writes_what_is_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    subprocess.run([sys.executable, FOLDER / "make_bad.py", tmp_path / "bad"], check=True)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) >= 38
    for path in made:
        assert path.read_bytes() == (FOLDER / path.relative_to(tmp_path)).read_bytes(), path.name


def test_warnings_do_not_stop_rows() -> None:
    events, findings = convert(FOLDER / "bad" / "sheet-unread.xlsx")
    assert [f.severity for f in findings] == [Severity.WARNING]
    assert len(events[0].epc_list) == 3


def test_a_bad_row_does_not_stop_the_others() -> None:
    events, findings = convert(FOLDER / "bad" / "gtin-check-digit.csv")
    assert findings.errors == 1
    assert events[0].epc_list == ["urn:epc:id:sgtin:8680001.012345.A0002"]
