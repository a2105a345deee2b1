"""Answers verification requests from what is known of packs. No socket, no clock: both come from who calls.

Whatever speaks against a pack leads to ``verified: false``. A manufacturer whose policy differs says so in `Policy`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import msgspec

from gateway.findings import Findings
from gateway.markets.client import Call, Reply
from gateway.markets.kit import checks
from gateway.markets.kit.dates import DateForm, is_date, of_bar_code, offset_of, written
from gateway.markets.us.vrs.model import CORRELATION, FORMS, Asked, Data, Response, Verification, asked_by, query_of

HEADERS: Final = {"content-type": "application/json", "cache-control": "private, no-cache"}
_LINK_TYPE, _CONTEXT = "verificationService", "dscsaSaleableReturn"
_OK, _BAD, _UNAUTHORIZED, _NOT_FOUND, _NO_METHOD = 200, 400, 401, 404, 405
_ENDED: Final = frozenset({"inactive", "destroyed", "disposed", "dispensed", "retail_sold"})
_SUSPECT: Final = frozenset({"stolen", "unknown", "mismatch_instance", "mismatch_class", "mismatch_quantity"})


@dataclass(frozen=True, slots=True)
class KnownPack:
    """What is known of a pack.

    Attributes:
        lot: its lot number.
        expiry: YYYY-MM-DD.
        disposition: the last one, as a bare word of CBV.
        ended: whether it was decommissioned or destroyed.
    """

    lot: str
    expiry: str
    disposition: str = ""
    ended: bool = False


class Register(Protocol):
    """Knows packs."""

    def find(self, gtin: str, serial: str) -> KnownPack | None:
        """A pack that was commissioned; None when it never was."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a manufacturer answers, where the standard leaves it to him.

    Attributes:
        gln: responderGLN.
        requestors: GLNs that are answered; empty for all.
        guideline: whether the values are used that only the GS1 US guideline has.
        verify_recalled: whether a recalled pack is verified, with ``Recalled`` beside.
        verify_expired: the same for an expired one.
    """

    gln: str
    requestors: Collection[str] = ()
    guideline: bool = True
    verify_recalled: bool = False
    verify_expired: bool = False


def respond(call: Call, register: Register, policy: Policy, now: datetime) -> Reply:
    """The reply to a request.

    Args:
        call: method, path and query.
        register: knows packs.
        policy: how to answer.
        now: the time, with a zone.
    """
    verification = asked_by(call.path)
    if verification is None and not call.path.partition("?")[0].endswith("/checkConnectivity"):
        return Reply(_NOT_FOUND, HEADERS)
    if call.method != "GET":
        return Reply(_NO_METHOD, {**HEADERS, "allow": "GET"})
    query = query_of(call.path)
    refusal = _refusal(query.get("reqGLN", ""), policy)
    if refusal:
        return Reply(refusal, HEADERS)
    if verification is None:
        return _connectivity(query, policy)
    if _malformed(verification):
        return Reply(_BAD, HEADERS)
    found = register.find(verification.pack.gtin, verification.pack.ser)
    response = Response(_timestamp(now), query["corrUUID"], policy.gln, _judged(verification.pack, found, policy, now))
    return Reply(_OK, HEADERS, msgspec.json.encode(response))


def _refusal(requestor: str, policy: Policy) -> int:
    """The status for who is not answered, 0 for who is."""
    if not checks.is_gln(requestor):
        return _BAD
    return _UNAUTHORIZED if policy.requestors and requestor not in policy.requestors else 0


def _connectivity(query: Mapping[str, str], policy: Policy) -> Reply:
    if not query.get("gtin", "").isdigit():
        return Reply(_BAD, HEADERS)
    return Reply(_OK, HEADERS, msgspec.json.encode({"responderGLN": policy.gln}))


def _malformed(asked: Asked) -> bool:
    query = asked.query
    if not CORRELATION.fullmatch(query.get("corrUUID", "")):
        return True
    if query.get("linkType") != _LINK_TYPE or query.get("context") != _CONTEXT:
        return True
    return not checks.run(FORMS, msgspec.structs.asdict(asked.pack), Findings()) or not _is_day(asked.pack.exp)


def _is_day(exp: str) -> bool:
    try:
        of_bar_code(exp)
    except ValueError:
        return False
    return True


def _judged(pack: Verification, known: KnownPack | None, policy: Policy, now: datetime) -> Data:
    """Whether a pack is what its label says, and may be sold on."""
    mismatch = _mismatch(pack, known)
    if mismatch or known is None:
        return Data(verified=False, verification_failure_reason=mismatch)
    if known.disposition in _SUSPECT:
        reason = "Not_for_re-distribution" if policy.guideline else "No_reason_provided"
        return Data(verified=False, verification_failure_reason=reason, additional_info="Suspect")
    if known.disposition == "recalled":
        return _state("Recalled", policy, verified=policy.verify_recalled)
    if known.ended or known.disposition in _ENDED:
        return _state(None, policy, verified=False)
    if known.disposition == "expired" or now.date().isoformat() > known.expiry:
        return _state("Expired" if policy.guideline else None, policy, verified=policy.verify_expired)
    return Data(verified=True)


def _mismatch(pack: Verification, known: KnownPack | None) -> str:
    """Why a label is not that of a pack that we know; empty when it is."""
    if known is None:
        return "No_match_GTIN_Serial"
    other_lot = known.lot != pack.lot
    other_expiry = not is_date(known.expiry) or not _same_day(known.expiry, pack.exp)
    if not other_lot and not other_expiry:
        return ""
    return "No_match_GTIN_Serial" + ("_Lot" if other_lot else "") + ("_Expiry" if other_expiry else "")


def _state(more: str | None, policy: Policy, *, verified: bool) -> Data:
    if verified:
        return Data(verified=True, additional_info=more)
    reason = "Manufacturer_policy" if policy.guideline else "No_reason_provided"
    return Data(verified=False, verification_failure_reason=reason, additional_info=more)


def _same_day(expiry: str, exp: str) -> bool:
    """Whether YYYY-MM-DD is YYMMDD; day 00 of the bar code is the last one of the month."""
    return written(expiry, DateForm.SHORT) == exp or of_bar_code(exp) == expiry


def _timestamp(now: datetime) -> str:
    """With milliseconds and an explicit zone."""
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}{offset_of(now)}"
