"""Public samples and the official JSON Schema as oracles."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.epcis.document import Document
from gateway.epcis.element import Element
from gateway.epcis.events import Event
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import NOWHERE, Losses
from gateway.formats.base import Context
from gateway.formats.epcis_json import EPCIS_2_0_JSON
from gateway.options import Options
from gateway.sources import Source

pytestmark = pytest.mark.corpora

# This sample repeats the key eventID; its schema cannot see that, a careful reader must.
REPEATS_A_KEY = "AssociationEvent-h.jsonld"


@pytest.fixture(scope="module")
def official(corpora: Path) -> jsonschema_rs.Validator:
    schema = json.loads((corpora / "epcis/openepcis-validation-schemas/json-schema/epcis-json-schema.json").read_text())
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def documents(corpora: Path) -> Iterator[tuple[Path, dict]]:
    for path in sorted((corpora / "epcis").rglob("*.json*")):
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
        if isinstance(value, dict) and ("epcisBody" in value or "eventTime" in value):
            yield path, value


def read(source: Source) -> tuple[Document, list[Event], Context]:
    context = Context()
    document = EPCIS_2_0_JSON.read(source, context)
    events = list(document.events)
    for event in events:
        event.where = NOWHERE
    return document, events, context


def write(document: Document, events: list[Event], layout: str = "compact") -> tuple[bytes, Context]:
    context = Context(
        options=Options.check({"layout": layout, "creation-date": "2026-01-01T00:00:00Z"}, EPCIS_2_0_JSON.settings)
    )
    document.events = events
    return b"".join(EPCIS_2_0_JSON.write(document, context)), context


def plain(value: str) -> str:
    """A standard value of sensor data without the CURIE prefix that JSON need not have."""
    return value.removeprefix("gs1:").removeprefix("cbv:Comp-")


def bare(events: list[Event]) -> list[Event]:
    """Events with standard values as bare words, as JSON must have them."""
    for event in events:
        if event.biz_step is not None:
            event.biz_step = spell(Field.BIZ_STEP, event.biz_step, Style.BARE)
        if event.disposition is not None:
            event.disposition = spell(Field.DISPOSITION, event.disposition, Style.BARE)
        if event.error_declaration is not None and event.error_declaration.reason is not None:
            event.error_declaration.reason = spell(Field.ERROR_REASON, event.error_declaration.reason, Style.BARE)
        for item in event.biz_transaction_list or ():
            item.type = item.type and spell(Field.BIZ_TRANSACTION_TYPE, item.type, Style.BARE)
        for party in (*(event.source_list or ()), *(event.destination_list or ())):
            party.type = spell(Field.SOURCE_DESTINATION_TYPE, party.type, Style.BARE)
        disposition = event.persistent_disposition
        if disposition is not None:
            disposition.set = [spell(Field.DISPOSITION, value, Style.BARE) for value in disposition.set]
            disposition.unset = [spell(Field.DISPOSITION, value, Style.BARE) for value in disposition.unset]
        for sensor in event.sensor_element_list or ():
            sensor.reports = [
                [(n, plain(v) if n in {"type", "exception", "component"} else v) for n, v in r] for r in sensor.reports
            ]
    return events


def test_valid_documents_are_read_and_written_legally_and_unchanged(corpora, official):
    count = 0
    for path, value in documents(corpora):
        if not official.is_valid(value):
            continue
        document, events, context = read(Source.file(path))
        if path.name == REPEATS_A_KEY:
            assert [f.code for f in context.findings if f.severity == "error"] == ["EPCIS-JSON-04"]
            continue
        assert [str(f) for f in context.findings if f.severity == "error"] == [], path
        for layout in ("compact", "pretty"):
            data, written = write(document, events, layout)
            assert [str(f) for f in written.findings if f.severity == "error"] == [], path
            assert [error.message for error in official.iter_errors(json.loads(data))] == [], path
            again, same, _ = read(Source.memory(data))
            assert bare(same) == bare(events), path
            expected = document.header
            expected.creation_date = expected.creation_date or "2026-01-01T00:00:00Z"
            assert again.header == expected, path
            for name in ("extensions", "body_extensions", "event_list_extensions"):
                assert getattr(again, name) == getattr(document, name), path
        count += 1
    assert count >= 88


def values(value: object) -> Iterator[str]:
    """All texts and numbers of a JSON document but its @contexts."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "@context":
                yield from values(item)
    elif isinstance(value, list):
        for item in value:
            yield from values(item)
    elif value is not None:
        yield str(value)


def test_every_value_of_the_input_is_in_the_output(corpora, official):
    count = 0
    for path, value in documents(corpora):
        if not official.is_valid(value) or path.name == REPEATS_A_KEY:
            continue
        document, events, _ = read(Source.file(path))
        data, _ = write(document, events)
        wanted = json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)
        found = json.loads(data, parse_float=Decimal, parse_int=Decimal)
        left = sorted(plain(v) for v in values(wanted))
        for item in values(found):
            if item in left:
                left.remove(item)
        assert left == [], path
        count += 1
    assert count >= 88


def normal(value: object) -> object:
    """A model value for comparing XML with JSON: numbers and times by value, trees by name, text and attributes."""
    if isinstance(value, Element):
        attributes = [a for a in value.attributes if "XMLSchema-instance" not in a[0]]
        return (
            value.name.replace("urn:epcglobal:cbv:mda:}", "urn:epcglobal:cbv:mda}"),
            normal_text(value.text),
            sorted(attributes),
            sorted((normal(child) for child in value.children), key=repr),
        )
    if isinstance(value, str):
        return normal_text(value)
    if isinstance(value, (list, tuple)):
        return sorted((normal(item) for item in value), key=repr)
    if hasattr(value, "__struct_fields__"):
        skip = {"where", "kin", "inner_extensions", "base_extensions"}
        return {
            name: normal(getattr(value, name))
            for name in value.__struct_fields__
            if name not in skip and getattr(value, name)
        }
    return value


def normal_text(text: str) -> str:
    from datetime import datetime

    text = text.strip()
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        pass
    try:
        return str(datetime.fromisoformat(text).timestamp()) if "T" in text else text
    except ValueError:
        return text


def test_pairs_of_xml_and_json_give_the_same_model(corpora):
    from gateway.formats.epcis_xml import EPCIS_2_0_XML

    count = 0
    with (corpora / "epcis/PAIRS.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for row in rows:
        # A single event is a JSON document, but no XML document.
        if row["equal_by_canonical_compare"] != "equal" or "/event_Assoc" in row["xml"]:
            continue
        _, from_json, _ = read(Source.file(corpora / "epcis" / row["json"]))
        text = (corpora / "epcis" / row["xml"]).read_bytes()
        # The gateway refuses document type declarations; one sample has an empty one.
        text = text.replace(b"<!DOCTYPE project>", b"")
        context = Context(losses=Losses())
        from_xml = list(EPCIS_2_0_XML.read(Source.memory(text, row["xml"]), context).events)
        assert len(from_xml) == len(from_json), row["xml"]
        for xml, js in zip(bare(from_xml), bare(from_json), strict=True):
            js.event_id = xml.event_id = None if "hash_id" in row["xml"] else xml.event_id
            assert normal(js) == normal(xml), row["xml"]
        count += 1
    assert count >= 19
