"""What a table has no place for, rule by rule."""

from __future__ import annotations

from gateway.findings import LossRule

EVENT = LossRule(
    "LOSS-TABLE-01",
    "an event of a kind that the mapping does not know",
    "A table tells of an event by the columns that the mapping gives it; type, action, bizStep and disposition stand "
    "in the mapping, not in the table. An event that none of its kinds fits has no columns.",
)
VALUE = LossRule(
    "LOSS-TABLE-02",
    "a value for which the mapping has no column",
    "A row holds the fields of the mapping and nothing else.",
)
OBJECT = LossRule(
    "LOSS-TABLE-03",
    "an object of an event that cannot stand in the row of this object",
    "The table has one row for each thing (with `where`: one for each kind of row). What is told of a thing, and of "
    "everything that holds it, shares that row and must not contradict itself.",
)
TIME = LossRule(
    "LOSS-TABLE-04",
    "the spelling of a time: its offset, or zeros behind its seconds",
    "A column with a form and a zone holds the same instant as local time.",
)
TIME_AS_ISO = LossRule(
    "LOSS-TABLE-05",
    "a time that the column's form cannot hold",
    "Parts of a second, or an hour that the clocks of the zone show twice: such a time is written as ISO 8601 with its "
    "offset, which the reader of the column takes as it stands.",
)
APOSTROPHE = LossRule(
    "LOSS-TABLE-06",
    "a text in CSV that a spreadsheet program would take for a formula",
    "Cells that begin with = + - @, tab or carriage return are written with an apostrophe before them; the reader of "
    "the same mapping takes it away again. Other readers see it. `table.csv.formulas: plain` writes such texts as they "
    "are.",
)
HEADER = LossRule(
    "LOSS-TABLE-07",
    "what a document says besides its events",
    "A table has no place for headers, master data and foreign content of the document.",
)

PREFIX = LossRule(
    "LOSS-TABLE-08",
    "where the company prefix ends in an identifier",
    "An EPC URN says it, digits in a cell do not. Who reads the table goes by the prefixes that the mapping, the "
    "settings or the published table know, and these say something else.",
)

LOSS_RULES: tuple[LossRule, ...] = (EVENT, VALUE, OBJECT, TIME, TIME_AS_ISO, APOSTROPHE, HEADER, PREFIX)
