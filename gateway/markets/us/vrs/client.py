"""Asks a verification service about packs: GETs that change nothing, so that each may be asked again."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, unreadable
from gateway.errors import TransportError
from gateway.findings import Findings
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Client, Conversation, Known, Question, Reply
from gateway.markets.kit.checks import is_gln
from gateway.markets.us.vrs import settings
from gateway.markets.us.vrs.check import requests_of
from gateway.markets.us.vrs.model import (
    AGAIN,
    FAILURES,
    REFUSALS,
    TIMESTAMP,
    Response,
    Verification,
    address_of,
    correlation,
    reasons_of,
)
from gateway.options import Setting

_OK: Final = 200
_GTIN: Final = Setting("gtin", "GTIN of 14 digits")
_ARGUMENTS: Final = (
    _GTIN,
    Setting("lot", "lot number"),
    Setting("serial", "serial number"),
    Setting("expiry", "expiry as YYMMDD"),
)


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Ask about every pack of a submission."""
    findings = Findings()
    packs = requests_of(submission.data, findings)
    if findings.errors:
        return unreadable(next(iter(findings)).message)
    said = []
    for number, pack in enumerate(packs):
        said.append((yield from _verified(pack, correlation(known.id, number), account)))
    return of_serials(said)


def identifiers(submission: Submission) -> Iterable[str]:
    """The packs of a submission."""
    return [pack.identifier for pack in requests_of(submission.data, Findings())]


def _verified(pack: Verification, corr_uuid: str, account: Account) -> Conversation[SerialAnswer]:
    query = {
        "linkType": account.option(settings.LINK_TYPE),
        "context": account.option(settings.CONTEXT),
        "reqGLN": _requestor(account),
        "corrUUID": corr_uuid,
    }
    reply = yield Call("GET", address_of(pack, query), _headers(account))
    return read_reply(reply, pack, corr_uuid)


def read_reply(reply: Reply, pack: Verification, corr_uuid: str) -> SerialAnswer:
    """What a reply says about a pack. Whatever is not exactly as the standard has it does not verify anything.

    Raises:
        TransportError: the service cannot answer now.
    """
    if reply.status in AGAIN:
        message = f"the verification service cannot answer now: {REFUSALS.get(reply.status, reply.status)}"
        raise TransportError(message, retryable=True)
    if reply.status != _OK:
        reason = Reason(f"HTTP {reply.status}", REFUSALS.get(reply.status, ""), Verdict.UNREADABLE)
        return SerialAnswer(pack.identifier, Verdict.UNREADABLE, (reason,))
    try:
        response = msgspec.json.decode(reply.body, type=Response)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _unreadable(pack, f"the answer is not of the expected shape: {error}")
    doubt = _doubt(response, corr_uuid)
    if doubt:
        return _unreadable(pack, doubt)
    reasons = reasons_of(response.data)
    if not response.data.verified:
        return SerialAnswer(pack.identifier, Verdict.REJECTED, reasons)
    return SerialAnswer(pack.identifier, Verdict.WARNING if reasons else Verdict.ACCEPTED, reasons)


def _doubt(response: Response, corr_uuid: str) -> str:
    """Why an answer counts for nothing; empty when it is exactly as the standard has it."""
    data = response.data
    failure = data.verification_failure_reason
    doubts = (
        (response.corr_uuid.lower() != corr_uuid, "the answer is that of another question (corrUUID)"),
        (not is_gln(response.responder_gln), "responderGLN is no GLN"),
        (not TIMESTAMP.fullmatch(response.verification_timestamp), "verificationTimestamp has not the standard's form"),
        (data.verified and failure is not None, "the answer says that the pack is verified, and why it is not"),
        (not data.verified and failure not in FAILURES, "the answer does not say why the pack is not verified"),
    )
    return next((words for wrong, words in doubts if wrong), "")


def _unreadable(pack: Verification, why: str) -> SerialAnswer:
    return SerialAnswer(pack.identifier, Verdict.UNREADABLE, (Reason("", why, Verdict.UNREADABLE),))


def _ask(values: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """Verify one pack."""
    pack = Verification(values["gtin"].zfill(14), values["serial"], values["lot"], values["expiry"])
    seed = "/".join((account.user, *(values[each.key] for each in _ARGUMENTS)))
    said = yield from _verified(pack, correlation(seed, 0), account)
    why = "; ".join(map(str, said.reasons))
    return [{"pack": said.identifier, "verdict": said.verdict.value, "reason": why}]


def _connectivity(values: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """Whether the service answers for a product."""
    query = {
        "gtin": values["gtin"].zfill(14),
        "reqGLN": _requestor(account),
        "linkType": account.option(settings.LINK_TYPE),
        "context": account.option(settings.CONTEXT),
    }
    parts = "&".join(f"{name}={value}" for name, value in query.items())
    reply = yield Call("GET", f"/checkConnectivity?{parts}", _headers(account))
    responder = ""
    if reply.status == _OK:
        try:
            found = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        responder = found.get("responderGLN", "") if isinstance(found, dict) else ""
    said = REFUSALS.get(reply.status, "") if reply.status != _OK else "" if responder else "no responderGLN"
    return [{"gtin": query["gtin"], "responderGLN": str(responder), "status": str(reply.status), "meaning": said}]


def _requestor(account: Account) -> str:
    gln = account.option(settings.REQUESTOR)
    if not is_gln(gln):
        message = f"the option {settings.REQUESTOR.key} {gln!r} is no GLN of 13 digits"
        raise TransportError(message, hint="give the GLN under which the service knows you")
    return gln


def _headers(account: Account) -> dict[str, str]:
    headers = {"Accept": "application/json", "Cache-Control": "no-cache"}
    how = account.option(settings.LOG_IN)
    if how == settings.BASIC:
        token = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    elif how == settings.BEARER:
        headers["Authorization"] = f"Bearer {account.password}"
    return headers


CLIENT: Final = Client(
    title="GS1 Lightweight Messaging 1.1 over HTTP",
    submit=submit,
    settings=settings.CLIENT_SETTINGS,
    questions=(
        Question("verify", "whether one pack may be sold on", _ARGUMENTS, _ask),
        Question("connectivity", "whether the service answers for a product", (_GTIN,), _connectivity),
    ),
    identifiers=identifiers,
)
