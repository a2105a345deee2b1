"""The main job on the shipped sample: a CMO's spreadsheet becomes EPCIS in three spellings and Turkey's PTS file.

What is right is told by others than our own code: the official schemas (marker ``corpora``), the sheet itself read
with a plain spreadsheet reader, and the outputs read with plain XML, JSON and zip readers.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree
from python_calamine import CalamineWorkbook

from gateway.cli.main import cli
from gateway.gs1 import parse_urn

SHEET = "mappings/acme-cmo/batch-tr.xlsx"
CREATION = "creation-date=2026-11-22T10:00:00Z"
TARGETS = {
    "epcis-1.2-xml": "out.xml",
    "epcis-2.0-xml": "out.xml",
    "epcis-2.0-json": "out.jsonld",
    "tr-pts": "out.zip",
}
PACKS, CASES, PALLETS = 1500, 30, 3


def convert(sheet: Path, to: str, out: Path, *more: str) -> bytes:
    arguments = ["convert", str(sheet), "--mapping", "acme-cmo/batch", "--to", to, "-o", str(out), "--set", CREATION]
    done = CliRunner().invoke(cli, [*arguments, *more], catch_exceptions=False, standalone_mode=False)
    assert done.return_value == 0, done.output
    return out.read_bytes()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, fixtures) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("way")
    return {to: convert(fixtures / SHEET, to, folder / f"{to}.{name}") for to, name in TARGETS.items()}


@pytest.fixture(scope="module")
def sheet_serials(fixtures) -> list[tuple[str, str]]:
    """(GTIN, serial) of each row of the sheet, found by looking for a 14-digit cell, not by our mapping."""
    book = CalamineWorkbook.from_path(str(fixtures / SHEET))
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    header = next(row for row in rows if any("GTIN" in str(cell).upper() for cell in row))
    gtin = next(i for i, cell in enumerate(header) if "GTIN" in str(cell).upper())
    serial = next(i for i, cell in enumerate(header) if str(cell).lower().startswith(("serial", "serien")))
    pairs = [(str(row[gtin]), str(row[serial])) for row in rows[rows.index(header) + 1 :] if str(row[gtin]).isdigit()]
    assert len(set(pairs)) == len(pairs) == PACKS
    return pairs


def packs_of(epcs: list[str]) -> list[tuple[str, str]]:
    keys = [parse_urn(epc) for epc in epcs if ":sgtin:" in epc]
    return [(key.gtin, key.serial) for key in keys]


def xml_epcs(data: bytes) -> tuple[list[str], list[str]]:
    """EPCs commissioned and EPCs that are children, by a plain XML reader."""
    tree = etree.fromstring(data)
    commissioned = [
        epc.text
        for event in tree.iter("ObjectEvent")
        if event.findtext("bizStep").endswith("commissioning")
        for epc in event.find("epcList")
    ]
    children = [epc.text for event in tree.iter("AggregationEvent") for epc in event.find("childEPCs")]
    return commissioned, children


def json_epcs(data: bytes) -> tuple[list[str], list[str]]:
    events = json.loads(data)["epcisBody"]["eventList"]
    commissioned = [
        epc for event in events if event["type"] == "ObjectEvent" and event["bizStep"] == "commissioning"
        for epc in event["epcList"]
    ]  # fmt: skip
    return commissioned, [epc for e in events if e["type"] == "AggregationEvent" for epc in e["childEPCs"]]


@pytest.mark.parametrize("to", ["epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json"])
def test_every_serial_is_commissioned_once_and_packed_once(outputs, sheet_serials, to):
    commissioned, children = (json_epcs if to.endswith("json") else xml_epcs)(outputs[to])
    assert sorted(packs_of(commissioned)) == sorted(sheet_serials)
    assert sorted(packs_of(children)) == sorted(sheet_serials)
    containers = Counter(epc for epc in commissioned if ":sscc:" in epc)
    assert len(containers) == CASES + PALLETS
    assert set(containers.values()) == {1}
    assert len([epc for epc in children if ":sscc:" in epc]) == CASES


@pytest.mark.parametrize("to", ["epcis-1.2-xml", "epcis-2.0-xml"])
def test_nothing_is_packed_before_it_is_commissioned(outputs, to):
    known: set[str] = set()
    for event in etree.fromstring(outputs[to]).iter("ObjectEvent", "AggregationEvent"):
        if event.tag == "ObjectEvent" and event.findtext("bizStep").endswith("commissioning"):
            known.update(epc.text for epc in event.find("epcList"))
        elif event.tag == "AggregationEvent":
            assert {event.findtext("parentID"), *(epc.text for epc in event.find("childEPCs"))} <= known


def test_the_pts_file_holds_every_serial_once_in_its_case(outputs, sheet_serials):
    with zipfile.ZipFile(io.BytesIO(outputs["tr-pts"])) as package:
        (name,) = package.namelist()
        tree = etree.fromstring(package.read(name))
    serials = [(products.get("GTIN"), serial.text) for products in tree.iter("productList") for serial in products]
    assert sorted(serials) == sorted(sheet_serials)
    assert len(tree.findall("carrier")) == PALLETS
    assert len(tree.findall("carrier/carrier")) == CASES


@pytest.mark.parametrize("to", TARGETS)
def test_running_twice_gives_the_same_bytes(outputs, fixtures, tmp_path, to):
    assert convert(fixtures / SHEET, to, tmp_path / TARGETS[to]) == outputs[to]


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("to", "schema"),
    [
        ("epcis-1.2-xml", "epcis/gs1-EPCIS/XSL/1.2/XSD/EPCglobal-epcis-1_2.xsd"),
        ("epcis-2.0-xml", "epcis/gs1-EPCIS/XSD/EPCglobal-epcis-2_0.xsd"),
    ],
)
def test_the_xml_is_valid_against_the_official_schema(outputs, corpora, to, schema):
    etree.XMLSchema(file=str(corpora / schema)).assertValid(etree.fromstring(outputs[to]))


@pytest.mark.corpora
def test_the_json_is_valid_against_the_official_schema(outputs, corpora):
    import jsonschema_rs

    path = corpora / "epcis/openepcis-validation-schemas/json-schema/epcis-json-schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert [str(error) for error in validator.iter_errors(json.loads(outputs["epcis-2.0-json"]))] == []


@pytest.mark.corpora
def test_the_pts_file_is_valid_against_the_real_schema(outputs, corpora):
    with zipfile.ZipFile(io.BytesIO(outputs["tr-pts"])) as package:
        tree = etree.fromstring(package.read(package.namelist()[0]))
    etree.XMLSchema(file=str(corpora / "regulators/turkey/sanovel/PTSDosya.xsd")).assertValid(tree)
