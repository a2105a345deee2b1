"""What one version of EPCIS XML has no place for. The numbers are those of the conversion rules C01-C35."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule

SENSOR_AND_PERSISTENT: Final = LossRule(
    "LOSS-C03",
    "EPCIS 1.2 knows neither sensor data nor persistent dispositions",
    "They are carried without namespace in the event's extension, which 1.2 allows and receivers ignore.",
)
CERTIFICATION: Final = LossRule(
    "LOSS-C04",
    "EPCIS 1.2 has no certificationInfo, and 2.0 XML holds one only",
    "In 1.2 it is carried in baseExtension/extension; in 2.0 the second and further ones in the carrier element.",
)
ASSOCIATION: Final = LossRule(
    "LOSS-C05",
    "EPCIS 1.2 has no AssociationEvent",
    "The whole event is carried in EventList/extension/extension, which receivers ignore. To write it as an"
    " AggregationEvent would change its meaning.",
)
QUANTITY_EVENT: Final = LossRule(
    "LOSS-C06",
    "EPCIS 2.0 has no QuantityEvent",
    "It is written as an ObjectEvent with action OBSERVE and a quantityList, as EPCIS 1.1 advises. All values are"
    " kept, the type changes.",
)
HEADER: Final = LossRule(
    "LOSS-C08",
    "The target's header has no place for this part",
    "A 1.2 header needs a StandardBusinessDocumentHeader, and a 2.0 header holds no foreign elements.",
)
EXTENSION_PLACE: Final = LossRule(
    "LOSS-C09",
    "Vendor content stands where the target does not allow it",
    "1.2 allows elements without namespace in an event's extension, 2.0 those with a namespace only.",
)
DOCUMENT_PART: Final = LossRule(
    "LOSS-C31",
    "The target has no place for this part of the document",
    "Foreign content of EventList, and parts of a query envelope, exist in some versions and syntaxes only.",
)
COMMENT: Final = LossRule(
    "LOSS-C31-COMMENT",
    "Comments and processing instructions are not kept",
    "They are no data of EPCIS: JSON has none, and the meaning of a document must not depend on them.",
)
ROOT_ATTRIBUTE: Final = LossRule(
    "LOSS-C35",
    "An attribute of the document has no place in the target",
    "A JSON-LD id has no XML attribute; xsi:schemaLocation of another version would mislead a validator.",
)
PART_ATTRIBUTE: Final = LossRule(
    "LOSS-C35-PART",
    "A foreign attribute of a part of the document is not kept",
    "The schemas allow any attribute on header, master data, body, lists, wrappers, ILMD and error declarations."
    " They are kept on the root element, on events, on sensor data and inside vendor content.",
)
CHARACTER: Final = LossRule(
    "LOSS-XML-01",
    "XML 1.0 forbids a character of the value",
    "Control characters and lone surrogates cannot stand in XML, not even escaped; U+FFFD stands in their place.",
)
LOSS_RULES: Final = (
    SENSOR_AND_PERSISTENT,
    CERTIFICATION,
    ASSOCIATION,
    QUANTITY_EVENT,
    HEADER,
    EXTENSION_PLACE,
    DOCUMENT_PART,
    COMMENT,
    ROOT_ATTRIBUTE,
    PART_ATTRIBUTE,
    CHARACTER,
)
