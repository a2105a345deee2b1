"""What EPCIS documents often lack for a PTS transfer, and what a transfer lacks for EPCIS."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import CREATION_DATE, EVENT_TIME, READ_POINT, TIME_ZONE, Setting

EVENT_DATE: Final = "event-date"

SOURCE_GLN: Final = Setting("source-gln", "GLN of the sender where the document names none, 13 digits")
DESTINATION_GLN: Final = Setting("destination-gln", "GLN of the receiver where the document names none, 13 digits")
SHIP_TO: Final = Setting("ship-to", "GLN of the place of delivery where the document names none, 13 digits")
DOCUMENT_NUMBER: Final = Setting("document-number", "number of the dispatch note where the document names none")
DOCUMENT_DATE: Final = Setting(
    "document-date",
    f"date of the dispatch note, YYYY-MM-DD, or {EVENT_DATE}: the local date of the shipping event",
)
ACTION_TYPE: Final = Setting("action-type", "actionType of the transfer; S (sale) unless the authority says else")
CONTAINER_TYPES: Final = Setting(
    "container-types",
    "containerType from the outermost container inwards, e.g. P,C,S; without it P,C for two levels, C for one",
)
NOTE: Final = Setting("note", "free text of the transfer")

COMPOSING: Final = (
    SOURCE_GLN,
    DESTINATION_GLN,
    SHIP_TO,
    DOCUMENT_NUMBER,
    DOCUMENT_DATE,
    ACTION_TYPE,
    CONTAINER_TYPES,
    NOTE,
)
NEEDS: Final = (
    Need("actionType", "kind of transfer, S unless the authority says else", ACTION_TYPE, "actionType", required=False),
    Need("documentDate", "date of the dispatch note", DOCUMENT_DATE, "documentDate", required=False),
    Need("containerType", "kind of each container; told by nesting", CONTAINER_TYPES, "containerType", required=False),
    Need("note", "free text", NOTE, "note", required=False),
)
PARSING: Final = (EVENT_TIME, TIME_ZONE, READ_POINT, CREATION_DATE)
