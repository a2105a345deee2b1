"""Brings documents to MDLP: log-in, signature, sending whole or by a link, tickets, and what MDLP holds for us.

MDLP knows a request by ``request_id``, which we choose: the id of the submission. After a send whose reply was lost it
is asked for that id first, so that no document is sent twice.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from lxml import etree

from gateway.answers import Answer, Reason, Verdict, unreadable
from gateway.errors import TransportError
from gateway.findings import Findings
from gateway.markets.base import Submission
from gateway.markets.client import (
    Account,
    Call,
    Client,
    Conversation,
    Keep,
    Known,
    Question,
    Reply,
    Sign,
    UncertainError,
    Waiting,
)
from gateway.markets.ru import rest
from gateway.markets.ru.check import parse
from gateway.markets.ru.mdlp_session import API, WHO, call, signed
from gateway.markets.ru.mdlp_settings import LARGE_FROM, LIST_PACE, PACE, SETTINGS, SINCE
from gateway.markets.ru.ticket import read_ticket
from gateway.options import Setting

_OK, _NOT_FOUND = 200, 404
_LISTED: Final = 100
_RUNNING: Final = frozenset(
    {"UPLOADING_DOCUMENT", "PROCESSING_DOCUMENT", "CORE_PROCESSING_DOCUMENT", "CORE_PROCESSED_DOCUMENT"}
)
_UPLOADING, _READY, _FAILED, _FAILED_READY = (
    "UPLOADING_DOCUMENT",
    "PROCESSED_DOCUMENT",
    "FAILED",
    "FAILED_RESULT_READY",
)
#: A reference while a large document is being brought: the document's id, a blank, the link.
_LINK: Final = " "
_QUERIES: Final = frozenset({"kiz_info", "hierarchy_info"})


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Bring a document to MDLP."""
    document, _, link = known.reference.partition(_LINK)
    if document:
        return (yield from _go_on(submission, account, document, link)) if link else _pending(document)
    if known.uncertain:
        found = yield from _of_request(account, known.id)
        if found is not None:
            return found
    limit = yield from _small(account)
    large = len(submission.data) > limit
    sign = (yield Sign(submission.data)) if signed(account) else None
    values: dict[str, object] = {
        "sign": base64.b64encode(sign).decode() if sign else None,
        "request_id": known.id,
    }
    if large:
        values["hash_sum"] = hashlib.sha256(submission.data).hexdigest()
    else:
        values["document"] = base64.b64encode(submission.data).decode()
    path = f"{API}/documents/send_large" if large else f"{API}/documents/send"
    reply = yield from call(account, Call("POST", path, body=rest.body(values), once=True), PACE)
    taken = rest.values_of(reply)
    if taken is None:
        # The same request twice, or trouble behind which the document may have been taken: the request id tells.
        found = yield from _of_request(account, known.id)
        return found if found is not None else rest.refused(reply, WHO)
    document, link = rest.text_of(taken, "document_id"), rest.text_of(taken, "link")
    if not document or _LINK in document or (large and not link):
        return unreadable(f"{WHO} took the document and gave no document_id or link")
    if not large:
        yield Keep(document)
        return _pending(document)
    yield Keep(f"{document}{_LINK}{link}")
    return (yield from _upload(submission, account, document, link))


def ask(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Ask for the ticket of a document."""
    document, _, link = known.reference.partition(_LINK)
    if link:
        return (yield from _go_on(submission, account, document, link))
    reply = yield from call(account, Call("GET", f"{API}/documents/{rest.segment(document)}"), PACE)
    values = rest.values_of(reply)
    if values is None:
        return replace(rest.refused(reply, WHO), reference=document)
    status = rest.text_of(values, "doc_status")
    if status in _RUNNING:
        return _pending(document)
    if status in (_READY, _FAILED_READY):
        data = yield from _linked(account, f"{API}/documents/{rest.segment(document)}/ticket")
        return replace(_of_ticket(data), reference=document)
    if status == _FAILED:
        return Answer(Verdict.REJECTED, (Reason(_FAILED, "MDLP could not process the document"),), reference=document)
    return replace(unreadable(f"{WHO} says {status[:60]!r} of the document"), reference=document)


def identifiers(submission: Submission) -> Iterable[str]:
    """The packs and containers in a document."""
    root = parse(submission.data, Findings())
    if root is None:
        return []
    return dict.fromkeys(node.text or "" for node in root.iter("sgtin", "sscc", "sscc_up", "sscc_down"))


def waiting(account: Account) -> Conversation[list[Waiting]]:
    """Documents that MDLP holds for us."""
    found: dict[str, Waiting] = {}
    start = 0
    since = account.option(SINCE)
    while True:
        values = {
            "filter": {"doc_status": _READY, **({"start_date": since} if since else {})},
            "start_from": start,
            "count": _LISTED,
        }
        reply = yield from call(account, Call("POST", f"{API}/documents/income", body=rest.body(values)), LIST_PACE)
        listed = rest.values_of(reply)
        if listed is None or not isinstance(listed.get("documents"), list):
            rest.refused(reply, WHO)
            message = f"{WHO} gave no list of documents"
            raise TransportError(message, retryable=True)
        documents = rest.objects(listed["documents"])
        before = len(found)
        for each in documents:
            key = rest.text_of(each, "document_id")
            if key:
                found[key] = Waiting(key, f"mdlp-{_number(each.get('doc_type'))}-{_safe(key)}.xml")
        start += len(documents)
        total = listed.get("total")
        # A list that only repeats itself would never end.
        if len(found) == before or (isinstance(total, int) and start >= total):
            return list(found.values())


def fetch(held: Waiting, account: Account) -> Conversation[bytes]:
    """One of these documents."""
    return (yield from _linked(account, f"{API}/documents/download/{rest.segment(held.key)}"))


def _status(values: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    path = f"{API}/documents/{rest.segment(values[_DOCUMENT.key])}"
    reply = yield from call(account, Call("GET", path), PACE)
    return [_row(rest.values_of(reply) or _failed(reply))]


def _request(values: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    path = f"{API}/documents/request/{rest.segment(values[_REQUEST.key])}"
    reply = yield from call(account, Call("GET", path), LIST_PACE)
    return [_row(each) for each in rest.objects((rest.values_of(reply) or _failed(reply)).get("documents"))]


def _go_on(submission: Submission, account: Account, document: str, link: str) -> Conversation[Answer]:
    """Go on with a large document whose end nobody heard of."""
    reply = yield from call(account, Call("GET", f"{API}/documents/{rest.segment(document)}"), PACE)
    if rest.text_of(rest.values_of(reply) or _failed(reply), "doc_status") == _UPLOADING:
        return (yield from _upload(submission, account, document, link))
    yield Keep(document)
    return _pending(document)


def _upload(submission: Submission, account: Account, document: str, link: str) -> Conversation[Answer]:
    """Put a large document to its link, and say that all of it is there."""
    put = Call("PUT", link, body=submission.data)
    reply = yield from call(account, put, PACE)
    if not _OK <= reply.status < 300:  # noqa: PLR2004 - HTTP's successes
        return replace(rest.refused(reply, WHO), reference=document)
    done = rest.body({"document_id": document})
    reply = yield from call(account, Call("POST", f"{API}/documents/send_finished", body=done), PACE)
    if reply.status != _OK:
        return replace(rest.refused(reply, WHO), reference=document)
    yield Keep(document)
    return _pending(document)


def _of_request(account: Account, request: str) -> Conversation[Answer | None]:
    """What MDLP knows of a request; None when it never took it.

    Raises:
        UncertainError: it has begun to take a large document, whose link nobody remembers.
        TransportError: it cannot be asked.
    """
    reply = yield from call(account, Call("GET", f"{API}/documents/request/{rest.segment(request)}"), LIST_PACE)
    if reply.status == _NOT_FOUND:
        return None
    listed = rest.values_of(reply)
    if listed is None or not isinstance(listed.get("documents"), list):
        message = f"{WHO} cannot be asked what became of request {request}"
        raise TransportError(message, retryable=True)
    for each in rest.objects(listed["documents"]):
        document = rest.text_of(each, "document_id")
        if document and rest.text_of(each, "doc_status") == _UPLOADING:
            message = f"{WHO} waits for the rest of document {document}, and its link is not known"
            raise UncertainError(message, hint="cancel it in the cabinet of MDLP, then send it as a new document")
        if document:
            yield Keep(document)
            return _pending(document)
    return None


def _small(account: Account) -> Conversation[int]:
    """The most bytes of a document that is sent whole, as the agreement or MDLP says."""
    given = account.option(LARGE_FROM) or account.memory.get(LARGE_FROM.key, "")
    if not given:
        reply = yield from call(account, Call("GET", f"{API}/documents/doc_size"), PACE)
        size = (rest.values_of(reply) or _failed(reply)).get("doc_size")
        given = account.memory[LARGE_FROM.key] = str(size)
    if not given.isascii() or not given.isdecimal():
        account.memory.pop(LARGE_FROM.key, None)
        message = f"{WHO} does not say how large a document may be that is sent whole"
        raise TransportError(message, hint=f"give it in bytes as option {LARGE_FROM.key}")
    return int(given)


def _linked(account: Account, path: str) -> Conversation[bytes]:
    """What stands behind a link that MDLP gives.

    Raises:
        TransportError: there is none.
    """
    reply = yield from call(account, Call("GET", path), PACE)
    link = rest.text_of(rest.values_of(reply) or _failed(reply), "link")
    if not link:
        message = f"{WHO} gave no link"
        raise TransportError(message, retryable=True)
    reply = yield from call(account, Call("GET", link), PACE)
    if reply.status != _OK:
        _failed(reply)
    return reply.body


def _failed(reply: Reply) -> dict[str, Any]:
    """Raise what a reply is instead of the values that were expected."""
    answer = rest.refused(reply, WHO)
    words = answer.unexpected or "; ".join(map(str, answer.reasons))
    raise TransportError(words, retryable=answer.verdict is Verdict.UNREADABLE)


def _of_ticket(data: bytes) -> Answer:
    root = parse(data, Findings())
    if root is not None and len(root) and root[0].tag in _QUERIES:
        found: etree._Element = root[0]
        if found.findtext("result/found") in ("false", "0"):
            return Answer(Verdict.REJECTED, (Reason("found", "MDLP has not found what was asked for"),))
        return Answer(Verdict.ACCEPTED)
    return read_ticket(data)


def _pending(document: str) -> Answer:
    return Answer(Verdict.PENDING, reference=document)


def _row(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items() if isinstance(value, (str, int))}


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else "0"


def _safe(key: str) -> str:
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in key)[:80]


_DOCUMENT: Final = Setting("document-id", "id that MDLP gave a document")
_REQUEST: Final = Setting("request-id", "id of a submission")

CLIENT: Final = Client(
    title="MDLP REST API",
    submit=submit,
    ask=ask,
    settings=SETTINGS,
    waiting=waiting,
    fetch=fetch,
    questions=(
        Question("status", "what MDLP knows of a document", (_DOCUMENT,), _status),
        Question("request", "the documents of a request", (_REQUEST,), _request),
    ),
    identifiers=identifiers,
)
