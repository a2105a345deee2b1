"""Schemas from a folder of the user: found by what they say of themselves, used instead of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.checks.schema_folder import json_schema, xml_schema
from gateway.cli.main import cli
from gateway.errors import ConfigurationError, UsageError
from gateway.findings import Findings
from gateway.formats import FORMATS
from gateway.resources import shipped
from gateway.schemas import check_schema
from gateway.sources import Source

ID = "https://ref.gs1.org/standards/epcis/2.0.1/epcis-json-schema.json"
XSD = '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="{}"><element name="{}"/></schema>'
NAMES = {"epcis": "EPCISDocument", "epcis-query": "EPCISQueryDocument", "epcis-masterdata": "EPCISMasterDataDocument"}
DOCUMENT = b'{"@context": "https://x.example.com", "type": "EPCISDocument", "epcisBody": {"eventList": []}}'
OURS = shipped("xsd", *FORMATS.get("epcis-2.0-xml").schema)


def write_xsds(folder: Path) -> None:
    """A set under names that say nothing, in which every element is good."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (namespace, root) in enumerate(NAMES.items()):
        (folder / f"{number}.xsd").write_text(XSD.format(f"urn:epcglobal:{namespace}:xsd:2", root))


def write_json(path: Path, **schema: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"$id": ID, "$schema": "http://json-schema.org/draft-07/schema#", **schema}))


def codes(key: str, data: bytes, folder: Path | None) -> list[str]:
    findings = Findings()
    check_schema(Source.memory(data), FORMATS.get(key), findings, folder)
    return [finding.code for finding in findings]


def test_a_json_schema_is_found_by_its_id_and_with_what_it_refers_to(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "any name.json", allOf=[{"$ref": "parts/one.json"}], required=["sender"])
    write_json(
        tmp_path / "other.json", **{"$id": "https://ref.gs1.org/standards/epcis/2.0.1/parts/one.json"}, required=["id"]
    )
    (tmp_path / "no schema.json").write_text("[]")
    (tmp_path / "broken.json").write_text("{")
    assert codes("epcis-2.0-json", DOCUMENT, tmp_path) == ["JSON-SCHEMA-02", "JSON-SCHEMA-02"]
    assert codes("epcis-2.0-json", DOCUMENT, None) == ["JSON-SCHEMA-02", "JSON-SCHEMA-02"]
    assert codes("epcis-2.0-json", DOCUMENT.replace(b"{", b'{"id": "a", "sender": "b", ', 1), tmp_path) == []


def test_xml_schemas_are_found_by_their_namespaces(tmp_path: Path) -> None:
    write_xsds(tmp_path / "2.0")
    (tmp_path / "broken.xsd").write_text("<")
    (tmp_path / "other.xsd").write_text(XSD.format("urn:other", "x"))
    document = b'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2"/>'
    assert codes("epcis-2.0-xml", document, tmp_path) == []
    assert codes("epcis-2.0-xml", document, None) != []


def test_the_nearest_file_counts_and_copies_do_no_harm(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", required=["sender"])
    write_json(tmp_path / "copy.json", required=["sender"])
    write_json(tmp_path / "old" / "a.json", required=["id"])
    assert json_schema(tmp_path).text["required"] == ["sender"]


def test_a_folder_that_does_not_serve_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"does not hold the JSON Schema of EPCIS 2\.0"):
        json_schema(tmp_path)
    with pytest.raises(ConfigurationError, match="does not hold an XML schema for urn:epcglobal:epcis:xsd:2"):
        xml_schema(tmp_path, OURS)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        json_schema(tmp_path / "none")
    write_xsds(tmp_path)
    (tmp_path / "second.xsd").write_text(XSD.format("urn:epcglobal:epcis:xsd:2", "other"))
    with pytest.raises(ConfigurationError, match=r"more than one .* urn:epcglobal:epcis:xsd:2: 0\.xsd, second\.xsd"):
        xml_schema(tmp_path, OURS)
    (tmp_path / "second.xsd").unlink()
    (tmp_path / "0.xsd").write_text(XSD.format("urn:epcglobal:epcis:xsd:2", "a b"))
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        xml_schema(tmp_path, OURS)
    write_json(tmp_path / "a.json", required=["sender"])
    write_json(tmp_path / "b.json", required=["id"])
    with pytest.raises(ConfigurationError, match=r"more than one .*: a\.json, b\.json"):
        json_schema(tmp_path)
    with pytest.raises(UsageError, match="the format 'table' has no schema"):
        codes("table", b"", tmp_path)


def test_the_command_takes_the_folder(tmp_path: Path, fixtures: Path) -> None:
    """Both commands: validate checks the input, convert its outputs before anything is written."""
    source = str(fixtures / "checks" / "epcis_json" / "every-key.jsonld")
    folder, out = tmp_path / "schemas", tmp_path / "out.jsonld"
    write_json(folder / "x.json", required=["never"])
    run = CliRunner().invoke
    assert "JSON-SCHEMA-02" not in run(cli, ["validate", source, "--json"], standalone_mode=False).stdout
    assert "JSON-SCHEMA-02" in run(cli, ["validate", source, "--json", "--schemas", str(folder)]).stdout
    plain = ["convert", source, "--to", "epcis-2.0-json", "-o", str(out), "--schemas", str(folder)]
    assert "JSON-SCHEMA-02" in run(cli, plain).stderr
    assert not out.exists()
    write_json(folder / "x.json")
    json_schema.cache_clear()
    assert run(cli, plain, standalone_mode=False).return_value == 0
    assert out.exists()


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("folder", "keys"),
    [
        ("epcis/gs1-EPCIS", ("epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json")),
        ("epcis/gs1-EPCIS/JSON-Schema", ("epcis-2.0-json",)),
        ("epcis/gs1-EPCIS/XSD", ("epcis-2.0-xml",)),
        ("epcis/gs1-EPCIS/XSL/1.2/XSD", ("epcis-1.2-xml",)),
        ("epcis/openepcis-validation-schemas", ("epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json")),
    ],
)
def test_official_sets_can_be_used_as_they_are(
    corpora: Path, fixtures: Path, folder: str, keys: tuple[str, ...]
) -> None:
    documents = {
        "epcis-1.2-xml": fixtures / "formats" / "epcis_xml" / "every-field-1.2.xml",
        "epcis-2.0-xml": fixtures / "formats" / "epcis_xml" / "every-field-2.0.xml",
        "epcis-2.0-json": fixtures / "formats" / "epcis_json" / "vendor.jsonld",
    }
    for key in keys:
        data = documents[key].read_bytes()
        assert codes(key, data, corpora / folder) == [], key
        damaged = data.replace(b"eventTime>", b"eventTym>").replace(b'"eventTime"', b'"eventTym"')
        assert set(codes(key, damaged, corpora / folder)) & {"XSD-04", "JSON-SCHEMA-02"}, key
