"""A verification service for rehearsals: it verifies whatever it is asked, and refuses what it is told to refuse."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.markets.client import Call, Reply
from gateway.markets.kit.dates import is_date, of_bar_code
from gateway.markets.simulation import Fault, Rehearsal, Simulation, without_query
from gateway.markets.us.vrs.model import asked_by
from gateway.markets.us.vrs.responder import HEADERS, KnownPack, Policy, respond

#: Synthetic, as all numbers here.
_RESPONDER: Final = "0399999000017"
_NOW: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
_OTHER_LOT: Final = Fault("other-lot", "says of every pack that its lot is another one")
_RECALLED: Final = Fault("recalled", "says of every pack that it was recalled")
_STRANGER: Final = Fault("other-question", "answers with the correlation id of another question")


class _Register:
    """Knows the pack that is asked about, as its label describes it, unless it is to be refused."""

    def __init__(self, rehearsal: Rehearsal, lot: str, exp: str) -> None:
        self._rehearsal = rehearsal
        self._lot, self._exp = lot, exp

    def find(self, gtin: str, serial: str) -> KnownPack | None:
        """The pack."""
        if not self._rehearsal.refuse.isdisjoint((serial, f"(01){gtin}(21){serial}")):
            return None
        try:
            expiry = of_bar_code(self._exp)
        except ValueError:
            return None
        faults = self._rehearsal.faults
        lot = f"{self._lot}X" if _OTHER_LOT.name in faults else self._lot
        return KnownPack(lot, expiry if is_date(expiry) else "", "recalled" if _RECALLED.name in faults else "")


class VrsSimulator:
    """One running service."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal
        self._verdicts: dict[str, str] = {}

    def reply(self, call: Call) -> Reply:
        """Reply to a request."""
        if self._rehearsal.user or self._rehearsal.password:
            given = call.headers.get("authorization", "")
            basic = base64.b64encode(f"{self._rehearsal.user}:{self._rehearsal.password}".encode()).decode()
            if given not in (f"Basic {basic}", f"Bearer {self._rehearsal.password}"):
                return Reply(401, HEADERS)
        asked = asked_by(call.path)
        pack = asked.pack if asked is not None else None
        register = _Register(self._rehearsal, pack.lot if pack else "", pack.exp if pack else "")
        reply = respond(call, register, Policy(_RESPONDER), _NOW)
        if pack is not None and reply.body:
            self._verdicts[pack.identifier] = "verified" if b'"verified":true' in reply.body else "refused"
        if asked is not None and _STRANGER.name in self._rehearsal.faults:
            other = asked.query.get("corrUUID", "").encode()
            return Reply(
                reply.status, reply.headers, reply.body.replace(other, b"00000000-0000-4000-8000-000000000000")
            )
        return reply

    def state(self) -> Mapping[str, object]:
        """What was said of which pack."""
        return dict(self._verdicts)


def _shown(path: str) -> str:
    """The path of a verification holds lot and serial number."""
    return "/verify" if asked_by(path) is not None else without_query(path)


SIMULATION: Final = Simulation(
    start=VrsSimulator,
    shown=_shown,
    faults=(_OTHER_LOT, _RECALLED, _STRANGER),
    unlike=(
        "it knows every pack, in the lot and with the expiry that it is asked about, except those it is told to refuse",
        "its clock stands still",
        "services agree with their clients how these log in; it takes user and password, or the password as a token",
    ),
)
