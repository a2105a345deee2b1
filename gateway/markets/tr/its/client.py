"""Brings notifications to ITS, by REST or SOAP, and asks what became of one whose reply was lost."""

from __future__ import annotations

import re
from typing import Final

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, settled
from gateway.errors import ConfigurationError
from gateway.markets.base import Submission
from gateway.markets.client import Account, Call, Client, Conversation, Known, Reply, UncertainError
from gateway.markets.tr import session
from gateway.markets.tr.its import settings, wire
from gateway.markets.tr.its.codes import ANSWERS
from gateway.markets.tr.its.operations import OPERATIONS, Operation
from gateway.markets.tr.its.questions import QUESTIONS, states
from gateway.markets.tr.its.reply import read_reply
from gateway.markets.tr.its.wire import Notification

_UNAUTHORIZED: Final = 401
_NAME: Final = re.compile(r"its-\d+-(?P<kind>[a-z]+)-", re.ASCII)


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Bring one notification to ITS.

    Raises:
        ConfigurationError: the submission says not which notification it is, or it has no SOAP service.
        UncertainError: an earlier try may have been taken, and the state of the packs does not tell.
    """
    operation = _operation(submission)
    try:
        notification = wire.read(submission.data)
    except ValueError as error:
        message = f"{submission.name} is no notification of ITS: {error}"
        raise ConfigurationError(message) from error
    if notification.shape != operation.shape or not notification.items:
        message = f"{submission.name} does not hold what a {operation.kind} holds"
        raise ConfigurationError(message)
    soap = wire.is_soap(submission.data)
    if known.uncertain:
        taken = yield from _look(operation, notification, account, soap=soap)
        if taken is not None:
            return taken
    if soap:
        return (yield from _by_soap(operation, submission.data, notification, account))
    reply = yield from session.post(operation.path, submission.data, account, once=True)
    return read_reply(reply, notification.items)


def _operation(submission: Submission) -> Operation:
    """Which notification a submission is: it says so, else its name as we give it does. JSON alone does not tell."""
    named = _NAME.match(submission.name)
    kind = submission.kind or (named["kind"] if named is not None else "")
    if wire.is_soap(submission.data):
        try:
            _, found = wire.read_soap(submission.data)
        except ValueError:
            found = None  # the caller says why
        if found is not None and kind not in ("", found.kind):
            message = f"{submission.name} holds a {found.kind}, not a {kind}"
            raise ConfigurationError(message)
        kind = found.kind if found is not None else kind
    operation = OPERATIONS.get(kind)
    if operation is None:
        message = f"it is not said which notification of ITS {submission.name} is"
        hint = "keep the name that it was composed with"
        raise ConfigurationError(message, hint=hint)
    return operation


def _by_soap(operation: Operation, data: bytes, notification: Notification, account: Account) -> Conversation[Answer]:
    if operation.soap is None:
        message = f"{operation.kind} has no SOAP service that is publicly described"
        raise ConfigurationError(message, hint="compose it with --set protocol=rest")
    service = operation.soap.service
    headers = {**service.headers(), "Authorization": session.basic(account)}
    reply: Reply = yield Call("POST", service.location, headers, data, once=True)
    if reply.status == _UNAUTHORIZED:
        message = "ITS refuses user or password"
        raise ConfigurationError(message, hint="check user and password of the agreement")
    answer = read_reply(reply, notification.items, operation.soap)
    if answer.verdict is Verdict.REJECTED and not answer.serials:
        return settled(answer, [item.identifier for item in notification.items])
    return answer


def _look(
    operation: Operation, notification: Notification, account: Account, *, soap: bool
) -> Conversation[Answer | None]:
    """What became of a notification whose reply was lost; None where it certainly had no effect.

    One request is taken as a whole, so one pack whose state shows its effect proves that it was taken; packs whose
    state shows that nothing happened to them were then refused.
    """
    if soap or not (operation.done or operation.open):
        message = f"it is not known whether ITS took a {operation.kind}, and it cannot be asked"
        raise UncertainError(message, hint="look the packs up in the portal of ITS, then send again or let it be")
    items = notification.items
    found = {
        wire.identifier(row["gtin"], row["serial"]): row["code"]
        for row in (yield from states([(item.gtin, item.sn) for item in items], account))
    }
    codes = [found.get(item.identifier, "") for item in items]
    if codes and all(code in operation.open for code in codes):
        return None
    if not any(code in operation.done for code in codes):
        message = f"the state of the packs does not tell whether ITS took a {operation.kind}"
        raise UncertainError(message, hint="look the packs up in the portal of ITS, then send again or let it be")
    asked = "told by the state of the pack, as the reply was lost"
    serials = []
    for item, code in zip(items, codes, strict=True):
        if code in operation.done:
            verdict = Verdict.ACCEPTED
        else:
            verdict = Verdict.REJECTED if code in operation.open else Verdict.UNREADABLE
        reason = Reason(code, f"{ANSWERS(code).meaning or 'unknown state'}; {asked}", verdict)
        serials.append(SerialAnswer(item.identifier, verdict, (reason,)))
    return of_serials(serials)


CLIENT: Final = Client(
    title="REST services of ITS with a token, or its SOAP services with a password; answers come at once",
    submit=submit,
    settings=(settings.REPORTER,),
    questions=QUESTIONS,
)
