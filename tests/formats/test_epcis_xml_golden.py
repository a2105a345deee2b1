"""Whole documents with every field: read, written to both versions, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from gateway.checks.schema import check_xml
from gateway.epcis.document import Document
from gateway.epcis.events import Event
from gateway.findings import NOWHERE, Findings, Losses, LossMode, Outcome
from gateway.formats.base import Context, Format
from gateway.formats.epcis_xml import EPCIS_1_2_XML, EPCIS_2_0_XML
from gateway.options import Options
from gateway.resources import shipped
from gateway.sources import Source

SOURCES = {"every-field-1.2.xml": EPCIS_1_2_XML, "every-field-2.0.xml": EPCIS_2_0_XML}
TARGETS = {"1.2": EPCIS_1_2_XML, "2.0": EPCIS_2_0_XML}


def read(data: bytes, format_: Format) -> tuple[Document, list[Event]]:
    context = Context()
    document = format_.read(Source.memory(data), context)
    events = [structs.replace(event, where=NOWHERE) for event in document.events]
    assert [str(finding) for finding in context.findings] == []
    document.events = ()
    return document, events


def convert(data: bytes, source: Format, target: Format, mode: LossMode = LossMode.CARRY) -> tuple[bytes, Losses]:
    losses = Losses(mode)
    context = Context(options=Options.check({"layout": "pretty"}, target.settings), losses=losses)
    return b"".join(target.write(source.read(Source.memory(data), context), context)), losses


def valid(data: bytes, format_: Format) -> list[str]:
    findings = Findings()
    check_xml(data, shipped("xsd", *format_.schema), findings)
    return [str(finding) for finding in findings]


@pytest.mark.parametrize("name", SOURCES)
def test_sources_are_valid(fixtures: Path, name: str) -> None:
    data = (fixtures / "formats" / "epcis_xml" / name).read_bytes()
    assert valid(data, SOURCES[name]) == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", SOURCES)
def test_written_documents(fixtures: Path, golden, name: str, target: str) -> None:
    folder = fixtures / "formats" / "epcis_xml"
    written, _ = convert((folder / name).read_bytes(), SOURCES[name], TARGETS[target])
    assert valid(written, TARGETS[target]) == []
    golden(folder / "expected" / f"{Path(name).stem}.as-{target}.xml", written)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_lost_on_the_way_there_and_back(fixtures: Path, name: str, target: str) -> None:
    data = (fixtures / "formats" / "epcis_xml" / name).read_bytes()
    source = SOURCES[name]
    there, losses = convert(data, source, TARGETS[target])
    back, _ = convert(there, TARGETS[target], source)
    assert read(back, source) == read(data, source)
    assert all(summary.outcome is Outcome.CARRIED for summary in losses.summaries.values())
    assert bool(losses.count) is (TARGETS[target] is not source)


@pytest.mark.parametrize("mode", [LossMode.DROP, LossMode.FAIL])
@pytest.mark.parametrize(("name", "target"), [("every-field-1.2.xml", "2.0"), ("every-field-2.0.xml", "1.2")])
def test_dropped_values_are_listed_and_absent(fixtures: Path, golden, name: str, target: str, mode: LossMode) -> None:
    folder = fixtures / "formats" / "epcis_xml"
    data = (folder / name).read_bytes()
    written, losses = convert(data, SOURCES[name], TARGETS[target], mode)
    assert b"carry" not in written
    assert valid(written, TARGETS[target]) == []
    lines = [f"{s.code} {s.outcome.value} {s.field} {s.count} {s.examples}" for s in losses.summaries.values()]
    golden(folder / "expected" / f"{Path(name).stem}.as-{target}.lost.txt", "\n".join([*lines, ""]).encode())


@pytest.mark.parametrize("target", TARGETS)
def test_pretty_and_compact_say_the_same(fixtures: Path, target: str) -> None:
    data = (fixtures / "formats" / "epcis_xml" / "every-field-1.2.xml").read_bytes()
    pretty, _ = convert(data, EPCIS_1_2_XML, TARGETS[target])
    context = Context()
    document = EPCIS_1_2_XML.read(Source.memory(data), context)
    compact = b"".join(TARGETS[target].write(document, context))
    assert len(compact) < len(pretty)
    assert read(compact, TARGETS[target]) == read(pretty, TARGETS[target])
