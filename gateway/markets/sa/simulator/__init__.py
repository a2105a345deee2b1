"""A simulator of RSD for rehearsals: what it checks and remembers, and how it differs from the real system."""

from __future__ import annotations

from typing import Final

from gateway.markets.sa.simulator.faults import FAULTS
from gateway.markets.sa.simulator.server import Server
from gateway.markets.simulation import Simulation

SIMULATION: Final = Simulation(
    start=Server,
    faults=FAULTS,
    unlike=(
        "a request that breaks the schema or a rule is refused as a whole; RSD may refuse single packs",
        "which of its codes RSD gives for which mistake is known for some of them only",
        "the same request again is refused once with 80509, as no clock tells when five minutes are over",
        "a transfer needs no acceptance",
        "lots are not compared with what was supplied, expiries are",
        "recalls, blocks, subscriptions and the rights of stakeholders are not simulated",
        "replies of ErrorCodeList and CountryList have a shape of our own",
    ),
)
