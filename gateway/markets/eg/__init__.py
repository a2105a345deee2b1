"""Egypt: EPTTS of the Egyptian Drug Authority. README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.eg.eptts import EPTTS
from gateway.markets.eg.masar import MASAR

MARKET: Final = Market(
    key="eg",
    name="Egypt, EPTTS",
    authority="EDA, Egyptian Drug Authority",
    status="in force",
    legal=(
        "Phase 1: manufacturers and importers report commissioning and packing by uploading CSV files. Imported goods "
        "are serialised and reported before they enter Egypt, local goods at packaging. Serial numbers are made by the "
        "manufacturer and bound to GTINs that EDA has approved. XML (Masar B2B EPCIS, guide EDREX:NP.CIP.011/2026 of "
        "July 2026) and an interface follow."
    ),
    dates=(LegalDate(date(2026, 3, 8), "phase 1 announced: CSV upload of commissioning and packing"),),
    references=(
        Reference(
            "notes 138, 139, 153 and 155 on EPTTS, with the guides EDREX:NP.CIP.004/2026 v2 and NP.CIP.009",
            "https://tracehub.1dts.com",
            date(2026, 11, 22),
        ),
        Reference(
            "EPCIS 1.2 and the business document header", "https://www.gs1.org/standards/epcis", date(2026, 11, 22)
        ),
    ),
    messages=(EPTTS, MASAR),
    unknown=(
        "encoding and line ends of the file (UTF-8 and line feeds are written)",
        "whether values in quotation marks are taken",
        "whether local goods are marked by an empty import or by 0",
        "whether dates end with T",
        "the upload portal, its answers and its error codes",
        "the Masar guide itself: steps, extensions and limits beyond the rules listed",
        "where Masar wants the header of a document in SOAP",
        "how documents are brought to Masar, and its answers",
    ),
)
