"""Brings orders and utilisation reports to the order management station, and fetches codes that are ready.

The station has no id that we choose: after a lost reply nobody can ask what became of a message, and a person has to
look. Codes are given once. They leave a conversation only encrypted (`gateway.vault`), and no reply with codes is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from gateway.answers import Answer, Reason, Verdict, unreadable
from gateway.errors import TransportError
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Client, Conversation, Keep, Known, Reply, UncertainError, Waiting
from gateway.markets.ru import rest
from gateway.markets.ru.oms_codes import full_code, sgtin_of
from gateway.options import Setting
from gateway.sealing import VaultError, key_of, sealed_block

API: Final = "/api/v3"
WHO: Final = "the order management station"
MOST_CODES: Final = 150_000

HEADER: Final = Setting(
    "token-header",
    "how the token is shown: clientToken, or Authorization: token",
    ("clientToken", "Authorization"),
    "clientToken",
)
KEY: Final = Setting(
    "code-key", "key that fetched codes are encrypted with, 32 bytes in hex or base64; under secret-options"
)
PACE: Final = Setting("pace", "seconds before each call", default="0.5")
SETTINGS: Final = (HEADER, KEY, PACE)

_RUNNING: Final = frozenset({"DRAFT", "PENDING", "READY_TO_SEND", "SENT", "CHECK"})
_SUCCESS, _PARTIALLY = "SUCCESS", "PARTIALLY"
_REFUSED: Final = frozenset({"REJECTED", "FAILED"})
_READY: Final = frozenset({"ACTIVE", "EXHAUSTED", "CLOSED"})


def submit_report(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Bring a utilisation report."""
    return (yield from _submit(submission, account, known, "utilisation", "reportId"))


def submit_order(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Bring an order."""
    return (yield from _submit(submission, account, known, "order", "orderId"))


def _submit(submission: Submission, account: Account, known: Known, name: str, id_: str) -> Conversation[Answer]:
    if known.reference:
        return Answer(Verdict.PENDING, reference=known.reference)
    if known.uncertain:
        message = f"{WHO} may have taken it, and cannot be asked"
        raise UncertainError(message, hint="look for it in the cabinet of the station")
    wanted = Call("POST", _path(account, name), _headers(account), submission.data, once=True, secret=True)
    reply = yield from rest.paced(wanted, rest.seconds(account, PACE))
    values = rest.values_of(reply)
    if values is None:
        if reply.status >= 500:  # noqa: PLR2004 - the guide: try again after 30 seconds; whether it was taken is not said
            message = f"{WHO} is in trouble (HTTP {reply.status}); it is not known whether it took the message"
            raise UncertainError(message, hint="look for it in the cabinet of the station")
        return rest.refused(reply, WHO)
    reference = rest.text_of(values, id_)
    if not reference or values.get("success") is False:
        return unreadable(f"{WHO} gave no {id_}")
    yield Keep(reference)
    return Answer(Verdict.PENDING, reference=reference)


def ask_report(_submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Ask what became of a report."""
    reply = yield from _get(account, "report/info", reportId=known.reference)
    values = rest.values_of(reply)
    if values is None:
        return replace(rest.refused(reply, WHO), reference=known.reference)
    status = rest.text_of(values, "reportStatus")
    why = rest.text_of(values, "errorReason")
    reasons = (Reason(status, why),) if why or status in _REFUSED or status == _PARTIALLY else ()
    verdict = _verdict(status)
    if verdict is Verdict.UNREADABLE:
        return replace(unreadable(f"{WHO} says {status[:60]!r} of the report"), reference=known.reference)
    return Answer(verdict, reasons, reference=known.reference)


def _verdict(status: str) -> Verdict:
    if status in _RUNNING:
        return Verdict.PENDING
    if status in _REFUSED:
        return Verdict.REJECTED
    return {_SUCCESS: Verdict.ACCEPTED, _PARTIALLY: Verdict.PARTIAL}.get(status, Verdict.UNREADABLE)


def ask_order(_submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Ask whether the codes of an order are ready."""
    reply = yield from _get(account, "order/status", orderId=known.reference)
    found = rest.json_of(reply) if reply.status == 200 else None  # noqa: PLR2004 - HTTP's OK
    buffers = rest.objects(found)
    if not buffers:
        return replace(rest.refused(reply, WHO), reference=known.reference)
    states = {rest.text_of(each, "bufferStatus") for each in buffers}
    reasons = tuple(
        Reason("REJECTED", f"GTIN {rest.text_of(each, 'gtin')}: {rest.text_of(each, 'rejectionReason')}")
        for each in buffers
        if rest.text_of(each, "bufferStatus") == "REJECTED"
    )
    if states <= {"REJECTED"}:
        verdict = Verdict.REJECTED
    elif states <= _READY:
        verdict = Verdict.ACCEPTED
    elif states <= {*_READY, "REJECTED"}:
        verdict = Verdict.PARTIAL
    elif states <= {*_READY, "REJECTED", "PENDING"}:
        verdict = Verdict.PENDING
    else:
        return replace(unreadable(f"{WHO} says {sorted(states)} of the order"), reference=known.reference)
    return Answer(verdict, reasons if verdict is not Verdict.PENDING else (), reference=known.reference)


def identifiers(submission: Submission) -> Iterable[str]:
    """The packs of a report, without their codes."""
    values = rest.values_of(Reply(200, body=submission.data)) or {}
    codes = [full_code(each) for each in values.get("sntins", []) if isinstance(each, str)]
    return [sgtin_of(code) for code in codes if code is not None]


def waiting(account: Account) -> Conversation[list[Waiting]]:
    """Codes that are ready, by order and GTIN."""
    reply = yield from _get(account, "order/list")
    values = rest.values_of(reply)
    if values is None or not isinstance(values.get("orderInfos"), list):
        rest.refused(reply, WHO)
        message = f"{WHO} gave no list of orders"
        raise TransportError(message, retryable=True)
    found = []
    for order in rest.objects(values["orderInfos"]):
        id_ = rest.text_of(order, "orderId")
        for buffer in rest.objects(order.get("buffers")):
            gtin, left = rest.text_of(buffer, "gtin"), buffer.get("availableCodes")
            if id_ and gtin and isinstance(left, int) and left > 0 and buffer.get("bufferStatus") == "ACTIVE":
                name = gtin if gtin.isascii() and gtin.isdecimal() else "of-a-gtin"
                found.append(Waiting(f"{id_}/{gtin}/{left}", f"oms-codes-{name[:14]}-{left}.bin"))
    return found


def fetch(held: Waiting, account: Account) -> Conversation[bytes]:
    """Codes of one order and GTIN, at most 150,000, encrypted as a block.

    Raises:
        TransportError: no key is given, or the reply has other codes than those that were asked for.
    """
    key = account.option(KEY)
    try:
        key_of(key)
    except VaultError as error:
        message = f"codes are not fetched: {error.message}"
        raise TransportError(message, hint=f"give {KEY.key} under secret-options in the agreement") from None
    order, gtin, left = held.key.rsplit("/", 2)
    quantity = min(int(left), MOST_CODES)
    wanted = Call(
        "GET",
        _path(account, "codes", orderId=order, gtin=gtin, quantity=str(quantity)),
        _headers(account),
        once=True,
        secret=True,
    )
    reply = yield from rest.paced(wanted, rest.seconds(account, PACE))
    values = rest.values_of(reply)
    if values is None:
        answer = rest.refused(reply, WHO)
        raise TransportError("; ".join(map(str, answer.reasons)) or answer.unexpected)
    texts = [each for each in values.get("codes") or [] if isinstance(each, str)]
    if not texts:
        message = f"{WHO} gave no codes"
        raise TransportError(message)
    # Whatever came is kept, also when it is not what was asked for: it is not given again.
    return sealed_block(texts, key)


def _get(account: Account, name: str, **query: str) -> Conversation[Reply]:
    call = Call("GET", _path(account, name, **query), _headers(account))
    return (yield from rest.paced(call, rest.seconds(account, PACE)))


def _path(account: Account, name: str, **query: str) -> str:
    return f"{API}/{name}?{urlencode({'omsId': account.user, **query})}"


def _headers(account: Account) -> dict[str, str]:
    named: dict[str, Any] = {"Content-Type": "application/json", "Accept": "application/json"}
    if account.option(HEADER) == "Authorization":
        return {**named, "Authorization": f"token {account.password}"}
    return {**named, "clientToken": account.password}


REPORTS: Final = Client(
    title="order management station, API 3.0",
    submit=submit_report,
    ask=ask_report,
    settings=SETTINGS,
    identifiers=identifiers,
)
ORDERS: Final = Client(
    title="order management station, API 3.0",
    submit=submit_order,
    ask=ask_order,
    settings=SETTINGS,
    waiting=waiting,
    fetch=fetch,
)
