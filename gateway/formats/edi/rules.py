"""The rules of EDI files: envelopes, counts, hierarchy. What is wrong with a value in a record has rules of tables."""

from __future__ import annotations

from gateway.findings import Rule, Severity

HEAD = Rule(
    "EDI-HEAD-01",
    Severity.ERROR,
    "The header of an interchange cannot be read.",
    "X12: ISA has 106 characters, its separators stand at fixed places (X12.5). EDIFACT: UNA, if there is one, has "
    "nine characters and is followed by UNB (ISO 9735-1, clause 8.1).",
    "Send the interchange as the translator wrote it; editors and mail programs change blanks and line ends.",
)
END = Rule(
    "EDI-END-01",
    Severity.ERROR,
    "A trailer is missing: the file ends too early, or the next header comes before it.",
    "Without its trailer nobody can tell whether an interchange, group or message is complete.",
    "Send the file again; if it was not cut on its way, the sender's translator leaves trailers out.",
)
COUNT = Rule(
    "EDI-COUNT-01",
    Severity.ERROR,
    "A control count is not what the file holds.",
    "SE01, GE01, IEA01, UNT01, UNE01 and UNZ01 count segments, messages and groups; a difference means that some "
    "are missing or doubled.",
    "Send the file again as the translator wrote it; do not edit interchanges by hand.",
)
CONTROL = Rule(
    "EDI-CONTROL-01",
    Severity.ERROR,
    "The control number of a trailer is not that of its header, or stands there twice.",
    "A trailer closes the header with the same number; another number means that parts of two files were mixed. "
    "Within a group each message has a number of its own.",
    "Send the file again as the translator wrote it.",
)
ORDER = Rule(
    "EDI-ORDER-01",
    Severity.ERROR,
    "A segment stands outside of the envelope to which it belongs.",
    "X12: ISA GS ST ... SE GE IEA. EDIFACT: UNB [UNG] UNH ... UNT [UNE] UNZ.",
    "Send the file again as the translator wrote it.",
)
TAG = Rule(
    "EDI-TAG-01",
    Severity.ERROR,
    "A segment does not begin with a tag.",
    "Tags are two or three capital letters and digits. Anything else is damage, or separators inside a value.",
    "Look for a value that holds a separator of the file; choose other separators, or release it (EDIFACT).",
)
CHARACTERS = Rule(
    "EDI-CHAR-01",
    Severity.ERROR,
    "The text is not in the character set that the interchange or the mapping declares.",
    "EDIFACT names it in UNB (UNOA ... UNOW); X12 does not, so the mapping does (table.x12.encoding). Letters read "
    "in a wrong encoding become other letters without any error.",
    "Declare the encoding that is really used: in UNB, or under `encoding` in the mapping.",
)
SPLIT = Rule(
    "EDI-CHAR-02",
    Severity.ERROR,
    "A value holds the component separator of its interchange.",
    "X12 has no release character: the value ends at the separator, and its rest would be lost.",
    "Choose a component separator (ISA16) that stands in no value.",
)
NUMBER = Rule(
    "EDI-NUM-01",
    Severity.ERROR,
    "An amount is not written as the syntax has it.",
    "There are no separators of thousands: a comma or point is the decimal mark (ISO 9735-1, clause 10.1), in X12 it "
    "is always a point.",
    "Send the amount with digits and one decimal mark.",
)
TOO_LONG = Rule(
    "EDI-LIMIT-01",
    Severity.ERROR,
    "A segment is longer than any real one.",
    "Limits protect the gateway against broken and hostile files; most often the segment terminator is wrong.",
    "Check the last character of ISA, or the sixth of UNA: it ends each segment.",
)
TEST = Rule(
    "EDI-TEST-01",
    Severity.WARNING,
    "The interchange is marked as a test.",
    "ISA15 is T, or the test indicator of UNB (0035) is 1: its sender does not mean it to be true.",
    "Do not use the events, or ask the sender to mark the file as productive.",
)
NOT_READ = Rule(
    "EDI-SET-01",
    Severity.WARNING,
    "A message of another type, or a segment between messages, is not converted.",
    "A mapping reads the types that it declares. Nothing is left out silently.",
    "Send other messages in files of their own, or write a mapping for them.",
)
VERSION = Rule(
    "EDI-SET-02",
    Severity.ERROR,
    "A message is in a version that the mapping does not read.",
    "Segments change their places and meanings from version to version.",
    "Choose the mapping of this version, or add the version to the mapping after a look at the partner's guide.",
)
PARENT = Rule(
    "EDI-HL-01",
    Severity.ERROR,
    "A level names a parent that has not come before it.",
    "HL02 and CPS02 name the containing level, which must have been opened.",
    "Correct the parent's number, or put the level behind its parent.",
)
CYCLE = Rule(
    "EDI-HL-02",
    Severity.ERROR,
    "A level is its own parent, or has a number that is taken.",
    "HL01 and CPS01 number the levels; each number stands once in a message.",
    "Number the levels through.",
)
DEEP = Rule(
    "EDI-HL-03",
    Severity.ERROR,
    "Levels are nested deeper than the limit.",
    "No shipment has so many levels; broken files do.",
    "Correct the parents' numbers.",
)
SPREAD = Rule(
    "EDI-HL-04",
    Severity.ERROR,
    "A line item is spread over several packs, its amount is not told for each.",
    "In the structure order, item, pack the amount of the item is that of all packs together; dividing it would be "
    "a guess.",
    "Ask for the structure shipment, order, pack, item, or take the amount from a segment of the pack.",
)
REPEAT = Rule(
    "EDI-REPEAT-01",
    Severity.ERROR,
    "A value of which the mapping takes one stands there several times.",
    "Only the column that tells one thing from the next may repeat; it makes several rows. Of all others nobody "
    "knows which one belongs to which row.",
    "Ask for one level or line for each value, or leave the column out of the mapping.",
)
RANGE = Rule(
    "EDI-RANGE-01",
    Severity.ERROR,
    "Identification numbers are given as a range.",
    "A range from-to does not say which numbers are in it: check digits and alphabets differ.",
    "Ask for each number on its own.",
)
TOTALS = Rule(
    "EDI-SUM-01",
    Severity.ERROR,
    "The totals of a message are not what it holds.",
    "CTT01 counts levels or lines, CTT02 adds up the amounts (SN102); CNT does the same in EDIFACT.",
    "Send the message again; lines are missing or doubled.",
)

ANSWER = Rule(
    "EDI-ANS-01",
    Severity.ERROR,
    "An answer (997, 999, CONTRL) cannot be understood.",
    "Each answer says by a code what became of a message; a code that is not known is no acceptance.",
    "Ask the partner what the answer means.",
)

RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
