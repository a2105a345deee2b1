"""Answers that come as files: 997, 999 and CONTRL, partners' CSV tables, and partners' EPCIS events.

`read` says what a file answers, or that it is no answer of its channel's kind; then it is processed like any other.
What is not understood of a file becomes an answer that a person must look at, never an acceptance.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence

from gateway.agreements.answers import AnswerKind, Answers, AnswerTable
from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, unreadable
from gateway.epcis.events import Event
from gateway.errors import InputError, LimitExceeded
from gateway.exchange.ledger.answers import DELIVERY, EDIFACT, MESSAGE, NAME, X12, Incoming, Name
from gateway.exchange.ledger.epc_keys import keys_of
from gateway.exchange.ledger.epcs import canonical, instances
from gateway.exchange.ledger.tables import Message
from gateway.findings import Findings
from gateway.formats.edi import acknowledge, acknowledge_edifact, acknowledge_x12
from gateway.sources import Source

#: Larger files are no answers: all of one is held in memory.
MOST_BYTES = 256 << 20

#: Steps of a partner's events that say: it has arrived here.
ARRIVED = ("receiving", "accepting")

_STATUS = {
    acknowledge.Status.ACCEPTED: Verdict.ACCEPTED,
    acknowledge.Status.ACCEPTED_WITH_ERRORS: Verdict.WARNING,
    acknowledge.Status.REJECTED: Verdict.REJECTED,
    acknowledge.Status.RECEIVED: Verdict.PENDING,
}


def read(source: Source, message: Message, answers: Answers, partner: str) -> list[Incoming] | None:
    """The answers in a file that came through a channel of answers; None when it is no such file.

    Args:
        source: the file.
        message: the message that it is.
        answers: what the channel brings. Events (`AnswerKind.EPCIS`) are read by `Arrivals` instead.
        partner: who sent it.
    """
    if source.size > MOST_BYTES:
        return None
    if answers.kind is AnswerKind.CSV and answers.table is not None:
        found = _from_table(source, answers.table)
    elif answers.kind in (AnswerKind.X12, AnswerKind.EDIFACT):
        found = _from_edi(source, answers.kind)
    else:
        return None
    if found is None:
        return None
    return [
        Incoming(f"{message.id}#{number}", answers.kind, names, answer, partner, message.id, detail=detail)
        for number, (names, answer, detail) in enumerate(found, 1)
    ]


_Found = list[tuple[Sequence[Name], Answer, str]]


def _from_edi(source: Source, kind: AnswerKind) -> _Found | None:
    x12 = kind is AnswerKind.X12
    head = source.head(4096)
    mine = b"ISA" in head[:16] and any(b"ST" + head[3:4] + word in head for word in (b"997", b"999"))
    if not (mine if x12 else head.lstrip()[:3] in (b"UNA", b"UNB") and b"CONTRL" in head):
        return None
    with source.open() as stream:
        data = stream.read()
    try:
        reader = acknowledge_x12.read if x12 else acknowledge_edifact.read
        found = reader(data, Findings(), source.name)
    except (InputError, LimitExceeded) as error:
        return [((), unreadable(error.message), "")]
    return [(_names(one, x12=x12), _of_edi(one), _words(one)) for one in found]


def _names(answer: acknowledge.Answer, *, x12: bool) -> list[Name]:
    return [(X12, control_name(answer.kind, answer.control))] if x12 else [(EDIFACT, answer.control)]


def control_name(kind: str, control: str) -> str:
    """The name of an X12 group: ``SH:17``. Zeros in front of a control number mean nothing."""
    return f"{kind}:{control.strip().lstrip('0') or '0'}"


def _of_edi(answer: acknowledge.Answer) -> Answer:
    verdict = _STATUS[answer.status]
    refused = sum(one.status is acknowledge.Status.REJECTED for one in answer.messages)
    if refused and verdict in (Verdict.ACCEPTED, Verdict.WARNING):
        verdict = Verdict.PARTIAL
    codes = dict.fromkeys([*answer.codes, *(code for one in answer.messages for code in one.codes)])
    return Answer(verdict, tuple(Reason(code, verdict=verdict) for code in codes), reference=answer.control)


def _words(answer: acknowledge.Answer) -> str:
    words = []
    for one in answer.messages:
        for segment in one.segments:
            elements = ", ".join(f"element {e.element} code {e.code}" for e in segment.elements)
            place = f"message {one.control} segment {segment.position} {segment.tag}".rstrip()
            words.append(f"{place} code {segment.code}{': ' if elements else ''}{elements}")
    return "; ".join(words[:50])


def _from_table(source: Source, table: AnswerTable) -> _Found | None:
    with source.open() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        try:
            head = text.readline()
            marks = {mark: head.count(mark) for mark in ",;\t|"}
            names = next(csv.reader([head], delimiter=max(marks, key=lambda mark: marks[mark])), [])
            columns = [name.strip() for name in names]
            if any(name not in columns for name in table.columns):
                return None
            rows = csv.DictReader(text, columns, delimiter=max(marks, key=lambda mark: marks[mark]))
            return _of_rows(rows, table)
        except (UnicodeDecodeError, csv.Error) as error:
            return [((), unreadable(f"it is not a CSV table: {error}"), "")]


def _of_rows(rows: Iterator[dict[str, str]] | csv.DictReader[str], table: AnswerTable) -> _Found:
    found: dict[str, tuple[list[Reason], list[SerialAnswer]]] = {}
    for row in rows:
        values = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        if not any(values.values()):
            continue
        reference = values.get(table.reference, "")
        status, code = values.get(table.status, ""), values.get(table.code, "")
        verdict = _verdict(status, table)
        text = values.get(table.text, "") or ("" if verdict is not Verdict.UNREADABLE else f"unknown status {status!r}")
        reason = Reason(code or status, text, verdict, retryable=code in table.retryable)
        epc = values.get(table.epc, "") if table.epc else ""
        whole, single = found.setdefault(reference, ([], []))
        if epc:
            single.append(SerialAnswer(epc, verdict, (reason,)))
        else:
            whole.append(reason)
    return [_of_reference(reference, whole, single) for reference, (whole, single) in found.items()]


def _of_reference(
    reference: str, whole: Sequence[Reason], single: Sequence[SerialAnswer]
) -> tuple[Sequence[Name], Answer, str]:
    names = [(kind, reference) for kind in (NAME, MESSAGE, DELIVERY)] if reference else []
    if not whole:
        answer = of_serials(single, reference)
    else:
        verdicts = [reason.verdict for reason in whole]
        order = (Verdict.UNREADABLE, Verdict.REJECTED, Verdict.WARNING, Verdict.ACCEPTED)
        verdict = next(one for one in order if one in verdicts)
        if verdict in (Verdict.ACCEPTED, Verdict.WARNING) and any(
            serial.verdict not in (Verdict.ACCEPTED, Verdict.WARNING) for serial in single
        ):
            verdict = Verdict.PARTIAL
        answer = Answer(verdict, tuple(whole), tuple(single), reference)
    return names, answer, ""


def _verdict(status: str, table: AnswerTable) -> Verdict:
    for verdict, values in (
        (Verdict.ACCEPTED, table.accepted),
        (Verdict.WARNING, table.warning),
        (Verdict.REJECTED, table.rejected),
    ):
        if status.casefold() in (value.casefold() for value in values):
            return verdict
    return Verdict.UNREADABLE


class Arrivals:
    """Collects what a partner's events say to have arrived: `ARRIVED` steps only.

    Attributes:
        epcs: the identifiers, as they are spelt there.
    """

    def __init__(self) -> None:
        self.epcs: dict[str, None] = {}

    def __call__(self, events: Sequence[Event]) -> None:
        """Take some events."""
        for event in events:
            step = (event.biz_step or "").rpartition(":")[2].rpartition("/")[2].rpartition("-")[2]
            if step in ARRIVED:
                self.epcs.update(dict.fromkeys(instances(event)))

    def answer(self, sent: array[int]) -> Answer:
        """What they say to a delivery of which the hashes of all identifiers are known."""
        named = keys_of(canonical(list(self.epcs)))
        known = set(sent)
        serials = [
            SerialAnswer(epc, Verdict.ACCEPTED) for epc, key in zip(self.epcs, named, strict=True) if key in known
        ]
        missing = len(known.difference(named))
        if not serials:
            return unreadable("it names nothing that was delivered")
        verdict = Verdict.PARTIAL if missing else Verdict.ACCEPTED
        reasons = (Reason("missing", f"{missing:,} identifiers were not said to have arrived"),) if missing else ()
        return Answer(verdict, reasons, tuple(serials))
