"""United States: DSCSA between trading partners. README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.us.dscsa import DSCSA
from gateway.markets.us.pdg import PDG
from gateway.markets.us.vrs import VRS
from gateway.markets.us.vrs.simulator import SIMULATION

MARKET: Final = Market(
    key="us",
    name="United States, DSCSA",
    authority="FDA, Food and Drug Administration; messages go from partner to partner, there is no hub",
    status="in force",
    legal=(
        "The seller gives the buyer transaction information and a transaction statement at or before each change of "
        "ownership, electronically and for each package. Saleable returns are verified with the manufacturer. FDA asks "
        "trading partners, who answer within 24 hours."
    ),
    dates=(
        LegalDate(
            date(2023, 11, 27),
            "transaction history ended; package level begins, with a stabilisation period (not verified)",
        ),
        LegalDate(date(2025, 5, 27), "exemption of manufacturers and repackagers ended (not verified)"),
        LegalDate(date(2025, 8, 27), "exemption of wholesale distributors ended (not verified)"),
        LegalDate(date(2025, 11, 27), "exemption of dispensers with 26 and more staff ended (not verified)"),
        LegalDate(date(2026, 11, 27), "exemption of small dispensers ends (not verified)"),
    ),
    references=(
        Reference(
            "official example of the guideline R1.3, section 2.2.1.1, in a public test collection",
            "https://github.com/openepcis/openepcis-test-resources",
            date(2026, 11, 22),
        ),
        Reference(
            "GS1 Lightweight Messaging 1.1 and GS1 US guideline 1.1: interface descriptions, in a public repository",
            "https://github.com/Lab-Data-Concepts/dscsa",
            date(2026, 11, 22),
        ),
        Reference(
            "Partnership for DSCSA Governance: exception schemas",
            "https://github.com/dscsagovernance/ExceptionsSchemas",
            date(2026, 11, 22),
        ),
        Reference("GS1 US DSCSA suite: guidelines R1.2 and R1.3", "https://www.gs1us.org", date(2026, 11, 22)),
    ),
    messages=(DSCSA, VRS, PDG),
    unknown=(
        "the official schema of the gs1ushc elements and the normative tables of R1.3",
        "the official form of the direct purchase statements: what is written is that of a public builder",
        "whether R1.2 has a drop shipment flag: it is written there only when the setting asks for it",
        "how a verification service knows who asks, besides reqGLN: the partners agree on it",
        "which states of a pack a manufacturer verifies: his own policy",
        "how expiries are written in exceptions: the schema leaves it open, published samples have MMDDYYYY",
    ),
    simulation=SIMULATION,
)
