"""The simulator of Russia: MDLP's REST API, and the order management station that tells MDLP of marked packs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from gateway.markets.client import Call, Reply
from gateway.markets.ru.simulator_mdlp import MdlpSimulator
from gateway.markets.ru.simulator_oms import OmsSimulator
from gateway.markets.ru.simulator_packs import Packs
from gateway.markets.ru.simulator_reply import failed
from gateway.markets.simulation import Fault, Rehearsal, Simulation


class RussianSimulator:
    """Both systems with one memory of packs.

    Args:
        rehearsal: how it is to behave.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._packs = Packs(rehearsal.refuse, "strict" in rehearsal.faults)
        self._mdlp = MdlpSimulator(rehearsal, self._packs)
        self._oms = OmsSimulator(rehearsal, self._packs)

    def reply(self, call: Call) -> Reply:
        """Reply to a call."""
        path, _, query = call.path.partition("?")
        if path.startswith(("/api/v1/", "/link/")):
            return self._mdlp.reply(call, path)
        if path.startswith("/api/v3/"):
            return self._oms.reply(call, path, query)
        return failed(404, "Not Found")

    def state(self) -> Mapping[str, object]:
        """Owners and states of packs and containers, and documents by number and status."""
        documents = Counter(f"{each.number} {each.status}" for each in self._mdlp.documents.values())
        return {
            "objects": {
                name: {"owner": each.owner, "coming": each.coming, "parent": each.parent, "state": each.state}
                for name, each in self._packs.known.items()
            },
            "documents": dict(documents),
        }


SIMULATION: Final = Simulation(
    RussianSimulator,
    faults=(
        Fault("strict", "packs are unknown until a utilisation report told of them"),
        Fault("small-documents", "only documents of at most 400 bytes are sent whole"),
        Fault("short-tokens", "a token is good for four calls"),
        Fault("never-ready", "documents and reports are never ready"),
        Fault("failed", "documents fail without a ticket"),
        Fault("bad-ticket", "tickets are pages of HTML"),
    ),
    unlike=(
        "signatures are asked for and not verified",
        "error codes of tickets are its own (SIM-...): MDLP's are not public",
        "a pack or container that it hears of first in a document belongs to its sender, unless the fault strict is on",
        "goods that were shipped stay with the sender until somebody accepts them",
        "the largest document that is sent whole has 1,000,000 bytes; MDLP's own number is not public",
        "codes end with a tail that it makes up; reports with other tails are taken, unless the fault strict is on",
        "the errors of a utilisation report name no codes",
        "questions 210 and 220 are answered by a ticket",
        "it has no clock: tokens do not run out by time, and all dates are the same",
    ),
)
