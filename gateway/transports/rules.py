"""The rules of the transports."""

from __future__ import annotations

from gateway.findings import Rule, Severity

SIZE = Rule(
    "TRANSPORT-SIZE-01",
    Severity.ERROR,
    "A file is not larger than its channel allows.",
    "The setting max-size of the channel stops files that would fill the disk. The file stays where it is.",
    "Split the file, or raise max-size in the agreement if files of this size are expected.",
)

RULES = (SIZE,)
