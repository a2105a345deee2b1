"""Submissions whose fate nobody knows: an operator finds out, and says so. It counts as the regulator's answer.

What is said goes first into the transport's memory (`gateway.submit.journal`), which nobody else has meanwhile, then
into the ledger. A crash in between leaves the delivery open; the same command once more ends it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.agreements.answers import AnswerKind
from gateway.agreements.model import Target
from gateway.answers import Answer, SerialAnswer, Verdict, of_serials
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange.clock import stamp
from gateway.exchange.flow.holds import wake
from gateway.exchange.flow.regulators import Regulators, digest_of
from gateway.exchange.ledger import answers, audit
from gateway.exchange.ledger.answers import ANSWERED, AnswerBook, Incoming
from gateway.exchange.ledger.audit_deliveries import SETTLED
from gateway.exchange.ledger.epcs import of_regulators
from gateway.exchange.ledger.rows import delivery_facts, delivery_row, message_row
from gateway.exchange.ledger.tables import ENDED, FINAL, Delivery, DeliveryState, History, Message, State
from gateway.exchange.ledger.tables_answers import Asking, Expected
from gateway.exchange.workspace import Workspace
from gateway.markets.base import Submission
from gateway.submit.journal import Entry, digest


@dataclass(frozen=True, slots=True)
class Word:
    """What an operator has found out.

    Attributes:
        taken: whether the regulator has the submission; if not, it is sent again.
        reference: what the regulator calls it; empty where that is not known.
        verdict: what it says of the whole; PENDING where it has not answered yet.
        serials: what it says of single packs and containers, in any spelling.
        others: what it says of those that are not among `serials`; UNREADABLE where that is not known.
    """

    taken: bool
    reference: str = ""
    verdict: Verdict = Verdict.ACCEPTED
    serials: Sequence[SerialAnswer] = ()
    others: Verdict = Verdict.UNREADABLE


def find(workspace: Workspace, id_: str) -> Delivery:
    """The delivery that an operator means: by its id, or by its message where only one of its is open.

    Raises:
        UsageError: there is none, or there are several.
    """
    if "." in id_:
        number, _, position = id_.partition(".")
        return workspace.queries.delivery(f"{workspace.queries.message(number).id}.{position.zfill(3)}")
    message = workspace.queries.message(id_)
    with workspace.database.read() as session:
        query = sa.select(Delivery).where(Delivery.message == message.id).order_by(Delivery.id)
        found = [row for row in session.scalars(query) if _open(session, row)]
    if not found:
        text = f"nothing of {message.id} is to be settled: what became of its deliveries is known"
        raise UsageError(text, hint=f"gateway show {message.number}")
    if len(found) > 1:
        text = f"{len(found)} deliveries of {message.id} are to be settled"
        raise UsageError(text, hint=f"name one of them: {', '.join(row.id for row in found)}")
    return found[0]


def settle(workspace: Workspace, delivery: Delivery, word: Word) -> State:
    """Write down what an operator has found out about a delivery; returns what its message has become.

    Raises:
        UsageError: nothing is to be found out about it, or `word` does not fit it.
        ConfigurationError: the agreement has no such target with a regulator any more.
        TransportError: another process is sending it at this moment.
    """
    with workspace.database.read() as session:
        if not _open(session, delivery):
            message = f"what became of {delivery.id} is known: it is {delivery.state}"
            raise UsageError(message, hint=f"gateway show {int(delivery.message.rpartition('-')[2])}")
    target = workspace.agreements.target(delivery.target)
    with _entry(workspace, target, delivery) as (submission, entry):
        if not word.taken:
            entry.forget()
            _not_taken(workspace, delivery)
        else:
            _taken(workspace, delivery, target, _answer(word, target, submission, entry), entry)
    return State(workspace.queries.message(delivery.message).state)


def doubtful(workspace: Workspace, message: str) -> set[str]:
    """Deliveries of a message that are under way, and that a regulator may have without our knowing it."""
    found = set()
    regulators = Regulators(workspace.ledger, workspace.archive, AnswerBook(workspace.database, workspace.clock))
    for delivery in workspace.queries.lineage(message).deliveries:
        if delivery.state not in ENDED:
            with contextlib.suppress(ConfigurationError):  # the agreement has gone: nothing can be known
                if regulators.doubtful(delivery, workspace.agreements.target(delivery.target)):
                    found.add(delivery.id)
    return found


def unsettled(session: Session, root: str) -> set[str]:
    """Targets of which it is not known whether they have a file of a message or of a replay of it."""
    query = sa.select(Delivery.target).join(Message, Message.id == Delivery.message)
    query = query.where(sa.or_(Message.id == root, Message.replay_of == root))
    return set(session.scalars(query.where(Delivery.state == DeliveryState.UNCERTAIN)))


@contextlib.contextmanager
def _entry(workspace: Workspace, target: Target, delivery: Delivery) -> Iterator[tuple[Submission, Entry]]:
    journal = getattr(target.settings, "journal", None)
    if journal is None:
        message = f"the target {target.id} speaks to no regulator any more"
        raise ConfigurationError(message, hint="restore its agreement as it was when the file was sent")
    regulators = Regulators(workspace.ledger, workspace.archive, AnswerBook(workspace.database, workspace.clock))
    with workspace.archive.open(delivery.sha256) as stream:
        submission = Submission(delivery.name, stream.read(), kind=regulators.kind(delivery))
    with journal.entry(delivery.name, digest(submission.data, submission.kind)) as entry:
        yield submission, entry


def _open(session: Session, delivery: Delivery) -> bool:
    """Whether there is something to find out: nobody knows whether it arrived, or a regulator's answer is owed."""
    if delivery.state == DeliveryState.UNCERTAIN:
        return True
    row = session.get(Expected, delivery.id)
    owed = row is not None and row.kind == AnswerKind.TICKET and row.state != ANSWERED
    return owed and delivery.state == DeliveryState.DELIVERED


def _answer(word: Word, target: Target, submission: Submission, entry: Entry) -> Answer:
    """What an operator says, in the form in which regulators answer.

    Raises:
        UsageError: it does not fit the submission.
    """
    client = target.settings.client
    reference = word.reference or entry.known.reference
    if word.verdict is Verdict.PENDING:
        if client.ask is None or not reference:
            what = "gives all answers at once" if client.ask is None else "is asked by its reference"
            message = f"{target.id} {what}"
            raise UsageError(message, hint="give the verdict that you have found" if client.ask is None else "give it")
        return Answer(Verdict.PENDING, reference=reference)
    sent = list(client.identifiers(submission)) if client.identifiers is not None else []
    if not word.serials:
        return Answer(word.verdict, (), tuple(SerialAnswer(each, word.verdict) for each in sent), reference)
    return of_serials(_serials(word, sent), reference)


def _serials(word: Word, sent: Sequence[str]) -> list[SerialAnswer]:
    if not sent:
        return list(word.serials)
    spelt = dict(zip(of_regulators(sent), sent, strict=True))
    keys = of_regulators([each.identifier for each in word.serials])
    strange = [each.identifier for each, key in zip(word.serials, keys, strict=True) if key not in spelt]
    if strange:
        message = f"{len(strange):,} of the identifiers are not in the submission"
        raise UsageError(message, hint="`gateway show ID --open TARGET` writes what was sent")
    told = {
        spelt[key]: SerialAnswer(spelt[key], each.verdict, each.reasons)
        for each, key in zip(word.serials, keys, strict=True)
    }
    if len(told) != len(word.serials):
        message = "an identifier stands there twice"
        raise UsageError(message, hint="one line for each")
    return [told.get(each) or SerialAnswer(each, word.others) for each in dict.fromkeys(sent)]


def _not_taken(workspace: Workspace, delivery: Delivery) -> None:
    at = stamp(workspace.clock())
    with workspace.database.write() as session:
        message = message_row(session, delivery.message)
        row = delivery_row(session, delivery.id)
        if not _open(session, row):
            return  # somebody was quicker
        session.execute(sa.delete(Asking).where(Asking.delivery == row.id))
        session.execute(sa.delete(Expected).where(Expected.delivery == row.id))
        again = row.again if message.state in FINAL else row.again + 1
        told = {"target": row.target, "taken": False, "again": again}
        audit.note(session, audit.Entry(at, SETTLED, row.id, told))
        row.next_try_at = row.delivered_at = row.said = ""
        if message.state in FINAL:
            row.state, row.error = DeliveryState.FAILED, f"not taken, says {workspace.actor.who}"
            facts = {"target": row.target, "error": row.error}
            audit.note(session, audit.Entry(at, "not delivered", row.id, facts))
            return
        row.state, row.error, row.again = DeliveryState.PLANNED, "", again
        if message.state != State.DELIVERING:
            detail = f"not taken by {row.target}, says {workspace.actor.who}: sent again"
            message.state, message.reason = State.DELIVERING, detail
            session.add(History(message=message.id, at=at, state=State.DELIVERING, detail=detail))


def _taken(workspace: Workspace, delivery: Delivery, target: Target, answer: Answer, entry: Entry) -> None:
    """Each of these writes may be made again: the delivery is open until the last one."""
    entry.settle(answer)
    actor = workspace.actor
    at = stamp(workspace.clock())
    with workspace.database.write() as session:
        row = delivery_row(session, delivery.id)
        verdict = str(answer.verdict)
        facts = {"target": row.target, "taken": True, "verdict": verdict, "reference": answer.reference}
        audit.note(session, audit.Entry(at, SETTLED, row.id, facts))
        if row.state != DeliveryState.DELIVERED:
            row.state, row.delivered_at, row.error, row.next_try_at = DeliveryState.DELIVERED, at, "", ""
            row.said = f"taken, says {actor.who}"
            answers.expect(session, row, None, (), at)
            answers.owe(session, row, Regulators.owed(target), at)
            audit.note(session, audit.Entry(at, "delivered", row.id, delivery_facts(session, row)))
        if answer.verdict is Verdict.PENDING:
            session.merge(Asking(delivery=row.id, asked=0, ask_at=at, error=""))
        _let_go(session, row, at)
    book = AnswerBook(workspace.database, workspace.clock)
    said = f"found out by {actor.who}" + (f": {actor.why}" if actor.why else "")
    key = f"{delivery.id}!{digest_of(answer)}"
    book.take(Incoming(key, AnswerKind.TICKET, (), answer, delivery.partner, delivery=delivery.id, detail=said))
    if answer.verdict is not Verdict.PENDING:
        Regulators(workspace.ledger, workspace.archive, book).over(delivery.id)
    workspace.ledger.close(delivery.message)


def _let_go(session: Session, delivery: Delivery, at: str) -> None:
    """Deliveries to the same target that waited for this one look again at once."""
    query = sa.select(Delivery).where(Delivery.target == delivery.target, Delivery.state == DeliveryState.WAITING)
    waiting = session.scalars(query.where(Delivery.error.endswith(delivery.id))).all()
    for row in waiting:
        row.next_try_at = at
    wake(session, [row.id for row in waiting], at)
