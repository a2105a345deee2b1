"""Russia: FGIS MDLP ("Chestny ZNAK" for medicines). README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.ru.mdlp import MDLP
from gateway.markets.ru.oms import OMS_ORDER, OMS_UTILISATION
from gateway.markets.ru.simulator import SIMULATION

_READ: Final = date(2026, 11, 22)

MARKET: Final = Market(
    key="ru",
    name="Russia, FGIS MDLP",
    authority="CRPT, operator of the state system for monitoring the movement of medicines",
    status="in force",
    legal=(
        "Federal Law 425-FZ of 2017-12-28 amends 61-FZ: all medicines are reported from packing to the end of their "
        "life. One document stands in a file; each is answered by a ticket. Commissioning is told to the order "
        "management station (OMS), packing and movements to MDLP."
    ),
    dates=(
        LegalDate(date(2017, 12, 28), "Federal Law 425-FZ"),
        LegalDate(date(2019, 10, 1), "mandatory for medicines of the high-cost nosologies"),
        LegalDate(date(2020, 7, 1), "mandatory for all medicines"),
    ),
    references=(
        Reference(
            "MDLP schema set 1.38 of 2025-08-07 in a public client, schema commit 777e134c",
            "https://github.com/cm4ker/MdlpClient",
            _READ,
        ),
        Reference(
            "MDLP schema set 1.34 in a public client, commit 6a0aab60",
            "https://github.com/evgeny-rudenko/MdlpApiClient",
            _READ,
        ),
        Reference(
            "MDLP schema set 1.38 of 2022-06-08 and sandbox tests in a public client, commit dd979876",
            "https://github.com/yallie/MdlpClient",
            _READ,
        ),
        Reference(
            "SUZ-Oblako 4.0, programmer's guide, API 3.0.27 of 2025-09-26, in a public repository, commit f34a2735",
            "https://github.com/DramlTex/ms_chz_projekt",
            _READ,
        ),
        Reference("the law and the start for all medicines", "https://minzdrav.tatarstan.ru", _READ),
        Reference("reports by process step, one 915 for each level", "https://opus.tracelink.com", _READ),
        Reference("flow of imported goods", "https://3keys.com", _READ),
    ),
    messages=(MDLP, OMS_UTILISATION, OMS_ORDER),
    simulation=SIMULATION,
    unknown=(
        "error codes of tickets",
        "the largest document that MDLP takes whole, where it is not asked",
        "the form of dates in filters of lists",
        "which codes a PARTIALLY taken utilisation report refuses, and how the station says it",
        "whether a utilisation report whose reply was lost can be found by its content",
        "how 210 and 220 are answered",
        "whether the schema set of 2025-08-07 is complete",
        "deadlines of reports in the text of the decree",
        "cost and vat_value of a container with packs of several prices",
        "whether MDLP takes more than 25,000 objects in 915 and 916, which the schema leaves open",
    ),
)
