"""Names that EPCIS 2.0 JSON fixes: keys, contexts, protected prefixes (ISO/IEC 19987:2024; JSON Schema 2.0.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.epcis.carry import NAMESPACE as CARRY_NAMESPACE
from gateway.epcis.carry import PREFIX as CARRY_PREFIX
from gateway.epcis.element import XSI

SCHEMA_VERSION: Final = "2.0"
GS1_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

#: Addresses under which GS1 has published the context; all mean the same to us.
GS1_CONTEXTS: Final = frozenset(
    {
        GS1_CONTEXT,
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
    }
)

XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

#: The namespace of CBV master data attributes as XML spells it, which is the model's spelling.
CBVMDA: Final = "urn:epcglobal:cbv:mda"
#: The same as the JSON-LD context spells it, with a delimiter at the end.
CBVMDA_JSON: Final = "urn:epcglobal:cbv:mda:"

#: Prefixes that GS1's context defines and protects: a document must not define them again (conversion rule C11).
PROTECTED: Final = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": CBVMDA,
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}

#: Prefixes that need no definition: protected ones and those that XML itself fixes (used for attributes only).
WELL_KNOWN: Final = {**PROTECTED, "xsi": XSI, "xml": XML_NAMESPACE}

#: Namespaces of EPCIS XML documents; never a user's, so they are not repeated in a JSON context.
XML_ONLY: Final = frozenset(
    {
        XSI,
        XSD,
        XML_NAMESPACE,
        SBDH,
        "urn:epcglobal:epcis:xsd:1",
        "urn:epcglobal:epcis:xsd:2",
        "urn:epcglobal:epcis-query:xsd:1",
        "urn:epcglobal:epcis-query:xsd:2",
        "urn:epcglobal:epcis-masterdata:xsd:1",
        "urn:epcglobal:epcis-masterdata:xsd:2",
        "urn:epcglobal:xsd:1",
    }
)

#: sensorReport keys whose value is a JSON number.
SENSOR_NUMBERS: Final = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"})
SENSOR_BOOLEAN: Final = "booleanValue"

#: sensorReport keys of the standard.
SENSOR_REPORT_KEYS: Final = SENSOR_NUMBERS | {
    "type",
    "exception",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
    "time",
    "microorganism",
    "chemicalSubstance",
    "coordinateReferenceSystem",
    "component",
    "stringValue",
    SENSOR_BOOLEAN,
    "hexBinaryValue",
    "uriValue",
    "uom",
}
#: Keys of sensor data whose values are URIs.
SENSOR_URIS: Final = frozenset(
    {
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "bizRules",
        "microorganism",
        "chemicalSubstance",
        "coordinateReferenceSystem",
        "uriValue",
    }
)
#: sensorMetadata keys of the standard.
SENSOR_METADATA_KEYS: Final = frozenset(
    {
        "time",
        "startTime",
        "endTime",
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "bizRules",
    }
)

GS1_VOCABULARY: Final = "https://gs1.org/voc/"


def measurement_types() -> frozenset[str]:
    """Measurement and alert types that GS1's context defines as bare words."""
    path = Path(__file__).with_name("measurement_types.txt")
    lines = path.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


# Local names in the carrying namespace.
CARRIED_ILMD: Final = f"{CARRY_PREFIX}:ilmd"
CARRIED_EXTENSION: Final = f"{CARRY_PREFIX}:extension"
CARRIED_BASE_EXTENSION: Final = f"{CARRY_PREFIX}:baseExtension"
CARRIED_SENSOR_LIST: Final = f"{CARRY_PREFIX}:sensorElementList"
CARRIED_ATTRIBUTES: Final = f"{CARRY_PREFIX}:attributes"
CARRIED_EVENT_TYPE: Final = f"{CARRY_PREFIX}:eventType"
#: Kind of a number or boolean whose element has attributes: xsi:type would make those invalid in XML.
CARRIED_KIND: Final = f"{{{CARRY_NAMESPACE}}}type"
CARRIED_TYPES: Final = f"{CARRY_PREFIX}:types"
CARRIED_XML: Final = f"{CARRY_NAMESPACE}xml"
CARRIED_ITEM: Final = f"{{{CARRY_NAMESPACE}}}item"
CARRIED_CONTEXT: Final = f"{{{CARRY_NAMESPACE}}}jsonContext"
CARRIED_JSON_MARK: Final = f"{CARRY_PREFIX}:json:"
CARRIED_DOCUMENT: Final = f"{CARRY_NAMESPACE}document"
CARRIED_BODY: Final = f"{CARRY_NAMESPACE}body"
CARRIED_EVENT_LIST: Final = f"{CARRY_NAMESPACE}eventList"
CARRIED_RESULTS: Final = f"{CARRY_NAMESPACE}queryResults"
CARRIED_HEADER: Final = f"{CARRY_PREFIX}:header"
CARRIED_MASTER_DATA: Final = f"{CARRY_PREFIX}:masterDataDocument"
