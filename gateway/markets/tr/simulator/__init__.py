"""A simulator of ITS and PTS: their paths, shapes and codes, and the rules that are publicly known."""

from __future__ import annotations

from typing import Final

from gateway.markets.simulation import Fault, Simulation
from gateway.markets.tr.simulator import faults
from gateway.markets.tr.simulator.server import Server

SIMULATION: Final = Simulation(
    start=Server,
    faults=(
        Fault(faults.TOKEN, "a token is good for one call only"),
        Fault(faults.NO_TOKEN, "no token is taken, though the log-in gives one"),
        Fault(faults.DATABASE, "every notification is refused with 11002, database error"),
        Fault(faults.STRANGE, "the first pack of a notification gets a code that is in no table"),
        Fault(faults.SILENT, "the answer is silent about the last pack of a notification"),
        Fault(faults.SHAPELESS, "notifications are taken, and answered with JSON of no known shape"),
    ),
    unlike=(
        "the code for an unknown serial number is not public: 10306 is answered, as to packs of others and other lots",
        "the fault for a request of a wrong form is not public: the simulator answers HTTP 400 with fc 20007",
        "kinds of stakeholders are not known: who accepts is a warehouse, or the manufacturer if it made the pack",
        "it begins without packs: goods of others have to be notified under their GLN first",
        "recalls, expiry and the rules of phase 1 products are not played",
        "transfers are dated 2026-01-01 and the days of a search do not select; they are checked",
    ),
)
