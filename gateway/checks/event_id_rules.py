"""The rules for eventIDs that are hash ids. Each is a page of ``gateway list rules``."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

HASH_DIFFERS: Final = Rule(
    "EPCIS-HASH-01",
    Severity.WARNING,
    "A hash id is the hash of its event.",
    "CBV 2.0, section 8.9: an eventID of the form ni:///sha-256;...?ver=CBV2.0 follows from the content of the event. "
    "When it differs, the event was changed after the id was made, or the sender computes ids in another way; copied "
    "samples have such ids too.",
    "Compare the event with its source. If it is right, let the gateway make a new id: leave the eventID away and "
    "convert with --set event-id=hash.",
)
HASH_FORM: Final = Rule(
    "EPCIS-HASH-02",
    Severity.WARNING,
    "A hash id has 64 hexadecimal digits.",
    "RFC 6920 and CBV 2.0, section 8.9: ni:///sha-256;<64 hexadecimal digits>?ver=CBV2.0.",
    "Find out whether the id was cut.",
)
RULES: Final = (HASH_DIFFERS, HASH_FORM)
