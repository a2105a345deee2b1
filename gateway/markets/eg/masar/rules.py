"""What can be wrong with EPCIS for Masar. Only what is public is a rule; the guide itself is not."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity


def _error(number: int, title: str, explain: str, hint: str) -> Rule:
    return Rule(f"EG-MASAR-{number:02}", Severity.ERROR, title, explain, hint)


FILE: Final = _error(
    1,
    "the file is no EPCIS 1.2 document, bare, in a StandardBusinessDocument or in a SOAP envelope",
    "Masar takes these three envelopes, with one document.",
    "send one EPCISDocument in one of the three envelopes",
)
DOCTYPE: Final = _error(
    2,
    "the XML has a document type declaration",
    "Masar takes none.",
    "remove the DOCTYPE",
)
HEADER: Final = _error(
    3,
    "the header has no sender or receiver GLN of 13 digits, or no InstanceIdentifier",
    "A StandardBusinessDocumentHeader names both parties and the document.",
    "give sender and receiver as GLNs of 13 digits",
)
COMMISSIONING: Final = _error(
    4,
    "a commissioning is no ObjectEvent with action ADD, or the lot or expiry of items is missing",
    "The ILMD has lotNumber and itemExpirationDate.",
    "give both in the ILMD of the commissioning event",
)
PACKING: Final = _error(
    5,
    "a packing is no AggregationEvent with action ADD, or its parent is no SSCC",
    "Masar packs into SSCCs.",
    "give the container an SSCC as parentID",
)
SHIPPING: Final = _error(
    6,
    "a shipping is no ObjectEvent with action OBSERVE, or does not name the owning parties of source and destination",
    "sourceList and destinationList each have an owning_party with a GLN.",
    "give both owning parties",
)
STEP: Final = Rule(
    "EG-MASAR-07",
    Severity.WARNING,
    "an event is neither commissioning, packing nor shipping",
    "Whether Masar takes other steps is not public.",
    "ask the authority, and name the steps that it takes in the setting steps",
)
NOTHING: Final = _error(
    8, "there is nothing to report", "None of the events is one that is reported.", "give a document with such events"
)
WITHDRAWAL: Final = _error(
    9,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID.",
    "give both events the same eventID, or remove both",
)
ORDER: Final = _error(
    10,
    "something is packed or shipped before the event of the same file that commissions it",
    "An identifier is commissioned first.",
    "put the events in the order in which they happened",
)
IDENTIFIER: Final = _error(
    11,
    "an identifier is neither an item (SGTIN) nor a container (SSCC), or is wrong",
    "Items and containers are what is packed and shipped.",
    "correct the identifier",
)

RULES: Final = (
    FILE,
    DOCTYPE,
    HEADER,
    COMMISSIONING,
    PACKING,
    SHIPPING,
    STEP,
    NOTHING,
    WITHDRAWAL,
    ORDER,
    IDENTIFIER,
)
