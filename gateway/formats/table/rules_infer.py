"""What can be wrong with a sample for which a mapping is to be proposed (`gateway.formats.table.infer`)."""

from __future__ import annotations

from gateway.findings import Rule, Severity

NO_TABLE = Rule(
    "TABLE-INFER-01",
    Severity.ERROR,
    "No table was recognised in a sample.",
    "A mapping is proposed for workbooks and for text with separated cells that have a header row and rows below it.",
    "Give a sample with its header row and some rows, as CSV or XLSX.",
)
NO_THINGS = Rule(
    "TABLE-INFER-02",
    Severity.ERROR,
    "A sample does not say which things its rows are about.",
    "Events are about packs (GTIN and serial number), containers (SSCC) or amounts of a GTIN.",
    "Give a sample with these columns, or write the mapping by hand: docs/mapping-reference.md.",
)

RULES: tuple[Rule, ...] = (NO_TABLE, NO_THINGS)
