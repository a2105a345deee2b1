"""Rules of reports of exceptions."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

KIND: Final = Rule(
    "US-PDG-01",
    Severity.ERROR,
    "a message is neither a report of exceptions nor a response to one",
    "A report says case_resolved, a response does not (PDG exception schemas).",
    "ask the sender for the whole message",
)
CLOSED: Final = Rule(
    "US-PDG-02",
    Severity.ERROR,
    "a closed case lists exceptions, or an open one lists none",
    "The closing message has no exceptions and case_resolved = true (PDG exception schemas).",
    "close the case in a message of its own",
)
TWICE: Final = Rule(
    "US-PDG-03",
    Severity.ERROR,
    "two items of a message have the same exception_item_uuid",
    "Responses speak of items by this id.",
    "give each item an id of its own",
)
NO_EXCEPTION: Final = Rule(
    "US-PDG-04",
    Severity.INFO,
    "what was shipped and what was received agree",
    "There is nothing to report.",
    "nothing is wrong",
)
NOTHING: Final = Rule(
    "US-PDG-05",
    Severity.ERROR,
    "the document does not tell both what was shipped and what was received",
    "Exceptions are what differs between the seller's shipping and the buyer's receiving.",
    "give the seller's file and your own receiving events as one document",
)
ORDERS: Final = Rule(
    "US-PDG-06",
    Severity.ERROR,
    "a document has several purchase orders",
    "A report speaks of one purchase order.",
    "give one delivery at a time",
)
ORDER: Final = Rule(
    "US-PDG-07",
    Severity.ERROR,
    "the purchase order is not known",
    "A report names it (po_number).",
    "add it to the business transactions of the shipping event (type po), or give --set po-number=...",
)
PACK: Final = Rule(
    "US-PDG-08",
    Severity.ERROR,
    "something that was shipped or received is neither a pack nor a container whose packs are known",
    "Exceptions are about packs: GTIN and serial number.",
    "add the packing of the container, or correct the identifier",
)
RULES: Final = (KIND, CLOSED, TWICE, NO_EXCEPTION, NOTHING, ORDERS, ORDER, PACK)
