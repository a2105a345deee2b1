"""Answers to what was delivered: who owes one, whose it is when it comes, and what follows from it.

A message whose files have all been delivered waits in state ``awaiting`` until every answer that its targets'
agreements ask for has come. All of it stands in the ledger, so a restart changes nothing; the clock is an argument.

Whatever comes is kept, also an answer that nobody asked for, that comes twice, late, or to nothing that we know. The
normal form is that of the markets (`gateway.answers`). Who has an answer of a kind of its own (a receipt of
AS2, a regulator's ticket) hands it to `AnswerBook.take` in that form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gateway.agreements.answer_kinds import Then
from gateway.answers import Answer, SerialAnswer, Verdict
from gateway.bounded import bounded
from gateway.exchange.clock import Clock, moment, stamp, system
from gateway.exchange.ledger import audit, audit_answers
from gateway.exchange.ledger.audit_deliveries import MISSED
from gateway.exchange.ledger.database import Database, locking
from gateway.exchange.ledger.epc_keys import keys_of
from gateway.exchange.ledger.epcs import of_regulators
from gateway.exchange.ledger.rows import message_row
from gateway.exchange.ledger.tables import FINAL, Delivery, DeliveryState, History, Message, State
from gateway.exchange.ledger.tables_answers import AnswerRow, Asking, Expected, Known, ResultRow, Spoken

if TYPE_CHECKING:
    from gateway.agreements.answers import Expectation

WAITING, ANSWERED, OVERDUE, GIVEN_UP = "waiting", "answered", "overdue", "given up"
FIRST, LATE, REPEATED, CONTRADICTS, UNASKED, UNKNOWN = (
    "first",
    "late",
    "repeated",
    "contradicts",
    "unasked",
    "unknown",
)
STANDINGS = (FIRST, LATE, REPEATED, CONTRADICTS, UNASKED, UNKNOWN)

#: Kinds of names by which answers speak of deliveries.
NAME, MESSAGE, DELIVERY, X12, EDIFACT = "name", "message", "delivery", "x12", "edifact"

#: What is said of an answer whose names nobody knows.
NOTHING = "it answers nothing that was delivered from here"

LONGEST_NAME, LONGEST_KEY = 255, 160  # bytes

#: Seconds after a delivery at which a regulator is asked whose answer was not heard with it.
UNHEARD = 5.0
TICKET = "ticket"  # `AnswerKind.TICKET`

_KNOWN = sa.select(Known).where(Known.delivery == sa.bindparam("delivery_"))
_EXPECTED = sa.select(Expected).where(Expected.message == sa.bindparam("message_"))

_GOOD = (Verdict.ACCEPTED, Verdict.WARNING)
_SOME = 5000

Name = tuple[str, str]
"""Kind of a name, and the name."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer that has come.

    Attributes:
        key: the same for the same answer taken again.
        kind: one of `gateway.agreements.answers.AnswerKind`.
        names: the names by which it may mean a delivery; one that fits is enough.
        answer: what it says.
        partner: who sent it, where that is known: of several deliveries that fit, theirs is meant.
        carrier: id of the message that brought it.
        sha256: its bytes in the archive, where they are not those of the carrier.
        delivery: id of the delivery, where it is known for sure.
        detail: more words of it, for a person.
    """

    key: str
    kind: str
    names: Sequence[Name]
    answer: Answer
    partner: str = ""
    carrier: str = ""
    sha256: str = ""
    delivery: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """An answer that did not come in time, and what was done.

    Attributes:
        delivery: the delivery.
        then: what was done.
        resent: how often it was sent again, this time included.
    """

    delivery: Delivery
    then: Then
    resent: int = 0


def expect(
    session: Session, delivery: Delivery, expectation: Expectation | None, names: Iterable[Name], delivered_at: str
) -> None:
    """A delivery was made: remember the names by which an answer may mean it, and wait for one that is owed."""
    known = {*names, (NAME, delivery.name), (MESSAGE, delivery.message), (DELIVERY, delivery.id)}
    known = {(kind, bounded(value, LONGEST_NAME)) for kind, value in known}
    there = {(row.kind, row.value) for row in session.scalars(_KNOWN, {"delivery_": delivery.id})}
    session.add_all(Known(delivery=delivery.id, kind=kind, value=value) for kind, value in sorted(known - there))
    if expectation is None:
        return
    row = session.get(Expected, delivery.id)
    if row is None:
        row = Expected(delivery=delivery.id, message=delivery.message, resent=0)
        session.add(row)
    elif row.state == ANSWERED:
        return
    row.kind, row.state, row.within = expectation.kind, WAITING, expectation.within
    row.then, row.resends = expectation.then, expectation.resends
    row.due_at = stamp(moment(delivered_at) + timedelta(seconds=expectation.within))
    if expectation.kind == TICKET:
        at = stamp(moment(delivered_at) + timedelta(seconds=UNHEARD))
        session.merge(Asking(delivery=delivery.id, asked=0, ask_at=at, error=""))


def owe(session: Session, delivery: Delivery, expectation: Expectation, at: str) -> Expected:
    """Nobody knows whether a delivery was made: an operator owes the answer, within the time of the receiver."""
    row = session.get(Expected, delivery.id)
    if row is None:
        row = Expected(delivery=delivery.id, message=delivery.message, resent=0, kind=expectation.kind, state=WAITING)
        row.within, row.then, row.resends = expectation.within, expectation.then, expectation.resends
        row.due_at = stamp(moment(at) + timedelta(seconds=expectation.within))
        session.add(row)
    return row


def outcome(session: Session, message: str) -> tuple[State, str]:
    """What state a message comes into whose deliveries are all at an end: awaiting, done, or failed."""
    rows = session.scalars(_EXPECTED, {"message_": message}).all()
    given_up = [row.delivery for row in rows if row.state == GIVEN_UP]
    if given_up:
        return State.FAILED, f"no answer in time to {', '.join(_targets(session, given_up))}"
    states = dict(session.execute(sa.select(Delivery.id, Delivery.state).where(Delivery.message == message)).all())
    doubtful = [id_ for id_, state in states.items() if state == DeliveryState.UNCERTAIN]
    if doubtful:
        who, number = ", ".join(_targets(session, doubtful)), int(message.rpartition("-")[2])
        return State.AWAITING, f"it is not known whether {who} took it; find out, then: gateway settle {number}"
    failed = sum(state == DeliveryState.FAILED for state in states.values())
    if failed:
        return State.FAILED, f"{failed} of {len(states)} deliveries failed"
    refused = [text for row in rows if row.state == ANSWERED and (text := _refusal(session, row.delivery))]
    waiting = [row.delivery for row in rows if row.state in (WAITING, OVERDUE)]
    if waiting:
        return State.AWAITING, f"an answer of {', '.join(_targets(session, waiting))}"
    return (State.FAILED, "; ".join(refused)) if refused else (State.DONE, "")


class AnswerBook:
    """Writes answers into the ledger. Each method is one transaction and may be called again.

    Args:
        database: the ledger's.
        clock: the time.
    """

    def __init__(self, database: Database, clock: Clock = system) -> None:
        self.database = database
        self.clock = clock

    def take(self, incoming: Incoming) -> AnswerRow:
        """Keep an answer, find out whose it is, and draw the consequence for the message."""
        now = stamp(self.clock())
        with self.database.write() as session:
            key = bounded(incoming.key, LONGEST_KEY)
            row = session.scalar(sa.select(AnswerRow).where(AnswerRow.key == key))
            if row is not None:
                return row
            delivery, why = _meant(session, incoming)
            row = self._row(incoming, delivery, now)
            row.key, row.detail = key, "; ".join(filter(None, (why, row.detail)))
            row.standing = UNKNOWN
            session.add(row)
            session.flush()
            put_results(session, row.id, incoming.answer.serials)
            if why == NOTHING:
                for kind, value in sorted({(kind, bounded(value, LONGEST_NAME)) for kind, value in incoming.names}):
                    session.add(Spoken(answer=row.id, kind=kind, value=value))
            conclude(session, row, delivery, now)
            return row

    def overdue(self) -> list[Missed]:
        """Do what the agreements say about answers that have not come in time."""
        now = stamp(self.clock())
        missed = []
        with self.database.write() as session:
            query = sa.select(Expected).where(Expected.state == WAITING, Expected.due_at <= now)
            for row in session.scalars(locking(query.order_by(Expected.due_at))).all():
                delivery = session.get_one(Delivery, row.delivery)
                if delivery.state not in (DeliveryState.DELIVERED, DeliveryState.UNCERTAIN):
                    continue  # it is on its way again
                then = Then(row.then)
                if then is Then.RESEND and delivery.state == DeliveryState.UNCERTAIN:
                    then = Then.ALERT  # it could be taken twice
                if then is Then.RESEND and row.resent >= row.resends:
                    then = Then.FAIL
                self._miss(session, row, delivery, then, now)
                missed.append(Missed(delivery, then, row.resent))
        return missed

    def resending(self) -> list[Missed]:
        """Deliveries that are to be made again, because no answer came or an operator said so, and are not made yet."""
        query = sa.select(Delivery, sa.func.coalesce(Expected.resent, 0))
        query = query.outerjoin(Expected, Expected.delivery == Delivery.id)
        query = query.where(sa.or_(Expected.resent > 0, Delivery.again > 0), Delivery.state == DeliveryState.PLANNED)
        with self.database.read() as session:
            found = session.execute(query.order_by(Delivery.id))
            return [Missed(delivery, Then.RESEND, resent + delivery.again) for delivery, resent in found]

    def _miss(self, session: Session, row: Expected, delivery: Delivery, then: Then, now: str) -> None:
        facts = {"then": then, "due_at": row.due_at}
        if then is Then.ALERT:
            row.state = OVERDUE
        elif then is Then.FAIL:
            row.state = GIVEN_UP
            session.flush()
            _settle(session, delivery.message, now)
        else:
            row.resent += 1
            row.due_at = facts["next"] = stamp(self.clock() + timedelta(seconds=row.within))
            delivery.state = DeliveryState.PLANNED
            message = message_row(session, delivery.message)
            _move(session, message, State.DELIVERING, f"no answer of {delivery.target} in time: sent again", now)
        audit.note(session, audit.Entry(now, MISSED, delivery.id, facts))

    def _row(self, incoming: Incoming, delivery: Delivery | None, now: str) -> AnswerRow:
        answer = incoming.answer
        return AnswerRow(
            kind=incoming.kind,
            at=now,
            carrier=incoming.carrier or None,
            sha256=incoming.sha256,
            delivery=delivery.id if delivery else None,
            verdict=answer.verdict,
            retryable=answer.retryable,
            reference=answer.reference or ", ".join(dict.fromkeys(value for _, value in incoming.names)),
            detail=words(incoming),
            results=len(answer.serials),
        )


def words(incoming: Incoming) -> str:
    """What an answer says, for a person."""
    answer = incoming.answer
    return "; ".join(filter(None, [*map(str, answer.reasons), answer.unexpected, incoming.detail]))


def conclude(session: Session, row: AnswerRow, delivery: Delivery | None, now: str) -> None:
    """Say how an answer stands to the delivery that it means, tell it the audit trail, and draw the consequence."""
    row.standing = _standing(session, delivery, row)
    session.flush()
    tells = delivery is not None and row.standing in (FIRST, LATE) and _tells(row, delivery)
    subject, facts = audit_answers.told(session, row)
    audit.note(session, audit.Entry(now, audit_answers.ACTION, subject, facts | {ANSWERED: True} if tells else facts))
    if delivery is not None and tells:
        expected = session.get_one(Expected, delivery.id)
        expected.state = ANSWERED
        session.flush()
        _settle(session, delivery.message, now)


def _tells(row: AnswerRow, delivery: Delivery) -> bool:
    """Whether an answer says what became of a delivery; else another one is waited for."""
    if row.verdict == Verdict.UNREADABLE and delivery.state == DeliveryState.UNCERTAIN:
        return False
    return row.verdict != Verdict.PENDING


def fitting(session: Session, names: Sequence[Name], partner: str) -> list[Delivery]:
    """The deliveries that one of these names means; of several those to `partner`, and those still waited for."""
    fits = sa.or_(*(sa.and_(Known.kind == kind, Known.value == bounded(value, LONGEST_NAME)) for kind, value in names))
    query = sa.select(Delivery).join(Known, Known.delivery == Delivery.id).where(fits).distinct().order_by(Delivery.id)
    found = list(session.scalars(query.limit(1000)))
    for narrower in (
        lambda one: one.partner == partner,
        lambda one: (row := session.get(Expected, one.id)) is not None and row.state != ANSWERED,
    ):
        if len(found) > 1:
            found = [one for one in found if narrower(one)] or found
    return found


def _meant(session: Session, incoming: Incoming) -> tuple[Delivery | None, str]:
    """The delivery that an answer means, or None and why."""
    if incoming.delivery:
        return session.get(Delivery, incoming.delivery), ""
    if not incoming.names:
        return None, "it does not say what it answers"
    found = fitting(session, incoming.names, incoming.partner)
    if len(found) > 1:
        return None, f"it may mean any of {len(found)} deliveries"
    return (found[0], "") if found else (None, NOTHING)


def _standing(session: Session, delivery: Delivery | None, row: AnswerRow) -> str:
    if delivery is None:
        return UNKNOWN
    # Locked and read anew: another answer, or the end of the time, may be written at this moment.
    query = sa.select(Expected).where(Expected.delivery == delivery.id).execution_options(populate_existing=True)
    expected = session.scalar(locking(query))
    if expected is None:
        return UNASKED
    if expected.state == ANSWERED:
        earlier = sa.select(AnswerRow.verdict).where(AnswerRow.delivery == delivery.id)
        earlier = earlier.where(AnswerRow.standing.in_((FIRST, LATE)), AnswerRow.verdict != Verdict.PENDING)
        first = session.scalar(earlier.order_by(AnswerRow.id.desc()).limit(1))
        return REPEATED if first == row.verdict else CONTRADICTS
    return LATE if expected.state in (OVERDUE, GIVEN_UP) or row.at > expected.due_at else FIRST


def _settle(session: Session, message: str, now: str) -> None:
    row = message_row(session, message)
    if row.state == State.AWAITING:
        state, reason = outcome(session, message)
        if state is State.AWAITING:
            row.reason = reason
        _move(session, row, state, reason, now)


def _move(session: Session, message: Message, state: State, reason: str, now: str) -> None:
    if message.state == state or message.state in FINAL:
        return
    message.state, message.reason = state, reason
    message.closed_at = now if state in FINAL else ""
    session.add(History(message=message.id, at=now, state=state, detail=reason))


def _refusal(session: Session, delivery: str) -> str:
    """Why the answer to a delivery is no acceptance; empty when it is one."""
    query = sa.select(AnswerRow).where(AnswerRow.delivery == delivery, AnswerRow.standing.in_((FIRST, LATE)))
    query = query.where(AnswerRow.verdict != Verdict.PENDING)
    row = session.scalars(query.order_by(AnswerRow.id.desc()).limit(1)).first()  # the one that was taken for it
    if row is None or row.verdict in _GOOD:
        return ""
    counted = sa.select(sa.func.count()).where(ResultRow.answer == row.id, ResultRow.verdict.not_in(_GOOD))
    bad = session.scalar(counted) or 0
    of = f", {bad:,} of {row.results:,} identifiers" if row.results else ""
    retry = "; sending it again may help" if row.retryable else ""
    (target,) = _targets(session, [delivery])
    return f"{target} answered: {row.verdict}{of}{retry}"


def _targets(session: Session, deliveries: Sequence[str]) -> list[str]:
    query = sa.select(Delivery.target).where(Delivery.id.in_(deliveries)).order_by(Delivery.id)
    return list(dict.fromkeys(session.scalars(query)))


def put_results(session: Session, answer: int, serials: Sequence[SerialAnswer]) -> None:
    """Keep what an answer says of each identifier."""
    for start in range(0, len(serials), _SOME):
        some = serials[start : start + _SOME]
        keys = keys_of(of_regulators([serial.identifier for serial in some]))
        rows = [
            {
                "answer": answer,
                "position": position,
                "identifier": serial.identifier,
                "key": key & (1 << 63) - 1,
                "verdict": serial.verdict,
                "retryable": bool(serial.reasons) and all(reason.retryable for reason in serial.reasons),
                "code": ", ".join(reason.code for reason in serial.reasons),
                "text": "; ".join(reason.meaning for reason in serial.reasons if reason.meaning),
            }
            for position, (serial, key) in enumerate(zip(some, keys, strict=True), start + 1)
        ]
        session.execute(sa.insert(ResultRow), rows)
