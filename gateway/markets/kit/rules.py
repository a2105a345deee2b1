"""Rules that are the same in every market."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

ENDED: Final = Rule(
    "MARKET-01",
    Severity.ERROR,
    "nothing is composed for a regime that has ended",
    "A report that nobody takes any more would look like a duty that was done. Old messages are read and checked.",
    "ask the market's authority what is to be reported today, and to whom",
)
MISSING: Final = Rule(
    "MARKET-02",
    Severity.ERROR,
    "a value that the regulator asks for, and EPCIS has no field for, is not known",
    "Prices, contract types, subject ids and reason codes come from the agreement, from code tables or columns that "
    "a mapping reads. The gateway invents none.",
)
NOT_WANTED: Final = Rule(
    "MARKET-03",
    Severity.INFO,
    "the market does not want this kind of event",
    "Only some business steps are reported. The event is read and not reported.",
    "nothing is wrong; report the event elsewhere if somebody asks for it",
)
TABLE_FORM: Final = Rule(
    "MARKET-04",
    Severity.ERROR,
    "a code table in a setting cannot be read",
    "A code table is written as pairs, KEY=VALUE, with commas between them.",
    "write the setting as KEY=VALUE,KEY=VALUE",
)

RULES: Final = (ENDED, MISSING, NOT_WANTED, TABLE_FORM)
