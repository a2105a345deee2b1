"""What can be wrong with MDLP documents. Sources are in README.md, with their dates."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

SCHEMA: Final = Rule(
    "RU-MDLP-01",
    Severity.ERROR,
    "the XML is not an MDLP document of version 1.38",
    "The structure is checked against xsd/ru/mdlp/1.38/documents.xsd.",
    "compare the element with the table of the document in the market's README",
)
SERIAL: Final = Rule(
    "RU-MDLP-02",
    Severity.ERROR,
    "a serial number is not 13 letters and digits",
    "An MDLP SGTIN is 27 characters: GTIN of 14 digits and a serial number of 13 (A-Z, a-z, 0-9).",
    "the number was printed this way: ask the packer; it cannot be changed here",
)
IDENTIFIER: Final = Rule(
    "RU-MDLP-03",
    Severity.ERROR,
    "something is neither a pack (SGTIN) nor a container (SSCC)",
    "MDLP knows these two.",
    "correct the identifier",
)
SUBJECT: Final = Rule(
    "RU-MDLP-04",
    Severity.ERROR,
    "the id of a place or party has not the form that the document asks for",
    "Places of business have 14 digits, parties a GUID of 36 characters; each document says which it wants.",
    "correct the id in subject-ids or in the setting",
)
CODE: Final = Rule(
    "RU-MDLP-05",
    Severity.ERROR,
    "a code is not in the list of this field",
    "The lists are those of the schema 1.38; `codes.toml` of the market says what they mean.",
    "choose one of the codes",
)
DATE: Final = Rule(
    "RU-MDLP-06",
    Severity.ERROR,
    "a date is not a day of the calendar",
    "MDLP writes DD.MM.YYYY; the gateway takes YYYY-MM-DD and writes it so.",
    "write the date as YYYY-MM-DD",
)
TEXT: Final = Rule(
    "RU-MDLP-07",
    Severity.ERROR,
    "a number or text is too long, empty, or begins or ends with a blank",
    "Document numbers have 1 to 200 characters and no blanks at the ends.",
    "correct the text",
)
TIME: Final = Rule(
    "RU-MDLP-08",
    Severity.ERROR,
    "the time of an event cannot be read",
    "operation_date is a time with a zone.",
    "correct eventTime and eventTimeZoneOffset",
)
DOCUMENT: Final = Rule(
    "RU-MDLP-09",
    Severity.ERROR,
    "it is not said which document reports a business step",
    "A shipment is 381, 314, 331, 336, 415 or 431, by owner and way of the goods; EPCIS does not say it.",
    "give it with --set documents=shipping=381 or under set: in the agreement",
)
NUMBER_UNKNOWN: Final = Rule(
    "RU-MDLP-10",
    Severity.ERROR,
    "the setting documents names a document that is not composed of such an event",
    "Composed are 210, 220, 250, 251, 252, 300, 313, 314, 331, 336, 342, 381, 415, 416, 431, 541, 542, 552 and 701; "
    "911 to 916 follow from packing.",
    "choose one of them",
)
NOTHING: Final = Rule(
    "RU-MDLP-11",
    Severity.ERROR,
    "there is nothing to report",
    "None of the events is one that MDLP wants.",
    "give a document with packing or movements",
)
PRICE: Final = Rule(
    "RU-MDLP-12",
    Severity.ERROR,
    "a price is no amount of at most 16 digits with at most 2 decimals, or a container has packs of several prices",
    "cost and vat_value are in roubles. What one price for a container of several prices should be is not public.",
    "write amounts as 110.00; ship containers of mixed prices in parts",
)
TWICE: Final = Rule(
    "RU-MDLP-13",
    Severity.ERROR,
    "an object stands in one event twice",
    "Each object stands once in a document.",
    "remove the repetition",
)
CHECK_DIGIT: Final = Rule(
    "RU-MDLP-14",
    Severity.WARNING,
    "the check digit of a GTIN or SSCC is wrong",
    "A wrong check digit is most often a typing mistake. MDLP's own check is not public.",
    "compare the number with the label",
)
ITSELF: Final = Rule(
    "RU-MDLP-15",
    Severity.ERROR,
    "a container holds itself",
    "A packing hierarchy is a tree.",
    "correct the parent",
)
VERSION: Final = Rule(
    "RU-MDLP-16",
    Severity.WARNING,
    "the version of the document is not 1.38",
    "1.38 is the version that this market knows.",
    "write version 1.38",
)
DOCTYPE: Final = Rule(
    "RU-MDLP-17",
    Severity.ERROR,
    "the XML has a document type declaration",
    "Declarations can define entities that grow or read other files; a document needs none.",
    "remove the DOCTYPE",
)
PARENT: Final = Rule(
    "RU-MDLP-18",
    Severity.ERROR,
    "the container of a packing is no SSCC, or is not named",
    "MDLP packs into SSCCs only.",
    "give the container an SSCC",
)
WITHDRAWAL: Final = Rule(
    "RU-MDLP-19",
    Severity.ERROR,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID. What was reported already is called back by document 250.",
    "give both events the same eventID, or remove both",
)

PACKS: Final = Rule(
    "RU-MDLP-20",
    Severity.ERROR,
    "a document of packs alone is asked for a container whose packs are not known",
    "300 lists codes of packs, 220 asks for a container.",
    "give the packing, in the same document or an earlier one",
)

TOLD: Final = Rule(
    "RU-MDLP-21",
    Severity.INFO,
    "MDLP says something that is no event",
    "A ticket (200), the errors of a receipt (617) and parts of an answer (211) tell of no events; what they say "
    "stands in findings.",
)
SENT: Final = Rule(
    "RU-MDLP-22",
    Severity.ERROR,
    "the document is not one that MDLP sends",
    "Read are tickets, answers and notifications: 200, 211, 221, 601-603, 605-607, 613, 614, 617, 618, 620 and 627.",
    "check documents that are to be sent with `gateway validate`",
)
TOO_LARGE: Final = Rule(
    "RU-MDLP-23",
    Severity.ERROR,
    "a document must not be larger than the limit",
    "The limit protects the machine from hostile and broken input.",
    "raise the limit for this partner if the file is genuine",
)

RULES: Final = (
    SCHEMA,
    SERIAL,
    IDENTIFIER,
    SUBJECT,
    CODE,
    DATE,
    TEXT,
    TIME,
    DOCUMENT,
    NUMBER_UNKNOWN,
    NOTHING,
    PRICE,
    TWICE,
    CHECK_DIGIT,
    ITSELF,
    VERSION,
    DOCTYPE,
    PARENT,
    WITHDRAWAL,
    PACKS,
    TOLD,
    SENT,
    TOO_LARGE,
)

QUANTITY_LOST: Final = LossRule(
    "LOSS-RU-MDLP-01",
    "MDLP has no place for amounts without serial numbers",
    "Documents list SGTINs and SSCCs.",
)

LOSS_RULES: Final = (QUANTITY_LOST,)
