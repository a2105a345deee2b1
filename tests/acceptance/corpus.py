"""The EPCIS documents of the corpora: what each one is, and whether the official schemas accept it.

Uses lxml, json and jsonschema-rs only, so that nothing here shares a mistake with the gateway.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import jsonschema_rs
from lxml import etree

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
#: Our own documents: everything that the schemas allow and the corpora do not show, all in one place.
OWN = Path(__file__).with_name("samples")

#: Format keys of the gateway, in the order of the report.
V1, V2, JSON = "epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json"
FORMATS = (V1, V2, JSON)

_XML_ROOTS = {
    "urn:epcglobal:epcis:xsd:1": V1,
    "urn:epcglobal:epcis-query:xsd:1": V1,
    "urn:epcglobal:epcis-masterdata:xsd:1": V1,
    "urn:epcglobal:epcis:xsd:2": V2,
    "urn:epcglobal:epcis-query:xsd:2": V2,
    "urn:epcglobal:epcis-masterdata:xsd:2": V2,
}
#: Roots that are messages and not documents: the REST interface's capture jobs.
_NOT_DOCUMENTS = {"EPCISCaptureJob"}
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*>\s*")


@dataclass(frozen=True, slots=True)
class Sample:
    """One document.

    Attributes:
        name: path below the corpora; ``... (DOCTYPE removed)`` for the copy that we make of a refused one.
        format: gateway format key.
        data: the bytes.
        error: why the official schema refuses it, empty when it does not.
    """

    name: str
    format: str
    data: bytes
    error: str

    @property
    def id(self) -> str:
        """A short unique name for test ids."""
        *folders, name = Path(self.name).parts
        return "/".join([*folders[-1:], name] if len(folders) < 3 else [folders[1], folders[-1], name]).replace(
            " ", "_"
        )


@functools.cache
def samples(root: Path = CORPORA) -> tuple[Sample, ...]:
    """All EPCIS documents, each content once; a DOCTYPE one is followed by its copy without. None without corpora."""
    found: dict[str, Sample] = {}
    if not root.is_dir():
        return ()
    for path in [*sorted(root.rglob("*")), *sorted(OWN.iterdir())]:
        if path.suffix not in (".xml", ".json", ".jsonld") or not path.is_file():
            continue
        data = path.read_bytes()
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else f"own/{path.name}"
        for sample in _samples(name, data):
            found.setdefault(hashlib.sha256(sample.data).hexdigest(), sample)
    return tuple(found.values())


def _samples(name: str, data: bytes) -> list[Sample]:
    if not name.endswith(".xml"):
        format_ = JSON if _is_json_document(data) else ""
        return [Sample(name, format_, data, schema_error(JSON, data))] if format_ else []
    plain = without_doctype(data)
    format_ = _xml_format(plain)
    if not format_:
        return []
    error = schema_error(format_, plain)
    if plain == data:
        return [Sample(name, format_, data, error)]
    return [Sample(name, format_, data, "DOCTYPE"), Sample(f"{name} (DOCTYPE removed)", format_, plain, error)]


def without_doctype(data: bytes) -> bytes:
    """The document without its document type declaration, which the gateway refuses."""
    return _DOCTYPE.sub(b"", data, count=1)


def _xml_format(data: bytes) -> str:
    try:
        root = etree.fromstring(data)
    except etree.XMLSyntaxError:
        return ""
    name = etree.QName(root)
    return "" if name.localname in _NOT_DOCUMENTS else _XML_ROOTS.get(name.namespace or "", "")


def _is_json_document(data: bytes) -> bool:
    """EPCISDocument, EPCISQueryDocument or a single event; no schema, no other message."""
    try:
        value = json.loads(data)
    except ValueError:
        return False
    if not isinstance(value, dict) or "$schema" in value:
        return False
    return value.get("type") in ("EPCISDocument", "EPCISQueryDocument") or "eventTime" in value


def schema_error(format_: str, data: bytes) -> str:
    """Why the official schema refuses a document, empty when it does not."""
    if format_ == JSON:
        try:
            _json_schema().validate(json.loads(data))
        except (ValueError, jsonschema_rs.ValidationError) as error:
            return f"{error}"[:300]
        return ""
    schema = _xml_schema(format_)
    try:
        document = etree.fromstring(data)
    except etree.XMLSyntaxError as error:
        return str(error)
    if schema.validate(document):
        return ""
    first = schema.error_log[0]
    return f"line {first.line}: {first.message}"


_WRAPPER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="urn:epcglobal:epcis:xsd:{n}" schemaLocation="EPCglobal-epcis-{v}.xsd"/>
<xs:import namespace="urn:epcglobal:epcis-query:xsd:{n}" schemaLocation="EPCglobal-epcis-query-{v}.xsd"/>
<xs:import namespace="urn:epcglobal:epcis-masterdata:xsd:{n}" schemaLocation="EPCglobal-epcis-masterdata-{v}.xsd"/>
</xs:schema>"""


@functools.cache
def _xml_schema(format_: str) -> etree.XMLSchema:
    """GS1's own schemas; of 1.2 the revised set that libxml2 can load."""
    folder = CORPORA / "epcis/gs1-EPCIS" / ("XSL/1.2/XSD" if format_ == V1 else "XSD")
    text = _WRAPPER.format(n=1, v="1_2") if format_ == V1 else _WRAPPER.format(n=2, v="2_0")
    return etree.XMLSchema(etree.fromstring(text, base_url=f"{folder}/all.xsd"))


@functools.cache
def _json_schema() -> jsonschema_rs.Draft7Validator:
    """The JSON Schema 2.0.1 with everything inlined, and with formats checked: else bare extension keys pass."""
    path = CORPORA / "epcis/openepcis-validation-schemas/json-schema/epcis-json-schema.json"
    return jsonschema_rs.Draft7Validator(json.loads(path.read_text("utf-8")), validate_formats=True)
