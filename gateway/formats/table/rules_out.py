"""What can be wrong when a document is written as a table (`gateway.formats.table.write`)."""

from __future__ import annotations

from gateway.findings import Rule, Severity

OUT_MISSING = Rule(
    "TABLE-OUT-01",
    Severity.ERROR,
    "A column that must be filled has no value in the document.",
    "The mapping says that the table cannot be read without it, and nothing that is missing is invented.",
    "Complete the document, or choose a mapping that does not need the column.",
)
OUT_WRONG = Rule(
    "TABLE-OUT-02",
    Severity.ERROR,
    "A value of the document cannot be written into its column.",
    "Each cell is read back by its column's own transform before it is written; none gives this value.",
    "Correct the value, or the transform, forms or lookup table of the column in the mapping.",
)
OUT_TWO_VALUES = Rule(
    "TABLE-OUT-03",
    Severity.ERROR,
    "A cell above the table holds one value, the document has several.",
    "What stands above a table holds for all of its rows; only a workbook whose sheets are all read can have several.",
    "Split the document, for example by batch, and write a table of each part.",
)
OUT_MORE = Rule(
    "TABLE-OUT-04",
    Severity.WARNING,
    "The rows also mean an event that the document does not have.",
    "A row tells of every event whose columns it fills; who reads the table through the mapping gets them, too.",
    "Check that the event took place, or use a mapping without it.",
)
OUT_EMPTY = Rule(
    "TABLE-OUT-05",
    Severity.ERROR,
    "Nothing of the document fits into the table.",
    "A table without rows would look like a success to its receiver.",
    "Choose a mapping whose events are those of the document; the report lists what was left out and why.",
)
OUT_FOOTER = Rule(
    "TABLE-OUT-06",
    Severity.ERROR,
    "A row would be taken for a total or a signature.",
    "The mapping knows such rows by their first word, and the row begins with it.",
    "Make `table.footers` of the mapping stricter.",
)
OUT_TOO_LONG = Rule(
    "TABLE-OUT-07",
    Severity.ERROR,
    "The table is larger than the file can be.",
    "A sheet of a workbook has 1,048,576 rows.",
    "Write CSV with --set carrier=csv, or split the document.",
)
OUT_CONTRADICTS = Rule(
    "TABLE-OUT-08",
    Severity.ERROR,
    "The table would contradict the document, or itself.",
    "Several events have their values from one column, as the mapping says. Where the document has different values "
    "for them, the row of one would tell something wrong of the other.",
    "Use a mapping that has a column for each of them.",
)
FORMULA = Rule(
    "TABLE-FORMULA-01",
    Severity.INFO,
    "An apostrophe before a text that looks like a formula was taken away.",
    "Careful writers put an apostrophe before cells of CSV that begin with = + - @, tab or carriage return, so that no "
    "spreadsheet program runs them. `table.csv.formulas: plain` in the mapping reads such cells as they stand.",
    "Nothing has to be done if the apostrophe is no part of the value.",
)

RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
