"""What can go wrong with RSD on demand."""

from __future__ import annotations

from typing import Final

from gateway.markets.simulation import Fault

UNAUTHORISED: Final = "unauthorised"
BUSY: Final = "busy"
EARLY: Final = "too-early"
DATABASE: Final = "database"
SILENT: Final = "silent-pack"
NO_CODES: Final = "no-codes"
OTHER_ID: Final = "other-id"

FAULTS: Final = (
    Fault(UNAUTHORISED, "every log-in is refused with a page of HTML (401)"),
    Fault(BUSY, "the first report is refused with 80508, an operation is not finished yet"),
    Fault(EARLY, "the first report is refused with 80509, made less than 5 minutes ago"),
    Fault(DATABASE, "every report is refused with 11002, database error"),
    Fault(SILENT, "replies say nothing about the last pack"),
    Fault(NO_CODES, "replies name packs without an answer code"),
    Fault(OTHER_ID, "replies write NOTIFICATION_ID"),
)
