"""What can be wrong with requests for RSD. Sources are in README.md, with their dates."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity


def _error(number: int, title: str, explain: str, hint: str) -> Rule:
    return Rule(f"SA-RSD-{number:02}", Severity.ERROR, title, explain, hint)


SCHEMA: Final = _error(
    1,
    "the XML is not a request that RSD knows",
    "The structure is checked against xsd/sa/rsd/1. Only the root element of a request has a namespace.",
    "compare the element with the table of operations in the market's README",
)
GTIN: Final = _error(
    2, "a GTIN is not 14 digits with a right check digit", "RSD answers 10600 or 11013.", "compare it with the label"
)
LOT: Final = _error(
    3, "a lot number has not 2 to 20 characters", "RSD answers 10601.", "give the lot as it is printed on the pack"
)
SERIAL: Final = _error(
    4,
    "a serial number has not 2 to 20 characters",
    "RSD answers 10602.",
    "the number was printed this way: ask the packer; it cannot be changed here",
)
GLN: Final = _error(
    5,
    "a party has no right GLN",
    "RSD answers 11018, 11019 or 80202. 0000000000000 is a patient, in pharmacy sales only.",
    "give the other side's GLN, 13 digits, as owning party of the event or with the setting",
)
DATE: Final = _error(
    6,
    "a date is missing or is no day of the calendar, or a pack is made after it expires",
    "RSD writes YYYY-MM-DD and answers 11015 or 11016.",
    "write the date as YYYY-MM-DD",
)
SEVEN_YEARS: Final = _error(
    7, "a pack expires more than 7 years after it was made", "RSD answers 11038.", "correct the dates"
)
TWICE: Final = _error(
    8, "a pack stands twice in one request or event", "Each pack is told once.", "remove the repetition"
)
PRODUCTS: Final = _error(
    9,
    "a request has more than 100,000 products",
    "RSD answers 80610. The gateway splits what it composes.",
    "split the request",
)
SERIALS: Final = _error(
    10,
    "a request has more than 200,000 serial numbers",
    "RSD answers 80609. The gateway splits what it composes.",
    "split the request",
)
REASON: Final = _error(
    11, "DR is not one of 10, 20, 30, 40, 50, 60 and 70", "RSD answers 21020.", "choose a reason of the list"
)
TEXT: Final = _error(
    12,
    "a field that RSD asks for is empty, or holds control characters",
    "RSD answers 11010, and 11817 for an empty EXPLANATION.",
    "give the value",
)
DOCTYPE: Final = _error(
    13,
    "the XML has a document type declaration",
    "Declarations can define entities that grow or read other files; a request needs none.",
    "remove the DOCTYPE",
)
OPERATION: Final = _error(
    14,
    "it is not known which operation reports an event",
    "The market's README lists what is composed. Dispensing may be a pharmacy sale or a hospital's consumption.",
    "give it with --set operations=dispensing=pharmacy-sale, or as element rsdOperation of the event",
)
UNDESCRIBED: Final = _error(
    15,
    "lot or expiry of packs is not known",
    "Supply and Import tell GTIN, lot and expiry of all their packs.",
    "give lotNumber and itemExpirationDate in the ILMD of the commissioning event, or the message that has them",
)
IDENTIFIER: Final = _error(
    16,
    "something is neither a pack (SGTIN) nor a container (SSCC)",
    "RSD knows packs; containers are told by what is in them.",
    "correct the identifier",
)
NOTHING: Final = _error(
    17, "there is nothing to report", "None of the events is one that RSD wants.", "give a document with movements"
)
NO_CANCEL: Final = _error(
    18,
    "an operation is withdrawn that RSD cannot cancel",
    "Return, Accept and AcceptDispatch have no cancel: a wrong return is undone when the sender accepts it again.",
    "report the way back as a movement of its own",
)
WITHDRAWAL: Final = _error(
    19,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID.",
    "give both events the same eventID, or remove both",
)
EMPTY: Final = _error(
    20,
    "what is in a container is not known",
    "RSD has no containers: a pallet is reported as the packs on it.",
    "give the packing events, or let the gateway remember the messages that had them",
)
PACKAGE: Final = _error(
    21,
    "a package is no zip file, or larger than 10 MB",
    "RSD answers 21003 or 21004. What is in it, RSD does not look at.",
    "send a smaller zip file",
)
SETTING: Final = _error(
    22,
    "a setting has an order of fields that is not all of them, each once",
    "Clients of RSD differ on the order of some fields; a setting says the one of the service description you have.",
    "name every field once, with commas between",
)
QUANTITY: Final = _error(
    23,
    "an amount is no whole number of packs above 0 of a lot",
    "Batch services list GTIN, QUANTITY, lot and expiry.",
    "give amounts as LGTIN with a whole number and without a unit",
)

TIME: Final = _error(
    24,
    "the time of a dispatch is not known",
    "RSD tells the day of a dispatch; EPCIS wants a time with a zone, and none is invented.",
    "give it with --set event-time=...",
)
NOT_IN_ORDER: Final = _error(
    25,
    "RSD says that a pack of a dispatch is not in order",
    "Each pack in the reply of DispatchDetail has an answer code.",
    "ask the sender; leave the pack out of what you accept",
)

RULES: Final = (
    SCHEMA,
    GTIN,
    LOT,
    SERIAL,
    GLN,
    DATE,
    SEVEN_YEARS,
    TWICE,
    PRODUCTS,
    SERIALS,
    REASON,
    TEXT,
    DOCTYPE,
    OPERATION,
    UNDESCRIBED,
    IDENTIFIER,
    NOTHING,
    NO_CANCEL,
    WITHDRAWAL,
    EMPTY,
    PACKAGE,
    SETTING,
    QUANTITY,
    TIME,
    NOT_IN_ORDER,
)

QUANTITY_LOST: Final = LossRule(
    "LOSS-SA-RSD-01",
    "this operation of RSD has no place for amounts without serial numbers",
    "Only dispatch, accept, return and transfer have a form for amounts.",
)
LOSS_RULES: Final = (QUANTITY_LOST,)
