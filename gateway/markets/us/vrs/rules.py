"""Rules of verification requests."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

FORM: Final = Rule(
    "US-VRS-01",
    Severity.ERROR,
    "a verification request has not the form of GS1 Lightweight Messaging",
    "gtin, lot, ser and exp are all required, as text (GS1 Lightweight Messaging 1.1).",
    "correct the value",
)
TEXT: Final = Rule(
    "US-VRS-02",
    Severity.ERROR,
    "the requests are no JSON array",
    "The gateway keeps the requests of a document as one JSON array of objects.",
    "compose the file anew",
)
CHECK_DIGIT: Final = Rule(
    "US-VRS-03",
    Severity.ERROR,
    "the check digit of a GTIN is wrong",
    "GS1 General Specifications, section 7.9.",
    "compare the GTIN with the one on the pack",
)
EXPIRY: Final = Rule(
    "US-VRS-04",
    Severity.ERROR,
    "an expiry is no day",
    "YYMMDD, as in the pack's bar code; day 00 is the last one of the month.",
    "compare the expiry with the one on the pack",
)
TWICE: Final = Rule(
    "US-VRS-05",
    Severity.ERROR,
    "a pack is asked about twice",
    "One answer for a pack says all.",
    "remove one of the requests",
)
NOTHING: Final = Rule(
    "US-VRS-06",
    Severity.INFO,
    "the document returns no packs",
    "Packs of events with the disposition returned are verified, all packs of the document with verify=all.",
    "give the events of the return the disposition returned, or choose verify=all",
)
RULES: Final = (FORM, TEXT, CHECK_DIGIT, EXPIRY, TWICE, NOTHING)
