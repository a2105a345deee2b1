"""What a JSON Schema can find wrong with a document."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

NOT_JSON: Final = Rule(
    "JSON-SCHEMA-01",
    Severity.ERROR,
    "A document must be well-formed JSON",
    "RFC 8259. A part that is no JSON cannot be checked; the rest of the document is.",
    "write the document with a JSON library, and ask for the complete file if a transfer cut it",
)
MISSING: Final = Rule(
    "JSON-SCHEMA-02",
    Severity.ERROR,
    "Mandatory keys must be present",
    "ISO/IEC 19987:2024, JSON binding: required keys of documents, events and their parts.",
    "add the key that the finding names",
)
UNKNOWN_KEY: Final = Rule(
    "JSON-SCHEMA-03",
    Severity.ERROR,
    "A key must be one of the standard's, or have a namespace where the standard allows vendor keys",
    "Keys of one's own are prefix:name or full URIs. Quantities, business transactions, sources and destinations allow"
    " none.",
    "correct the key's spelling, or write prefix:name with the prefix declared in @context",
)
TYPE: Final = Rule(
    "JSON-SCHEMA-04",
    Severity.ERROR,
    "A value must have the JSON type that the standard gives it",
    "ISO/IEC 19987:2024, JSON binding. Quantities are numbers, a readPoint is an object with an id.",
    "the finding names the type",
)
VALUE: Final = Rule(
    "JSON-SCHEMA-05",
    Severity.ERROR,
    "A value must have the form or be one of the words that the standard allows",
    "Code lists of CBV 2.0, URIs, times with zone, offsets, units of measure.",
    "the finding names the form or the allowed words",
)
TOO_FEW: Final = Rule(
    "JSON-SCHEMA-06",
    Severity.ERROR,
    "A list that must hold something must not be empty",
    "ISO/IEC 19987:2024, JSON binding.",
    "leave the key out, or give the list its items",
)
REPEATED: Final = Rule(
    "JSON-SCHEMA-07",
    Severity.ERROR,
    "Items of a list that must differ must not be repeated",
    "The standard asks for unique items in epcList, input and output lists, persistentDisposition and @context.",
    "delete the repetition, after asking what the sender meant by it",
)
COMBINATION: Final = Rule(
    "JSON-SCHEMA-08",
    Severity.ERROR,
    "The keys of an event must go together",
    "What an event is about must be there (EPCs, quantities, children, or sensor data), and ilmd goes with ADD only.",
    "the finding names the combinations that are allowed",
)
TOO_MANY: Final = Rule(
    "JSON-SCHEMA-09",
    Severity.ERROR,
    "A document has more errors than are worth listing",
    "Checking stopped; the first errors are most often the cause of the others.",
    "repair the errors that are listed and check again",
)
RULES: Final = (NOT_JSON, MISSING, UNKNOWN_KEY, TYPE, VALUE, TOO_FEW, REPEATED, COMBINATION, TOO_MANY)
