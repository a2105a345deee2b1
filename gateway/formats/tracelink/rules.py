"""What can be wrong with a TraceLink message, or with a document that is to become one."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

NOT_WELL_FORMED: Final = Rule(
    "TL-SNX-01",
    Severity.ERROR,
    "A message must be well-formed XML",
    "XML 1.0: a parser must stop at the first such error; what follows cannot be trusted.",
    "ask the sender for the complete file; transfers that were cut are the most frequent cause",
)
DOCTYPE: Final = Rule(
    "TL-SNX-02",
    Severity.ERROR,
    "A message must not have a document type declaration",
    "A DOCTYPE can name files, network addresses and entities that grow without bound.",
    "delete the <!DOCTYPE ...> line",
)
ROOT: Final = Rule(
    "TL-SNX-03",
    Severity.ERROR,
    "The root element must be a message of TraceLink",
    "The namespace decides, never a prefix: SNX messages are in urn:tracelink:mapper:sl:serial_number_exchange, SOM "
    "messages in urn:tracelink:mapper:sl:serialized_operations_manager.",
    "check the root element and its namespace",
)
NO_EVENTS: Final = Rule(
    "TL-SNX-04",
    Severity.ERROR,
    "The message must be one that holds events",
    "SNXEndOfBatchMessage holds totals and SNXProductionOrderMessage an order; neither says what happened to which "
    "serial number.",
    "send SNXDispositionAssigned, SNXDispositionUpdated, SNXDisaggregated or SOMSalesShipment",
)
LIMIT: Final = Rule(
    "TL-SNX-06",
    Severity.ERROR,
    "A message must stay within the limits",
    "The limits protect the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)
MISSING: Final = Rule(
    "TL-SNX-07",
    Severity.ERROR,
    "A part that an event cannot do without must be present",
    "An event needs time, zone offset and serial numbers; nothing that is missing is invented.",
    "ask the sender for a complete message",
)
SERIAL: Final = Rule(
    "TL-SNX-08",
    Severity.ERROR,
    "A serial number is 01, GTIN-14, 21 and serial number, or 00 and SSCC",
    "TraceLink writes the key with its application identifiers and without brackets.",
    "write e.g. 010952132100000221A1 or 00095213210000000019",
)
PREFIX_WRONG: Final = Rule(
    "TL-SNX-09",
    Severity.WARNING,
    "companyPrefix should be the company prefix of its serial number",
    "The digits of the key do not begin with it. It is kept as it is and not used.",
    "correct companyPrefix",
)
PREFIX_UNKNOWN: Final = Rule(
    "TL-SNX-10",
    Severity.INFO,
    "A key without known company prefix is read as GS1 Digital Link",
    "An EPC URN needs the length of the company prefix. Neither the message nor a setting nor GS1's published table "
    "says it, and it is not guessed.",
    "give it with --set company-prefix=...",
)
NO_ZONE: Final = Rule(
    "TL-SNX-11",
    Severity.INFO,
    "EventDateTime is in UTC",
    "TraceLink gives times in UTC and the offset of the place in EventTimeZoneOffset. A time without zone was read as "
    "UTC, with a Z added.",
    "write the Z",
)
REORDERED: Final = Rule(
    "TL-SNX-12",
    Severity.INFO,
    "What is packed into something is packed before",
    "The message listed an outer container before an inner one; the events were put in order, innermost first.",
    "Nothing has to be done.",
)
STATUS: Final = Rule(
    "TL-SNX-13",
    Severity.ERROR,
    "PackagingSerialNumberStatus must be one whose meaning is known",
    "Only these statuses have a known meaning in EPCIS. To guess the meaning of another could end the life of packs.",
    "send the update in a form of which the meaning is known",
)
QUANTITY: Final = Rule(
    "TL-SNX-14",
    Severity.WARNING,
    "Quantity should be the number of serial numbers in the list",
    "Both are kept; which of them is wrong cannot be told here.",
    "count again, and ask the sender if serial numbers are missing",
)
CHECK_DIGIT_EXTENSION: Final = Rule(
    "TL-SNX-15",
    Severity.INFO,
    "The last part of an SGLN is its extension, not the check digit of its GLN",
    "The extension equals the check digit of the GLN, which is most often a mistake. It was kept as it is.",
    "write 0 for a location without extension",
)
REPEATED: Final = Rule(
    "TL-SNX-16",
    Severity.ERROR,
    "An element that may occur once must not be repeated",
    "Only one of the values could be used; choosing one would be a guess.",
    "ask the sender which of them is right",
)
EVENT_TIME: Final = Rule(
    "TL-SNX-17",
    Severity.ERROR,
    "The time of a shipment must be known",
    "SOMSalesShipmentMessage has the date of an order and no time of the shipping; an EPCIS event needs one.",
    "give --set event-time=2026-01-31T12:00:00+01:00, or event-time=transaction to use TransactionDate and "
    "TransactionTime",
)
PARTY: Final = Rule(
    "TL-SNX-18",
    Severity.INFO,
    "A party needs a GLN to be a source or a destination",
    "The party is named by something that is no GLN, such as a company prefix. It is kept as vendor content.",
    "Nothing has to be done unless the receiver needs source and destination.",
)
ITEM_CODE: Final = Rule(
    "TL-SNX-19",
    Severity.WARNING,
    "ItemCode should be the GTIN of the serial numbers",
    "Both are kept; which of them is wrong cannot be told here.",
    "correct ItemCode or the serial numbers",
)
TIME: Final = Rule(
    "TL-SNX-20",
    Severity.ERROR,
    "A time must be a date and time, an offset must be +hh:mm or -hh:mm",
    "XML Schema part 2, dateTime.",
    "write e.g. 2026-01-31T12:00:00Z and +01:00",
)
PLAIN: Final = Rule(
    "TL-SNX-21",
    Severity.ERROR,
    "A serial number is text",
    "What an element inside of it means is not known.",
    "write the serial number alone",
)
VALUE_MISSING: Final = Rule(
    "TL-SNX-30",
    Severity.ERROR,
    "What the message needs must be known",
    "Neither the document nor a setting has it, and nothing that is missing is invented.",
    "the finding names the setting that can give it",
)
MESSAGE: Final = Rule(
    "TL-SNX-31",
    Severity.ERROR,
    "It must be clear which message is to be written",
    "The first event is neither commissioning, packing nor shipping.",
    "choose one with --set message=...",
)
SECOND_SHIPMENT: Final = Rule(
    "TL-SNX-32",
    Severity.ERROR,
    "A SOMSalesShipmentMessage holds one shipment",
    "Every shipping event is a delivery of its own.",
    "write one document for each shipping event",
)
IDENTIFIER: Final = Rule(
    "TL-SNX-33",
    Severity.ERROR,
    "The message takes SGTIN and SSCC for objects, and SGLN for places",
    "There is no spelling for other identifiers.",
    "leave the other objects out of the document",
)
IN_UTC: Final = Rule(
    "TL-SNX-34",
    Severity.INFO,
    "EventDateTime is written in UTC",
    "The instant is the same; the offset of the place stands in EventTimeZoneOffset.",
    "Nothing has to be done.",
)
LOTS: Final = Rule(
    "TL-SNX-35",
    Severity.ERROR,
    "A SNXEndOfBatchMessage is about one lot",
    "Its totals would be those of nothing.",
    "write one document for each lot",
)
NOTHING: Final = Rule(
    "TL-SNX-36",
    Severity.ERROR,
    "A message must say something",
    "The document has no event that this message has a place for.",
    "choose another message with --set message=...",
)
SETTING: Final = Rule(
    "TL-SNX-37",
    Severity.ERROR,
    "A setting must have the form that its title says",
    "Settings come from the command line or an agreement.",
    "docs/vendor-formats.md lists the settings with their forms",
)
RULES: Final = (
    NOT_WELL_FORMED,
    DOCTYPE,
    ROOT,
    NO_EVENTS,
    LIMIT,
    MISSING,
    SERIAL,
    PREFIX_WRONG,
    PREFIX_UNKNOWN,
    NO_ZONE,
    REORDERED,
    STATUS,
    QUANTITY,
    CHECK_DIGIT_EXTENSION,
    REPEATED,
    EVENT_TIME,
    PARTY,
    ITEM_CODE,
    TIME,
    PLAIN,
    VALUE_MISSING,
    MESSAGE,
    SECOND_SHIPMENT,
    IDENTIFIER,
    IN_UTC,
    LOTS,
    NOTHING,
    SETTING,
)
