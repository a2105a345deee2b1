"""What EPCIS 2.0 JSON has no place for, rule by rule; docs/conversion.md shows them all."""

from __future__ import annotations

from gateway.findings import LossRule

QUANTITY_EVENT = LossRule(
    "LOSS-C06-JSON",
    "a QuantityEvent is written as an ObjectEvent with action OBSERVE and a quantityList",
    "EPCIS 2.0 has no QuantityEvent; every value is kept but the event's type changes.",
)
SBDH_REMAINDER = LossRule(
    "LOSS-C08-JSON",
    "JSON has only sender, receiver and instanceIdentifier of a StandardBusinessDocumentHeader",
    "The JSON binding defines no other place for header version, manifest, scopes and further parties.",
)
LOCAL_EXTENSION = LossRule(
    "LOSS-C09-JSON",
    "content without a namespace is not allowed in a JSON event",
    "EPCIS 2.0 allows extension keys only with a prefix or as a full URI.",
)
MIXED_CONTENT = LossRule(
    "LOSS-C10-JSON",
    "text mixed with elements has no JSON form",
    "JSON objects hold keys, not text between them; the element is carried as XML.",
)
XSI_TYPE = LossRule(
    "LOSS-C10-JSON-TYPE",
    "an xsi:type that JSON cannot express",
    "JSON knows strings, numbers and booleans only.",
)
ATTRIBUTES = LossRule(
    "LOSS-C35-JSON",
    "foreign attributes of EPCIS elements have no place in JSON",
    "Attributes are an XML notion; JSON keys of an event are its properties.",
)
ILMD_ACTION = LossRule(
    "LOSS-C42-JSON-ILMD",
    "ILMD of an ObjectEvent whose action is not ADD",
    "The JSON Schema allows ilmd with action ADD only; the XSD allows it always.",
)
REPEATED = LossRule(
    "LOSS-C43-JSON",
    "an identifier that stands in a list again",
    "The lists are sets, and the JSON Schema wants their items unique; XML lets an identifier stand twice.",
)
PLACE = LossRule(
    "LOSS-C31-JSON",
    "foreign content of a place that JSON does not have",
    "JSON lists are arrays of events or sensor elements and cannot hold anything else.",
)
SENSOR_REPORT = LossRule(
    "LOSS-C26-JSON",
    "a sensorElement without a sensorReport, or with one that has no type",
    "The JSON Schema requires both; in XML a sensorReport may hold an exception alone. No type is invented.",
)
MASTER_DATA = LossRule(
    "LOSS-C30-JSON",
    "an EPCISMasterDataDocument is written as an EPCISDocument without events",
    "JSON has master data only in the header of an EPCISDocument.",
)
NOT_A_NUMBER = LossRule(
    "LOSS-C25-JSON",
    "a quantity or measurement that is no JSON number",
    "The JSON Schema requires a number here.",
)

LOSS_RULES: tuple[LossRule, ...] = (
    QUANTITY_EVENT,
    SBDH_REMAINDER,
    LOCAL_EXTENSION,
    MIXED_CONTENT,
    XSI_TYPE,
    ATTRIBUTES,
    ILMD_ACTION,
    REPEATED,
    PLACE,
    SENSOR_REPORT,
    MASTER_DATA,
    NOT_A_NUMBER,
)
