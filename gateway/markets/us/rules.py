"""Rules of DSCSA messages. The names in capitals are those that receivers' checks use for the same fault."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING
_ACT: Final = "FD&C Act, section 581(26): what transaction information holds."
_EXAMPLE: Final = "As the official example of the GS1 US guideline R1.3 has it."

PARTIES: Final = Rule(
    "US-DSCSA-01",
    _ERROR,
    "MISSING_SOURCE_DESTINATION: a shipping event lacks the owning party of source or destination",
    f"Seller and buyer are told by sourceList and destinationList, type owning_party. {_EXAMPLE}",
    "add source and destination of type owning_party to the shipping event",
)
OWNERSHIP: Final = Rule(
    "US-DSCSA-02",
    _ERROR,
    "OWNERSHIP_TRANSFER_UNCLEAR: seller and buyer are the same, or there are several of them",
    "Transaction information goes with one change of ownership.",
    "write one shipping event for each seller and buyer",
)
DISPOSITION: Final = Rule(
    "US-DSCSA-03",
    _ERROR,
    "INVALID_DISPOSITION: business step and disposition do not belong together",
    "Receivers take shipping with in_transit, commissioning with active, packing and receiving with in_progress.",
    "correct the disposition of the event",
)
NO_HISTORY: Final = Rule(
    "US-DSCSA-04",
    _WARNING,
    "MISSING_COMMISSIONING: the file commissions nothing, it only tells of the shipping",
    "Partners agree on files with the whole history of what is shipped, or on the shipping alone.",
    "nothing is wrong if the buyer takes the shipping alone",
)
NOT_COMMISSIONED: Final = Rule(
    "US-DSCSA-05",
    _ERROR,
    "SERIAL_SHIPPED_NOT_COMMISSIONED: something is shipped that the file does not commission",
    "A file with the history has lot and expiry of all that is shipped.",
    "give the file that commissions it together with this one, or choose content=ship if the buyer takes that",
)
PRODUCT: Final = Rule(
    "US-DSCSA-06",
    _ERROR,
    "UNKNOWN_GTIN: the product is not described",
    f"NDC, name, strength, dosage form, container size and manufacturer. {_ACT}",
    "add master data for the GTIN to the document, to the setting master-data, or to the packs' ILMD",
)
PARTY: Final = Rule(
    "US-DSCSA-07",
    _ERROR,
    "UNKNOWN_GLN: seller or buyer is not described",
    f"Name and address of both. {_ACT}",
    "add master data for the GLN to the document or to the setting master-data",
)
PLACE: Final = Rule(
    "US-DSCSA-08",
    _WARNING,
    "UNKNOWN_GLN: a location is not described",
    f"{_EXAMPLE} Master data names all locations of the file.",
    "add master data for the GLN to the document or to the setting master-data",
)
TWICE: Final = Rule(
    "US-DSCSA-09",
    _ERROR,
    "DUPLICATE_SERIAL: a serial number is commissioned twice, or shipped twice",
    "One pack comes into being once, and leaves the seller once in a file.",
    "remove the repeated event",
)
ORPHAN: Final = Rule(
    "US-DSCSA-10",
    _ERROR,
    "ORPHAN_SSCC: a container is shipped into which nothing was packed",
    "The buyer must be able to tell which packs came.",
    "add the packing of the container, or give the file that has it together with this one",
)
FUTURE: Final = Rule(
    "US-DSCSA-11",
    _ERROR,
    "FUTURE_EVENT_TIME: an event is later than the creation of its file",
    "A file tells what has happened.",
    "correct eventTime or creationDate",
)
NO_STATEMENT: Final = Rule(
    "US-DSCSA-12",
    _ERROR,
    "MISSING_DSCSA_STATEMENT: the header has no affirmed transaction statement",
    "FD&C Act, section 581(27): the seller gives a transaction statement with each transaction.",
    "have the seller affirm it: transaction-statement=affirm",
)
TOO_LARGE: Final = Rule(
    "US-DSCSA-13",
    _WARNING,
    "FILE_SIZE_EXCEEDED: the file is larger than a large network takes",
    "TraceLink takes files of up to 300 MB.",
    "ship in several deliveries, or agree on the shipping alone (content=ship)",
)
NO_DROP_FLAG: Final = Rule(
    "US-DSCSA-14",
    _ERROR,
    "a shipping event does not say whether it is a drop shipment",
    f"{_EXAMPLE} gs1ushc:dropShipment stands behind the event's extension element.",
    "give drop-shipment=true or drop-shipment=false",
)
HEADER: Final = Rule(
    "US-DSCSA-15",
    _ERROR,
    "the header lacks the StandardBusinessDocumentHeader, or a part of it is wrong",
    f"HeaderVersion 1.0, one Sender and Receiver, Standard EPCglobal, Type Events. {_EXAMPLE}",
    "correct the header",
)
IDENTIFIER: Final = Rule(
    "US-DSCSA-16",
    _ERROR,
    "an identifier is no SGTIN or SSCC as EPC URN",
    "EPCIS 1.2 files of the US guideline name packs, cases and containers by EPC URN.",
    "convert with --set epc=urn and --set company-prefix=...",
)
UNDESCRIBED: Final = Rule(
    "US-DSCSA-17",
    _ERROR,
    "packs or cases are commissioned without lot or expiry",
    f"ILMD lotNumber and itemExpirationDate as YYYY-MM-DD. {_ACT}",
    "add both to the commissioning event",
)
DIRECT_PURCHASE: Final = Rule(
    "US-DSCSA-18",
    _ERROR,
    "the direct purchase statement has not the form of the release",
    "R1.2 has true or false, R1.3 a qualifier and a statement. Never both.",
    "choose direct-purchase and profile so that they fit",
)
LOCATION: Final = Rule(
    "US-DSCSA-19",
    _WARNING,
    "a shipping event has a bizLocation",
    f"{_EXAMPLE} Goods on their way are nowhere.",
    "remove bizLocation from the shipping event",
)
ORDER: Final = Rule(
    "US-DSCSA-20",
    _WARNING,
    "a shipping event names no purchase order or no delivery in the form of CBV",
    "Buyers find the order by urn:epcglobal:cbv:bt:GLN:number of the types po and desadv.",
    "add both to bizTransactionList",
)
NOTHING: Final = Rule(
    "US-DSCSA-21",
    _ERROR,
    "the document ships nothing",
    "Transaction information goes with a shipping event that changes the owner.",
    "add the shipping event",
)
VOIDED: Final = Rule(
    "US-DSCSA-22",
    _ERROR,
    "a part of a shipping was voided",
    "What is left of it cannot be told for sure from the document.",
    "void the whole shipping and ship what is left anew",
)
MASTER: Final = Rule(
    "US-DSCSA-23",
    _ERROR,
    "the setting master-data cannot be read",
    "It is JSON with products by GTIN and locations by GLN.",
    'write {"products": {"<GTIN-14>": {"regulatedProductName": "..."}}, "locations": {"<GLN>": {"name": "..."}}}',
)
NAMED: Final = Rule(
    "US-DSCSA-24",
    _ERROR,
    "a party of the header cannot be named in the form that is wanted",
    "An SGLN needs the length of the company prefix, which 13 digits do not tell.",
    "give sender and receiver as SGLN URN, or choose authority=gln",
)
SEVERAL: Final = Rule(
    "US-DSCSA-25",
    _ERROR,
    "one instance identifier was given for several files",
    "Receivers tell files apart by it.",
    "leave instance-identifier out: each file gets one that comes from its content",
)
WITHDRAWAL: Final = Rule(
    "US-DSCSA-26",
    _ERROR,
    "an error declaration does not say which event it withdraws",
    "EPCIS 1.2, clause 7.4.1.2: by the eventID of the wrong event.",
    "give the eventID of the event that is withdrawn",
)
TOO_DEEP: Final = Rule(
    "US-DSCSA-27",
    _ERROR,
    "containers are nested more deeply than any real packing",
    "More than 50 levels are a mistake, or somebody's test of our patience.",
    "correct the packing",
)

RULES: Final = (
    PARTIES,
    OWNERSHIP,
    DISPOSITION,
    NO_HISTORY,
    NOT_COMMISSIONED,
    PRODUCT,
    PARTY,
    PLACE,
    TWICE,
    ORPHAN,
    FUTURE,
    NO_STATEMENT,
    TOO_LARGE,
    NO_DROP_FLAG,
    HEADER,
    IDENTIFIER,
    UNDESCRIBED,
    DIRECT_PURCHASE,
    LOCATION,
    ORDER,
    NOTHING,
    VOIDED,
    MASTER,
    NAMED,
    SEVERAL,
    WITHDRAWAL,
    TOO_DEEP,
)

LOCATION_LOST: Final = LossRule(
    "LOSS-US-01",
    "bizLocation of a shipping event",
    "The guideline's shipping events have none; where the goods go, destinationList says.",
)
EVENT_ID_LOST: Final = LossRule(
    "LOSS-US-02",
    "eventID of an event of which only a part is told",
    "The buyer is told of what is shipped to him alone. The event with fewer identifiers is another event.",
)
QUANTITY_LOST: Final = LossRule(
    "LOSS-US-03",
    "quantities of an event of which only a part is told",
    "How much of the quantity belongs to the part is not known.",
)
LOSS_RULES: Final = (LOCATION_LOST, EVENT_ID_LOST, QUANTITY_LOST)
