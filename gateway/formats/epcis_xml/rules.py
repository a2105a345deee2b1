"""What can be wrong with an EPCIS XML document."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

NOT_WELL_FORMED: Final = Rule(
    "EPCIS-XML-01",
    Severity.ERROR,
    "A document must be well-formed XML",
    "XML 1.0: a parser must stop at the first such error; what follows cannot be trusted.",
    "ask the sender for the complete file; transfers that were cut are the most frequent cause",
)
DOCTYPE: Final = Rule(
    "EPCIS-XML-02",
    Severity.ERROR,
    "A document must not have a document type declaration",
    "A DOCTYPE can name files, network addresses and entities that grow without bound. EPCIS does not use it.",
    "delete the <!DOCTYPE ...> line",
)
ROOT: Final = Rule(
    "EPCIS-XML-03",
    Severity.ERROR,
    "The root element must be one of EPCIS",
    "EPCISDocument, EPCISQueryDocument or EPCISMasterDataDocument in a namespace of EPCIS 1.x or 2.0.",
    "check that the file is EPCIS and that the root's namespace is right",
)
VERSION: Final = Rule(
    "EPCIS-XML-04",
    Severity.WARNING,
    "schemaVersion should agree with the namespace",
    "The namespace decides: urn:epcglobal:epcis:xsd:1 is 1.0 to 1.2, urn:epcglobal:epcis:xsd:2 is 2.0.",
    "write the schemaVersion that the document follows",
)
QUALIFIED: Final = Rule(
    "EPCIS-XML-05",
    Severity.WARNING,
    "Elements inside an EPCIS document have no namespace",
    "The schemas declare them unqualified. A default namespace on the root makes the document invalid for others.",
    'declare the namespace with a prefix: xmlns:epcis="..." instead of xmlns="..."',
)
MISSING: Final = Rule(
    "EPCIS-XML-06",
    Severity.ERROR,
    "A mandatory part must be present",
    "EPCIS names the parts that an event or document cannot do without.",
)
UNKNOWN_EVENT: Final = Rule(
    "EPCIS-XML-07",
    Severity.ERROR,
    "An event must be of a known type",
    "ObjectEvent, AggregationEvent, QuantityEvent (1.x), TransactionEvent, TransformationEvent, AssociationEvent"
    " (2.0).",
)
UNEXPECTED: Final = Rule(
    "EPCIS-XML-08",
    Severity.WARNING,
    "Elements of an event should be those of the standard or have a namespace",
    "It is kept as vendor content.",
)
REPEATED: Final = Rule(
    "EPCIS-XML-09",
    Severity.ERROR,
    "A part that may occur once must not be repeated",
    "Only one of the values could be kept; choosing one would be a guess.",
)
QUERY_CONTROL: Final = Rule(
    "EPCIS-XML-10",
    Severity.ERROR,
    "A query document must hold results",
    "Poll, Subscribe and the other control messages are calls of an interface; they hold no events.",
)
LIMIT: Final = Rule(
    "EPCIS-XML-12",
    Severity.ERROR,
    "A document must stay within the limits",
    "The limits protect the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)
NO_ZONE: Final = Rule(
    "EPCIS-XML-13",
    Severity.WARNING,
    "A time must have a zone",
    "EPCIS 2.0 requires it. The event's own eventTimeZoneOffset was used, which EPCIS 1.2 says is the local zone.",
    "write the zone in the time, e.g. 2026-05-01T10:00:00+02:00",
)
MIDNIGHT: Final = Rule(
    "EPCIS-XML-14",
    Severity.INFO,
    "Midnight is 00:00:00 of the next day",
    "EPCIS 2.0 does not know 24:00:00; the same instant was written as 00:00:00 of the next day.",
)
CREATION_DATE: Final = Rule(
    "EPCIS-XML-15",
    Severity.ERROR,
    "A document must have a creationDate",
    "It is mandatory in EPCIS XML and the input has none.",
    "give it with --set creation-date=...",
)
NO_HEADER: Final = Rule(
    "EPCIS-XML-16",
    Severity.WARNING,
    "A StandardBusinessDocumentHeader needs sender, receiver, instance identifier and a creation date",
    "One of them is missing, so no header could be built.",
    "give it with --set sender=... receiver=... instance-identifier=...",
)
RULES: Final = (
    NOT_WELL_FORMED,
    DOCTYPE,
    ROOT,
    VERSION,
    QUALIFIED,
    MISSING,
    UNKNOWN_EVENT,
    UNEXPECTED,
    REPEATED,
    QUERY_CONTROL,
    LIMIT,
    NO_ZONE,
    MIDNIGHT,
    CREATION_DATE,
    NO_HEADER,
)

#: A document that breaks one of these cannot be read any further.
OF_DOCUMENT: Final = (NOT_WELL_FORMED, DOCTYPE, LIMIT)
