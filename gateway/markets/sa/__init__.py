"""Saudi Arabia: RSD, the Drug Track & Trace System. README.md says what is known and from where."""

from __future__ import annotations

from datetime import date
from typing import Final

from gateway.markets.base import LegalDate, Market, Reference
from gateway.markets.sa.rsd import RSD
from gateway.markets.sa.simulator import SIMULATION

_READ: Final = date(2026, 11, 22)

MARKET: Final = Market(
    key="sa",
    name="Saudi Arabia, RSD",
    authority="SFDA, Saudi Food and Drug Authority",
    status="in force",
    legal=(
        "Every movement of a human medicine is reported until the pack is sold, after the internal processes are "
        "finished; RSD answers at once. Who prints the code and releases the batch reports it: the manufacturer, or "
        "the importer or agent for foreign ones. Only packs that are really shipped are told."
    ),
    dates=(LegalDate(date(2018, 4, 22), "Integration Guide for the Drug Track & Trace System, version 2.0"),),
    references=(
        Reference(
            "service descriptions and types of eight services in a public client program, commit 0bca4c8c",
            "https://github.com/Suryan-K/heartbeat-api",
            _READ,
        ),
        Reference(
            "public client of all services, with the list of answer codes, commit 6aed7e17",
            "https://github.com/NAFS-SOL/sfda_rsd",
            _READ,
        ),
        Reference(
            "public client, with a reply of DispatchDetailService, commit 4e010e79",
            "https://github.com/AhmedNassar147/exsys-nafies-server-bridge",
            _READ,
        ),
        Reference("questions and answers on who reports what", "https://rsd.sfda.gov.sa/faqs-en.html", _READ),
        Reference("first page of the integration guide 2.0", "https://fdocuments.in", _READ),
        Reference("packages between owners as EPCIS 1.2", "https://opus.tracelink.com", _READ),
    ),
    messages=(RSD,),
    simulation=SIMULATION,
    unknown=(
        "the official schemas of Supply, Import, Dispatch, Return, Transfer, Export and the package services",
        "the order of the fields of Supply, Import and of batch products",
        "how SNRESPONSELIST holds its serial numbers and codes",
        "what CheckStatus answers for a pack that is in order",
        "the shape of the replies of ErrorCodeList and CountryList",
        "what is in a package: RSD passes it on without looking into it",
        "what MD5CHECKSUM is taken of, and in which spelling",
        "whether 10 MB means 10,000,000 or 10,485,760 bytes",
    ),
)
