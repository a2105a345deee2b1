"""Turkey: İlaç Takip Sistemi (ITS) and its package transfer system PTS. README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.tr.its.message import ITS
from gateway.markets.tr.pts import PTS
from gateway.markets.tr.simulator import SIMULATION

_READ: Final = date(2026, 11, 22)

MARKET: Final = Market(
    key="tr",
    name="Turkey, ITS and PTS",
    authority="TITCK, Turkish Medicines and Medical Devices Agency",
    status="in force",
    legal=(
        "Regulation on Packaging, Labelling and Tracking of Medicinal Products, Official Gazette 30048 of "
        "2017-04-25, replaces that of 2005; DataMatrix since 2010-01-01, PTS with dispatch since 2012-03-01. "
        "One transfer XML for each package and one dispatch note for each XML; PTS accompanies the dispatch "
        "notification and is itself no notification. Records are kept for 5 years."
    ),
    references=(
        Reference(
            "PTS transfer schema PTSDosya.xsd and service descriptions in a public client program, commit 77e42300",
            "https://github.com/SanovelDeveloper/ilactakipsistemi",
            _READ,
        ),
        Reference(
            "public ITS client: spellings of actionType and containerType in use, commit 91b09fa7",
            "https://github.com/veyucu/AtakodITS",
            _READ,
        ),
        Reference(
            "articles 68, 98, 184, 199 and 209: production before release, PTS and dispatch notes, who may notify what",
            "https://its.technarts.com",
            _READ,
        ),
        Reference("answer codes of ITS and PTS", "https://teis.org.tr", _READ),
        Reference("the 2017 regulation in a legal overview", "https://www.legal500.com", _READ),
    ),
    dates=(
        LegalDate(date(2010, 1, 1), "DataMatrix on packs"),
        LegalDate(date(2012, 3, 1), "PTS with dispatch notifications"),
        LegalDate(date(2017, 4, 25), "the regulation in force, Official Gazette 30048"),
    ),
    messages=(PTS, ITS),
    simulation=SIMULATION,
    unknown=(
        "values of actionType other than S",
        "whether 10 MB means 10,000,000 or 10,485,760 bytes",
        "length and characters of documentNumber, note and PONumber",
        "the whole list of answer codes, that for an unknown serial number among them; error-codes asks the system",
        "SOAP services of return and transfer",
        "most packs in one notification, and how long a token is taken",
        "the name of the list of packs in REST answers other than those to production and status",
        "what gln1 and gln2 of a status are, and what pt BP and FP stand for",
        "rules of the authority for containerType in nestings of more than two levels",
    ),
)
