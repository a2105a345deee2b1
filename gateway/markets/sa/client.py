"""How requests are brought to RSD, and what is done when a reply was lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.answers import Answer, SerialAnswer, Verdict, of_serials, settled
from gateway.errors import TransportError
from gateway.markets.base import Submission
from gateway.markets.client import Account, Client, Conversation, Keep, Known, UncertainError
from gateway.markets.kit.split import by_count
from gateway.markets.sa import calls
from gateway.markets.sa.operations import MOST_PRODUCTS, OPERATIONS, Goods
from gateway.markets.sa.questions import QUESTIONS, fetch, waiting
from gateway.markets.sa.reply import answer_of, as_warning, read
from gateway.markets.sa.sent import Sent, read_sent
from gateway.markets.sa.write import products_xml, request_bytes

#: Seconds to wait: RSD takes the same operation again only after 5 minutes (80509), and one at a time (80508).
PAUSES: Final = {"80509": 300.0, "80508": 60.0}
_CHECK: Final = OPERATIONS["check-status"]
_DETAIL: Final = OPERATIONS["dispatch-detail"]

#: What CheckStatus says of a pack on which an operation had its effect.
DONE: Final = {"deactivation": "60000", "export": "60005", "consume": "60006"}
#: What it says of a pack that was never supplied.
UNKNOWN: Final = frozenset({"80506", "11035"})
_LOOK: Final = "look the packs up in RSD, then send it again or let it be"


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Send one request. Its answer comes with the reply."""
    sent = _sent(submission)
    if known.reference or known.uncertain:
        found = yield from _look(sent, account, known)
        if found is not None:
            return found
    answer = yield from _send(sent, submission.data, account)
    _unless_busy(answer)
    if answer.reference:
        yield Keep(answer.reference)
    return answer


def _unless_busy(answer: Answer) -> None:
    """Stop where RSD has refused a whole request only for the time being.

    Raises:
        TransportError: it says when to come again; nothing of the request was taken.
    """
    pause = next((PAUSES[each.code] for each in answer.reasons if each.code in PAUSES), 0.0)
    if pause:
        message = f"RSD wants to be left alone for {pause / 60:.0f} minutes: {answer.reasons[0]}"
        busy = TransportError(message, hint="it is sent again then; nothing of it was taken", retryable=True)
        busy.wait = pause
        raise busy


def _send(sent: Sent, body: bytes, account: Account) -> Conversation[Answer]:
    operation = sent.operation
    reply = yield calls.call(operation, body, account, once=True)
    calls.refuse(reply)
    if operation.kind == "package-upload":
        found = read(reply, operation)
        if isinstance(found, Answer):
            return found
        answer = Answer(Verdict.ACCEPTED, reference=found.fields.get("TRANSFERID", ""))
        if not answer.reference:
            answer = Answer(Verdict.UNREADABLE, unexpected="the reply to a package has no TRANSFERID")
    else:
        answer = answer_of(reply, operation, sent.names, sent.fields.get("GTIN", ""))
    return answer


def _look(sent: Sent, account: Account, known: Known) -> Conversation[Answer | None]:
    """What became of a request whose reply was lost; None where it certainly had no effect."""
    kind = sent.operation.kind
    if known.reference and kind in ("dispatch", "dispatch-batch"):
        body = calls.request(_DETAIL, DISPATCHNOTIFICATIONID=known.reference)
        reply = yield calls.call(_DETAIL, body, account)
        calls.refuse(reply)
        answer = answer_of(reply, _DETAIL, sent.names)
        if answer.verdict in (Verdict.ACCEPTED, Verdict.WARNING, Verdict.PARTIAL):
            return Answer(answer.verdict, answer.reasons, answer.serials, known.reference, answer.unexpected)
    elif kind in DONE or (kind in ("supply", "import") and not known.reference):
        codes = yield from _states(sent, account)
        told = [codes.get(name, SerialAnswer(name, Verdict.UNREADABLE)) for name in sent.names]
        reasons = [{reason.code for reason in each.reasons} for each in told]
        if kind in DONE and all(each == {DONE[kind]} for each in reasons):
            why = "told by the state of the pack, as the reply was lost"
            serials = (as_warning(each, why) for each in told)
            return settled(of_serials(serials, known.reference), sent.names)
        if kind not in DONE and all(each and each <= UNKNOWN for each in reasons):
            return None
    taken = f" (its notification is {known.reference})" if known.reference else ""
    message = f"it is not known what RSD did with a request for {kind}{taken}, and it cannot be asked"
    raise UncertainError(message, hint=_LOOK)


def _states(sent: Sent, account: Account) -> Conversation[dict[str, SerialAnswer]]:
    """What CheckStatus says about the packs of a request."""
    found: dict[str, SerialAnswer] = {}
    for part in by_count(sent.products(), MOST_PRODUCTS):
        body = request_bytes(_CHECK, products_xml(part))
        reply = yield calls.call(_CHECK, body, account)
        calls.refuse(reply)
        answer = answer_of(reply, _CHECK, ())
        if not answer.serials and answer.retryable:
            message = f"RSD cannot be asked now: {answer.reasons[0]}"
            raise TransportError(message, retryable=True)
        found.update({serial.identifier: serial for serial in answer.serials})
    return found


def identifiers(submission: Submission) -> Iterable[str]:
    """The packs and lots that a request names."""
    return _sent(submission).names


def _sent(submission: Submission) -> Sent:
    try:
        sent = read_sent(submission.data)
    except ValueError as error:
        raise TransportError(str(error), hint="compose it again") from error
    if sent.operation.goods is Goods.NOTHING and sent.operation.kind not in ("accept-dispatch", "package-upload"):
        message = f"{sent.operation.kind} is a question, nothing to submit"
        raise TransportError(message, hint="ask it instead")
    return sent


CLIENT: Final = Client(
    title="SOAP 1.1 services of RSD with HTTP Basic; answers come at once, for each pack",
    submit=submit,
    settings=calls.SETTINGS,
    waiting=waiting,
    fetch=fetch,
    questions=QUESTIONS,
)
