"""The rules of files that hold records instead of rows: fixed-width lines, JSON, XML."""

from __future__ import annotations

from gateway.findings import Rule, Severity

FIXED_KIND = Rule(
    "TABLE-FIXED-01",
    Severity.ERROR,
    "A line is of no kind that the mapping knows.",
    "Fixed-width lines say in some characters what they are. A line of an unknown kind may hold anything.",
    "Correct the line, or name its kind under table.fixed (data, lines or ignore).",
)
FIXED_OUTSIDE = Rule(
    "TABLE-FIXED-02",
    Severity.WARNING,
    "Characters of a line are in no column: they are not converted.",
    "Nothing is left out silently. Values that have moved out of their places show here, too.",
    "Name the column under table.fixed.columns; one that is left out on purpose goes under table.ignore.",
)
FIXED_TAB = Rule(
    "TABLE-FIXED-03",
    Severity.ERROR,
    "A fixed-width line holds a tab.",
    "A tab is one character and stands for several: nothing behind it is at its place.",
    "Export the lines with blanks instead of tabs.",
)
JSON_FORM = Rule(
    "TABLE-JSON-01",
    Severity.ERROR,
    "The text is no JSON, or JSON that cannot be read without doubt.",
    "RFC 8259: names in an object should be unique, NaN and Infinity are no numbers; which of two values holds would be"
    " a guess.",
    "Send the complete file, written by a JSON library.",
)
RECORDS_MISSING = Rule(
    "TABLE-RECORD-01",
    Severity.WARNING,
    "The document has no records where the mapping looks for them.",
    "The path of the records is a part of the mapping (table.json.records, table.xml.records).",
    "Correct the path in the mapping, or choose another mapping.",
)
VALUE_LATE = Rule(
    "TABLE-RECORD-02",
    Severity.ERROR,
    "A value stands behind the records for which it holds.",
    "Records are read one by one; a value of all of them has to be known before.",
    "Put the value in front of the records.",
)
VALUE_TWICE = Rule(
    "TABLE-RECORD-03",
    Severity.ERROR,
    "A path leads to several different values.",
    "Which of them holds would be a guess.",
    "Make the path stricter, e.g. Id[@type='SN'], or correct the document.",
)
RECORD_NUMBER = Rule(
    "TABLE-RECORD-04",
    Severity.WARNING,
    "A serial or lot number stands in the document as a number, and was read as it is written.",
    "A number cannot begin with 0: zeros that the sender's program had in front of it are lost.",
    "Write serial and lot numbers as texts, in quotes.",
)
XML_FORM = Rule(
    "TABLE-XML-01",
    Severity.ERROR,
    "The text is not well-formed XML.",
    "XML 1.0: a parser must stop at the first such error.",
    "Send the complete file; transfers that were cut are the most frequent cause.",
)
XML_DOCTYPE = Rule(
    "TABLE-XML-02",
    Severity.ERROR,
    "A document must not have a document type declaration.",
    "A DOCTYPE can name files, network addresses and entities that grow without bound.",
    "Delete the <!DOCTYPE ...> line.",
)

RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
