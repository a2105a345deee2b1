"""Findings of the JSON reader and writer."""

from __future__ import annotations

from gateway.findings import Rule, Severity

MALFORMED = Rule(
    "EPCIS-JSON-01",
    Severity.ERROR,
    "the input must be well-formed JSON",
    "RFC 8259. NaN, Infinity, comments, trailing commas and trailing data are not JSON.",
    "write the document with a JSON library instead of joining text",
)
ENCODING = Rule(
    "EPCIS-JSON-02",
    Severity.ERROR,
    "JSON must be encoded in UTF-8",
    "RFC 8259, section 8.1.",
    "save the file as UTF-8",
)
OTHER_UNICODE = Rule(
    "EPCIS-JSON-03",
    Severity.WARNING,
    "JSON exchanged between systems must be UTF-8 without byte order mark",
    "RFC 8259, section 8.1. The gateway reads UTF-16 and UTF-32 and a byte order mark all the same.",
    "save the file as UTF-8 without byte order mark",
)
DUPLICATE_KEY = Rule(
    "EPCIS-JSON-04",
    Severity.ERROR,
    "a key must occur once in an object",
    "RFC 8259, section 4: with a repeated key, receivers disagree about the value.",
    "use an array for several values",
)
NOT_EPCIS = Rule(
    "EPCIS-JSON-05",
    Severity.ERROR,
    "the JSON must be an EPCISDocument, an EPCISQueryDocument, an event, or a list of events",
    "ISO/IEC 19987:2024, clause 10.",
    "set type to EPCISDocument and put the events into epcisBody.eventList",
)
SCHEMA_VERSION = Rule(
    "EPCIS-JSON-06",
    Severity.WARNING,
    "schemaVersion must be the string 2.0",
    "JSON is a binding of EPCIS 2.0 only.",
    'write "schemaVersion": "2.0"',
)
UNKNOWN_KEY = Rule(
    "EPCIS-JSON-07",
    Severity.ERROR,
    "a key that is not EPCIS must have a namespace",
    "The JSON Schema asks for a URI or prefix:name as the name of an extension (propertyNames).",
    "declare a prefix in @context and write prefix:name",
)
EVENT_TYPE = Rule(
    "EPCIS-JSON-08",
    Severity.ERROR,
    "the type of an event must be one that EPCIS 2.0 defines",
    "ISO/IEC 19987:2024, clause 7.4.",
    "use ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent",
)
VALUE_TYPE = Rule(
    "EPCIS-JSON-09",
    Severity.ERROR,
    "a value has the wrong JSON type",
    "EPCIS 2.0 JSON Schema.",
    "",
)
MISSING = Rule(
    "EPCIS-JSON-10",
    Severity.ERROR,
    "a mandatory key is missing",
    "EPCIS 2.0 JSON Schema.",
    "",
)
UNDECLARED_PREFIX = Rule(
    "EPCIS-JSON-11",
    Severity.WARNING,
    "the prefix of an extension should be declared in @context",
    "Without a declaration nobody knows what the name means. The gateway never loads a context from the network.",
    "declare the prefix in an object in @context",
)
PROTECTED_PREFIX = Rule(
    "EPCIS-JSON-12",
    Severity.WARNING,
    "a prefix that GS1's context protects is declared with another meaning",
    "JSON-LD processors refuse such a document (conversion rule C11). The declaration is ignored.",
    "choose another prefix",
)
NO_DELIMITER = Rule(
    "EPCIS-JSON-13",
    Severity.INFO,
    "a namespace should end with / or # or :",
    "JSON-LD joins namespace and name without anything between them, XML does not (conversion rule C12).",
    "end the namespace with / or #",
)
LATE_HEADER = Rule(
    "EPCIS-JSON-14",
    Severity.ERROR,
    "the file ends before its event list does",
    "",
    "send the whole file again",
)
BEHIND = Rule(
    "EPCIS-JSON-34",
    Severity.ERROR,
    "the event list ends before the end of the file says so",
    "Of a large file the last bytes are read first. They look like the end of its event list, but other content with"
    " events in it stands behind the list; or the file was changed while it was read.",
    "write what stands behind epcisBody before it",
)
CONTEXT = Rule(
    "EPCIS-JSON-15",
    Severity.WARNING,
    "@context must be an address, an object, or a list of them",
    "JSON-LD 1.1, section 4.1.",
    "",
)
CUSTOM_EVENT = Rule(
    "EPCIS-JSON-16",
    Severity.WARNING,
    "an event of a vendor's own type is kept as foreign content of the event list",
    "The JSON Schema allows events of other types (Extended-Event); no other format knows them.",
    "agree with the sender what the event means",
)

LIMIT = Rule(
    "EPCIS-JSON-17",
    Severity.ERROR,
    "the input is over a limit on size or nesting",
    "Limits protect the gateway from hostile and broken files.",
    "split the file, or ask the operator to raise the limit",
)

UNSAYABLE = Rule(
    "EPCIS-JSON-20",
    Severity.ERROR,
    "the event cannot be said in EPCIS 2.0 JSON",
    "The JSON Schema asks for more than the XML schemas do.",
    "ask the sender for the missing part",
)
NOT_A_URI = Rule(
    "EPCIS-JSON-33",
    Severity.ERROR,
    "JSON needs a URI here",
    "The JSON Schema wants a URI with a scheme (RFC 3986) where the XML schemas let any text pass.",
    "write the value as a URI, for example urn:uuid:... or an address under a domain of your own",
)
VOCABULARY = Rule(
    "EPCIS-JSON-21",
    Severity.ERROR,
    "JSON needs a standard CBV word or a URI of one's own",
    "The JSON Schema refuses bare words and GS1 URNs that are not in the standard.",
    "use the standard word, or a URI under a domain of your own",
)
NO_ZONE = Rule(
    "EPCIS-JSON-22",
    Severity.WARNING,
    "a time without zone was given the event's eventTimeZoneOffset",
    "EPCIS 2.0 requires a zone in every time; EPCIS 1.x does not.",
    "send times with a zone",
)
TIME = Rule(
    "EPCIS-JSON-23",
    Severity.ERROR,
    "a time cannot be written as EPCIS 2.0 requires it",
    "RFC 3339 date-time with a zone; offsets as +hh:mm up to 14:00.",
    "send times with a zone",
)
MIDNIGHT = Rule(
    "EPCIS-JSON-24",
    Severity.INFO,
    "24:00:00 is written as 00:00:00 of the next day",
    "EPCIS 2.0 does not allow hour 24.",
    "",
)
REPEATED_EPC = Rule(
    "EPCIS-JSON-25",
    Severity.ERROR,
    "an identifier stands twice in one list",
    "The JSON Schema requires unique items in epcList; none is dropped in silence.",
    "ask the sender which of them is meant",
)
NUMBER = Rule(
    "EPCIS-JSON-26",
    Severity.ERROR,
    "a quantity or measurement must be a number",
    "The JSON Schema requires a number.",
    "",
)
UNIT = Rule(
    "EPCIS-JSON-27",
    Severity.ERROR,
    "a unit of measure must be a code of UN/ECE Recommendation 20",
    "The JSON Schema asks for two or three capital letters or digits.",
    "use the code, for example KGM for kilogram",
)
UNIT_CASE = Rule(
    "EPCIS-JSON-28",
    Severity.WARNING,
    "a unit of measure was written in capitals",
    "Codes of UN/ECE Recommendation 20 have capitals only.",
    "",
)
PREFIX_RENAMED = Rule(
    "EPCIS-JSON-29",
    Severity.INFO,
    "a prefix was renamed because it means something else here",
    "Prefixes are a matter of taste; the namespace is what counts.",
    "",
)
CREATION_DATE = Rule(
    "EPCIS-JSON-30",
    Severity.ERROR,
    "a document needs a creationDate with a zone",
    "EPCIS 2.0 JSON Schema.",
    "give --set creation-date=2026-01-31T12:00:00Z",
)
CBV_URN = Rule(
    "EPCIS-JSON-31",
    Severity.WARNING,
    "JSON writes standard values as bare words",
    "The JSON Schema refuses the URNs of CBV 1.2. The value was understood.",
    "write the bare word, for example shipping",
)
ATTRIBUTE_ID = Rule(
    "EPCIS-JSON-32",
    Severity.WARNING,
    "the id of a master data attribute must be a URI",
    "The JSON Schema requires it; a plain word would mean something else to each receiver.",
    "use a URI of the standard, for example urn:epcglobal:cbv:mda#name, or one of your own",
)

RULES: tuple[Rule, ...] = (
    MALFORMED,
    ENCODING,
    OTHER_UNICODE,
    DUPLICATE_KEY,
    NOT_EPCIS,
    SCHEMA_VERSION,
    UNKNOWN_KEY,
    EVENT_TYPE,
    VALUE_TYPE,
    MISSING,
    UNDECLARED_PREFIX,
    PROTECTED_PREFIX,
    NO_DELIMITER,
    LATE_HEADER,
    BEHIND,
    CONTEXT,
    CUSTOM_EVENT,
    LIMIT,
    UNSAYABLE,
    NOT_A_URI,
    VOCABULARY,
    NO_ZONE,
    TIME,
    MIDNIGHT,
    REPEATED_EPC,
    NUMBER,
    UNIT,
    UNIT_CASE,
    PREFIX_RENAMED,
    CREATION_DATE,
    CBV_URN,
    ATTRIBUTE_ID,
)

#: A document that breaks one of these is no JSON, or not all of it is there: where its events end is a guess.
OF_DOCUMENT = (MALFORMED, ENCODING, LATE_HEADER, BEHIND, LIMIT)
