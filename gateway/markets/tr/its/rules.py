"""What can be wrong with a notification to ITS, and what of a document it cannot hold."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

SCHEMA: Final = Rule(
    "TR-ITS-01",
    Severity.ERROR,
    "the message is no notification of ITS",
    "JSON is checked against xsd/tr/its/rest/notifications.json, XML against the schemas in xsd/tr/its/soap.",
    "compare the message with the field table in the market's README",
)
CHARACTERS: Final = Rule(
    "TR-ITS-02",
    Severity.ERROR,
    "a serial, lot or document number has characters that ITS does not take, or too many",
    "SN, BN and DN are 1 to 20 of A-Z and 0-9; small letters and signs that GS1 allows are refused.",
    "the number was printed this way: ask the packer, and the authority how it is to be reported",
)
GTIN: Final = Rule(
    "TR-ITS-03",
    Severity.ERROR,
    "a GTIN is not 14 digits with a right check digit",
    "Packs are known to ITS by GTIN and serial number.",
    "correct the GTIN",
)
GLN: Final = Rule(
    "TR-ITS-04",
    Severity.ERROR,
    "a stakeholder is not identified by a GLN",
    "Stakeholders are known to ITS by their 13-digit GLN with a right check digit.",
    "correct the GLN",
)
DATE: Final = Rule(
    "TR-ITS-05",
    Severity.ERROR,
    "a date is not YYYY-MM-DD, or a pack expires before it is made",
    "Dates are days of the calendar, without time and zone.",
    "correct the date; production date and expiry may be exchanged",
)
UNDESCRIBED: Final = Rule(
    "TR-ITS-06",
    Severity.ERROR,
    "lot, expiry or production date of a pack is not known",
    "Every notification names lot and expiry of each pack, production also its production date.",
    "give lotNumber, itemExpirationDate and productionDate in the ILMD of the commissioning event",
)
CONTENT: Final = Rule(
    "TR-ITS-07",
    Severity.ERROR,
    "something is no pack, and what is in it is not known",
    "ITS takes serialized packs only. The gateway looks into containers through the document and earlier messages.",
    "give the aggregation events, or process the message that packed it first",
)
TWICE: Final = Rule(
    "TR-ITS-08",
    Severity.ERROR,
    "a pack stands twice in the same notification, or is commissioned twice",
    "ITS would refuse the second one.",
    "remove the repetition",
)
RECEIVER: Final = Rule(
    "TR-ITS-09",
    Severity.ERROR,
    "who receives the packs is not known, or not told apart",
    "A sale and a return name the GLN of the other side.",
    "name one owning_party in the destinationList of the event",
)
NO_SOAP: Final = Rule(
    "TR-ITS-10",
    Severity.ERROR,
    "this notification has no SOAP service that is publicly described",
    "Return, transfer and its cancellation are known in the REST form only.",
    "use --set protocol=rest",
)
PRODUCT_TYPE: Final = Rule(
    "TR-ITS-11",
    Severity.ERROR,
    "the SOAP service takes no product type but PP",
    "BP and FP are known of the REST form only.",
    "use --set protocol=rest",
)
RECEIVER_TEXT: Final = Rule(
    "TR-ITS-12",
    Severity.ERROR,
    "the receiver's text of an export has not the length that ITS takes",
    "REST: 1 to 100 characters. The description of the SOAP service asks for exactly 100.",
    "write the text accordingly, or set receiver-fill=spaces",
)
KIND: Final = Rule(
    "TR-ITS-13",
    Severity.ERROR,
    "a notification of this name is not composed",
    "Composed are supply, dispatch, dispatchcancel, accept, return, transfer, transfercancel, deactivation and export.",
    "correct the setting notifications, or the element itsNotification of the event",
)
REASON: Final = Rule(
    "TR-ITS-14",
    Severity.ERROR,
    "a reason of deactivation is none of the list",
    "ds is one of 10, 20, 30, 40, 50, 60.",
    "correct the setting deactivation-reasons, or the element deactivationReason of the event",
)
BATCH: Final = Rule(
    "TR-ITS-15",
    Severity.ERROR,
    "the setting batch-size is no number of packs",
    "It says how many packs one notification holds at most.",
    "write a whole number from 1",
)
DOCUMENT: Final = Rule(
    "TR-ITS-16",
    Severity.ERROR,
    "the document of a notification has a number and no date",
    "A document has a date (dd) and a number (dn).",
    "give document-date, too, or leave both out",
)
NOTHING: Final = Rule(
    "TR-ITS-17",
    Severity.INFO,
    "there is nothing to notify",
    "None of the events is one that ITS wants.",
    "nothing is wrong if the document only packs; its transfer is composed with tr-pts",
)
WITHDRAWAL: Final = Rule(
    "TR-ITS-18",
    Severity.ERROR,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID.",
    "give both events the same eventID, or remove both",
)
DIFFERENT: Final = Rule(
    "TR-ITS-19",
    Severity.WARNING,
    "a setting and the event name different stakeholders",
    "What the document says is used.",
    "remove the setting, or correct the event",
)
TEXT: Final = Rule(
    "TR-ITS-20",
    Severity.ERROR,
    "a text has characters that no message can hold",
    "Control characters and line breaks have no place in a description or a receiver's text.",
    "write the text in one line",
)

RULES: Final = (
    SCHEMA,
    CHARACTERS,
    GTIN,
    GLN,
    DATE,
    UNDESCRIBED,
    CONTENT,
    TWICE,
    RECEIVER,
    NO_SOAP,
    PRODUCT_TYPE,
    RECEIVER_TEXT,
    KIND,
    REASON,
    BATCH,
    DOCUMENT,
    NOTHING,
    WITHDRAWAL,
    DIFFERENT,
    TEXT,
)

QUANTITY_LOST: Final = LossRule(
    "LOSS-TR-ITS-01",
    "ITS has no place for amounts without serial numbers",
    "A notification consists of serial numbers.",
)
ILMD_LOST: Final = LossRule(
    "LOSS-TR-ITS-02",
    "ITS has no place for this product attribute",
    "A pack has GTIN, serial number, lot, expiry and production date.",
)
PARTNER_LOST: Final = LossRule(
    "LOSS-TR-ITS-03",
    "ITS has no place for this document of the event",
    "Sale, purchase and return name packs and the other side; dispatch notes stand in the transfer of PTS.",
)
ELEMENT_LOST: Final = LossRule(
    "LOSS-TR-ITS-04",
    "ITS has no place for this vendor element of the event",
    "A notification has the fields that the market's page lists.",
)

LOSS_RULES: Final = (QUANTITY_LOST, ILMD_LOST, PARTNER_LOST, ELEMENT_LOST)
