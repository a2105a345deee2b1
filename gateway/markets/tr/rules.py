"""What can be wrong with a PTS transfer, and what of a document it cannot hold.

Sources of the rules: the PTS transfer schema, the field types of the ITS services and the answer codes of PTS,
as listed with their dates in README.md.
"""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

SCHEMA: Final = Rule(
    "TR-PTS-01",
    Severity.ERROR,
    "the XML is not a PTS transfer",
    "The structure is checked against xsd/tr/pts/1.3/transfer.xsd.",
    "compare the element with the element table in the market's README",
)
FILE: Final = Rule(
    "TR-PTS-02",
    Severity.ERROR,
    "a PTS package is a zip file that holds exactly one XML file",
    "PTS answers 20006 to more than one file and 20007 to other file formats.",
    "zip one transfer XML, without folders, password or other files",
)
SIZE: Final = Rule(
    "TR-PTS-03",
    Severity.ERROR,
    "a PTS package is larger than 10 MB",
    "PTS answers 20009. The gateway splits a transfer between its outermost containers; one that is too large alone "
    "cannot be split, because a container stands in one package.",
    "ship smaller outermost containers",
)
PARTY_MISSING: Final = Rule(
    "TR-PTS-04",
    Severity.ERROR,
    "the sender's or receiver's GLN is not known",
    "sourceGLN and destinationGLN are mandatory.",
)
GLN: Final = Rule(
    "TR-PTS-05",
    Severity.ERROR,
    "a party or place is not identified by a GLN",
    "Parties are known to ITS by their 13-digit GLN with a right check digit.",
    "correct the GLN",
)
LABEL: Final = Rule(
    "TR-PTS-06",
    Severity.ERROR,
    "a container is not identified by an SSCC",
    "carrierLabel is 00 and the 18 digits of the SSCC: 20 digits.",
    "give each container an SSCC",
)
LOOSE: Final = Rule(
    "TR-PTS-07",
    Severity.ERROR,
    "a pack is in no container",
    "A transfer holds carriers only: a pack has no place outside of one.",
    "add the aggregation event that packs it into a container with an SSCC",
)
EMPTY: Final = Rule(
    "TR-PTS-08",
    Severity.ERROR,
    "what is in a container is not known",
    "A carrier holds at least one product list or carrier.",
    "add the aggregation event of the container; its eventTime must not be later than the shipping event's",
)
UNDESCRIBED: Final = Rule(
    "TR-PTS-09",
    Severity.ERROR,
    "lot or expiry of a pack is not known",
    "lotNumber and expirationDate are mandatory in a product list.",
    "add the commissioning event of the pack with lotNumber and itemExpirationDate in its ILMD",
)
CHARACTERS: Final = Rule(
    "TR-PTS-10",
    Severity.ERROR,
    "a serial or lot number has characters or a length that ITS does not take",
    "The ITS services define serial number (SN) and lot number (BN) as 1 to 20 of A-Z and 0-9, upper case only.",
    "the number was printed this way: ask the packer; it cannot be changed here",
)
GTIN: Final = Rule(
    "TR-PTS-11",
    Severity.ERROR,
    "a product is not identified by a GTIN",
    "GTIN is 14 digits with a right check digit.",
    "correct the GTIN",
)
DATE: Final = Rule(
    "TR-PTS-12",
    Severity.ERROR,
    "a date is not YYYY-MM-DD",
    "PTS dates are xs:date; the gateway does not complete or convert them.",
    "write the date as YYYY-MM-DD",
)
TWICE: Final = Rule(
    "TR-PTS-13",
    Severity.ERROR,
    "a pack or container stands in the transfers twice",
    "A pack is in one container and is sold once.",
    "remove the repetition, or convert the shipments one at a time",
)
ENDED: Final = Rule(
    "TR-PTS-14",
    Severity.ERROR,
    "something is shipped that cannot be: it was decommissioned or destroyed before, or the shipping was voided",
    "Only packs that are in the market may be sold.",
    "unpack it before shipping, or correct the event",
)
NOTE_NUMBER: Final = Rule(
    "TR-PTS-15",
    Severity.WARNING,
    "the number of the dispatch note is not known",
    "One transfer is for one dispatch note. documentNumber may be absent in the schema.",
)
NOTES: Final = Rule(
    "TR-PTS-16",
    Severity.ERROR,
    "a shipping event names more than one dispatch note, or one that cannot be read",
    "One transfer is for one dispatch note.",
    "use one shipping event for each dispatch note, with one business transaction of type desadv whose id is "
    "urn:epcglobal:cbv:bt:<GLN>:<number> or the number itself",
)
ACTION: Final = Rule(
    "TR-PTS-17",
    Severity.WARNING,
    "actionType is not S",
    "Only S (sale) is publicly known.",
    "leave the setting action-type out unless your contact at the authority gave you another value",
)
CONTAINER: Final = Rule(
    "TR-PTS-18",
    Severity.WARNING,
    "containerType is not one of P, C, S, B and E",
    "P pallet, C case, S bundle, B inner box, E small bundle.",
    "use one of the five codes or leave containerType out",
)
NOTHING: Final = Rule(
    "TR-PTS-19",
    Severity.ERROR,
    "there is nothing to transfer",
    "A transfer holds at least one carrier.",
    "give a document with packing and, best, shipping events",
)
TEXT: Final = Rule(
    "TR-PTS-20",
    Severity.ERROR,
    "a text has characters that XML cannot hold",
    "XML 1.0 has no control characters but tab and line ends.",
    "remove the control characters",
)
TIME: Final = Rule(
    "TR-PTS-21",
    Severity.ERROR,
    "the time of the shipping is not known",
    "A PTS transfer has no times, an EPCIS event needs one, and the gateway invents none.",
)
PARTIES: Final = Rule(
    "TR-PTS-22",
    Severity.WARNING,
    "a setting says something else than the document",
    "What the document says is used; a setting completes what it lacks.",
    "correct the setting or the event",
)
CONTENT: Final = Rule(
    "TR-PTS-23",
    Severity.ERROR,
    "something in a container is neither a pack nor a container",
    "A carrier holds packs (SGTIN) and carriers (SSCC) only.",
    "correct the identifier",
)
PARTY_UNCLEAR: Final = Rule(
    "TR-PTS-24",
    Severity.ERROR,
    "a shipping event names several senders or receivers",
    "sourceGLN and destinationGLN are one party each.",
)
DATES: Final = Rule(
    "TR-PTS-25",
    Severity.ERROR,
    "the production date is later than the expiry",
    "A pack is made before it expires; a later date shows that the two were swapped or mistyped.",
    "correct the dates",
)
DOCTYPE: Final = Rule(
    "TR-PTS-26",
    Severity.ERROR,
    "the XML has a document type declaration",
    "Declarations can define entities that grow or read other files; a transfer needs none.",
    "remove the DOCTYPE",
)
NOTE_DATE: Final = Rule(
    "TR-PTS-27",
    Severity.INFO,
    "the date of the dispatch note is not known and left out",
    "documentDate may be absent. The time of the shipping event need not be the date of the dispatch note.",
)
FORMAT_VERSION: Final = Rule(
    "TR-PTS-28",
    Severity.WARNING,
    "the version of the transfer is not 1.3",
    "1.3 is the version in use and the only one that is publicly known.",
    "write version 1.3",
)
WITHDRAWAL: Final = Rule(
    "TR-PTS-29",
    Severity.ERROR,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID.",
    "give both events the same eventID, or remove both",
)
UNPACKED: Final = Rule(
    "TR-PTS-30",
    Severity.ERROR,
    "the package holds more than the gateway unpacks",
    "A small zip file can unpack to an amount that stops a machine.",
    "ask the sender whether the file is what it should be",
)

RULES: Final = (
    SCHEMA,
    FILE,
    SIZE,
    PARTY_MISSING,
    GLN,
    LABEL,
    LOOSE,
    EMPTY,
    UNDESCRIBED,
    CHARACTERS,
    GTIN,
    DATE,
    TWICE,
    ENDED,
    NOTE_NUMBER,
    NOTES,
    ACTION,
    CONTAINER,
    NOTHING,
    TEXT,
    TIME,
    PARTIES,
    CONTENT,
    PARTY_UNCLEAR,
    DATES,
    DOCTYPE,
    NOTE_DATE,
    FORMAT_VERSION,
    WITHDRAWAL,
    UNPACKED,
)

EVENT_LOST: Final = LossRule(
    "LOSS-TR-PTS-01",
    "PTS has no place for this kind of event",
    "A transfer says what is in which container and who sends it to whom; other events have no place.",
)
QUANTITY_LOST: Final = LossRule(
    "LOSS-TR-PTS-02",
    "PTS has no place for contents without serial numbers",
    "A product list consists of serial numbers.",
)
PARTNER_LOST: Final = LossRule(
    "LOSS-TR-PTS-03",
    "PTS has no place for this value of the shipping event",
    "A transfer names one dispatch note, one sender, one receiver and one place of delivery.",
)
ILMD_LOST: Final = LossRule(
    "LOSS-TR-PTS-04",
    "PTS has no place for this product attribute",
    "A product list has GTIN, lot number, expiry, production date and purchase order number.",
)

LOSS_RULES: Final = (EVENT_LOST, QUANTITY_LOST, PARTNER_LOST, ILMD_LOST)
