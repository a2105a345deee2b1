"""Public EPCIS documents of all versions: read, written to each version, valid there, and complete."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec import structs

from gateway.epcis.document import Document
from gateway.epcis.events import Event
from gateway.epcis.vocabulary import Field, word
from gateway.findings import NOWHERE, Severity
from gateway.formats.base import Context, Format
from gateway.formats.epcis_xml import EPCIS_1_2_XML, EPCIS_2_0_XML
from gateway.sources import Source

FORMATS = {"1": EPCIS_1_2_XML, "2": EPCIS_2_0_XML}
OFFICIAL = {"1": "XSL/1.2/XSD", "2": "XSD"}

#: Valid documents that are no data: answers and control messages of interfaces.
CONTROL = {"ImplementationExceptionRequest.xml", "QueryTooLargeRequest.xml"}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
DATA_ROOTS = {"EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument"}


@pytest.fixture(scope="module")
def schemas(corpora: Path) -> dict[str, etree.XMLSchema]:
    compiled = {}
    for major, folder in OFFICIAL.items():
        imports = ""
        for path in sorted((corpora / "epcis" / "gs1-EPCIS" / folder).glob("EPCglobal-epcis*.xsd")):
            namespace = etree.parse(str(path)).getroot().get("targetNamespace")
            imports += f'<xsd:import namespace="{namespace}" schemaLocation="{path.as_uri()}"/>'
        text = f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">{imports}</xsd:schema>'
        compiled[major] = etree.XMLSchema(etree.fromstring(text))
    return compiled


@pytest.fixture(scope="module")
def samples(corpora: Path, schemas: dict[str, etree.XMLSchema]) -> list[tuple[str, str, bytes]]:
    """Valid documents: name, major version, bytes without DOCTYPE."""
    found = []
    for path in sorted(corpora.rglob("*.xml")):
        data = re.sub(rb"<!DOCTYPE[^>]*>", b"", path.read_bytes())
        try:
            root = etree.fromstring(data)
        except etree.XMLSyntaxError:
            continue
        name = etree.QName(root)
        if name.localname not in DATA_ROOTS or not (name.namespace or "").startswith("urn:epcglobal:epcis"):
            continue
        major = (name.namespace or "")[-1]
        if schemas[major].validate(root) and path.name not in CONTROL:
            found.append((str(path.relative_to(corpora)), major, data))
    return found


def read(data: bytes, format_: Format) -> tuple[Document, list[Event]]:
    context = Context()
    document = format_.read(Source.memory(data), context)
    events = [structs.replace(event, where=NOWHERE) for event in document.events]
    assert [str(f) for f in context.findings if f.severity is Severity.ERROR] == []
    document.events = ()
    return document, events


def convert(data: bytes, source: Format, target: Format) -> bytes:
    context = Context()
    return b"".join(target.write(source.read(Source.memory(data), context), context))


@pytest.mark.corpora
def test_every_document_is_valid_in_both_versions(
    samples: list[tuple[str, str, bytes]], schemas: dict[str, etree.XMLSchema]
) -> None:
    counts: Counter[str] = Counter()
    for name, major, data in samples:
        for target, format_ in FORMATS.items():
            written = convert(data, FORMATS[major], format_)
            schema = schemas[target]
            assert schema.validate(etree.fromstring(written)), (name, target, schema.error_log)
            counts[f"{major} to {target}"] += 1
    assert counts["1 to 1"] >= 13
    assert counts["1 to 2"] >= 13
    assert counts["2 to 1"] >= 56
    assert counts["2 to 2"] >= 56


@pytest.mark.corpora
def test_every_document_comes_back_from_the_other_version(samples: list[tuple[str, str, bytes]]) -> None:
    for name, major, data in samples:
        source, other = FORMATS[major], FORMATS["1" if major == "2" else "2"]
        back = convert(convert(data, source, other), other, source)
        before, after = read(data, source), read(back, source)
        for (document, events), _ in ((before, 0), (after, 0)):
            document.header.namespaces = []  # preferences, not values
            document.header.schema_version = ""  # 1.0 and 1.1 come back as 1.2
            events[:] = [_normal(event) for event in events]
        assert after == before, name


@pytest.mark.corpora
def test_every_value_is_in_the_output(samples: list[tuple[str, str, bytes]]) -> None:
    """Compares the texts and attributes of both files as a plain parser sees them, without our model."""
    for name, major, data in samples:
        for format_ in FORMATS.values():
            missing = Counter(_values(data)) - Counter(_values(convert(data, FORMATS[major], format_)))
            assert not missing, (name, format_.key, missing)


def _values(data: bytes) -> Iterator[str]:
    root = etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_pis=True))
    for node in root.iter():
        for text in (node.text, node.tail):
            if text and text.strip():
                yield _spelling(text.strip())
        for attribute, value in node.attrib.items():
            if attribute not in ("schemaVersion", NIL):  # a nil quantity says the same as none
                yield _spelling(value)


def _spelling(value: str) -> str:
    """Standard values in one spelling: the target decides which."""
    return next((f"cbv {found}" for field in Field if (found := word(field, value))), value)


def _normal(value: Any) -> Any:
    """Spelling and the difference between no list and an empty list aside."""
    if isinstance(value, str):
        return _spelling(value)
    if isinstance(value, list):
        return [_normal(item) for item in value] or None
    if isinstance(value, tuple):
        return tuple(_normal(item) for item in value)
    if hasattr(value, "__struct_fields__"):
        return type(value), {name: _normal(getattr(value, name)) for name in value.__struct_fields__}
    return value
