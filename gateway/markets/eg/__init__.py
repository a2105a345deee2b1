"""Egypt: EPTTS of the Egyptian Drug Authority. README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.eg.eptts import EPTTS

MARKET: Final = Market(
    key="eg",
    name="Egypt, EPTTS",
    authority="EDA, Egyptian Drug Authority",
    status="in force",
    legal=(
        "Phase 1: manufacturers and importers report commissioning and packing by uploading CSV files. Imported goods "
        "are serialised and reported before they enter Egypt, local goods at packaging. Serial numbers are made by the "
        "manufacturer and bound to GTINs that EDA has approved. XML and an interface follow."
    ),
    dates=(LegalDate(date(2026, 3, 8), "phase 1 announced: CSV upload of commissioning and packing"),),
    references=(
        Reference(
            "notes 138, 139, 153 and 155 on EPTTS, with the guides EDREX:NP.CIP.004/2026 v2 and NP.CIP.009",
            "https://tracehub.1dts.com",
            date(2026, 11, 22),
        ),
    ),
    messages=(EPTTS,),
    unknown=(
        "encoding and line ends of the file (UTF-8 and line feeds are written)",
        "whether values in quotation marks are taken",
        "whether local goods are marked by an empty import or by 0",
        "whether dates end with T",
        "the upload portal, its answers and its error codes",
    ),
)
