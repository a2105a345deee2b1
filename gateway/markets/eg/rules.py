"""What can be wrong with a file for EPTTS. The file is taken whole or not at all, so each of these is found before."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

HEADER: Final = Rule(
    "EG-EPTTS-01",
    Severity.ERROR,
    "the header line is not exactly that of EPTTS",
    "Eleven columns, in this order and spelling, separated by commas.",
    "write the header as the market's README gives it",
)
FORM: Final = Rule(
    "EG-EPTTS-02",
    Severity.ERROR,
    "a value has not the form of its column",
    "The forms stand in xsd/eg/eptts/1/columns.toml.",
    "write the value in the form that the finding names",
)
SEQUENCE: Final = Rule(
    "EG-EPTTS-03",
    Severity.ERROR,
    "seqNo does not count 1, 2, 3 without a gap",
    "EPTTS counts the rows.",
    "number the rows again",
)
ORDER: Final = Rule(
    "EG-EPTTS-04",
    Severity.ERROR,
    "the rows are not in the order of eventTime",
    "eventTime does not go back from one row to the next.",
    "sort the rows by eventTime",
)
PLACE: Final = Rule(
    "EG-EPTTS-05",
    Severity.ERROR,
    "a place has no right GLN, or readPointGLN and bizLocationGLN differ",
    "Both columns hold the same GLN with a right check digit.",
    "correct the GLN; give readPoint and bizLocation of the event the same one",
)
KEY: Final = Rule(
    "EG-EPTTS-06",
    Severity.ERROR,
    "the check digit of a GTIN or SSCC is wrong",
    "EPTTS checks it.",
    "compare the number with the label",
)
PARENT: Final = Rule(
    "EG-EPTTS-07",
    Severity.ERROR,
    "Parent is not what the row asks for",
    "Commissioning of an item: (10) and the lot. Commissioning of an SSCC: empty. Packing: (00) and the parent's SSCC.",
    "write the lot or the SSCC as the row asks for",
)
IMPORT: Final = Rule(
    "EG-EPTTS-08",
    Severity.ERROR,
    "import stands where it may not, or the file marks local goods in two ways",
    "I for imported goods, only when items are commissioned. Sources differ on local goods: empty, or 0.",
    "leave import empty in all other rows, and use one mark for local goods",
)
DATE: Final = Rule(
    "EG-EPTTS-09",
    Severity.ERROR,
    "a date is missing, is no day, stands where it may not, or the file writes dates in two ways",
    "expiryDate is asked for when items are commissioned, and only then; manufDate may stand beside it. Sources differ "
    "on the form: YYYY-MM-DDT, or YYYY-MM-DD.",
    "write dates in one form, only in rows that commission items",
)
EXPIRY: Final = Rule(
    "EG-EPTTS-10",
    Severity.ERROR,
    "expiryDate is before eventTime, or manufDate is not before it",
    "A pack is made before it is commissioned, and expires after.",
    "correct the dates; the two may be exchanged",
)
SERIALS: Final = Rule(
    "EG-EPTTS-11",
    Severity.ERROR,
    "a file has more than 50,000 different serial numbers",
    "EPTTS takes no more. The gateway splits what it composes.",
    "split the file",
)
LOTS: Final = Rule(
    "EG-EPTTS-12",
    Severity.ERROR,
    "a file commissions items of more than 5 lots",
    "EPTTS takes no more. The gateway splits what it composes.",
    "split the file",
)
TWICE: Final = Rule(
    "EG-EPTTS-13",
    Severity.ERROR,
    "something is commissioned twice, or packed twice",
    "Each identifier is commissioned once and packed once in a file.",
    "remove the repetition",
)
TOO_LATE: Final = Rule(
    "EG-EPTTS-14",
    Severity.ERROR,
    "something is packed before the row that commissions it",
    "An identifier is commissioned before it is packed.",
    "correct the times",
)
ELSEWHERE: Final = Rule(
    "EG-EPTTS-15",
    Severity.INFO,
    "something is packed that this file does not commission",
    "It must have been commissioned in a file that EPTTS accepted before.",
    "upload the file that commissions it first",
)
CYCLE: Final = Rule(
    "EG-EPTTS-16",
    Severity.ERROR,
    "a container is packed into itself or into its own content",
    "A packing hierarchy is a tree.",
    "correct the parents",
)
CHARACTERS: Final = Rule(
    "EG-EPTTS-17",
    Severity.ERROR,
    "a serial or lot number has a comma or a quotation mark",
    "Whether EPTTS takes quoted values is not public.",
    "the number was printed this way: ask the packer, and the authority how it is to be reported",
)
UNDESCRIBED: Final = Rule(
    "EG-EPTTS-18",
    Severity.ERROR,
    "lot or expiry of an item is not known",
    "Both are asked for when items are commissioned.",
    "give lotNumber and itemExpirationDate in the ILMD of the commissioning event",
)
IDENTIFIER: Final = Rule(
    "EG-EPTTS-19",
    Severity.ERROR,
    "something is neither an item (SGTIN) nor a container (SSCC)",
    "EPTTS knows these two; containers are SSCCs.",
    "correct the identifier",
)
NOTHING: Final = Rule(
    "EG-EPTTS-20",
    Severity.ERROR,
    "there is nothing to report",
    "Phase 1 takes commissioning and packing only.",
    "give a document with commissioning or packing events",
)
TIME: Final = Rule(
    "EG-EPTTS-21",
    Severity.ERROR,
    "the time of an event cannot be read or has no zone",
    "eventTime is written in UTC, timeOffset beside it.",
    "correct eventTime and eventTimeZoneOffset",
)
TEXT: Final = Rule(
    "EG-EPTTS-22",
    Severity.ERROR,
    "the file is no UTF-8 text with eleven values in each line",
    "It is read as comma-separated values without quotation marks.",
    "save the file as CSV with commas and UTF-8",
)
WITHDRAWAL: Final = Rule(
    "EG-EPTTS-23",
    Severity.ERROR,
    "an error declaration does not say which event it withdraws",
    "The gateway finds the withdrawn event by its eventID.",
    "give both events the same eventID, or remove both",
)

RULES: Final = (
    HEADER,
    FORM,
    SEQUENCE,
    ORDER,
    PLACE,
    KEY,
    PARENT,
    IMPORT,
    DATE,
    EXPIRY,
    SERIALS,
    LOTS,
    TWICE,
    TOO_LATE,
    ELSEWHERE,
    CYCLE,
    CHARACTERS,
    UNDESCRIBED,
    IDENTIFIER,
    NOTHING,
    TIME,
    TEXT,
    WITHDRAWAL,
)

FRACTION_LOST: Final = LossRule(
    "LOSS-EG-EPTTS-01",
    "EPTTS has no place for fractions below a millisecond",
    "eventTime has three digits behind the second.",
)
QUANTITY_LOST: Final = LossRule(
    "LOSS-EG-EPTTS-02",
    "EPTTS has no place for amounts without serial numbers",
    "A row names one serial number or SSCC.",
)
ILMD_LOST: Final = LossRule(
    "LOSS-EG-EPTTS-03",
    "EPTTS has no place for this product attribute",
    "A row has lot, expiry and production date.",
)

LOSS_RULES: Final = (FRACTION_LOST, QUANTITY_LOST, ILMD_LOST)
