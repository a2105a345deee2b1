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

CAPTURE = Rule(
    "TRANSPORT-CAPTURE-01",
    Severity.ERROR,
    "A capture job of the receiver's EPCIS repository ends without errors.",
    "The repository took the document (202) and then could not capture all of its events. GS1 EPCIS 2.0, 12.6.1: the "
    "job's `errors` say why, in the repository's own words.",
    "Repair what the repository complains about, or ask its operator, and replay the message.",
)

CAPTURE_UNKNOWN = Rule(
    "TRANSPORT-CAPTURE-02",
    Severity.WARNING,
    "The outcome of a capture job is known.",
    "The repository took the document (202), but its job had not ended when the time to wait for it was over, or the "
    "job could not be asked for.",
    "Ask the repository for the job that the finding names, or raise capture.wait in the agreement.",
)

RULES = (SIZE, CAPTURE, CAPTURE_UNKNOWN)
